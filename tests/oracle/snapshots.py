"""The naive twin: what a snapshot shows, worked out from scratch for every prefix.

Slow, plain and independent of the parser under test. It reads the text so far into a tree of open and closed
nodes, lets Pydantic validate the closed ones by their annotation, and renders the open ones by the table in
the contract. The same file holds the two other oracles: `viable` (can this prefix still become JSON?) and
`deep` (everything that can be seen of a value, in a form that `==` compares exactly).
"""

from __future__ import annotations

import datetime as dt
import re
import types
from collections import deque
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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

    @classmethod
    def of(cls, tp: Any, node: Node | None) -> Any:
        """Render a value alone, or NOTHING."""
        twin = cls(tp, b"")
        return twin.show(tp, node, ())

    def show(self, tp: Any, node: Node | None, path: Path) -> Any:
        """Render a value of type `tp`, or NOTHING."""
        if node is None:
            return NOTHING
        if node.closed:
            self.settled.append(path)
            return adapter(tp).validate_json(first_wins(node))
        shown = self.show_open(tp, node, path)
        if shown is not NOTHING:
            self.open.append(path)
        return shown

    def show_open(self, tp: Any, node: Node, path: Path) -> Any:
        """Render an open value of type `tp`, or NOTHING."""
        bare = strip(tp)
        shown: Any = NOTHING
        if isinstance(node, Atom) and node.raw.startswith(b"n") and is_nullable(tp):
            return NOTHING
        if is_root(bare):
            inner = self.show(root_type(bare), node, (*path, ("field", "root")))
            shown = NOTHING if inner is NOTHING else construct(bare, {"root": inner}, {}, ())
        elif is_union(bare):
            shown = self.show_union(tp, node, path)
        elif isinstance(node, Text) and bare in (str, Any, object):
            shown = node.value
        elif isinstance(node, Array):
            shown = self.show_array(bare, node, path)
        elif isinstance(node, Object) and is_model(bare):
            shown = self.show_model(bare, node, path)
        elif isinstance(node, Object):
            shown = self.show_dict(bare, node, path)
        return shown

    def show_union(self, tp: Any, node: Node, path: Path) -> Any:
        """Render an open value of a union as the best alternative. What closes in it has not settled yet."""
        best = chosen(tp, node.raw)
        if best is None:
            return NOTHING
        settled = len(self.settled)
        shown = self.show_open(alternatives(tp)[best], node, path)
        del self.settled[settled:]
        return shown

    def show_array(self, tp: Any, node: Array, path: Path) -> Any:
        """Render an open list, tuple or set: the closed members, then the open one if it has something to show."""
        members = member_types(tp, len(node.items))
        if members is None:
            return NOTHING
        settled = len(self.settled)
        steps = zip(members, node.items, strict=False)
        shown = [self.show(inner, item, (*path, ("item", i))) for i, (inner, item) in enumerate(steps)]
        shape = get_origin(tp) or tp
        if shape in (set, frozenset):
            # Members of a set have no place in it.
            del self.settled[settled:]
        shape = shape if shape in (tuple, set, frozenset) else list
        return shape(item for item in shown if item is not NOTHING)

    def show_dict(self, tp: Any, node: Object, path: Path) -> Any:
        """Render an open dict: the members whose value has something to show."""
        if tp in (Any, object, dict):
            tp = dict[str, Any]
        if get_origin(tp) is not dict:
            return NOTHING
        shown: dict[Any, Any] = {}
        for text, child in node.firsts().items():
            key = key_of(get_args(tp)[0], text)
            shown[key] = self.show(get_args(tp)[1], child, (*path, ("item", key)))
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


def member_types(tp: Any, count: int) -> list[Any] | None:
    """Return the types of the first `count` members of an array type; None for any other type."""
    if tp in (Any, object, list, tuple, set, frozenset):
        return [Any] * count
    if get_origin(tp) in (list, set, frozenset):
        return [get_args(tp)[0]] * count
    if get_origin(tp) is not tuple:
        return None
    inner = get_args(tp)
    return [inner[0]] * count if inner[1:] == (...,) else list(inner[:count])


def key_of(tp: Any, text: str) -> Any:
    """Return what a key becomes. Raises pydantic.ValidationError where it does not fit."""
    (key,) = adapter(dict[tp, Any]).validate_json(to_json({text: 0}))
    return key


