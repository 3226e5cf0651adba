"""Pace, on a clock that the tests keep."""

from __future__ import annotations

import asyncio
import operator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar._pace import LATE, Arrivals, Pace, apaced, paced
from support.clock import SteppedClock, in_fake_time, timed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

Times = list[tuple[float, str]]
TEXT: Times = [(0.0, "a"), (0.2, "b"), (0.4, "c"), (1.1, "d"), (5.0, "e"), (5.5, "f")]


def in_step(items: Times, seconds: float) -> Times:
    """Pace the items in sync code; return what was handed out, with the times."""
    clock = SteppedClock()
    return [(clock.now, item) for item in paced(clock.timed(items), seconds, operator.add, clock)]


def in_time(items: Times, seconds: float) -> Times:
    """Pace the items in async code."""

    async def run() -> Times:
        loop = asyncio.get_running_loop()
        return [(loop.time(), item) async for item in apaced(timed(items), seconds, operator.add)]

    return in_fake_time(run())


def test_sync_code_hands_out_when_something_comes_and_at_the_end() -> None:
    assert in_step(TEXT, 1) == [(0.0, "a"), (1.1, "bcd"), (5.0, "e"), (5.5, "f")]


def test_async_code_hands_out_in_time_though_nothing_comes() -> None:
    assert in_time(TEXT, 1) == [(0.0, "a"), (1.0, "bc"), (2.0, "d"), (5.0, "e"), (5.5, "f")]


def test_no_seconds_is_every_item() -> None:
    assert in_step(TEXT, 0) == in_time(TEXT, 0) == TEXT


TIMES = st.lists(st.floats(0, 9).map(lambda time: round(time, 2))).map(sorted)


@given(times=TIMES, seconds=st.sampled_from([0, 0.1, 0.25, 1, 3, 100]))
def test_nothing_is_lost_and_nothing_comes_too_often_or_too_late(times: list[float], seconds: float) -> None:
    items: Any = [(time, [number]) for number, time in enumerate(times)]
    ways: Any = ((in_step(items, seconds), True), (in_time(items, seconds), False))
    for handed, ends in ways:
        assert [number for _, batch in handed for number in batch] == list(range(len(times)))
        moments = [moment for moment, _ in handed]
        # What is left at the end does not wait.
        assert all(later - moment >= seconds - 1e-6 for moment, later in pairwise(moments[:-1]))
        for moment, batch in handed:
            late = moment - times[int(batch[0])]
            assert ends or late <= seconds + 1e-6


@given(times=TIMES, seconds=st.floats(0, 4))
def test_pace_is_due_once_for_what_has_come(times: list[float], seconds: float) -> None:
    pace, last = Pace(seconds), float("-inf")
    for now in times:
        if pace.arrive(now):
            assert now - last >= seconds - 1e-9
            pace.hand_out(now)
            last = now
        assert pace.due is None or pace.due == last + seconds


def test_a_pace_is_no_negative_number() -> None:
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="seconds from 0 on"):
            Pace(seconds)


def broken(items: Iterable[str]) -> Iterator[str]:
    yield from items
    message = "the line is dead"
    raise OSError(message)


async def abroken(items: Iterable[str]) -> AsyncIterator[str]:
    for item in broken(items):
        yield item


def test_what_came_before_an_error_comes_before_it() -> None:
    seen: list[str] = []
    with pytest.raises(OSError, match="dead"):
        seen.extend(paced(broken("abc"), 9, operator.add, lambda: 0.0))
    assert seen == ["a", "bc"]

    async def run() -> None:
        async for item in apaced(abroken("abc"), 9, operator.add):
            seen.append(item)  # noqa: PERF401 - what came before the error counts

    seen.clear()
    with pytest.raises(OSError, match="dead"):
        in_fake_time(run())
    assert seen == ["a", "bc"]


def test_a_deadline_that_passes_is_told_and_nothing_is_lost() -> None:
    async def run() -> list[Any]:
        loop = asyncio.get_running_loop()
        seen: list[Any] = [(0.0, LATE)]
        async for item in Arrivals(timed([(1.2, "a"), (3.5, "b"), (3.6, "c")]), lambda: seen[-1][0] + 1):
            seen.append((loop.time(), item))  # noqa: PERF401 - the deadline looks at it
        return seen[1:]

    seen = [(round(time, 3), item) for time, item in in_fake_time(run())]
    assert seen == [(1.0, LATE), (1.2, "a"), (2.2, LATE), (3.2, LATE), (3.5, "b"), (3.6, "c")]


def test_left_early_it_closes_its_source_in_the_middle_of_a_wait() -> None:
    closed = []

    async def source() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    async def run() -> None:
        items = Arrivals(source(), lambda: 1.0)
        assert [await anext(items), await anext(items)] == [1, LATE]
        await items.aclose()
        assert closed == [True]

    in_fake_time(run())
