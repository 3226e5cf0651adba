"""The tree of a growing value on a terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, RootModel
from rich.console import Console

from instar import Parser
from instar.tree import GrowingTree


@dataclass
class Point:
    x: float
    y: float = 0.0


class Book(BaseModel, extra="allow"):
    title: str
    year: int | None = None
    at: Point | None = None


class Shelf(RootModel[list[Book]]):
    """A list that is a model."""


def drawn(schema: Any, text: str) -> list[str]:
    """Draw what shows when a text has come, line by line."""
    parser: Parser[Any] = Parser(schema)
    parser.feed(text)
    console = Console(file=io.StringIO(), record=True, width=60)
    console.print(GrowingTree(parser.snapshot, parser.progress.open))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize(
    ("schema", "text", "lines"),
    [
        (Book, "", ["Book▏", "├── title", "├── year", "└── at"]),
        (Book, '{"title": "Fly', ["Book", "├── title 'Fly'▏", "├── year", "└── at"]),
        (
            Book,
            '{"title": "Flyology", "at": {"y": 1, ',
            ["Book", "├── title ✓ 'Flyology'", "├── year", "└── at▏", "    ├── x", "    └── y ✓ 1.0"],
        ),
        (
            Book,
            '{"title": "", "year": null, "more": {"a": [1]}}',
            ["Book ✓", "├── title ✓ ''", "├── year ✓ None", "├── at", "└── more ✓", "    └── a ✓", "        └── 0 ✓ 1"],
        ),
        (
            Shelf,
            '[{"title": "A"}, {',
            ["Shelf", "├── 0 ✓", "│   ├── title ✓ 'A'", "│   ├── year", "│   └── at", "└── 1▏"],
        ),
        (None, '{"a": [1, 2', ["$", "└── a▏", "    └── 0 ✓ 1"]),
        (None, '"tex', ["$ 'tex'▏"]),
    ],
)
def test_the_tree_is_this(schema: Any, text: str, lines: list[str]) -> None:
    assert drawn(schema, text)[: len(lines)] == lines
