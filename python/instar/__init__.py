"""Typed Python objects from a language model's token stream, while it is still arriving."""

from instar._core import __version__
from instar.errors import JSONError, LimitError, RefusalError, StreamError, TruncatedError
from instar.parser import Limits, Parser
from instar.partial import Partial
from instar.progress import Progress

__all__ = [
    "JSONError",
    "LimitError",
    "Parser",
    "Limits",
    "Partial",
    "Progress",
    "RefusalError",
    "StreamError",
    "TruncatedError",
    "__version__",
]
