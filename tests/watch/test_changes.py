"""Changes and the replica that follows them, by the naive reader."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from instar import Parser
from instar.changes import RETRY, Change, Replica, coalesced
from support.changes import NaiveChanges, at, same
from support.strategies import UNTYPED, cuts, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.changes import Path


def follow(schema: Any, deltas: list[bytes]) -> Iterator[tuple[list[Change], NaiveChanges]]:
    """Feed deltas, and drain after each of them."""
    reader = NaiveChanges(Parser(schema))
    for delta in deltas:
        reader.feed(delta)
        yield reader.drain(), reader
    reader.close()
    yield reader.drain(), reader


@given(data=st.data(), text=texts(UNTYPED))
def test_8_a_replica_shows_the_dump_after_every_delta(data: st.DataObject, text: bytes) -> None:
    replica = Replica()
    for batch, reader in follow(None, data.draw(cuts(text))):
        replica.apply(*batch)
        assert same(replica.value, reader.dump())
        assert (replica.open is None) is reader.parser.complete


@given(data=st.data(), text=texts(UNTYPED), size=st.integers(1, 9))
def test_fewer_changes_come_to_the_same(data: st.DataObject, text: bytes, size: int) -> None:
    changes = [change for batch, _ in follow(None, data.draw(cuts(text))) for change in batch]
    one, other = Replica(), Replica()
    for at_ in range(0, len(changes), size):
        fewer = coalesced(changes[at_ : at_ + size])
        one.apply(*changes[at_ : at_ + size])
        other.apply(*fewer)
        assert same(one.value, other.value)
        assert one.open == other.open
        assert all(
            later.path != earlier.path or (earlier.kind, later.kind) not in {("open", "append"), ("append", "append")}
            for earlier, later in pairwise(fewer)
        )


class Line(BaseModel):
    sku: str
    price: float
    tags: list[str] = []


class Invoice(BaseModel):
    number: int
    lines: list[Line]
    notes: str | None = None


INVOICE = (
    b'{"lines": [{"price": 1.5, "sku": "a\\u00e9\\n"}, {"tags": ["x", "x"], "sku": "", "price": 2}],'
    b' "notes": "So", "number": 7}'
)


@given(data=st.data())
def test_8_so_it_does_for_models_in_whatever_order_their_fields_come(data: st.DataObject) -> None:
    replica = Replica()
    for batch, reader in follow(Invoice, data.draw(cuts(INVOICE))):
        replica.apply(*batch)
        assert same(replica.value, reader.dump() if reader.begun else None)


@given(text=texts(UNTYPED))
def test_what_has_opened_closes_once_and_last(text: bytes) -> None:
    open_: list[Path] = []
    settled: set[Path] = set()
    for batch, _ in follow(None, [text[i : i + 1] for i in range(len(text))]):
        for kind, path, value in batch:
            assert path not in settled
            if kind == "close":
                assert open_.pop() == path
            elif kind == "open":
                open_.append(path)
            assert kind != "append" or (value and open_[-1] == path)
            if kind in {"close", "set"}:
                settled.add(path)
    assert open_ == []


@given(data=st.data(), text=texts(UNTYPED))
def test_a_reader_that_comes_late_begins_with_what_is_there(data: st.DataObject, text: bytes) -> None:
    cut = data.draw(st.integers(0, len(text)))
    parser = Parser(None)
    parser.feed(text[:cut])
    reader, replica = NaiveChanges(parser, text[:cut]), Replica()
    for byte in range(cut, len(text) + 1):
        batch = reader.drain()
        replica.apply(*batch)
        assert same(replica.value, reader.dump())
        if byte < len(text):
            reader.feed(text[byte : byte + 1])


def test_the_changes_of_a_text_are_these() -> None:
    deltas = [b'{"na', b'me": "A', b"d", b'a", "age": 3', b"6}"]
    assert [batch for batch, _ in follow(None, deltas)] == [
        [Change("open", (), {})],
        [Change("open", ("name",), ""), Change("append", ("name",), "A")],
        [Change("append", ("name",), "d")],
        [Change("append", ("name",), "a"), Change("close", ("name",), None)],
        [Change("set", ("age",), 36), Change("close", (), None)],
        [],
    ]


BEGUN = [Change("open", (), {}), Change("open", ("a",), ""), Change("append", ("a",), "x")]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (Change("append", ("b",), "y"), "no open text at ('b',)"),
        (Change("append", (), "y"), r"no open text at ()"),
        (Change("open", ("a",), ""), "no container is open that lacks it at ('a',)"),
        (Change("set", ("a", "b"), 1), "no container is open that lacks it at ('a', 'b')"),
        (Change("set", ("c", 0), 1), "no container is open that lacks it at ('c', 0)"),
        (Change("close", ("b",), None), "nothing is open at ('b',)"),
        (Change("replace", ("b",), 1), "nothing is open at ('b',)"),
        (Change("open", (), []), "no container is open that lacks it at ()"),
    ],
    ids=str,
)
def test_a_replica_refuses_what_does_not_fit(change: Change, complaint: str) -> None:
    replica = Replica()
    replica.apply(*BEGUN)
    with pytest.raises(ValueError, match="in their order, each once") as caught:
        replica.apply(change)
    assert complaint in str(caught.value)
    assert "what is open is ('a',)" in str(caught.value)
    assert replica.value == {"a": "x"}


def test_a_replica_refuses_what_comes_twice() -> None:
    replica = Replica()
    replica.apply(*BEGUN, Change("close", ("a",), None))
    for change in (BEGUN[1], BEGUN[2], Change("close", ("a",), None)):
        with pytest.raises(ValueError, match="each once"):
            replica.apply(change)
    replica.apply(Change("close", (), None))
    with pytest.raises(ValueError, match="the value is settled"):
        replica.apply(Change("set", ("b",), 1))
    assert (replica.value, replica.open) == ({"a": "x"}, None)


def test_a_list_grows_at_its_end() -> None:
    replica = Replica()
    replica.apply(Change("open", (), []))
    with pytest.raises(ValueError, match="lacks it"):
        replica.apply(Change("set", (1,), "second"))
    replica.apply(Change("set", (0,), "first"), Change("set", (1,), "second"))
    assert replica.value == ["first", "second"]


def test_a_retry_begins_again() -> None:
    replica = Replica()
    assert (replica.value, replica.open) == (None, ())
    replica.apply(*BEGUN)
    replica.apply(RETRY)
    assert (replica.value, replica.open) == (None, ())
    replica.apply(Change("open", (), []), Change("close", (), None))
    assert (replica.value, replica.open) == ([], None)


def test_what_user_code_made_takes_the_place_of_what_showed() -> None:
    replica = Replica()
    replica.apply(*BEGUN, Change("replace", ("a",), "X"), Change("close", ("a",), None))
    replica.apply(Change("open", ("b",), []), Change("set", (("b"), 0), 1), Change("replace", (), {"c": [{"d": "e"}]}))
    assert replica.open == ("c", 0, "d")
    replica.apply(Change("close", (), None))
    assert replica.value == {"c": [{"d": "e"}]}
    assert replica.open is None


def test_a_validator_may_make_nothing_of_the_whole() -> None:
    replica = Replica()
    replica.apply(Change("open", (), ""), Change("replace", (), None), Change("close", (), None))
    assert (replica.value, replica.open) == (None, None)


def test_replicas_share_nothing() -> None:
    change = Change("open", (), {})
    value = Change("set", ("a",), [1])
    one, other = Replica(), Replica()
    for replica in (one, other):
        replica.apply(change, value)
    one.value["a"].append(2)
    one.apply(Change("set", ("b",), 1))
    assert other.value == {"a": [1]}
    assert (change.value, value.value) == ({}, [1])


@given(data=st.data(), text=texts(UNTYPED))
def test_the_open_path_leads_to_what_is_there(data: st.DataObject, text: bytes) -> None:
    replica = Replica()
    for batch, _ in follow(None, data.draw(cuts(text))):
        replica.apply(*batch)
        assert replica.open is None or replica.open == () or at(replica.value, replica.open) is not None
