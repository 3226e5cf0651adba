"""The protocols of other people's browsers: Vercel's UI message stream, and AG-UI by its own types."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from ag_ui.core import Event, RunAgentInput
from pydantic import TypeAdapter

from instar.errors import StreamError
from instar.outlets import VERCEL_HEADERS, agui, vercel
from support.clock import in_fake_time, timed
from support.growing import AGrowing, Growing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ADA = ['{"name": "A', "da", "", '", "age": 36}']
VALUE = {"name": "Ada", "age": 36}
EVENTS: TypeAdapter[Any] = TypeAdapter(Event)


def chunks(pieces: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return the data of server-sent events, without the `[DONE]` that has to be the last."""
    *events, done, empty = b"".join(pieces).split(b"\n\n")
    assert (done, empty) == (b"data: [DONE]", b"")
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def broken(text: str) -> Iterator[str]:
    yield text
    message = "sk-secret is over its quota"
    raise StreamError(message)


def test_vercel_takes_the_answer_as_the_input_of_a_tool() -> None:
    start, begun, *deltas, whole, finish = chunks(vercel(Growing(ADA), tool="save"))
    call = begun["toolCallId"]
    assert start == {"type": "start"}
    assert begun == {"type": "tool-input-start", "toolCallId": call, "toolName": "save"}
    assert [delta.pop("inputTextDelta") for delta in deltas] == ['{"name": "A', "da", '", "age": 36}']
    assert all(delta == {"type": "tool-input-delta", "toolCallId": call} for delta in deltas)
    assert whole == {"type": "tool-input-available", "toolCallId": call, "toolName": "save", "input": VALUE}
    assert finish == {"type": "finish"}
    assert VERCEL_HEADERS["x-vercel-ai-ui-message-stream"] == "v1"


def test_vercel_takes_the_answer_as_a_part_that_is_replaced() -> None:
    start, *parts, finish = chunks(vercel(Growing(ADA), data="user", emit=0))
    assert (start, finish) == ({"type": "start"}, {"type": "finish"})
    assert {(part["type"], part["id"]) for part in parts} == {("data-user", parts[0]["id"])}
    assert [part["data"] for part in parts] == [{"name": "A"}, {"name": "Ada"}, VALUE]


def test_vercel_is_told_of_parts_in_time() -> None:
    async def run() -> list[bytes]:
        deltas = timed([(0.0, '"a'), (0.1, "b"), (0.15, "c"), (1.0, '"')])
        return [piece async for piece in vercel(AGrowing(deltas), data="text", emit=0.5)]

    assert [chunk["data"] for chunk in chunks(in_fake_time(run())) if "data" in chunk] == ["a", "abc", "abc"]


@pytest.mark.parametrize("way", [{"tool": "save"}, {"data": "user"}])
def test_vercel_is_told_of_a_failure(way: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    describe = {"describe": lambda error: type(error).__name__}
    for options, text in ((way, "The answer could not be completed."), (way | describe, "StreamError")):
        outlet: Any = vercel
        assert chunks(outlet(Growing(broken('{"a": "x')), **options))[-1] == {"type": "error", "errorText": text}


def test_vercel_takes_one_of_both() -> None:
    outlet: Any = vercel
    for options in ({}, {"tool": "save", "data": "user"}):
        with pytest.raises(TypeError, match="either as the input of a tool"):
            outlet(Growing(ADA), **options)


def events(pieces: Iterable[bytes]) -> list[Any]:
    """Read events by the types of AG-UI's own package."""
    *sent, empty = b"".join(pieces).split(b"\n\n")
    assert empty == b""
    return [EVENTS.validate_json(event.removeprefix(b"data: ")) for event in sent if event != b": "]


def test_agui_takes_the_answer_as_the_arguments_of_a_tool() -> None:
    asked = RunAgentInput(
        thread_id="t", run_id="r", state={"theme": "dark"}, messages=[], tools=[], context=[], forwarded_props=None
    )
    sent = events(agui(Growing(ADA), tool="save", state_key="user", run=asked))
    assert [event.type.value for event in sent] == [
        "RUN_STARTED",
        "CUSTOM",
        "TOOL_CALL_START",
        *["TOOL_CALL_ARGS"] * 3,
        "TOOL_CALL_END",
        "STATE_SNAPSHOT",
        "RUN_FINISHED",
    ]
    started, custom, call, *arguments, ended, state, finished = sent
    assert (started.thread_id, started.run_id, started.protocol_version) == ("t", "r", "1.0")
    assert (custom.name, custom.value) == ("PredictState", [{"state_key": "user", "tool": "save"}])
    assert call.tool_call_name == "save"
    assert {event.tool_call_id for event in (call, *arguments, ended)} == {call.tool_call_id}
    assert json.loads("".join(event.delta for event in arguments)) == VALUE
    assert state.snapshot == {"theme": "dark", "user": VALUE}
    assert (finished.thread_id, finished.run_id) == ("t", "r")


def test_agui_predicts_nothing_unless_it_is_asked_to() -> None:
    sent = events(agui(Growing(ADA), tool="save"))
    assert {event.type.value for event in sent} & {"CUSTOM", "STATE_SNAPSHOT"} == set()


def test_agui_ends_a_run_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    last = events(agui(Growing(broken('{"a": "x')), tool="save"))[-1]
    assert (last.type.value, last.code) == ("RUN_ERROR", "StreamError")
    assert last.message == "The answer could not be completed."


def test_text_that_ends_early_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    kinds = [event.type.value for event in events(agui(Growing(['{"a": ']), tool="save"))]
    assert kinds[-2:] == ["TOOL_CALL_ARGS", "RUN_ERROR"]
    assert chunks(vercel(Growing(['{"a": ']), tool="save"))[-1]["type"] == "error"


def test_text_is_no_iterable_of_pieces() -> None:
    with pytest.raises(TypeError, match="an iterable of pieces of JSON text, not str"):
        agui("{}", tool="save")
