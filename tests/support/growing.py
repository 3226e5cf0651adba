"""Streams of several attempts, and async ones, that tell whether they were closed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import instar
from instar import RETRY, TruncatedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

    from instar.changes import Change


class Growing:
    """A sync stream over attempts: each a source of deltas, of which the last one is read to its end."""

    def __init__(self, *attempts: Iterable[str], schema: Any = None) -> None:
        self._attempts = attempts
        self._schema = schema
        self.closed = False

    def changes(self) -> Iterator[list[Change]]:
        """Yield the changes of each delta."""
        *given_up, last = (instar.partials(attempt, self._schema) for attempt in self._attempts)
        try:
            for attempt in given_up:
                with suppress(TruncatedError):
                    yield from attempt.changes()
                yield [RETRY]
            yield from last.changes()
        finally:
            self.closed = True

    def json_text(self) -> Iterator[str]:
        """Yield the text of the last attempt."""
        try:
            yield from instar.partials(self._attempts[-1], self._schema).json_text()
        finally:
            self.closed = True


class AGrowing:
    """An async stream over one source of deltas."""

    def __init__(self, deltas: AsyncIterable[str], schema: Any = None) -> None:
        self._stream = instar.partials(deltas, schema)
        self.closed = False

    async def changes(self) -> AsyncIterator[list[Change]]:
        """Yield the changes of each delta."""
        batches = self._stream.changes()
        try:
            async for batch in batches:
                yield batch
        finally:
            await batches.aclose()
            self.closed = True

    async def json_text(self) -> AsyncIterator[str]:
        """Yield the text as it comes."""
        pieces = self._stream.json_text()
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()
            self.closed = True
