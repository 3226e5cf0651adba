"""What can be said of a stream besides its source and its type, as keywords that type checkers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from typing_extensions import NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from instar._protocols import Protocol
    from instar._tools import Offered
    from instar.parser import Limits
    from instar.repair import Repairs

__all__ = [
    "Answer",
    "BodyOptions",
    "DeltaOptions",
    "ElementBodyOptions",
    "ElementOptions",
    "Emit",
    "FinalT",
    "ItemT",
    "OnError",
    "ParserOptions",
    "T",
    "TurnOptions",
    "WireOption",
]

T = TypeVar("T")
ItemT = TypeVar("ItemT")
FinalT = TypeVar("FinalT")

Emit: TypeAlias = Literal["delta", "read"] | float
"""How often something is handed out: after each delta; after each read of the body, all deltas of which are joined; or,
of what grows, once in so many seconds at most, the latest of it."""

EmitDeltas: TypeAlias = Literal["delta"] | float
"""The same, where there is no body."""

WireOption: TypeAlias = "Protocol | Literal['sdk'] | Callable[[Any], str | None]"
"""What a body is made of: the events of a protocol, or of whichever an SDK decodes, or events that a function reads."""

Answer: TypeAlias = Literal["auto", "text", "call"]
"""Where in a response the answer stands: in what opens first, in the text, in the first call's arguments."""


OnError: TypeAlias = Literal["raise", "skip"]
"""What an element that is refused does: it ends the stream, or is left out and noted."""


class ParserOptions(TypedDict, total=False):
    """What `instar.Parser` can be told besides the schema."""

    live: bool
    limits: Limits | None
    context: Any
    strict: bool | None
    on_violation: Literal["raise", "defer"]
    repair: Repairs | None
    empty: bool


def of_response(options: ParserOptions) -> ParserOptions:
    """Return the options for an answer out of a response: what stands around it is mended, unless told otherwise."""
    return options if options.get("repair") is not None else {**options, "repair": "around"}


class DeltaOptions(ParserOptions, total=False):
    """What can be said besides of plain deltas."""

    emit: EmitDeltas


class ElementOptions(DeltaOptions, total=False):
    """What can be said of a list's elements besides."""

    on_error: OnError


class BodyOptions(ParserOptions):
    """What can be said besides of a response's body."""

    wire: WireOption
    answer: NotRequired[Answer]
    emit: NotRequired[Emit]


class TurnOptions(TypedDict, total=False):
    """What can be said of a turn: of the arguments of its calls, and of its body."""

    tools: Iterable[Offered]
    emit: Emit
    live: bool
    limits: Limits | None
    context: Any
    strict: bool | None
    repair: Repairs | None
    empty: bool


class ElementBodyOptions(BodyOptions, total=False):
    """What can be said besides of a list's elements in a response's body."""

    on_error: OnError
