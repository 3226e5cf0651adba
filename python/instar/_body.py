"""Bodies of responses: what decodes them, and what is wrong with them, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from instar._chunks import ChunkWire
from instar._core import Body, Events, Wire
from instar._function_wire import FunctionWire
from instar._pace import seconds_of
from instar.errors import RefusalError, StreamError, TruncatedError

if TYPE_CHECKING:
    from instar._core import Pump
    from instar._options import Answer, Emit, WireOption
    from instar._protocols import Protocol
    from instar.parser import Parser

_TOKEN_LIMIT = "the token limit was reached"  # noqa: S105 - no password
_FILTER = "the provider's content filter cut the answer"
_WHY = {
    "length": f"{_TOKEN_LIMIT} (finish_reason='length': raise max_tokens or ask for less)",
    "max_output_tokens": f"{_TOKEN_LIMIT} (raise max_output_tokens or ask for less)",
    "max_tokens": f"{_TOKEN_LIMIT} (raise max_tokens or ask for less)",
    "content_filter": f"{_FILTER} (finish_reason='content_filter')",
    "safety": f"{_FILTER} (finish_reason='SAFETY')",
    None: "the response broke off (it has no finish_reason)",
}

# How many characters of a text are quoted.
_QUOTED = 80

# The members of errors that say what is wrong, in lower case.
_SAYS = ("message", "msg", "detail", "error", "errors", "error_message", "errormessage", "title")

# What the lines of an event stream begin with.
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")

# What may stand before anything else in a body.
_BEFORE = b"\xef\xbb\xbf \t\r\n"


def body_of(wire: WireOption, answer: Answer | Literal["turn"], emit: Emit) -> Body:
    """Return a body that is given as bytes or events, and not asked for by instar's client.

    Raises:
        TypeError: `wire` is neither a name nor a function.
        ValueError: there is no such protocol, answer or emit.

    """
    if answer not in ("auto", "text", "call", "turn"):
        message = f"answer is 'auto', 'text' or 'call', not {answer!r}"
        raise ValueError(message)
    seconds_of(emit)
    if wire == "sdk":
        decoder: Any = ChunkWire()
    elif not (isinstance(wire, str) or callable(wire)):
        message = f"wire is {', '.join(map(repr, Wire.PROTOCOLS))}, 'sdk' or a function, not {wire!r}"
        raise TypeError(message)
    else:
        decoder = FunctionWire(wire) if callable(wire) else Wire(wire)
    return Body(decoder, answer, _complaint, emit="read" if emit == "read" else "delta", several=not is_one_text(wire))


def is_one_text(wire: object) -> bool:
    """Say whether a choice has one text at most in this protocol, so that it must be the answer."""
    return callable(wire) or wire in Wire.ONE_TEXT


def check(pump: Pump[Any, Any], *, forced: bool) -> None:
    """Check, at the end of a body, that there was an answer at all, where it should stand.

    forced: where calls of tools are the answer, whether there has to be one.

    Raises:
        RefusalError: the model refused; the error carries its words.
        StreamError: nothing has come, or something else than what was asked for.

    """
    if pump.refusal:
        raise RefusalError(pump.refusal)
    if pump.body is None:
        return
    if not pump.begun:
        raise _silence(pump.body, pump.choice)
    found = pump.found()
    place = pump.body.place
    if place in ("calls", "turn"):
        if forced and not found["calls"]:
            _complain_of_place(found, place)
            raise TruncatedError(())
    elif found["answer"] is None:
        _complain_of_place(found, place)


def advise(error: Exception, parser: Parser[Any], delta: bytes = b"") -> None:
    """Say of deltas that are refused that they are a body, where they look like one.

    What was read of the text tells that; where that has only begun, all of the delta that was refused.
    """
    read = parser.text.encode()
    text = delta if delta.startswith(read) else read
    begins = text.lstrip(_BEFORE)
    protocol, is_alone = _protocol_of(text)
    if begins.startswith(_FIELDS):
        wire = f"wire={protocol!r} reads" if protocol else "wire= reads, as in wire='openai-chat'"
        advice = f" (it looks like an event stream, which {wire})"
    elif protocol and not (is_alone and parser.dump()):
        advice = f" (it looks like an event of the protocol {protocol!r}, which wire={protocol!r} reads)"
    elif begins and any(field.startswith(begins) for field in _FIELDS):
        advice = " (wire= reads event streams, as in wire='openai-chat', and repair='around' prose)"
    else:
        return
    if isinstance(error, StreamError):
        error.advice = advice
    elif isinstance(error, ValidationError) and hasattr(error, "add_note"):  # from Python 3.11 on
        error.add_note(advice.strip(" ()"))


def advise_of_body(error: StreamError, body: Body) -> None:
    """Say of a body that is no body of its protocol that it is one of another, where that can be told."""
    error.advice = _misread(body)


def _misread(body: Body) -> str:
    """Say of which protocol the events of a body are, where it is another than that by which they were read."""
    read_as = body.decoder.protocol
    events = body.decoder.events
    protocol, _ = _protocol_of(events[0] if events else body.beginning)
    if protocol in (None, read_as):
        return ""
    return f": it was read as {read_as!r}, and its events are those of wire={protocol!r}"


def _protocol_of(body: bytes) -> tuple[Protocol | None, bool]:
    """Return the protocol of the events with which a body begins, and whether only one of them tells it."""
    events = Events()
    # The end of a line, and of an event, may not have come.
    found = map(Wire.recognise, [*events.feed(body + b"\n\n"), *events.end()])
    known = [protocol for protocol in found if protocol is not None]
    return (known[0] if known else None), len(known) == 1


def is_cut(pump: Pump[Any, Any], choice: int) -> bool:
    """Say whether the answer was cut off, whatever it looks like: by a limit or a filter, or with the body."""
    return pump.body is not None and pump.body.decoder.is_cut(choice)


def explained(error: TruncatedError, finish_reason: str | None) -> TruncatedError:
    """Return the error with the reason for which the text ended early."""
    known = None if finish_reason is None else finish_reason.lower()
    why = _WHY.get(known, f"the model stopped there (finish_reason={finish_reason!r})")
    return TruncatedError(error.path, error.offset, error.line, error.column, reason=f"because {why}")


def quoted(text: str) -> str:
    """Quote the beginning of a text."""
    return repr(text if len(text) <= _QUOTED else text[:_QUOTED] + "...")


def violations(error: ValidationError, whole: str) -> list[str]:
    """Say what a schema refuses, each with what was written there; `whole` is what all of it is called."""
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        written = to_json(fault["input"], fallback=str).decode()
        shown = written if len(written) <= _QUOTED else written[:_QUOTED] + "..."
        # What is missing was not written: its input is what it is missing in.
        quotation = "" if fault["type"] == "missing" else f" (you wrote {shown})"
        lines.append(f"{'.'.join(map(str, fault['loc'])) or whole}: {fault['msg']}{quotation}")
    return lines


def said_in(error: str) -> tuple[str, Any]:
    """Return the message of an error that a server has sent, given as JSON, and the error itself."""
    body = from_json(error)
    inner = body.get("error") if isinstance(body, dict) else None
    return _said(body) or error, inner if isinstance(inner, dict) else body


def _said(error: Any) -> str:
    """Return what an error says, in whichever of its members: empty if in none."""
    if isinstance(error, list):
        return "; ".join(filter(None, map(_said, error)))
    if isinstance(error, dict):
        members = {key.lower(): value for key, value in error.items()}
        return next(filter(None, (_said(members.get(name)) for name in _SAYS)), "")
    return error if isinstance(error, str) else ""


def _complaint(error: str) -> StreamError:
    """Make an exception of an error that the server has sent."""
    return StreamError(f"the server broke off: {said_in(error)[0]}")


def _complain_of_place(found: dict[str, Any], place: str) -> None:
    """Raise what says that something has come, but not in the place where the answer should stand."""
    for name, arguments in found["calls"]:
        message = f"the model called {name!r} instead of answering: its arguments begin with {quoted(arguments)}"
        raise StreamError(message)
    if found["prose"].strip():
        message = f"the model answered in prose instead of calling a function: it begins with {quoted(found['prose'])}"
        error = StreamError(message)
        error.advice = " (try another instar.Mode)" if place == "call" else ""
        raise error
    if found["reasoning"].strip():
        message = f"the model has reasoned, and answered nothing: it begins with {quoted(found['reasoning'])}"
        raise StreamError(message)


def _silence(body: Body, choice: int) -> StreamError:
    """Return the error for an answer of which nothing has come."""
    message = "the response has no answer in it"
    if misread := _misread(body):
        message += misread
    elif body.begun:
        message = f"the response has other choices in it, and nothing of the one asked for (index {choice})"
    elif body.beginning:
        is_stream = body.beginning.lstrip(b"\xef\xbb\xbf").startswith(_FIELDS)
        said = "begins" if is_stream or body.decoder.events else "is no event stream and begins"
        message += f": its body {said} with {body.beginning.decode(errors='replace')!r}"
        if is_stream and not body.has_lines:
            message += ", and has no line end: give the bytes as they come (iter_bytes()), and not line by line"
    return StreamError(message)
