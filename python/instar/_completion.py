"""Completion: how much of a value has settled, as far as anybody knows how much it will be."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from instar._members import is_record, members_of

if TYPE_CHECKING:
    from instar.changes import Path


def completion(value: Any, open_path: Path | None) -> int:
    """Return the completion of a snapshot, in whole percent: 100 once it has settled, and not before.

    What has settled counts 1, and what has not come 0. An open model or dataclass counts the mean of its fields. An
    open list or dict, of which nobody knows how long it will be, counts n/(n+1) with n settled members, and of the step
    to the next one what its open member counts. An open text counts 0.

    `open_path` is the way to the innermost open value, as in its dump; None if nothing is open.
    """
    return 100 if open_path is None else min(99, int(100 * _share(value, open_path)))


def _share(value: Any, open_path: Path) -> Fraction:
    """Return what an open value counts."""
    settled, growing = 0, Fraction(0)
    members = members_of(value) or []
    for step, part, there in members:
        if open_path[:1] == (step,):
            growing = _share(part, open_path[1:]) if there else growing
        else:
            settled += there
    if is_record(value):
        return (settled + growing) / max(len(members), 1)
    return Fraction(settled, settled + 1) + growing / ((settled + 1) * (settled + 2))
