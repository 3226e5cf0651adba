"""The typed workload: an invoice as a model would write it, and its token deltas (about 3.8 bytes each).

`make(items)` returns (text, deltas), the same for the same (items, seed):
5 items: 1,774 bytes, 460 deltas; 20: 5,560 bytes, 1,469 deltas; 80: 20,743 bytes, 5,512 deltas.
"""

import json
import random
import re
from typing import Any, Literal

from pydantic import BaseModel, Field

WORDS = """
    the customer reported that invoice total did not match order confirmation and asked for a refund because
    shipping was delayed several days while support agent promised replacement within business week please
    review attached contract clause before renewal date
""".split()  # noqa: SIM905 - prose is easier to read than a list of words
TOKEN = re.compile(r"\s?[A-Za-z]+|\d{1,3}|\s?[^\sA-Za-z\d]{1,3}|\s+")


class Address(BaseModel):
    street: str
    city: str
    zip: str


class Customer(BaseModel):
    name: str
    email: str
    address: Address


class LineItem(BaseModel):
    sku: str
    description: str
    quantity: int = Field(ge=0)
    unit_price: float
    tags: list[str]
    taxable: bool
    note: str | None = None


class Invoice(BaseModel):
    id: int
    customer: Customer
    status: Literal["open", "paid", "void"]
    summary: str
    items: list[LineItem]
    total: float


def sentence(r: random.Random, words: int) -> str:
    """`words` words from the list, with a capital and a full stop."""
    return " ".join(r.choice(WORDS) for _ in range(words)).capitalize() + "."


def _line_item(r: random.Random) -> dict[str, Any]:
    return {
        "sku": f"SKU-{r.randint(1000, 99999)}",
        "description": sentence(r, 12),
        "quantity": r.randint(1, 40),
        "unit_price": round(r.random() * 500, 2),
        "tags": [r.choice(WORDS) for _ in range(3)],
        "taxable": r.random() < 0.5,
        "note": None if r.random() < 0.5 else sentence(r, 6),
    }


def make(items: int, seed: int = 1) -> tuple[str, list[str]]:
    """An invoice of so many line items: its JSON text, and the deltas that join to it."""
    r = random.Random(seed)
    value = {
        "id": r.randint(1, 10**6),
        "customer": {
            "name": "Alice Müller",
            "email": "alice@example.com",
            "address": {"street": "5 High St", "city": "Zürich", "zip": "8001"},
        },
        "status": r.choice(["open", "paid", "void"]),
        "summary": sentence(r, 40),
        "items": [_line_item(r) for _ in range(items)],
        "total": round(r.random() * 10000, 2),
    }
    text = json.dumps(value, ensure_ascii=False)
    return text, TOKEN.findall(text)
