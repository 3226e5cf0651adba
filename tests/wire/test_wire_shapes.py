"""The shapes in which servers send what a model says: each is read, however its body is cut and framed."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import instar
from instar._chunks import ChunkWire
from instar._core import Delta, Wire
from instar.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar._protocols import Framing, Protocol

Event = dict[str, Any]
JSON = '{"name": "Ada", "age": 36}'
GROWING = ("reasoning", "text", "prose", "refusal", "arguments", "input")


def framed(*events: str | Event, end: str = "") -> bytes:
    """Return a body of server-sent events."""
    texts = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return ("".join(f"data: {text}\n\n" for text in texts) + end).encode()


def chunk(finish: str | None = None, /, **delta: Any) -> Event:
    """Return a chat chunk."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(arguments: Any = None, *, custom: bool = False, **more: Any) -> Event:
    """Return a chunk with a piece of a call."""
    key, text = ("custom", "input") if custom else ("function", "arguments")
    function = {"name": more.pop("name", None), text: arguments}
    entry = {"index": 0, key: {key: value for key, value in function.items() if value is not None}} | more
    return chunk(tool_calls=[entry])


def item(index: int, kind: str = "message", **more: Any) -> Event:
    """Return the event with which an item of a response begins."""
    return {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {"id": f"i{index}", "type": kind} | more,
    }


def text(index: int, delta: str, *, part: int = 0) -> Event:
    """Return the event with which a text of a response goes on."""
    place = {"item_id": f"i{index}", "output_index": index, "content_index": part}
    return {"type": "response.output_text.delta", **place, "delta": delta}


def completed(*items: Event, **more: Any) -> Event:
    """Return the last event of a response."""
    return {"type": "response.completed", "response": {"status": "completed", "output": list(items), **more}}


def message(whole: str, index: int = 0, **more: Any) -> Event:
    """Return a message of a response."""
    content = [{"type": "output_text", "text": whole, "annotations": []}]
    return {"id": f"i{index}", "type": "message", "content": content, **more}


CALLS, STOP = chunk("tool_calls"), chunk("stop")
ENDED = ["call_end 0[0] ", "finish 0 tool_calls"]
COMPLETED = ["finish 0 completed", "done 0 "]
ANSWER = {"index": 0, "message": {"role": "assistant", "content": JSON}, "finish_reason": "stop"}
WHOLE = {"id": "c", "object": "chat.completion", "choices": [ANSWER], "usage": {"total_tokens": 3}}
CUT = json.dumps({"error": {"message": "boom"}})

