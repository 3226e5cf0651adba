"""A response model as it is put to the API: the request's keywords, and the projection that reads the answer."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from instar._calls import Functions, calls_of
from instar._options import ParserOptions
from instar._projection import elements_of, partials_of
from instar.openai._format import format_of
from instar.openai._mode import Mode
from instar.partial import unwrap

if TYPE_CHECKING:
    from instar._options import Emit
    from instar._projection import Projection
    from instar.openai._endpoint import Endpoint
    from instar.parser import Limits

T = TypeVar("T")

OnRetry: TypeAlias = Callable[[int, Exception], object]

# What stands for the response model where there are `tools` in its place.
_TOOLS: Any = object()


class Value(BaseModel, Generic[T]):
    """What an answer that is no object is wrapped in, for the APIs take nothing but objects at the root."""

    value: T


class Items(BaseModel, Generic[T]):
    """What a list of elements is wrapped in, for the same reason."""

    items: list[T]


@dataclass(frozen=True)
class Request:
    """What to send, and how to read what comes back.

    projection: makes a fresh pump, for each attempt and each choice.
    place: where in the response the answer stands: in the "text", in the first "call", or in all "calls".
    functions: the names of the functions that the model may call.
    foreign: the names of the caller's own functions, whose calls are never the answer.
    many: the projection gives elements, each once, and not snapshots.
    """

    keywords: dict[str, Any]
    projection: Projection
    place: Literal["text", "call", "calls"]
    functions: list[str]
    foreign: list[str]
    many: bool
    emit: Emit
    retries: int
    on_retry: OnRetry | None


def build_request(  # noqa: PLR0913 - the keywords that the public methods share
    endpoint: Endpoint[Any, Any],
    many: bool | None,  # noqa: FBT001 - or None: `list[User]` and `Iterable[User]` are many, all else is one
    default: Mode,
    *,
    response_model: Any = _TOOLS,
    mode: Mode | None = None,
    emit: Emit = "delta",
    max_retries: int = 0,
    on_retry: OnRetry | None = None,
    live: bool = False,
    limits: Limits | None = None,
    context: Any = None,
    strict: bool | None = None,
    on_violation: Literal["raise", "defer"] = "raise",
    **keywords: Any,
) -> Request:
    """Put a response model to an API. The keywords are those of `Completions`; the rest of them is the request's.

    Raises:
        TypeError: a keyword says what the response model says already, there is nothing to ask for, or a keyword is not
            what it should be.
        ValueError: there is no such mode.

    """
    mode = Mode(mode or default)
    options = ParserOptions(live=live, limits=limits, context=context, strict=strict, on_violation=on_violation)
    if response_model is None and _offers_types(keywords):
        response_model = _TOOLS
    schema = Any if response_model is None else unwrap(response_model)
    if many is None:
        schema, many = _counted(schema)
    if not isinstance(max_retries, int) or max_retries < 0:
        message = f"max_retries is how often to ask again, 0 or more, not {max_retries!r}"
        raise TypeError(message)
    if on_retry is not None and not callable(on_retry):
        message = f"on_retry is called with the attempt and the error: {on_retry!r} cannot be called"
        raise TypeError(message)
    if max_retries and (keywords.get("n") or 1) > 1:
        message = "max_retries asks again for one answer, and n= asks for several: leave one of them out"
        raise TypeError(message)
    if max_retries and not isinstance(keywords.get(endpoint.conversation, ""), str):
        keywords[endpoint.conversation] = list(keywords[endpoint.conversation])  # it may have to be read again
    functions, carrier = _functions(endpoint, schema, mode, keywords)
    place: Literal["text", "call", "calls"]
    if functions:
        place, projection = "calls", calls_of(functions, options, "finals" if many else "first")
    else:
        place = "call" if mode is Mode.TOOLS else "text"
        asked, projection = _answer(schema, options, many=many)
        carrier = endpoint.carrier(format_of(asked), mode, keywords)
    twice = sorted(carrier.keys() & keywords.keys() - {endpoint.conversation, "text"})
    if twice:
        message = f"{mode} sends the response_model as {', '.join(twice)}: leave that out, or take another mode"
        raise TypeError(message)
    foreign = [name_of(tool) for tool in keywords.get("tools") or ()]
    names = list(functions)
    return Request({**keywords, **carrier}, projection, place, names, foreign, many, emit, max_retries, on_retry)


def _counted(schema: Any) -> tuple[Any, bool]:
    """Return the type of one answer, and whether there are many of it."""
    if get_origin(schema) in (list, Iterable):
        return (get_args(schema) or (Any,))[0], True
    return schema, schema is _TOOLS


def _answer(schema: Any, options: ParserOptions, *, many: bool) -> tuple[Any, Projection]:
    """Return the type to ask for, an object in any case, and what reads it."""
    if many:
        return Items[schema], elements_of(schema, options)
    if format_of(schema).is_object:
        return schema, partials_of(schema, options)
    return Value[schema], partials_of(Value[schema], options, look=attrgetter("value"))


def _functions(
    endpoint: Endpoint[Any, Any], schema: Any, mode: Mode, keywords: dict[str, Any]
) -> tuple[Functions, dict[str, Any]]:
    """Return the functions that the model may choose from, and the keywords that offer them to it.

    They are the types among `tools=`, which are taken out of the keywords, or the members of a union in
    `Mode.TOOLS`; where there is no choice, none.
    """
    offered = list(keywords.get("tools") or ())
    if _offers_types(keywords):
        if schema is not _TOOLS:
            message = "the types in tools= say what to answer with, and so does response_model: leave one of them out"
            raise TypeError(message)
        del keywords["tools"]
        choice = keywords.pop("tool_choice", "required")
    elif schema is _TOOLS:
        message = "there is nothing to answer with: give a response_model, or types as tools="
        raise TypeError(message)
    else:
        offered, choice = _alternatives(schema) if mode is Mode.TOOLS else [], "required"
    functions: dict[str, Any] = {}
    tools = []
    for tool in offered:
        if isinstance(tool, Mapping):  # the caller's own: its calls are in the completion
            functions[name_of(tool)] = None
            tools.append(tool)
        else:
            wanted = format_of(unwrap(tool))
            functions[wanted.name] = unwrap(tool)
            tools.append(endpoint.tool(wanted))
    return functions, {"tools": tools, "tool_choice": choice}


def name_of(tool: Mapping[str, Any]) -> str:
    """Return the name of a tool that is given as a dict."""
    name = tool.get(tool.get("type", ""), tool).get("name", "")
    return name if isinstance(name, str) else ""


def _offers_types(keywords: dict[str, Any]) -> bool:
    """Say whether some of the `tools` are types, and not the caller's own."""
    return any(not isinstance(tool, Mapping) for tool in keywords.get("tools") or ())


def _alternatives(schema: Any) -> list[Any]:
    """Return the members of a union that can be told by their names, each an object."""
    while get_origin(schema) is Annotated:
        schema = get_args(schema)[0]
    members = list(get_args(schema)) if get_origin(schema) in (Union, types.UnionType) else []
    formats = [format_of(member) for member in members]
    named = len({wanted.name for wanted in formats}) == len(members)
    return members if named and all(wanted.is_object for wanted in formats) else []
