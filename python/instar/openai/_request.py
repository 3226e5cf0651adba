"""Requests: the keywords that the SDK is called with, and the projection that reads the answer."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, create_model

from instar._calls import calls_of
from instar._dialects import dialect_of
from instar._format import format_of
from instar._options import ParserOptions, of_response
from instar._pace import seconds_of
from instar._projection import elements_of, partials_of
from instar._schema import check_type
from instar._session import Showing
from instar._tools import name_of, offers_types, tools_of
from instar._turn import parts_of
from instar.openai._mode import Mode
from instar.openai._templates import refuse_templates
from instar.partial import unwrap

if TYPE_CHECKING:
    from instar._options import Emit, OnError
    from instar._projection import Projection
    from instar._tools import Offered, Tools
    from instar.openai._endpoint import Endpoint
    from instar.parser import Limits
    from instar.repair import Repairs

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
    place: where in the response the answer stands: in the "text", in the first "call", in all "calls", or in the whole
        "turn".
    functions: the names of the functions that the model may call.
    foreign: the names of the caller's own functions, whose calls are never the answer.
    forced: where calls are the answer, whether the model has to make one.
    fenced: whether the model was asked for a Markdown fence around its JSON.
    schema: the type of the answer; None where there is no one type.
    many: the projection gives elements, each once, and not snapshots.
    """

    keywords: dict[str, Any]
    projection: Projection
    place: Literal["text", "call", "calls", "turn"]
    schema: Any = None
    many: bool = False
    functions: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    forced: bool = True
    fenced: bool = False
    emit: Emit = "delta"
    retries: int = 0
    on_retry: OnRetry | None = None

    @property
    def showing(self) -> Showing:
        """How the answer is shown."""
        return Showing(self.schema, seconds_of(self.emit))


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
    on_error: OnError = "raise",
    live: bool = False,
    limits: Limits | None = None,
    context: Any = None,
    strict: bool | None = None,
    on_violation: Literal["raise", "defer"] = "raise",
    repair: Repairs | None = None,
    empty: bool = False,
    **keywords: Any,
) -> Request:
    """Ask an API for a response model. The keywords are those of `Completions`; the rest of them is the request's.

    Raises:
        TypeError: a keyword says what the response model says already, there is nothing to ask for, or a keyword is not
            what it should be.
        ValueError: there is no such mode, or a message is a template that `context` looks meant for.

    """
    mode = Mode(mode or default)
    options = of_response(
        ParserOptions(
            live=live,
            limits=limits,
            context=context,
            strict=strict,
            on_violation=on_violation,
            repair=repair,
            empty=empty,
        )
    )
    if response_model is None and offers_types(keywords):
        response_model = _TOOLS
    check_type(response_model, "response_model")
    schema = Any if response_model is None else unwrap(response_model)
    if many is None:
        schema, many = _counted(schema)
    if on_error != "raise" and not many:
        message = f"on_error={on_error!r} is for elements: one answer that is refused is none"
        raise TypeError(message)
    _prepare(endpoint, keywords, context, max_retries, on_retry)
    tools, carrier = _tools(endpoint, schema, mode, keywords)
    if tools:
        place: Literal["call", "calls", "text"] = "calls"
        projection = calls_of(tools, options, "finals" if many else "first", on_error)
    else:
        place = "call" if mode is Mode.TOOLS else "text"
        asked, projection = _answer(schema, options, on_error, many=many)
        carrier = endpoint.carrier(format_of(asked), mode, keywords)
    twice = sorted(carrier.keys() & keywords.keys() - {endpoint.conversation, "text"})
    if twice:
        message = f"{mode} sends the response_model as {', '.join(twice)}: leave that out, or take another mode"
        raise TypeError(message)
    return Request(
        {**keywords, **carrier},
        projection,
        place,
        schema=None if tools else list[schema] if many else schema,  # type: ignore[valid-type]
        many=many,
        functions=tuple(tools),
        foreign=tuple(name_of(tool) for tool in keywords.get("tools") or ()),
        forced=not tools or _is_forced(carrier["tool_choice"]),
        fenced=mode is Mode.MD_JSON,
        emit=emit,
        retries=max_retries,
        on_retry=on_retry,
    )


