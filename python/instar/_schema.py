"""Types to compiled schemas, once for each type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, TypeAdapter

from instar._core import Schema
from instar.partial import unwrap

if TYPE_CHECKING:
    from collections.abc import Hashable

# A schema holds its class: to remember all of them would keep alive every class that is made for one request.
_REMEMBERED = 512


def schema_of(tp: Any, strict: bool | None = None, empty: bool = False) -> Schema:  # noqa: FBT001, FBT002 - a keyword would cost each parser a dict
    """Compile the schema of `tp`: anything `pydantic.TypeAdapter` takes, or None for plain Python values.

    Raises:
        TypeError: it is an object, and no type.
        pydantic.PydanticSchemaGenerationError: what Pydantic raises for a type it has no schema for.

    """
    # Most are classes, which have no parts. (To Python 3.10 `list[int]` is an instance of `type`, too.)
    order: Hashable = tp
    if not issubclass(type(tp), type):
        tp = unwrap(tp)
        order = _order(tp)
    try:
        hash(tp)
    except TypeError:  # A form with unhashable parts, such as `Annotated[int, []]`.
        return _compile(tp, strict=strict, empty=empty)
    return _compile_once(tp, order, strict, empty)


def check_type(tp: object, what: str = "a schema") -> None:
    """Check that something is not the object of a type where the type is meant.

    Raises:
        TypeError: it is one.

    """
    if isinstance(tp, Mapping):
        instead = "a model, a dataclass or a TypedDict"
    elif isinstance(tp, list | tuple | set):
        members = ", ".join(getattr(member, "__name__", repr(member)) for member in tp)
        instead = f"{type(tp).__name__}[{members}]"
    elif isinstance(tp, TypeAdapter):
        instead = "the type that it adapts"
    elif isinstance(tp, BaseModel | int | float) or (is_dataclass(tp) and not isinstance(tp, type)):
        instead = type(tp).__name__
    else:
        return
    message = f"{what} is a type, not an instance of one: give {instead}, and not {tp!r}"
    raise TypeError(message)


def _order(tp: Hashable) -> Hashable:
    """Give the parts of a type in their order, in which Pydantic tries them: `Union[int, str] == Union[str, int]`."""
    if issubclass(type(tp), type):
        return tp
    parts = get_args(tp)
    return tuple(map(_order, parts)) if parts else repr(tp)


# No lock is held while it compiles, nor any that a forked child could find taken: a signal handler, a validator or a
# metaclass may ask for a schema in the middle of another one.
@lru_cache(_REMEMBERED)
def _compile_once(tp: Any, order: Hashable, strict: bool | None, empty: bool) -> Schema:  # noqa: ARG001, FBT001
    return _compile(tp, strict=strict, empty=empty)


def _compile(tp: Any, *, strict: bool | None, empty: bool) -> Schema:
    if tp is None:
        return Schema(None, TypeAdapter(Any).validator, strict=strict, empty=empty)
    check_type(tp)
    adapter: TypeAdapter[Any] = TypeAdapter(tp)
    if not adapter.pydantic_complete:
        # Raises Pydantic's own error for a type that is not fully defined.
        adapter.rebuild(raise_errors=True)
    return Schema(adapter.core_schema, adapter.validator, strict=strict, empty=empty)
