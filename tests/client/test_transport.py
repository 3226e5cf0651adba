"""The client on aiohttp: what breaks under it is told as it is under httpx, and what is left is closed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import openai
import pytest

from instar.openai import from_openai
from instar.openai._transport import connection_error
from instar.testing import LocalOpenAI, Reply
from support.samples import ADA, ASK, User

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

aiohttp = pytest.importorskip("aiohttp")
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])


@asynccontextmanager
async def on_aiohttp(url: str, *, wire: Any = "raw", timeout: float = 60) -> AsyncIterator[Any]:
    http = openai.DefaultAioHttpClient(trust_env=False)
    async with openai.AsyncOpenAI(
        base_url=url, api_key="local", max_retries=0, timeout=timeout, http_client=http
    ) as client:
        yield from_openai(client, wire=wire)


@wires
async def test_an_answer(wire: str) -> None:
    with LocalOpenAI([ADA[:12], ADA[12:]]) as server:
        async with on_aiohttp(server.base_url, wire=wire) as client:
            stream = client.create_partial(response_model=User, **ASK)
            assert [user.name async for user in stream] == [None, "Ad", "Ada"]
            assert await stream.final() == User.model_validate_json(ADA)


@wires
async def test_a_connection_that_breaks(wire: str) -> None:
    with LocalOpenAI(Reply(ADA[:12], drop=True)) as server:
        async with on_aiohttp(server.base_url, wire=wire) as client:
            stream = client.create_partial(response_model=User, **ASK)
            with pytest.raises(openai.APIConnectionError) as caught:
                await stream.final()
    assert caught.value.__cause__ is not None
    assert not isinstance(caught.value, openai.APITimeoutError)
    if wire == "raw":
        assert f"the response broke off after {stream.received} bytes" in str(caught.value)
    assert stream.text == ADA[:12]
    assert stream.snapshot.name == "Ad"


@wires
async def test_a_read_that_takes_too_long(wire: str) -> None:
    with LocalOpenAI(['{"name": "Ada"', "}"], hold=True) as server:
        server.release(1)
        async with on_aiohttp(server.base_url, wire=wire, timeout=1) as client:
            stream = client.create_partial(response_model=User, **ASK)
            with pytest.raises(openai.APITimeoutError) as caught:
                await stream.final()
            assert await asyncio.to_thread(server.exchanges[0].closed.wait, 5)
            assert server.exchanges[0].disconnected
    if wire == "raw":
        assert f"after {stream.received} bytes" in str(caught.value)
    assert stream.snapshot.name == "Ada"


async def test_a_broken_connection_is_asked_again() -> None:
    with LocalOpenAI(Reply(ADA[:12], drop=True), ADA) as server:
        async with on_aiohttp(server.base_url) as client:
            stream = client.create_partial(response_model=User, max_retries=1, **ASK)
            assert await stream.final() == User.model_validate_json(ADA)
            assert stream.attempt == 2


async def test_a_connection_that_is_refused() -> None:
    with LocalOpenAI() as server:
        url = server.base_url
    async with on_aiohttp(url) as client:
        with pytest.raises(openai.APIConnectionError):
            await client.create_partial(response_model=User, **ASK)


async def test_a_loop_that_is_left() -> None:
    with LocalOpenAI([ADA[:12], ADA[12:]], hold=True) as server:
        async with on_aiohttp(server.base_url) as client:
            server.release()
            async with client.create_partial(response_model=User, **ASK) as stream:
                async for user in stream:
                    if user.name:
                        break
            assert await asyncio.to_thread(server.exchanges[0].closed.wait, 5)
            assert server.exchanges[0].disconnected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aiohttp.ClientPayloadError("cut"), openai.APIConnectionError),
        (aiohttp.ServerDisconnectedError(), openai.APIConnectionError),
        (aiohttp.SocketTimeoutError(), openai.APITimeoutError),
        (TimeoutError(), openai.APITimeoutError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_an_error_of_aiohttp_itself(error: Exception, expected: type[Exception]) -> None:
    """As it comes from a transport that does not make httpx's errors of aiohttp's."""
    told = connection_error(error, 7)
    assert type(told) is expected
    assert told.__cause__ is error
    assert "7 bytes" in str(told)
