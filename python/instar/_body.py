"""What is wrong with the body of a response, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from instar.errors import RefusalError, StreamError, TruncatedError

if TYPE_CHECKING:
    from instar._core import Body, Pump

_WHY = {
    "length": "the token limit was reached (finish_reason='length': raise max_tokens or ask for less)",
    "max_output_tokens": "the token limit was reached (raise max_output_tokens or ask for less)",
    "max_tokens": "the token limit was reached (raise max_tokens or ask for less)",
    "content_filter": "the provider's content filter cut the answer (finish_reason='content_filter')",
    None: "the response broke off (it has no finish_reason)",
}


def check(pump: Pump[Any, Any]) -> None:
    """Check, at the end of a body, that there was an answer at all.

    Raises:
        RefusalError: the model refused; the error carries its words.
        StreamError: nothing has come, or no call of a function.

    """
    if pump.refusal:
        raise RefusalError(pump.refusal)
    if pump.body is None:
        return
    if not pump.begun:
        raise _silence(pump.body)
    found = pump.found()
    if found["answer"] is None and not (pump.body.place == "calls" and found["calls"]):
        _complain_of_place(found)


def explained(error: TruncatedError, finish_reason: str | None) -> TruncatedError:
    """Return the error with the reason for which the text ended early."""
    why = _WHY.get(finish_reason, f"the model stopped there (finish_reason={finish_reason!r})")
    return TruncatedError(error.path, error.offset, error.line, error.column, reason=f"because {why}")


def complaint(error: str) -> StreamError:
    """Make an exception of an error that the server has sent inside of the stream."""
    said = json.loads(error)
    message = said.get("message", error) if isinstance(said, dict) else said
    return StreamError(f"the server broke off: {message}")


def quoted(text: str, length: int = 80) -> str:
    """Quote the beginning of a text."""
    return repr(text if len(text) <= length else text[:length] + "...")


def _complain_of_place(found: dict[str, Any]) -> None:
    """Raise what says that something has come, but not in the place where the answer should stand."""
    for name, arguments in found["calls"]:
        message = f"the model called {name!r} instead of answering: its arguments begin with {quoted(arguments)}"
        raise StreamError(message)
    if found["prose"].strip():
        message = (
            "the model answered in prose instead of calling a function (try another instar.Mode): "
            f"it begins with {quoted(found['prose'])}"
        )
        raise StreamError(message)
    if found["reasoning"].strip():
        message = f"the model has reasoned, and answered nothing: it begins with {quoted(found['reasoning'])}"
        raise StreamError(message)


def _silence(body: Body) -> StreamError:
    """Return the error for an answer of which nothing has come."""
    message = "the response has no answer in it"
    if body.beginning and not body.begun:
        is_stream = "begins" if body.decoder.events else "is no event stream and begins"
        message += f": its body {is_stream} with {body.beginning.decode(errors='replace')!r}"
    return StreamError(message)
