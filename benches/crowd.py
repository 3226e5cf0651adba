"""Many answers at once: async streams in one process, from a server in another, each compared with its invoice.

`python -m benches.crowd WAY STREAMS` runs a crowd in a process of its own, for memory can be told only there, and
prints what it found as JSON. With `--burst` the second halves of all answers come at once.
"""

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass

import instar
from benches import clients
from benches.clients import Way
from benches.invoice import Invoice, make
from benches.memory import resident
from benches.server import Manner, Provider, body

ITEMS = 3
"""Line items of each invoice: about 310 deltas."""
LONG = "80/1"
"""The answer of which is counted how much is taken in at a time."""
SEEDS = 32
"""How many different invoices there are, in turns."""
CROWDS = ((clients.INSTRUCTOR, 50), (clients.CHUNKS, 100), (clients.LIVE, 1000), (clients.DRAIN, 1000))
"""Who is measured, and with how many streams: the slow ones with fewer, so that they end."""
REST = 0.5
"""Seconds over which a process that has read all there is spends next to no processor time."""
WAYS = {way.arun.__name__: way for way in clients.WAYS if way.arun is not None}


@dataclass(frozen=True)
class Found:
    """What a crowd cost.

    per_second: deltas a second, of all streams together, from the middle of the answers to their end.
    cpu: seconds of the client's processor time for each of these deltas.
    memory: bytes for each stream while all of them wait in the middle of their answers.
    lag: of a burst, the longest that the event loop took for one turn, in seconds of the client's processor time.
    """

    streams: int
    per_second: float
    cpu: float
    memory: float
    lag: float


class Turns:
    """Looks at something once in each turn of the event loop: `most` is by how much it has grown in one of them."""

    def __init__(self, look: Callable[[], float]) -> None:
        self.most = 0.0
        self._look = look
        self._before = look()
        self._handle = asyncio.get_running_loop().call_soon(self._turn)

    def end(self) -> None:
        """Look no more."""
        self._handle.cancel()

    def _turn(self) -> None:
        now = self._look()
        self.most = max(self.most, now - self._before)
        self._before = now
        self._handle = asyncio.get_running_loop().call_soon(self._turn)


def lag(way: Way, base: Way, streams: int, rounds: int = 3) -> float:
    """The longest turn of the event loop in a burst to that of another way: of each the least of some rounds."""
    found = [(run(way, streams, burst=True).lag, run(base, streams, burst=True).lag) for _ in range(rounds)]
    return min(ours for ours, _ in found) / min(theirs for _, theirs in found)


def taken_in() -> float:
    """The most bytes of a response that a turn of the event loop takes in, of a source that never waits."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in body(LONG):
            yield piece

    async def read() -> float:
        stream = instar.partials(pieces(), Invoice, wire="openai-chat", live=True)
        turns = Turns(lambda: stream.received)
        await stream.final()
        turns.end()
        return turns.most

    return asyncio.run(read())


def run(way: Way, streams: int, *, burst: bool = False) -> Found:
    """Run a crowd in a process of its own."""
    assert way.arun is not None
    command = [sys.executable, "-m", "benches.crowd", way.arun.__name__, str(streams), *(["--burst"] if burst else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - it is this module
    return Found(**json.loads(done.stdout))


async def crowd(way: Way, streams: int, items: int = ITEMS, *, burst: bool = False) -> Found:
    """Read so many answers at once: all to the middle, and, when that is measured, to the end.

    Raises:
        AssertionError: an answer is not the one that was sent.

    """
    models = [f"{items}/{number % SEEDS}" for number in range(streams)]
    expected = {model: _expected(way, model, items) for model in models[:SEEDS]}
    await _warm(way, items)
    with Provider(Manner(hold=True, burst=burst)) as provider:
        async with clients.async_client(provider.url) as client:
            gc.collect()
            before = resident()
            running = [asyncio.ensure_future(way.aread(client, model)) for model in models]
            await _at_rest(running)
            memory = (resident() - before) / streams
            turns = Turns(time.process_time) if burst else None
            wall, cpu = time.perf_counter(), time.process_time()
            provider.release()
            answers = await asyncio.gather(*running)
            if turns is not None:
                turns.end()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    for model, answer in zip(models, answers, strict=True):
        assert answer == expected[model], f"{way.name}: the answer to {model} is not the invoice that was sent"
    deltas = sum(len(make(items, number % SEEDS)[1]) for number in range(streams)) / 2
    return Found(streams, deltas / wall, cpu / deltas, memory, 0 if turns is None else turns.most)


def _expected(way: Way, model: str, items: int) -> object:
    """What is to be read of an answer: the invoice, or how many bytes it came in."""
    if way is clients.DRAIN:
        return sum(map(len, body(model)))
    return Invoice.model_validate_json(make(items, int(model.partition("/")[2]))[0])


async def _warm(way: Way, items: int) -> None:
    """Read one answer, so that what is made once is not counted."""
    with Provider(Manner()) as provider:
        async with clients.async_client(provider.url) as client:
            await way.aread(client, f"{items}/0")


async def _at_rest(running: Sequence[asyncio.Future[object]]) -> None:
    """Wait until all has been read that the server has sent. Raises what one of those running has raised."""
    spent = -REST
    while time.process_time() - spent > REST / 10:
        spent = time.process_time()
        await asyncio.sleep(REST)
        for task in running:
            if task.done():
                task.result()


def main() -> None:
    """Run the crowd that the command line names."""
    arguments = argparse.ArgumentParser(prog="python -m benches.crowd", description="Many answers at once.")
    arguments.add_argument("way", choices=WAYS)
    arguments.add_argument("streams", type=int)
    arguments.add_argument("--burst", action="store_true")
    told = arguments.parse_args()
    print(json.dumps(asdict(asyncio.run(crowd(WAYS[told.way], told.streams, burst=told.burst)))))


if __name__ == "__main__":
    main()
