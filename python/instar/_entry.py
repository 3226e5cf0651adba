"""The entry points: `partials`, `elements` and `turn`, from deltas or the bytes of a response to objects."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING, Any, overload

from instar._body import body_of
from instar._dialects import RecognisedDialect, dialect_of
from instar._options import of_response
from instar._pace import seconds_of
from instar._projection import elements_of, partials_of
from instar._schema import check_type
from instar._session import Showing
from instar._source import AsyncSource, Source, check_source
from instar._streams import AsyncBodyStream, AsyncStream, BodyStream, Stream, async_stream_of, stream_of
from instar._tools import tools_of
from instar._turn import AsyncTurn, Turn, parts_of
from instar.partial import unwrap

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from instar._options import (
        Answer,
        BodyOptions,
        DeltaOptions,
        ElementBodyOptions,
        ElementOptions,
        Emit,
        OnError,
        ParserOptions,
        T,
        TurnOptions,
        WireOption,
    )
    from instar._projection import Projection
    from instar._tools import Offered

__all__ = ["elements", "partials", "turn"]


@overload
def partials(
    deltas: Iterable[str] | Iterable[bytes], schema: type[T], **options: Unpack[DeltaOptions]
) -> Stream[T, T]: ...
@overload
def partials(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: type[T], **options: Unpack[DeltaOptions]
) -> AsyncStream[T, T]: ...
@overload
def partials(
    deltas: Iterable[str] | Iterable[bytes], schema: object, **options: Unpack[DeltaOptions]
) -> Stream[Any, Any]: ...
@overload
def partials(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: object, **options: Unpack[DeltaOptions]
) -> AsyncStream[Any, Any]: ...
@overload
def partials(deltas: Iterable[Any], schema: type[T], **options: Unpack[BodyOptions]) -> BodyStream[T, T]: ...
@overload
def partials(deltas: AsyncIterable[Any], schema: type[T], **options: Unpack[BodyOptions]) -> AsyncBodyStream[T, T]: ...
@overload
def partials(deltas: Iterable[Any], schema: object, **options: Unpack[BodyOptions]) -> BodyStream[Any, Any]: ...
@overload
def partials(
    deltas: AsyncIterable[Any], schema: object, **options: Unpack[BodyOptions]
) -> AsyncBodyStream[Any, Any]: ...
def partials(
    deltas: Iterable[Any] | AsyncIterable[Any],
    schema: Any,
    *,
    wire: WireOption | None = None,
    answer: Answer = "auto",
    emit: Emit = "delta",
    **options: Unpack[ParserOptions],
) -> Stream[Any, Any] | AsyncStream[Any, Any]:
    """Return the growing object that the deltas spell.

    The first snapshot, of which nothing has arrived, is there before the first delta is asked for; then there
    is one after every delta that changed what can be seen. At the end the text must be whole and valid.

    Args:
        deltas: a sync or async iterable of `str` or `bytes`, cut anywhere. Closed when the stream is.
        schema: whatever `pydantic.TypeAdapter` takes, or None for plain Python values.
        wire: the deltas are packed: what is iterated over is the body of a provider's streamed response in this
            protocol, as `bytes` cut anywhere, or as events, one by one, each a `str`, a dict or an SDK's object.
            With "sdk" the first such object tells the protocol. For a protocol that instar does not know, give a
            function of the decoded event that returns the text that it adds to the answer, or None.
        answer: with `wire`: where the answer of the first choice stands. "auto": in what opens first, the arguments
            of a call or JSON in the text; text that begins otherwise is `stream.prose`, and a call may follow.
            "text", "call": there.
        emit: "delta", a snapshot after each delta; with `wire` "read", one after each piece of the body; or seconds: at
            most one in so many, the latest, and at the end. A sync stream looks at the clock when a delta comes, an
            async one also hands out while none does.
        options: `live`, `limits`, `context`, `strict`, `on_violation`, `repair`, `empty`, as `instar.Parser` takes
            them; with `wire` `repair` is "around" unless told.

    Raises:
        instar.StreamError, pydantic.ValidationError: while iterating, at the first hopeless byte.
        TypeError: `deltas` is not iterable, or one of them is not what it should be.

    """
    schema = unwrap(schema)
    showing = Showing(schema, seconds_of(emit))
    return _stream(deltas, partials_of(schema, _mending(options, wire)), showing, wire=wire, answer=answer, emit=emit)


@overload
def elements(
    deltas: Iterable[str] | Iterable[bytes], schema: type[T], **options: Unpack[ElementOptions]
) -> Stream[T, list[T]]: ...
@overload
def elements(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: type[T], **options: Unpack[ElementOptions]
) -> AsyncStream[T, list[T]]: ...
@overload
def elements(
    deltas: Iterable[str] | Iterable[bytes], schema: object, **options: Unpack[ElementOptions]
) -> Stream[Any, list[Any]]: ...
@overload
def elements(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: object, **options: Unpack[ElementOptions]
) -> AsyncStream[Any, list[Any]]: ...
@overload
def elements(
    deltas: Iterable[Any], schema: type[T], **options: Unpack[ElementBodyOptions]
) -> BodyStream[T, list[T]]: ...
@overload
def elements(
    deltas: AsyncIterable[Any], schema: type[T], **options: Unpack[ElementBodyOptions]
) -> AsyncBodyStream[T, list[T]]: ...
@overload
def elements(
    deltas: Iterable[Any], schema: object, **options: Unpack[ElementBodyOptions]
) -> BodyStream[Any, list[Any]]: ...
@overload
def elements(
    deltas: AsyncIterable[Any], schema: object, **options: Unpack[ElementBodyOptions]
) -> AsyncBodyStream[Any, list[Any]]: ...
def elements(  # noqa: PLR0913 - keywords
    deltas: Iterable[Any] | AsyncIterable[Any],
    schema: Any,
    *,
    wire: WireOption | None = None,
    answer: Answer = "auto",
    emit: Emit = "delta",
    on_error: OnError = "raise",
    **options: Unpack[ParserOptions],
) -> Stream[Any, list[Any]] | AsyncStream[Any, list[Any]]:
    """Return the members of the list that the deltas spell, each validated and handed out as it closes.

    The text is a list, or an object of lists, whatever their keys. A text that ends early
    raises `instar.TruncatedError` after the elements that were whole.

    Args:
        deltas: a sync or async iterable of `str` or `bytes`, cut anywhere. Closed when the stream is.
        schema: the type of *one* element: whatever `pydantic.TypeAdapter` takes (a model, a union ...).
        wire: what packs the deltas, as for `partials`.
        answer: as for `partials`.
        emit: as for `partials`, but for seconds, which are for `changes`: each element is handed out as it closes.
        on_error: "raise", or "skip": an element that is refused does not end the stream. It is among `stream.errors`,
            and `final()` returns the others. What is no JSON is raised all the same.
        options: `live`, `limits`, `context`, `strict`, `repair`, `empty`, as for `partials`.

    Raises:
        instar.StreamError, pydantic.ValidationError: while iterating, at the first hopeless byte.
        TypeError: `deltas` is not iterable, or one of them is not what it should be.

    """
    schema = unwrap(schema)
    check_type(schema)
    projection = elements_of(schema, _mending(options, wire), on_error)
    showing = Showing(list[schema], seconds_of(emit))
    return _stream(deltas, projection, showing, wire=wire, answer=answer, emit=emit)


@overload
def turn(deltas: Iterable[Any], *, wire: WireOption, **options: Unpack[TurnOptions]) -> Turn: ...
@overload
def turn(deltas: AsyncIterable[Any], *, wire: WireOption, **options: Unpack[TurnOptions]) -> AsyncTurn: ...
def turn(
    deltas: Iterable[Any] | AsyncIterable[Any],
    *,
    wire: WireOption,
    tools: Iterable[Offered] = (),
    emit: Emit = "delta",
    **options: Unpack[ParserOptions],
) -> Turn | AsyncTurn:
    """Return a turn of a model, out of the body of a response: prose and calls, in the order in which they come.

    Args:
        deltas: a sync or async iterable of what the body comes in, as for `partials`.
        wire: what packs the deltas, as for `partials`.
        tools: what the model may have called: types of the arguments, functions, or dicts as an API has them. Calls of
            others are parts, too, with their `error`, and hold plain values.
        emit: as for `partials`.
        options: `live`, `limits`, `context`, `strict`, `repair`, `empty`, as `instar.Parser` takes them, for the
            arguments; `repair` is "around" unless told.

    Raises:
        instar.RefusalError, instar.StreamError: while iterating, at the end.
        TypeError: `deltas` is not iterable, or a tool is not what it should be.

    """
    check_source(deltas)
    body = body_of(wire, "turn", emit)
    protocol = wire if isinstance(wire, str) else "a function"
    dialect = RecognisedDialect(body.decoder) if wire == "sdk" else dialect_of(protocol)
    pump = parts_of(tools_of(tools), _mending(options, wire), dialect)(body, 0, None)
    if isinstance(deltas, AsyncIterable):
        return AsyncTurn(AsyncSource(deltas, deltas), pump, dialect)
    return Turn(Source(deltas, deltas), pump, dialect)


def _stream(  # noqa: PLR0913 - keywords
    deltas: Iterable[Any] | AsyncIterable[Any],
    projection: Projection,
    showing: Showing,
    *,
    wire: WireOption | None,
    answer: Answer,
    emit: Emit,
) -> Stream[Any, Any] | AsyncStream[Any, Any]:
    check_source(deltas)
    if wire is None and answer != "auto":
        message = f"answer={answer!r} says where in a response the answer stands: say by wire= what the response is"
        raise TypeError(message)
    pump = projection(None if wire is None else body_of(wire, answer, emit), 0, None)
    if isinstance(deltas, AsyncIterable):
        return async_stream_of(AsyncSource(deltas, deltas), pump, showing)
    return stream_of(Source(deltas, deltas), pump, showing)


def _mending(options: ParserOptions, wire: WireOption | None) -> ParserOptions:
    """Return the options with the repairs that are made unless told: none in plain deltas."""
    return options if wire is None else of_response(options)
