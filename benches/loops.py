"""The loops that people write, and what each kind of container costs as it grows."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel
from typing_extensions import TypedDict

import instar
from benches.invoice import Invoice
from benches.server import body
from benches.workload import ITEMS, Stream, invoices
from instar import Parser
from instar._core import Wire

FEW = 1250
"""Members of the shorter container; the longer one has four times as many."""
MODEL = f"{ITEMS[-1]}/1"


class Extra(BaseModel):
    """A model that keeps what it does not know."""

    model_config = ConfigDict(extra="allow")

    id: int = 0


class Typed(TypedDict):
    rows: list[str]


@dataclass
class Data:
    rows: list[str]


def _names(count: int) -> dict[str, int]:
    return {f"k{number}": number for number in range(count)}


def _rows(count: int) -> list[str]:
    return [f"row {number}" for number in range(count)]


KINDS: dict[str, tuple[Any, Callable[[int], object], bool]] = {
    "a dict": (dict[str, int], _names, False),
    "extras": (Extra, _names, False),
    "a root model": (RootModel[list[str]], _rows, False),
    "a dataclass": (Data, lambda count: {"rows": _rows(count)}, False),
    "a TypedDict": (Typed, lambda count: {"rows": _rows(count)}, False),
    "a set, live": (set[str], _rows, True),
}
"""Each with its type, what makes a value of so many members, and whether it is looked at live."""
COMPARED = frozenset({"extras", "a root model", "a dataclass", "a TypedDict"})
"""Those with a list or a set that grows, all of which a kept look compares."""


def by_hand(*, live: bool) -> None:
    """Feed the long invoice, look after every delta, finish."""
    looked(Invoice, invoices(ITEMS[-1]).deltas, live=live)


def looped(*, live: bool) -> None:
    """The same by the loop of the README."""
    for _ in instar.partials(invoices(ITEMS[-1]).deltas, Invoice, live=live):
        pass


def of_body() -> None:
    """The live loop over a response, an event a piece."""
    for _ in instar.partials(body(MODEL), Invoice, wire="openai-chat", live=True):
        pass


def decoded_and_looped() -> None:
    """The response decoded, and nothing done with it; and the live loop over the deltas."""
    wire = Wire("openai-chat")
    for piece in body(MODEL):
        wire.feed(piece)
    looped(live=True)


def container(kind: str, members: int) -> Stream:
    """A container of so many members, in 4-byte deltas."""
    text = json.dumps(KINDS[kind][1](members))
    return Stream(text, [text[at : at + 4] for at in range(0, len(text), 4)])


def looked(schema: Any, deltas: list[str], *, live: bool) -> None:
    """Take the snapshot after every delta, hold it until the next one, and finish."""
    parser = Parser(schema, live=live)
    snapshot: object = None
    for delta in deltas:
        parser.feed(delta)
        snapshot = parser.snapshot
    assert snapshot is not None
    parser.finish()
