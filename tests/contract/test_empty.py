"""`empty=True`: a required container shows empty before it arrives."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import pytest
from hypothesis import given
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, RootModel, TypeAdapter, create_model
from typing_extensions import NotRequired, TypedDict

import instar
from instar import Parser
from support.strategies import WIDE_SHAPES, Case, cases

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

EMPTY: list[tuple[Any, Any]] = [
    (list[int], []),
    (list, []),
    (set[str], set()),
    (frozenset[str], frozenset()),
    (dict[str, int], {}),
    (dict, {}),
    (tuple[int, ...], ()),
    (deque[int], deque()),
    (OrderedDict[str, int], OrderedDict()),
    (Counter[str], Counter()),
    (Annotated[list[int], Field(min_length=2)], []),
    (Annotated[list[int], AfterValidator(sorted)], []),
    (Annotated[list[int], BeforeValidator(lambda value: value)], []),
    (list[int] | list[str], []),
    # These can be something else.
    (list[int] | None, None),
    (list[int] | dict[str, int], None),
    (list[int] | str, None),
    (tuple[int, int], None),
    (str, None),
    (int, None),
    (Any, None),
]


@pytest.mark.parametrize(("tp", "placeholder"), EMPTY)
def test_a_required_container_shows_empty(tp: Any, placeholder: Any) -> None:
    model: Any = create_model("Holder", first=(str, ...), rows=(tp, ...))
    for live in (False, True):
        parser = Parser(model, empty=True, live=live)
        for text in ("", '{"first": "a', '"'):
            parser.feed(text)
            rows = parser.snapshot.rows
            assert (type(rows), rows) == (type(placeholder), placeholder)
        assert parser.snapshot.model_fields_set == {"first"}
        assert parser.dump() == {"first": "a"}
        assert Parser(model, live=live).snapshot.rows is None


class Row(BaseModel):
    cells: list[int]


class Boxed(RootModel[list[int]]):
    pass


class Generic_(BaseModel, Generic[T]):  # noqa: N801 - beside typing's
    rows: T


@dataclass
class Pair:
    left: list[int]
    right: dict[str, Row]


class Keys(TypedDict):
    rows: list[int]
    more: NotRequired[list[int]]


class Table(BaseModel):
    title: str
    rows: list[Row]
    nested: Row
    boxed: Boxed
    generic: Generic_[set[int]]
    pair: Pair
    keys: Keys
    likes: list[str] = ["a"]
    maybe: list[int] | None = None


TABLE: dict[str, Any] = {
    "title": "t",
    "rows": [{"cells": [1]}],
    "nested": {"cells": [1, 2]},
    "boxed": [1],
    "generic": {"rows": [1, 1]},
    "pair": {"left": [1], "right": {"a": {"cells": []}}},
    "keys": {"rows": [1]},
}


def walk(table: Table) -> list[Any]:
    """Do what a template does, without asking whether anything is there."""
    return [
        [list(row.cells) for row in table.rows],
        list(table.nested.cells),
        list(table.boxed.root),
        sorted(table.generic.rows),
        list(table.pair.left),
        [list(row.cells) for row in table.pair.right.values()],
        list(table.likes),
    ]


@pytest.mark.parametrize("live", [False, True])
def test_it_does_at_every_depth_and_defaults_stay(live: bool) -> None:  # noqa: FBT001 - a parameter
    parser = Parser(Table, empty=True, live=live)
    assert walk(parser.snapshot) == [[], [], [], [], [], [], ["a"]]
    assert not parser.snapshot.keys
    assert parser.snapshot.maybe is None
    for letter in json.dumps(TABLE):
        parser.feed(letter)
        walk(parser.snapshot)
    assert parser.finish() == Table.model_validate(TABLE)


def test_what_an_open_element_lacks_shows_empty_too() -> None:
    parser = Parser(list[Row], empty=True)
    parser.feed('[{"cells": [1]}, {')
    assert [row.cells for row in parser.snapshot] == [[1], []]


def test_each_object_has_a_placeholder_of_its_own() -> None:
    # What somebody does to one is seen nowhere else.
    parser = Parser(list[Row], empty=True)
    parser.feed("[{")
    first = parser.snapshot[0].cells
    other = Parser(list[Row], empty=True)
    other.feed("[{")
    assert other.snapshot[0].cells is not first
    first.append(7)
    assert other.snapshot[0].cells == []


def test_it_is_missing_in_the_end_all_the_same() -> None:
    parser = Parser(Row, empty=True)
    with pytest.raises(ValueError, match="Field required"):
        parser.feed("{}")


def test_every_way_in_takes_it() -> None:
    texts = ['{"cells"', ": [1]}"]
    assert [row.cells for row in instar.partials(texts, Row, empty=True)] == [[], [1]]
    assert [row.cells for row in instar.elements(["[", *texts, "]"], Row, empty=True)] == [[1]]
    turn = instar.turn(
        [{"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"name": "Row"}}]}}]}],
        wire="sdk",
        tools=[Row],
        empty=True,
    )
    part = next(iter(turn))
    assert isinstance(part, instar.Call)
    assert part.snapshot.cells == []


def assert_alike(value: Any, empty: Any) -> None:
    """Assert that a snapshot with `empty=True` is as it is without, but for what has not arrived."""
    if isinstance(value, BaseModel):
        held: Mapping[str, Any] = value.__dict__
        other = empty.__dict__
        assert type(value) is type(empty)
        assert value.model_fields_set == empty.model_fields_set
        assert held.keys() == other.keys()
        for name in held:
            if name in value.model_fields_set or held[name]:
                assert_alike(held[name], other[name])
    elif isinstance(value, list):
        assert len(value) == len(empty)
        for pair in zip(value, empty, strict=True):
            assert_alike(*pair)
    elif isinstance(value, dict):
        assert list(value) == list(empty)
        for key in value:
            assert_alike(value[key], empty[key])
    else:
        assert type(value) is type(empty)
        assert value == empty or value != value  # noqa: PLR0124 - NaN


@given(cases(WIDE_SHAPES))
def test_nothing_else_changes(case: Case) -> None:
    plain, empty = Parser(case.tp), Parser(case.tp, empty=True)
    for letter in [case.text[at : at + 1] for at in range(len(case.text))]:
        assert plain.feed(letter) == empty.feed(letter)
        assert plain.dump(mode="json") == empty.dump(mode="json")
        assert_alike(plain.snapshot, empty.snapshot)
    assert repr(plain.finish()) == repr(empty.finish()) == repr(TypeAdapter(case.tp).validate_json(case.text))
