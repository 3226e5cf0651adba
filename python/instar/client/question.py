"""A response model as it is put to the API: the request's keywords, and the view that reads the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from instar.client.mode import Mode
from instar.client.strict import InexpressibleError, JSONSchema, strictly
from instar.parser import Parser
from instar.partial import unwrap
from instar.streams import Elements, Options, Partials, View

T = TypeVar("T")
ItemT = TypeVar("ItemT")
FinalT = TypeVar("FinalT")


class Value(BaseModel, Generic[T]):
    """What an answer that is no object is wrapped in, for the APIs take nothing but objects at the root."""

    value: T


class Items(BaseModel, Generic[T]):
    """What a list of elements is wrapped in, for the same reason."""

    items: list[T]


@dataclass(frozen=True)
class Question(Generic[ItemT, FinalT]):
    """What to send, and how to read what comes back."""

    keywords: dict[str, Any]
    mode: Mode
    view: View[ItemT, FinalT]

    @property
    def streamed(self) -> dict[str, Any]:
        """The keywords of a request for a stream, which tells the usage unless told otherwise."""
        return {"stream_options": {"include_usage": True}, **self.keywords, "stream": True}

    @property
    def whole(self) -> dict[str, Any]:
        """The keywords of a request for an answer in one piece."""
        if self.keywords.get("stream"):
            message = "create_with_completion does not stream: create_partial does, and its stream has .completion"
            raise TypeError(message)
        return self.keywords


def ask(  # noqa: PLR0913 - the keywords that the public methods share
    shape: Shape,
    default: Mode,
    *,
    response_model: Any,
    messages: Iterable[Any],
    mode: Mode | None = None,
    context: Any = None,
    strict: bool | None = None,
    **keywords: Any,
) -> Question[Any, Any]:
    """Put a response model to the API.

    Args:
        shape: `one`, `many` or `either`.
        default: the mode of the client.
        response_model: the type of the answer, or of one element where there are many; None for plain values.
        messages: the conversation.
        mode: the mode of this call.
        context: for Pydantic's validation.
        strict: for Pydantic's validation.
        keywords: the rest of the request.

    Raises:
        TypeError: a keyword says what the response model says already.

    """
    mode = mode or default
    schema = Any if response_model is None else unwrap(response_model)
    asked, view = shape(schema, Options(context=context, strict=strict))
    carrier = _carrier(_format(asked), messages, mode)
    twice = sorted(carrier.keys() & keywords.keys())
    if twice:
        message = f"{mode} sends the response_model as {', '.join(twice)}: leave that out, or take another mode"
        raise TypeError(message)
    return Question({**carrier, **keywords}, mode, view)


def one(schema: Any, options: Options) -> tuple[Any, View[Any, Any]]:
    """Return the type to ask for, and the view, of one answer of any type."""
    if _is_object(schema):
        return schema, Partials(Parser(schema, **options))
    return Value[schema], Partials(Parser(Value[schema], **options), look=attrgetter("value"))


def many(element: Any, options: Options) -> tuple[Any, View[Any, Any]]:
    """Return the type to ask for, and the view, of a list of elements."""
    return Items[element], Elements(element, options)


def either(schema: Any, options: Options) -> tuple[Any, View[Any, Any]]:
    """Tell by the type: `list[User]` and `Iterable[User]` are many, all else is one."""
    if get_origin(schema) in (list, Iterable):
        (element,) = get_args(schema)
        return many(element, options)
    return one(schema, options)


Shape: TypeAlias = Callable[[Any, Options], tuple[Any, View[Any, Any]]]


@dataclass(frozen=True)
class _Format:
    name: str
    schema: JSONSchema
    strict: bool


def _carrier(wanted: _Format, messages: Iterable[Any], mode: Mode) -> dict[str, Any]:
    """Return the keywords that carry the schema in this mode."""
    if mode is Mode.JSON:
        return {"messages": _instructed(messages, wanted.schema), "response_format": {"type": "json_object"}}
    if mode is Mode.TOOLS:
        function = {"name": wanted.name, "parameters": wanted.schema, "strict": wanted.strict}
        if "description" in wanted.schema:
            function["description"] = wanted.schema["description"]
        return {
            "messages": messages,
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": wanted.name}},
        }
    json_schema = {"name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
    return {"messages": messages, "response_format": {"type": "json_schema", "json_schema": json_schema}}


def _instructed(messages: Iterable[Any], schema: JSONSchema) -> list[Any]:
    """Put the schema into the system message, the one that is there: many chat templates allow only one."""
    text = json.dumps(schema, ensure_ascii=False)
    order = f"Answer with one JSON object, and nothing else, that fits this JSON Schema:\n{text}"
    messages = list(messages)
    first = messages[0] if messages else None
    if isinstance(first, Mapping) and first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{order}"}, *messages[1:]]
    return [{"role": "system", "content": order}, *messages]


def _remembered(make: Callable[[Any], T]) -> Callable[[Any], T]:
    """Remember what was made for a type; make it anew for the rare type that cannot be hashed."""
    remembered = lru_cache(maxsize=256)(lambda schema, _: make(schema))

    def get(schema: Any) -> T:
        try:
            hash(schema)
        except TypeError:
            return make(schema)
        # `Union[int, str]` equals `Union[str, int]`: it is the `repr` that tells their order.
        return remembered(schema, repr(schema))

    return get


@_remembered
def _format(schema: Any) -> _Format:
    loose = _rooted(TypeAdapter(schema).json_schema())
    # The API takes letters, digits, `_` and `-`, 64 at most.
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", loose.get("title", "")).strip("_")[:64] or "answer"
    try:
        return _Format(name, strictly(loose), strict=True)
    except InexpressibleError:
        return _Format(name, loose, strict=False)


def _is_object(schema: Any) -> bool:
    return _format(schema).schema.get("type") == "object"


def _rooted(schema: JSONSchema) -> JSONSchema:
    """Return the schema with its root in place: a recursive model's is a reference, which the APIs refuse."""
    if "$ref" not in schema:
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**schema["$defs"][schema["$ref"].removeprefix("#/$defs/")], **beside}
