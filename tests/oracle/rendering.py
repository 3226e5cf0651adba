"""What a snapshot shows, worked out from scratch for every prefix, by the table in the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from oracle.refutation import refuted
from oracle.tree import Array, Atom, Node, Object, Reader, Text, first_wins
from oracle.types import (
    adapter,
    alternatives,
    field_type,
    is_model,
    is_nullable,
    is_ordered,
    is_root,
    is_union,
    key_of,
    keys_of,
    member_types,
    root_type,
    strip,
)

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from oracle.values import Path

NOTHING: Any = object()
"""What an open atom, or a value that has not begun, shows."""


def snapshot(tp: Any, prefix: bytes, *, ended: bool = False) -> Any:
    """Return what a parser of `tp` shows after `prefix`.

    Raises pydantic.ValidationError where a part that has closed does not fit.
    """
    return Rendering(tp, prefix, ended=ended).snapshot


class Rendering:
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
        return cls(tp, b"").show(tp, node, ())

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
    return info.get_default(call_default_factory=True, validated_data={})


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
        shows = Rendering.of(choices[i], node) is not NOTHING
        return fields, shows, i == showed, -i

    return max(alive, key=rank, default=None)


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
