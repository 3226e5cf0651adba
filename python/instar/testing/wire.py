"""Replies as OpenAI puts them on the wire (chunks, completions, errors), and the bytes cut into writes."""

import json
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

from instar.testing.reply import Reply, tokens

# None: one SSE event a write. An int: that many bytes a write. A function: the pieces of the body.
Cut: TypeAlias = int | Callable[[bytes], Iterable[bytes]] | None

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


def events(body: Mapping[str, Any], reply: Reply, number: int) -> list[Event]:
    """Put the reply to a request into the body of its response."""
    if isinstance(reply.text, bytes):
        return [Event(data, delta=True) for data in _EVENT.findall(reply.text)]
    deltas = tokens(reply.text) if isinstance(reply.text, str) else list(reply.text)
    if reply.status >= HTTPStatus.BAD_REQUEST:
        return [Event(_json(failure(reply.status, "".join(deltas))), delta=False)]
    if body.get("stream"):
        return _stream(body, reply, deltas, number)
    return [Event(_json(_completion(body, reply, deltas, number)), delta=False)]


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


def _stream(body: Mapping[str, Any], reply: Reply, deltas: list[str], number: int) -> list[Event]:
    """Role, deltas, finish, usage, `[DONE]`."""
    field, tool, finish_reason = _shape(body, reply)
    counted = bool((body.get("stream_options") or {}).get("include_usage"))

    def chunk(choices: list[dict[str, Any]], usage: Mapping[str, int] | None = None) -> bytes:
        envelope = _envelope(body, number, "chat.completion.chunk") | {"choices": choices}
        return _sse(_json(envelope | {"usage": usage} if counted else envelope))

    def choice(delta: dict[str, Any], finish_reason: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]

    first: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    first[field] = [_call(tool, number, "") | {"index": 0}] if field == "tool_calls" else ""
    events = [Event(chunk(choice(first)), delta=False)]
    for delta in deltas:
        value = [{"index": 0, "function": {"arguments": delta}}] if field == "tool_calls" else delta
        events.append(Event(chunk(choice({field: value})), delta=True))
    if reply.drop:
        return events
    ending = [chunk(choice({}, finish_reason))]
    if counted:
        ending.append(chunk([], _usage(body, reply, deltas)))
    return events + [Event(data, delta=False) for data in (*ending, _sse(b"[DONE]"))]


def _completion(body: Mapping[str, Any], reply: Reply, deltas: list[str], number: int) -> dict[str, Any]:
    field, tool, finish_reason = _shape(body, reply)
    text = "".join(deltas)
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    message[field] = [_call(tool, number, text)] if field == "tool_calls" else text
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    envelope = _envelope(body, number, "chat.completion")
    return envelope | {"choices": [choice], "usage": _usage(body, reply, deltas)}


def _shape(body: Mapping[str, Any], reply: Reply) -> tuple[str, str, str]:
    """Field of the delta, name of the tool ("" for none), and finish reason of an answer."""
    choice = body.get("tool_choice")
    named = isinstance(choice, dict)
    tools: Any = [choice] if named else body.get("tools")
    tool = tools[0]["function"]["name"] if tools else ""
    field = reply.field or ("tool_calls" if tool and (named or choice == "required") else "content")
    if field == "tool_calls" and not tool:
        message = "the reply is a tool call, but the request carries no tools"
        raise ValueError(message)
    natural = "tool_calls" if field == "tool_calls" and not named else "stop"
    return field, tool, reply.finish_reason or natural


def _usage(body: Mapping[str, Any], reply: Reply, deltas: list[str]) -> Mapping[str, int]:
    if reply.usage is not None:
        return reply.usage
    asked = sum(len(tokens(str(message.get("content")))) for message in body.get("messages") or ())
    return {"prompt_tokens": asked, "completion_tokens": len(deltas), "total_tokens": asked + len(deltas)}


def _envelope(body: Mapping[str, Any], number: int, kind: str) -> dict[str, Any]:
    model = body.get("model", "local")
    return {"id": f"chatcmpl-local-{number}", "object": kind, "created": int(time.time()), "model": model}


def _call(tool: str, number: int, arguments: str) -> dict[str, Any]:
    function = {"name": tool, "arguments": arguments}
    return {"id": f"call_local_{number}", "type": "function", "function": function}


def _json(value: object) -> bytes:
    # Not escaped to ASCII: OpenAI sends UTF-8, and so a cut may fall within a character.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _sse(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"