Case = tuple["Protocol", bytes, list[str]]
CASES: dict[str, Case] = {
    "content as a list of parts": (
        "openai-chat",
        framed(
            chunk(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
            chunk(content=[{"type": "text", "text": "a"}]),
            chunk(content=[{"type": "text", "text": "b"}]),
            STOP,
        ),
        ["reasoning 0 hm", "text 0 ab", "finish 0 stop"],
    ),
    "arguments as an object": (
        "openai-chat",
        framed(call({"name": "Ada"}, id="a", name="User"), CALLS),
        ["call 0[0] User", "id 0[0] a", 'arguments 0[0] {"name": "Ada"}', *ENDED],
    ),
    "one object in place of the list of calls": (
        "openai-chat",
        framed(chunk(tool_calls={"id": "a", "function": {"name": "f", "arguments": "[1]"}}), CALLS),
        ["call 0[0] f", "id 0[0] a", "arguments 0[0] [1]", *ENDED],
    ),
    "the older function_call": (
        "openai-chat",
        framed(chunk(function_call={"name": "f", "arguments": ""}), chunk(function_call={"arguments": JSON}), CALLS),
        ["call 0[0] f", f"arguments 0[0] {JSON}", *ENDED],
    ),
    "a call without arguments": (
        "openai-chat",
        framed(call("", id="a", name="f"), call(None, id="b", name="g", index=1), CALLS),
        [
            *("call 0[0] f", "id 0[0] a", "arguments 0[0] {}", "call_end 0[0] "),
            *("call 0[1] g", "id 0[1] b", "arguments 0[1] {}", "call_end 0[1] ", "finish 0 tool_calls"),
        ],
    ),
    "{} before the arguments": (
        "openai-chat",
        framed(call("{}", id="a", name="f"), call(JSON[:9]), call(JSON[9:]), CALLS),
        ["call 0[0] f", "id 0[0] a", f"arguments 0[0] {JSON}", *ENDED],
    ),
    "{} in pieces before the arguments": (
        "openai-chat",
        framed(call("{", id="a", name="f"), call("}"), call(" "), call(JSON[:9]), call(JSON[9:]), CALLS),
        ["call 0[0] f", "id 0[0] a", f"arguments 0[0] {JSON}", *ENDED],
    ),
    "the whole arguments once more": (
        "openai-chat",
        framed(call(JSON[:9], id="a", name="f"), call(JSON[9:]), call(JSON, id="a", name="f"), CALLS),
        ["call 0[0] f", "id 0[0] a", f"arguments 0[0] {JSON}", *ENDED],
    ),
    "the whole arguments once more, encoded twice": (
        "openai-chat",
        framed(call(JSON[:9], id="a", name="f"), call(JSON[9:]), call(json.dumps(JSON)), CALLS),
        ["call 0[0] f", "id 0[0] a", f"arguments 0[0] {JSON}", *ENDED],
    ),
    "a name in pieces": (
        "openai-chat",
        framed(call(None, id="a", name="Ca"), call(None, name="t"), call("[1]"), CALLS),
        ["call 0[0] Cat", "id 0[0] a", "arguments 0[0] [1]", *ENDED],
    ),
    "a name with a namespace and a channel": (
        "openai-chat",
        framed(call("", id="a", name="functions.Cat<|channel|>commentary"), call("[1]"), CALLS),
        ["call 0[0] Cat", "id 0[0] a", "arguments 0[0] [1]", *ENDED],
    ),
    "a name behind the first arguments": (
        "openai-chat",
        framed(call("[", id="a"), call(None, name="Cat"), call("1]"), CALLS),
        ["call 0[0] Cat", "id 0[0] a", "arguments 0[0] [1]", *ENDED],
    ),
    "another id with every chunk of a call": (
        "openai-chat",
        framed(call("", id="a", name="f"), call(JSON[:9], id="b", name="f"), call(JSON[9:], id="c", name="f"), CALLS),
        ["call 0[0] f", "id 0[0] a", f"arguments 0[0] {JSON}", *ENDED],
    ),
    "a custom tool's input": (
        "openai-chat",
        framed(
            call("", id="a", name="f", custom=True, function=None),
            call("{}", custom=True, function=None),
            call("{} x", custom=True, function=None),
            CALLS,
        ),
        ["call 0[0] f", "id 0[0] a", "input 0[0] {}{} x", *ENDED],
    ),
    "a whole message in an event": (
        "openai-chat",
        framed({"choices": [ANSWER]}),
        [f"text 0 {JSON}", "finish 0 stop"],
    ),
    "a whole JSON body": (
        "openai-chat",
        json.dumps(WHOLE, indent=1).encode(),
        [f"text 0 {JSON}", "finish 0 stop", 'usage 0 {\n  "total_tokens": 3\n }'],
    ),
    "usage in a choice": (
        "openai-chat",
        framed({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": {"n": 1}}]}),
        ["finish 0 stop", 'usage 0 {"n": 1}'],
    ),
    "usage in a vendor's field": (
        "openai-chat",
        framed({"choices": [], "x_groq": {"id": "r", "usage": {"n": 1}}}),
        ['usage 0 {"n": 1}'],
    ),
    "an error as a field of the stream": (
        "openai-chat",
        b"error: " + CUT.encode() + b"\n\ndata: [DONE]\n\n",
        ['error 0 {"message": "boom"}', "done 0 "],
    ),
    "an error on a line of its own": (
        "openai-chat",
        framed(chunk(content="a")) + CUT.encode() + b"\n",
        ["text 0 a", 'error 0 {"message": "boom"}'],
    ),
    "a flat error": (
        "openai-chat",
        framed(chunk(content="a"), {"object": "error", "message": "boom", "code": 400}),
        ["text 0 a", 'error 0 {"object": "error", "message": "boom", "code": 400}'],
    ),
    "an error that is no JSON": (
        "openai-chat",
        b'event: error\ndata: "upstream" timed\ndata: out\n\n',
        ['error 0 "\\"upstream\\" timed\\nout"'],
    ),
    "heartbeats": (
        "openai-chat",
        b"".join(b"event: " + name + b"\ndata: <" + name + b">\n\n" for name in (b"heartbeat", b"ping", b"keepalive"))
        + framed(chunk(content="a"))
        + b": keepalive\n\ndata:\n\n",
        ["text 0 a"],
    ),
    "the same reasoning under two names": (
        "openai-chat",
        framed(*(chunk(reasoning=said, reasoning_content=said) for said in "aab")),
        ["reasoning 0 aab"],
    ),
    "two strings that grow": (
        "openai-chat",
        framed(chunk(reasoning="a", reasoning_content="a"), chunk(reasoning="b", reasoning_content="a")),
        ["reasoning 0 aba"],
    ),
    "commentary": (
        "openai-responses",
        framed(item(0, phase="commentary"), text(0, "a"), item(1, phase="final_answer"), text(1, "b"), completed()),
        ["prose 0 a", "text 0#1 b", *COMPLETED],
    ),
    "two parts of an item": (
        "openai-responses",
        framed(item(0), text(0, "a"), text(0, "b", part=1), text(0, "c"), completed(message("ac"))),
        ["text 0 a", "text 0#1 b", "text 0 c", *COMPLETED],
    ),
    "no deltas, but the whole text": (
        "openai-responses",
        framed(item(0), text(0, JSON) | {"type": "response.output_text.done", "text": JSON}, completed(message(JSON))),
        [f"text 0 {JSON}", *COMPLETED],
    ),
    "deltas that fall short": (
        "openai-responses",
        framed(item(0), text(0, JSON[:9]), completed(message(JSON))),
        [f"text 0 {JSON}", *COMPLETED],
    ),
    "a response in one piece": (
        "openai-responses",
        json.dumps({"object": "response", "status": "completed", "output": [message(JSON)]}).encode(),
        [f"text 0 {JSON}", *COMPLETED],
    ),
    "a second body that overlaps": (
        "openai-responses",
        framed(*(text(0, said) | {"sequence_number": at} for at, said in enumerate("abc")))
        + framed(*(text(0, said) | {"sequence_number": at} for at, said in enumerate("bcd", 1))),
        ["text 0 abcd"],
    ),
    "a fallback to another model": (
        "anthropic",
        framed(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "a"}},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "fallback", "to": {"model": "m"}}},
            {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": "b"}},
        ),
        ["text 0 a", "restart 0 ", "text 0#2 b"],
    ),
    "an array of Gemini's chunks": (
        "gemini",
        json.dumps([{"candidates": [{"content": {"parts": [{"text": said}]}}]} for said in "ab"], indent=1).encode(),
        ["text 0 ab"],
    ),
    "Ollama's lines": (
        "ollama",
        b'{"message":{"content":"a"},"done":false}\n{"message":{"content":"b"},"done":true,"done_reason":"stop"}',
        ["text 0 ab", "finish 0 stop", "done 0 "],
    ),
}


