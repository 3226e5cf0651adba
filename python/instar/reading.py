"""Streams: a source of deltas, a view of what they spell, and the loop between the two.

The loops live in `Stream` and `AsyncStream`, and are each other's twins; everything else is shared.
"""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)
from typing import TYPE_CHECKING, Any, Generic, Literal, cast

from typing_extensions import Self

from instar.errors import TruncatedError
from instar.views import FinalT, ItemT, View

if TYPE_CHECKING:
    from types import AsyncGeneratorType, TracebackType

    from instar.parser import Parser
    from instar.progress import Progress


class Reading(Generic[ItemT, FinalT]):
    """What a sync and an async stream have in common: all but the loop."""

    def __init__(self, view: View[ItemT, FinalT]) -> None:
        self._view = view
        self._failure: Exception | None = None
        self._ended = False

    @property
    def parser(self) -> Parser[Any]:
        """The parser that reads this stream; after an error too."""
        return self._view.parser

    @property
    def snapshot(self) -> Any:
        """The answer so far: the growing object, or the list with its last element perhaps open."""
        return self._view.snapshot

    @property
    def text(self) -> str:
        """The JSON text that has arrived."""
        return self._view.text

    def dump(self, *, mode: Literal["python", "json"] = "python", by_alias: bool = False) -> Any:
        """Return what has arrived, and nothing else, as plain data: see `instar.dump`."""
        return self._view.dump(mode=mode, by_alias=by_alias)

    @property
    def progress(self) -> Progress:
        """How much of the answer's top-level fields has arrived."""
        return self.parser.progress

    def _take(self, delta: Any) -> Iterable[ItemT]:
        """Return what a delta makes visible. If it is refused, keep the error, for the loop to raise."""
        try:
            return self._view.after(delta)
        except Exception as error:  # noqa: BLE001 - not before the source is closed
            self._refuse(error)
            return self._view.rest()

    def _finish(self) -> None:
        """Check what has arrived by the end of the source. If it is no answer, keep the error."""
        self._ended = True
        try:
            self._end()
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse(error)

    def _end(self) -> None:
        self._view.end()

    def _refuse(self, error: Exception) -> None:
        """Take note of what is wrong with the answer."""
        self._failure = error

    def _fail(self, error: Exception) -> None:
        """Take note of what is about to be raised."""
        self._failure = error

    def _again(self) -> bool:
        """Say whether, after a refusal, another source follows."""
        return False

    def _settle(self) -> None:
        """Raise what is wrong with the answer, if anything is."""
        if self._failure is not None:
            raise self._failure

    def _outcome(self) -> FinalT:
        """Return the validated answer, of which nothing more will come."""
        self._settle()
        parser = self.parser
        if not (self._ended or parser.complete):
            reason = "because this stream was closed before its end"
            raise TruncatedError(parser.path, parser.offset, parser.line, parser.column, reason=reason)
        return self._view.final()


class Stream(Reading[ItemT, FinalT], Iterator[ItemT]):
    """Objects out of a sync source of deltas. Iterate over it; it closes its source when the loop is left.

    `for item in stream` closes the source at the loop's end, however it ends: Python drops the loop's
    iterator on `break`, `return` or an exception. Where that is not soon enough (a Python without reference
    counts, an iterator kept in a variable), use `with stream:`. `next(stream)` reads on without closing.

    A delta that is refused closes the source at once. Errors are raised where the next item was asked for, and
    the parser stays readable: `instar.StreamError`, `pydantic.ValidationError`, and whatever the source raises.
    """

    def __init__(self, source: Iterable[Any] | None, view: View[ItemT, FinalT]) -> None:
        super().__init__(view)
        self._source = source
        self._items = self._read()

    def final(self) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        for _ in self._items:
            pass
        return self._outcome()

    def close(self) -> None:
        """Stop reading and close the source. What has arrived stays readable."""
        self._items.close()
        close(self._source)

    def __next__(self) -> ItemT:
        return next(self._items)

    def __iter__(self) -> Iterator[ItemT]:  # noqa: PYI034 - a generator is what sees that the loop was left
        # Left, this generator closes the one it delegates to, and that one the source.
        yield from self._items

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> Iterable[Any]:
        """Return the source. Where it is a request that has not been sent, this sends it."""
        return cast("Iterable[Any]", self._source)

    def _read(self) -> Generator[ItemT, None, None]:
        try:
            reading = True
            while reading:
                self._ended = False
                source = self._open()
                yield from self._view.opening()
                for delta in source:
                    items = self._take(delta)
                    if self._failure is not None:
                        close(self._source)
                    yield from items
                    if self._failure is not None:
                        break
                else:
                    self._finish()
                reading = self._failure is not None and self._again()
            self._settle()
        except Exception as error:
            self._fail(error)
            raise
        finally:
            close(self._source)


class AsyncStream(Reading[ItemT, FinalT], AsyncIterator[ItemT]):
    """Objects out of an async source of deltas: the twin of `Stream`.

    When `async for` is left early, the event loop closes the source as soon as it runs again; `async with
    stream:` closes it before the next statement.
    """

    def __init__(self, source: AsyncIterable[Any] | None, view: View[ItemT, FinalT]) -> None:
        super().__init__(view)
        self._source = source
        self._items = self._read()

    async def final(self) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        async for _ in self._items:
            pass
        return self._outcome()

    async def aclose(self) -> None:
        """Stop reading and close the source. What has arrived stays readable.

        Raises:
            RuntimeError: another task is reading.

        """
        if cast("AsyncGeneratorType[ItemT, None]", self._items).ag_running:
            message = "another task is reading this stream: one at a time, or one for each of a response's choices"
            raise RuntimeError(message)
        await self._items.aclose()
        await aclose(self._source)

    async def __anext__(self) -> ItemT:
        return await anext(self._items)

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        try:
            async for item in self._items:
                yield item
        finally:
            await self.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _open(self) -> AsyncIterable[Any]:
        """Return the source. Where it is a request that has not been sent, this sends it."""
        return cast("AsyncIterable[Any]", self._source)

    async def _read(self) -> AsyncGenerator[ItemT, None]:
        try:
            reading = True
            while reading:
                self._ended = False
                source = await self._open()
                for item in self._view.opening():
                    yield item
                async for delta in source:
                    items = self._take(delta)
                    if self._failure is not None:
                        await aclose(self._source)
                    for item in items:
                        yield item
                    if self._failure is not None:
                        break
                else:
                    self._finish()
                reading = self._failure is not None and self._again()
            self._settle()
        except Exception as error:
            self._fail(error)
            raise
        finally:
            await aclose(self._source)


def close(source: object) -> None:
    """Close a source that can be closed."""
    closing = getattr(source, "close", None)
    if closing is not None:
        closing()


async def aclose(source: object) -> None:
    """Close a source that can be closed, in whichever of the two ways it offers."""
    method = getattr(source, "aclose", None) or getattr(source, "close", None)
    closing = method() if method is not None else None
    if inspect.isawaitable(closing):
        await closing
