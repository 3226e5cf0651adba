"""Whether an open value can still become one of a type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic_core import to_json

from oracle.tree import LITERALS, Array, Atom, Node, Object, Text, first_wins
from oracle.types import (
    alternatives,
    constraint,
    fits,
    is_model,
    is_root,
    is_union,
    keys_of,
    member_types,
    members_of,
    root_type,
    strip,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


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
