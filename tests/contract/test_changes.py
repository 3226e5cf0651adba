"""`Parser.changes`: a replica that follows them shows the dump, after every byte, of whatever grows."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from instar import Parser
from instar.changes import Change, Replica
from models import CASES
from support.changes import alike, has_sets, size
from support.strategies import WIDE_SHAPES, cases, cuts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.case import Case

Mode = Literal["python", "json"]
MODES: tuple[Mode, ...] = ("python", "json")


def follow(tp: Any, deltas: Iterable[bytes], mode: Mode, *, live: bool = False, by_alias: bool = False) -> list[Change]:
    """Drain after every delta, and compare what a replica shows with the dump.

    Sets have no order, and their open member may for a time be equal to another one.
    """
    as_sets = has_sets(TypeAdapter(tp).core_schema)
    parser = Parser(tp, live=live)
    reader, replica, all_changes = parser.changes(mode=mode, by_alias=by_alias), Replica(), []
    refused = False
    for delta in [*deltas, None]:
        try:
            parser.close() if delta is None else parser.feed(delta)
        except (ValidationError, ValueError):
            refused = True
        batch = reader.drain()
        all_changes += batch
        replica.apply(*batch)
        dump = parser.dump(mode=mode, by_alias=by_alias)
        if all_changes:
            shows = alike(replica.value, dump, as_sets=as_sets)
            assert shows, (parser.text, replica.value, dump, all_changes)
            assert not parser.complete or size(replica.value) == size(dump)
        else:
            assert not dump
        assert reader.drain() == []
        if refused:
            break
    return all_changes


def bytes_of(text: bytes) -> list[bytes]:
    return [text[i : i + 1] for i in range(len(text))]


@given(case=cases(), mode=st.sampled_from(MODES), live=st.booleans(), by_alias=st.booleans())
def test_a_replica_shows_the_dump_after_every_byte(case: Any, mode: Mode, *, live: bool, by_alias: bool) -> None:
    follow(case.tp, bytes_of(case.text), mode, live=live, by_alias=by_alias)


@given(case=cases(WIDE_SHAPES), mode=st.sampled_from(MODES), data=st.data())
def test_so_it_does_for_wider_schemas_however_the_text_is_cut(case: Any, mode: Mode, data: st.DataObject) -> None:
    follow(case.tp, bytes_of(case.text), mode)
    follow(case.tp, data.draw(cuts(case.text)), mode)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("mode", MODES)
def test_so_it_does_for_the_models_of_the_corpus(case: Case, mode: Mode) -> None:
    for text in (*case.valid, *case.wrong):
        follow(case.tp, bytes_of(text.encode()), mode)
        follow(case.tp, [text.encode()], mode)


class Line(BaseModel):
    sku: str
    price: float = Field(serialization_alias="cost")


class Loud(BaseModel):
    name: str
    lines: list[Line] = []

    @field_validator("name")
    @classmethod
    def shout(cls, name: str) -> str:
        return name.upper()

    @model_validator(mode="after")
    def end(self) -> Loud:
        self.lines = self.lines[:1]
        return self


def test_the_changes_of_a_text_are_these() -> None:
    text = b'[{"sku": "ab", "price": 2}]'
    assert follow(list[Line], [text[:11], text[11:]], "json", by_alias=True) == [
        Change("open", (), []),
        Change("open", (0,), {}),
        Change("open", (0, "sku"), ""),
        Change("append", (0, "sku"), "a"),
        Change("append", (0, "sku"), "b"),
        Change("close", (0, "sku"), None),
        Change("set", (0, "cost"), 2.0),
        Change("close", (0,), None),
        Change("close", (), None),
    ]


def test_what_user_code_makes_is_a_replacement() -> None:
    text = b'{"name": "al", "lines": [{"sku": "a", "price": 1}, {"sku": "b", "price": 2}]}'
    changes = follow(Loud, bytes_of(text), "python")
    replaced = [(path, value) for kind, path, value in changes if kind == "replace"]
    line = {"sku": "a", "price": 1.0}
    assert replaced == [(("name",), "AL"), ((), {"name": "AL", "lines": [line]})]


def test_a_root_model_has_no_step_of_its_own() -> None:
    changes = follow(RootModel[list[RootModel[str]]], bytes_of(b'["a"]'), "python")
    assert [(kind, path) for kind, path, _ in changes] == [
        ("open", ()),
        ("open", (0,)),
        ("append", (0,)),
        ("close", (0,)),
        ("close", ()),
    ]


class Label(RootModel[str], frozen=True):
    pass


WORDS = st.sampled_from(["", "a", "ab", "b", "é", "a\n"])
MEMBERS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, WORDS),
    (int, st.integers(0, 12)),
    (tuple[str, int], st.tuples(WORDS, st.integers(0, 2))),
    (frozenset[str], st.lists(WORDS, max_size=3)),
    (int | str, WORDS | st.integers(0, 2)),
    (Annotated[str, AfterValidator(str.strip)], WORDS),
    (Label, WORDS),
]


@given(data=st.data(), mode=st.sampled_from(MODES), kind=st.sampled_from([set, frozenset]), live=st.booleans())
def test_the_members_of_a_set_are_sent_once(data: st.DataObject, mode: Mode, kind: Any, *, live: bool) -> None:
    member, values = data.draw(st.sampled_from(MEMBERS))
    text = json.dumps(data.draw(st.lists(values, max_size=8))).encode()
    around = data.draw(st.sampled_from([False, True]))
    tp = dict[str, kind[member]] if around else kind[member]
    text = b'{"a": ' + text + b', "b": []}' if around else text
    follow(tp, bytes_of(text), mode, live=live)
    follow(tp, data.draw(cuts(text)), mode, live=live)


def test_the_changes_of_a_set_are_these() -> None:
    assert follow(set[str], [b'["a", "b', b'", "a", "b"', b', "b', b'", "', b'c"]'], "json") == [
        Change("open", (), []),
        Change("set", (0,), "a"),
        Change("open", (1,), ""),
        Change("append", (1,), "b"),
        Change("close", (1,), None),
        Change("open", (2,), ""),
        Change("append", (2,), "b"),
        Change("replace", (2,), ""),
        Change("append", (2,), "c"),
        Change("close", (2,), None),
        Change("close", (), None),
    ]


@pytest.mark.parametrize("repeats", [1, 2])
def test_the_changes_of_a_set_are_as_long_as_its_text(repeats: int) -> None:
    """A set of n members is not sent n times, though each comes in a delta of its own, and again."""

    def length(count: int) -> int:
        parser = Parser(set[str])
        reader, sent = parser.changes(mode="json"), 0
        parser.feed("[")
        for number in range(count * repeats):
            parser.feed(f'{", " if number else ""}"word ')
            sent += len(repr(reader.drain()))
            parser.feed(f'{number % count:04}"')
            sent += len(repr(reader.drain()))
        parser.feed("]")
        return sent + len(repr(reader.drain()))

    assert length(400) < 4.2 * length(100)


@given(case=cases(), mode=st.sampled_from(MODES), data=st.data())
def test_a_late_reader_begins_with_all_that_is_there(case: Any, mode: Mode, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(case.text)))
    parser = Parser(case.tp)
    parser.feed(case.text[:cut])
    as_sets = has_sets(TypeAdapter(case.tp).core_schema)
    reader, replica, first = parser.changes(mode=mode), Replica(), True
    for delta in [b"", *bytes_of(case.text[cut:])]:
        parser.feed(delta)
        batch = reader.drain()
        replica.apply(*batch)
        if batch and first and case.text[:cut].strip():
            assert batch[0][:2] in {("replace", ()), ("set", ())}
            first = False
        assert alike(replica.value, parser.dump(mode=mode), as_sets=as_sets) or (first and replica.value is None)


def test_readers_read_each_for_itself() -> None:
    parser = Parser(dict[str, str])
    one, other = parser.changes(), parser.changes(mode="json")
    parser.feed(b'{"a": "x')
    assert one.drain() == other.drain() != []
    assert one.drain() == []
    with pytest.raises(ValueError, match="mode is"):
        parser.changes(mode="xml")  # type: ignore[arg-type]


def cost_of_the_end(length: int) -> float:
    """Time of a drain per delta at the end of an open text of a length."""
    parser = Parser(dict[str, str])
    reader = parser.changes()
    parser.feed(b'{"a": "' + b"x" * length)
    reader.drain()
    times = []
    for _ in range(500):
        parser.feed(b"word ")
        start = perf_counter()
        reader.drain()
        times.append(perf_counter() - start)
    return sorted(times)[len(times) // 4]


def test_a_drain_costs_what_is_new() -> None:
    assert min(cost_of_the_end(400_000) / cost_of_the_end(100_000) for _ in range(5)) < 1.5
