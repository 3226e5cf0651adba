"""Sources: what a stream reads, sync or async, and how it is closed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar._core import Pump

_END = object()


class Source:
    """The pieces that a sync stream reads: deltas, or what comes of a response's body.

    pieces: the iterator over them. Closed when the source is, and `opened`, what they come from, with it.
    wake: ends the waiting of another thread for the next piece, where that can be done.
    """

    def __init__(self, pieces: Iterable[Any], opened: object, wake: Callable[[], None] | None = None) -> None:
        self.pieces = iter(pieces)
        self.opened = opened
        self._wake = wake
        self._closed = False

    def close(self, pump: Pump[Any, Any]) -> None:
        """Read no more. Where another thread is waiting for the next piece, it closes the source when it has come."""
        if pump.body is not None:
            pump.body.close()
        if pump.reading:
            if self._wake is not None:
                self._wake()
        elif not self._closed:
            self._closed = True
            close(self.pieces)
            if self.opened is not self.pieces:
                close(self.opened)


class AsyncSource:
    """The pieces that an async stream reads. Several tasks may read it, each another choice of a response."""

    def __init__(self, pieces: AsyncIterable[Any], opened: object) -> None:
        self.pieces = aiter(pieces)
        self.opened = opened
        self._closed = False
        self._cancelled = False
        self._lock = asyncio.Lock()
        self._reader: asyncio.Task[Any] | None = None

    async def read(self, pump: Pump[Any, Any]) -> None:
        """Feed the pump the next piece, unless another task has done so in the meantime."""
        async with self._lock:
            if not pump.hungry:
                return
            self._reader = task = asyncio.current_task()
            try:
                piece = await anext(self.pieces, _END)
            except Exception as error:  # noqa: BLE001 - raised by each reader, after what it has not taken yet
                pump.fail(error)
            except asyncio.CancelledError:
                # It is `close` that has ended the waiting, unless somebody else wants the task to end as well.
                if not self._cancelled or _is_cancelled(task):
                    raise
            else:
                if piece is _END:
                    pump.end()
                else:
                    pump.feed(piece)
            finally:
                self._reader = None

    async def close(self, pump: Pump[Any, Any]) -> None:
        """Read no more. Where another task is waiting for the next piece, it goes on without it."""
        if pump.body is not None:
            pump.body.close()
        if self._reader is not None:
            if self._reader is asyncio.current_task():
                return  # it is the source that closes the stream: it will come to its own end
            self._cancelled = True
            self._reader.cancel()
        async with self._lock:
            if not self._closed:
                self._closed = True
                await aclose(self.pieces)
                if self.opened is not self.pieces:
                    await aclose(self.opened)


def check_source(source: object) -> None:
    """Check that something can be read as deltas, or as a body, and say what to write where it cannot.

    Raises:
        TypeError: it is no iterable of pieces.

    """
    kind = type(source).__name__
    wanted = "deltas are an iterable of str or bytes, not"
    if isinstance(source, str | bytes | bytearray | memoryview):
        message = f"{wanted} the {kind} itself: put it in a list"
    elif isinstance(source, BaseModel | Mapping):
        message = f"{wanted} one {kind}: put it in a list, if it is an event"
    elif isinstance(source, type):
        message = f"{wanted} the class {source.__name__}"
    elif hasattr(source, "aiter_bytes") or hasattr(source, "iter_bytes"):
        method = "iter_bytes" if hasattr(source, "iter_bytes") else "aiter_bytes"
        message = f"{wanted} one {kind}: give its bytes, response.{method}(), and wire=, as in wire='openai-chat'"
    elif isinstance(source, Iterable | AsyncIterable):
        return
    elif isinstance(source, AbstractContextManager | AbstractAsyncContextManager):
        message = f"{wanted} one {kind}: enter it by `with`, and give the bytes of the response that this opens"
    elif callable(source):
        message = f"{wanted} the function {getattr(source, '__name__', kind)}: call it"
    elif inspect.isawaitable(source):
        message = f"{wanted} a {kind}: await it first"
    else:
        message = f"{wanted} {kind}"
    raise TypeError(message)


def close(source: object) -> None:
    """Close a source that can be closed."""
    closing = getattr(source, "close", None)
    if closing is not None:
        closing()


async def aclose(source: object) -> None:
    """Close a source that can be closed, in whichever of the two ways it offers."""
    if inspect.isasyncgen(source) and source.ag_running:
        return  # an event loop that ends closes whatever generators there are, this one by itself
    method = getattr(source, "aclose", None) or getattr(source, "close", None)
    closing = method() if method is not None else None
    if inspect.isawaitable(closing):
        await closing


def _is_cancelled(task: asyncio.Task[Any] | None) -> bool:
    """Take back one cancellation. True if another one was asked for."""
    uncancel = getattr(task, "uncancel", None)  # from Python 3.11 on, where cancellations are counted
    return uncancel is not None and uncancel() > 0
