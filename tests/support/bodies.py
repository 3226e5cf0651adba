"""Bodies of responses, event by event, and what comes of them."""

from __future__ import annotations

import json
from typing import Any

import instar
from support.samples import User


def sse(*events: Any) -> bytes:
    """Return server-sent events."""
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk of a chat completion."""
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(arguments: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a delta of a call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"tool_calls": [{"index": 0, "function": function} | more]}


def text(delta: str, index: int = 0) -> dict[str, Any]:
    """Return the event of a delta of the Responses API."""
    return {"type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": delta}


def message(index: int, whole: str = "", phase: str | None = None, *, done: bool = False) -> dict[str, Any]:
    """Return the event that begins or ends a message of the Responses API."""
    content = [{"type": "output_text", "text": whole, "annotations": []}] if whole else []
    item = {"id": f"m{index}", "type": "message", "role": "assistant", "content": content}
    kind = "done" if done else "added"
    return {
        "type": f"response.output_item.{kind}",
        "output_index": index,
        "item": item | ({"phase": phase} if phase else {}),
    }


COMPLETED = {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}


def outcome(pieces: Any, schema: Any = User, **options: Any) -> tuple[Any, str]:
    """Return the final value of a body, and the prose beside it; the same however its bytes are cut."""
    stream = instar.partials([pieces] if isinstance(pieces, bytes) else pieces, schema, **options)
    outcome = stream.final(), stream.prose
    if isinstance(pieces, bytes):
        bytewise = instar.partials([pieces[at : at + 1] for at in range(len(pieces))], schema, **options)
        assert (bytewise.final(), bytewise.prose) == outcome
    return outcome
