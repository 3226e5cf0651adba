"""What a type checker makes of the public calls. Checked by mypy, never run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from openai.types.chat import ChatCompletion
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import Response, ResponseUsage
from pydantic import BaseModel
from typing_extensions import assert_type

from instar import AsyncBodyStream, AsyncStream, BodyStream, Partial, Stream, elements, partials
from instar.openai import (
    AsyncChatStream,
    AsyncClient,
    AsyncResponseStream,
    ChatStream,
    Client,
    Mode,
    ResponseStream,
    from_openai,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from openai import AsyncOpenAI, OpenAI


class User(BaseModel):
    name: str


class Admin(BaseModel):
    rights: list[str]


def of_deltas(texts: Iterator[str], raw: list[bytes]) -> None:
    assert_type(partials(texts, User), Stream[User, User])
    assert_type(partials(raw, User, live=True), Stream[User, User])
    assert_type(partials(texts, Partial[User]).final(), User)
    assert_type(partials(texts, list[User]).final(), list[User])
    assert_type(partials(texts, User | Admin), Stream[Any, Any])
    assert_type(partials(texts, None), Stream[Any, Any])
    for user in partials(texts, User):
        assert_type(user, User)
    assert_type(elements(texts, User), Stream[User, list[User]])
    assert_type(elements(texts, int).final(), list[int])
    partials(texts, User, lively=True)  # type: ignore[call-overload]


def of_a_body(body: Iterator[bytes], chunks: list[object]) -> None:
    stream = partials(body, User, wire="openai-chat")
    assert_type(stream, BodyStream[User, User])
    assert_type(stream.finish_reason, str | None)
    assert_type(partials(chunks, User, wire="sdk", emit="read", live=True).final(), User)
    assert_type(elements(body, User, wire="anthropic"), BodyStream[User, list[User]])
    assert_type(partials(body, User | Admin, wire="gemini"), BodyStream[Any, Any])
    partials(body, User, wire="openai")  # type: ignore[call-overload]
    partials(body, User, emit="read")  # type: ignore[call-overload]


async def of_async_deltas(texts: AsyncIterator[str], raw: AsyncIterator[bytes]) -> None:
    assert_type(partials(texts, User), AsyncStream[User, User])
    assert_type(await partials(raw, Partial[User]).final(), User)
    async for user in partials(texts, User):
        assert_type(user, User)
    assert_type(elements(texts, User), AsyncStream[User, list[User]])
    assert_type(await elements(raw, int).final(), list[int])
    assert_type(partials(raw, User, wire="openai-responses"), AsyncBodyStream[User, User])


def of_a_client(openai: OpenAI) -> None:
    client = from_openai(openai, mode=Mode.TOOLS)
    assert_type(client, Client)
    completions = client.chat.completions
    stream = completions.create_partial(response_model=User, messages=[], model="m")
    assert_type(stream, ChatStream[User, User])
    for user in completions.create_partial(response_model=User, messages=[], model="m"):
        assert_type(user, User)
    for user in client.create_partial(response_model=Partial[User], messages=[], model="m"):
        assert_type(user, User)
    assert_type(stream.final(), User)
    assert_type(stream.completion, ChatCompletion)
    assert_type(stream.finish_reason, str | None)
    assert_type(stream.usage, CompletionUsage | None)
    assert_type(stream.attempt, int)
    assert_type(stream.choices, tuple[BodyStream[User, User], ...])
    for choice in stream.choices:
        assert_type(choice.final(), User)

    assert_type(completions.create_iterable(response_model=User, messages=[], model="m"), ChatStream[User, list[User]])
    assert_type(client.create_iterable(response_model=int, messages=[], model="m").final(), list[int])
    assert_type(client.create_partial(response_model=User | Admin, messages=[], model="m"), ChatStream[Any, Any])
    for user in client.create_iterable(response_model=User, messages=[], model="m", max_retries=2):
        assert_type(user, User)
    assert_type(client.create_iterable(tools=[User], messages=[], model="m"), ChatStream[User, list[User]])
    assert_type(client.create_partial(tools=[User], messages=[], model="m"), ChatStream[User, User])
    client.on("retry", print)()
    client.on("retried", print)  # type: ignore[arg-type]

    assert_type(completions.create(response_model=User, messages=[], model="m", stream=True), ChatStream[User, User])
    assert_type(
        client.create(response_model=list[User], messages=[], model="m", stream=True), ChatStream[User, list[User]]
    )
    # To pyright `Iterable[User]` is a type like others, whatever the docs say of it: write `list[User]` there.
    users = client.create(response_model=Iterable[User], messages=[], model="m", stream=True)
    assert_type(users, ChatStream[User, list[User]])  # pyright: ignore[reportAssertTypeFailure]
    for user in users:
        assert_type(user, User)  # pyright: ignore[reportAssertTypeFailure]
    assert_type(completions.create(response_model=User, messages=[], model="m"), User)
    assert_type(completions.create(response_model=Partial[User], messages=[], model="m"), User)
    assert_type(completions.create(response_model=list[User], messages=[], model="m"), list[User])
    whole = completions.create(response_model=Iterable[User], messages=[], model="m")
    assert_type(whole, list[User])  # pyright: ignore[reportAssertTypeFailure]
    assert_type(client.create_with_completion(response_model=User, messages=[], model="m"), tuple[User, ChatCompletion])


def of_responses(openai: OpenAI) -> None:
    responses = from_openai(openai, wire="sdk").responses
    stream = responses.create_partial(response_model=User, input="", model="m")
    assert_type(stream, ResponseStream[User, User])
    assert_type(stream.completion, Response)
    assert_type(stream.usage, ResponseUsage | None)
    for user in responses.create_iterable(response_model=User, input=""):
        assert_type(user, User)
    assert_type(responses.create(response_model=User, input=""), User)
    assert_type(responses.create_with_completion(response_model=User, input=""), tuple[User, Response])


async def of_an_async_client(openai: AsyncOpenAI) -> None:
    client = from_openai(openai)
    assert_type(client, AsyncClient)
    completions = client.chat.completions
    stream = await completions.create_partial(response_model=User, messages=[], model="m")
    assert_type(stream, AsyncChatStream[User, User])
    async for user in completions.create_partial(response_model=User, messages=[], model="m"):
        assert_type(user, User)
    async for user in client.create_partial(response_model=Partial[User], messages=[], model="m"):
        assert_type(user, User)
    assert_type(await stream.final(), User)

    async for user in client.create_iterable(response_model=User, messages=[], model="m"):
        assert_type(user, User)
    async for user in client.create(response_model=User, messages=[], model="m", stream=True):
        assert_type(user, User)
    async for user in client.create(response_model=list[User], messages=[], model="m", stream=True):
        assert_type(user, User)
    async for user in client.create(response_model=Iterable[User], messages=[], model="m", stream=True):
        assert_type(user, User)  # pyright: ignore[reportAssertTypeFailure]
    users = await completions.create(response_model=Iterable[User], messages=[], model="m")
    assert_type(users, list[User])  # pyright: ignore[reportAssertTypeFailure]
    assert_type(await completions.create(response_model=User, messages=[], model="m"), User)
    async for user in client.responses.create_partial(response_model=User, input=""):
        assert_type(user, User)
    assert_type(client.responses.create_iterable(tools=[User], input=""), AsyncResponseStream[User, list[User]])
    assert_type(await completions.create(response_model=list[User], messages=[], model="m"), list[User])
    assert_type(
        await client.create_with_completion(response_model=User, messages=[], model="m"), tuple[User, ChatCompletion]
    )


async def a_tracker(client: AsyncClient) -> None:
    def update(user: Partial[User]) -> None:
        assert_type(user.name, str)

    async for user in client.create_partial(response_model=User, messages=[], model="m"):
        update(user)