def strip(tp: Any) -> Any:
    """Take annotations and `| None` off a type."""
    if get_origin(tp) is Annotated:
        return strip(get_args(tp)[0])
    if get_origin(tp) in (Union, types.UnionType):
        others = [arg for arg in get_args(tp) if arg is not type(None)]
        if len(others) == 1 and len(get_args(tp)) > 1:
            return strip(others[0])
    return tp


def is_union(tp: Any) -> bool:
    """Tell whether a type, stripped, is a union of several."""
    return get_origin(tp) in (Union, types.UnionType)


def is_nullable(tp: Any) -> bool:
    """Tell whether null is one of the alternatives of a type."""
    if get_origin(tp) is Annotated:
        return is_nullable(get_args(tp)[0])
    return is_union(tp) and type(None) in get_args(tp)


def is_root(tp: Any) -> bool:
    """Tell whether this is a root model."""
    return is_model(tp) and issubclass(tp, RootModel)


def root_type(tp: type[BaseModel]) -> Any:
    """Return the type of what a root model holds."""
    return field_type(tp.model_fields["root"])


def is_class(tp: Any) -> bool:
    """Tell whether a type is a class, which `list[int]` passes for in Python 3.10."""
    return isinstance(tp, type) and get_origin(tp) is None


def is_model(tp: Any) -> bool:
    """Tell whether this is a model that shows while open: those with validators of their own do not."""
    return is_class(tp) and issubclass(tp, BaseModel) and not tp.__pydantic_decorators__.model_validators


def field_type(info: FieldInfo) -> Any:
    """Return a field's type with its constraints and without its default."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def adapter(tp: Any) -> TypeAdapter[Any]:
    """Return Pydantic's own validator of a type."""
    return _adapter(tp, repr(tp))


@cache
def _adapter(tp: Any, _: str) -> TypeAdapter[Any]:
    # Unions are equal whatever their order, which is not the same to Pydantic: hence the `repr`.
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
    if not is_root(cls):
        object.__setattr__(model, "__pydantic_extra__", extra if cls.model_config.get("extra") == "allow" else None)
        object.__setattr__(model, "__pydantic_private__", None)
    return model


def absent(info: FieldInfo, within: tuple[type[BaseModel], ...]) -> Any:
    """Return what a field that has not arrived shows."""
    if info.is_required():
        return blank(info.annotation, within)
    return info.get_default(call_default_factory=True)


# ---------------------------------------------------------------------------------------------------------
# What can a value still be?


def chosen(tp: Any, raw: bytes) -> int | None:
    """Return which alternative of a union shows after the text `raw` of an open value, if any can.

    It depends on what showed before, of which the text says everything: it is worked out byte by byte.
    """
    known = _chosen.setdefault((tp, repr(tp)), {b"": None})
    begun = next(n for n in range(len(raw), -1, -1) if raw[:n] in known)
    for n in range(begun + 1, len(raw) + 1):
        known[raw[:n]] = _best(tp, raw[:n], known[raw[: n - 1]])
    return known[raw]


_chosen: dict[Any, dict[bytes, int | None]] = {}


def _best(tp: Any, raw: bytes, showed: int | None) -> int | None:
    """Return the best alternative that is alive.

    It is the one of which most declared fields have come, unless the first that fits is taken; then one that has
    something to show; then the one that showed before; then the first.
    """
    node = Reader(raw).value()
    assert node
    choices = alternatives(tp)
    alive = [i for i, choice in enumerate(choices) if not refuted(choice, node)]

    def rank(i: int) -> tuple[int, bool, bool, int]:
        fields = 0 if is_ordered(tp) else arrived_fields(choices[i], node)
        shows = Twin.of(choices[i], node) is not NOTHING
        return fields, shows, i == showed, -i

    return max(alive, key=rank, default=None)


def alternatives(tp: Any) -> list[Any]:
    """Return the alternatives of a union, `None` apart."""
    return [arg for arg in get_args(strip(tp)) if arg is not type(None)]


def metadata(tp: Any) -> list[Any]:
    """Return the constraints annotated to a type, or to the type that may be null instead."""
    found: list[Any] = []
    if get_origin(tp) is Annotated:
        inner, *annotations = get_args(tp)
        for annotation in annotations:
            found += annotation.metadata if isinstance(annotation, FieldInfo) else [annotation]
        found += metadata(inner)
    elif get_origin(tp) in (Union, types.UnionType):
        others = [arg for arg in get_args(tp) if arg is not type(None)]
        found += metadata(others[0]) if len(others) == 1 else []
    return found


