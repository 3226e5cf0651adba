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


def changes(stream: Stream[Any, Any]) -> Iterator[list[Change]]:
    """Yield the changes of a stream of instar's: what its own method is to do."""
    reader = NaiveChanges(stream.parser)
    try:
        for _ in stream:
            reader.catch_up()
            if batch := reader.drain():
                yield batch
        stream.final()
        reader.catch_up()
        if batch := reader.drain():
            yield batch
    finally:
        stream.close()


async def achanges(stream: AsyncStream[Any, Any]) -> AsyncIterator[list[Change]]:
    """Yield the changes of an async one."""
    reader = NaiveChanges(stream.parser)
    try:
        async for _ in stream:
            reader.catch_up()
            if batch := reader.drain():
                yield batch
        await stream.final()
        reader.catch_up()
        if batch := reader.drain():
            yield batch
    finally:
        await stream.aclose()
