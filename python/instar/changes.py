"""Changes: the steps in which a value grows, and the replica that follows them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]
Kind: TypeAlias = Literal["open", "append", "set", "replace", "close"]


class Change(NamedTuple):
    """One step in which the dump of a value grows.

    A parent comes before its children, and `close` last. However a text is cut, its batches of changes make a replica
    show the same, though not record by record: neighbouring appends to one path may be one.
    """

    kind: Kind
    """`open`: a text or container begins. `append`: characters at the end of an open text. `set`: a value that is
    settled by it; most are atoms. `replace`: another value in the place of the one that has shown. `close`: a text or
    container is settled."""
    path: Path
    """The way through the dump: names, keys and indices; empty for the whole value."""
    value: Any
    """`""`, `[]` or `{}` for `open`, the characters for `append` (at least one), the value for `set` and `replace`,
    None for `close`."""


RETRY = Change("replace", (), None)
"""The attempt so far is given up, and another begins."""


class Replica:
    """A copy of a growing value, kept up to date by its changes.

    After each batch `value` equals the dump of the value that grows, from its first byte on; the members of a set are
    in the order of the text. A replica follows one reader of changes from that reader's beginning; what is out of
    order, comes twice or belongs to another stream is a `ValueError` wherever it does not fit what is there.
    """

    def __init__(self) -> None:
        # The root is the one member of a list, so that it is replaced and set as every other value is: paths in here
        # begin with 0.
        self._top: list[Any] = []
        self._spine: Path = ()
        # Characters of the open text that are not in the tree yet: a text of n appends would be copied n times.
        self._pieces: list[str] = []

    @property
    def value(self) -> Any:
        """The value so far, None before it has begun. It grows in place: copy what you want to keep."""
        self._join()
        return self._top[0] if self._top else None

    @property
    def open(self) -> Path | None:
        """The path of the innermost value that may still grow; None once all is settled.

        Whatever is there, and is neither at this path nor on the way to it, is settled. After a `replace` it is the
        last part of the new value, though that may be settled too.
        """
        return self._spine[1:] if self._spine or not self._top else None

    def whole(self) -> list[Change]:
        """Return the changes by which a new replica becomes like this one."""
        value = self.value
        if self.open == () and value is None:
            return [RETRY]
        last = end_of(value)
        settled = range(len(last), -1 if self.open is None else len(self.open), -1)
        return [Change("replace", (), deepcopy(value)), *(Change("close", last[:depth], None) for depth in settled)]

    def apply(self, *changes: Change) -> None:
        """Follow changes, in the order in which they were drained.

        Raises:
            ValueError: a change does not fit the value so far. Those before it have been applied.

        """
        for each in changes:
            if each.kind == "append":
                self._append(each)
            else:
                self._join()
                self._change(each)

    def _append(self, change: Change) -> None:
        if (0, *change.path) != self._spine or not isinstance(at(self._top, self._spine), str):
            raise self._misfit(change, "there is no open text")
        self._pieces.append(change.value)

    def _join(self) -> None:
        if self._pieces:
            container = at(self._top, self._spine[:-1])
            container[self._spine[-1]] += "".join(self._pieces)
            self._pieces.clear()

    def _change(self, change: Change) -> None:
        path = (0, *change.path)
        *parent, step = path
        if change.kind in {"open", "set"}:
            self._add(change, tuple(parent), step)
            self._spine = path if change.kind == "open" else path[:-1]
            return
        if self._spine[: len(path)] != path and (self._top or change.path or change.kind == "close"):
            raise self._misfit(change, "nothing is open")
        if change.kind == "close":
            self._spine = path[:-1]
            return
        container = at(self._top, tuple(parent))
        if container is self._top:
            container[:] = [deepcopy(change.value)]
        else:
            container[step] = deepcopy(change.value)
        self._spine = path + end_of(change.value)

    def _add(self, change: Change, parent: Path, step: Step) -> None:
        """Put in a value that has not been there."""
        container = at(self._top, parent) if self._spine[: len(parent)] == parent else None
        if container is self._top and self._spine == (0,) and container == [None]:
            container.clear()  # a retry: another beginning
        value = deepcopy(change.value)
        if isinstance(container, list) and step == len(container):
            container.append(value)
        elif isinstance(container, dict) and step not in container:
            container[step] = value
        else:
            raise self._misfit(change, "no container is open that lacks it")

    def _misfit(self, change: Change, reason: str) -> ValueError:
        where = f"what is open is {self.open}" if self.open is not None else "the value is settled"
        return ValueError(
            f"{reason} at {change.path}, where {change.kind!r} should go: {where}. Were the changes of one reader "
            "applied in their order, each once, from its first on?"
        )


def end_of(value: Any) -> Path:
    """Return the path of the last part of a value that could still grow, if it were open."""
    path: list[Step] = []
    while isinstance(value, dict | list) and value:
        step, value = next(reversed(value.items())) if isinstance(value, dict) else (len(value) - 1, value[-1])
        path.append(step)
    return tuple(path if isinstance(value, str | dict | list) or not path else path[:-1])


def at(value: Any, path: Path) -> Any:
    """Return the part of plain data at a path.

    Raises:
        LookupError: nothing is there.

    """
    for step in path:
        value = value[step]
    return value


def coalesced(changes: Iterable[Change]) -> list[Change]:
    """Return fewer changes that come to the same.

    Appends to one path become one, an `open` takes in what is appended to it, and what closes at once is `set`.
    """
    fewer: list[Change] = []
    pieces: list[str] = []  # what the last of them has taken in: a text of n appends would be copied n times

    def whole(last: Change) -> Change:
        text = "".join([last.value, *pieces]) if pieces else last.value
        pieces.clear()
        return last._replace(value=text)

    for change in changes:
        last = fewer[-1] if fewer else None
        if last is not None and last.path == change.path and last.kind in _TAKES_IN.get(change.kind, ()):
            if change.kind == "append":
                pieces.append(change.value)
            else:
                fewer[-1] = whole(last)._replace(kind="set")
        else:
            if last is not None and pieces:
                fewer[-1] = whole(last)
            fewer.append(change)
    return [*fewer[:-1], whole(fewer[-1])] if pieces else fewer


_TAKES_IN = {"append": {"open", "append"}, "close": {"open"}}
