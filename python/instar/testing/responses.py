"""Answers as the Responses API puts them on the wire."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from instar.testing.reply import Reply
from instar.testing.wire import REASONING, Event, Line, asked, lines, phases, to_json, turns

# What the API calls the reasons for which an answer ends early.
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}

# What numbers the part of an item that a delta belongs to, where it is not the content.
_INDEX = {REASONING: "summary_index"}


def stream(body: Mapping[str, Any], reply: Reply, number: int) -> list[Event]:
    """Created, the items' beginnings, deltas, the items' ends, completed or incomplete."""
    return [
        Event(
            f"event: {kind}\n".encode() + b"data: " + to_json({"type": kind, "sequence_number": at, **event}) + b"\n\n",
            delta=kind.endswith(".delta"),
        )
        for at, (kind, event) in enumerate(_events(body, reply, number))
    ]


def whole(body: Mapping[str, Any], reply: Reply, number: int) -> list[Event]:
    """Return the answer in one piece."""
    return [Event(to_json(_response(body, reply, number)), delta=False)]


def _events(body: Mapping[str, Any], reply: Reply, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    spoken = lines(body, reply)
    begun = {**_response(body, reply, number), "status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"response": begun | {"incomplete_details": None}}
    for phase in phases(spoken):
        places = {id(line): spoken.index(line) for line in phase}
        for line in phase:
            place = {"output_index": places[id(line)]}
            yield "response.output_item.added", {**place, "item": _item(line, number, status="in_progress")}
            if not line.tool and line.field != REASONING:
                empty = Line(line.index, line.field, line.tool, [])
                yield "response.content_part.added", {**place, "content_index": 0, "part": _part(empty)}
        for line, delta in turns(phase):
            place = {"output_index": places[id(line)], _INDEX.get(line.field, "content_index"): 0}
            yield f"response.{_kind(line)}.delta", {**place, "item_id": f"item_local_{line.index}", "delta": delta}
    if reply.drop:
        return
    for at, line in enumerate(spoken):
        yield "response.output_item.done", {"output_index": at, "item": _item(line, number, status="completed")}
    last = _response(body, reply, number)
    yield f"response.{last['status']}", {"response": last}


def _response(body: Mapping[str, Any], reply: Reply, number: int) -> dict[str, Any]:
    spoken = lines(body, reply)
    reason = _INCOMPLETE.get(reply.finish_reason or "")
    return {
        "id": f"resp_local_{number}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": body.get("instructions"),
        "model": body.get("model", "local"),
        "output": [_item(line, number, status="completed") for line in spoken],
        "parallel_tool_calls": True,
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools", []),
        "usage": _usage(body, reply, spoken),
    }


def _item(line: Line, number: int, *, status: str) -> dict[str, Any]:
    """Return an item of the output; one that has only begun is empty."""
    spoken = line if status == "completed" else Line(line.index, line.field, line.tool, [])
    item = {"id": f"item_local_{line.index}", "status": status}
    if line.tool:
        call = {"call_id": f"call_local_{number}_{line.index}", "name": line.tool, "arguments": spoken.text}
        return {"type": "function_call", **item, **call}
    if line.field == REASONING:
        summary = [{"type": "summary_text", "text": spoken.text}] if status == "completed" else []
        return {"type": "reasoning", "id": f"reasoning_local_{line.index}", "summary": summary}
    content = [_part(spoken)] if status == "completed" else []
    return {"type": "message", **item, "role": "assistant", "content": content}


def _kind(line: Line) -> str:
    """Return what the API calls a text."""
    if line.field == REASONING:
        return "reasoning_summary_text"
    return "function_call_arguments" if line.tool else str(_part(line)["type"])


def _part(line: Line) -> dict[str, Any]:
    if line.field == "refusal":
        return {"type": "refusal", "refusal": line.text}
    return {"type": "output_text", "text": line.text, "annotations": []}


def _usage(body: Mapping[str, Any], reply: Reply, spoken: list[Line]) -> Mapping[str, Any]:
    if reply.usage is not None:
        return reply.usage
    prompt, answered = asked(body), sum(len(line.deltas) for line in spoken)
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + answered,
    }
