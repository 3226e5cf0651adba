"""Twenty mistakes that people make. A type checker has to see each of them, at its line, and nothing else.

Never run. `tests/project/test_typing.py` gives it to mypy and to pyright.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

import instar
from instar import Limits, Mode, Parser
from instar.testing import LocalOpenAI, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai import AsyncOpenAI, OpenAI
    from openai.types.chat import ChatCompletionMessageParam


class User(BaseModel):
    name: str
    age: int


class Cat(BaseModel):
    lives: int


def of_deltas(texts: Iterator[str], body: Iterator[bytes]) -> None:
    instar.partials(texts, User, lively=True)  # mistake: there is no such option
    instar.partials(texts, User, strict="no")  # mistake: a bool
    instar.partials(body, User, wire="openai")  # mistake: no such protocol
    instar.elements(texts, User, limits=200)  # mistake: instar.Limits
    instar.partials(texts, User, emit="read")  # mistake: what is no body is not read
    for user in instar.partials(texts, User):
        print(user.nmae)  # mistake: not a field


def of_a_parser() -> None:
    Parser(User, on_violation="ignore")  # mistake: "raise" or "defer"
    Parser(User).feed(12)  # mistake: str or bytes
    Parser(User, limits=Limits(dept=12))  # mistake: depth


def of_a_client(openai: OpenAI, messages: list[ChatCompletionMessageParam]) -> None:
    client = instar.from_openai(openai, mode="functions")  # mistake: no such mode
    client = instar.from_openai(openai, Mode.TOOLS)
    client.create_partial(response_model=User, messages=messages, model="m", max_retires=3)  # mistake: max_retries
    client.create_partial(response_model=User, messages=messages, model="m", live="yes")  # mistake: a bool
    client.create_iterable(response_model=User, messages=messages, model="m", temperature="hot")  # mistake: a number
    client.create_partial(tools=[Cat, 9], messages=messages, model="m")  # mistake: 9 is no tool
    client.responses.create_partial(response_model=User, inptu="Who?", model="m")  # mistake: input
    name: str = client.create(response_model=User, messages=messages, model="m")  # mistake: a User
    client.on("retried", print)  # mistake: no such event
    print(name)


async def of_an_async_client(openai: AsyncOpenAI, messages: list[ChatCompletionMessageParam]) -> None:
    client = instar.from_openai(openai)
    for user in client.create_partial(response_model=User, messages=messages, model="m"):  # mistake: async for
        print(user)


def of_tests() -> None:
    LocalOpenAI("Hello", hold="yes")  # mistake: a bool
    Reply("Slow down.", stauts=429)  # mistake: status
