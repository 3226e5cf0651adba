"""Types to compiled schemas, once for each type."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from pydantic import TypeAdapter

from instar._core import Schema
from instar.partial import unwrap

# A schema holds its class: to remember all of them would keep alive every class that is made for one request.
_REMEMBERED = 512

_schemas: OrderedDict[Any, Schema] = OrderedDict()
_lock = threading.Lock()


def schema_of(tp: Any, *, strict: bool | None = None) -> Schema:
    """Compile the schema of `tp`: anything `pydantic.TypeAdapter` takes, or None for plain Python values.

    Raises what Pydantic raises for a type it has no schema for.
    """
    tp = unwrap(tp)
    # `Union[int, str]` equals `Union[str, int]`, yet Pydantic tries them in their order: hence the `repr`.
    key = tp, repr(tp), strict
    try:
        hash(key)
    except TypeError:  # A form with unhashable parts, such as `Annotated[int, []]`.
        return _compile(tp, strict=strict)
    with _lock:
        found = _schemas.get(key)
        if found is not None:
            _schemas.move_to_end(key)
            return found
    schema = _compile(tp, strict=strict)
    with _lock:
        _schemas[key] = schema
        if len(_schemas) > _REMEMBERED:
            _schemas.popitem(last=False)
    return schema


def _compile(tp: Any, *, strict: bool | None) -> Schema:
    if tp is None:
        return Schema(None, TypeAdapter(Any).validator, strict=strict)
    adapter: TypeAdapter[Any] = TypeAdapter(tp)
    if not adapter.pydantic_complete:
        # Raises Pydantic's own error for a type that is not fully defined.
        adapter.rebuild(raise_errors=True)
    return Schema(adapter.core_schema, adapter.validator, strict=strict)
