"""Bytes or the SDK's objects, deltas or reads: the same answers; and what a stream knows of its response."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from openai._models import construct_type_unchecked
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import ResponseStreamEvent
from pydantic import ValidationError

import instar
from instar import AsyncBodyStream, BodyStream, JSONError, Limits, RefusalError, StreamError, TruncatedError
from instar._chunks import ChunkWire
from instar._core import Delta, Wire
from instar.openai import from_openai
from instar.testing import LocalOpenAI, Reply, tokens
from support.clients import Told, ask_sync, both
from support.material import shared
from support.samples import ADA, ASK, BOB, User

Ask = Callable[..., Told]
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])


def chunk(content: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk that says something, as a dict."""
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": None}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def sse(*events: Any) -> bytes:
    """Return a body of these events."""
    return b"".join(
        b"data: " + json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n" for event in events
    )


@both
@wires
class TestTheSameByBothWires:
    def test_snapshots(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(ADA) as server:
            told = ask(server, wire=wire, response_model=User)
        assert told.seen == list(instar.partials(tokens(ADA), User))
        assert told.final == User.model_validate_json(ADA)
        assert told.stream.text == ADA
        assert told.stream.finish_reason == "stop"
        assert isinstance(told.stream.usage, CompletionUsage)
        assert told.stream.usage.completion_tokens == len(tokens(ADA))
        assert isinstance(told.stream.completion, ChatCompletion)
        assert told.stream.completion.choices[0].message.content == ADA
        assert told.stream.completion.usage == told.stream.usage
        assert (told.stream.received > 0) == (wire == "raw")

    def test_elements(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(f'{{"items": [{ADA}, {BOB}]}}') as server:
            told = ask(server, wire=wire, response_model=User, method="create_iterable")
        assert [user.name for user in told.seen] == ["Ada", "Bob"]

    @pytest.mark.parametrize(
        ("reply", "error", "words"),
        [
            (Reply(ADA[:12], finish_reason="length"), TruncatedError, "max_tokens"),
            (Reply("Not that.", field="refusal"), RefusalError, "Not that"),
            (Reply("Sure! Here it is:"), JSONError, "no JSON in the text, which begins with 'Sure"),
            (Reply('{"name": 1}'), ValidationError, "valid string"),
            (b'data: {"error": {"message": "out of memory"}}\n\n', openai.APIError, "out of memory"),
        ],
        ids=["length", "refusal", "syntax", "schema", "error event"],
    )
    def test_errors(self, ask: Ask, wire: str, reply: Any, error: type[Exception], words: str) -> None:
        with LocalOpenAI(reply) as server:
            told = ask(server, wire=wire, response_model=User)
        assert isinstance(told.error, error)
        assert words in str(told.error)
        if wire == "raw" and isinstance(told.error, StreamError):
            assert told.error.received == told.stream.received > 0
            assert f"after {told.stream.received} bytes of the response" in str(told.error)
        if wire == "raw" and isinstance(told.error, ValidationError) and hasattr(told.error, "__notes__"):
            assert told.error.__notes__ == [f"{told.stream.received} bytes of the response had come"]

    def test_reasoning(self, ask: Ask, wire: str) -> None:
        body = sse(chunk(reasoning_content="Let "), chunk(reasoning_content="me."), chunk(ADA)) + b"data: [DONE]\n\n"
        with LocalOpenAI(body) as server:
            told = ask(server, wire=wire, response_model=User)
        assert told.stream.reasoning == "Let me."
        assert told.final.name == "Ada"

    def test_live_limits_and_strict(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(ADA, ADA, '{"name": "Ada", "age": "36", "bio": ""}') as server:
            live = ask(server, wire=wire, response_model=User, live=True)
            assert len({id(user) for user in live.seen}) == 1
            assert isinstance(
                ask(server, wire=wire, response_model=User, limits=Limits(bytes=9)).error, instar.LimitError
            )
            assert isinstance(ask(server, wire=wire, response_model=User, strict=True).error, ValidationError)


class TestOneRead:
    """A read may hold many deltas."""

    @both
    def test_each_delta_is_shown(self, ask: Ask) -> None:
        with LocalOpenAI(ADA, cut=lambda body: [body]) as server:
            assert ask(server, response_model=User).seen == list(instar.partials(tokens(ADA), User))

    @both
    def test_or_the_latest_of_each_read(self, ask: Ask) -> None:
        with LocalOpenAI(ADA, cut=lambda body: [body]) as server:
            told = ask(server, response_model=User, emit="read")
        assert len(told.seen) < 4  # the network may cut a read in two
        assert told.seen[-1] == told.final == User.model_validate_json(ADA)

    @both
    def test_every_element_is_shown_in_any_case(self, ask: Ask) -> None:
        with LocalOpenAI(f'{{"items": [{ADA}, {BOB}]}}', cut=lambda body: [body]) as server:
            told = ask(server, response_model=User, method="create_iterable", emit="read")
        assert [user.name for user in told.seen] == ["Ada", "Bob"]

    def test_a_violation_in_the_middle_of_a_read_comes_after_what_was_before_it(self) -> None:
        body = sse(*(chunk(text) for text in ('{"name": "A', 'da", "age": ', "[", "36]}")))
        stream = instar.partials([body], User, wire="openai-chat")
        assert [next(stream).name for _ in range(3)] == [None, "A", "Ada"]
        with pytest.raises(ValidationError):
            next(stream)


class TestAbort:
    """The server sees the disconnect before it has sent the rest, and before the caller has heard of it."""

    @pytest.mark.parametrize(("text", "error"), [('{"name": 1', ValidationError), ("{name", JSONError)])
    def test_at_the_first_violation(self, text: str, error: type[Exception]) -> None:
        with LocalOpenAI([text, " and so on"], hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            server.release(1)
            with pytest.raises(error):
                stream.final()
            (exchange,) = server.exchanges
            assert exchange.closed.wait(5)
            assert exchange.disconnected
            assert exchange.sent == 1

    def test_while_the_elements_before_it_are_still_handed_out(self) -> None:
        with LocalOpenAI([f'{{"items": [{ADA}, 5', "]}"], hold=True) as server:
            stream = from_openai(server.client()).create_iterable(response_model=User, **ASK)
            server.release(1)
            assert next(stream).name == "Ada"
            (exchange,) = server.exchanges
            assert exchange.closed.wait(5)
            assert exchange.disconnected
            with pytest.raises(ValidationError):
                next(stream)

    def test_at_done(self) -> None:
        body = sse(chunk(ADA)) + b"data: [DONE]\n\n"
        with LocalOpenAI(body + b": the server goes on\n\n", hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            server.release(2)
            assert stream.final().name == "Ada"
            assert server.exchanges[0].closed.wait(5)
            assert server.exchanges[0].disconnected


class TestClientsWithoutBytes:
    """A client that is wrapped or mocked gives what it gives."""

    CHUNKS = tuple(ChatCompletionChunk.construct(**chunk(text)) for text in tokens(ADA))

    def test_a_create_in_place_of_the_sdks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = openai.OpenAI(api_key="none")
        monkeypatch.setattr(real.chat.completions, "create", lambda **_: iter(self.CHUNKS))
        stream = from_openai(real).create_partial(response_model=User, **ASK)
        assert stream.final().name == "Ada"
        assert stream.completion.choices[0].message.content == ADA
        real.close()

    def test_completions_that_are_not_the_sdks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Completions:
            def create(self, **keywords: Any) -> Any:
                assert keywords["stream"]
                return iter([dict(chunk(text)) for text in tokens(ADA)])

        real = openai.OpenAI(api_key="none")
        monkeypatch.setattr(real.chat, "completions", Completions())
        assert from_openai(real).create_partial(response_model=User, **ASK).final().name == "Ada"
        real.close()

    def test_an_answer_in_one_piece_that_is_not_the_sdks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = SimpleNamespace(content=ADA, refusal=None, tool_calls=None)
        answer = SimpleNamespace(choices=[SimpleNamespace(index=0, message=message, finish_reason="stop")], usage=None)
        real = openai.OpenAI(api_key="none")
        monkeypatch.setattr(real.chat.completions, "create", lambda **_: answer)
        user, completion = from_openai(real).create_with_completion(response_model=User, **ASK)
        assert user.name == "Ada"
        assert completion.choices[0].message.content == ADA
        message.content = ADA.replace("Ada", "\ud83d")
        assert from_openai(real).create(response_model=User, **ASK).name == "\ufffd"
        real.close()

    async def test_an_async_create_in_place_of_the_sdks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def create(**_: Any) -> AsyncIterator[ChatCompletionChunk]:
            async def chunks() -> AsyncIterator[ChatCompletionChunk]:
                for piece in self.CHUNKS:
                    yield piece

            return chunks()

        async with openai.AsyncOpenAI(api_key="none") as real:
            monkeypatch.setattr(real.chat.completions, "create", create)
            assert (await from_openai(real).create_partial(response_model=User, **ASK).final()).name == "Ada"

    def test_what_patches_the_sdk_sees_its_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen = []
        with LocalOpenAI(ADA) as server:
            real = server.client()
            create = real.chat.completions.create

            def recorded(**keywords: Any) -> Iterator[Any]:
                for piece in create(**keywords):
                    seen.append(piece)
                    yield piece

            monkeypatch.setattr(real.chat.completions, "create", recorded)
            stream = from_openai(real, wire="sdk").create_partial(response_model=User, **ASK)
            assert stream.final().name == "Ada"
        assert "".join(piece.choices[0].delta.content or "" for piece in seen if piece.choices) == ADA


# The same answer in each envelope.
BODIES = {
    "openai-chat": sse(*map(chunk, tokens(ADA))) + b"data: [DONE]\n\n",
    "openai-responses": sse(
        *({"type": "response.output_text.delta", "output_index": 0, "delta": text} for text in tokens(ADA)),
        {"type": "response.completed", "response": {"status": "completed"}},
    ),
    "anthropic": sse(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "1", "name": "User"},
        },
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": text}}
            for text in tokens(ADA)
        ),
        {"type": "message_stop"},
    ),
    "gemini": sse(*({"candidates": [{"index": 0, "content": {"parts": [{"text": text}]}}]} for text in tokens(ADA))),
}


class TestPartialsOfABody:
    """`instar.partials` and `instar.elements` read bodies, too."""

    @pytest.mark.parametrize("wire", BODIES)
    @pytest.mark.parametrize("size", [1, 7, 100_000])
    def test_bytes(self, wire: Any, size: int) -> None:
        body = BODIES[wire]
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        stream = instar.partials(pieces, User, wire=wire)
        assert isinstance(stream, BodyStream)
        assert list(stream) == list(instar.partials(tokens(ADA), User))
        assert stream.final().name == "Ada"
        assert stream.received == len(body)

    @pytest.mark.parametrize("wire", BODIES)
    def test_dicts(self, wire: str) -> None:
        events = [json.loads(line[6:]) for line in BODIES[wire].splitlines() if line.startswith(b"data: {")]
        assert instar.partials(events, User, wire="sdk").final().name == "Ada"

    async def test_async(self) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield BODIES["openai-chat"]

        stream = instar.elements(pieces(), User, wire="openai-chat")
        assert isinstance(stream, AsyncBodyStream)
        with pytest.raises(ValidationError):
            await stream.final()

    def test_elements(self) -> None:
        body = sse(*map(chunk, tokens(f"[{ADA}, {BOB}]")))
        assert [user.name for user in instar.elements([body], User, wire="openai-chat")] == ["Ada", "Bob"]

    def test_a_call_after_prose(self) -> None:
        call = {"index": 0, "id": "1", "function": {"name": "User", "arguments": ADA}}
        for prose in ("\n", "Sure.", "I'd", "null and void", "1. First"):
            stream = instar.partials([sse(chunk(prose), chunk(tool_calls=[call]))], User, wire="openai-chat")
            assert stream.final().name == "Ada"
            assert stream.prose == prose
        with pytest.raises(TruncatedError, match="broke off"):
            instar.partials([sse(chunk("Sure."))], User, wire="openai-chat").final()

    @pytest.mark.parametrize("index", [{}, {"index": 0}], ids=["none", "the same"])
    def test_the_first_of_calls_that_only_their_ids_tell_apart(self, index: dict[str, int]) -> None:
        calls = ({**index, "id": text, "function": {"name": "User", "arguments": text}} for text in (ADA, BOB))
        body = sse(*(chunk(tool_calls=[call]) for call in calls))
        pieces = (body[at : at + 1] for at in range(len(body)))
        assert instar.partials(pieces, User, wire="openai-chat").final().name == "Ada"

    def test_characters_in_two_halves(self) -> None:
        events = [chunk('{"name": "A\ud83d'), chunk('\ude00", "age": 36, "bio": "\ud83d"}')]
        body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
        pieces = (body[at : at + 1] for at in range(len(body)))
        bytewise = instar.partials(pieces, User, wire="openai-chat")
        assert [user.name for user in bytewise] == [None, "A", "A😀"]
        assert (bytewise.final().name, bytewise.final().bio) == ("A😀", "\ufffd")
        objects = [construct_type_unchecked(value=event, type_=ChatCompletionChunk) for event in events]
        for chunks in (events, objects, map(to_namespace, events)):
            assert instar.partials(chunks, User, wire="sdk").final() == bytewise.final()

    def test_an_error_of_the_server(self) -> None:
        body = sse(chunk('{"name": "Ad'), {"error": {"message": "out of memory"}})
        stream = instar.partials([body], User, wire="openai-chat")
        with pytest.raises(StreamError, match="out of memory"):
            stream.final()
        assert stream.snapshot.name == "Ad"

    def test_no_wire(self) -> None:
        with pytest.raises(instar.WireError):
            instar.partials([b"data: {no json\n\n"], User, wire="openai-chat").final()
        with pytest.raises(StreamError, match="no answer in it"):
            instar.partials([], User, wire="openai-chat").final()

    @pytest.mark.parametrize("piece", ["text", b"bytes", 5, {"neither": "nor"}], ids=repr)
    def test_no_objects_of_an_sdk(self, piece: Any) -> None:
        with pytest.raises(TypeError, match="openai-chat"):
            instar.partials([piece], User, wire="sdk").final()

    def test_an_unknown_envelope(self) -> None:
        with pytest.raises(ValueError, match="openai-chat"):
            instar.partials([], User, wire="openai")  # type: ignore[call-overload]


SDK_TYPES: dict[str, Any] = {"openai-chat": ChatCompletionChunk, "openai-responses": ResponseStreamEvent}


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("deepseek-tool-call", "openai-chat"),
        ("xai-tool-call", "openai-chat"),
        ("lmstudio-tool-call.1", "openai-responses"),
        ("openai-mcp-tool.1", "openai-responses"),
        ("anthropic-json-output-format.1", "anthropic"),
        ("anthropic-programmatic-tool-calling.1", "anthropic"),
        ("google-vertex-stream-tool-call-arguments-nested.1", "gemini"),
    ],
)
def test_objects_say_what_bytes_say(name: str, wire: Any) -> None:
    events = [json.loads(line) for line in shared(f"recordings/ai-sdk/{name}.chunks.jsonl").read_text().splitlines()]
    bytes_, dicts, objects = Wire(wire), ChunkWire(), ChunkWire()
    for event in events:
        deltas = bytes_.feed(sse(event))
        assert dicts.feed(event) == deltas
        typed = SDK_TYPES.get(wire)
        made = construct_type_unchecked(value=event, type_=typed) if typed else to_namespace(event)
        assert [said(delta) for delta in objects.feed(made)] == [said(delta) for delta in deltas]
    assert bytes_.end() == dicts.end() == objects.end()
    assert bytes_.done == dicts.done == objects.done
    assert len(bytes_.events) == len(dicts.events)


