"""Watches: what happens at a place of a growing value, told by the changes of the whole."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from instar._paths import covers, fits
from instar.changes import RETRY, end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar._paths import Pattern
    from instar.changes import Change, Path


class State(Enum):
    """What there is of a value."""

    MISSING = "missing"
    OPEN = "open"
    SETTLED = "settled"
    REFUSED = "refused"


MISSING, OPEN, SETTLED, REFUSED = State


class Happening(NamedTuple):
    """Something that happens at a place: it opens, its text grows, something in it changes, it closes."""

    kind: Literal["open", "text", "grow", "close"]
    path: Path
    text: str = ""


class Watch:
    """Watches the places that a pattern describes, one or, with `[*]`, many. It does no I/O.

    It sees the changes of one reader, all or those at, above and below its places. What it holds are the states of the
    places, and their texts in the pieces in which they came: a reader of a text holds an index into them.
    """

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.attempt = 0
        """How often what had come was given up."""
        self.settled: list[Path] = []
        """The places that have settled, in the order in which they did."""
        self.pieces: dict[Path, list[str]] = {}
        """The pieces of the text at each place that is there; none where the value is no text."""
        self.callbacks: list[Callable[[Happening], Any]] = []
        """What is to be called with all that happens."""
        self.ahead = 0
        """How many of the changes that nobody has been told of are behind it, since it began with what they made."""
        self._open: dict[Path, None] = {}

    def state(self, path: Path) -> State:
        """Return the state of one of the places."""
        if path not in self.pieces:
            return State.MISSING
        return State.OPEN if path in self._open else State.SETTLED

    def see(self, change: Change) -> list[Happening]:
        """Take in a change; return what happens, in the order of the text.

        That something in a place grows is told only where anything is to be called.
        """
        path, depth = change.path, len(self.pattern)
        if len(path) > depth:
            return [Happening("grow", path[:depth])] if self.callbacks and covers(self.pattern, path) else []
        return self._take_in(change) if fits(self.pattern, path) else []

    def _take_in(self, change: Change) -> list[Happening]:
        """Take in what happens at a place, or on the way to some."""
        kind, path, value = change
        if kind == "append":
            return self._write(path, value) if len(path) == len(self.pattern) else []
        if kind == "close":
            return [self._settle(place) for place in [*self._open] if place[: len(path)] == path]
        if kind != "replace":
            return self._show(path, value, path if kind == "open" else None)
        if change != RETRY:
            return self._replace(path, value)
        self._give_up()
        return []

    def _give_up(self) -> None:
        self.attempt += 1
        self.settled = []
        self.pieces = {}
        self._open = {}

    def _replace(self, path: Path, value: Any) -> list[Happening]:
        """Take in a value that stands where another one has shown, of which it may lack places."""
        inside = dict(self._places(path, value))
        for place in [place for place in self.pieces if place[: len(path)] == path and place not in inside]:
            del self.pieces[place]
            self._open.pop(place, None)
        return self._show(path, value, path + end_of(value))

    def _show(self, path: Path, value: Any, grows: Path | None) -> list[Happening]:
        """Take in a value, and with it the places that are in it; `grows` is the path of what may still grow of it."""
        happenings = []
        for place, part in self._places(path, value):
            if place not in self.pieces:
                self.pieces[place] = []
                self._open[place] = None
                happenings.append(Happening("open", place))
            if isinstance(part, str):
                happenings += self._write(place, part[sum(map(len, self.pieces[place])) :])
            else:
                happenings.append(Happening("grow", place))
            if place in self._open and (grows is None or grows[: len(place)] != place):
                happenings.append(self._settle(place))
        return happenings

    def _places(self, path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
        """Yield the places in a value, with what is there."""
        if len(path) == len(self.pattern):
            yield path, value
            return
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for step, part in members:
            if fits(self.pattern, (*path, step)):
                yield from self._places((*path, step), part)

    def _write(self, place: Path, text: str) -> list[Happening]:
        if not text:
            return []
        self.pieces[place].append(text)
        return [Happening("text", place, text)]

    def _settle(self, place: Path) -> Happening:
        del self._open[place]
        self.settled.append(place)
        return Happening("close", place)
