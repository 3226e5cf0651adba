"""Streams: the two loops between a source and a pump, sync and async. Each is the counterpart of the other."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import Self

from instar._core import Pieces, Pull
from instar._following import Follower, Mode, Spelling
from instar._options import FinalT, ItemT
from instar._pace import apaced, paced
from instar._place import AsyncPlace, AsyncReading, Handle, Place, PullingHandle, Reading
from instar._resolve import resolve
from instar._session import BodySession, Session, Showing
from instar.errors import TruncatedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from types import TracebackType

    from instar._core import Pump
    from instar._source import AsyncSource, Source
    from instar.changes import Change

DrainedT = TypeVar("DrainedT")


class Stream(Session[ItemT, FinalT], Iterator[ItemT]):
    """Objects out of a sync source of deltas. Iterate over it; it closes its source when the loop is left.

    `for item in stream` closes the source at the loop's end, however it ends: Python drops the loop's
    iterator on `break`, `return` or an exception. Where that is not soon enough (a Python without reference
    counts, an iterator kept in a variable), use `with stream:`. `next(stream)` reads on without closing.

    A delta that is refused closes the source at once. Errors are raised where the next item was asked for, and
    the parser stays readable: `instar.StreamError`, `pydantic.ValidationError`, and whatever the source raises.
    """

    def __init__(
        self,
        source: Source | None,
        pump: Pump[ItemT, FinalT],
        showing: Showing | None = None,
        *,
        owner: bool = True,
    ) -> None:
        super().__init__(pump, showing or Showing())
        self._source = source
        self._owner = owner
        self._reading = Reading()
        self._paced: Iterator[ItemT] | None = None

    def final(self, *, allow_truncated: bool = False) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        With `allow_truncated` an answer that is cut off is completed: see `instar.Parser.finish`.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        try:
            while self._read_to_news():
                self._tell()
        except TruncatedError:
            if not allow_truncated:
                raise
        self._tell()
        return self._outcome(allow_truncated=allow_truncated)

    def close(self) -> None:
        """Stop reading and close the source. What has arrived stays readable.

        Another thread that is reading stops, too: at once where instar's client reads, else when its source gives the
        next delta.
        """
        self._leave()
        self._close_source()

    def changes(self, *, mode: Mode = "json", by_alias: bool = False) -> Iterator[list[Change]]:
        """Return the changes in which `dump` grows, a batch for each delta that makes some. Left early, it closes.

        What is there by now comes as one `replace`. Before another attempt comes `instar.changes.RETRY`.

        Raises:
            TypeError: the answer is several calls, each with a value of its own.
            instar.StreamError, pydantic.ValidationError: while iterating, after the changes of what came before.

        """
        follower = Follower(mode, by_alias=by_alias)
        return self._handed_out(lambda: self._drain(follower))

    def json_text(self) -> Iterator[str]:
        """Return the JSON text of the answer as it comes, mended where that is asked for. Left early, it closes.

        Raises:
            TypeError: the answer is several calls.
            instar.StreamError: while iterating, as `changes` does; and where another attempt follows, for what has been
                handed out is void.

        """
        spelling = Spelling()
        return self._handed_out(lambda: spelling.read(self._pump))

    def at(self, path: str) -> Place:
        """Return a part of the answer that you want to hear of: `sections[*].title`. Whoever waits for it reads on.

        Raises:
            ValueError: it is no path, or no value of the type has anything there: the message names the nearest field.

        """
        return Place(self._reading, self._handle(), resolve(path, self._showing.schema))

    def __next__(self) -> ItemT:
        if self._seconds is not None:
            self._paced = self._paced or self._snapshots(self._seconds)
            return next(self._paced)
        pull: Pull[ItemT] = Pull(self)
        return next(pull)

    def __iter__(self) -> Iterator[ItemT]:  # noqa: PYI034 - it is the iterator's end that tells that the loop was left
        return _Loop(self) if self._seconds is None else self._closing(self._snapshots(self._seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _handle(self) -> PullingHandle:
        return PullingHandle(
            self._look,
            self.final,
            self._read_to_news,
            self._has_news,
            self._drain_watched,
            self._unwatch,
            self._refused,
            self.close,
            partial(Pieces.of, self),
        )

    def _read_on(self, *, to_news: bool = False) -> bool:
        """Read the next delta, and make no item of it. False: the stream is over."""
        more = next(Pull(self, silent=True, to_news=to_news), None) is not None
        if not more and self._failure is not None:
            raise self._failure
        return more

    def _read_to_news(self) -> bool:
        """Read up to a delta by which something may have happened at a place that is watched."""
        return self._read_on(to_news=True)

    def _tell(self) -> None:
        """Tell those who watch places what has come."""
        if self._pump.has_news():
            self._reading.tell(self._handle())

    def _handed_out(self, drain: Callable[[], DrainedT]) -> Iterator[DrainedT]:
        """Return what there is to drain, at the pace of the stream."""
        drained, seconds = self._drained(drain), self._showing.seconds
        return drained if seconds is None else paced(drained, seconds, operator.add)

    def _drained(self, drain: Callable[[], DrainedT]) -> Generator[DrainedT, None, None]:
        """Yield what there is to drain at each delta. An error is raised after what came before it."""
        failure, more = None, True
        try:
            while more:
                if drained := drain():
                    yield drained
                try:
                    more = self._read_on()
                except Exception as error:  # noqa: BLE001 - raised below
                    failure, more = error, False
                self._tell()
            if drained := drain():
                yield drained
            if failure is not None:
                raise failure
        finally:
            self.close()

    def _snapshots(self, seconds: float) -> Iterator[ItemT]:
        """Yield the growing answer, once in so many seconds at most."""
        for _ in paced(self._news(), seconds, operator.or_):
            yield self.snapshot  # type: ignore[misc] # what grows is the item

    def _news(self) -> Iterator[bool]:
        """Yield True whenever there is something new to see."""
        for news in Pull[bool](self, silent=True):
            self._tell()
            if news:
                yield True

    def _closing(self, items: Iterator[ItemT]) -> Iterator[ItemT]:
        """Yield the items, and close the stream when it is left."""
        try:
            yield from items
        finally:
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


class _Loop(Pull[ItemT]):
    """The items of a stream, for a loop. Dropped, as by a loop that is left, it closes the stream."""

    # In Python, whose garbage collector calls this while the stream is still whole.
    def __del__(self) -> None:
        self.stream.close()


class AsyncStream(Session[ItemT, FinalT], AsyncIterator[ItemT]):
    """Objects out of an async source of deltas: the async counterpart of `Stream`.

    When `async for` is left early, the event loop closes the source as soon as it runs again; `async with
    stream:` closes it before the next statement.
    """

    def __init__(
        self,
        source: AsyncSource | None,
        pump: Pump[ItemT, FinalT],
        showing: Showing | None = None,
        *,
        owner: bool = True,
    ) -> None:
        super().__init__(pump, showing or Showing())
        self._source = source
        self._owner = owner
        self._reading = AsyncReading()
        self._paced: AsyncIterator[ItemT] | None = None

    async def final(self, *, allow_truncated: bool = False) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        With `allow_truncated` an answer that is cut off is completed: see `instar.Parser.finish`.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        more = True
        try:
            while more:
                while self._source is not None and self._pump.read_on() is not None:
                    await self._tell()
                more = await self._advance()
            await self._tell()
        except TruncatedError:
            if not allow_truncated:
                raise
        return self._outcome(allow_truncated=allow_truncated)

    async def aclose(self) -> None:
        """Stop reading and close the source. What has arrived stays readable.

        Another task that is reading stops, too.
        """
        self._leave()
        await self._close_source()

    def changes(self, *, mode: Mode = "json", by_alias: bool = False) -> AsyncGenerator[list[Change], None]:
        """Return the changes in which `dump` grows, a batch for each delta that makes some. Left early, it closes.

        What is there by now comes as one `replace`. Before another attempt comes `instar.changes.RETRY`.

        Raises:
            TypeError: the answer is several calls, each with a value of its own.
            instar.StreamError, pydantic.ValidationError: while iterating, after the changes of what came before.

        """
        follower = Follower(mode, by_alias=by_alias)
        return self._handed_out(lambda: self._drain(follower))

    def json_text(self) -> AsyncGenerator[str, None]:
        """Return the JSON text of the answer as it comes, mended where that is asked for. Left early, it closes.

        Raises:
            TypeError: the answer is several calls.
            instar.StreamError: while iterating, as `changes` does; and where another attempt follows, for what has been
                handed out is void.

        """
        spelling = Spelling()
        return self._handed_out(lambda: spelling.read(self._pump))

    def at(self, path: str) -> AsyncPlace:
        """Return a part of the answer that you want to hear of: `sections[*].title`. Whoever waits for it reads on.

        Raises:
            ValueError: it is no path, or no value of the type has anything there: the message names the nearest field.

        """
        return AsyncPlace(self._reading, self._handle(), resolve(path, self._showing.schema))

    async def __anext__(self) -> ItemT:
        if self._seconds is not None:
            self._paced = self._paced or self._snapshots(self._seconds)
            return await anext(self._paced)
        more = True
        while more:
            for item in self._items():
                await self._tell()
                return item
            await self._tell()
            more = await self._advance()
        raise StopAsyncIteration

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        # A generator, since the event loop finalizes nothing else: so it sees that the loop was left.
        try:
            if self._seconds is not None:
                async for item in self._snapshots(self._seconds):
                    yield item
                return
            more = True
            while more:
                for item in self._items():
                    await self._tell()
                    yield item
                await self._tell()
                more = await self._advance()
        except GeneratorExit:
            await _ending()
            raise
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

    def _handle(self) -> Handle[Coroutine[Any, Any, bool]]:
        return Handle(
            self._look,
            self.final,
            self._read_to_news,
            self._has_news,
            self._drain_watched,
            self._unwatch,
            self._refused,
            self.aclose,
        )

    async def _read_on(self) -> bool:
        """Read the next delta, and make no item of it. False: the stream is over."""
        while self._source is None or self._pump.read_on() is None:
            if not await self._advance():
                if self._failure is not None:
                    raise self._failure
                return False
        return True

    async def _read_to_news(self) -> bool:
        """Read up to a delta by which something may have happened at a place that is watched."""
        while await self._read_on():
            if self._pump.has_news():
                return True
        return False

    async def _tell(self) -> None:
        """Tell those who watch places what has come."""
        if self._pump.has_news():
            await self._reading.tell(self._handle())

    def _handed_out(self, drain: Callable[[], DrainedT]) -> AsyncGenerator[DrainedT, None]:
        """Return what there is to drain, at the pace of the stream."""
        drained, seconds = self._drained(drain), self._showing.seconds
        return drained if seconds is None else apaced(drained, seconds, operator.add)

    async def _drained(self, drain: Callable[[], DrainedT]) -> AsyncGenerator[DrainedT, None]:
        """Yield what there is to drain at each delta. An error is raised after what came before it."""
        failure, more = None, True
        try:
            while more:
                if drained := drain():
                    yield drained
                try:
                    more = await self._read_on()
                except Exception as error:  # noqa: BLE001 - raised below
                    failure, more = error, False
                await self._tell()
            if drained := drain():
                yield drained
            if failure is not None:
                raise failure
        except GeneratorExit:
            await _ending()
            raise
        finally:
            await self.aclose()

    async def _snapshots(self, seconds: float) -> AsyncIterator[ItemT]:
        """Yield the growing answer, once in so many seconds at most."""
        async for _ in apaced(self._news(), seconds, operator.or_):
            yield self.snapshot  # type: ignore[misc] # what grows is the item

    async def _news(self) -> AsyncIterator[bool]:
        """Yield True whenever there is something new to see."""
        more = True
        while more:
            while self._source is not None and (news := self._pump.read_on()) is not None:
                await self._tell()
                if news:
                    yield True
            more = await self._advance()

    async def _advance(self) -> bool:
        """Do what is next where there is nothing to take. False: the stream is over."""
        try:
            if self._is_over():
                await self._close_source()
                return False
            if self._source is None:
                await self._open()
            elif self._pump.full:
                await asyncio.sleep(0)  # the others' turn
                self._pump.begin_step()
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


async def _ending() -> None:
    """Let an event loop that ends come to the source first.

    It closes all generators side by side, and none can be closed twice at once.
    """
    await asyncio.sleep(0)


def stream_of(source: Source | None, pump: Pump[Any, Any], showing: Showing) -> Stream[Any, Any]:
    """Return the sync stream that a pump is for: over deltas, or over a body."""
    return Stream(source, pump, showing) if pump.body is None else BodyStream(source, pump, showing)


def async_stream_of(source: AsyncSource | None, pump: Pump[Any, Any], showing: Showing) -> AsyncStream[Any, Any]:
    """Return the async stream that a pump is for."""
    return AsyncStream(source, pump, showing) if pump.body is None else AsyncBodyStream(source, pump, showing)