def said(delta: Delta) -> tuple[Any, ...]:
    """Return what a delta says; the SDK's types put the keys of the usage into their own order."""
    return delta.kind, delta.choice, delta.call, json.loads(delta.text) if delta.kind == "usage" else delta.text


def to_namespace(value: Any) -> Any:
    """Return what some SDK might make of JSON: attributes in place of keys."""
    return json.loads(json.dumps(value), object_hook=lambda found: SimpleNamespace(**found))


def test_errors_travel_with_the_bytes_they_came_after() -> None:
    with LocalOpenAI(Reply(ADA[:12], finish_reason="length"), "Sure", Reply("No.", field="refusal")) as server:
        for error in (ask_sync(server, response_model=User).error for _ in range(3)):
            assert isinstance(error, StreamError)
            copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
            assert type(copy) is type(error)
            assert str(copy) == str(error)
            assert copy.received == error.received > 0  # type: ignore[operator]


def test_an_emit_that_is_none() -> None:
    with pytest.raises(ValueError, match="emit is 'delta', 'read' or a number of seconds"):
        instar.partials([], User, wire="openai-chat", emit="chunk")  # type: ignore[call-overload]


def test_from_openai_of_an_unknown_wire() -> None:
    with openai.OpenAI(api_key="none") as real, pytest.raises(ValueError, match="raw"):
        from_openai(real, wire="bytes")  # type: ignore[call-overload]


def test_ask_reports_refused_requests() -> None:
    with LocalOpenAI(Reply("no such key", status=401)) as server:
        told = ask_sync(server, response_model=User)
    assert isinstance(told.error, openai.AuthenticationError)
    assert told.stream is None
