"""The parser of one stream, and its limits."""

from __future__ import annotations

from dataclasses import dataclass

from instar._core import Parser

__all__ = ["Limits", "Parser"]


@dataclass(frozen=True)
class Limits:
    """What a text may be at most; beyond it `LimitError` is raised."""

    depth: int = 201
    """Containers within containers. Pydantic itself reads no more than 201."""
    bytes: int = 1 << 30
