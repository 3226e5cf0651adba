"""An event loop whose time passes only while everything waits, and then at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator

T = TypeVar("T")


class FakeTime(asyncio.SelectorEventLoop):
    """An event loop that skips what it would have slept."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        self._real_select = selector.select
        selector.select = self._select

    def time(self) -> float:
        return self.now

    def _select(self, timeout: float | None) -> Any:
        assert timeout is not None, "everything waits, and for nothing that time could bring"
        self.now += timeout
        return self._real_select(0)


def in_fake_time(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine as `asyncio.run` does, without waiting for anything."""
    loop = FakeTime()
    try:
        return loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def timed(items: Iterable[tuple[float, T]]) -> AsyncIterator[T]:
    """Yield each item at its time."""
    loop = asyncio.get_running_loop()
    for time, item in items:
        await asyncio.sleep(time - loop.time())
        yield item


class SteppedClock:
    """A clock for sync code: `timed` items set it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def timed(self, items: Iterable[tuple[float, T]]) -> Iterator[T]:
        """Yield each item, and let it be its time."""
        for self.now, item in items:
            yield item
