"""The tree of a prefix of a JSON text: open and closed values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pydantic_core import from_json, to_json


@dataclass
class Node:
    """A value of which at least the first byte has come. `raw` is its text so far."""

    raw: bytes
    closed: bool


@dataclass
class Atom(Node):
    """A number or literal."""


@dataclass
class Text(Node):
    """A string; `value` is what can be shown of it."""

    value: str


@dataclass
class Array(Node):
    """An array and the members that have begun; `announced` counts one that a comma has promised, too."""

    items: list[Node] = field(default_factory=list)
    announced: int = 0


@dataclass
class Object(Node):
    """An object and its members whose value has begun, in order of arrival, duplicates included.

    `key` is the one whose value has not begun, if there is one: open, or whole.
    """

    members: list[tuple[str, Node]] = field(default_factory=list)
    key: Text | None = None

    def firsts(self) -> dict[str, Node]:
        """Members by key; of those with one key the first, since what has settled never changes."""
        firsts: dict[str, Node] = {}
        for key, child in self.members:
            firsts.setdefault(key, child)
        return firsts

    def names(self) -> set[str]:
        """Give the keys that are whole."""
        return {key for key, _ in self.members} | ({self.key.value} if self.key and self.key.closed else set())


SPACE = re.compile(rb"[ \t\r\n]*")
WORD = re.compile(rb"[-+.0-9A-Za-z]+")
STRING = re.compile(rb'"((?:[^"\\]+|\\.)*)("?)', re.DOTALL)
LITERALS = {b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity"}


class Reader:
    """Reads one value from a prefix of a JSON text. `ended` says that nothing will follow the prefix."""

    def __init__(self, data: bytes, *, ended: bool = False) -> None:
        self.data = data
        self.ended = ended
        self.at = 0

    def peek(self) -> bytes:
        """Return the next byte that is not white space, or nothing at the end."""
        match = SPACE.match(self.data, self.at)
        assert match
        self.at = match.end()
        return self.data[self.at : self.at + 1]

    def value(self) -> Node | None:
        """Read the value that begins here; None when not one byte of it has come."""
        first = self.peek()
        if not first:
            return None
        return {b'"': self.string, b"[": self.array, b"{": self.object}.get(first, self.atom)()

    def string(self) -> Text:
        """Read a string: all of it, or what there is."""
        start = self.at
        match = STRING.match(self.data, start)
        assert match
        if match[2]:
            self.at = match.end()
            return Text(match[0], closed=True, value=from_json(match[0]))
        self.at = len(self.data)
        return Text(self.data[start:], closed=False, value=text_so_far(self.data[start:]))

    def atom(self) -> Atom:
        """Read a number, which ends at the byte after it, or a literal, which ends at its last letter."""
        match = WORD.match(self.data, self.at)
        assert match, f"no value at {self.at} of {self.data!r}"
        self.at = match.end()
        ended = self.ended or self.at < len(self.data)
        return Atom(match[0], closed=match[0] in LITERALS or ended)

    def array(self) -> Array:
        """Read an array: all of it, or what there is."""
        start = self.at
        self.at += 1
        items: list[Node] = []
        announced = 0
        while (first := self.peek()) and first != b"]":
            self.at += first == b","
            announced += 1
            item = self.value()
            if item:
                items.append(item)
        self.at += len(first)
        return Array(self.data[start : self.at], closed=bool(first), items=items, announced=announced)

    def object(self) -> Object:
        """Read an object: all of it, or what there is."""
        start = self.at
        self.at += 1
        members: list[tuple[str, Node]] = []
        open_key: Text | None = None
        while (first := self.peek()) and first != b"}":
            self.at += first == b","
            if not self.peek():
                break
            key = self.string()
            if self.peek() == b":":
                self.at += 1
            child = self.value()
            if child:
                members.append((key.value, child))
            else:
                open_key = key
        closed = self.peek() == b"}"
        self.at += 1 if closed else 0
        return Object(self.data[start : self.at], closed=closed, members=members, key=open_key)


def text_so_far(opened: bytes) -> str:
    """Return the longest beginning of an open string that is a whole string: escapes and characters kept whole."""
    for cut in range(len(opened)):
        try:
            return str(from_json(opened[: len(opened) - cut] + b'"'))
        except ValueError:  # noqa: PERF203 - it is to be plain, not fast
            continue
    msg = f"not the beginning of a string: {opened!r}"
    raise AssertionError(msg)


def first_wins(node: Node) -> bytes:
    """Return the node's text; where keys are repeated, with the first of each only."""
    if isinstance(node, Array):
        return b"[" + b",".join(map(first_wins, node.items)) + b"]"
    if isinstance(node, Object):
        return b"{" + b",".join(to_json(k) + b":" + first_wins(v) for k, v in node.firsts().items()) + b"}"
    return node.raw