def constraint(tp: Any, name: str) -> Any:
    """Return a constraint of a type, or None."""
    return next((getattr(meta, name) for meta in metadata(tp) if getattr(meta, name, None) is not None), None)


def is_ordered(tp: Any) -> bool:
    """Tell whether the first alternative that fits is taken."""
    return bool(constraint(tp, "union_mode") == "left_to_right")


def arrived_fields(tp: Any, node: Node) -> int:
    """Count the declared fields whose key has come, at any depth."""
    tp, wide = strip(tp), tp
    if is_root(tp):
        return arrived_fields(root_type(tp), node)
    if is_union(tp):
        fitting = [choice for choice in alternatives(wide) if not refuted(choice, node)]
        return max((arrived_fields(choice, node) for choice in fitting), default=0)
    if isinstance(node, Array):
        members = member_types(tp, len(node.items)) or []
        return sum(arrived_fields(inner, item) for inner, item in zip(members, node.items, strict=False))
    if isinstance(node, Object) and is_model(tp):
        declared = keys_of(tp)
        values = [(declared[key], child) for key, child in node.firsts().items() if key in declared]
        return len(declared.keys() & node.names()) + sum(arrived_fields(inner, child) for inner, child in values)
    if isinstance(node, Object) and get_origin(tp) is dict:
        return sum(arrived_fields(get_args(tp)[1], child) for child in node.firsts().values())
    return 0


