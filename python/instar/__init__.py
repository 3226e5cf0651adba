"""Typed Python objects from a language model's token stream, while it is still arriving."""

from instar._calls import Call
from instar._core import __version__, dump
from instar._entry import elements, partials, turn
from instar._explain import Explanation, Row, explain
from instar._streams import AsyncBodyStream, AsyncStream, BodyStream, Stream
from instar._turn import AsyncTurn, Prose, Reasoning, Turn
from instar.errors import (
    ElementError,
    JSONError,
    LimitError,
    RefusalError,
    StreamError,
    TruncatedError,
    Violation,
    WireError,
)
from instar.openai import Mode, from_openai
from instar.parser import Limits, Parser
from instar.partial import Partial
from instar.progress import Progress
from instar.repair import Repair

__all__ = [
    "AsyncBodyStream",
    "AsyncStream",
    "AsyncTurn",
    "BodyStream",
    "Call",
    "ElementError",
    "Explanation",
    "JSONError",
    "LimitError",
    "Limits",
    "Mode",
    "Parser",
    "Partial",
    "Progress",
    "Prose",
    "Reasoning",
    "RefusalError",
    "Repair",
    "Row",
    "Stream",
    "StreamError",
    "TruncatedError",
    "Turn",
    "Violation",
    "WireError",
    "__version__",
    "dump",
    "elements",
    "explain",
    "from_openai",
    "partials",
    "turn",
]
