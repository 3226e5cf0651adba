"""What a token of the long invoice costs a client end to end: from the socket to the object, by the real client."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

from openai import AsyncOpenAI

from benches import clients
from benches.clients import Way
from benches.clock import seconds
from benches.server import Manner, Provider
from benches.workload import ITEMS, invoices

WARM = f"{ITEMS[0]}/1"
MODEL = f"{ITEMS[-1]}/1"


@dataclass(frozen=True)
class Setting:
    """How the answer is served and read: a column of the table.

    async_client: makes the client; None for the sync one.
    rounds: the most that anybody runs.
    """

    name: str
    manner: Manner
    async_client: Callable[[str], AsyncOpenAI] | None = None
    rounds: int = 8


READY = Setting("an event a chunk", Manner())
JOINED = Setting("16 events a chunk", Manner(per_chunk=16))
AWAITED = Setting("an event a chunk, waited for", Manner(live=True), rounds=3)
ASYNC = Setting("async, an event a chunk", Manner(), clients.async_client)
AIOHTTP = Setting("the same on aiohttp", Manner(), clients.aiohttp_client)
SETTINGS = (READY, JOINED, AWAITED, ASYNC, AIOHTTP)


@cache
def per_token(setting: Setting) -> dict[Way, float]:
    """The client's CPU seconds per token in each way; the least of its rounds, in which they take turns."""
    ways = [way for way in clients.WAYS if way.arun is not None or setting.async_client is None]
    with Provider(setting.manner) as provider, _reader(setting, provider.url) as read:
        samples: dict[Way, list[float]] = {way: [] for way in ways}
        for way in ways:
            read(way, WARM)
        for number in range(setting.rounds):
            for way in ways:
                if number < way.rounds:
                    gc.collect()
                    samples[way].append(seconds(partial(read, way, MODEL)))
    return {way: min(taken) / len(invoices(ITEMS[-1]).deltas) for way, taken in samples.items()}


@contextmanager
def _reader(setting: Setting, url: str) -> Iterator[Callable[[Way, str], object]]:
    """What reads an answer to its end in any of the ways."""
    if setting.async_client is None:
        with clients.client(url) as client:
            yield lambda way, model: way.run(client, model)
        return
    loop, async_client = asyncio.new_event_loop(), setting.async_client(url)
    try:
        yield lambda way, model: loop.run_until_complete(way.aread(async_client, model))
        loop.run_until_complete(async_client.close())
    finally:
        loop.close()