def keys_of(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the keys that a model reads, each with its type."""
    return {str(info.validation_alias or name): field_type(info) for name, info in cls.model_fields.items()}


def refuted(tp: Any, node: Node) -> bool:
    """Tell whether nothing that begins like the value fits the type, as far as a part of it decides that."""
    bare = strip(tp)
    if node.closed:
        return not fits(tp, first_wins(node))
    if bare in (Any, object):
        return False
    if is_root(bare) and not isinstance(node, Atom):
        return refuted(root_type(bare), node)
    if is_union(bare) and not isinstance(node, Atom):
        return all(refuted(choice, node) for choice in alternatives(tp))
    if isinstance(node, Object):
        return object_refuted(tp, node)
    rules: dict[type[Node], Any] = {Atom: atom_refuted, Text: text_refuted, Array: array_refuted}
    return bool(rules[type(node)](tp, node))


def fits(tp: Any, text: bytes) -> bool:
    """Tell whether Pydantic takes a whole text."""
    try:
        adapter(tp).validate_json(text)
    except ValidationError:
        return False
    return True


NUMBERS = (b"0", b"1", b"2", b"3", b"5", b"-1", b"0.5", b"10")


def atom_refuted(tp: Any, node: Atom) -> bool:
    """Tell whether no word that goes on like this one fits, and no number if it is one."""
    words = [word for word in LITERALS if word.startswith(node.raw)]
    is_number = re.match(rb"-?[0-9]|-$", node.raw)
    return not any(fits(tp, whole) for whole in [*words, *(NUMBERS if is_number else ())])


def text_refuted(tp: Any, node: Text) -> bool:
    """Tell whether no string that begins like this one fits."""
    bare, most = strip(tp), constraint(tp, "max_length")
    members = members_of(bare)
    if members is not None:
        return not any(member.startswith(node.value) for member in members)
    if is_model(bare) or member_types(bare, 0) is not None or get_origin(bare) is dict or bare is type(None):
        return True
    return bool(most is not None and len(node.value) > most)


def members_of(tp: Any) -> list[str] | None:
    """Return the strings of a literal or enum; None for any other type."""
    if get_origin(tp) is Literal:
        return [member for member in get_args(tp) if isinstance(member, str)]
    if is_class(tp) and issubclass(tp, Enum):
        return [member.value for member in tp]
    return None


def array_refuted(tp: Any, node: Array) -> bool:
    """Tell whether a member of an open array does not fit, or there are too many."""
    bare = strip(tp)
    members = member_types(bare, len(node.items))
    if members is None:
        return True
    most = constraint(tp, "max_length")
    if get_origin(bare) is tuple and get_args(bare)[1:] != (...,):
        most = len(get_args(bare))
    elif get_origin(bare) in (set, frozenset):
        # How many of them are the same is known at the end.
        most = None
    too_many = most is not None and node.announced > most
    return too_many or any(refuted(inner, item) for inner, item in zip(members, node.items, strict=False))


def object_refuted(tp: Any, node: Object) -> bool:
    """Tell whether a key or value of an open object does not fit a model or dict, or there are too many."""
    bare, most = strip(tp), constraint(tp, "max_length")
    if is_model(bare):
        return model_refuted(bare, node)
    if bare is dict:
        bare = dict[str, Any]
    if get_origin(bare) is not dict:
        return True
    if most is not None and len(node.names()) > most:
        return True
    key, value = get_args(bare)
    if node.key and not node.key.closed and text_refuted(key, node.key):
        return True
    keys_fit = all(fits(dict[key, Any], to_json({text: 0})) for text in node.names())  # type: ignore[valid-type]
    return not keys_fit or any(refuted(value, child) for _, child in node.members)


def model_refuted(cls: type[BaseModel], node: Object) -> bool:
    """Tell whether a field of an open model does not fit, or a key that it forbids has come, or comes."""
    declared = keys_of(cls)
    if cls.model_config.get("extra") == "forbid":
        if not node.names() <= declared.keys():
            return True
        if node.key and not any(key.startswith(node.key.value) for key in declared):
            return True
    return any(refuted(declared[key], child) for key, child in node.firsts().items() if key in declared)


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


def deep(value: Any, *, ordered: bool = True) -> Any:
    """Return a form of a value that is equal to another's exactly when they cannot be told apart.

    Unlike `==` it tells 1 from 1.0 and True, 0.0 from -0.0, 1.5 from 1.50, a field that was set from one that was not,
    and, if it is to be `ordered`, one order of keys from another; and NaN is itself.
    """

    def each(values: Iterable[Any]) -> Any:
        return tuple(deep(part, ordered=ordered) for part in values)

    pairs: Callable[[Any], Any] = each if ordered else lambda items: frozenset(each(items))
    inside = value
    if isinstance(value, BaseModel):
        hidden = each([value.__pydantic_extra__, value.__pydantic_private__])
        inside = (pairs(value.__dict__.items()), frozenset(value.model_fields_set), hidden)
    elif is_dataclass(value):
        inside = pairs(attributes(value).items())
    elif isinstance(value, dict):
        inside = pairs(value.items())
    elif isinstance(value, list | tuple | deque):
        inside = each(value)
    elif isinstance(value, set | frozenset):
        inside = frozenset(each(value))
    elif isinstance(value, Enum):
        inside = value.name
    elif isinstance(value, float | complex | Decimal | dt.date | dt.time):
        inside = repr(value)
    return (type(value), inside)


def attributes(value: Any) -> dict[str, Any]:
    """Return what an instance of a dataclass holds, with or without slots."""
    names = [*(f.name for f in fields(value) if hasattr(value, f.name)), *getattr(value, "__dict__", {})]
    return {name: getattr(value, name) for name in names}


def grew(before: Any, after: Any) -> bool:
    """Tell whether one thing shown may follow another: strings lengthen, containers change at their end."""
    if isinstance(before, BaseModel):
        if type(before) is not type(after) or not before.model_fields_set <= after.model_fields_set:
            return False
        extras = dict(before.model_extra or {}), dict(after.model_extra or {})
        arrived = before.model_fields_set & before.__dict__.keys()
        return grew(*extras) and all(grew(before.__dict__[name], after.__dict__[name]) for name in arrived)
    if isinstance(before, str) and not isinstance(before, Enum):
        return isinstance(after, str) and after.startswith(before)
    if isinstance(before, list | tuple):
        inner = all(deep(b) == deep(a) for b, a in zip(before[:-1], after, strict=False))
        return len(before) <= len(after) and inner and (not before or grew(before[-1], after[len(before) - 1]))
    if isinstance(before, dict):
        keys = list(before)
        inner = all(deep(before[key]) == deep(after[key]) for key in keys[:-1])
        return keys == list(after)[: len(keys)] and inner and (not keys or grew(before[keys[-1]], after[keys[-1]]))
    return bool(before <= after if isinstance(before, set | frozenset) else deep(before) == deep(after))


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
