"""Replies as bytes: what they have in common on the wire, and how they are cut into writes."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import accumulate, pairwise, zip_longest
from typing import Any, TypeAlias

from instar.testing.reply import Reply, tokens

# None: one SSE event a write. An int: that many bytes a write. A function: the pieces of the body.
Cut: TypeAlias = int | Callable[[bytes], Iterable[bytes]] | None

# The member of a delta that carries what the model thinks.
REASONING = "reasoning_content"

_EVENT = re.compile(rb".+?(?:\r?\n\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Event:
    """A part of the response body that is one write unless it is cut, and whether it is a delta."""

    data: bytes
    delta: bool


@dataclass(frozen=True)
class Piece:
    """Bytes of one write, and how many deltas have begun and are whole once they are out."""

    data: bytes
    begun: int
    whole: int


@dataclass(frozen=True)
class Line:
    """One of the texts of an answer, in its deltas: that of a choice, or the arguments of a call.

    tool: name of the function, where the text is a call's arguments.
    """

    index: int
    field: str
    tool: str
    deltas: list[str]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.deltas)


def recorded(body: bytes) -> list[Event]:
    """Take a whole body as it is, each server-sent event a delta."""
    return [Event(data, delta=True) for data in _EVENT.findall(body)]


def refused(reply: Reply) -> list[Event]:
    """Put an HTTP error into a body."""
    return [Event(to_json(failure(reply.status, "".join(_deltas(reply.text)))), delta=False)]


def lines(body: Mapping[str, Any], reply: Reply) -> list[Line]:
    """Return the texts of an answer, in the order in which they begin: reasoning, what is said, calls."""
    thought = [Line(0, REASONING, "", _deltas(reply.reasoning))] if reply.reasoning else []
    if reply.calls:
        said = [Line(0, reply.field or "content", "", _deltas(reply.text))] if reply.text else []
        calls = [Line(index, "tool_calls", name, tokens(text)) for index, (name, text) in enumerate(reply.calls)]
        return [*thought, *said, *calls]
    field, tool = _shape(body, reply)
    texts: Sequence[str | bytes | Sequence[str]] = reply.choices or [reply.text]
    return [*thought, *(Line(index, field, tool, _deltas(text)) for index, text in enumerate(texts))]


def phases(lines: list[Line]) -> Iterator[list[Line]]:
    """Give the texts that are written side by side, one group after the other: reasoning, what is said, calls."""
    order = (lambda line: line.field == REASONING), (lambda line: line.field != REASONING and not line.tool)
    groups = [list(filter(is_in, lines)) for is_in in (*order, lambda line: bool(line.tool))]
    yield from (group for group in groups if group)


def turns(lines: list[Line]) -> Iterator[tuple[Line, str]]:
    """Give the deltas of texts by turns, as a server does that writes them side by side."""
    for turn in zip_longest(*(line.deltas for line in lines)):
        yield from ((line, delta) for line, delta in zip(lines, turn, strict=True) if delta is not None)


def is_named(body: Mapping[str, Any]) -> bool:
    """Say whether the request forces a function by its name."""
    return isinstance(body.get("tool_choice"), dict)


def failure(status: int, message: str) -> dict[str, Any]:
    """Shape an error as OpenAI does."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def pieces(events: list[Event], cut: Cut) -> list[Piece]:
    """Cut the body that the events make into writes. ValueError where the cut loses or adds bytes."""
    body = b"".join(event.data for event in events)
    if cut is None:
        parts = [event.data for event in events]
    elif isinstance(cut, int):
        parts = [body[at : at + cut] for at in range(0, len(body), cut)]
    else:
        parts = list(cut(body))
    if b"".join(parts) != body:
        message = "the pieces that `cut` returned, joined, are not the body it was given"
        raise ValueError(message)
    edges = accumulate((len(event.data) for event in events), initial=0)
    spans = [span for span, event in zip(pairwise(edges), events, strict=True) if event.delta]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    written = zip(parts, accumulate(map(len, parts)), strict=True)
    return [Piece(part, bisect_left(starts, to), bisect_right(ends, to)) for part, to in written]


def asked(body: Mapping[str, Any]) -> int:
    """Count the tokens of a request."""
    messages = body.get("messages") or body.get("input") or ()
    if isinstance(messages, str):
        return len(tokens(messages))
    return sum(len(tokens(str(message.get("content")))) for message in messages)


def to_json(value: object) -> bytes:
    """Write compact JSON, not escaped to ASCII: OpenAI sends UTF-8, and so a cut may fall within a character."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _deltas(text: str | bytes | Sequence[str]) -> list[str]:
    if isinstance(text, bytes):
        text = text.decode()
    return tokens(text) if isinstance(text, str) else list(text)


def _shape(body: Mapping[str, Any], reply: Reply) -> tuple[str, str]:
    """Return the field of an answer, and the name of its tool ("" for none)."""
    choice = body.get("tool_choice")
    tools: Any = [choice] if is_named(body) else body.get("tools")
    tool = tools[0].get("function", tools[0])["name"] if tools else ""
    field = reply.field or ("tool_calls" if tool and (is_named(body) or choice == "required") else "content")
    if field == "tool_calls" and not tool:
        message = "the reply is a tool call, but the request carries no tools"
        raise ValueError(message)
    return field, tool if field == "tool_calls" else ""
