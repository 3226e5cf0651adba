"""The compact form: changes as lines of JSON, each about as long as what it says.

A line is one of

- `"text"`: these characters come at the end of the text at the place;
- `[kind, value, step...]`: a change at the place, or at a member of it, which `step` names. `kind` is the first letter
  of the change's: `"o"` open, `"s"` set, `"r"` replace. An `"o"` may bring the first characters of its text along, and
  a text that is whole at once is `"s"`;
- `["c"]`: the value at the place is closed;
- `["g", null, step...]`: go to the place at this path, from the root on. It comes before a change that is elsewhere.

The place is where the last change left it: at the value, if that is open, else at the container around it. It begins
at the root. So a change that follows the text, as most do, has no path at all, or one step of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import to_json

from instar.changes import RETRY, Change, Path, coalesced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Event(NamedTuple):
    """What is sent at once: `change`, `snapshot`, `retry`, `failure` or `end`, and its lines of JSON."""

    name: str
    lines: list[bytes]


class Compact:
    """Writes one reader's changes in the compact form, as events.

    The first event is a `snapshot`: the value that the reader began with, null where it began at the beginning.
    """

    def __init__(self) -> None:
        self._place: Path | None = None

    def changes(self, batch: Iterable[Change]) -> Iterator[Event]:
        """Write a batch."""
        lines: list[bytes] = []
        for change in coalesced(batch):
            if self._place is None and change[:2] != RETRY[:2]:
                yield self._whole(RETRY)
            if change[:2] != RETRY[:2]:
                lines += self._lines(change)
                continue
            if lines:
                yield Event("change", lines)
                lines = []
            yield self._whole(change)
        if lines:
            yield Event("change", lines)

    def end(self) -> Iterator[Event]:
        """Say that the value is whole."""
        yield from self._begin()
        yield Event("end", [b"null"])

    def failure(self, error: Exception, text: str) -> Iterator[Event]:
        """Say that no more will come, and why."""
        yield from self._begin()
        yield Event("failure", [_json({"class": type(error).__name__, "text": text})])

    def _begin(self) -> Iterator[Event]:
        if self._place is None:
            yield self._whole(RETRY)

    def _whole(self, change: Change) -> Event:
        """Write a replacement of the whole value."""
        is_retry = change == RETRY and self._place is not None
        self._place = ()
        return Event("retry" if is_retry else "snapshot", [_json(change.value)])

    def _lines(self, change: Change) -> Iterator[bytes]:
        kind, path, value = change
        place: Path = self._place or ()
        steps = path[len(place) :]
        may_step = 0 if kind in {"append", "close"} else 1
        if path[: len(place)] != place or len(steps) > may_step:
            yield _json(["g", None, *path])
            steps = ()
        if kind == "append":
            yield _json(value)
        elif kind == "close":
            yield b'["c"]'
        else:
            yield _json([kind[0], value, *steps])
        self._place = path[:-1] if kind in {"set", "close"} else path


def _json(value: Any) -> bytes:
    return to_json(value, inf_nan_mode="null")  # as JavaScript reads it: it knows no NaN