def shown(deltas: Iterable[Delta]) -> list[str]:
    """Return deltas in lines, those that go on with the one before joined."""
    lines: list[str] = []
    last: Any = None
    for delta in deltas:
        place = (delta.kind, delta.choice, delta.call, delta.item)
        if delta.kind in GROWING and place == last:
            lines[-1] += delta.text
            continue
        call = "" if delta.call is None else f"[{delta.call}]"
        lines.append(f"{delta.kind} {delta.choice}{call}{f'#{delta.item}' if delta.item else ''} {delta.text}")
        last = place
    return lines


def decoded(wire: Wire, pieces: Iterable[bytes]) -> list[Delta]:
    """Return the deltas of a body that comes in pieces."""
    return [*(delta for piece in pieces for delta in wire.feed(piece)), *wire.end()]


class TestShapes:
    @pytest.mark.parametrize("name", CASES)
    def test_it_is_read_however_it_is_cut(self, name: str) -> None:
        protocol, body, lines = CASES[name]
        whole = decoded(Wire(protocol), [body])
        assert shown(whole) == lines
        for cut in range(len(body)):
            assert decoded(Wire(protocol), [body[:cut], body[cut:]]) == whole
        assert decoded(Wire(protocol), (body[at : at + 1] for at in range(len(body)))) == whole

    @pytest.mark.parametrize("name", CASES)
    def test_the_transcript_says_the_same(self, name: str) -> None:
        protocol, body, lines = CASES[name]
        wire, again = Wire(protocol), Wire(protocol)
        decoded(wire, [body])
        deltas = [delta for event in wire.events for delta in again.feed_event(event)] + again.end()
        # What is no JSON of the protocol is no event of the transcript.
        kept = [line for line in lines if not line.startswith(("done", "error"))]
        assert [line for line in shown(deltas) if not line.startswith(("done", "error"))] == kept


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('{}"\\\\ é', max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("a{}", max_size=2), inner, max_size=2),
    max_leaves=5,
)


