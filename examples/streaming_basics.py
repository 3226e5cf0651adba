"""Streaming basics: typed objects from a language model, while it is still writing.

    python examples/streaming_basics.py

With OPENAI_API_KEY or OPENAI_BASE_URL set, this talks to that API (model: OPENAI_MODEL, or gpt-4o-mini).
Without, it starts a small server on this machine that speaks the same protocol and answers from a script.
"""

import asyncio
import os
from contextlib import ExitStack
from typing import Any

from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

import instar
from instar import Partial
from instar.openai import AsyncClient, Client
from instar.testing import LocalOpenAI

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")


class User(BaseModel):
    """The answer that we want, not text that we have to take apart."""

    name: str
    age: int
    bio: str


QUESTION: Any = [{"role": "user", "content": "Invent a chess player: a name, an age, a bio of one sentence."}]
SEVERAL: Any = [{"role": "user", "content": "Invent three chess players, each with a bio of one sentence."}]


def basic(client: Client) -> User | None:
    """`create(..., stream=True)` gives the same User again and again, each time with more in it."""
    user = None
    for chunk in client.chat.completions.create(model=MODEL, response_model=User, messages=QUESTION, stream=True):
        print(f"Received: {chunk}")
        user = chunk
    return user


def partial(client: Client) -> User:
    """`create_partial` says by its name that fields which have not arrived are None."""
    stream = client.chat.completions.create_partial(model=MODEL, response_model=User, messages=QUESTION)
    for user in stream:
        print(f"name={user.name}, age={user.age}, bio={user.bio}")
    return stream.final()  # validated: here every field is there


class ProgressTracker:
    """Prints how much of a user has arrived, whenever that has changed."""

    def __init__(self) -> None:
        self.percent = 0

    def update(self, user: Partial[User]) -> None:
        """Count the fields that are there: the same number as `stream.progress.arrived`."""
        fields = list(type(user).model_fields)
        there = [name for name in fields if getattr(user, name) is not None]
        percent = 100 * len(there) // len(fields)
        if percent != self.percent:
            self.percent = percent
            print(f"{percent}%")


def progress(client: Client) -> None:
    """Feed a tracker of your own with every snapshot."""
    tracker = ProgressTracker()
    for user in client.chat.completions.create_partial(model=MODEL, response_model=User, messages=QUESTION):
        tracker.update(user)


def several(client: Client) -> list[User]:
    """`create_iterable` gives each user as soon as it is whole, while the next one is being written."""
    users = []
    for user in client.chat.completions.create_iterable(model=MODEL, response_model=User, messages=SEVERAL):
        print(f"{user.name} ({user.age}): {user.bio}")
        users.append(user)
    return users


async def asynchronous(client: AsyncClient) -> None:
    """Do the same in async code: `async for` needs no `await` before the stream."""
    async for user in client.chat.completions.create_partial(model=MODEL, response_model=User, messages=QUESTION):
        print(f"name={user.name}, age={user.age}, bio={user.bio}")
    async for user in client.chat.completions.create_iterable(model=MODEL, response_model=User, messages=SEVERAL):
        print(f"{user.name} ({user.age}): {user.bio}")


ADA = '{"name": "Ada Byron", "age": 36, "bio": "Plans ten moves ahead, and loses to her cat."}'
BOB = '{"name": "Bob Tal", "age": 61, "bio": "Sacrifices his queen out of politeness."}'
EVE = '{"name": "Eve Réti", "age": 19, "bio": "Opens with anything but a pawn."}'


def script(request: dict[str, Any]) -> str:
    """Answer as a model would: one user, or several if that is what the request asks for."""
    return f'{{"items": [{ADA}, {BOB}, {EVE}]}}' if request["messages"] == SEVERAL else ADA


def main() -> None:
    """Run all five, one after the other."""
    with ExitStack() as stack:
        if os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
            openai, openai_async = OpenAI(), AsyncOpenAI()
        else:
            server = stack.enter_context(LocalOpenAI(script, delay=0.01))
            openai, openai_async = server.client(), server.async_client()
        client = instar.from_openai(openai)

        print("# Basic")
        print(f"Last: {basic(client)!r}")
        print("\n# Partial")
        print(f"Final: {partial(client)!r}")
        print("\n# Progress")
        progress(client)
        print("\n# Iterable")
        print(f"{len(several(client))} users")
        print("\n# Async")
        asyncio.run(asynchronous(instar.from_openai(openai_async)))


if __name__ == "__main__":
    main()
