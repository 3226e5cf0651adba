"""From deltas to objects, or from the bytes of a response to objects: `partials` and `elements`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from typing_extensions import NotRequired, Unpack

from instar._core import Wire
from instar.answer import Body
from instar.chunks import ChunkWire, Envelope
from instar.errors import StreamError
from instar.parser import Parser
from instar.partial import unwrap
from instar.reading import AsyncStream, Stream
from instar.views import Elements, FinalT, ItemT, Options, Partials, T, View
from instar.wire import AsyncResponse, AsyncWireStream, Response, WireStream

if TYPE_CHECKING:
    from instar.answer import Emit

__all__ = ["AsyncStream", "AsyncWireStream", "Stream", "WireStream", "elements", "partials"]

Source: TypeAlias = Envelope | Literal["sdk"]


class WireOptions(Options):
    """What can be said besides of a response's body: `wire`, what packs the deltas, and `emit`."""

    wire: Source
    emit: NotRequired[Emit]


@overload
def partials(deltas: Iterable[str] | Iterable[bytes], schema: type[T], **options: Unpack[Options]) -> Stream[T, T]: ...
@overload
def partials(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: type[T], **options: Unpack[Options]
) -> AsyncStream[T, T]: ...
@overload
def partials(
    deltas: Iterable[str] | Iterable[bytes], schema: object, **options: Unpack[Options]
) -> Stream[Any, Any]: ...
@overload
def partials(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: object, **options: Unpack[Options]
) -> AsyncStream[Any, Any]: ...
@overload
def partials(deltas: Iterable[Any], schema: type[T], **options: Unpack[WireOptions]) -> WireStream[T, T]: ...
@overload
def partials(deltas: AsyncIterable[Any], schema: type[T], **options: Unpack[WireOptions]) -> AsyncWireStream[T, T]: ...
@overload
def partials(deltas: Iterable[Any], schema: object, **options: Unpack[WireOptions]) -> WireStream[Any, Any]: ...
@overload
def partials(
    deltas: AsyncIterable[Any], schema: object, **options: Unpack[WireOptions]
) -> AsyncWireStream[Any, Any]: ...
def partials(
    deltas: Iterable[Any] | AsyncIterable[Any],
    schema: Any,
    *,
    wire: Source | None = None,
    emit: Emit = "delta",
    **options: Unpack[Options],
) -> Stream[Any, Any] | AsyncStream[Any, Any]:
    """Return the growing object that the deltas spell.

    The first snapshot, of which nothing has arrived, is there before the first delta is asked for; then there
    is one after every delta that changed what can be seen. At the end the text must be whole and valid.

    Args:
        deltas: a sync or async iterable of `str` or `bytes`, cut anywhere. Closed when the stream is.
        schema: whatever `pydantic.TypeAdapter` takes, or None for plain Python values.
        wire: the deltas are packed: what is iterated over is the body of a provider's streamed response, `bytes`
            cut anywhere, in this envelope; or with "sdk" the objects that an SDK makes of it, or dicts like them.
            The answer is the text of the first choice or the arguments of its first call, whichever begins first.
        emit: with `wire`: "delta", a snapshot after each delta, or "read", one after each piece of the body.
        options: `live`, `limits`, `context`, `strict`, `on_violation`, as `instar.Parser` takes them.

    Raises:
        instar.StreamError, pydantic.ValidationError: while iterating, at the first hopeless byte.
        TypeError: `deltas` is not iterable, or one of them is not what it should be.

    """
    return _stream(deltas, Partials(Parser(unwrap(schema), **options)), wire, emit)


@overload
def elements(
    deltas: Iterable[str] | Iterable[bytes], schema: type[T], **options: Unpack[Options]
) -> Stream[T, list[T]]: ...
@overload
def elements(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: type[T], **options: Unpack[Options]
) -> AsyncStream[T, list[T]]: ...
@overload
def elements(
    deltas: Iterable[str] | Iterable[bytes], schema: object, **options: Unpack[Options]
) -> Stream[Any, list[Any]]: ...
@overload
def elements(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: object, **options: Unpack[Options]
) -> AsyncStream[Any, list[Any]]: ...
@overload
def elements(deltas: Iterable[Any], schema: type[T], **options: Unpack[WireOptions]) -> WireStream[T, list[T]]: ...
@overload
def elements(
    deltas: AsyncIterable[Any], schema: type[T], **options: Unpack[WireOptions]
) -> AsyncWireStream[T, list[T]]: ...
@overload
def elements(deltas: Iterable[Any], schema: object, **options: Unpack[WireOptions]) -> WireStream[Any, list[Any]]: ...
@overload
def elements(
    deltas: AsyncIterable[Any], schema: object, **options: Unpack[WireOptions]
) -> AsyncWireStream[Any, list[Any]]: ...
def elements(
    deltas: Iterable[Any] | AsyncIterable[Any],
    schema: Any,
    *,
    wire: Source | None = None,
    emit: Emit = "delta",
    **options: Unpack[Options],
) -> Stream[Any, list[Any]] | AsyncStream[Any, list[Any]]:
    """Return the members of the list that the deltas spell, each validated and handed out as it closes.

    The text is a list, or an object of lists, whatever their keys. A text that ends early
    raises `instar.TruncatedError` after the elements that were whole.

    Args:
        deltas: a sync or async iterable of `str` or `bytes`, cut anywhere. Closed when the stream is.
        schema: the type of *one* element: whatever `pydantic.TypeAdapter` takes (a model, a union ...).
        wire: what packs the deltas, as for `partials`.
        emit: as for `partials`.
        options: `live`, `limits`, `context`, `strict`, as `instar.Parser` takes them.

    Raises:
        instar.StreamError, pydantic.ValidationError: while iterating, at the first hopeless byte.
        TypeError: `deltas` is not iterable, or one of them is not what it should be.

    """
    return _stream(deltas, Elements(unwrap(schema), options), wire, emit)


def _stream(
    source: Iterable[Any] | AsyncIterable[Any], view: View[ItemT, FinalT], wire: Source | None, emit: Emit
) -> Stream[ItemT, FinalT] | AsyncStream[ItemT, FinalT]:
    if isinstance(source, AsyncIterable):
        if wire is None:
            return AsyncStream(source, view)
        return AsyncWireStream(AsyncResponse(source, _body(wire, emit), source), view)
    if isinstance(source, bytes | bytearray):
        message = "deltas are an iterable of str or bytes, not the bytes themselves: put them in a list"
        raise TypeError(message)
    if isinstance(source, Iterable):
        if wire is None:
            return Stream(source, view)
        return WireStream(Response(source, _body(wire, emit), source), view)
    message = f"deltas must be an iterable or async iterable of str or bytes, not {type(source).__name__}"
    raise TypeError(message)


def _body(wire: Source, emit: Emit) -> Body:
    if wire == "sdk":
        return Body(ChunkWire(), "either", emit, _complaint)
    return Body(ChunkWire(wire) if wire == "bedrock" else Wire(wire), "either", emit, _complaint)


def _complaint(error: str) -> StreamError:
    """Make an exception of an error that the server has sent inside of the stream."""
    said = json.loads(error)
    message = said.get("message", error) if isinstance(said, dict) else said
    return StreamError(f"the server broke off: {message}")
