"""The mistakes that people make first: each message says what was given, and what to write instead."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import instar
from instar import JSONError, Parser, StreamError, WireError, elements, partials
from instar.testing import LocalOpenAI
from support.samples import ADA, ASK, User

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from typing_extensions import Self


class Named(BaseModel):
    name: str = ""


class Quiz(BaseModel):
    choices: list[str]


CHAT = '{"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "{"}}]}'
RESPONSES = '{"type": "response.created", "response": {"id": "r"}}'
ANTHROPIC = '{"type": "message_start", "message": {"role": "assistant", "content": []}}'
GEMINI = '{"candidates": [{"content": {"parts": [{"text": "{"}], "role": "model"}}]}'
OLLAMA = '{"model": "llama", "message": {"role": "assistant", "content": "{"}, "done": false}'

STREAMS = {
    f"data: {CHAT}\n\ndata: [DONE]\n\n": "openai-chat",
    f"data:{CHAT}\r\n\r\n": "openai-chat",
    f": OPENROUTER PROCESSING\n\ndata: {CHAT}\n\n": "openai-chat",
    f"id: 1\nretry: 10\ndata: {CHAT}\n\n": "openai-chat",
    f"\ufeff\n\ndata: {CHAT}\n\n": "openai-chat",
    f"event: response.created\ndata: {RESPONSES}\n\n": "openai-responses",
    f"event: message_start\ndata: {ANTHROPIC}\n\n": "anthropic",
    f"data: {GEMINI}\r\n\r\n": "gemini",
    f"data: {CHAT}": "openai-chat",  # a line, as `iter_lines` gives it
}
"""Event streams, and the protocols of their events."""

EVENTS = {
    CHAT: "openai-chat",
    ANTHROPIC: "anthropic",
    f"{OLLAMA}\n{OLLAMA}\n": "ollama",
    f"[{GEMINI},\n{GEMINI}]": "gemini",
}
"""JSON texts that are events."""


async def later(pieces: Iterable[Any]) -> AsyncIterator[Any]:
    """Yield the pieces."""
    for piece in pieces:
        yield piece


def refused(read: Callable[..., Any], pieces: list[Any], schema: Any = User, **options: Any) -> Any:
    """Return the error for these deltas, which is the same in async code."""

    async def run() -> None:
        async for _ in read(later(pieces), schema, **options):
            pass

    errors: list[Any] = []
    for use in (lambda: list(read(pieces, schema, **options)), lambda: asyncio.run(run())):
        with pytest.raises((StreamError, ValidationError)) as raised:
            use()
        errors.append(raised.value)
    assert str(errors[0]) == str(errors[1])
    assert getattr(errors[0], "__notes__", []) == getattr(errors[1], "__notes__", [])
    return errors[0]


def advice(error: Exception) -> str:
    """Return what an error says besides: in its notes, from Python 3.11 on, where its words are Pydantic's."""
    if isinstance(error, StreamError):
        return error.advice
    if sys.version_info < (3, 11):
        pytest.skip("exceptions have no notes before Python 3.11")
    return "".join(getattr(error, "__notes__", []))


