"""What a case is, and the tally of what users' code was called with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLS: Counter[tuple[str, str]] = Counter()
"""How often each function of the models was called with each value, as (name, repr of the value)."""


def called(name: str, value: Any) -> None:
    """Count a call."""
    CALLS[name, repr(value)] += 1


def since(version: str) -> bool:
    """Tell whether the installed Pydantic is this version ("2.11") or newer."""
    installed, wanted = ([int(part) for part in v.split(".")[:2]] for v in (VERSION, version))
    return installed >= wanted


BEFORE = "what a validator makes of a value is known when it has run"
TOGETHER = "fields that look at each other are validated together"
CHANGED = "the text is changed before it is validated"
OUTLINED = "what shows is an outline: what is wrong in it is known when Pydantic has validated the whole"
CONTAINER = "it grows as a plain list or dict, and becomes itself when it closes"
NUMBERED = "where one of several values is a number, the value is looked up when it has closed"
TAGGED = "what came before a tag is read when the tag is whole"


@dataclass(frozen=True)
class Case:
    """A type with texts that fit it and texts that do not: near-misses, and worse.

    All are whole JSON texts. Those `refused` are so at the first hopeless byte; those in `late` later, each for a
    reason. What has shown only grows, unless there is a reason why some of it may be `remade`.
    """

    tp: Any
    valid: tuple[str, ...]
    refused: tuple[str, ...]
    late: Mapping[str, str] = field(default_factory=dict)
    remade: str = ""

    @property
    def wrong(self) -> tuple[str, ...]:
        """All texts that do not fit."""
        return (*self.refused, *self.late)

    @property
    def name(self) -> str:
        """How test ids call it."""
        return getattr(self.tp, "__name__", None) or str(self.tp).replace("typing.", "")
