"""How far a stream has come, by the top-level fields of its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """One moment of a stream."""

    completion: int
    """Whole percent of the top-level fields that have something to show; 100 once the value is whole."""
    data: dict[str, Any]
    """The fields that have something to show, with what they show."""
    settled: tuple[str, ...]
    """The names of the fields that have closed and will not change."""
