"""Followers: readers of a stream's changes and of its JSON text, whichever parser reads the answer by then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from instar._core import Changes, JsonText
from instar.changes import RETRY, Change
from instar.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from instar._core import Parser, Pump
    from instar._paths import Pattern
    from instar.changes import Path, Step

    View = Callable[[Iterable[Change]], "list[Change] | None"]

Mode = Literal["python", "json"]


class Follower:
    """Reads the changes of an answer.

    It holds no stream, so that none is kept alive by who follows it: it is given the pump at each look. With `only`
    patterns it reads what is at their places, in them, and on the way to them; all members of a list are alike.
    """

    def __init__(self, mode: Mode = "json", *, by_alias: bool = False, only: Iterable[Pattern] = ()) -> None:
        self._mode: Mode = mode
        self._by_alias = by_alias
        self.only = list(only)
        """The patterns of what it reads; everything, where there are none."""
        self._parser: Parser[Any] | None = None
        self._reader: Changes | None = None
        self._view: View = list
        self._depth: int | None = None
        self.begun = False
        """Whether something has been read of the attempt at hand."""

    @property
    def reader(self) -> Changes | None:
        """What reads the changes of the parser; None before the first drain."""
        return self._reader

    @property
    def open_text(self) -> Path | None:
        """The path of the text that was open at the last look, where its changes are handed out as they are read."""
        path = self._reader.open_text if self._reader is not None else None
        return path[self._depth :] if path is not None and self._depth is not None else None

    def drain(self, pump: Pump[Any, Any]) -> list[Change]:
        """Return the changes since the last time. A `RETRY` comes first, if another attempt has begun.

        Raises:
            TypeError: the answer is several calls.
            ValueError: there is no such mode.

        """
        parser, where = pump.answer
        given_up: list[Change] = []
        if parser is not self._parser:
            given_up = [RETRY] if self.begun else []
            # What the first parser has read by now is sent as a whole; of the others everything is new.
            late = self._parser is None and not given_up
            self._turn_to(parser, where, late=late)
        batch = self._read()
        self.begun = bool(batch) or (self.begun and not given_up)
        return [*given_up, *batch] if given_up else batch

    def _turn_to(self, parser: Parser[Any], where: str, *, late: bool) -> None:
        self._parser = parser
        read = parser.changes if late else partial(Changes, parser)
        self._reader = read(mode=self._mode, by_alias=self._by_alias)
        if self.only:
            around = {"whole": [], "member": [None], "lists": [None, None]}[where]
            self._reader.narrow([[*around, *_steps(pattern[where == "lists" :])] for pattern in self.only])
        self._view = OfLists() if where == "lists" else of_member if where == "member" else list
        self._depth = {"whole": 0, "member": 1, "lists": None}[where]

    def _read(self) -> list[Change]:
        assert self._parser is not None  # noqa: S101 - whoever reads has turned to one
        assert self._reader is not None  # noqa: S101
        batch = self._view(self._reader.drain())
        if batch is None:  # the whole is sent anew
            self._turn_to(self._parser, "lists", late=True)
            batch = self._view(self._reader.drain())
        return batch or []


def _steps(pattern: Pattern) -> list[str | None]:
    """Return the names in a pattern, and None for what stands for any member."""
    return [step if isinstance(step, str) else None for step in pattern]


class Spelling:
    """Reads the JSON text of an answer."""

    def __init__(self) -> None:
        self._parser: Parser[Any] | None = None
        self._text: JsonText | None = None
        self._begun = False

    def read(self, pump: Pump[Any, Any]) -> str:
        """Return the characters that have come since the last time.

        Raises:
            TypeError: the answer is several calls.
            instar.StreamError: the text that has been read was given up, and another attempt follows.

        """
        parser, _ = pump.answer
        if parser is not self._parser or self._text is None:
            self._check(is_void=self._begun)
            self._parser, self._text = parser, JsonText(parser)
        piece = self._text.read()
        self._check(is_void=piece is None)
        self._begun = self._begun or bool(piece and piece.strip())
        return piece or ""

    def _check(self, *, is_void: bool) -> None:
        if is_void:
            message = "the JSON text that has been handed out was given up, and another attempt follows: read changes"
            raise StreamError(message)


def of_member(batch: Iterable[Change]) -> list[Change]:
    """Return the changes of the one member of an object."""
    found = []
    for kind, path, value in batch:
        if path:
            found.append(Change(kind, path[1:], value))
        elif kind in {"set", "replace"} and value:
            found.append(Change(kind, (), next(iter(value.values()))))
    return found


class OfLists:
    """Makes the changes of several lists in an object those of one list, in which one follows the other."""

    def __init__(self) -> None:
        self._starts: dict[Step, int] = {}
        self._length = 0

    def __call__(self, batch: Iterable[Change]) -> list[Change] | None:
        """Return the changes; None if what they say of one list changes the others' places, so that all is anew."""
        found: list[Change] = []
        for change in batch:
            kind, path, value = change
            if len(path) > 1:
                found.append(self._of_element(change))
            elif not path and kind in {"set", "replace"}:
                found.append(Change(kind, (), self._joined(value)))
            elif not path:
                found.append(Change(kind, (), [] if kind == "open" else None))
            elif kind == "open":
                self._starts[path[0]] = self._length
            elif kind == "set":
                found += [Change("set", (self._length + index,), each) for index, each in enumerate(value)]
                self._length += len(value)
            elif kind == "replace":
                return None
        return found

    def _of_element(self, change: Change) -> Change:
        key, index, *rest = change.path
        place = self._starts[key] + int(index)
        self._length = max(self._length, place + 1)
        return change._replace(path=(place, *rest))

    def _joined(self, lists: dict[str, list[Any]]) -> list[Any]:
        joined: list[Any] = []
        for key, elements in lists.items():
            self._starts[key] = len(joined)
            joined += elements
        self._length = len(joined)
        return joined
