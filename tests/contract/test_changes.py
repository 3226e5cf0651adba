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
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from instar import Parser
from instar.changes import Change, Replica
from models import CASES
from support.changes import alike, has_sets, size
from support.strategies import WIDE_SHAPES, cases, cuts, spoiled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.case import Case

Mode = Literal["python", "json"]
MODES: tuple[Mode, ...] = ("python", "json")


def follow(tp: Any, deltas: Iterable[bytes], mode: Mode, *, by_alias: bool = False, **options: Any) -> list[Change]:
    """Drain after every delta, and compare what a replica shows with the dump.

    Sets have no order, and their open member may for a time be equal to another one.
    """
    as_sets = has_sets(TypeAdapter(tp).core_schema)
    parser: Parser[Any] = Parser(tp, **options)
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


class Renamed(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: str | list[str] = Field("", serialization_alias="b")
    b: str = ""


NAMED_ALIKE = [
    (Renamed, b'{"a": "one", "b": "two", "c": 3}'),
    (Renamed, b'{"b": "one", "a": "two"}'),
    (Renamed, b'{"a": ["x", "y"], "c": {"d": [1]}, "b": "two"}'),
    (list[Renamed], b'[{"b": "one", "a": "two"}, {"a": "three"}, {"b": "", "a": []}]'),
    (dict[SecretStr, str], b'{"one": "a", "two": "b", "": "c", "three": "d"}'),
    (dict[SecretStr, dict[str, int]], b'{"one": {"a": 1}, "two": {"b": 2, "c": 3}}'),
    (dict[float, str], b'{"1": "a", "1.0": "b", "2": "c"}'),
    (RootModel[dict[SecretStr, int]], b'{"one": 1, "two": 2}'),
]


@pytest.mark.parametrize(("tp", "text"), NAMED_ALIKE, ids=str)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("by_alias", [False, True])
def test_of_two_members_of_one_name_shows_what_the_dump_has(
    tp: Any, text: bytes, mode: Mode, *, by_alias: bool
) -> None:
    for at in range(len(text) + 1):
        follow(tp, [text[:at], text[at:]], mode, by_alias=by_alias)
    follow(tp, bytes_of(text), mode, by_alias=by_alias)


def test_a_second_member_of_a_name_replaces_what_is_around_it() -> None:
    changes = follow(Renamed, [b'{"a": "one", "b": "t', b'wo"', b"}"], "json", by_alias=True)
    assert changes == [
        Change("open", (), {}),
        Change("set", ("b",), "one"),
        Change("replace", (), {"b": "t"}),
        Change("replace", (), {"b": "two"}),
        Change("close", (), None),
    ]


class Cat(BaseModel):
    name: str
    kind: Literal["cat"]


class Dog(BaseModel):
    name: str
    kind: Literal["dog"]
    tricks: list[str] = []


ROOTS_TAKEN_BACK = [
    (int | str | list[int], b"[1, 2]"),
    (list[int] | list[str], b'["a", "b"]'),
    (list[int] | dict[str, int] | list[str], b"[]"),
    (Cat | Dog, b'{"name": "Rex", "kind": "dog", "tricks": ["sit", "roll"]}'),
    (Cat | dict[str, Any], b'{"name": "Tom", "kind": null}'),
    (list[Cat] | list[Dog], b'[{"name": "Rex", "kind": "dog"}, {"name": "Rob", "kind": "dog"}]'),
    (RootModel[Cat | Dog], b'{"name": "Rex", "tricks": ["sit"], "kind": "dog"}'),
    (list[int | str] | list[float], b"[1, 2.5]"),
    (RootModel[Literal["a"] | Annotated[str, Field(pattern=r"^\d{2,4}$")]], b'"a"'),
    (list[RootModel[Literal["a"] | Annotated[str, Field(pattern=r"^\d{2,4}$")]]], b'["a", "12"]'),
    (dict[str, Literal["a"] | Annotated[str, Field(pattern=r"^\d{2,4}$")]], b'{"k": "a"}'),
]


@pytest.mark.parametrize(("tp", "text"), ROOTS_TAKEN_BACK, ids=str)
@pytest.mark.parametrize("live", [False, True])
def test_a_root_that_is_taken_back_is_replaced(tp: Any, text: bytes, *, live: bool) -> None:
    for at in range(len(text) + 1):
        follow(tp, [text[:at], text[at:]], "json", live=live)
    changes = follow(tp, bytes_of(text), "json", live=live)
    assert sum(path == () and kind in {"close", "set"} for kind, path, _ in changes) == 1


@given(case=spoiled(), data=st.data(), live=st.booleans())
def test_what_is_withheld_makes_no_change(case: Any, data: st.DataObject, *, live: bool) -> None:
    follow(case.tp, bytes_of(case.text), "json", live=live, on_violation="defer")
    follow(case.tp, data.draw(cuts(case.text)), "python", live=live, on_violation="defer")


def test_what_is_withheld_takes_no_place() -> None:
    text = b'{"a": [1, "x", 2], "b": "y", "c": [3]}'
    assert follow(dict[str, list[int]], bytes_of(text), "json", on_violation="defer") == [
        Change("open", (), {}),
        Change("open", ("a",), []),
        Change("set", ("a", 0), 1),
        Change("set", ("a", 1), 2),
        Change("close", ("a",), None),
        Change("open", ("c",), []),
        Change("set", ("c", 0), 3),
        Change("close", ("c",), None),
        Change("close", (), None),
    ]


PROSE = st.lists(
    st.sampled_from(
        [
            "See ",
            "{x} ",
            "[1] ",
            '{"a": "x"} ',
            '{"a": 1, "b": ["u"',
            '{"a": {"b": [1',
            "} ",
            "]} ",
            '"',
            '{"a": 2}',
            "null",
        ]
    ),
    max_size=5,
).map("".join)


@given(prose=PROSE, data=st.data(), tp=st.sampled_from([None, dict[str, int], Cat, list[int], dict[str, list[str]]]))
def test_a_candidate_that_is_given_up_is_replaced(prose: str, data: st.DataObject, tp: Any) -> None:
    text = f'{prose} {{"a": 7}}'.encode()
    follow(tp, bytes_of(text), "json", repair="around")
    follow(tp, data.draw(cuts(text)), "python", repair="around")


def test_after_a_restart_a_reader_begins_with_a_replacement() -> None:
    text = b'Use {"a": 1, "b": "x"} as in {"a": 7}'
    changes = follow(dict[str, int], [text[:12], text[12:22], text[22:32], text[32:]], "json", repair="around")
    assert changes == [
        Change("open", (), {}),
        Change("set", ("a",), 1),
        Change("replace", (), {}),
        Change("set", ("a",), 7),
        Change("close", (), None),
    ]


LATE = [
    (b'{"a": ["x"], "b": [[1], {"k": "v"}]', [("b", 1, "k"), ("b", 1), ("b",)]),
    (b'{"a": {"b": ["x"', [("a", "b", 0)]),
    (b'{"a": {"b": ["x', []),
    (b'{"a": {"b": ["x", 1', [("a", "b", 0)]),
    (b'{"a": {"b": ["x", 1,', []),
    (b'{"a": {"b": ["x", 1]}}', [("a", "b"), ("a",), ()]),
]


@pytest.mark.parametrize(("text", "closed"), LATE, ids=str)
def test_a_late_reader_closes_what_has_settled(text: bytes, closed: list[Any]) -> None:
    parser: Parser[Any] = Parser(None)
    parser.feed(text)
    first, *closes = parser.changes().drain()
    assert first == Change("replace", (), parser.dump())
    assert closes == [Change("close", path, None) for path in closed]


def test_a_null_that_is_read_late_is_no_retry() -> None:
    parser: Parser[Any] = Parser(int | None)
    parser.feed(b"null ")
    reader, replica = parser.changes(), Replica()
    batch = reader.drain()
    replica.apply(*batch)
    assert batch == [Change("set", (), None)]
    assert (replica.value, replica.open) == (None, None)
    parser.close()
    assert reader.drain() == []


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