def build_turn(  # noqa: PLR0913 - as above
    endpoint: Endpoint[Any, Any],
    *,
    tools: Iterable[Offered] = (),
    emit: Emit = "delta",
    max_retries: int = 0,
    on_retry: OnRetry | None = None,
    live: bool = False,
    limits: Limits | None = None,
    context: Any = None,
    strict: bool | None = None,
    repair: Repairs | None = None,
    empty: bool = False,
    **keywords: Any,
) -> Request:
    """Ask an API for a turn, in which the model may call these tools.

    Raises:
        TypeError: a keyword is not what it should be, or a tool.
        ValueError: two tools have the same name, or a message is a template that `context` looks meant for.

    """
    if (keywords.get("n") or 1) > 1:
        message = "a turn is one answer of the model, and n= asks for several: leave it out"
        raise TypeError(message)
    options = of_response(
        ParserOptions(live=live, limits=limits, context=context, strict=strict, repair=repair, empty=empty)
    )
    _prepare(endpoint, keywords, context, max_retries, on_retry)
    offered = tools_of(tools)
    choice = keywords.pop("tool_choice", "auto")
    return Request(
        {**keywords, **_offered(endpoint, offered, choice)},
        parts_of(offered, options, dialect_of(endpoint.protocol)),
        "turn",
        functions=tuple(offered),
        forced=bool(offered) and _is_forced(choice),
        emit=emit,
        retries=max_retries,
        on_retry=on_retry,
    )


def _prepare(
    endpoint: Endpoint[Any, Any], keywords: dict[str, Any], context: Any, max_retries: int, on_retry: OnRetry | None
) -> None:
    """Check the messages, and what is said of asking again, and make sure that the request can be sent again."""
    if context is not None:
        refuse_templates(keywords)
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
        keywords[endpoint.conversation] = list(keywords[endpoint.conversation])


def _counted(schema: Any) -> tuple[Any, bool]:
    """Return the type of one answer, and whether there are many of it."""
    if get_origin(schema) in (list, Iterable):
        return (get_args(schema) or (Any,))[0], True
    return schema, schema is _TOOLS


def _answer(schema: Any, options: ParserOptions, on_error: OnError, *, many: bool) -> tuple[Any, Projection]:
    """Return the type to ask for, an object in any case, and what reads it."""
    if many:
        return _wrapped(Items, schema, list[schema]), elements_of(schema, options, on_error)
    if format_of(schema).is_object:
        return schema, partials_of(schema, options)
    wrapped = _wrapped(Value, schema, schema)
    return wrapped, partials_of(wrapped, options, look=attrgetter("value"))


def _wrapped(wrapper: Any, schema: Any, member: Any) -> Any:
    """Return the wrapper for this type, whose one field is such a member."""
    try:
        hash(schema)
    except TypeError:  # Before 2.14 Pydantic remembers generic models by their parameters, whatever these are.
        fields: dict[str, Any] = dict.fromkeys(wrapper.model_fields, (member, ...))
        return create_model(wrapper.__name__, **fields)
    return wrapper[schema]


def _tools(
    endpoint: Endpoint[Any, Any], schema: Any, mode: Mode, keywords: dict[str, Any]
) -> tuple[Tools, dict[str, Any]]:
    """Return the tools that the model may choose from, and the keywords that offer them to it.

    They are those in `tools=`, where some are types or functions, and are taken out of the keywords; or the members of
    a union in `Mode.TOOLS`; where there is no choice, none.
    """
    if offers_types(keywords):
        if schema is not _TOOLS:
            message = "the types in tools= say what to answer with, and so does response_model: leave one of them out"
            raise TypeError(message)
        tools, choice = tools_of(keywords.pop("tools")), keywords.pop("tool_choice", "required")
    elif schema is _TOOLS:
        message = "there is nothing to answer with: give a response_model, or types as tools="
        raise TypeError(message)
    else:
        tools, choice = tools_of(_alternatives(schema) if mode is Mode.TOOLS else ()), "required"
    return tools, _offered(endpoint, tools, choice)


def _offered(endpoint: Endpoint[Any, Any], tools: Tools, choice: Any) -> dict[str, Any]:
    """Return the keywords that offer tools to the model."""
    sent = [endpoint.tool(tool.format) if tool.own is None else tool.own for tool in tools.values()]
    return {"tools": sent, "tool_choice": choice} if sent else {}


def _is_forced(choice: Any) -> bool:
    """Say whether the model has to call a tool."""
    if isinstance(choice, Mapping):
        choice = choice.get("mode") or (choice.get("allowed_tools") or {}).get("mode") or "required"
    return choice not in ("auto", "none")


def _alternatives(schema: Any) -> list[Any]:
    """Return the members of a union that can be told by their names, each an object."""
    while get_origin(schema) is Annotated:
        schema = get_args(schema)[0]
    members = list(get_args(schema)) if get_origin(schema) in (Union, types.UnionType) else []
    formats = [format_of(member) for member in members]
    named = len({wanted.name for wanted in formats}) == len(members)
    return members if named and all(wanted.is_object for wanted in formats) else []
