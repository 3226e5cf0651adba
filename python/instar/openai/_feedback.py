"""What is said to a model whose answer cannot be used: what it did, in its own words, and what is wanted instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from instar.errors import JSONError, StreamError, TruncatedError

if TYPE_CHECKING:
    from instar._core import Pump
    from instar.openai._request import Request


def answer_of(pump: Pump[Any, Any]) -> str:
    """Return what the model has answered, wherever it stands: what it is shown of its own words."""
    found = pump.found()
    if found["answer"] is not None:
        return pump.text or str(found["answer"])
    calls = "\n".join(f"{name} {arguments}" for name, arguments in found["calls"])
    return pump.text or calls or str(found["prose"])


def reason(error: Exception, request: Request) -> str:
    """Say what is wrong with an answer, and what is wanted instead."""
    faults = "\n".join(f"- {fault}" for fault in _faults(error))
    return (
        f"That answer cannot be used (reading stopped where it went wrong):\n{faults}\n"
        f"Answer again, in full and right{_wanted(request)}."
    )


def _faults(error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        faults = error.errors(include_url=False, include_context=False)
        return [f"{_place(fault['loc'])}: {fault['msg']}" for fault in faults]
    if isinstance(error, TruncatedError):
        return [f"{_place(error.path)}: the text ended early"]
    if isinstance(error, JSONError):
        return [f"the answer: {error.message}{error.place}"]
    return [error.message if isinstance(error, StreamError) else str(error)]


def _place(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)) or "the answer"


def _wanted(request: Request) -> str:
    if request.place == "text":
        return ", with the JSON and no prose"
    if request.place == "call":
        return ", by calling the function, with all its arguments: no prose"
    return f", by calling {' or '.join(request.functions)}, with all arguments: no prose"
