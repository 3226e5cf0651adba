"""Random types of the wider kind (unions, tuples, sets, keys, root models, aliases), held against Pydantic."""

import datetime as dt
import json
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, TypeAdapter, model_validator

from oracle import deep
from support.monotone import grows_and_stays
from support.runs import follow, holds, lines_of, pydantic_error, same, singly
from support.strategies import WIDE_SHAPES, Case, Color, cases, cuts, spoiled


@given(st.data(), cases(WIDE_SHAPES))
def test_a_document_that_fits_grows_and_ends_as_pydantic_ends(data: st.DataObject, case: Case) -> None:
    expected = TypeAdapter(case.tp).validate_json(case.text)
    run = follow(case.tp, singly(case.text))
    assert run.failure is None
    assert run.final == deep(expected)
    assert deep(run.parser.snapshot, ordered=False) == deep(expected, ordered=False)
    same(run, follow(case.tp, data.draw(cuts(case.text))))
    same(run, follow(case.tp, [case.text]))
    grows_and_stays(case.tp, case.text, remade=True)


@given(st.data(), spoiled(WIDE_SHAPES))
def test_a_document_that_does_not_fit_is_refused_as_pydantic_refuses_it(data: st.DataObject, case: Case) -> None:
    expected = pydantic_error(case.tp, case.text)
    run = follow(case.tp, singly(case.text))
    event(f"{expected and expected.errors()[0]['type']}")
    same(run, follow(case.tp, data.draw(cuts(case.text))))
    if expected is None:
        assert run.failure is None
        return
    assert run.failure
    theirs = lines_of(expected)
    has_tags = "'tagged-union'" in repr(TypeAdapter(case.tp).core_schema)
    assert holds(run.failure.lines, theirs, has_tags=has_tags), (run.failure.lines, theirs)
    if run.parser.offset == len(case.text):
        assert run.failure.lines == theirs


@dataclass(slots=True)
class Slots:
    day: dt.date
    names: set[str]


Date = RootModel[dt.date]


class Whole(BaseModel):
    """A model whose values show while it grows, and are made anew when it closes."""

    day: dt.date | None = None
    price: Decimal | None = None
    key: UUID | None = None
    real: float = 0.0
    days: deque[dt.date] = deque()
    pairs: set[tuple[int, dt.date]] = set()
    colors: frozenset[Color] = frozenset()
    slots: Slots | None = None

    @model_validator(mode="before")
    @classmethod
    def as_it_is(cls, data: Any) -> Any:
        return data


WHOLE = {
    "day": "2026-01-02",
    "price": "1.50",
    "key": "12345678123456781234567812345678",
    "real": -0.0,
    "days": ["2026-01-02"],
    "pairs": [[1, "2026-01-02"], [1, "2026-01-02"]],
    "colors": ["red", "red"],
    "slots": {"day": "2026-01-02", "names": ["a"]},
}


@pytest.mark.parametrize(
    ("tp", "text"),
    [
        (set[str], b'["abc","ab","abc","",""]'),
        (frozenset[str], b'["","a","a"]'),
        (set[Color], b'["red","red"]'),
        (set[Color] | str | None, b'["red"]'),
        (set[tuple[int, str]] | None, b'[[1,"a"],[1,"a"]]'),
        (list[set[str] | int], b'[["a","a"],1]'),
        (RootModel[str] | str | None, b'""'),
        (RootModel[str] | str, b'"abc"'),
        (list[str | RootModel[RootModel[str]] | int], b'["ab", "", 1]'),
        (RootModel[RootModel[str] | Literal["abd"] | None], b'"abcd"'),
        (dict[str, RootModel[str] | Literal["abd"]], b'{"k":"abcd"}'),
        (str | RootModel[str | set[str]], b"[]"),
        (str | RootModel[tuple[int, ...] | set[tuple[str, ...]]], b'[["ab"], ["a", "b"]]'),
        (RootModel[list[Annotated[str, Field(max_length=2)]] | list[str]], b'["a", "abc", "abcd"]'),
        (RootModel[str] | Date, b'"2026-01-02"'),
        (Whole, json.dumps(WHOLE).encode()),
        (list[Whole], json.dumps([WHOLE]).encode()),
    ],
)
def test_feed_says_true_exactly_when_something_looks_new(tp: Any, text: bytes) -> None:
    for size in (1, 2, 3, 5, 8, 13):
        deltas = [text[start : start + size] for start in range(0, len(text), size)]
        assert follow(tp, deltas).failure is None
        assert follow(tp, deltas, live=True).failure is None


@pytest.mark.parametrize("text", [b'"zzz"', b'"abz"', b'"\xc3\xa9"'])
def test_text_that_an_alternative_refuses_is_nothing_new(text: bytes) -> None:
    letters = Annotated[str, Field(pattern="^[a-c]+$")]
    for size in (1, 2, 3, 9):
        deltas = [text[start : start + size] for start in range(0, len(text), size)]
        assert follow(RootModel[Literal["a"] | int | letters], deltas).failure
