"""How far a stream has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from instar.changes import Path


@dataclass(frozen=True)
class Progress:
    """One moment of a stream."""

    completion: int
    """How much has settled, in whole percent; it never falls, and is 100 only when the value is whole. What has settled
    counts 1 and what has not come 0; an open object counts the mean of its fields, an open list of n settled elements
    n/(n+1) and a little for what has settled of the next."""
    data: dict[str, Any]
    """The top-level fields that have something to show, with what they show."""
    settled: tuple[str, ...]
    """The names of those that have closed and will not change."""
    arrived: int = 0
    """How many of the top-level fields have something to show, in whole percent; 100 once the value is whole."""
    open: Path | None = None
    """The way through the dump to the innermost value that shows and may still grow; None once all has settled."""
