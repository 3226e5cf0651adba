"""Whatever a response says, and in whatever order: how its body is cut is not seen, neither in parts nor in errors."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import instar
from instar import Call, StreamError
from support.bodies import COMPLETED, call, chunk, message, sse, text
from support.samples import ADA, User


class Ping(BaseModel):
    """Something that takes no arguments."""


TEXTS = st.sampled_from(
    [ADA, ADA[:9], ADA[9:], "Sure. ", "[1] ", "{x} ", "12 ", "``", "```json\n", '{"q": 1} ', "\n", "é😀", "[]", '"x"']
)
ARGUMENTS = st.sampled_from([ADA, ADA[:9], ADA + "\n```", "", "{}", "null", "  ", "junk", '{"q": 1}'])
NAMES = st.sampled_from(["User", "Ping", "Fly", "Us"])
KINDS = st.sampled_from(["text", "call", "reasoning", "finish", "more", "empty"])
ANSWERS: list[dict[str, Any]] = [
    {"answer": answer, "repair": repair} for answer in ("auto", "text", "call") for repair in ("around", "none", "all")
]


def pieces(whole: str, size: int) -> list[str]:
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@st.composite
def chats(draw: st.DrawFn) -> bytes:
    """Draw a body of chat chunks, usual ones and others."""
    events: list[Any] = []
    for number in range(draw(st.integers(1, 5))):
        kind, size = (
            draw(st.sampled_from(["text", "call", "reasoning", "finish", "more", "empty"])),
            draw(st.integers(1, 60)),
        )
        if kind == "text":
            events += [chunk(content=piece) for piece in pieces(draw(TEXTS), size)]
        elif kind == "call":
            index: Any = {"index": number if draw(st.booleans()) else None}
            label: Any = {"id": f"c{number}"} if draw(st.booleans()) else {}
            events.append(chunk(**call("", draw(NAMES), **index, **label)))
            events += [chunk(**call(piece, **index)) for piece in pieces(draw(ARGUMENTS), size)]
        elif kind == "reasoning":
            events.append(chunk(reasoning_content=draw(TEXTS)))
        elif kind == "finish":
            events.append(chunk(draw(st.sampled_from(["stop", "tool_calls", "length"]))))
        elif kind == "more":
            events.append(chunk(**call(draw(ARGUMENTS), index=draw(st.sampled_from([0, number, None])))))
        else:
            events.append(draw(st.sampled_from([{"choices": []}, chunk(content=None), chunk(refusal="No.")])))
    return sse(*events) + (b"data: [DONE]\n\n" if draw(st.booleans()) else b"")


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Draw a body of the Responses API: messages that may be said once more, and calls."""
    events: list[Any] = []
    for index in range(draw(st.integers(1, 4))):
        whole, size = draw(TEXTS), draw(st.integers(1, 60))
        phase = draw(st.sampled_from([None, None, "commentary", "final_answer"]))
        events += [message(index, phase=phase)] * draw(st.booleans())
        events += [text(piece, index) for piece in pieces(whole, size)][: draw(st.integers(0, 60))]
        events += [message(index, whole, phase, done=True)] * draw(st.booleans())
    return sse(*events, *[COMPLETED] * draw(st.booleans()))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Draw a body of Anthropic's: blocks, and fallbacks between them."""
    events: list[Any] = []
    for index in range(draw(st.integers(1, 4))):
        block, deltas = draw(blocks())
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    reason = draw(st.sampled_from(["end_turn", "tool_use", "max_tokens"]))
    ends = [{"type": "message_delta", "delta": {"stop_reason": reason}}, {"type": "message_stop"}]
    return sse(*events, *ends[: draw(st.integers(0, 2))])


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Any, list[Any]]:
    kind, size = draw(st.sampled_from(["text", "tool_use", "tool_use", "fallback"])), draw(st.integers(1, 60))
    if kind == "text":
        said = pieces(draw(TEXTS), size)
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in said]
    if kind == "tool_use":
        written = pieces(draw(ARGUMENTS), size)
        used = {"type": "tool_use", "id": "t", "name": draw(NAMES), "input": {}}
        return used, [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *written]]
    return {"type": kind}, []


def shown(item: Any) -> Any:
    """Return what an item shows now."""
    if isinstance(item, Call):
        return item.name, item.complete and item.text, repr(item.snapshot), item.complete, repr(item.error)
    return repr(item)


def seen(body: bytes, size: int, wire: Any, method: str, **options: Any) -> Any:
    """Return all that comes of a body that is cut into pieces of this size."""
    cut = [body[at : at + size] for at in range(0, len(body), max(size, 1))]
    if method == "turn":
        stream: Any = instar.turn(cut, wire=wire, tools=[User, Ping], **options)
    else:
        stream = getattr(instar, method)(cut, User, wire=wire, **options)
    items: list[Any] = []
    try:
        for item in stream:
            items += [shown(item)]
        final = repr(stream.final())
    except (StreamError, ValidationError) as error:
        # How much more of the body was read before depends on its pieces.
        return items, type(error), str(error).split(", after ", maxsplit=1)[0]
    return items, final, stream.prose, stream.reasoning, stream.text


METHODS: list[tuple[str, dict[str, Any]]] = [
    *(("partials", options) for options in ANSWERS),
    ("elements", {}),
    ("elements", {"on_error": "skip"}),
    ("turn", {}),
    ("turn", {"repair": "none"}),
]


def check(body: bytes, size: int, wire: Any, ways: tuple[str, dict[str, Any]]) -> None:
    method, options = ways
    whole = seen(body, len(body), wire, method, **options)
    assert seen(body, 1, wire, method, **options) == whole
    assert seen(body, size, wire, method, **options) == whole


WAYS, SIZES = st.sampled_from(METHODS), st.integers(2, 90)
TURN: tuple[str, dict[str, Any]] = ("turn", {})


@given(chats(), SIZES, WAYS)
@example(sse(chunk(**call(ADA + "\n", "User")), chunk(**call("```")), chunk("stop")), 9, TURN)
@example(sse(chunk(**call(ADA, "User")), chunk("stop"), chunk(**call("{}"))), 9, TURN)
@example(sse(chunk(**call("", "User")), chunk(**call(ADA[:9])), chunk(**call("", id="late"))), 9, TURN)
def test_of_chats(body: bytes, size: int, ways: tuple[str, dict[str, Any]]) -> None:
    check(body, size, "openai-chat", ways)


@given(responses(), SIZES, WAYS)
def test_of_responses(body: bytes, size: int, ways: tuple[str, dict[str, Any]]) -> None:
    check(body, size, "openai-responses", ways)


@given(messages(), SIZES, WAYS)
@example(
    sse(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "Fly"}},
        {"type": "content_block_delta", "index": 0, "delta": {"partial_json": "{"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "fallback"}},
    ),
    9,
    TURN,
)
def test_of_anthropics_messages(body: bytes, size: int, ways: tuple[str, dict[str, Any]]) -> None:
    check(body, size, "anthropic", ways)
