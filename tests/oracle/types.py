"""What a type is: Pydantic's validator of it, and what can be read of an annotation."""

from __future__ import annotations

import types
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_json


def adapter(tp: Any) -> TypeAdapter[Any]:
    """Return Pydantic's own validator of a type."""
    return _adapter(tp, repr(tp))


@cache
def _adapter(tp: Any, _: str) -> TypeAdapter[Any]:
    # Unions are equal whatever their order, which is not the same to Pydantic: hence the `repr`.
    return TypeAdapter(tp)


def fits(tp: Any, text: bytes) -> bool:
    """Tell whether Pydantic takes a whole text."""
    try:
        adapter(tp).validate_json(text)
    except ValidationError:
        return False
    return True


def strip(tp: Any) -> Any:
    """Take annotations and `| None` off a type."""
    if get_origin(tp) is Annotated:
        return strip(get_args(tp)[0])
    if get_origin(tp) in (Union, types.UnionType):
        others = [arg for arg in get_args(tp) if arg is not type(None)]
        if len(others) == 1 and len(get_args(tp)) > 1:
            return strip(others[0])
    return tp


def is_class(tp: Any) -> bool:
    """Tell whether a type is a class, which `list[int]` passes for in Python 3.10."""
    return isinstance(tp, type) and get_origin(tp) is None


def is_union(tp: Any) -> bool:
    """Tell whether a type, stripped, is a union of several."""
    return get_origin(tp) in (Union, types.UnionType)


def alternatives(tp: Any) -> list[Any]:
    """Return the alternatives of a union, `None` apart."""
    return [arg for arg in get_args(strip(tp)) if arg is not type(None)]


def is_nullable(tp: Any) -> bool:
    """Tell whether null is one of the alternatives of a type."""
    if get_origin(tp) is Annotated:
        return is_nullable(get_args(tp)[0])
    return is_union(tp) and type(None) in get_args(tp)


def is_ordered(tp: Any) -> bool:
    """Tell whether the first alternative that fits is taken."""
    return bool(constraint(tp, "union_mode") == "left_to_right")


def is_root(tp: Any) -> bool:
    """Tell whether this is a root model."""
    return is_model(tp) and issubclass(tp, RootModel)


def root_type(tp: type[BaseModel]) -> Any:
    """Return the type of what a root model holds."""
    return field_type(tp.model_fields["root"])


def is_model(tp: Any) -> bool:
    """Tell whether this is a model that shows while open: those with validators of their own do not."""
    return is_class(tp) and issubclass(tp, BaseModel) and not tp.__pydantic_decorators__.model_validators


def field_type(info: FieldInfo) -> Any:
    """Return a field's type with its constraints and without its default."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def keys_of(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the keys that a model reads, each with its type."""
    return {str(info.validation_alias or name): field_type(info) for name, info in cls.model_fields.items()}


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


def members_of(tp: Any) -> list[str] | None:
    """Return the strings of a literal or enum; None for any other type."""
    if get_origin(tp) is Literal:
        return [member for member in get_args(tp) if isinstance(member, str)]
    if is_class(tp) and issubclass(tp, Enum):
        return [member.value for member in tp]
    return None


def key_of(tp: Any, text: str) -> Any:
    """Return what a key becomes. Raises pydantic.ValidationError where it does not fit."""
    (key,) = adapter(dict[tp, Any]).validate_json(to_json({text: 0}))
    return key


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
