"""Watches: what happens at places, held against the dumps of every prefix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar import Parser
from instar._paths import EVERY, fits, parse
from instar._watch import Happening, State, Watch
from instar.changes import RETRY, Change
from support.changes import MISSING, NaiveChanges
from support.strategies import UNTYPED, cuts, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS: st.SearchStrategy[Any] = st.one_of(st.sampled_from(["a", "b", "", EVERY]), st.integers(0, 1), st.just(EVERY))
PATTERNS = st.lists(STEPS, max_size=3).map(tuple)


def places(pattern: Any, value: Any, path: tuple[Any, ...] = ()) -> dict[Any, Any]:
    """Return what is at the places of a pattern."""
    if value is MISSING or not fits(pattern, path):
        return {}
    if len(path) == len(pattern):
        return {path: value}
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {place: part for step, each in inside for place, part in places(pattern, each, (*path, step)).items()}


@given(data=st.data(), text=texts(UNTYPED), pattern=PATTERNS, late=st.booleans(), naive=st.booleans())
def test_a_watch_knows_what_the_dump_shows(
    data: st.DataObject, text: bytes, pattern: Any, *, late: bool, naive: bool
) -> None:
    first, *rest = data.draw(cuts(text))
    parser: Parser[Any] = Parser(None)
    if late:
        parser.feed(first)
    reader, watch = NaiveChanges(parser, first if late else b""), Watch(pattern)
    drain = reader.drain if naive else parser.changes().drain
    happenings: list[Happening] = []

    def look() -> None:
        happenings.extend(each for change in drain() for each in watch.see(change))
        shown = places(pattern, reader.dump() if reader.begun else MISSING)
        assert shown.keys() == watch.pieces.keys()
        for place, value in shown.items():
            assert "".join(watch.pieces[place]) == (value if isinstance(value, str) else "")
            is_open = not reader.parser.complete and isinstance(value, str | list | dict)
            path = reader.parser.path
            assert (watch.state(place) is State.OPEN) is (is_open and path[: len(place)] == place)

    if not late:
        reader.feed(first)
    look()
    for delta in rest:
        reader.feed(delta)
        look()
    reader.close()
    look()
    final = places(pattern, reader.dump())
    assert sorted(map(str, watch.settled)) == sorted(map(str, final))
    for place, value in final.items():
        kinds = [each.kind for each in happenings if each.path == place]
        assert (kinds[0], kinds[-1], kinds.count("open"), kinds.count("close")) == ("open", "close", 1, 1)
        written = "".join(each.text for each in happenings if each.path == place)
        assert written == (value if isinstance(value, str) else "")


def seen(watch: Watch, *changes: Change) -> list[Happening]:
    return [each for change in changes for each in watch.see(change)]


def test_what_happens_is_this() -> None:
    watch = Watch(parse("a[*].t"))
    assert watch.state(("a", 0, "t")) is State.MISSING
    changes = [
        Change("open", (), {}),
        Change("set", ("b",), 1),
        Change("open", ("a",), []),
        Change("open", ("a", 0), {}),
        Change("open", ("a", 0, "t"), ""),
        Change("append", ("a", 0, "t"), "x"),
        Change("close", ("a", 0, "t"), None),
        Change("set", ("a", 1), {"t": "y", "u": 1}),
    ]
    assert seen(watch, *changes) == [
        Happening("open", ("a", 0, "t")),
        Happening("text", ("a", 0, "t"), "x"),
        Happening("close", ("a", 0, "t")),
        Happening("open", ("a", 1, "t")),
        Happening("text", ("a", 1, "t"), "y"),
        Happening("close", ("a", 1, "t")),
    ]
    assert watch.settled == [("a", 0, "t"), ("a", 1, "t")]


def test_another_alternative_may_lack_the_place() -> None:
    watch = Watch(("a", "t"))
    seen(watch, Change("open", (), {}), Change("open", ("a",), {}), Change("open", ("a", "t"), "x"))
    assert watch.state(("a", "t")) is State.OPEN
    assert seen(watch, Change("replace", ("a",), {"u": "x"})) == []
    assert watch.state(("a", "t")) is State.MISSING
    assert seen(watch, Change("replace", ("a",), {"t": "xy", "u": ""})) == [
        Happening("open", ("a", "t")),
        Happening("text", ("a", "t"), "xy"),
        Happening("close", ("a", "t")),
    ]


def test_what_a_validator_makes_of_a_text_is_not_told_twice() -> None:
    watch = Watch(("t",))
    changes = (Change("open", (), {}), Change("open", ("t",), ""), Change("append", ("t",), "ab"))
    seen(watch, *changes)
    assert seen(watch, Change("replace", ("t",), "AB!"), Change("close", ("t",), None)) == [
        Happening("text", ("t",), "!"),
        Happening("close", ("t",)),
    ]


def test_a_retry_forgets() -> None:
    watch = Watch(("t",))
    seen(watch, Change("open", (), {}), Change("set", ("t",), 1), RETRY)
    assert (watch.state(("t",)), watch.settled, watch.attempt) == (State.MISSING, [], 1)


class Looked(dict[Any, Any]):
    """A dict that counts how often somebody goes through it."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()


@pytest.mark.parametrize("path", ["a[*]", "a[*].t", "a[*].l[*]"])
def test_8_what_comes_is_not_looked_for_among_all_that_has_come(path: str) -> None:
    watch = Watch(parse(path))
    watch.pieces = Looked()
    parser: Parser[Any] = Parser(None)
    reader = parser.changes()
    for delta in json.dumps({"a": [{"t": "xy", "l": ["p", "q"]}] * 20}):
        parser.feed(delta)
        seen(watch, *reader.drain())
    assert len(watch.settled) >= 20
    assert watch.pieces.times == 0