class TestABodyWithoutAWire:
    @pytest.mark.parametrize("read", [partials, elements])
    @pytest.mark.parametrize("encode", [str, str.encode])
    @pytest.mark.parametrize(("body", "protocol"), STREAMS.items())
    def test_of_events(self, read: Any, encode: Any, body: str, protocol: str) -> None:
        error = refused(read, [encode(body)])
        assert isinstance(error, JSONError)
        assert f"(it looks like an event stream, which wire='{protocol}' reads)" in str(error)
        assert "repair" not in str(error)

    @pytest.mark.parametrize("schema", [User, Named, None, list[int]])
    def test_whatever_the_type(self, schema: Any) -> None:
        body = f"event: message_start\ndata: {ANTHROPIC}\n\n"
        assert "wire='anthropic' reads" in advice(refused(partials, [body], schema))
        assert "wire='anthropic' reads" in advice(refused(partials, [body[:20], body[20:]], User, repair="around"))

    @pytest.mark.parametrize("line", ["event: message_start", ": ping", "id: 7", "retry: 1000", "data: [DONE]"])
    def test_that_tells_no_protocol_yet(self, line: str) -> None:
        assert "an event stream, which wire= reads, as in wire='openai-chat'" in advice(refused(partials, [line]))

    @pytest.mark.parametrize("read", [partials, elements])
    @pytest.mark.parametrize(("body", "protocol"), EVENTS.items())
    def test_of_json(self, read: Any, body: str, protocol: str) -> None:
        if read is elements and body.startswith("["):
            pytest.skip("a list is what elements are in")
        error = refused(read, [body])
        assert f"an event of the protocol '{protocol}', which wire='{protocol}' reads" in advice(error)

    @pytest.mark.parametrize("schema", [Named, None])
    def test_of_lines_of_which_the_first_fits(self, schema: Any) -> None:
        error = refused(partials, [f"{OLLAMA}\n{OLLAMA}\n"], schema)
        assert isinstance(error, JSONError)
        assert "wire='ollama' reads" in str(error)

    @pytest.mark.parametrize(("body", "protocol"), (STREAMS | EVENTS).items())
    def test_however_it_is_cut_the_message_is_the_same(self, body: str, protocol: str) -> None:
        whole, cut = refused(partials, [body]), refused(partials, list(body))
        assert type(whole) is type(cut)
        if isinstance(whole, JSONError):
            assert (whole.message, whole.offset, whole.place) == (cut.message, cut.offset, cut.place)
            assert f"wire='{protocol}'" in whole.advice
        else:
            assert whole.errors() == cut.errors()

    def test_of_which_only_a_letter_has_come(self) -> None:
        error = refused(partials, ["d", "ata: [DONE]"])
        assert "(wire= reads event streams, as in wire='openai-chat', and repair='around' prose)" in str(error)

    def test_what_is_none_is_not_taken_for_one(self) -> None:
        assert "wire" not in str(refused(partials, ["Sure! Here you go: {}"]))
        assert "wire" not in str(refused(partials, ["idea: none"]))
        assert "wire" not in str(refused(partials, [ADA, "data: [DONE]"]))
        assert "wire" not in str(refused(partials, ['{"choices": ["a"]} Any questions?'], Quiz))
        assert "wire" not in advice(refused(partials, ['{"choices": ["a", 5]}'], Quiz))

    def test_what_the_user_s_own_code_raises_is_left_alone(self) -> None:
        def broken() -> Iterable[str]:
            yield "{"
            message = "data: gone"
            raise KeyError(message)

        with pytest.raises(KeyError) as raised:
            list(partials(broken(), User))
        assert not hasattr(raised.value, "advice")


class TestAWireOfAnotherProtocol:
    @pytest.mark.parametrize(("body", "protocol"), (STREAMS | EVENTS).items())
    def test_is_named(self, body: str, protocol: str) -> None:
        other: Any = "gemini-interactions" if body in STREAMS else "bedrock"
        error = refused(partials, [f"{body}\n\n".encode()], wire=other)
        assert f"it was read as '{other}', and its events are those of wire='{protocol}'" in str(error)

    @pytest.mark.parametrize(("body", "protocol"), STREAMS.items())
    def test_is_named_where_the_events_are_not_even_cut_right(self, body: str, protocol: str) -> None:
        error = refused(partials, [f"{body}\n\n".encode()], wire="ollama")
        assert isinstance(error, WireError)
        assert f"it was read as 'ollama', and its events are those of wire='{protocol}'" in str(error)

    def test_the_same_protocol_says_nothing(self) -> None:
        error = refused(partials, [f"data: {ANTHROPIC}\n\n".encode()], wire="anthropic")
        assert "the response has no answer in it: its body begins with" in str(error)

    @pytest.mark.parametrize("wire", [True, 5, ["openai-chat"]])
    def test_what_is_no_name(self, wire: Any) -> None:
        with pytest.raises(TypeError, match=r"wire is 'openai-chat', .* 'sdk' or a function, not"):
            partials([b""], User, wire=wire)


