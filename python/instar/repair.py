"""What is mended of a text that is not JSON, and the record of it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Repair", "RepairKind", "Repairs"]

RepairKind: TypeAlias = Literal[
    "prose",
    "fence",
    "reasoning",
    "bom",
    "extra_value",
    "control_character",
    "trailing_comma",
    "missing_comma",
    "comment",
    "quote",
    "unquoted_key",
    "word",
    "number",
    "inner_quote",
    "escape",
    "surrogate",
    "wrapper",
    "encoded",
    "name",
    "member",
    "truncated",
]
"""A kind of damage that is mended: the first five stand around the value, the last is a text that is cut off."""

Repairs: TypeAlias = Literal["none", "around", "all"] | RepairKind | AbstractSet[RepairKind]
"""What is to be mended: nothing, what stands around the value, everything, or these kinds."""


class Repair(NamedTuple):
    """A place at which a text was mended.

    Attributes:
        kind: what was mended.
        offset: the byte, from 0, at which that begins in the text as it came.
        end: the byte behind it.
        line: the line of `offset`, from 1.
        column: its column in characters, from 1.
        read: what was there, at most 80 characters of it.
        understood: what it was taken for, at most 80 characters; empty if it was left out.
        count: how many of its kind were mended here: neighbours in one string are one record.

    """

    kind: RepairKind
    offset: int
    end: int
    line: int
    column: int
    read: str
    understood: str
    count: int  # type: ignore[assignment]  # a tuple's method of that name is not missed
