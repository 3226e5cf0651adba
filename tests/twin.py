"""The naive twin: what a snapshot shows, worked out from scratch for every prefix.

Slow, plain and independent of the parser under test. It reads the text so far into a tree of open and closed
nodes, lets Pydantic validate the closed ones by their annotation, and renders the open ones by the table in
the contract. The same file holds the two other oracles: `viable` (can this prefix still become JSON?) and
`deep` (everything that can be seen of a value, in a form that `==` compares exactly).
"""

from __future__ import annotations

import re
import types
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

Path: TypeAlias = "tuple[tuple[str, Any], ...]"
"""The way from a snapshot to a part of it: ("field" | "extra" | "item", name, key or index) steps."""

NOTHING: Any = object()
"""What an open atom, or a value that has not begun, shows."""

# ---------------------------------------------------------------------------------------------------------
# The tree of a prefix


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
    """An array and the members that have begun."""

    items: list[Node] = field(default_factory=list)


@dataclass
class Object(Node):
    """An object and its members whose value has begun, in order of arrival, duplicates included."""

    members: list[tuple[str, Node]] = field(default_factory=list)

    def firsts(self) -> dict[str, Node]:
        """Members by key; of those with one key the first, since what has settled never changes."""
        firsts: dict[str, Node] = {}
        for key, child in self.members:
            firsts.setdefault(key, child)
        return firsts


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
        while (first := self.peek()) and first != b"]":
            self.at += first == b","
            item = self.value()
            if item:
                items.append(item)
        self.at += len(first)
        return Array(self.data[start : self.at], closed=bool(first), items=items)

    def object(self) -> Object:
        """Read an object: all of it, or what there is."""
        start = self.at
        self.at += 1
        members: list[tuple[str, Node]] = []
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
        closed = self.peek() == b"}"
        self.at += 1 if closed else 0
        return Object(self.data[start : self.at], closed=closed, members=members)


def text_so_far(opened: bytes) -> str:
    """Return the longest beginning of an open string that is a whole string: escapes and characters kept whole."""
    for cut in range(len(opened)):
        try:
            return str(from_json(opened[: len(opened) - cut] + b'"'))
        except ValueError:  # noqa: PERF203 - the twin is to be plain, not fast
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


# ---------------------------------------------------------------------------------------------------------
# Rendering by the type


def snapshot(tp: Any, prefix: bytes, *, ended: bool = False) -> Any:
    """Return what a parser of `tp` shows after `prefix`.

    Raises pydantic.ValidationError where a part that has closed does not fit.
    """
    return Twin(tp, prefix, ended=ended).snapshot


class Twin:
    """One prefix rendered: `snapshot`, and in `settled` the paths in it that will never change again."""

    def __init__(self, tp: Any, prefix: bytes, *, ended: bool = False) -> None:
        tp = Any if tp is None else tp
        self.settled: list[Path] = []
        self.open: list[Path] = []
        node = Reader(prefix, ended=ended).value()
        shown = self.show(tp, node, ())
        self.snapshot = blank(tp) if shown is NOTHING else shown

    def show(self, tp: Any, node: Node | None, path: Path) -> Any:
        """Render a value of type `tp`, or NOTHING."""
        if node is None:
            return NOTHING
        if node.closed:
            self.settled.append(path)
            return adapter(tp).validate_json(first_wins(node))
        bare = strip(tp)
        shown: Any = NOTHING
        if isinstance(node, Text) and bare in (str, Any, object):
            shown = node.value
        elif isinstance(node, Array):
            shown = self.show_array(bare, node, path)
        elif isinstance(node, Object) and is_model(bare):
            shown = self.show_model(bare, node, path)
        elif isinstance(node, Object):
            shown = self.show_dict(bare, node, path)
        if shown is not NOTHING:
            self.open.append(path)
        return shown

    def show_array(self, tp: Any, node: Array, path: Path) -> Any:
        """Render an open list: the closed members, then the open one if it has something to show."""
        if tp in (Any, object, list):
            tp = list[Any]
        if get_origin(tp) is not list:
            return NOTHING
        (inner,) = get_args(tp)
        shown = (self.show(inner, item, (*path, ("item", i))) for i, item in enumerate(node.items))
        return [item for item in shown if item is not NOTHING]

    def show_dict(self, tp: Any, node: Object, path: Path) -> Any:
        """Render an open dict: the members whose value has something to show."""
        if tp in (Any, object, dict):
            tp = dict[str, Any]
        if get_origin(tp) is not dict:
            return NOTHING
        inner = get_args(tp)[1]
        shown = {key: self.show(inner, child, (*path, ("item", key))) for key, child in node.firsts().items()}
        return {key: value for key, value in shown.items() if value is not NOTHING}

    def show_model(self, cls: type[BaseModel], node: Object, path: Path) -> Any:
        """Render an open model: what has arrived, and stand-ins for the rest. No hook of the user's runs."""
        names = {info.validation_alias or name: name for name, info in cls.model_fields.items()}
        arrived: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, child in node.firsts().items():
            if key in names:
                name = names[key]
                arrived[name] = self.show(field_type(cls.model_fields[name]), child, (*path, ("field", name)))
            elif cls.model_config.get("extra") == "allow":
                extra[key] = self.show(Any, child, (*path, ("extra", key)))
        return construct(
            cls,
            {name: value for name, value in arrived.items() if value is not NOTHING},
            {key: value for key, value in extra.items() if value is not NOTHING},
            (),
        )


