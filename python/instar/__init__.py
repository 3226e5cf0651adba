"""Typed Python objects from a language model's token stream, while it is still arriving."""

from instar._core import __version__, dump
from instar.client import Mode, from_openai
from instar.errors import JSONError, LimitError, RefusalError, StreamError, TruncatedError, Violation, WireError
from instar.explain import explain
from instar.parser import Limits, Parser
from instar.partial import Partial
from instar.progress import Progress
from instar.streams import AsyncStream, Stream, elements, partials

__all__ = [
    "AsyncStream",
    "JSONError",
    "LimitError",
    "Limits",
    "Mode",
    "Parser",
    "Partial",
    "Progress",
    "RefusalError",
    "Stream",
    "StreamError",
    "TruncatedError",
    "Violation",
    "WireError",
    "__version__",
    "dump",
    "elements",
    "explain",
    "from_openai",
    "partials",
]
