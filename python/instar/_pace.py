"""Pace: how often what has come is handed out, and waiting with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from typing_extensions import Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable

    from instar._options import Emit

T = TypeVar("T")


def seconds_of(emit: Emit) -> float | None:
    """Return the seconds that lie between two looks at least; None where there is one at every delta or read.

    Raises:
        ValueError: there is no such `emit`.

    """
    if emit in ("delta", "read"):
        return None
    if isinstance(emit, int | float) and emit >= 0:
        return emit
    message = f"emit is 'delta', 'read' or a number of seconds, not {emit!r}"
    raise ValueError(message)


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
    arrivals = Arrivals(source, lambda: pace.due)
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


class Arrivals(Generic[T]):
    """Iterates over a source, and yields `LATE` each time that the deadline passes before the next item.

    `deadline` is a time of the event loop's clock, or None; it is asked before each wait, and again when it has passed.
    One task reads all of the source, two items ahead at most, and closes it. Leave it by `aclose`.
    """

    # No generator: where one is forgotten together with the generator that iterates over it, the loop closes both at
    # once, and each fails because of the other.

    def __init__(self, source: AsyncIterable[T], deadline: Callable[[], float | None]) -> None:
        self._slot: asyncio.Queue[T | Late] = asyncio.Queue(maxsize=1)
        self._alarm = _Alarm(deadline, self._slot)
        self._reading = asyncio.get_running_loop().create_task(_read(source, self._slot))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T | Late:
        self._alarm.set()
        item = await self._slot.get()
        if item is _END:
            self._alarm.clear()
            await self._reading
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Stop reading, and close the source."""
        self._alarm.clear()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


async def _read(source: AsyncIterable[T], slot: asyncio.Queue[T | Late]) -> None:
    """Put the items of a source into a slot, and the end behind them."""
    try:
        async for item in source:
            await slot.put(item)
    except Exception:
        await slot.put(_END)
        raise
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
    await slot.put(_END)


class _Alarm:
    """Puts `LATE` into an empty slot at the deadline. One timer serves many waits: a task for each would cost more."""

    def __init__(self, deadline: Callable[[], float | None], slot: asyncio.Queue[Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._slot = slot
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """See to it that it rings at the deadline: a timer that is too early asks again."""
        due = self._deadline()
        if due is None or (self._timer is not None and self._timer.when() <= due):
            return
        self.clear()
        self._timer = self._loop.call_at(due, self._ring)

    def clear(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        due = self._deadline()
        # Timers may be as early as the clock is coarse.
        if due is not None and due <= self._loop.time() + time.get_clock_info("monotonic").resolution:
            if self._slot.empty():
                self._slot.put_nowait(LATE)
        else:
            self.set()
