"""What can be said of a stream besides its source and its type, as keywords that type checkers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from typing_extensions import NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar._protocols import Protocol
    from instar.parser import Limits

__all__ = ["Answer", "BodyOptions", "Emit", "FinalT", "ItemT", "ParserOptions", "T", "WireOption"]

T = TypeVar("T")
ItemT = TypeVar("ItemT")
FinalT = TypeVar("FinalT")

Emit: TypeAlias = Literal["delta", "read"]
"""What is handed on at once: a delta, or all deltas of one read of the body, joined."""

WireOption: TypeAlias = "Protocol | Literal['sdk'] | Callable[[Any], str | None]"
"""What a body is made of: the events of a protocol, or of whichever an SDK decodes, or events that a function reads."""

Answer: TypeAlias = Literal["auto", "text", "call"]
"""Where in a response the answer stands: in what opens first, in the text, in the first call's arguments."""


class ParserOptions(TypedDict, total=False):
    """What `instar.Parser` can be told besides the schema."""

    live: bool
    limits: Limits | None
    context: Any
    strict: bool | None
    on_violation: Literal["raise", "defer"]


class BodyOptions(ParserOptions):
    """What can be said besides of a response's body."""

    wire: WireOption
    answer: NotRequired[Answer]
    emit: NotRequired[Emit]
