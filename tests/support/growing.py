"""Streams that hand out changes and JSON text, by the naive reader: what streams of instar are to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instar import Parser
from instar.changes import RETRY
from support.changes import NaiveChanges

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

    from instar import AsyncStream, Stream
    from instar.changes import Change


class Growing:
    """A sync stream over attempts: each a source of deltas, of which the last one is read to its end."""

    def __init__(self, *attempts: Iterable[str], schema: Any = None) -> None:
        self._attempts = attempts
        self._schema = schema
        self.closed = False

    def changes(self) -> Iterator[list[Change]]:
        """Yield the changes of each delta."""
        try:
            for number, deltas in enumerate(self._attempts):
                if number:
                    yield [RETRY]
                reader = NaiveChanges(Parser(self._schema))
                for delta in deltas:
                    reader.feed(delta)
                    if batch := reader.drain():
                        yield batch
            reader.close()
            yield reader.drain()
        finally:
            self.closed = True

    def json_text(self) -> Iterator[str]:
        """Yield the deltas of the last attempt."""
        try:
            yield from self._attempts[-1]
        finally:
            self.closed = True


class AGrowing:
    """An async stream over one source of deltas."""

    def __init__(self, deltas: AsyncIterable[str], schema: Any = None) -> None:
        self._deltas = deltas
        self._schema = schema
        self.closed = False

    async def changes(self) -> AsyncIterator[list[Change]]:
        """Yield the changes of each delta."""
        reader = NaiveChanges(Parser(self._schema))
        try:
            async for delta in self._deltas:
                reader.feed(delta)
                if batch := reader.drain():
                    yield batch
            reader.close()
            yield reader.drain()
        finally:
            self.closed = True

    async def json_text(self) -> AsyncIterator[str]:
        """Yield the deltas."""
        try:
            async for delta in self._deltas:
                yield delta
        finally:
            self.closed = True


class _Reader:
    """Reads the changes of a stream's parser, whichever it is by then."""

    def __init__(self, stream: Stream[Any, Any] | AsyncStream[Any, Any]) -> None:
        self._stream = stream
        self._naive = NaiveChanges(stream.parser)

    def drain(self) -> list[Change]:
        """Return what is new."""
        again = self._stream.parser is not self._naive.parser
        if again:
            retry = [RETRY] if self._naive.begun else []
            self._naive = NaiveChanges(self._stream.parser)
            return [*retry, *self.drain()]
        self._naive.catch_up()
        return self._naive.drain()


def changes(stream: Stream[Any, Any]) -> Iterator[list[Change]]:
    """Yield the changes of a stream of instar's: what its own method is to do."""
    reader = _Reader(stream)
    try:
        for _ in stream:
            if batch := reader.drain():
                yield batch
        stream.final()
        if batch := reader.drain():
            yield batch
    finally:
        stream.close()


async def achanges(stream: AsyncStream[Any, Any]) -> AsyncIterator[list[Change]]:
    """Yield the changes of an async one."""
    reader = _Reader(stream)
    try:
        async for _ in stream:
            if batch := reader.drain():
                yield batch
        await stream.final()
        if batch := reader.drain():
            yield batch
    finally:
        await stream.aclose()


def json_text(stream: Stream[Any, Any]) -> Iterator[str]:
    """Yield the JSON text of a stream as it comes."""
    try:
        for _ in stream:
            yield stream.delta
        yield stream.delta
    finally:
        stream.close()


async def ajson_text(stream: AsyncStream[Any, Any]) -> AsyncIterator[str]:
    """Yield the text of an async one."""
    try:
        async for _ in stream:
            yield stream.delta
        yield stream.delta
    finally:
        await stream.aclose()
