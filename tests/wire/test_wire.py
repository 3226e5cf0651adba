"""The decoder of responses: the same deltas as the SDK's own iteration of the same body, however it is cut."""

from __future__ import annotations

import importlib
import itertools
import json
import pickle
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._models import construct_type_unchecked
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent

from instar import StreamError
from instar._core import Delta, Wire
from instar.errors import WireError
from support.material import STREAMS, shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar._protocols import Protocol

Event = dict[str, Any]

SDK_CHATS = [
    *("173417d55340", "2018feb66ae1", "4cc50a6135d2", "569c877e6942", "7e5ea4d12e7c", "83b060bae42e", "a247c49c5fcd"),
    *("a491adda08c3", "c6aa7e397b71", "d61558011839", "e2aad469b71d", "f82268f2fefd"),
]
LLAMAS = ["answer", "article", "invoice", "reading", "recipe", "shelter", "ticket", "user", "users", "users_fr"]
LINES: dict[str, Protocol] = {
    "cererebras-structured-output-tools.1": "openai-chat",
    "deepseek-tool-call": "openai-chat",
    "openai-text": "openai-chat",
    "xai-tool-call": "openai-chat",
    "lmstudio-tool-call.1": "openai-responses",
    "openai-apply-patch-tool.1": "openai-responses",
    "openai-mcp-tool.1": "openai-responses",
    "programmatic-tool-calling.3": "openai-responses",
    "anthropic-json-output-format.1": "anthropic",
    "anthropic-programmatic-tool-calling.1": "anthropic",
    "google-vertex-stream-tool-call-arguments-nested.1": "gemini",
}
BODIES: dict[str, Protocol] = {
    **dict.fromkeys(SDK_CHATS, "openai-chat"),
    **dict.fromkeys(LLAMAS, "openai-chat"),
    **LINES,
}
GROWING = ("reasoning", "text", "prose", "refusal", "arguments", "input")


def framed(*events: str | Event, end: str = "\n") -> bytes:
    """Return a body of events."""
    texts = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f"data: {text}{end}{end}" for text in texts).encode()


def named(event: str) -> str:
    """Return an event as Anthropic sends it."""
    return f"event: {json.loads(event)['type']}\ndata: {event}\n\n"


@pytest.fixture
def body(name: str) -> bytes:
    """Give the body of a recording."""
    if name in LLAMAS:
        return (STREAMS / f"{name}.sse").read_bytes()
    if name in SDK_CHATS:
        return (shared("recordings") / "openai-python" / f"{name}.sse").read_bytes()
    lines = (shared("recordings") / "ai-sdk" / f"{name}.chunks.jsonl").read_text(encoding="utf-8").splitlines()
    events = [line for line in lines if line]
    return "".join(map(named, events)).encode() if LINES[name] == "anthropic" else framed(*events)


@pytest.fixture
def protocol(name: str) -> Protocol:
    """Give its protocol."""
    return BODIES[name]


def decoded(protocol: Protocol, pieces: Iterable[bytes]) -> list[Delta]:
    """Return the deltas of a body that comes in pieces."""
    wire = Wire(protocol)
    return [*itertools.chain.from_iterable(map(wire.feed, pieces)), *wire.end()]


def plain(deltas: Iterable[Delta]) -> list[tuple[Any, ...]]:
    """Return deltas to compare: JSON by what it means."""
    objects = ("usage", "error")
    return [(d.kind, json.loads(d.text) if d.kind in objects else d.text, d.choice, d.call) for d in deltas]


def told(deltas: Iterable[Delta]) -> list[tuple[Any, ...]]:
    """Return deltas to compare with what the events say themselves: none of them says that a call is whole."""
    return [delta for delta in plain(deltas) if delta[0] != "call_end"]


def joined(deltas: Iterable[Delta]) -> list[tuple[Any, ...]]:
    """Return what deltas say in all: what grows joined, of what does not the last."""
    held: dict[Any, Any] = {}
    for kind, text, choice, call in plain(deltas):
        key = (kind, choice, call)
        held[key] = held.get(key, "") + text if kind in GROWING else text
    return sorted(held.items(), key=repr)


# The oracles: the deltas of an event, by its dict.


def chat(event: Event) -> Iterator[Delta]:
    finishes: list[Delta] = []
    for choice in sorted(event.get("choices") or [], key=lambda choice: choice["index"]):
        index, delta = choice["index"], choice["delta"]
        for kind, key in (("reasoning", "reasoning_content"), ("reasoning", "reasoning"), ("text", "content")):
            yield from said(kind, delta.get(key), choice=index)
        yield from said("refusal", delta.get("refusal"), choice=index)
        for call in delta.get("tool_calls") or []:
            function = call.get("function") or {}
            yield from said("call", function.get("name"), choice=index, call=call["index"])
            yield from said("id", call.get("id"), choice=index, call=call["index"])
            yield from said("arguments", function.get("arguments"), choice=index, call=call["index"])
        finishes += said("finish", choice.get("finish_reason"), choice=index)
    yield from finishes
    yield from said("usage", event.get("usage"))


