"""The naive reader of changes: it compares one dump with the next, and asks an untyped parser what is open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instar import Parser
from instar.changes import Change, Path, end_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING: Any = object()


class NaiveChanges:
    """What `parser.changes()` is to be: a reader of one parser's changes, in O(everything) for each drain.

    It has to see every delta, by `feed`, and what the parser has `already` been fed. It is for plain values, and for
    models whose dump has the paths of the text: no aliases, no root models.
    """

    def __init__(self, parser: Parser[Any], already: bytes = b"") -> None:
        self.parser = parser
        self._shadow: Parser[Any] = Parser(None)
        self._shadow.feed(already)
        self._before: Any = MISSING
        self._open: set[Path] = set()
        self._late = bool(already.strip())

    def feed(self, delta: str | bytes) -> bool:
        """Feed the parser."""
        grown = self.parser.feed(delta)
        self._shadow.feed(delta)
        return grown

    def catch_up(self) -> None:
        """Take note of what others have fed the parser, up to its last whole character."""
        self._shadow.feed(self.parser.text[len(self._shadow.text) :])

    def close(self) -> None:
        """Declare the text ended."""
        self.parser.close()
        self._shadow.close()

    def dump(self) -> Any:
        """Return what has arrived."""
        return self.parser.dump(mode="json")

    def drain(self) -> list[Change]:
        """Return the changes since the last time."""
        after = self.dump() if self.begun else MISSING
        before, self._before = self._before, after
        if self._late and after is not MISSING:
            self._late = False
            # A null is no beginning of a value, and `replace () None` a retry.
            return list(self._replace((), after)) if after is not None else [Change("set", (), None)]
        return list(self._compare((), before, after))

    @property
    def begun(self) -> bool:
        """Whether the value has anything to show: a null looks like nothing at all, until it is whole."""
        return self._shadow.complete or self._shadow.snapshot is not None

    def _spine(self) -> list[Path]:
        """Return the paths of the open values."""
        if self._shadow.complete:
            return []
        path = self._shadow.path
        return [path[:depth] for depth in range(len(path) + 1)]

    def _compare(self, path: Path, before: Any, after: Any) -> Iterator[Change]:
        if after is MISSING:
            return
        if before is MISSING:
            yield from self._begin(path, after)
        elif path in self._open and isinstance(before, str) and isinstance(after, str) and after.startswith(before):
            if after != before:
                yield Change("append", path, after[len(before) :])
        elif path in self._open and _goes_on(before, after):
            for step, part in self._parts(path, after):
                yield from self._compare((*path, step), at(before, (step,)), part)
        elif not same(before, after):
            yield from self._replace(path, after)
        if path in self._open and path not in self._spine():
            self._open.discard(path)
            yield Change("close", path, None)

    def _replace(self, path: Path, after: Any) -> Iterator[Change]:
        """Replace a value; of what could be open in the new one, close what is not."""
        yield Change("replace", path, after)
        spine = self._spine()
        self._open = {each for each in self._open if each[: len(path)] != path}
        self._open |= {each for each in spine if each[: len(path)] == path and _grows(at(after, each[len(path) :]))}
        last = path + end_of(after)
        for depth in range(len(last), len(path), -1):
            if last[:depth] not in self._open:
                yield Change("close", last[:depth], None)
        if path not in self._open and path not in spine:
            yield Change("close", path, None)

    def _begin(self, path: Path, after: Any) -> Iterator[Change]:
        if not _grows(after):
            yield Change("set", path, after)
            return
        self._open.add(path)
        yield Change("open", path, type(after)())
        if isinstance(after, str):
            if after:
                yield Change("append", path, after)
            return
        for step, part in self._parts(path, after):
            yield from self._compare((*path, step), MISSING, part)

    def _parts(self, path: Path, value: Any) -> list[tuple[Any, Any]]:
        """Return the parts of a container in the order in which they came."""
        if isinstance(value, list):
            return list(enumerate(value))
        came = at(self._shadow.snapshot, path)
        order = list(came) if isinstance(came, dict) else []
        return sorted(value.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))


def at(value: Any, path: Path) -> Any:
    """Return the part of plain data at a path, or MISSING."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def same(one: Any, other: Any) -> bool:
    """Tell whether two pieces of plain data are the same: NaN is itself, and 1 is neither 1.0 nor True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def alike(one: Any, other: Any, *, as_sets: bool = False) -> bool:
    """Tell whether two dumps are the same, where what is no plain data is compared by how it shows.

    With `as_sets` a list is what is in it, in whatever order and however often.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key], as_sets=as_sets) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        if as_sets:
            return _is_within(one, other) and _is_within(other, one)
        return len(one) == len(other) and all(map(alike, one, other))
    return same(one, other) or (type(one) is type(other) and repr(one) == repr(other))


def _is_within(one: list[Any], other: list[Any]) -> bool:
    return all(any(alike(part, each, as_sets=True) for each in other) for part in one)


def size(value: Any) -> int:
    """Return how many values are in a dump."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(size, parts))


def has_sets(schema: Any) -> bool:
    """Tell whether there is a set in a core schema."""
    if isinstance(schema, dict):
        return schema.get("type") in ("set", "frozenset") or any(map(has_sets, schema.values()))
    return isinstance(schema, list | tuple) and any(map(has_sets, schema))


def _grows(value: Any) -> bool:
    return isinstance(value, str | list | dict)


def _goes_on(before: Any, after: Any) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() <= after.keys()
    return isinstance(before, list) and isinstance(after, list) and len(before) <= len(after)
