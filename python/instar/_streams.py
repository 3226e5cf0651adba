"""Streams: the two loops between a source and a pump, sync and async. Each is the counterpart of the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from instar._core import Pull
from instar._options import FinalT, ItemT
from instar._session import BodySession, Session

if TYPE_CHECKING:
    from types import TracebackType

    from instar._core import Pump
    from instar._source import AsyncSource, Source


class Stream(Session[ItemT, FinalT], Iterator[ItemT]):
    """Objects out of a sync source of deltas. Iterate over it; it closes its source when the loop is left.

    `for item in stream` closes the source at the loop's end, however it ends: Python drops the loop's
    iterator on `break`, `return` or an exception. Where that is not soon enough (a Python without reference
    counts, an iterator kept in a variable), use `with stream:`. `next(stream)` reads on without closing.

    A delta that is refused closes the source at once. Errors are raised where the next item was asked for, and
    the parser stays readable: `instar.StreamError`, `pydantic.ValidationError`, and whatever the source raises.
    """

    def __init__(self, source: Source | None, pump: Pump[ItemT, FinalT], *, owner: bool = True) -> None:
        super().__init__(pump)
        self._source = source
        self._owner = owner

    def final(self) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        for _ in Pull(self, owns=False):
            pass
        return self._outcome()

    def close(self) -> None:
        """Stop reading and close the source. What has arrived stays readable.

        Another thread that is reading stops, too: at once where instar's client reads, else when its source gives the
        next delta.
        """
        self._leave()
        self._close_source()

    def __next__(self) -> ItemT:
        pull: Pull[ItemT] = Pull(self, owns=False)
        return next(pull)

    def __iter__(self) -> Iterator[ItemT]:  # noqa: PYI034 - it is the iterator's end that tells that the loop was left
        return Pull(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance(self) -> bool:
        """Do what is next where there is nothing to take and nothing to read. False: the stream is over."""
        if self._is_over():
            self._close_source()
            return False
        if self._source is None:
            self._open()
        elif self._pump.abandoned:
            self._leave()
        elif not self._settled:
            self._close_source()
            self._settle()
        elif not self._again():
            self._finish()
            return False
        return True

    def _open(self) -> None:
        """Make the source, where there is none yet."""

    def _close_source(self) -> None:
        if self._owner and self._source is not None:
            self._source.close(self._pump)


class AsyncStream(Session[ItemT, FinalT], AsyncIterator[ItemT]):
    """Objects out of an async source of deltas: the async counterpart of `Stream`.

    When `async for` is left early, the event loop closes the source as soon as it runs again; `async with
    stream:` closes it before the next statement.
    """

    def __init__(self, source: AsyncSource | None, pump: Pump[ItemT, FinalT], *, owner: bool = True) -> None:
        super().__init__(pump)
        self._source = source
        self._owner = owner

    async def final(self) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        more = True
        while more:
            for _ in self._items():
                pass
            more = await self._advance()
        return self._outcome()

    async def aclose(self) -> None:
        """Stop reading and close the source. What has arrived stays readable.

        Another task that is reading stops, too.
        """
        self._leave()
        await self._close_source()

    async def __anext__(self) -> ItemT:
        more = True
        while more:
            for item in self._items():
                return item
            more = await self._advance()
        raise StopAsyncIteration

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        # A generator, since the event loop finalizes nothing else: so it sees that the loop was left.
        try:
            more = True
            while more:
                for item in self._items():
                    yield item
                more = await self._advance()
        finally:
            await self.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _items(self) -> Iterator[ItemT]:
        """Return the items that can be had without reading on."""
        return iter(()) if self._source is None else self._pump

    async def _advance(self) -> bool:
        """Do what is next where there is nothing to take. False: the stream is over."""
        try:
            if self._is_over():
                await self._close_source()
                return False
            if self._source is None:
                await self._open()
            elif self._pump.hungry:
                await self._source.read(self._pump)
            elif self._pump.abandoned:
                self._leave()
            elif not self._settled:
                await self._close_source()
                self._settle()
            elif not self._again():
                self._finish()
                return False
        except Exception:
            raise
        except BaseException:
            self._interrupt()
            raise
        return True

    async def _open(self) -> None:
        """Make the source, where there is none yet."""

    async def _close_source(self) -> None:
        if self._owner and self._source is not None:
            await self._source.close(self._pump)


class BodyStream(BodySession[ItemT, FinalT], Stream[ItemT, FinalT]):
    """Objects out of a response's body, or of one of the choices in it. See `instar.Stream`.

    A stream of a single choice leaves the response to its owner: closing it does not close the response.
    """


class AsyncBodyStream(BodySession[ItemT, FinalT], AsyncStream[ItemT, FinalT]):
    """The async counterpart of `BodyStream`."""


def stream_of(source: Source | None, pump: Pump[Any, Any]) -> Stream[Any, Any]:
    """Return the sync stream that a pump is for: over deltas, or over a body."""
    return Stream(source, pump) if pump.body is None else BodyStream(source, pump)


def async_stream_of(source: AsyncSource | None, pump: Pump[Any, Any]) -> AsyncStream[Any, Any]:
    """Return the async stream that a pump is for."""
    return AsyncStream(source, pump) if pump.body is None else AsyncBodyStream(source, pump)