def responses(event: Event) -> Iterator[Delta]:
    kinds = {
        "response.output_text.delta": "text",
        "response.refusal.delta": "refusal",
        "response.reasoning_text.delta": "reasoning",
        "response.reasoning_summary_text.delta": "reasoning",
    }
    call = event.get("output_index")
    match event["type"]:
        case kind if kind in kinds:
            yield from said(kinds[kind], event["delta"])
        case "response.output_item.added" if event["item"]["type"] == "function_call":
            yield from said("call", event["item"]["name"], call=call)
            yield from said("id", event["item"]["call_id"], call=call)
        case "response.function_call_arguments.done":  # the recorded ones come whole
            yield from said("arguments", event["arguments"], call=call)
        case "response.completed":
            yield from said("finish", event["response"]["status"])
            yield from said("usage", event["response"].get("usage"))
            yield Delta("done")


def anthropic(event: Event) -> Iterator[Delta]:
    match event:
        case {"type": "message_start", "message": {"usage": usage}}:
            yield from said("usage", usage)
        case {"type": "content_block_start", "index": call, "content_block": {"type": "tool_use"} as block}:
            yield from said("call", block["name"], call=call)
            yield from said("id", block["id"], call=call)
            yield from said("arguments", json.dumps(block["input"], separators=(",", ":")), call=call)
        case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}:
            yield from said("text", text)
        case {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}:
            yield from said("finish", reason)
            yield from said("usage", usage)
        case {"type": "message_stop"}:
            yield Delta("done")


def gemini(event: Event) -> Iterator[Delta]:
    for candidate in event["candidates"]:
        for part in candidate["content"]["parts"]:
            yield from said("call", part["functionCall"].get("name"), call=0)
        yield from said("finish", candidate.get("finishReason"))
    yield from said("usage", event["usageMetadata"])


def values(events: Iterable[Event]) -> Any:
    """Return the arguments that come value by value in the events of one of Vertex's calls."""
    root: dict[Any, Any] = {}
    for event in events:
        for part in event["candidates"][0]["content"]["parts"]:
            for piece in part["functionCall"].get("partialArgs", ()):
                held: Any = root
                *steps, last = re.findall(r"\w+", piece["jsonPath"])
                for step in steps:
                    held = held.setdefault(step, {})
                held[last] = held.get(last, "") + piece["stringValue"]
    return listed(root)


def listed(held: Any) -> Any:
    """Return a value in which dicts whose keys are numbers are lists."""
    if not isinstance(held, dict):
        return held
    inner = {key: listed(value) for key, value in held.items()}
    return list(inner.values()) if all(key.isdigit() for key in inner) else inner


def said(kind: Any, text: Any, *, choice: int = 0, call: int | None = None) -> Iterator[Delta]:
    if text:
        yield Delta(kind, text if isinstance(text, str) else json.dumps(text), choice=choice, call=call)


ORACLES: dict[Protocol, Callable[[Event], Iterator[Delta]]] = {
    "openai-chat": chat,
    "openai-responses": responses,
    "anthropic": anthropic,
    "gemini": gemini,
}


def data(body: bytes) -> list[str]:
    """Return the data of the events of a body whose events have one line of it."""
    return [line.removeprefix("data:").strip() for line in body.decode().splitlines() if line.startswith("data:")]


def expected(protocol: Protocol, events: Iterable[Event]) -> list[Delta]:
    """Return what the events of a body say, by their dicts."""
    return [delta for event in events for delta in ORACLES[protocol](event)]


def indexed(events: Iterable[Event]) -> list[Event]:
    """Return chunks with an index for each id: one of the recorded servers gives the same one to every call."""
    chunks, ids = list(events), defaultdict[int, list[str]](list)
    for choice in itertools.chain.from_iterable(chunk.get("choices") or [] for chunk in chunks):
        begun = ids[choice["index"]]
        for call in choice["delta"].get("tool_calls") or []:
            if call.get("id"):
                begun += [call["id"]] if call["id"] not in begun else []
                call["index"] = begun.index(call["id"])
    return chunks


# Another oracle: the SDK's own iteration.


def iterated(protocol: Protocol, body: bytes) -> list[Any]:
    """Return what the SDK makes of a body: its chunks, or its events."""
    http: Any = importlib.import_module(openai.Timeout.__init__.__module__.partition(".")[0])
    answer = http.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    transport = http.MockTransport(lambda _: answer)
    client = openai.OpenAI(api_key="x", base_url="http://test", http_client=http.Client(transport=transport))
    with client:
        if protocol == "openai-chat":
            return list(client.chat.completions.create(model="m", messages=[], stream=True))
        return list(client.responses.create(model="m", input="x", stream=True))


