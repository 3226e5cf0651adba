"""The parser of one stream, and its limits."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from instar._core import Parser

__all__ = ["Limits", "Parser"]


@dataclass(frozen=True)
class Limits:
    """What a text may be at most; beyond it `LimitError` is raised.

    Raises:
        ValueError: a limit is not a number from 1 to `sys.maxsize`.

    """

    depth: int = 201
    """Containers within containers. Pydantic itself reads no more than 201."""
    bytes: int = 1 << 30
    blank: int = 1 << 16
    """Bytes of white space in one piece, before the value and within it, counted in steps of 64."""
    prose: int = 1 << 20
    """Bytes without a value, where prose is mended: only their end tells that none comes."""

    def __post_init__(self) -> None:
        for name in ("depth", "bytes", "blank", "prose"):
            limit = getattr(self, name)
            if not isinstance(limit, int) or not 1 <= limit <= sys.maxsize:
                message = f"Limits.{name} is a number from 1 to {sys.maxsize}, not {limit!r}"
                raise ValueError(message)
