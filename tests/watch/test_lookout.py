# ruff: noqa: SLF001 - what places do with their streams
"""Lookouts: whoever watches a place hears of all that happens there, though nobody looks at the rest."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import instar
from instar import Parser, StreamError
from instar._paths import EVERY, write
from instar._watch import Watch
from models import CASES
from support.strategies import WIDE_SHAPES, cases, cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.case import Case


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all that is in plain data."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for step, part in inside for deeper in paths(part, (*path, step)))]


def quietly(read: Callable[..., Any], *arguments: Any) -> Any:
    """Call something that may refuse the text; None then."""
    with suppress(ValidationError, StreamError):
        return read(*arguments)
    return None


def dump_of(tp: Any, text: bytes) -> Any:
    """Return what has arrived when a text has, or has been refused."""
    parser: Parser[Any] = Parser(tp)
    quietly(parser.feed, text)
    return parser.dump(mode="json")


def seen(watch: Watch) -> tuple[Any, ...]:
    """Return all that a watch knows."""
    states = {path: watch.state(path) for path in watch.pieces}
    return states, {path: "".join(pieces) for path, pieces in watch.pieces.items()}, sorted(map(str, watch.settled))


def see(watch: Watch, batch: list[Any]) -> None:
    """Show changes to a watch."""
    for change in batch:
        for _ in watch.see(change):
            pass


def compare(tp: Any, deltas: list[bytes], pattern: Any, late: int = 0) -> None:
    """Watch places of a stream, delta by delta, and hold them against a watch that sees every change.

    late: the place is watched anew, and another one with it, when so many deltas have come.
    """
    parser: Parser[Any] = Parser(tp)
    reader, oracle = parser.changes(), Watch(pattern)
    stream: Any = instar.partials(deltas, tp)
    try:
        place: Any = stream.at(write(pattern))
    except ValueError:
        return  # the resolver knows less of the type: of a delegated part, say
    if place._pattern != pattern:
        return
    for number, delta in enumerate([b"", *deltas, None]):
        if late and number == late:
            stream.at("$")
            stream._reading.watches._watches.pop()
            place = stream.at(write(pattern))
            reader, oracle = parser.changes(), Watch(pattern)
            see(oracle, reader.drain())
        more = quietly(stream._read_on)
        quietly(parser.close) if delta is None else quietly(parser.feed, delta)
        if stream._pump.has_news():
            stream._tell()
        see(oracle, reader.drain())
        assert seen(place._watch) == seen(oracle), (stream.text, pattern)
        if more is None:
            break


@given(case=cases(WIDE_SHAPES), data=st.data())
def test_a_place_misses_nothing(case: Any, data: st.DataObject) -> None:
    there = data.draw(st.sampled_from(paths(dump_of(case.tp, case.text))))
    pattern = tuple(data.draw(st.sampled_from([step, EVERY])) for step in there)
    deltas = data.draw(cuts(case.text))
    compare(case.tp, deltas, pattern, data.draw(st.integers(0, len(deltas))))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nor_does_it_in_the_models_of_the_corpus(case: Case) -> None:
    for text in case.valid:
        raw = text.encode()
        for there in paths(dump_of(case.tp, raw))[:12]:
            for pattern in {there, tuple(EVERY if isinstance(step, int) else step for step in there)}:
                compare(case.tp, [raw[i : i + 1] for i in range(len(raw))], pattern)
                compare(case.tp, [raw[i : i + 1] for i in range(len(raw))], pattern, len(raw) // 2)
                compare(case.tp, [raw], pattern)


class Long(BaseModel):
    title: str
    rest: list[dict[str, str]]
    last: int


LONG = '{"title": "T", "rest": [' + ", ".join(['{"a": "b"}'] * 200) + '], "last": 1}'


def test_nothing_is_looked_at_that_nobody_watches() -> None:
    stream: Any = instar.partials(list(LONG), Long)
    assert stream.at("title").wait() == "T"
    last = stream.at("last")  # in the middle of the text
    told = 0
    while last.state is instar.MISSING and stream._read_to_news():
        stream._tell()
        told += 1
    assert last.value == 1
    assert told <= 2


def test_what_has_settled_is_not_told_of_again() -> None:
    stream: Any = instar.partials(list(LONG), Long)
    place = stream.at("title")
    assert place.wait() == "T"
    assert stream._read_to_news() is False  # all the rest, and the end of the whole
    assert stream.parser.complete
    assert (place.state, place.value) == (instar.SETTLED, "T")