class Opened:
    """A context manager, such as the SDK's `with_streaming_response` makes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (User(name="Ada", age=36, bio=""), "not one User: put it in a list, if it is an event"),
        (Opened(), "not one Opened: enter it by `with`"),
        (None, "not NoneType"),
    ],
)
def test_what_is_no_source(source: Any, words: str) -> None:
    for read in (partials, elements):
        with pytest.raises(TypeError, match=words):
            read(source, User)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (
            {"type": "object"},
            "not an instance of one: give a model, a dataclass or a TypedDict, and not {'type'",
        ),
        (User.model_json_schema(), "give a model, a dataclass or a TypedDict, and not {"),
        ([User], "a type, not an instance of one: give list[User], and not ["),
        (TypeAdapter(User), "give the type that it adapts, and not TypeAdapter(User)"),
        (User(name="", age=1, bio=""), "a type, not an instance of one: give User, and not User("),
    ],
    ids=["dict", "JSON Schema", "list", "adapter", "instance"],
)
def test_what_is_no_type(schema: Any, words: str) -> None:
    with LocalOpenAI() as server, server.client() as real:
        client = instar.from_openai(real)
        for use in (
            lambda: Parser(schema),
            lambda: partials([], schema),
            lambda: elements([], schema),
            lambda: client.create(response_model=schema, **ASK),
            lambda: client.create_partial(response_model=schema, **ASK),
            lambda: client.create_iterable(response_model=schema, **ASK),
        ):
            with pytest.raises(TypeError, match=re.escape(words)):
                use()
        assert not server.requests


class Anthropic:
    """A client of another SDK."""


def test_what_is_no_client() -> None:
    with LocalOpenAI() as server, server.client() as real:
        client = instar.from_openai(real)
        given: list[tuple[Any, str]] = [
            (Anthropic(), "not Anthropic: give one with the base_url of another provider's"),
            (Anthropic(), "instar.partials(response.iter_bytes(), ..., wire=)"),
            (Anthropic, "not the class Anthropic: call it"),
            (client, "not what it has returned: that answers in types already"),
            ("sk-...", "not str: give one"),
        ]
        for each, words in given:
            with pytest.raises(TypeError, match=re.escape(words)):
                instar.from_openai(each)


def test_tools_that_are_no_list() -> None:
    with LocalOpenAI() as server, server.client() as real:
        client: Any = instar.from_openai(real)
        for use in (client.create, client.create_partial, client.create_iterable, client.create_turn):
            with pytest.raises(TypeError, match="not the class User: put it in a list"):
                use(tools=User, **ASK)


def test_tools_that_can_be_looked_through_once() -> None:
    own = {"type": "function", "function": {"name": "search", "parameters": {}}}
    with LocalOpenAI(lambda _: "{}") as server, server.client() as real:
        client: Any = instar.from_openai(real)
        client.create(tools=iter([own]), **ASK)
        client.create_turn(tools=iter([own]), **ASK).final()
        client.create_partial(tools=iter([own, User]), **ASK).close()
    names = [[tool["function"]["name"] for tool in request.body["tools"]] for request in server.requests]
    assert names == [["search"], ["search"], ["search", "User"]]


def test_listeners_and_replies_that_are_none() -> None:
    with LocalOpenAI() as server, server.client() as real:
        listener: Any = "print"
        with pytest.raises(TypeError, match=r"a listener is a plain function, .* not 'print'"):
            instar.from_openai(real).on("retry", listener)
    replies: list[Any] = [{"name": "Ada"}, User(name="Ada", age=36, bio=""), 5, None]
    for reply in replies:
        with pytest.raises(TypeError, match=f"not {type(reply).__name__}: give the text that it stands for"):
            LocalOpenAI(reply)


class TestRepr:
    def test_of_a_parser(self) -> None:
        parser = Parser(User)
        assert repr(parser) == "<Parser of User, open: 0 bytes>"
        parser.feed('{"name": "Ada')
        assert repr(parser) == "<Parser of User, open at ('name',): 13 bytes>"
        with pytest.raises(ValidationError):
            parser.feed('", "age": []')
        assert repr(parser) == "<Parser of User, ValidationError at ('age',): 23 bytes>"
        parser = Parser(list[int])
        parser.feed("[1]")
        assert repr(parser) == "<Parser of list[int], complete: 3 bytes>"

    def test_of_a_parser_at_work(self) -> None:
        seen: list[str] = []

        class Curious(BaseModel):
            name: str

            def model_post_init(self, _: Any) -> None:
                seen.append(repr(parser))

        parser = Parser(Curious)
        parser.feed('{"name": ""}')
        assert seen[:1] == ["<Parser of Curious, at work>"]

    def test_of_a_stream(self) -> None:
        stream = partials(['{"name": "Ada', '"}'], Named)
        assert repr(stream) == "<Stream, open: <Parser of Named, open: 0 bytes>>"
        next(stream)
        next(stream)
        assert repr(stream) == "<Stream, open: <Parser of Named, open at ('name',): 13 bytes>>"
        stream.final()
        assert repr(stream) == "<Stream, ended: <Parser of Named, complete: 15 bytes>>"
        stream = partials(["[", "]"], list[int])
        stream.close()
        assert repr(stream) == "<Stream, closed: <Parser of list[int], open: 0 bytes>>"
        stream = partials(["?"], Named)
        with pytest.raises(JSONError):
            stream.final()
        assert repr(stream) == "<Stream, JSONError: <Parser of Named, JSONError: 0 bytes>>"
        assert repr(partials(later([]), Named)).startswith("<AsyncStream, open: ")

    def test_of_a_client_and_what_it_returns(self) -> None:
        with LocalOpenAI(ADA, "Hm.") as server, server.client() as real:
            client = instar.from_openai(real, instar.Mode.TOOLS)
            assert repr(client) == "<Client of OpenAI at 127.0.0.1, Mode.TOOLS>"
            with client.create_partial(response_model=User, **ASK) as stream:
                assert repr(stream) == "<ClientStream, open: <Parser of User, open: 0 bytes>>"
            turn = client.create_turn(tools=[User], **ASK)
            turn.final()
            assert repr(turn) == "<ClientTurn, ended: 3 characters of prose, calls []>"
        secret = openai.AsyncOpenAI(base_url="http://user:password@example.org/v1", api_key="sk-secret")
        assert repr(instar.from_openai(secret)) == "<AsyncClient of AsyncOpenAI at example.org, Mode.JSON_SCHEMA>"
