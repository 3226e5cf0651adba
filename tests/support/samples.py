"""Sample models with their answers: the members of a chess club, pets, an order of any length."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel

from instar.testing import tokens

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


class Line(BaseModel):
    sku: str
    text: str
    count: int
    price: float
    tags: list[str]
    taxed: bool
    note: str | None


class Order(BaseModel):
    id: int
    status: Literal["open", "paid", "void"]
    buyer: User
    lines: list[Line]
    total: float


def order(lines: int) -> list[str]:
    """Return the token deltas of an order of so many lines."""
    text = {
        "id": 4711,
        "status": "paid",
        "buyer": json.loads(ADA),
        "lines": [
            {
                "sku": f"SKU-{1000 + 7 * i}",
                "text": f'Boxwood set no. {i}, weighted; \N{WHITE CHESS KING} 9.5 cm "Zürich"\n',
                "count": i % 40,
                "price": i * 1.25,
                "tags": ["wood", "sets"],
                "taxed": i % 2 == 0,
                "note": None if i % 3 else "The buyer asks for a receipt.",
            }
            for i in range(lines)
        ],
        "total": 1e3,
    }
    return tokens(json.dumps(text, ensure_ascii=False))
