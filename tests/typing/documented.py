"""What the docs show, with every name typed. A type checker has nothing to say about it.

Never run. `tests/project/test_typing.py` gives it to mypy and to pyright.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import openai
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel, Field
from typing_extensions import assert_type

import instar
from instar import JSONError, Limits, Mode, Parser, Partial, Progress, TruncatedError
from instar.testing import Exchange, LocalOpenAI, Reply, Request, tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from openai.types.chat import ChatCompletionMessageParam

    from instar.openai import AsyncClient, ChatStream, Client


class User(BaseModel):
    name: str
    age: Annotated[int, Field(ge=0)]
    bio: str = ""


class Cat(BaseModel):
    lives: int


class Dog(BaseModel):
    breed: Literal["Poodle", "Beagle"]


MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Invent a chess player."}]


def the_quick_start(key: str) -> User:
    client = instar.from_openai(openai.OpenAI(api_key=key))
    stream = client.chat.completions.create_partial(response_model=User, model="gpt-4o-mini", messages=MESSAGES)
    for user in stream:
        assert_type(user, User)
        assert_type(stream.progress, Progress)
    return stream.final()


def deltas(texts: list[str], body: Iterator[bytes]) -> None:
    for user in instar.partials(texts, User):
        print(user.name.upper(), user.age + 1)
    for number in instar.elements(["[1, 2", "3, 4]"], int):
        print(number + 1)
    stream = instar.partials(
        body, User, live=True, strict=None, empty=True, limits=Limits(depth=20), context={"today": "Monday"}
    )
    assert_type(stream.snapshot, User)
    assert_type(stream.text, str)
    assert_type(stream.final(), User)
    with instar.partials(body, list[User]) as users:
        assert_type(users.final(), list[User])


def a_parser() -> None:
    parser = Parser(User, on_violation="defer")
    changed = parser.feed(b'{"name": "Ada", "ag')
    assert_type(changed, bool)
    for violation in parser.violations:
        print(violation.loc, violation.type)
    print(parser.snapshot, parser.text, parser.path, parser.offset, parser.line, parser.column, parser.complete)
    try:
        print(parser.finish())
    except JSONError as error:
        print(error.offset, error.line, error.column)
    except TruncatedError as error:
        print(error.offset, error.path)
    print(instar.explain(User))


def bodies(body: Iterable[bytes], chunks: Iterable[Any]) -> None:
    stream = instar.partials(body, User, wire="anthropic", emit="read")
    assert_type(stream.finish_reason, str | None)
    assert_type(instar.elements(chunks, User, wire="sdk").final(), list[User])


def the_client(client: Client) -> None:
    stream = client.create_partial(
        response_model=User,
        model="gpt-4o-mini",
        messages=MESSAGES,
        temperature=0.5,
        max_retries=2,
        on_retry=lambda attempt, error: print(f"attempt {attempt}, for {type(error).__name__}"),
        mode=Mode.JSON,
        emit="read",
        live=True,
        on_violation="defer",
        stream_options=openai.omit,
        n=2,
    )
    ada, bob = stream.choices
    assert_type((ada.final(), bob.final()), tuple[User, User])
    print(stream.attempt, stream.received, stream.usage, stream.completion.choices[0].message.content)
    user, completion = client.create_with_completion(model="gpt-4o-mini", response_model=User, messages=MESSAGES)
    assert_type(user, User)
    assert_type(completion, ChatCompletion)
    assert_type(client.create(model="gpt-4o-mini", response_model=int, messages=MESSAGES), int)
    assert_type(client.create(model="gpt-4o-mini", response_model=list[User], messages=MESSAGES), list[User])
    pets = client.create_iterable(model="gpt-4o-mini", tools=[Cat, Dog], messages=MESSAGES)
    for pet in pets:
        assert isinstance(pet, Cat | Dog)
    other: dict[str, Any] = {"type": "function", "function": {"name": "search", "parameters": {}}}
    client.create_iterable(model="gpt-4o-mini", tools=[Cat, other], messages=MESSAGES)
    end = client.on("final", print)
    end()
    with client.with_options(timeout=5) as other_client:
        print(other_client.chat.completions)


def the_sdk_as_before(client: Client) -> None:
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert_type(completion, ChatCompletion)
    for chunk in client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True):
        print(chunk.choices[0].delta.content)
    print(client.models.list())


def responses(client: Client) -> None:
    stream = client.responses.create_partial(
        model="gpt-4o-mini", response_model=User, input="Invent a chess player.", text={"verbosity": "low"}
    )
    assert_type(stream.final(), User)
    assert_type(stream.completion, Response)


def a_tracker(stream: ChatStream[User, User]) -> list[Partial[User]]:
    return list(stream)


async def the_async_client(client: AsyncClient) -> None:
    async for user in client.create_partial(model="gpt-4o-mini", response_model=User, messages=MESSAGES):
        assert_type(user, User)
    stream = await client.create_partial(model="gpt-4o-mini", response_model=User, messages=MESSAGES)
    assert_type(await stream.final(), User)
    async with client.create_iterable(model="gpt-4o-mini", response_model=User, messages=MESSAGES) as users:
        assert_type(await users.final(), list[User])
    user, completion = await client.create_with_completion(model="m", response_model=User, messages=MESSAGES)
    print(user.name, completion.usage)


async def async_deltas(texts: AsyncIterator[str]) -> None:
    async for user in instar.partials(texts, User):
        assert_type(user, User)


def tests(local_openai: Any) -> None:
    reply = Reply('{"name": "Ad', finish_reason="length", drop=True)
    calls = Reply(calls=[("Cat", '{"lives": 9}'), ("Dog", '{"breed": "Poodle"}')])
    with LocalOpenAI("Hello", ["Hel", "lo"], b"data: [DONE]\n\n", reply, calls, cut=1, hold=True) as server:
        server.queue(lambda body: str(body["model"]))
        server.release(3)
        server.release_all()
        with server.client() as client:
            print(client.base_url, server.base_url, server.origin)
        requests: list[Request] = server.requests
        exchanges: list[Exchange] = server.exchanges
        print(requests[0].body, exchanges[0].closed.wait(5), tokens("Hello"))
    print(local_openai("Hello").requests)