def pieces(whole: str, cuts: list[int]) -> list[str]:
    """Return a text cut at these places."""
    at = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    return [whole[start:stop] for start, stop in itertools.pairwise(at)]


class TestArguments:
    @given(
        arguments=st.dictionaries(st.text('a{}"', max_size=2), VALUES, min_size=1, max_size=3).map(json.dumps),
        before=st.sampled_from([[], ["{}"], ["{", "}"], ["{}", " ", "{}"], [" "]]),
        cuts=st.lists(st.integers(0, 60), max_size=5),
        again=st.sampled_from([[], [" "], ["\n", " "]]),
        repeated=st.booleans(),
        names=st.lists(st.integers(0, 8), max_size=2),
    )
    @example(arguments='{"a": {}}', before=["{", "}"], cuts=[1, 6], again=[], repeated=True, names=[3])
    @example(arguments='{"": "}{"}', before=[], cuts=[7, 8], again=["\n"], repeated=True, names=[])
    def test_they_are_those_of_the_call(  # noqa: PLR0913
        self, arguments: str, before: list[str], cuts: list[int], again: list[str], names: list[int], *, repeated: bool
    ) -> None:
        named = [call(None, name=name) for name in pieces("function", names) if name]
        texts = [*before, *pieces(arguments, cuts), *again, *([arguments] if repeated else [])]
        wire = Wire("openai-chat")
        deltas = decoded(wire, [framed(*named, *map(call, texts), CALLS)])
        name, said, *rest = shown(deltas)
        assert (name, said.removeprefix("arguments 0[0] ").strip(), rest) == ("call 0[0] function", arguments, ENDED)
        assert not wire.is_cut()


class TestFramings:
    def test_what_holds_bytes(self) -> None:
        body = framed(chunk(content="a"))
        for held in (bytearray(body), memoryview(body), memoryview(b"x" + body)[1:]):
            assert Wire("openai-chat").feed(held) == [Delta("text", "a")]
        for other in (body.decode(), None, 1, memoryview(body)[::2]):
            with pytest.raises((TypeError, BufferError, WireError)):
                decoded(Wire("openai-chat", "ndjson"), [other])  # type: ignore[list-item]

    @pytest.mark.parametrize("framing", ["sse", "ndjson"])
    def test_what_is_no_json_is_refused_at_its_place(self, framing: Framing) -> None:
        body = json.dumps(chunk(content="a")).encode() + b'\n{"a":\n x}\n'
        wire = Wire("openai-chat", framing)
        assert wire.feed(body) == [Delta("text", "a")]
        with pytest.raises(WireError, match=r"an event's data, .*, is not JSON: expected a value") as caught:
            wire.end()
        assert body[caught.value.offset :] == b"x}\n"
        assert (caught.value.line, caught.value.column) == (3, 2)

    def test_an_unknown_framing(self) -> None:
        with pytest.raises(ValueError, match=r"\"xml\" is no framing: 'sse', 'ndjson' are"):
            Wire("gemini", "xml")  # type: ignore[arg-type]

    def test_the_protocol_is_recognised(self) -> None:
        for protocol, body, lines in CASES.values():
            if "error" not in lines[0]:
                wire = Wire(None, "ndjson" if protocol == "ollama" else "sse")
                assert shown(decoded(wire, [body])) == lines
        with pytest.raises(WireError, match=r"the first event, .*nothing.*, is one of no known protocol"):
            Wire(None).feed(framed({"nothing": 1}))
        assert shown(decoded(Wire(None), [framed(CUT)])) == [f"error 0 {CUT}"]
        assert Wire.recognise(b'{"contentBlockDelta": {}}') == "bedrock"
        assert Wire.recognise(b'{"event_type": "step.delta"}') == "gemini-interactions"
        assert Wire.recognise(b'{"a": {"choices": 1}, "type": 3}') is None
        assert Wire.recognise(b"no JSON") is None

    def test_decoded_events(self) -> None:
        wire = ChunkWire()
        events = [{"contentBlockDelta": {"delta": {"text": said}, "contentBlockIndex": 0}} for said in ("a", "é\ud83d")]
        deltas = [delta for event in events for delta in wire.feed(event)]
        assert shown(deltas) == ["text 0 aé"]
        pieces = [chunk(content='"a'), json.dumps(chunk(content="b")), bytearray(framed(chunk(content='c"')))]
        stream = instar.partials(pieces, str, wire="openai-chat")
        assert stream.final() == "abc"
        assert stream.received > len(pieces[1]) + len(pieces[2])

    def test_bedrock_as_boto3_gives_it(self) -> None:
        events: list[Event] = [{"messageStart": {"role": "assistant"}}]
        events += [{"contentBlockDelta": {"delta": {"text": said}, "contentBlockIndex": 0}} for said in ("[1", ",2]")]
        events += [{"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": {"inputTokens": 1}}}]
        assert instar.partials(events, list[int], wire="bedrock").final() == [1, 2]


