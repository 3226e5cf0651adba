"""Typed Python objects from a language model's token stream, while it is still arriving."""

from instar._calls import Call
from instar._core import __version__, dump
from instar._entry import elements, partials, turn
from instar._explain import Explanation, Row, explain
from instar._show import show
from instar._streams import AsyncBodyStream, AsyncStream, BodyStream, Stream
from instar._turn import AsyncTurn, Prose, Reasoning, Turn
from instar._watch import MISSING, OPEN, REFUSED, SETTLED, State
from instar.changes import RETRY, Change, Replica
from instar.errors import (
    AbsentError,
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
from instar.outlets import SSE_HEADERS, agui, json_patch, ndjson, share, sse, sse_events, vercel
from instar.parser import Limits, Parser
from instar.partial import Partial
from instar.progress import Progress
from instar.repair import Repair

__all__ = [
    "MISSING",
    "OPEN",
    "REFUSED",
    "RETRY",
    "SETTLED",
    "SSE_HEADERS",
    "AbsentError",
    "AsyncBodyStream",
    "AsyncStream",
    "AsyncTurn",
    "BodyStream",
    "Call",
    "Change",
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
    "Replica",
    "Row",
    "State",
    "Stream",
    "StreamError",
    "TruncatedError",
    "Turn",
    "Violation",
    "WireError",
    "__version__",
    "agui",
    "dump",
    "elements",
    "explain",
    "from_openai",
    "json_patch",
    "ndjson",
    "partials",
    "share",
    "show",
    "sse",
    "sse_events",
    "turn",
    "vercel",
]
