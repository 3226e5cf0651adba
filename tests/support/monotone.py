"""How what is shown may change from one byte to the next."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from instar import Parser
from oracle import attributes, deep
from support.runs import refusal, singly

if TYPE_CHECKING:
    from collections.abc import Iterator


def snapshots(tp: Any, text: bytes) -> Iterator[tuple[bytes, Any]]:
    """Feed a text byte by byte until it is refused; give each byte with the snapshot after it."""
    parser = Parser(tp)
    yield b"", parser.snapshot
    for delta in singly(text):
        if refusal(parser, delta):
            return
        yield delta, parser.snapshot


def grows_and_stays(tp: Any, text: bytes, *, remade: bool) -> None:
    """Assert that what a text shows grows byte by byte, and that no snapshot changes that one has kept."""
    kept = []
    before: Any = None
    for byte, shown in snapshots(tp, text):
        kept.append((shown, deep(shown)))
        if before is not None:
            grew(before, shown, closing=byte == b'"', remade=remade)
        before = shown
    for shown, as_it_was in kept:
        assert deep(shown) == as_it_was, "a snapshot in hand has changed"


def grew(before: Any, after: Any, *, closing: bool, remade: bool) -> None:
    """Assert that one thing shown may follow another, a byte later.

    What has settled is the same object; only the last part of a container may have grown, or one more may have come.
    The text of a string may be another when it closes, since validators see it then. What may be `remade` need not have
    grown, but what is around it must.
    """
    if before is after:
        return
    if isinstance(before, str) and isinstance(after, str):
        assert after.startswith(before) or closing or remade, f"{before!r} became {after!r}"
        return
    if isinstance(before, set | frozenset) and type(before) is type(after):
        # A member goes only if it was open, and has become another: it may be one that is there already.
        gone = before - after
        assert len(gone) <= 1, f"{before!r} became {after!r}"
        assert remade or closing or all(any(begins(other, one) for other in after) for one in gone)
        return
    one, other = children(before), children(after)
    if one is None or other is None or type(before) is not type(after):
        assert remade, f"{before!r} became {after!r}"
        return
    changed = [key for key in one if key not in other or one[key] is not other[key]]
    if list(other)[: len(one)] != list(one) or len(changed) + len(other) - len(one) > 1:
        assert remade, f"{before!r} became {after!r}"
        return
    for key in changed:
        if has_arrived(before, key):
            may_grow = isinstance(before, BaseModel) or dataclasses.is_dataclass(before) or key == list(one)[-1]
            made_again = remade and deep(one[key]) == deep(other[key])
            assert may_grow or made_again, f"{key} of {before!r} had settled, yet {after!r}"
            grew(one[key], other[key], closing=closing, remade=remade)


def begins(whole: Any, beginning: Any) -> bool:
    """Tell whether a member of a set begins with what one that was open had come to."""
    if isinstance(whole, str) and isinstance(beginning, str):
        return whole.startswith(beginning)
    if isinstance(whole, tuple) and isinstance(beginning, tuple):
        *settled, last = beginning or [None]
        return whole[: len(settled)] == tuple(settled) and (not beginning or begins(whole[len(settled)], last))
    return bool(whole == beginning)


def children(value: Any) -> dict[Any, Any] | None:
    """Return the parts of a container by their names, keys or indices."""
    if isinstance(value, BaseModel):
        return {**value.__dict__, **{("extra", key): part for key, part in (value.__pydantic_extra__ or {}).items()}}
    if dataclasses.is_dataclass(value):
        return attributes(value)
    if isinstance(value, dict):
        return dict(value)
    return dict(enumerate(value)) if isinstance(value, list | tuple | deque) else None


def has_arrived(record: Any, key: Any) -> bool:
    """Tell whether a part is there because it came, and does not just stand for what has not."""
    if isinstance(record, BaseModel):
        return isinstance(key, tuple) or key in record.model_fields_set
    if dataclasses.is_dataclass(record):
        default = next(f.default for f in dataclasses.fields(record) if f.name == key)
        return getattr(record, key) not in (None, getattr(default, "default", default))
    return True
