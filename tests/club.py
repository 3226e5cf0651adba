"""The members of a chess club, and pets: what the tests of streams and clients ask for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

ADA = '{"name": "Ada", "age": 36, "bio": "Plans ahead."}'
BOB = '{"name": "Bob", "age": 61, "bio": "Sacrifices."}'
ASK: Any = {"model": "any", "messages": [{"role": "user", "content": "Who?"}]}


class User(BaseModel):
    """A member of the club."""

    name: str
    age: int
    bio: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    breed: str
