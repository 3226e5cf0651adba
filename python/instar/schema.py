"""Types to compiled schemas, once for each type."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, get_origin
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter

from instar._core import Schema
from instar.partial import unwrap

# Types that are made on the fly, such as `list[User]`, cannot be remembered for as long as they live: so many are.
_REMEMBERED = 256

_of_class: WeakKeyDictionary[type, dict[bool | None, Schema]] = WeakKeyDictionary()
_of_form: OrderedDict[Any, Schema] = OrderedDict()
_lock = threading.Lock()


def schema_of(tp: Any, *, strict: bool | None = None) -> Schema:
    """Compile the schema of `tp`: anything `pydantic.TypeAdapter` takes, or None for plain Python values.

    Raises what Pydantic raises for a type it has no schema for.
    """
    tp = unwrap(tp)
    with _lock:
        found = _remembered(tp, strict=strict)
    if found is not None:
        return found
    schema = _compile(tp, strict=strict)
    with _lock:
        _remember(tp, schema, strict=strict)
    return schema


def _compile(tp: Any, *, strict: bool | None) -> Schema:
    if tp is None:
        return Schema(None, TypeAdapter(Any).validator, strict=strict)
    adapter: TypeAdapter[Any] = TypeAdapter(tp)
    if not adapter.pydantic_complete:
        # Raises Pydantic's own error for a type that is not fully defined.
        adapter.rebuild(raise_errors=True)
    return Schema(adapter.core_schema, adapter.validator, strict=strict)


def _is_class(tp: Any) -> bool:
    # Before Python 3.11 `list[int]` claims to be a class.
    return isinstance(tp, type) and get_origin(tp) is None


def _key(tp: Any, *, strict: bool | None) -> tuple[Any, ...]:
    # `Union[int, str]` equals `Union[str, int]`, yet Pydantic tries them in their order.
    return tp, repr(tp), strict


def _remembered(tp: Any, *, strict: bool | None) -> Schema | None:
    if _is_class(tp):
        return _of_class.get(tp, {}).get(strict)
    key = _key(tp, strict=strict)
    try:
        found = _of_form.get(key)
    except TypeError:  # A form with unhashable parts, such as `Annotated[int, []]`.
        return None
    if found is not None:
        _of_form.move_to_end(key)
    return found


def _remember(tp: Any, schema: Schema, *, strict: bool | None) -> None:
    if _is_class(tp):
        _of_class.setdefault(tp, {})[strict] = schema
        return
    try:
        _of_form[_key(tp, strict=strict)] = schema
    except TypeError:
        return
    if len(_of_form) > _REMEMBERED:
        _of_form.popitem(last=False)
