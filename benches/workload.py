"""The streams that are measured, made once: invoices of several lengths, and one long string."""

import json
import random
import string
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from benches import invoice

ITEMS = (5, 20, 80)
"""Line items of the three invoices in the table: 460, 1,469 and 5,512 deltas."""

MANY_ITEMS = 1481
"""Line items of the invoice that has 100,000 deltas, give or take a hundred."""

LOOK_EVERY = 64
"""Deltas of the long string between two looks at it."""


class Note(BaseModel):
    """The schema of the long string."""

    text: str


@dataclass(frozen=True)
class Stream:
    """A text and the deltas that it arrives in."""

    text: str
    deltas: list[str]

    def batched(self, size: int) -> list[str]:
        """The same text in deltas joined `size` at a time."""
        return ["".join(self.deltas[at : at + size]) for at in range(0, len(self.deltas), size)]


@cache
def invoices(items: int) -> Stream:
    """The invoice of so many line items."""
    return Stream(*invoice.make(items))


@cache
def note(size: int) -> Stream:
    """A `Note` of about `size` bytes of ASCII, in 4-byte deltas: prose, a line break after each sentence."""
    r = random.Random(1)
    prose = ""
    while len(prose) < size:
        prose += invoice.sentence(r, 12) + "\n"
    text = json.dumps({"text": prose[:size]})
    return Stream(text, [text[at : at + 4] for at in range(0, len(text), 4)])


@cache
def cyrillic(size: int) -> Stream:
    """The same, of about `size` bytes, in Cyrillic letters: they take two bytes each."""
    letters = str.maketrans({letter: chr(0x430 + number) for number, letter in enumerate(string.ascii_lowercase)})
    text = json.dumps({"text": json.loads(note(size // 2).text)["text"].translate(letters)}, ensure_ascii=False)
    return Stream(text, [text[at : at + 2] for at in range(0, len(text), 2)])
