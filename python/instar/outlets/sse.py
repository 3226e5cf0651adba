"""Server-sent events and newline-delimited JSON: the compact form of changes on an HTTP response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from typing_extensions import TypedDict, Unpack

from instar.outlets._selection import Selection
from instar.outlets._source import Sending, batches_of, reader_of, write_all
from instar.outlets.compact import Compact

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator

    from fastapi.sse import ServerSentEvent

    from instar.outlets._source import AsyncBatches, Batch, Batches
    from instar.outlets.compact import Event

T = TypeVar("T")

SSE_HEADERS: Final = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}
"""Headers of a response of server-sent events: no cache keeps it, and nginx passes each piece on as it comes."""


class CompactWriter(Generic[T]):
    """Writes batches in the compact form, each event by `form`."""

    def __init__(self, source: object, form: Callable[[Event], T], ping: T, chosen: Chosen) -> None:
        self._compact = Compact()
        self._form = form
        self._ping = ping
        self._selection = Selection(chosen.get("include"), chosen.get("exclude"), reader_of(source))

    def begin(self) -> Iterator[T]:
        """Write nothing: the first batch says with what it begins."""
        return iter(())

    def write(self, batch: Batch) -> Iterator[T]:
        """Write a batch."""
        return map(self._form, self._compact.changes(self._selection(batch)))

    def end(self) -> Iterator[T]:
        """Write that the value is whole."""
        return map(self._form, self._compact.end())

    def failure(self, error: Exception, text: str) -> Iterator[T]:
        """Write that no more will come."""
        return map(self._form, self._compact.failure(error, text))

    def ping(self) -> Iterator[T]:
        """Write something that says only that the line is alive."""
        yield self._ping


class Chosen(TypedDict, total=False):
    """What is sent: the paths to `include`, with what leads to them (all, unless you say so), and to `exclude`."""

    include: Iterable[str]
    exclude: Iterable[str]


class Options(Chosen, Sending, total=False):
    """What is sent, and how."""


@overload
def sse(source: Batches, **options: Unpack[Options]) -> Generator[bytes, None, None]: ...
@overload
def sse(source: AsyncBatches, **options: Unpack[Options]) -> AsyncGenerator[bytes, None]: ...
def sse(source: Batches | AsyncBatches, **options: Unpack[Options]) -> Any:
    """Send what a stream shows, as server-sent events: for a `StreamingResponse` with `SSE_HEADERS`.

    The first event is a `snapshot`, whose data is the value so far, null at the beginning. An event without a name is
    changes, a line of data each, in the compact form (`instar.outlets.compact`). `retry` says that the attempt so far
    is given up; `end`, that the value is whole; `failure`, that no more will come: its data are the `class` of the
    error and the `text` that `describe` makes of it. There are no ids: every connection begins with a snapshot.

    The stream belongs to what is returned: when that is left, the stream is closed.

    Args:
        source: a stream, one that is shared, or an iterable of batches of changes; sync or async.
        options: `include` and `exclude`, paths like `lines[*].price`; `describe` and `heartbeat`.

    Raises:
        ValueError: `include` or `exclude` has something in it that is no path, or that no value of the stream's type
            can have; or `heartbeat` is no time.

    """
    return write_all(batches_of(source), CompactWriter(source, _sse, b": \n\n", options), options)


@overload
def ndjson(source: Batches, **options: Unpack[Options]) -> Generator[bytes, None, None]: ...
@overload
def ndjson(source: AsyncBatches, **options: Unpack[Options]) -> AsyncGenerator[bytes, None]: ...
def ndjson(source: Batches | AsyncBatches, **options: Unpack[Options]) -> Any:
    """Send the same as `sse` does, as lines of JSON, for a response of `application/x-ndjson`.

    A text or an array is a change in the compact form; an object is an event by its name, `{"snapshot": ...}`. An empty
    line says that the line is alive.
    """
    return write_all(batches_of(source), CompactWriter(source, _ndjson, b"\n", options), options)


@overload
def sse_events(source: Batches, **options: Unpack[Options]) -> Generator[ServerSentEvent, None, None]: ...
@overload
def sse_events(source: AsyncBatches, **options: Unpack[Options]) -> AsyncGenerator[ServerSentEvent, None]: ...
def sse_events(source: Batches | AsyncBatches, **options: Unpack[Options]) -> Any:
    """Send the same as `sse` does, as FastAPI's `ServerSentEvent`: for a path operation that yields them.

    Its `response_class` is `EventSourceResponse`, which sends pings of its own.
    """
    from fastapi.sse import ServerSentEvent  # noqa: PLC0415 - only who uses it needs it

    def form(event: Event) -> ServerSentEvent:
        name = None if event.name == "change" else event.name
        return ServerSentEvent(raw_data=b"\n".join(event.lines).decode(), event=name)

    writer = CompactWriter(source, form, ServerSentEvent(comment=""), options)
    options["heartbeat"] = None
    return write_all(batches_of(source), writer, options)


def _sse(event: Event) -> bytes:
    name = b"" if event.name == "change" else b"event:%b\n" % event.name.encode()
    return name + b"".join(b"data:%b\n" % line for line in event.lines) + b"\n"


def _ndjson(event: Event) -> bytes:
    if event.name == "change":
        return b"".join(b"%b\n" % line for line in event.lines)
    return b'{"%b":%b}\n' % (event.name.encode(), event.lines[0])
