"""Completion: how much of a value has settled, as far as anybody knows how much it will be."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel

from instar._members import fields_of

if TYPE_CHECKING:
    from instar.changes import Path


def completion(value: Any, open_path: Path | None) -> int:
    """Return the completion of a snapshot, in whole percent: 100 once it has settled, and not before.

    What has settled counts 1, and what has not come 0. An open model or dataclass counts the mean of its fields,
    what comes beside them not. An
    open list or dict, of which nobody knows how long it will be, counts n/(n+1) with n settled members, and of the step
    to the next one what its open member counts. An open text counts 0.

    `open_path` is the way to the innermost open value, as in its dump; None if nothing is open.
    """
    return 100 if open_path is None else min(99, int(100 * _share(value, open_path)))


def _share(value: Any, open_path: Path) -> Fraction:
    """Return what an open value counts. Of a list or dict only the open member is looked at."""
    while isinstance(value, RootModel):
        value = value.root
    fields = fields_of(value)
    if fields:
        counted = [
            _share(part, open_path[1:]) if open_path[:1] == (step,) else Fraction(1)
            for step, part, there in fields
            if there
        ]
        return sum(counted, Fraction()) / len(fields)
    if isinstance(value, BaseModel):
        value = value.model_extra
    settled = len(value) if isinstance(value, list | tuple | set | frozenset | dict) else 0
    growing = Fraction()
    if open_path and settled:
        settled -= 1
        growing = _share(_last(value), open_path[1:])
    return Fraction(settled, settled + 1) + growing / ((settled + 1) * (settled + 2))


def _last(value: Any) -> Any:
    """Return the member of a list or dict that has come last; of a set nobody knows."""
    if isinstance(value, dict):
        return next(reversed(value.values()))
    return value[-1] if isinstance(value, list | tuple) else None
