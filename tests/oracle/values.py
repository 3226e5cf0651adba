"""Everything that can be seen of a value, its parts, and how it may grow."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Path: TypeAlias = "tuple[tuple[str, Any], ...]"
"""The way from a snapshot to a part of it: ("field" | "extra" | "item", name, key or index) steps."""


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
