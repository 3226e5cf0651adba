"""Gives parsers and streams the methods `changes` and `json_text`, by the naive reader, where they have none.

Import it before the code that needs them.
"""

from __future__ import annotations

from typing import Any

import instar
from instar._paths import parse
from instar._place import AsyncReading, Reading
from support.changes import NaiveChanges
from support.growing import achanges, ajson_text, changes, json_text


class Parser:
    """A parser that hands out its changes."""

    def __init__(self, schema: Any, **options: Any) -> None:
        self._parser = instar._core.Parser(schema, **options)  # noqa: SLF001
        self._readers: list[NaiveChanges] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed(self, delta: str) -> bool:
        """Feed it, and let the readers see it."""
        grown = self._parser.feed(delta)
        for reader in self._readers:
            reader.catch_up()
        return bool(grown)

    def changes(self) -> NaiveChanges:
        """Return a reader."""
        self._readers.append(NaiveChanges(self._parser, self._parser.text.encode()))
        return self._readers[-1]


def _at(stream: Any, path: str) -> Any:
    watched = vars(stream).setdefault("watched", None)
    if watched is None:
        watched = stream.watched = (AsyncReading if isinstance(stream, instar.AsyncStream) else Reading)(stream)
    return watched.at(parse(path))


if not hasattr(instar.Parser, "changes"):
    for kind, methods in (
        (instar.Stream, {"changes": changes, "json_text": json_text, "at": _at}),
        (instar.AsyncStream, {"changes": achanges, "json_text": ajson_text, "at": _at}),
    ):
        for name, method in methods.items():
            setattr(kind, name, method)
    instar.Parser = Parser  # type: ignore[misc, assignment]