def strip(tp: Any) -> Any:
    """Take annotations and `| None` off a type."""
    if get_origin(tp) is Annotated:
        return strip(get_args(tp)[0])
    if get_origin(tp) in (Union, types.UnionType):
        others = [arg for arg in get_args(tp) if arg is not type(None)]
        if len(others) == 1 and len(get_args(tp)) > 1:
            return strip(others[0])
    return tp


def is_model(tp: Any) -> bool:
    """Tell whether this is a model that shows while open: those with validators of their own do not."""
    return isinstance(tp, type) and issubclass(tp, BaseModel) and not tp.__pydantic_decorators__.model_validators


def field_type(info: FieldInfo) -> Any:
    """Return a field's type with its constraints and without its default."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


@cache
def adapter(tp: Any) -> TypeAdapter[Any]:
    """Return Pydantic's own validator of a type."""
    return TypeAdapter(tp)


def blank(tp: Any, within: tuple[type[BaseModel], ...] = ()) -> Any:
    """Return what stands for a required value that has not arrived: a blank model, or None.

    `within` are the models being made blank, which ends the recursion of one that requires itself.
    """
    while get_origin(tp) is Annotated:
        tp = get_args(tp)[0]
    if not is_model(tp) or tp in within:
        return None
    return construct(tp, {}, {}, within)


def construct(
    cls: type[BaseModel], arrived: dict[str, Any], extra: dict[str, Any], within: tuple[type[BaseModel], ...]
) -> Any:
    """Make a model of what has arrived, in declared order, without running anything of its class."""
    model = cls.__new__(cls)
    values = {
        name: arrived[name] if name in arrived else absent(info, (*within, cls))
        for name, info in cls.model_fields.items()
    }
    object.__setattr__(model, "__dict__", values)
    object.__setattr__(model, "__pydantic_fields_set__", {*arrived, *extra})
    object.__setattr__(model, "__pydantic_extra__", extra if cls.model_config.get("extra") == "allow" else None)
    object.__setattr__(model, "__pydantic_private__", None)
    return model


def absent(info: FieldInfo, within: tuple[type[BaseModel], ...]) -> Any:
    """Return what a field that has not arrived shows."""
    if info.is_required():
        return blank(info.annotation, within)
    return info.get_default(call_default_factory=True)


# ---------------------------------------------------------------------------------------------------------
# Can this prefix still become JSON?

LITERAL_TAILS = tuple(
    word[i:] for word in (b"null", b"true", b"false", b"NaN", b"Infinity") for i in range(1, len(word))
)
VALUE_TAILS = (b"", b"0", b":0", b'"":0', *LITERAL_TAILS)
CHARACTER_TAILS = tuple(lead + b"\x80" * n for lead in (b"", b"\x80", b"\x90", b"\xa0") for n in range(3))
ESCAPE_TAILS = (
    b"\\",
    *(b"0" * n + b"\\udc00"[i:] for n in range(4) for i in range(6)),
    *(b"0" * n for n in range(1, 5)),
)


def viable(prefix: bytes) -> bool:
    """Tell whether some continuation of the prefix is JSON to `pydantic_core.from_json`, by finding it."""
    inside, closers = nesting(prefix)
    tails: tuple[bytes, ...] = VALUE_TAILS
    if inside:
        tails = tuple(t + b'"' + after for t in (*CHARACTER_TAILS, *ESCAPE_TAILS) for after in (b"", b":0"))
    return any(is_json(prefix + tail + closers) for tail in tails)


def nesting(prefix: bytes) -> tuple[bool, bytes]:
    """Tell whether the prefix ends inside a string, and what closes the containers it leaves open."""
    inside = escaped = False
    closers = bytearray()
    for byte in prefix:
        if inside:
            inside = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            inside = True
        elif byte in b"[{":
            closers.append(byte + 2)
        elif byte in b"]}" and closers:
            closers.pop()
    return inside, bytes(reversed(closers))


def is_json(text: bytes) -> bool:
    """Tell whether the text is JSON as Pydantic reads it."""
    try:
        from_json(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------------
# Everything that can be seen of a value


def deep(value: Any) -> Any:
    """Return a form of a value that is equal to another's exactly when they cannot be told apart.

    Unlike `==` it tells 1 from 1.0 and True, 0.0 from -0.0, one order of keys from another, a field that was
    set from one that was not; and NaN is itself.
    """
    if isinstance(value, BaseModel):
        return (
            type(value),
            tuple((name, deep(part)) for name, part in value.__dict__.items()),
            frozenset(value.model_fields_set),
            deep(value.__pydantic_extra__),
            deep(value.__pydantic_private__),
        )
    if isinstance(value, dict):
        return (type(value), tuple((deep(key), deep(part)) for key, part in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(deep, value)))
    if isinstance(value, set | frozenset):
        return (type(value), frozenset(map(deep, value)))
    if isinstance(value, Enum):
        return (type(value), value.name)
    return (type(value), repr(value) if isinstance(value, float) else value)


def parts(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the value and everything in it, each with its path."""
    yield path, value
    steps: list[tuple[str, Any, Any]] = []
    if isinstance(value, BaseModel):
        steps += [("field", name, part) for name, part in value.__dict__.items()]
        steps += [("extra", key, part) for key, part in (value.__pydantic_extra__ or {}).items()]
    elif isinstance(value, dict):
        steps += [("item", key, part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        steps += [("item", i, part) for i, part in enumerate(value)]
    for kind, name, part in steps:
        yield from parts(part, (*path, (kind, name)))


def at(value: Any, path: Path) -> Any:
    """Return the part of a value at a path."""
    for kind, name in path:
        if kind == "field":
            value = value.__dict__[name]
        elif kind == "extra":
            value = value.__pydantic_extra__[name]
        else:
            value = value[name]
    return value
