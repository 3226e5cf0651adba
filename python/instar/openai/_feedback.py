"""What is said to a model whose answer cannot be used: what it did, in its own words, and what is wanted instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from instar._body import violations
from instar.errors import JSONError, StreamError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar._core import Pump
    from instar.openai._request import Request

# How much is quoted of the end of an answer that ended early.
_TAIL = 40


def answer_of(pump: Pump[Any, Any]) -> str:
    """Return what the model has answered, wherever it stands: what it is shown of its own words."""
    found = pump.found()
    if found["answer"] is not None:
        return pump.text or str(found["answer"])
    calls = "\n".join(f"{name} {arguments}".rstrip() for name, arguments in found["calls"])
    return pump.text or calls or str(found["prose"])


def reason(error: Exception, answer: str, request: Request) -> str:
    """Say what is wrong with an answer, and what is wanted instead."""
    faults = "\n".join(f"- {fault}" for fault in _faults(error, answer))
    return (
        f"That answer cannot be used (reading stopped where it went wrong):\n{faults}\n"
        f"Answer again, in full and right{_wanted(request)}."
    )


def _faults(error: Exception, answer: str) -> Iterator[str]:
    if isinstance(error, ValidationError):
        yield from violations(error, "the answer")
    elif isinstance(error, TruncatedError):
        place = ".".join(map(str, error.path)) or "the answer"
        ended = f"the text ended early, behind {answer[-_TAIL:]!r}" if answer.strip() else "there is none"
        yield f"{place}: {ended}"
    elif isinstance(error, JSONError):
        yield f"the answer: {error.message}{error.advice}{error.place}"
    else:
        yield error.message if isinstance(error, StreamError) else str(error)


def _wanted(request: Request) -> str:
    if request.place == "text":
        fence = "in a fence and no prose" if request.fenced else "and no prose, no fence"
        return f", with the JSON {fence}"
    if request.place == "call":
        return ", by calling the function, with all its arguments: no prose"
    return f", by calling {' or '.join(request.functions)}, with all arguments: no prose"
