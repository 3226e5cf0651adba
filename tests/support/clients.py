"""One way to ask a server by the sync client and by the async one: what was seen, and how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from instar.openai import from_openai
from support.samples import ASK

if TYPE_CHECKING:
    from instar.testing import LocalOpenAI


@dataclass
class Told:
    """What came of a request. `stream` is None where the request itself was refused."""

    stream: Any = None
    seen: list[Any] = field(default_factory=list)
    final: Any = None
    error: Exception | None = None


def ask_sync(server: LocalOpenAI, **keywords: Any) -> Told:
    """Iterate over a stream of the sync client to its end, whatever that is."""
    real, method, keywords = _call(server.client(), keywords)
    told = Told()
    with real:
        try:
            told.stream = method(**keywords)
            told.seen.extend(told.stream)
            told.final = told.stream.final()
        except Exception as error:  # noqa: BLE001 - to be looked at
            told.error = error
    return told


def ask_async(server: LocalOpenAI, **keywords: Any) -> Told:
    """Do the same by the async client."""

    async def ask() -> Told:
        real, method, rest = _call(server.async_client(), keywords)
        told = Told()
        async with real:
            try:
                told.stream = await method(**rest)
                async for item in told.stream:
                    told.seen.append(item)
                told.final = await told.stream.final()
            except Exception as error:  # noqa: BLE001 - as above
                told.error = error
        return told

    return asyncio.run(ask())


def _call(real: Any, keywords: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """Return the client, the method to call, and the keywords to call it with.

    `timeout` and `sdk_retries` are the client's, `on` its listeners by their events, `api` one of its endpoints.
    """
    real = real.with_options(timeout=keywords.pop("timeout", 60), max_retries=keywords.pop("sdk_retries", 0))
    client = from_openai(real, wire=keywords.pop("wire", "raw"))
    for event, listener in keywords.pop("on", {}).items():
        client.on(event, listener)
    api = keywords.pop("api", "chat")
    methods: Any = client.responses if api == "responses" else client.chat.completions
    asked = {"model": "any", "input": "Who?"} if api == "responses" else ASK
    return real, getattr(methods, keywords.pop("method", "create_partial")), {**asked, **keywords}


both = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
