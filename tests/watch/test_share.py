"""One stream, several readers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.changes import Change, Replica
from instar.errors import StreamError
from instar.outlets import share, sse
from instar.outlets.share import BEHIND
from support.changes import same
from support.clock import in_fake_time, timed
from support.compact import Page
from support.growing import AGrowing, Growing
from support.strategies import UNTYPED, texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from instar.outlets import Shared

TEXT = '{"name": "Ada", "notes": ["x", {"y": "z"}], "age": 36}'


def slowly(text: str) -> AGrowing:
    """Return a stream of the characters of a text, one a second."""
    return AGrowing(timed([(float(second), char) for second, char in enumerate(text)]))


async def look(shared: Shared, begin: float, pause: float) -> list[Any]:
    """Read from a moment on, pausing after each batch; return what was seen, and at last the path that is open."""
    await asyncio.sleep(begin)
    replica, seen = Replica(), []
    async for batch in shared.changes():
        replica.apply(*batch)
        seen.append(str(replica.value))
        await asyncio.sleep(pause)
    return [*seen, replica.value, replica.open]


@given(text=texts(UNTYPED), readers=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 30)), max_size=4))
def test_every_reader_ends_with_the_whole_whenever_it_comes_and_however_slow(
    text: bytes, readers: list[tuple[int, int]]
) -> None:
    async def run() -> None:
        async with share(slowly(text.decode())) as shared:
            looks = await asyncio.gather(*(look(shared, begin + 0.5, pause) for begin, pause in [(0, 0), *readers]))
        for seen in looks:
            assert same(seen[-2], looks[0][-2])
            assert seen[-1] is None

    in_fake_time(run())


def test_who_comes_late_begins_with_what_is_there_and_what_is_open() -> None:
    async def run() -> None:
        async with share(slowly(TEXT)) as shared:
            await asyncio.sleep(TEXT.index("z") + 0.5)
            replica = Replica()
            batches = shared.changes()
            replica.apply(*await anext(batches))
            assert replica.value == {"name": "Ada", "notes": ["x", {"y": "z"}]}
            assert replica.open == ("notes", 1, "y")
            await asyncio.sleep(1)
            again = Replica()
            again.apply(*await anext(shared.changes()))
            assert again.open == ("notes", 1)

    in_fake_time(run())


def numbers(count: int) -> AsyncIterator[list[Change]]:
    """Yield the changes of a list of numbers, one a second."""
    sets = [[Change("set", (number,), number)] for number in range(count)]
    return timed(list(enumerate([[Change("open", (), [])], *sets, [Change("close", (), None)]])))


def test_a_slow_reader_gets_the_latest_state_and_holds_nobody_up() -> None:
    async def run() -> None:
        async with share(numbers(5 * BEHIND)) as shared:
            quick, slow = await asyncio.gather(look(shared, 0, 0), look(shared, 0, BEHIND * 2))
        assert quick[-2] == slow[-2] == list(range(5 * BEHIND))
        assert len(quick) > 5 * BEHIND
        assert len(slow) < 8

    in_fake_time(run())


def test_what_is_kept_for_a_slow_reader_is_bounded() -> None:
    async def run() -> None:
        async with share(numbers(3 * BEHIND)) as shared:
            batches = shared.changes()
            await anext(batches)
            await asyncio.sleep(2 * BEHIND)
            (reader,) = shared._readers  # noqa: SLF001 - what is kept cannot be seen otherwise
            assert reader.behind
            assert reader.take() == []
            await batches.aclose()
            assert shared._readers == set()  # noqa: SLF001 - as above

    in_fake_time(run())


def test_texts_are_sent_whole_and_by_pieces() -> None:
    pages = [Page(), Page()]

    async def show(shared: Shared, page: Page, begin: float) -> None:
        await asyncio.sleep(begin)
        async for piece in sse(shared):
            page.sse(piece)

    async def run() -> None:
        async with share(slowly(TEXT)) as shared:
            await asyncio.gather(show(shared, pages[0], 0), show(shared, pages[1], 11.5))

    in_fake_time(run())
    assert [page.value for page in pages] == [{"name": "Ada", "notes": ["x", {"y": "z"}], "age": 36}] * 2
    assert pages[1].events[0] == ("snapshot", {"name": "Ad"})
    assert pages[0].names.count("snapshot") == pages[1].names.count("snapshot") == 1


def test_a_reader_that_leaves_leaves_the_others() -> None:
    async def run() -> None:
        async with share(slowly(TEXT)) as shared:
            leaving = sse(shared)
            staying = asyncio.ensure_future(look(shared, 0, 0))
            for _ in range(4):
                await anext(leaving)
            await leaving.aclose()
            assert (await staying)[-2] == {"name": "Ada", "notes": ["x", {"y": "z"}], "age": 36}

    in_fake_time(run())


async def broken() -> AsyncIterator[str]:
    yield '{"a": "x'
    await asyncio.sleep(5)
    message = "the line is dead"
    raise OSError(message)


@pytest.mark.parametrize("begin", [0, 9])
def test_an_error_reaches_every_reader_after_what_came_before_it(begin: float) -> None:
    async def run() -> None:
        async with share(AGrowing(broken())) as shared:
            replica = Replica()
            await asyncio.sleep(begin)
            with pytest.raises(OSError, match="dead"):
                async for batch in shared.changes():
                    replica.apply(*batch)
            assert replica.value == {"a": "x"}

    in_fake_time(run())


def test_the_owner_closes_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    async def run() -> None:
        stream = slowly(TEXT)
        shared = share(stream)
        page = Page()

        async def show() -> None:
            async for piece in sse(shared):
                page.sse(piece)

        showing = asyncio.ensure_future(show())
        await asyncio.sleep(11.5)
        await shared.aclose()
        await shared.aclose()
        await showing
        assert stream.closed
        assert page.events[-1][1]["class"] == "StreamError"
        with pytest.raises(StreamError, match="by whoever shares it"):
            async for _ in shared.changes():
                pass

    in_fake_time(run())


def test_closed_before_it_has_begun() -> None:
    async def run() -> None:
        shared = share(slowly(TEXT))
        waiting = asyncio.ensure_future(look(shared, 0, 0))
        await shared.aclose()
        with pytest.raises(StreamError, match="before its end"):
            await waiting

    in_fake_time(run())


def test_closed_after_its_end_it_still_shows_the_whole() -> None:
    async def run() -> None:
        shared = share(slowly(TEXT))
        await asyncio.sleep(99)
        await shared.aclose()
        assert (await look(shared, 0, 0))[-2:] == [{"name": "Ada", "notes": ["x", {"y": "z"}], "age": 36}, None]

    in_fake_time(run())


def test_only_async_streams_are_shared() -> None:
    async def run() -> None:
        with pytest.raises(TypeError, match="share takes an async stream"):
            share(Growing([TEXT]))  # type: ignore[arg-type]

    in_fake_time(run())
