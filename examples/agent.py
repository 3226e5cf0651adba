"""An agent: a model that calls functions, is told what they return, and answers when it has nothing more to call.

    python examples/agent.py

With OPENAI_API_KEY or OPENAI_BASE_URL set, this talks to that API (model: OPENAI_MODEL, or gpt-4o-mini).
Without, it starts a small server on this machine that speaks the same protocol and answers from a script.
"""

import asyncio
import os
from contextlib import ExitStack
from typing import Annotated, Any

from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, Field

import instar
from instar.openai import AsyncClient, Client
from instar.testing import LocalOpenAI, Reply

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
QUESTION: Any = {"role": "user", "content": "Ada Byron plays Bob Tal. How many points of one can she expect?"}
MOST_TURNS = 8


class Player(BaseModel):
    """What the federation knows of a player."""

    name: str
    rating: int


RATINGS = {"Ada Byron": 2410, "Bob Tal": 2545}


# A function is a tool as it stands: its name, docstring and parameters are what the model is told of it.
def look_up(name: Annotated[str, Field(description="first and last name")]) -> Player:
    """Look a player up."""
    return Player(name=name, rating=RATINGS[name])  # what it raises is told to the model, which may do better


def expected_score(rating: int, opponent: int) -> float:
    """Say how many points of one a player can expect, by the two ratings."""
    return round(1 / (1 + 10 ** ((opponent - rating) / 400)), 2)


def show(part: instar.Prose | instar.Reasoning | instar.Call) -> None:
    """Show a part of a turn, while it comes."""
    match part:
        case instar.Prose(delta=text):
            print(text, end="", flush=True)
        case instar.Call(complete=False):
            pass  # part.name is calling, and part.snapshot has grown: a form that fills itself, say
        case instar.Call():
            print(f"\n  {part.name}({part.text})", end="", flush=True)


def agent(client: Client) -> str:
    """Let the model call functions until it calls none, by chat completions."""
    messages = [QUESTION]
    for _ in range(MOST_TURNS):
        turn = client.chat.completions.create_turn(model=MODEL, messages=messages, tools=[look_up, expected_score])
        for part in turn:
            show(part)
        print()
        if not turn.calls:
            return turn.prose
        messages += turn.messages
        messages += turn.results()  # runs the functions that were called, and says what they have returned
    message = f"no answer within {MOST_TURNS} turns"
    raise RuntimeError(message)


async def async_agent(client: AsyncClient) -> str:
    """Do the same by the Responses API, in async code, where functions may be async, too."""

    async def look_up(name: Annotated[str, Field(description="first and last name")]) -> Player:
        """Look a player up."""
        await asyncio.sleep(0.01)  # a database, far away
        return Player(name=name, rating=RATINGS[name])

    items = [QUESTION]
    for _ in range(MOST_TURNS):
        turn = client.responses.create_turn(model=MODEL, input=items, tools=[look_up, expected_score])
        async for part in turn:
            show(part)
        print()
        if not turn.calls:
            return turn.prose
        items += turn.messages
        items += await turn.results()
    message = f"no answer within {MOST_TURNS} turns"
    raise RuntimeError(message)


# As a model might: it looks two players up at once, calculates, and tells.
SCRIPT = [
    Reply("Let me see.", calls=[("look_up", '{"name": "Ada Byron"}'), ("look_up", '{"name": "Bob Tal"}')]),
    Reply(calls=[("expected_score", '{"rating": 2410, "opponent": 2545}')]),
    Reply("About 0.31 points: Bob Tal is the stronger player."),
]


def main() -> None:
    """Run both."""
    with ExitStack() as stack:
        if os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
            openai, openai_async = OpenAI(), AsyncOpenAI()
        else:
            server = stack.enter_context(LocalOpenAI(*SCRIPT, *SCRIPT, delay=0.01))
            openai, openai_async = server.client(), server.async_client()

        print("# Chat completions")
        answer = agent(instar.from_openai(openai))
        print("\n# The Responses API, async")
        same = asyncio.run(async_agent(instar.from_openai(openai_async)))
        print(f"\n# The answers\n{answer}\n{same}")


if __name__ == "__main__":
    main()
