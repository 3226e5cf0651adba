"""What can be said of a stream besides its source and its type, as keywords that type checkers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from typing_extensions import NotRequired, TypedDict

from instar._protocols import Protocol

if TYPE_CHECKING:
    from instar.parser import Limits

__all__ = ["BodyOptions", "Emit", "FinalT", "ItemT", "ParserOptions", "T", "WireName"]

T = TypeVar("T")
ItemT = TypeVar("ItemT")
FinalT = TypeVar("FinalT")

Emit: TypeAlias = Literal["delta", "read"]
"""What is handed on at once: a delta, or all deltas of one read of the body, joined."""

WireName: TypeAlias = Protocol | Literal["sdk"]
"""What a body is made of: the bytes of a protocol, or the objects that an SDK makes of them."""


class ParserOptions(TypedDict, total=False):
    """What `instar.Parser` can be told besides the schema."""

    live: bool
    limits: Limits | None
    context: Any
    strict: bool | None
    on_violation: Literal["raise", "defer"]


class BodyOptions(ParserOptions):
    """What can be said besides of a response's body."""

    wire: WireName
    emit: NotRequired[Emit]
