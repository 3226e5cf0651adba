"""An answer over HTTP, read in the ways that people read one: by the OpenAI client, sync and async.

Each returns the last, validated value; the drains, which see nothing but bytes, return how many those were.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import instructor
import openai
from openai import AsyncOpenAI, OpenAI

import instar
from benches.invoice import Invoice

MESSAGES: Any = [{"role": "user", "content": "Write the invoice."}]
MODE = instructor.Mode.JSON_SCHEMA  # as instar asks by default; in Instructor's own default it would expect a call


def client(url: str) -> OpenAI:
    """The real client: no proxies, no certificates to load."""
    http = openai.DefaultHttpxClient(trust_env=False, verify=False)
    return OpenAI(base_url=url, api_key="local", max_retries=0, http_client=http)


def async_client(url: str) -> AsyncOpenAI:
    """The async counterpart of `client`, on httpx."""
    http = openai.DefaultAsyncHttpxClient(trust_env=False, verify=False)
    return AsyncOpenAI(base_url=url, api_key="local", max_retries=0, http_client=http)


def aiohttp_client(url: str) -> AsyncOpenAI:
    """The client for many async streams."""
    http = openai.DefaultAioHttpClient(trust_env=False)
    return AsyncOpenAI(base_url=url, api_key="local", max_retries=0, http_client=http)


def drain(client: OpenAI, model: str) -> int:
    """Nothing but the bytes of the body, through the SDK's client: what HTTP costs."""
    size = 0
    with client.chat.completions.with_streaming_response.create(
        model=model, messages=MESSAGES, stream=True
    ) as response:
        for piece in response.iter_bytes():
            size += len(piece)
    return size


async def adrain(client: AsyncOpenAI, model: str) -> int:
    """The async counterpart of `drain`."""
    size = 0
    async with client.chat.completions.with_streaming_response.create(
        model=model, messages=MESSAGES, stream=True
    ) as response:
        async for piece in response.iter_bytes():
            size += len(piece)
    return size


def live(client: OpenAI, model: str, **options: Any) -> Invoice:
    """The growing invoice; one field is read at each step, and the last look has to be up to date."""
    stream = instar.from_openai(client, **options).chat.completions.create_partial(
        model=model, messages=MESSAGES, response_model=Invoice, live=True
    )
    seen: object = None
    for invoice in stream:
        seen = invoice.total
    return _seen(stream.final(), seen)


async def alive(client: AsyncOpenAI, model: str) -> Invoice:
    """The async counterpart of `live`."""
    stream = await instar.from_openai(client).chat.completions.create_partial(
        model=model, messages=MESSAGES, response_model=Invoice, live=True
    )
    seen: object = None
    async for invoice in stream:
        seen = invoice.total
    return _seen(await stream.final(), seen)


def kept(client: OpenAI, model: str) -> Invoice:
    """Invoices that could be kept."""
    stream = instar.from_openai(client).chat.completions.create_partial(
        model=model, messages=MESSAGES, response_model=Invoice
    )
    for invoice in stream:
        snapshot = invoice
    return _seen(stream.final(), snapshot.total)


async def akept(client: AsyncOpenAI, model: str) -> Invoice:
    """The async counterpart of `kept`."""
    stream = await instar.from_openai(client).chat.completions.create_partial(
        model=model, messages=MESSAGES, response_model=Invoice
    )
    async for invoice in stream:
        snapshot = invoice
    return _seen(await stream.final(), snapshot.total)


def sdk_wire(client: OpenAI, model: str) -> Invoice:
    """The growing invoice out of the SDK's chunks: for what patches the SDK."""
    return live(client, model, wire="sdk")


def chunks(client: OpenAI, model: str) -> Invoice:
    """The SDK's chunks; nothing is seen of the invoice until the end."""
    text = []
    for chunk in client.chat.completions.create(model=model, messages=MESSAGES, stream=True):
        text += [choice.delta.content or "" for choice in chunk.choices]
    return Invoice.model_validate_json("".join(text))


async def achunks(client: AsyncOpenAI, model: str) -> Invoice:
    """The async counterpart of `chunks`."""
    text = []
    async for chunk in await client.chat.completions.create(model=model, messages=MESSAGES, stream=True):
        text += [choice.delta.content or "" for choice in chunk.choices]
    return Invoice.model_validate_json("".join(text))


def events(client: OpenAI, model: str) -> Invoice | None:
    """The SDK's event stream, which parses the text so far at each event: to plain dicts."""
    with client.chat.completions.stream(model=model, messages=MESSAGES, response_format=Invoice) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion().choices[0].message.parsed


async def aevents(client: AsyncOpenAI, model: str) -> Invoice | None:
    """The async counterpart of `events`."""
    async with client.chat.completions.stream(model=model, messages=MESSAGES, response_format=Invoice) as stream:
        async for _ in stream:
            pass
        return (await stream.get_final_completion()).choices[0].message.parsed


def partial(client: OpenAI, model: str) -> Invoice | None:
    """Instructor's `create_partial`; the sync one shows nothing until the stream has ended."""
    value = None
    for value in instructor.from_openai(client, mode=MODE).create_partial(  # noqa: B007 - the last is the result
        response_model=Invoice, messages=MESSAGES, model=model
    ):
        pass
    return value


async def apartial(client: AsyncOpenAI, model: str) -> Invoice | None:
    """The async counterpart of `partial`."""
    value = None
    async for value in instructor.from_openai(client, mode=MODE).create_partial(  # noqa: B007
        response_model=Invoice, messages=MESSAGES, model=model
    ):
        pass
    return value


def _seen(final: Invoice, total: object) -> Invoice:
    """The final value, if the last look was up to date."""
    if total != final.total:
        raise AssertionError(total, final.total)
    return final


@dataclass(frozen=True)
class Way:
    """A row of the tables. `rounds`: how often it is run over HTTP; the slow ones, few times."""

    name: str
    run: Callable[[OpenAI, str], object]
    arun: Callable[[AsyncOpenAI, str], Awaitable[object]] | None
    rounds: int = 8

    async def aread(self, client: AsyncOpenAI, model: str) -> object:
        """Run the async one."""
        assert self.arun is not None, f"{self.name} is measured in sync code only"
        return await self.arun(client, model)


DRAIN = Way("the bytes alone, by `with_streaming_response`", drain, adrain)
LIVE = Way("**instar**, live", live, alive)
KEPT = Way("**instar**, kept snapshots", kept, akept)
SDK_WIRE = Way('**instar**, live, `wire="sdk"`', sdk_wire, None, rounds=2)
CHUNKS = Way("the SDK's chunks", chunks, achunks, rounds=2)
EVENTS = Way("the SDK's events, `response_format`", events, aevents, rounds=1)
INSTRUCTOR = Way("Instructor `create_partial`", partial, apartial, rounds=1)

WAYS = (INSTRUCTOR, EVENTS, SDK_WIRE, CHUNKS, KEPT, LIVE, DRAIN)