class TestFaults:
    def test_cumulative_arguments(self) -> None:
        wire = Wire("openai-chat")
        with pytest.raises(WireError, match=r"arguments of a call are cumulative: .*\{\\\"name\\\": \\\"Ada"):
            decoded(wire, [framed(call(JSON[:5], id="a", name="f"), call(JSON[:14]), call(JSON))] * 2)

    def test_evidence_that_contradicts(self) -> None:
        other = JSON.replace("Ada", "Bob")
        for evidence in (
            text(0, "") | {"type": "response.output_text.done", "text": other},
            {"type": "response.output_item.done", "output_index": 0, "item": message(other)},
            completed(message(other)),
        ):
            wire = Wire("openai-responses")
            assert wire.feed(framed(item(0), text(0, JSON))) == [Delta("text", JSON)]
            with pytest.raises(WireError, match=r"contradicts itself: .*Ada.*Bob"):
                wire.feed(framed(evidence))

    def test_another_body_goes_on(self) -> None:
        events = [text(0, said) | {"sequence_number": at} for at, said in enumerate("abcd")]
        wire = Wire("openai-responses")
        deltas = [*wire.feed(framed(*events[:2])[:-9]), *wire.end(), *wire.feed(framed(*events)), *wire.end()]
        assert shown(deltas) == ["text 0 abcd"]


class TestCut:
    @pytest.mark.parametrize(
        ("events", "cut"),
        [
            ([chunk(content="1")], True),
            ([chunk(content="1"), chunk("length")], True),
            ([chunk(content="1"), chunk("content_filter")], True),
            ([chunk(content="1"), chunk("stop")], False),
            ([chunk(content="1"), "[DONE]"], False),
            ([chunk(content="1"), chunk("length"), "[DONE]"], True),
        ],
    )
    def test_a_choice(self, events: list[Any], *, cut: bool) -> None:
        wire = Wire("openai-chat")
        decoded(wire, [framed(*events)])
        assert wire.is_cut() is cut
        assert wire.is_cut(1) is ("[DONE]" not in events)

    @pytest.mark.parametrize(("reason", "cut"), [("MAX_TOKENS", True), ("SAFETY", True), ("STOP", False)])
    def test_by_the_words_of_the_provider(self, reason: str, *, cut: bool) -> None:
        wire = Wire("gemini")
        decoded(wire, [framed({"candidates": [{"finishReason": reason}]})])
        assert wire.is_cut() is cut


class TestLanes:
    def test_one_is_read(self) -> None:
        events = [text(0, said) | {"stream_id": lane} for lane, said in ("xa", "yb", "xc", "yd")]
        for lane, said in (("x", "ac"), ("y", "bd")):
            wire = Wire("openai-responses", lane=lane)
            assert shown(decoded(wire, [framed(*events)])) == [f"text 0 {said}"]