BY_SDK = [name for name, protocol in BODIES.items() if protocol.startswith("openai")]


class TestRecordings:
    def test_every_one_is_known(self) -> None:
        assert sorted(path.stem for path in STREAMS.glob("*.sse")) == sorted(LLAMAS)
        recorded = (shared("recordings") / "openai-python").glob("*.sse")
        assert sorted(path.stem for path in recorded) == sorted(SDK_CHATS)
        lines = (shared("recordings") / "ai-sdk").glob("*.jsonl")
        assert {path.name.removesuffix(".chunks.jsonl") for path in lines} == LINES.keys()

    @pytest.mark.parametrize("name", BY_SDK)
    def test_the_deltas_are_those_of_the_sdk(self, protocol: Protocol, body: bytes) -> None:
        events = [event.to_dict(mode="json") for event in iterated(protocol, body)]
        ends = [Delta("done")] if b"[DONE]" in body else []
        assert len(events) > 3
        assert told(decoded(protocol, [body])) == plain([*expected(protocol, indexed(events)), *ends])

    @pytest.mark.parametrize("name", LINES)
    def test_the_deltas_are_those_of_the_json(self, protocol: Protocol, body: bytes) -> None:
        deltas = decoded(protocol, [body])
        if protocol == "gemini":  # its arguments come value by value
            deltas = [delta for delta in deltas if delta.kind != "arguments"]
        assert told(deltas) == plain(expected(protocol, indexed(map(json.loads, data(body)))))
        assert len(deltas) >= 3

    @pytest.mark.parametrize("name", BODIES)
    def test_every_call_ends_once_and_is_json(self, protocol: Protocol, body: bytes) -> None:
        deltas = decoded(protocol, [body])
        calls = [(delta.choice, delta.call) for delta in deltas if delta.kind == "call"]
        assert sorted(calls, key=str) == sorted([(d.choice, d.call) for d in deltas if d.kind == "call_end"], key=str)
        arguments = {place[1:]: json.loads(text) for place, text in joined(deltas) if place[0] == "arguments"}
        assert arguments.keys() == set(calls)
        if protocol == "gemini":
            assert arguments == {(0, 0): values(map(json.loads, data(body)))}

    @pytest.mark.parametrize("name", BODIES)
    def test_events_come_in_any_framing(self, protocol: Protocol, body: bytes) -> None:
        deltas = [delta for delta in decoded(protocol, [body]) if delta.kind != "done" or b"[DONE]" not in body]
        events = [event.encode() for event in data(body) if event != "[DONE]"]
        messages = Wire(None)
        assert [delta for event in events for delta in messages.feed_event(event)] == deltas
        for joint, start, end in ((b"\n", b"", b""), (b"", b"", b"\r\n"), (b"\n,\n", b"[", b"]")):
            raw = start + joint.join(events) + end
            for wire in (Wire(protocol, "ndjson"), Wire(protocol, "sse"), Wire(None)):
                assert [*wire.feed(raw), *wire.end()] == deltas
            wire = Wire(protocol, "ndjson")
            assert [delta for at in range(len(raw)) for delta in wire.feed(raw[at : at + 1])] == deltas

    def test_evidence_alone_is_the_answer(self) -> None:
        for name in (name for name in BODIES if BODIES[name] == "openai-responses"):
            lines = (shared("recordings") / "ai-sdk" / f"{name}.chunks.jsonl").read_text(encoding="utf-8").splitlines()
            events = [line for line in lines if line]
            bare = [event for event in events if not json.loads(event)["type"].endswith(".delta")]
            kept = joined(decoded("openai-responses", [framed(*events)]))
            assert joined(decoded("openai-responses", [framed(*bare)])) == kept
            last = [event for event in events if json.loads(event)["type"] == "response.completed"]
            whole = json.dumps(json.loads(last[0])["response"]).encode()
            alone = (decoded("openai-responses", [framed(*last)]), decoded("openai-responses", [whole]))
            for deltas in alone:
                assert {text for (kind, *_), text in joined(deltas) if kind == "text"} == {
                    text for (kind, *_), text in kept if kind == "text"
                }

    @pytest.mark.parametrize("name", BODIES)
    def test_cuts_are_not_seen(self, name: str, protocol: Protocol, body: bytes) -> None:
        whole = decoded(protocol, [body])
        assert decoded(protocol, (body[at : at + 1] for at in range(len(body)))) == whole
        small = len(body) < 20_000
        dice = random.Random(name)  # noqa: S311 - no secret depends on it
        for cut in range(len(body)) if small else dice.sample(range(len(body)), 200):
            assert decoded(protocol, [body[:cut], body[cut:]]) == whole
        for longest in (3, 50, 400):
            cuts = sorted(dice.sample(range(len(body)), len(body) // longest))
            assert decoded(protocol, [body[i:j] for i, j in itertools.pairwise([0, *cuts, len(body)])]) == whole

    @pytest.mark.parametrize("name", BODIES)
    def test_line_ends_make_no_difference(self, protocol: Protocol, body: bytes) -> None:
        whole = decoded(protocol, [body])
        for end in (b"\r", b"\r\n"):
            other = body.replace(b"\n", end)
            assert decoded(protocol, [other]) == whole
            assert decoded(protocol, (other[at : at + 1] for at in range(len(other)))) == whole

    @pytest.mark.parametrize("name", BODIES)
    def test_the_events_say_the_same_in_fewer_bytes(self, protocol: Protocol, body: bytes) -> None:
        wire = Wire(protocol)
        deltas = wire.feed(body)
        again = decoded(protocol, [framed(*(event.decode() for event in wire.events))])
        if b"[DONE]" in body:
            again.append(Delta("done"))
        assert joined(again) == joined(deltas)
        assert len(wire.events) <= len(data(body))
        assert not any(b"obfuscation" in event for event in wire.events)

    @pytest.mark.parametrize("name", [name for name in BY_SDK if BODIES[name] == "openai-chat"])
    def test_the_sdk_makes_the_same_completion_of_the_events(self, protocol: Protocol, body: bytes) -> None:
        wire = Wire(protocol)
        wire.feed(body)
        by_events = [json.loads(event) for event in wire.events]
        by_chunks = [event.to_dict(mode="json") for event in iterated(protocol, body)]
        for event in by_chunks:
            event.pop("obfuscation", None)
        assert completion(by_events) == completion(indexed(by_chunks))

    @pytest.mark.parametrize("name", [name for name in BY_SDK if BODIES[name] == "openai-responses"])
    def test_the_sdk_makes_the_same_response_of_the_events(self, protocol: Protocol, body: bytes) -> None:
        wire = Wire(protocol)
        wire.feed(body)
        # The last one holds the whole response: what is put together is what there was before it.
        by_events = [json.loads(event) for event in wire.events][:-1]
        by_iteration = [event.to_dict(mode="json") for event in iterated(protocol, body)][:-1]
        assert response(by_events) == response(by_iteration)

    @pytest.mark.parametrize("name", ["openai-text", "invoice", "user", "xai-tool-call", "deepseek-tool-call"])
    def test_the_events_take_the_room_of_the_text(self, protocol: Protocol, body: bytes) -> None:
        wire = Wire(protocol)
        deltas = wire.feed(body)
        text = sum(len(json.dumps(delta.text)) for delta in deltas)
        assert sum(map(len, wire.events)) < text + 4_000 < len(body)
        assert len(wire.events) < 10


def completion(events: list[Event]) -> Event:
    """Return what the SDK accumulates."""
    state = ChatCompletionStreamState()
    for event in events:
        if event["choices"] or "usage" in event:
            state.handle_chunk(construct_type_unchecked(type_=ChatCompletionChunk, value=event))
    return state.current_completion_snapshot.to_dict(mode="json")


def response(events: list[Event]) -> Event:
    """Return what the SDK accumulates."""
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=[], text_format=openai.omit)
    for event in events:
        union: Any = ResponseStreamEvent
        state.handle_event(construct_type_unchecked(type_=union, value=event))
    snapshot: Event = vars(state)["_ResponseStreamState__current_snapshot"].to_dict(mode="json", warnings=False)
    return snapshot


def text(content: str, **more: Any) -> Event:
    """Return a chunk that says `content`."""
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": content}, **more}]}


class TestEvents:
    def test_the_examples_of_the_standard(self) -> None:
        body = (
            b': test stream\n\ndata: {"choices": [\ndata: {"delta":\ndata:{"content": "a"}}]}\nid: 1\n\ndata:{}\nid\n\n'
        )
        assert decoded("openai-chat", [b"\xef\xbb\xbf" + body]) == [Delta("text", "a")]
        assert decoded("openai-chat", [b"data\n\ndata\ndata\n\ndata:"]) == []

    def test_what_is_not_known_is_skipped(self) -> None:
        unknown = [{}, [], 1, "x", {"type": "new"}, {"choices": None}, {"choices": [{"delta": None}]}]
        events = [json.dumps(event) for event in unknown]
        for protocol in ORACLES:
            assert decoded(protocol, [framed(*events)]) == []
        body = b": comment\nretry: 3\nid: 4\nnew: field\nevent: new\n" + framed(text("a", new={"b": ["c"]}))
        assert decoded("openai-chat", [body]) == [Delta("text", "a")]

    def test_ten_thousand_empty_deltas(self) -> None:
        wire = Wire("openai-chat")
        assert wire.feed(framed(*[text("")] * 10_000, text("a"))) == [Delta("text", "a")]
        assert [json.loads(event) for event in wire.events] == [text("a")]

    def test_a_delta_of_a_megabyte(self) -> None:
        def seconds(size: int) -> float:
            body = framed(text('é"\n😀' * (size // 8), logprobs=None))
            pieces = [body[at : at + 1] for at in range(len(body))]
            wire, start = Wire("openai-chat"), time.process_time()
            deltas = [delta for piece in pieces for delta in wire.feed(piece)]
            spent = time.process_time() - start
            assert deltas == [Delta("text", 'é"\n😀' * (size // 8))]
            return spent / len(body)

        small = min(seconds(10_000) for _ in range(5))
        assert seconds(1_000_000) < 20 * small

    def test_an_error_inside_the_stream(self) -> None:
        body = framed(text("a"), {"error": {"message": "overloaded", "code": 503}})
        heard = decoded("openai-chat", [body])
        assert plain(heard) == [("text", "a", 0, None), ("error", {"message": "overloaded", "code": 503}, 0, None)]
        with pytest.raises(openai.APIError, match="overloaded"):
            iterated("openai-chat", body)

    def test_the_end_of_the_body(self) -> None:
        wire = Wire("openai-chat")
        assert wire.feed(framed(text("a")) + b'data: {"cho') == [Delta("text", "a")]
        assert wire.end() == []
        assert not wire.done
        wire.feed(b'ices": []}\n\ndata: [DONE]\n\n')
        assert wire.done
        assert wire.feed(framed(text("b"), "nonsense")) == []
        assert wire.offset == len(framed(text("a"), '{"choices": []}', "[DONE]", text("b"), "nonsense"))


def objects(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    """Draw objects with some of these members, in any order."""
    drawn = st.fixed_dictionaries({}, optional=members)
    return drawn.flatmap(lambda held: st.permutations(list(held.items())).map(dict))


def required(held: Event, **members: Any) -> Event:
    """Return an object that has these members at its end."""
    return {key: value for key, value in held.items() if key not in members} | members


WORDS = st.one_of(st.none(), st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
PIECES = st.none() | st.text('[]":,1 é', max_size=6)  # of arguments that are never `{}`
CALLS = st.integers(0, 3).flatmap(
    lambda index: st.builds(
        required,
        objects(
            id=st.none() | st.just(f"call_{index}"),
            type=st.just("function"),
            function=objects(name=st.none() | st.just(f"f{index}"), arguments=PIECES, strict=ANYTHING),
        ),
        index=st.just(index),
    )
)
DELTAS = objects(
    role=st.just("assistant"),
    content=WORDS,
    refusal=WORDS,
    reasoning=WORDS,
    tool_calls=st.lists(CALLS, max_size=2, unique_by=lambda call: call["index"]),
    audio=ANYTHING,
)
CHOICES = st.builds(
    lambda held, index, delta: required(held, index=index, delta=delta),
    objects(finish_reason=st.none() | st.just("length"), logprobs=ANYTHING),
    st.integers(0, 2),
    DELTAS,
)
CHUNKS = objects(
    id=WORDS,
    choices=st.lists(CHOICES, max_size=2, unique_by=lambda choice: choice["index"]),
    usage=st.none() | st.fixed_dictionaries({"total_tokens": st.integers(1)}),
    obfuscation=st.text(max_size=3),
    extra=ANYTHING,
)


class TestProperties:
    @given(
        chunks=st.lists(st.tuples(CHUNKS, st.integers(1, 3)), max_size=5),
        ascii_only=st.booleans(),
        indent=st.sampled_from([None, 1]),
        end=st.sampled_from(["\n", "\r", "\r\n"]),
        cuts=st.lists(st.integers(0, 2_000), max_size=8),
    )
    def test_any_chunks_in_any_clothes(
        self, chunks: list[tuple[Event, int]], end: str, cuts: list[int], *, ascii_only: bool, indent: int | None
    ) -> None:
        events = [event for event, times in chunks for _ in range(times)]
        body = ""
        for event in events:
            lines = json.dumps(event, ensure_ascii=ascii_only, indent=indent).split("\n")
            body += "".join(f"data: {line}{end}" for line in lines) + f": comment{end}{end}"
        raw = body.encode()
        at = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
        wire = Wire("openai-chat")
        deltas = [delta for start, stop in itertools.pairwise(at) for delta in wire.feed(raw[start:stop])]
        ordered = [dict(sorted(event.items(), key=lambda member: member[0] == "usage")) for event in events]
        for event in ordered:
            for choice in event.get("choices", []):
                choice["delta"].get("tool_calls", []).sort(key=lambda call: call["index"])
        deltas += wire.end()
        oracle = expected("openai-chat", ordered)
        # Names and arguments of calls wait for each other; what they are in all is the same.
        of_calls = ("call", "id", "arguments")
        assert [d for d in plain(deltas) if d[0] not in of_calls] == [d for d in plain(oracle) if d[0] not in of_calls]
        assert joined(deltas) == joined(oracle)
        kept = [json.loads(event) for event in wire.events]
        assert joined(expected("openai-chat", kept)) == joined(deltas)
        assert not any("obfuscation" in event for event in kept)
        assert added(kept) == added(events)


def added(events: list[Event]) -> list[Any]:
    """Return the unknown parts of chunks that to say twice is more than to say once."""
    choices = [choice for event in events for choice in event.get("choices", [])]
    parts = [part for choice in choices for part in (choice.get("logprobs"), choice["delta"].get("audio"))]
    return [part for part in parts if adds_up(part)] + [
        event["extra"] for event in events if isinstance(event.get("extra"), list) and event["extra"]
    ]


def adds_up(part: Any) -> bool:
    return any(map(adds_up, part.values())) if isinstance(part, dict) else isinstance(part, str | list) and bool(part)


Calls = list[list[str]]  # the arguments of each, in pieces
Habit = Callable[[Calls], list[list[Event]]]  # the `tool_calls` of each chunk
Index = Callable[[int], "int | None"]  # what a server gives for the number of a call


def call(index: int | None, name: str, arguments: str) -> Event:
    """Return an entry of `tool_calls` that says no more than this; what has a name has an id."""
    given = {"index": index, "id": name and f"call_{name}", "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in given.items() if value not in (None, "")}


def own(at: int) -> int:
    return at


def zero(_: int) -> int:
    return 0


def none(_: int) -> None:
    return None


def pieces(index: Index, *, every: bool = False) -> Habit:
    """Return the habit of naming a call first, or in every chunk, and cutting its arguments."""
    return lambda calls: [
        [call(index(at), f"f{at}" if every or not text else "", text)]
        for at, texts in enumerate(calls)
        for text in ["", *texts]
    ]


def wholes(index: Index, **more: Any) -> Habit:
    """Return the habit of sending each call whole, in a chunk of its own."""
    return lambda calls: [[call(index(at), f"f{at}", "".join(texts)) | more] for at, texts in enumerate(calls)]


def at_once(habit: Habit) -> Habit:
    """Return the habit of sending all that in one chunk."""
    return lambda calls: [list(itertools.chain.from_iterable(habit(calls)))]


def by_turns(index: Index) -> Habit:
    """Return the habit of naming all calls first, and of sending a piece of each in every chunk."""
    return lambda calls: [
        [call(index(at), f"f{at}", "") for at in range(len(calls))],
        *(
            [call(index(at), "", text) for at, text in enumerate(texts)]
            for texts in itertools.zip_longest(*calls, fillvalue="")
        ),
    ]


def late(calls: Calls) -> list[list[Event]]:
    """Give an index where the arguments of a call come, but none where it begins."""
    begun = [[call(None, f"f{at}", "")] for at in range(len(calls))]
    return [*begun, *([call(at, "", text)] for at, texts in enumerate(calls) for text in texts)]


def other_ids(calls: Calls) -> list[list[Event]]:
    """Give an id with every chunk, but another one with each."""
    return [[entry | {"id": f"c{at}"}] for at, (entry,) in enumerate(pieces(own)(calls))]


HABITS: dict[str, Habit] = {
    "by the book": pieces(own),
    "by turns": by_turns(own),
    "named in every chunk": pieces(own, every=True),
    "another id in every chunk": other_ids,
    "whole": at_once(wholes(own)),
    "one index": pieces(zero),
    "one index, named in every chunk": pieces(zero, every=True),
    "one index, whole": wholes(zero),
    "one index, whole, in one chunk": at_once(wholes(zero)),
    "no index": pieces(none),
    "no index, named in every chunk": pieces(none, every=True),
    "no index where they begin": late,
    "no index, by turns": by_turns(none),
    "no index, whole": wholes(none),
    "no index, whole, in one chunk": at_once(wholes(none)),
    "no index, no id, whole": wholes(none, id=""),
    "no index, no id, whole, in one chunk": at_once(wholes(none, id="")),
}


class TestCalls:
    """Calls are told apart, whatever their server says of their indexes."""

    @pytest.mark.parametrize("habit", HABITS)
    @given(
        calls=st.lists(st.lists(st.text("[]1é", min_size=1), min_size=1, max_size=3), min_size=1, max_size=4),
        more=st.sampled_from([{}, {"index": None}, {"type": "function"}]),
    )
    def test_each_has_its_arguments(self, habit: str, calls: Calls, more: Event) -> None:
        listed = [[more | entry for entry in entries] for entries in HABITS[habit](calls)]
        body = framed(*({"choices": [{"index": 0, "delta": {"tool_calls": entries}}]} for entries in listed))
        wire = Wire("openai-chat")
        deltas = wire.feed(body)
        assert decoded("openai-chat", (body[at : at + 1] for at in range(len(body)))) == deltas
        arguments = ["".join(texts) for texts in calls]
        said = {call: text for (kind, _, call), text in joined(deltas) if kind == "arguments"}
        assert said == dict(enumerate(arguments))
        # The SDK tells them apart, too, by the indexes of the events as they are kept.
        kept = [json.loads(event) for event in wire.events]
        message = completion([{"choices": []}, *kept])["choices"][0]["message"]
        assert [entry["function"]["arguments"] for entry in message["tool_calls"]] == arguments

    def test_those_of_each_choice(self) -> None:
        (listed,) = wholes(none)([["{}"]])
        chunk = {"choices": [{"index": at, "delta": {"tool_calls": listed}} for at in (0, 1)]}
        kinds = [
            (kind, choice, call) for kind, _, choice, call in plain(decoded("openai-chat", [framed(chunk, chunk)]))
        ]
        assert [place for kind, *place in kinds if kind == "id"] == [[0, 0], [1, 0]]

    def test_an_index_may_be_any(self) -> None:
        last = 2**32 - 1
        listed = [call(7, "f", "1"), call(None, "g", "2"), call(last, "h", "3"), call(last + 1, "i", "4")]
        body = framed(*({"choices": [{"index": 0, "delta": {"tool_calls": [entry]}}]} for entry in listed))
        assert [delta.call for delta in decoded("openai-chat", [body]) if delta.kind == "call"] == [7, 8, last]

    def test_the_events_are_kept_with_the_numbers(self) -> None:
        wire = Wire("openai-chat")
        wire.feed(
            framed(
                '{"obfuscation": "x", "choices": [{"delta": {"tool_calls": [ { } , {"id": "a", "index": null}]}}]}',
                '{"choices": [{"delta": {"tool_calls": [{"index": 10, "id": "b", "function": {"name": "f"}}]}}]}',
                '{"choices": [{"delta": {"tool_calls": [{"index": -1, "id": "b"}, {"index": 10}]}}]}',
            )
        )
        assert wire.events == [
            b'{ "choices": [{"delta": {"tool_calls": [ { "index":0} , {"id": "a", "index": null,"index":1}]}}]}',
            b'{"choices": [{"delta": {"tool_calls": [{"index": 10, "id": "b", "function": {"name": "f"}}]}}]}',
            b'{"choices": [{"delta": {"tool_calls": [{"index": 10, "id": "b"}, {"index": 10}]}}]}',
        ]


# A growing string of each protocol: an event that says more of it.
STRINGS: dict[Protocol, Callable[[str], Event]] = {
    "openai-chat": lambda said: {"choices": [{"index": 0, "delta": {"content": said}}]},
    "openai-responses": lambda said: {"type": "response.output_text.delta", "sequence_number": 1, "delta": said},
    "anthropic": lambda said: {"type": "content_block_delta", "index": 0, "delta": {"thinking": said}},
    "gemini": lambda said: {"candidates": [{"content": {"parts": [{"text": said}]}}]},
}


def content(said: str, **more: Any) -> Event:
    """Return the event that STRINGS has for chats, with more in its delta."""
    return {"choices": [{"index": 0, "delta": {"content": said, **more}}]}


class TestHalves:
    """Characters that a server has cut into the halves of a surrogate pair."""

    @pytest.mark.parametrize("protocol", STRINGS)
    @given(
        said=st.text(st.sampled_from('a\\"é€😀𝄞'), max_size=12).map(lambda said: said.encode("utf-16-le")),
        cuts=st.lists(st.integers(0, 24), max_size=8),
    )
    def test_any_cut_between_them(self, protocol: Protocol, said: bytes, cuts: list[int]) -> None:
        at = [0, *sorted(2 * cut for cut in cuts), len(said)]
        pieces = [said[start:stop].decode("utf-16-le", "surrogatepass") for start, stop in itertools.pairwise(at)]
        body = framed(*map(STRINGS[protocol], pieces))
        wire = Wire(protocol)
        deltas = wire.feed(body)
        assert "".join(delta.text for delta in deltas) == said.decode("utf-16-le")
        assert decoded(protocol, (body[at : at + 1] for at in range(len(body)))) == deltas
        assert joined(decoded(protocol, [framed(*map(bytes.decode, wire.events))])) == joined(deltas)

    @pytest.mark.parametrize(
        ("events", "texts"),
        [
            ([content("a\ud83d"), content("\ude00b")], ["a", "😀b"]),
            ([content("\ud83d"), content(""), {"choices": []}, content("\ude00")], ["😀"]),
            ([content("\ud83d"), content("b"), content("c")], ["\ufffdb", "c"]),
            ([content("\ud83d"), content("\ud83d"), content("\ude00")], ["\ufffd", "😀"]),
            ([content("\ude00a"), content("\ude00"), content("b")], ["\ufffda", "\ufffd", "b"]),
            ([content("a\ud83db\ude00\ude00")], ["a\ufffdb\ufffd\ufffd"]),
            ([content("a"), content("b\ud83d")], ["a", "b"]),
            ([content("\ud83d", reasoning="\ud834"), content("\ude00", reasoning="\udd1e")], ["𝄞", "😀"]),
        ],
        ids=["two", "nothing between", "no second", "two firsts", "no first", "within", "the end", "two strings"],
    )
    def test_what_is_told(self, events: list[Event], texts: list[str]) -> None:
        body = framed(*events)
        for cut in range(len(body)):
            wire = Wire("openai-chat")
            deltas = wire.feed(body[:cut]) + wire.feed(body[cut:])
            assert [delta.text for delta in deltas] == texts
        assert joined(decoded("openai-chat", [framed(*map(bytes.decode, wire.events))])) == joined(deltas)

    def test_what_does_not_grow_has_no_other_half(self) -> None:
        call = {"index": 0, "id": "\ud83d", "function": {"name": "\ud83d", "arguments": "[]"}}
        body = framed(
            {"\ud83d": "\ud83d", **content("a", tool_calls=[call]), "logprobs": ["\ude00"], "usage": {"n": "\ude00"}}
        )
        said = [("text", "a", 0, None), ("call", "\ufffd", 0, 0), ("id", "\ufffd", 0, 0), ("arguments", "[]", 0, 0)]
        assert plain(decoded("openai-chat", [body])) == [*said, ("usage", {"n": "\ufffd"}, 0, None)]

    def test_the_events_are_runs_again_behind_it(self) -> None:
        wire = Wire("openai-chat")
        wire.feed(framed(*map(content, ["a", "b", "c\ud83d", "\ude00d", *"efgh"])))
        assert [json.loads(event) for event in wire.events] == list(map(content, ["ab", "c", "😀defgh"]))

    def test_what_is_no_json_is_found_behind_it(self) -> None:
        with pytest.raises(WireError, match="trailing characters") as caught:
            decoded("openai-chat", [b'data: {"a":"\\ud83d"} x\n\n'])
        assert caught.value.offset == 21
        with pytest.raises(WireError, match="invalid escape"):
            decoded("openai-chat", [b'data: {"a":"\\ud83d\\ud8x0"}\n\n'])


class TestErrors:
    def test_what_is_no_json(self) -> None:
        wire = Wire("openai-chat")
        good = framed(text("a"))
        # What came before it is told first.
        assert wire.feed(good + b"data: <html>\n\n" + good) == [Delta("text", "a")]
        calls: list[Callable[[], object]] = [lambda: wire.feed(b""), lambda: wire.feed(good), wire.end]
        for again in calls:
            with pytest.raises(WireError, match="not JSON: expected a value at line 3 column 7") as caught:
                again()
            assert isinstance(caught.value, StreamError)
            assert (caught.value.offset, caught.value.line, caught.value.column) == (len(good) + 6, 3, 7)
            assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - made here
        assert wire.offset == len(good) + 6
        assert [json.loads(event) for event in wire.events] == [text("a")]

    @pytest.mark.parametrize(
        ("data", "offset", "message"),
        [
            ("{", 7, "it ends within a value"),
            ('{"a": "\ttab"}', 13, "raw control character"),
            ('{"a": tru}', 15, "expected `true`"),
            ("{} x", 9, "trailing characters"),
        ],
    )
    def test_where(self, data: str, offset: int, message: str) -> None:
        body = framed(data)
        for pieces in ([body], [body[at : at + 1] for at in range(len(body))]):
            with pytest.raises(WireError, match=message) as caught:
                decoded("openai-chat", pieces)
            assert caught.value.offset == offset

    def test_misuse(self) -> None:
        with pytest.raises(ValueError, match=r"\"openai\" is no protocol: .*'openai-responses'"):
            Wire("openai")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            Wire("gemini").feed("data: {}\n\n")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r'"txt" is no kind of delta: .*reasoning, text'):
            Delta("txt")  # type: ignore[arg-type]


class TestDelta:
    def test_it_is_a_value(self) -> None:
        delta = Delta("arguments", "it's", choice=1, call=2)
        assert repr(delta) == "Delta('arguments', \"it's\", choice=1, call=2)"
        assert delta == Delta("arguments", "it's", choice=1, call=2)
        assert hash(delta) == hash(Delta("arguments", "it's", choice=1, call=2))
        others = [
            Delta("text", "it's", choice=1, call=2),
            Delta("arguments", "its", choice=1, call=2),
            Delta("arguments", "it's", choice=0, call=2),
            Delta("arguments", "it's", choice=1),
        ]
        assert delta not in others
        assert delta != "it's"
        assert (Delta("done").text, Delta("done").choice, Delta("done").call) == ("", 0, None)
        with pytest.raises(AttributeError):
            delta.text = ""  # type: ignore[misc]

    def test_it_matches_by_its_attributes(self) -> None:
        match Delta("call", "f", choice=1, call=2):
            case Delta("call", text, choice, call):
                assert (text, choice, call) == ("f", 1, 2)
            case _:
                pytest.fail("no match")
