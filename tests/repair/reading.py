"""One text, read with repairs in every way that there is: all that can be seen of it at the end, and on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, TypeAdapter

import instar
from instar import Parser
from repair.models import canon, same

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from instar import AsyncStream, Stream

REFUSED = {"error": True}


class Read(NamedTuple):
    """All that can be seen of a text that was read: its value in JSON, or `REFUSED` and the error."""

    value: Any
    error: tuple[str, str, int | None] | None
    repairs: tuple[Any, ...]
    mended: str
    prose: str
    reasoning: str


def read(tp: Any, pieces: Iterable[str | bytes], *, repair: Any, allow_truncated: bool = False) -> Read:
    """Read a text by a parser."""
    parser = Parser(tp, repair=repair)
    value, error = None, None
    try:
        for piece in pieces:
            parser.feed(piece)
        value = canon(parser.finish(allow_truncated=allow_truncated))
    except ValueError as raised:
        value, error = REFUSED, _told(raised)
    return Read(value, error, parser.repairs, parser.mended_text, parser.prose, parser.reasoning)


def read_stream(tp: Any, pieces: Sequence[str | bytes], *, repair: Any, allow_truncated: bool = False) -> Read:
    """Read it by a stream."""
    stream: Stream[Any, Any] = instar.partials(list[Any](pieces), tp, repair=repair)
    value, error = None, None
    try:
        value = canon(stream.final(allow_truncated=allow_truncated))
    except ValueError as raised:
        value, error = REFUSED, _told(raised)
    return Read(value, error, stream.repairs, stream.parser.mended_text, stream.prose, stream.reasoning)


def read_async_stream(tp: Any, pieces: Sequence[str | bytes], *, repair: Any, allow_truncated: bool = False) -> Read:
    """Read it by an async stream."""

    async def deltas() -> AsyncIterator[Any]:
        for piece in pieces:
            yield piece

    async def run() -> Read:
        stream: AsyncStream[Any, Any] = instar.partials(deltas(), tp, repair=repair)
        value, error = None, None
        try:
            value = canon(await stream.final(allow_truncated=allow_truncated))
        except ValueError as raised:
            value, error = REFUSED, _told(raised)
        return Read(value, error, stream.repairs, stream.parser.mended_text, stream.prose, stream.reasoning)

    return asyncio.run(run())


def shrinkage(tp: Any, text: bytes, repair: Any) -> str | None:
    """Read a text byte by byte; say what went away of what had shown, if anything did."""
    parser = Parser(tp, repair=repair)
    before: Any = None
    for at in range(len(text)):
        try:
            parser.feed(text[at : at + 1])
        except ValueError:
            return None
        now = _arrived(parser.snapshot)
        if not _grew(before, now):
            return f"at byte {at}: {before!r}, and then {now!r}"
        before = now
    return None


def pydantics(tp: Any, mended: str) -> Any:
    """Return what Pydantic makes of a mended text, in JSON."""
    return canon(TypeAdapter(Any if tp is None else tp).validate_json(mended))


def _told(error: Exception) -> tuple[str, str, int | None]:
    return type(error).__name__, str(error), getattr(error, "offset", None)


def _arrived(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _arrived(getattr(value, name)) for name in value.model_fields_set}
    if isinstance(value, dict):
        return {key: _arrived(item) for key, item in value.items()}
    return [_arrived(item) for item in value] if isinstance(value, (list, tuple)) else canon(value)


def _grew(old: Any, new: Any) -> bool:
    if old is None:
        return True
    if isinstance(old, str) and isinstance(new, str):
        return new.startswith(old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) <= len(new) and all(map(_grew, old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _grew(item, new[key]) for key, item in old.items())
    return same(old, new)
