"""Pace: how often what has come is handed out, and waiting with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable

T = TypeVar("T")


class Pace:
    """Decides when what has come is handed out: at once where enough time has passed, and never more often than that.

    It does no I/O and knows no clock: you tell it the time, in seconds.
    """

    def __init__(self, seconds: float) -> None:
        if not seconds >= 0:
            message = f"a pace is a number of seconds from 0 on, not {seconds!r}"
            raise ValueError(message)
        self.seconds = seconds
        self.due: float | None = None
        """When what waits has to be handed out; None if nothing waits."""
        self._free = float("-inf")

    def arrive(self, now: float) -> bool:
        """Note that something has come; say whether it is to be handed out now."""
        if self.due is None:
            self.due = max(now, self._free)
        return now >= self.due

    def hand_out(self, now: float) -> None:
        """Note that what waited has been handed out."""
        self.due = None
        self._free = now + self.seconds


def paced(
    source: Iterable[T], seconds: float, merge: Callable[[T, T], T], clock: Callable[[], float] = time.monotonic
) -> Generator[T, None, None]:
    """Yield the items of a source, at most one in so many seconds; those between are merged, and none is lost.

    Nothing runs between two items: what waits is handed out when the next one comes, or at the end. An error of the
    source is raised after what had come before it.
    """
    pace = Pace(seconds)
    waiting: list[T] = []
    try:
        for item in source:
            waiting = [merge(waiting[0], item) if waiting else item]
            if pace.arrive(now := clock()):
                pace.hand_out(now)
                yield waiting.pop()
    except Exception:
        yield from waiting
        raise
    finally:
        if isinstance(source, Generator):
            source.close()
    yield from waiting


async def apaced(source: AsyncIterable[T], seconds: float, merge: Callable[[T, T], T]) -> AsyncGenerator[T, None]:
    """Do as `paced` does, by the event loop's clock: what waits is handed out in time, also while nothing comes."""
    pace = Pace(seconds)
    clock = asyncio.get_running_loop().time
    waiting: list[T] = []
    arrivals = until(source, lambda: pace.due)
    try:
        async for item in arrivals:
            if item is not LATE:
                waiting = [merge(waiting[0], item) if waiting else item]
            if item is LATE or pace.arrive(clock()):
                pace.hand_out(clock())
                yield waiting.pop()
    except Exception:
        for item in waiting:
            yield item
        raise
    finally:
        await arrivals.aclose()
    for item in waiting:
        yield item


class Late(Enum):
    """A deadline has passed, and nothing has come."""

    LATE = "late"


LATE: Final = Late.LATE
_END: Any = object()


async def until(source: AsyncIterable[T], deadline: Callable[[], float | None]) -> AsyncGenerator[T | Late, None]:
    """Yield the items of a source, and `LATE` each time that the deadline passes before the next one.

    `deadline` is asked before each wait: a time of the event loop's clock, or None to wait without one. Nothing is read
    ahead. A wait with a deadline runs in a task of its own. The source is closed when this generator is.
    """
    clock = asyncio.get_running_loop().time
    iterator = aiter(source)
    pending: asyncio.Future[T] | None = None
    try:
        while True:
            due = deadline()
            if pending is None and due is None:
                item = await anext(iterator, _END)
            else:
                pending = pending or asyncio.ensure_future(_next(iterator))
                await asyncio.wait({pending}, timeout=None if due is None else max(due - clock(), 0))
                if not pending.done():
                    yield LATE
                    continue
                item, pending = pending.result(), None
            if item is _END:
                return
            yield item
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()


async def _next(iterator: AsyncIterator[T]) -> T:
    return await anext(iterator, _END)
