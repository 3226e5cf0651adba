"""Answers as the chat completions API puts them on the wire."""

import time
from collections.abc import Mapping
from typing import Any

from instar.testing.reply import Reply
from instar.testing.wire import Event, Line, asked, is_named, lines, phases, to_json, turns


def stream(body: Mapping[str, Any], reply: Reply, number: int) -> list[Event]:
    """Role, deltas, finish, usage, `[DONE]`."""
    spoken = lines(body, reply)
    counted = bool((body.get("stream_options") or {}).get("include_usage"))

    def chunk(choices: list[dict[str, Any]], usage: Mapping[str, int] | None = None) -> bytes:
        envelope = _envelope(body, number, "chat.completion.chunk") | {"choices": choices}
        return b"data: " + to_json(envelope | {"usage": usage} if counted else envelope) + b"\n\n"

    def choice(index: int, delta: dict[str, Any], finish_reason: str | None = None) -> list[dict[str, Any]]:
        return [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]

    choices = _choices(spoken)
    events: list[Event] = []
    begun: set[int] = set()
    for phase in phases(spoken):
        for index, parts in _choices(phase).items():
            first = {} if index in begun else {"role": "assistant", "content": None, "refusal": None}
            begun.add(index)
            events.append(Event(chunk(choice(index, first | _begun(parts, number))), delta=False))
        for line, delta in turns(phase):
            events.append(Event(chunk(choice(_choice(line), {line.field: _said(line, delta)})), delta=True))
    if reply.drop:
        return events
    ending = [chunk(choice(index, {}, _finish(body, reply, parts))) for index, parts in choices.items()]
    if counted:
        ending.append(chunk([], _usage(body, reply, spoken)))
    return events + [Event(data, delta=False) for data in (*ending, b"data: [DONE]\n\n")]


def whole(body: Mapping[str, Any], reply: Reply, number: int) -> list[Event]:
    """Return the answer in one piece."""
    spoken = lines(body, reply)
    choices = []
    for index, parts in _choices(spoken).items():
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
        message |= {line.field: line.text for line in parts if not line.tool}
        calls = [_call(line, number, line.text) for line in parts if line.tool]
        message |= {"tool_calls": calls} if calls else {}
        finish = _finish(body, reply, parts)
        choices.append({"index": index, "message": message, "logprobs": None, "finish_reason": finish})
    envelope = _envelope(body, number, "chat.completion")
    return [Event(to_json(envelope | {"choices": choices, "usage": _usage(body, reply, spoken)}), delta=False)]


def _choice(line: Line) -> int:
    """Return the choice that a text is in: calls share the first one."""
    return 0 if line.tool else line.index


def _choices(spoken: list[Line]) -> dict[int, list[Line]]:
    choices: dict[int, list[Line]] = {}
    for line in spoken:
        choices.setdefault(_choice(line), []).append(line)
    return choices


def _begun(parts: list[Line], number: int) -> dict[str, Any]:
    """Return the delta that begins texts of a choice: the names of the calls."""
    if parts[0].tool:
        return {"tool_calls": [{"index": line.index, **_call(line, number, "")} for line in parts]}
    return {parts[0].field: ""}


def _said(line: Line, delta: str) -> Any:
    return [{"index": line.index, "function": {"arguments": delta}}] if line.tool else delta


def _call(line: Line, number: int, arguments: str) -> dict[str, Any]:
    call_id = f"call_local_{number}_{line.index}"
    return {"id": call_id, "type": "function", "function": {"name": line.tool, "arguments": arguments}}


def _finish(body: Mapping[str, Any], reply: Reply, parts: list[Line]) -> str:
    natural = "tool_calls" if parts[-1].tool and not is_named(body) else "stop"
    return reply.finish_reason or natural


def _usage(body: Mapping[str, Any], reply: Reply, spoken: list[Line]) -> Mapping[str, int]:
    if reply.usage is not None:
        return reply.usage
    prompt, answered = asked(body), sum(len(line.deltas) for line in spoken)
    return {"prompt_tokens": prompt, "completion_tokens": answered, "total_tokens": prompt + answered}


def _envelope(body: Mapping[str, Any], number: int, kind: str) -> dict[str, Any]:
    model = body.get("model", "local")
    return {"id": f"chatcmpl-local-{number}", "object": kind, "created": int(time.time()), "model": model}
