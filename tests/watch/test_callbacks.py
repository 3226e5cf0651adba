"""What places call: nothing twice, in the order of the text, and never while it reads on itself."""

from __future__ import annotations

import asyncio
import json
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

import instar
from support.clock import in_fake_time
from support.strategies import cuts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from instar import AsyncStream


class Steps(BaseModel):
    first: str
    second: str = ""
    rest: list[str] = []


TEXT = json.dumps({"first": "one", "second": "two words", "rest": ["three", "four"]})
FINAL = Steps.model_validate_json(TEXT)
VALUES = {"first": FINAL.first, "second": FINAL.second, "rest[0]": FINAL.rest[0], "rest[1]": FINAL.rest[1]}


def cut_at(*places: str) -> list[str]:
    """Cut the text in the middle of each of these words."""
    points = [0, *(TEXT.index(place) + 1 for place in places), len(TEXT)]
    return [TEXT[i:j] for i, j in pairwise(points)]


async def each(deltas: list[Any]) -> AsyncIterator[Any]:
    for delta in deltas:
        yield delta


class Late:
    """Somebody who watches a text from some moment on."""

    def __init__(self, stream: Any, path: str) -> None:
        self.path = path
        self.place = stream.at(path)
        self.began_with = (self.place.state, self.place.value or "")
        self.pieces: list[str] = []
        self.closed: list[str] = []
        self.place.on_text(self.pieces.append)
        self.place.on_close(self.closed.append)

    def check(self) -> None:
        """Check that it was told all that came since, once."""
        state, so_far = self.began_with
        value = VALUES[self.path]
        assert so_far + "".join(self.pieces) == value
        assert self.closed == ([] if state is instar.SETTLED else [value])


class Begun:
    """Those who begin to watch: one each time that something is called that has so many before it."""

    def __init__(self, stream: Any, moments: dict[int, str]) -> None:
        self.late: list[Late] = []
        self._stream = stream
        self._moments = moments
        self._calls = count()

    def begin(self) -> None:
        """Begin, if this is such a moment."""
        if path := self._moments.get(next(self._calls)):
            self.late.append(Late(self._stream, path))

    def watch(self, call: Callable[[Any], Any]) -> None:
        """Have this called with whatever comes."""
        for path in ("first", "second", "rest[*]"):
            self._stream.at(path).on_text(call)
            self._stream.at(path).on_close(call)


MOMENTS = st.dictionaries(st.integers(0, 12), st.sampled_from(sorted(VALUES)), min_size=1, max_size=4)


@given(deltas=cuts(TEXT.encode()), moments=MOMENTS)
@example(deltas=cut_at("one", "words"), moments={1: "second"})
@example(deltas=cut_at("words", "four"), moments={2: "rest[0]", 3: "rest[1]"})
def test_who_begins_in_a_callback_is_told_nothing_twice(deltas: list[Any], moments: dict[int, str]) -> None:
    stream = instar.partials(deltas, Steps)
    begun = Begun(stream, moments)
    begun.watch(lambda _: begun.begin())
    assert stream.final() == FINAL
    for late in begun.late:
        late.check()
        assert "".join(late.place.text()) == VALUES[late.path]


@given(deltas=cuts(TEXT.encode()), moments=MOMENTS)
@example(deltas=cut_at("one", "words"), moments={1: "second"})
@example(deltas=cut_at("words", "four"), moments={2: "rest[0]", 3: "rest[1]"})
def test_who_begins_while_a_callback_is_awaited_is_told_nothing_twice(
    deltas: list[Any], moments: dict[int, str]
) -> None:
    async def run() -> None:
        stream = instar.partials(each(deltas), Steps)
        begun = Begun(stream, moments)

        async def begin() -> None:
            begun.begin()

        async def call(_: Any) -> None:
            await asyncio.ensure_future(begin())

        begun.watch(call)
        assert await stream.final() == FINAL
        for late in begun.late:
            late.check()
            assert "".join([piece async for piece in late.place.text()]) == VALUES[late.path]

    asyncio.run(run())


WAYS: dict[str, Callable[[Any], Any]] = {
    "wait": lambda stream: stream.at("second").wait(),
    "final": lambda stream: stream.final(),
    "elements": lambda stream: stream.at("rest").elements(),
    "text": lambda stream: stream.at("second").text(),
    "items": lambda stream: stream,
}
cannot = pytest.raises(RuntimeError, match="a callback cannot wait for a place or read on")


@pytest.mark.parametrize("way", WAYS)
def test_a_callback_cannot_read_on(way: str) -> None:
    stream = instar.partials(cut_at("one", "words", "three", "four"), Steps)
    second: list[str] = []
    stream.at("second").on_text(second.append)

    def read(_: Any) -> None:
        found = WAYS[way](stream)
        if way in {"elements", "text", "items"}:
            list(found)

    stream.at("first").on_close(read)
    with cannot:
        stream.at("rest").wait()
    assert second == []

    async def aread(_: Any) -> None:
        found = WAYS[way](astream)
        if way in {"elements", "text", "items"}:
            async for _ in found:
                pass
        else:
            await found

    async def run() -> None:
        astream.at("first").on_close(aread)
        with cannot:
            await astream.at("rest")

    astream = instar.partials(each(cut_at("one", "words", "three", "four")), Steps)
    in_fake_time(run())


class Deltas:
    """An async source that tells how many it has given, and goes on for ever."""

    def __init__(self, deltas: list[str]) -> None:
        self.given = 0
        self._deltas = deltas

    async def __aiter__(self) -> AsyncIterator[str]:
        for delta in self._deltas:
            self.given += 1
            yield delta
        await asyncio.Event().wait()


class Gate:
    """A callback that says that it was called, and goes on when it is let."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, _: Any) -> None:
        self.called.set()
        await self.open.wait()


async def everybodys_turn() -> None:
    """Let every task do what it can without anything new."""
    for _ in range(20):
        await asyncio.sleep(0)


async def read_to(stream: AsyncStream[Any, Any], gate: Gate) -> asyncio.Future[Any]:
    """Read the items of a stream in a task, until the gate is called; return the task that waits there."""
    while True:
        reading = asyncio.ensure_future(anext(stream))
        await everybodys_turn()
        if gate.called.is_set():
            return reading


def test_who_waits_for_what_is_being_told_reads_nothing() -> None:
    async def run() -> None:
        deltas, gate = Deltas(cut_at("one", "three", "four")), Gate()
        stream = instar.partials(deltas, Steps)
        second = stream.at("second")
        stream.at("first").on_close(gate)
        reading = await read_to(stream, gate)
        assert (second.state, deltas.given) == (instar.MISSING, 2)
        waiting = asyncio.ensure_future(second.wait())
        await everybodys_turn()
        gate.open.set()
        assert await waiting == FINAL.second
        assert deltas.given == 2
        await reading
        await stream.aclose()

    in_fake_time(run())


def test_what_somebody_has_read_who_gave_up_is_there_for_others() -> None:
    async def run() -> None:
        deltas, gate = Deltas(cut_at("one", "three", "}")), Gate()
        stream = instar.partials(deltas, Steps)
        rest = stream.at("rest[1]")
        stream.at("first").on_close(gate)
        reading = await read_to(stream, gate)
        other = asyncio.ensure_future(anext(stream))
        await everybodys_turn()
        assert deltas.given == 3
        other.cancel()
        gate.open.set()
        await reading
        assert await rest.wait() == FINAL.rest[1]
        assert deltas.given == 3
        await stream.aclose()

    in_fake_time(run())
