"""What has arrived, as plain data, against what has: naive dumps, Pydantic's, and those of models for dataclasses."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, RootModel, TypeAdapter, create_model
from pydantic import dataclasses as pydantic_dataclasses
from typing_extensions import TypedDict

import instar
from instar import Parser
from models import CALLS, CASES, Case
from oracle import attributes, deep
from oracle import snapshot as oracle_snapshot
from support.dumped import Point, Spot, after
from support.monotone import snapshots
from support.runs import singly
from support.strategies import KEYS, LEAF_SHAPES, WIDE_SHAPES, Members, cases, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODES: tuple[Literal["python", "json"], ...] = ("python", "json")


def plain(value: Any, *, extra: bool = False) -> Any:
    """Dump a value the naive way, in the mode "python"; with `extra`, all that dataclasses hold."""

    def inner(parts: dict[Any, Any]) -> dict[Any, Any]:
        return {key: plain(part, extra=extra) for key, part in parts.items()}

    if isinstance(value, RootModel):
        return plain(value.root, extra=extra) if value.model_fields_set else None
    if isinstance(value, BaseModel):
        fields = {name: value.__dict__[name] for name in value.model_fields_set & value.__dict__.keys()}
        return inner({**fields, **(value.model_extra or {})})
    if dataclasses.is_dataclass(value):
        declared = {field.name for field in dataclasses.fields(value)}
        return inner({name: part for name, part in attributes(value).items() if extra or name in declared})
    if isinstance(value, dict):
        return inner(value)
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [plain(part, extra=extra) for part in value]
    return value


def same(one: Any, other: Any) -> None:
    """Assert that two dumps are the same, whatever the order of keys."""
    assert deep(one, ordered=False) == deep(other, ordered=False)


def prefixes(text: bytes) -> Iterator[bytes]:
    """Give the beginnings of a text, the whole included."""
    return (text[:n] for n in range(len(text) + 1))


def tagged(value: Any) -> Any:
    """Give a form of Pydantic's dump with lists for all arrays."""
    if isinstance(value, dict):
        return {key: tagged(part) for key, part in value.items()}
    if isinstance(value, list | tuple | deque):
        return [tagged(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((tagged(part) for part in value), key=repr)
    return value


# ---------------------------------------------------------------------------------------------------------
# Against naive ones, and against Pydantic


@given(cases())
def test_every_prefix_has_what_the_oracle_shows_of_it(case: Any) -> None:
    parser = Parser(case.tp)
    for prefix in prefixes(case.text):
        if prefix:
            parser.feed(prefix[-1:])
        expected = plain(oracle_snapshot(case.tp, prefix))
        same(instar.dump(parser.snapshot), expected)
        same(parser.dump(), expected)


@pytest.mark.parametrize("mode", MODES)
def test_the_whole_has_what_pydantic_has_without_what_is_unset(mode: Literal["python", "json"]) -> None:
    @given(cases(WIDE_SHAPES))
    def check(case: Any) -> None:
        adapter = TypeAdapter(case.tp)
        final = adapter.validate_json(case.text)
        expected = tagged(adapter.dump_python(final, mode=mode, exclude_unset=True))
        expected = finite(expected) if mode == "json" else expected
        dumped = instar.dump(final, mode=mode)
        if mode == "python" and has_set(final):
            dumped, expected = in_order(dumped), in_order(expected)
        same(dumped, expected)
        aliased = finite(tagged(adapter.dump_python(final, mode="json", exclude_unset=True, by_alias=True)))
        same(instar.dump(final, mode="json", by_alias=True), aliased)

    check()


def finite(value: Any) -> Any:
    """Write null for numbers that are not finite: Pydantic's does so in JSON text, and here and there in Python."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return list(map(finite, value))
    return None if isinstance(value, float) and not math.isfinite(value) else value


def has_set(value: Any) -> bool:
    """Tell whether there is a set in a value, whose members come in any order."""
    if isinstance(value, BaseModel):
        return any(map(has_set, [*value.__dict__.values(), *(value.model_extra or {}).values()]))
    if isinstance(value, dict):
        return any(map(has_set, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_set, value))
    return isinstance(value, set | frozenset)


def in_order(value: Any) -> Any:
    """Sort all lists, and the keys of all dicts."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=repr)}
    return sorted(map(in_order, value), key=repr) if isinstance(value, list) else value


def each(texts: Callable[[Case], tuple[str, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test by a case and one of its texts."""
    pairs = [(case, text) for case in CASES for text in texts(case)]
    ids = [f"{case.name}-{text}".encode("ascii", "replace").decode()[:60] for case, text in pairs]
    return pytest.mark.parametrize(("case", "text"), pairs, ids=ids)


@each(lambda case: case.valid + case.wrong)
def test_every_snapshot_has_its_dump(case: Case, text: str) -> None:
    for _, shown in snapshots(case.tp, text.encode()):
        called = CALLS.copy()
        python, jsonable = (instar.dump(shown, mode=mode) for mode in MODES)
        same(python, plain(shown))
        json.dumps(jsonable, allow_nan=False)
        is_plain(python)
        assert called == CALLS


def is_plain(value: Any) -> None:
    """Assert that there are no containers in a dump but lists and dicts."""
    if type(value) is dict:
        for part in value.values():
            is_plain(part)
    elif type(value) is list:
        for part in value:
            is_plain(part)
    else:
        assert not isinstance(value, list | tuple | dict | set | frozenset | deque | BaseModel)
        assert not dataclasses.is_dataclass(value)


@each(lambda case: case.valid)
def test_a_parser_has_of_a_snapshot_what_has_arrived(case: Case, text: str) -> None:
    raw = text.encode()
    for live in (False, True):
        parser = Parser(case.tp, live=live)
        for delta in singly(raw):
            parser.feed(delta)
            is_part(parser.dump(), plain(parser.snapshot, extra=True))
        parser.close()
        is_part(parser.dump(), plain(parser.snapshot, extra=True))


def is_part(part: Any, whole: Any) -> None:
    """Assert that one dump is another, but for keys that it lacks."""
    if isinstance(part, dict):
        for key, value in part.items():
            is_part(value, whole[key])
    elif isinstance(part, list):
        for one, other in zip(part, whole, strict=False):
            is_part(one, other)
    else:
        assert deep(part) == deep(whole)


# ---------------------------------------------------------------------------------------------------------
# What does not remember: dataclasses dump as the models that have their fields


@dataclasses.dataclass(frozen=True)
class Pair:
    """A type made of models, and the same of dataclasses, with documents that fit both."""

    models: Any
    dataclasses: Any
    trees: st.SearchStrategy[Any] = dataclasses.field(repr=False)


PLAIN = [shape for shape in LEAF_SHAPES if shape.tp in (str, int, bool, Any)]


@st.composite
def records(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    """Records of one to three fields, of which some have defaults, or other names in the text."""
    names = draw(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=3, unique=True))
    fields = []
    for name in names:
        pair, optional = draw(inner), draw(st.booleans())
        alias = draw(st.sampled_from([None, None, name.upper()]))
        fields.append((name, pair, optional, alias))
    of_model: dict[str, Any] = {
        name: (pair.models, Field(default=None, alias=alias) if optional else Field(alias=alias))
        for name, pair, optional, alias in fields
    }
    of_dataclass: list[Any] = [
        (name, Annotated[pair.dataclasses, Field(alias=alias)], *([dataclasses.field(default=None)] * optional))
        for name, pair, optional, alias in sorted(fields, key=lambda field: field[2])
    ]
    by_pydantic = draw(st.booleans())
    made: Any = dataclasses.make_dataclass("Of", of_dataclass, slots=draw(st.booleans()) and not by_pydantic)
    made = pydantic_dataclasses.dataclass(made) if by_pydantic else made
    members = [member(alias or name, pair.trees, optional=optional) for name, pair, optional, alias in fields]
    trees = st.tuples(*members).map(lambda parts: Members([pair for part in parts for pair in part]))
    return Pair(create_model("Of", **of_model), made, trees)


def member(key: str, trees: st.SearchStrategy[Any], *, optional: bool) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Give a member of an object, or perhaps none."""
    there = trees.map(lambda tree: [(key, tree)])
    return st.one_of(st.just([]), there) if optional else there


@st.composite
def containers(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    """Lists, tuples, dicts, unions and models of records."""
    item = draw(inner)
    lists = st.lists(item.trees, max_size=2)
    dicts = st.lists(st.tuples(KEYS, item.trees), max_size=2, unique_by=lambda member: member[0]).map(Members)
    ways: list[tuple[Callable[[Any], Any], st.SearchStrategy[Any]]] = [
        (list.__class_getitem__, lists),
        (lambda tp: tuple.__class_getitem__((tp, ...)), lists),
        (lambda tp: tuple.__class_getitem__((int, tp)), item.trees.map(lambda tree: [1, tree])),
        (lambda tp: dict.__class_getitem__((str, tp)), dicts),
        (lambda tp: tp | None, st.one_of(st.none(), item.trees)),
        (lambda tp: int | list.__class_getitem__(tp), lists),
        (lambda tp: create_model("In", x=(tp, ...)), item.trees.map(lambda tree: Members([("x", tree)]))),
        (lambda tp: Annotated[tp, PlainSerializer(str)], item.trees),
    ]
    wrap, trees = draw(st.sampled_from(ways))
    return Pair(wrap(item.models), wrap(item.dataclasses), trees)


ATOMS = st.sampled_from([Pair(shape.tp, shape.tp, shape.trees) for shape in PLAIN])
PAIRS: st.SearchStrategy[Pair] = st.recursive(
    records(ATOMS), lambda inner: st.one_of(records(st.one_of(ATOMS, inner)), containers(inner)), max_leaves=4
)


@given(st.data(), PAIRS, st.booleans())
def test_a_dataclass_has_what_a_model_with_its_fields_has(data: st.DataObject, pair: Pair, live: bool) -> None:  # noqa: FBT001
    text = render(data.draw(pair.trees))
    of_models, of_dataclasses = Parser(pair.models, live=live), Parser(pair.dataclasses, live=live)
    for delta in singly(text):
        of_models.feed(delta)
        of_dataclasses.feed(delta)
        same(of_dataclasses.dump(), of_models.dump())
        same(of_dataclasses.dump(by_alias=True, mode="json"), of_models.dump(by_alias=True, mode="json"))
    of_dataclasses.close()
    of_models.close()
    same(of_dataclasses.dump(), of_models.dump())


class Settings(TypedDict):
    name: str
    size: Annotated[int, Field(default=3)]


@pydantic_dataclasses.dataclass(config=ConfigDict(extra="allow"))
class Open:
    x: int = 0


class Streamed(TypedDict):
    rows: Iterable[Any]


@pytest.mark.parametrize(
    ("tp", "text", "arrived"),
    [
        (Point, "", {}),
        (Point, "{", {}),
        (Point, '{"label": "a', {"label": "a"}),
        (Point, '{"tags": ["a', {"tags": ["a"]}),
        (Point, '{"x": 1, "label": "a"}', {"x": 1, "label": "a"}),
        (list[Point], '[{"x": 1}, {"x": 2, "y"', [{"x": 1}, {"x": 2}]),
        (dict[str, Point], '{"a": {"x": 1}, "b": {', {"a": {"x": 1}, "b": {}}),
        (Point | int, '{"x": 1}', {"x": 1}),
        (list[Point | None], '[{"x": 1}, {"x": 2}]', [{"x": 1}, {"x": 2}]),
        (list[Spot], '[[1], [1, 2], {"x": 1}, {"y": 2, "x": 1}]', [[1], [1, 2], [1], [1, 2]]),
        (list[Settings], '[{"name": "a"}, {"size": 3, "name": "b"}]', [{"name": "a"}, {"size": 3, "name": "b"}]),
        (Open, '{"y": 1}', {"y": 1}),
        (list[Iterable[int]], "[[1, 2], [3]]", [[1, 2], [3]]),
        (Streamed, '{"rows": [{"a": [1]}, 2]}', {"rows": [{"a": [1]}, 2]}),
    ],
)
def test_a_parser_knows_what_an_object_forgets(tp: Any, text: str, arrived: Any) -> None:
    same(after(tp, text), arrived)


def test_an_iterator_is_not_used_up() -> None:
    parser = Parser(list[Iterable[int]])
    parser.feed("[[1, 2]]")
    assert parser.dump() == parser.dump(mode="json") == [[1, 2]]
    assert list(parser.snapshot[0]) == [1, 2]


def test_an_object_that_forgets_shows_all_of_its_fields() -> None:
    assert instar.dump(Point(1)) == {"x": 1, "y": 0, "label": "", "tags": []}
