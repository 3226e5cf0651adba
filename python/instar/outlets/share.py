"""One stream for several readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import Self

from instar._place import AsyncPlace, AsyncReading
from instar._resolve import resolve
from instar._streams import AsyncStream
from instar.changes import Replica, coalesced
from instar.errors import StreamError
from instar.outlets._source import batches_of, reader_of

if TYPE_CHECKING:
    from types import TracebackType

    from instar._paths import Pattern
    from instar.outlets._source import AsyncBatches, Batch

BEHIND: Final = 512
"""So many changes a reader may be behind, before it is given the whole value instead."""


def share(source: AsyncBatches) -> Shared:
    """Read an async stream in a task of its own, for any number of readers, at any time.

    `instar.sse(shared)`, and every other outlet, begins with the value so far. A reader that is slow gets several
    changes at once, or the value as it is by then; it holds nobody up, and what is kept for it is bounded. A reader
    that leaves leaves the stream alone: close what this returns, or use it in `async with`.

    Raises:
        TypeError: the source is not async.
        RuntimeError: no event loop is running.

    """
    batches = batches_of(source)
    if not isinstance(batches, AsyncIterable):
        message = "share takes an async stream, since it reads on in a task of the event loop"
        raise TypeError(message)
    return Shared(source, batches)


class Shared:
    """A stream that several read: see `share`."""

    def __init__(self, source: Any, batches: AsyncIterable[Batch]) -> None:
        self._source = source
        self._batches = batches
        self._replica = Replica()
        self._readers: set[_Reader] = set()
        self._failure: Exception | None = None
        self._reading = AsyncReading()
        self._news = asyncio.Event()
        self._count = self._seen = 0
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def changes(self) -> AsyncGenerator[Batch, None]:
        """Yield a `replace` of the whole value by what is there, then the changes as they come.

        Raises:
            Exception: what the stream has raised, after what came before it.
            instar.StreamError: the owner has closed the stream before its end.

        """
        reader = _Reader()
        self._readers.add(reader)
        try:
            yield self._replica.whole()
            while True:
                done = self._task.done()
                if batch := self._replica.whole() if reader.behind else reader.take():
                    reader.behind = False
                    yield batch
                elif done:
                    break
                else:
                    await reader.news.wait()
        finally:
            self._readers.discard(reader)
        if self._failure is not None:
            raise self._failure

    def at(self, path: str) -> AsyncPlace:
        """Return a part of the value that you want to hear of, as `stream.at` does. Leaving it leaves the stream alone.

        Raises:
            ValueError: it is no path, or no value of the type has anything there: the message names the nearest field.
            TypeError: what is shared is no stream of instar's.

        """
        stream = self._source
        if not isinstance(stream, AsyncStream):
            message = f"places are parts of a stream's value: what is shared here is {type(stream).__name__}"
            raise TypeError(message)
        handle = replace(stream._handle(), final=self.final, read_on=self._read_on, close=self._leave)  # noqa: SLF001 - it stands in for the stream
        return AsyncPlace(self._reading, handle, resolve(path, stream._showing.schema))  # noqa: SLF001 - as above

    def _read_path(self, path: str) -> Pattern:
        """Read a path into the dump of the value."""
        return reader_of(self._source)(path)

    @property
    def snapshot(self) -> Any:
        """The value so far, as the stream shows it."""
        return self._source.snapshot

    async def final(self) -> Any:
        """Wait for the end of the stream; return the validated value.

        Raises:
            Exception: as `changes` does.

        """
        await asyncio.wait({self._task})
        if self._failure is not None:
            raise self._failure
        return await self._source.final()

    async def aclose(self) -> None:
        """Stop reading and close the stream."""
        if self._task.cancel():
            self._failure = StreamError("the stream was closed before its end, by whoever shares it")
        await asyncio.gather(self._task, return_exceptions=True)
        if isinstance(self._batches, AsyncGenerator):
            await self._batches.aclose()
        self._wake()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _read(self) -> None:
        try:
            async for batch in self._batches:
                self._replica.apply(*batch)
                self._count += 1
                self._news.set()
                self._news = asyncio.Event()
                for reader in self._readers:
                    reader.put(batch)
        except Exception as error:  # noqa: BLE001 - every reader raises it
            self._failure = error
        finally:
            if isinstance(self._batches, AsyncGenerator):
                await self._batches.aclose()
            self._wake()

    async def _read_on(self) -> bool:
        """Wait for news, for those who watch places. False: the stream is over."""
        while self._seen == self._count:
            if self._task.done():
                if self._failure is not None:
                    raise self._failure
                return False
            await self._news.wait()
        self._seen = self._count
        return True

    async def _leave(self) -> None:
        """A place that raises leaves the stream to the others."""

    def _wake(self) -> None:
        self._news.set()
        for reader in self._readers:
            reader.news.set()


class _Reader:
    """What one reader has not taken yet."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.behind = False
        self._waiting: Batch = []

    def put(self, batch: Batch) -> None:
        """Keep a batch until it is taken."""
        if self.behind:
            return
        self._waiting += batch
        if len(self._waiting) > BEHIND:
            self._waiting = coalesced(self._waiting)
            if len(self._waiting) > BEHIND // 2:
                self.behind = True
                self._waiting.clear()
        self.news.set()

    def take(self) -> Batch:
        """Return what is waiting."""
        batch, self._waiting = self._waiting, []
        self.news.clear()
        return batch
