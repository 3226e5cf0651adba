"""What a type checker makes of the public calls. Checked by mypy, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai.types.chat import ChatCompletion
from pydantic import BaseModel
from typing_extensions import assert_type

from instar import Partial
from instar.client import Mode, from_openai
from instar.client.completions import AsyncClient, Client
from instar.client.stream import AsyncChatStream, ChatStream
from instar.streams import AsyncStream, Stream, elements, partials

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


async def of_async_deltas(texts: AsyncIterator[str], raw: AsyncIterator[bytes]) -> None:
    assert_type(partials(texts, User), AsyncStream[User, User])
    assert_type(await partials(raw, Partial[User]).final(), User)
    async for user in partials(texts, User):
        assert_type(user, User)
    assert_type(elements(texts, User), AsyncStream[User, list[User]])
    assert_type(await elements(raw, int).final(), list[int])


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

    assert_type(completions.create_iterable(response_model=User, messages=[]), ChatStream[User, list[User]])
    assert_type(client.create_iterable(response_model=int, messages=[]).final(), list[int])
    assert_type(client.create_partial(response_model=User | Admin, messages=[]), ChatStream[Any, Any])

    assert_type(completions.create(response_model=User, messages=[], stream=True), ChatStream[User, User])
    assert_type(client.create(response_model=list[User], messages=[], stream=True), ChatStream[User, list[User]])
    assert_type(completions.create(response_model=User, messages=[]), User)
    assert_type(completions.create(response_model=Partial[User], messages=[]), User)
    assert_type(completions.create(response_model=list[User], messages=[]), list[User])
    assert_type(client.create_with_completion(response_model=User, messages=[]), tuple[User, ChatCompletion])


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

    async for user in client.create_iterable(response_model=User, messages=[]):
        assert_type(user, User)
    async for user in client.create(response_model=User, messages=[], stream=True):
        assert_type(user, User)
    async for user in client.create(response_model=list[User], messages=[], stream=True):
        assert_type(user, User)
    assert_type(await completions.create(response_model=User, messages=[]), User)
    assert_type(await completions.create(response_model=list[User], messages=[]), list[User])
    assert_type(await client.create_with_completion(response_model=User, messages=[]), tuple[User, ChatCompletion])


async def a_tracker(client: AsyncClient) -> None:
    def update(user: Partial[User]) -> None:
        assert_type(user.name, str)

    async for user in client.create_partial(response_model=User, messages=[]):
        update(user)
