"""What the tests of `dump` have in common."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from instar import Parser


class Spot(NamedTuple):
    """A named tuple."""

    x: int
    y: int = 0


@dataclasses.dataclass
class Point:
    """A dataclass with defaults of both kinds."""

    x: int
    y: int = 0
    label: str = ""
    tags: list[str] = dataclasses.field(default_factory=list)


def after(tp: Any, text: str) -> Any:
    """Give what a parser has of a text."""
    parser = Parser(tp)
    parser.feed(text)
    return parser.dump()
