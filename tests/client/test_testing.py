"""The embedded server, through the real `openai` client."""

import asyncio
import contextlib
import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from instar.testing import Exchange, LocalOpenAI, Reply, Script, tokens

TEXT = '{"name": "Ada Lovelace", "age": 36, "bio": "Zoë 🦋 \\n, poetical science"}'
MESSAGES: Any = [{"role": "user", "content": "Who?"}]
TOOL = {"type": "function", "function": {"name": "User", "parameters": {"type": "object"}}}
FORCED = {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "User"}}}
BROKEN = r"incomplete|closed|Connection error"  # what clients of several versions say
PATIENCE = 10.0  # seconds that anything awaited may take before its test fails


def ask(client: openai.OpenAI, **options: Any) -> openai.Stream[ChatCompletionChunk]:
    return cast(
        "openai.Stream[ChatCompletionChunk]",
        client.chat.completions.create(model="any", messages=MESSAGES, stream=True, **options),
    )


def ask_whole(client: openai.OpenAI, **options: Any) -> ChatCompletion:
    return cast("ChatCompletion", client.chat.completions.create(model="any", messages=MESSAGES, **options))


async def ask_async(client: openai.AsyncOpenAI, **options: Any) -> openai.AsyncStream[ChatCompletionChunk]:
    chat = client.chat.completions
    return cast(
        "openai.AsyncStream[ChatCompletionChunk]",
        await chat.create(model="any", messages=MESSAGES, stream=True, **options),
    )


def ask_raw(client: openai.OpenAI) -> list[bytes]:
    """Return the body as the client's HTTP library handed it out, write by write."""
    raw = client.chat.completions.with_streaming_response
    with raw.create(model="any", messages=MESSAGES, stream=True) as response:
        return list(response.iter_bytes())


def contents(chunks: Iterable[ChatCompletionChunk]) -> list[str]:
    texts = (chunk.choices[0].delta.content for chunk in chunks if chunk.choices)
    return [text for text in texts if text]


def port(server: LocalOpenAI) -> int:
    return int(server.base_url.removesuffix("/v1").rpartition(":")[2])


def closed(exchange: Exchange) -> bool:
    return exchange.closed.wait(PATIENCE)


@pytest.mark.parametrize("text", ["", "{}", TEXT, "\n  \t", "naïve 漢字🦋 a_b", "x" * 99, '[1.5e-7,"\\u00e9"]'])
def test_tokens_are_small_and_lose_nothing(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert all(1 <= len(token) <= 6 for token in tokens(text))


def test_stream_has_the_shape_of_openai() -> None:
    with LocalOpenAI(["Hel", "lo"]) as server, server.client() as client:
        chunks = list(ask(client))
    role, hel, lo, finish = chunks
    assert (role.choices[0].delta.role, role.choices[0].delta.content) == ("assistant", "")
    assert (hel.choices[0].delta.content, lo.choices[0].delta.content) == ("Hel", "lo")
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, None, None, "stop"]
    assert finish.choices[0].delta.content is None
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {"any"}


def test_string_is_streamed_as_tokens() -> None:
    with LocalOpenAI(TEXT) as server, server.client() as client:
        assert contents(ask(client)) == tokens(TEXT)
    assert closed(server.exchanges[0])
    assert server.exchanges[0].sent == len(tokens(TEXT))
    assert not server.exchanges[0].disconnected


def test_without_stream() -> None:
    with LocalOpenAI(TEXT) as server, server.client() as client:
        answer = ask_whole(client)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == len(tokens(TEXT))


async def test_async_stream_and_whole() -> None:
    with LocalOpenAI(TEXT, TEXT) as server:
        async with server.async_client() as client:
            assert contents([chunk async for chunk in await ask_async(client)]) == tokens(TEXT)
            answer = await client.chat.completions.create(model="any", messages=MESSAGES)
    assert answer.choices[0].message.content == TEXT


def test_replies_are_given_in_order_and_requests_are_recorded() -> None:
    with LocalOpenAI("one", ["t", "wo"]) as server, server.client() as client:
        server.queue(Reply("three", finish_reason="length"))
        assert contents(ask(client, temperature=0.5)) == ["one"]
        assert contents(ask(client)) == ["t", "wo"]
        last = ask_whole(client).choices[0]
    assert (last.message.content, last.finish_reason) == ("three", "length")
    assert [request.body.get("stream", False) for request in server.requests] == [True, True, False]
    assert server.requests[0].body["temperature"] == 0.5
    assert server.requests[0].body["messages"] == [{"role": "user", "content": "Who?"}]
    assert server.requests[0].headers["authorization"] == "Bearer local"


def test_function_answers_every_request_after_what_was_queued_before_it() -> None:
    def echo(body: dict[str, Any]) -> Reply:
        return Reply(body["messages"][0]["content"] + body["user"])

    with LocalOpenAI("first", echo) as server, server.client() as client:
        answers = [ask_whole(client, user=user).choices[0].message.content for user in "abc"]
    assert answers == ["first", "Who?b", "Who?c"]


@pytest.mark.parametrize(
    ("options", "finish_reason"),
    [(FORCED, "stop"), ({"tools": [TOOL], "tool_choice": "required"}, "tool_calls")],
)
def test_forced_tool_gets_the_text_as_its_arguments(options: dict[str, Any], finish_reason: str) -> None:
    with LocalOpenAI(TEXT, TEXT) as server, server.client() as client:
        choices = [chunk.choices[0] for chunk in ask(client, **options)]
        whole = ask_whole(client, **options).choices[0]
    calls = [call for choice in choices for call in choice.delta.tool_calls or ()]
    assert {call.index for call in calls} == {0}
    assert [(call.id is not None, call.type) for call in calls[:2]] == [(True, "function"), (False, None)]
    named, *rest = [call.function for call in calls if call.function]
    assert (named.name, named.arguments) == ("User", "")
    assert [function.arguments for function in rest] == tokens(TEXT)
    assert not any(choice.delta.content for choice in choices)
    assert choices[-1].finish_reason == finish_reason
    assert whole.message.content is None
    assert whole.message.tool_calls is not None
    call = whole.message.tool_calls[0]
    assert call.type == "function"
    assert (call.function.name, call.function.arguments) == ("User", TEXT)
    assert whole.finish_reason == finish_reason


def test_field_of_a_reply_overrides_what_the_request_suggests() -> None:
    offered = {"tools": [TOOL], "tool_choice": "auto"}
    with LocalOpenAI(Reply("{}", field="tool_calls"), Reply("no", field="content"), "hm") as server:
        client = server.client()
        called, told, plain = (ask_whole(client, **tools) for tools in (offered, FORCED, offered))
    assert called.choices[0].message.tool_calls
    assert called.choices[0].finish_reason == "tool_calls"
    assert told.choices[0].message.content == "no"
    assert told.choices[0].message.tool_calls is None
    assert plain.choices[0].message.content == "hm"


def test_refusal() -> None:
    refusal = Reply("I can't help.", field="refusal")
    with LocalOpenAI(refusal, refusal) as server, server.client() as client:
        deltas = [chunk.choices[0].delta for chunk in ask(client)]
        message = ask_whole(client).choices[0].message
    assert "".join(delta.refusal or "" for delta in deltas) == "I can't help."
    assert not any(delta.content for delta in deltas)
    assert (message.refusal, message.content) == ("I can't help.", None)


def test_usage_comes_last_and_only_if_asked_for() -> None:
    given = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    with LocalOpenAI(["a", "b"], Reply("ab", usage=given), "a") as server, server.client() as client:
        asked = {"stream_options": {"include_usage": True}}
        counted, chosen, without = list(ask(client, **asked)), list(ask(client, **asked)), list(ask(client))
    assert [chunk.usage for chunk in counted[:-1]] == [None] * 4
    assert counted[-1].choices == []
    assert counted[-1].usage is not None
    assert counted[-1].usage.completion_tokens == 2
    assert counted[-1].usage.total_tokens == counted[-1].usage.prompt_tokens + 2
    assert chosen[-1].usage is not None
    assert chosen[-1].usage.to_dict() == given
    assert all(chunk.usage is None and chunk.choices for chunk in without)


def test_calls_side_by_side() -> None:
    calls = Reply(calls=[("Cat", '{"lives": 9}'), ("Dog", "{}")])
    with LocalOpenAI(calls, calls) as server, server.client() as client:
        accumulated = ChatCompletionStreamState()
        order = []
        for chunk in ask(client, tools=[TOOL]):
            accumulated.handle_chunk(chunk)
            order += [call.index for choice in chunk.choices for call in choice.delta.tool_calls or ()]
        streamed = accumulated.current_completion_snapshot.choices[0]
        whole = ask_whole(client, tools=[TOOL]).choices[0]
    for choice in (streamed, whole):
        said = [call.to_dict() for call in choice.message.tool_calls or ()]
        assert [call["function"]["name"] for call in said] == ["Cat", "Dog"]  # type: ignore[index]
        assert [call["function"]["arguments"] for call in said] == ['{"lives": 9}', "{}"]  # type: ignore[index]
        assert len({call["id"] for call in said}) == 2
        assert choice.finish_reason == "tool_calls"
    assert order[:5] == [0, 1, 0, 1, 0]  # their names, and then their deltas by turns


def test_several_choices() -> None:
    choices = Reply(choices=["Hello there.", "Hi."])
    with LocalOpenAI(choices, choices) as server, server.client() as client:
        chunks = list(ask(client, n=2))
        whole = ask_whole(client, n=2)
    texts = {0: "", 1: ""}
    for chunk in chunks:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == {0: "Hello there.", 1: "Hi."}
    assert [choice.message.content for choice in whole.choices] == ["Hello there.", "Hi."]
    assert [choice.finish_reason for choice in whole.choices] == ["stop", "stop"]


@pytest.mark.parametrize("reply", [Reply(TEXT), Reply("No.", field="refusal"), Reply(calls=[("A", "{}"), ("B", "[]")])])
def test_the_responses_api(reply: Reply) -> None:
    with LocalOpenAI(reply, reply) as server, server.client() as client:
        with client.responses.stream(model="any", input="Who?") as stream:
            events = list(stream)
            streamed = stream.get_final_response()
        whole = client.responses.create(model="any", input="Who?")
        assert closed(server.exchanges[0])
    for response in (streamed, whole):
        items = [item.to_dict() for item in response.output]
        if reply.calls:
            assert [(item["name"], item["arguments"]) for item in items] == reply.calls
        else:
            (item,) = items
            assert reply.text in [part.get("text") or part["refusal"] for part in item["content"]]  # type: ignore[attr-defined]
        assert response.status == "completed"
        assert response.usage is not None
        assert response.usage.input_tokens == len(tokens("Who?"))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert server.exchanges[0].sent == sum(event.type.endswith(".delta") for event in events)


def test_a_response_that_is_incomplete() -> None:
    with LocalOpenAI(Reply("{", finish_reason="length")) as server, server.client() as client:
        response = client.responses.create(model="any", input="Who?")
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


def test_headers_of_a_reply() -> None:
    body = gzip.compress(b'data: {"choices": []}\n\ndata: [DONE]\n\n')
    with LocalOpenAI(Reply(body, headers={"content-encoding": "gzip", "x-request-id": "7"})) as server:
        raw = server.client().chat.completions.with_streaming_response
        with raw.create(model="any", messages=MESSAGES, stream=True) as response:
            assert response.request_id == "7"
            assert b"".join(response.iter_bytes()) == gzip.decompress(body)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("asking", [ask, ask_whole])
def test_status(status: int, error: type[openai.APIStatusError], asking: Callable[..., object]) -> None:
    with LocalOpenAI(Reply("Slow down.", status=status)) as server, server.client() as client:
        with pytest.raises(error, match="Slow down") as caught:
            asking(client)
        assert closed(server.exchanges[0])
    assert caught.value.status_code == status
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"] == "Slow down."
    assert len(server.requests) == 1  # no retries


def raising(body: dict[str, Any]) -> str:
    raise KeyError(body["model"])


@pytest.mark.parametrize(
    ("replies", "says"),
    [
        ([], r"no reply is left for request 1: .* queue\(\.\.\.\)"),
        ([raising], "KeyError: 'any'"),
        ([lambda _: None], "a reply is a str, a sequence of str, bytes or a Reply, not NoneType"),
        ([Reply("{}", field="tool_calls")], "the request carries no tools"),
    ],
)
def test_what_cannot_be_answered_is_explained(replies: list[Script], says: str) -> None:
    with LocalOpenAI(*replies) as server, server.client() as client:
        with pytest.raises(openai.InternalServerError, match=says):
            ask(client)
        assert closed(server.exchanges[0])


def test_paths_and_methods_other_than_chat_are_refused() -> None:
    with LocalOpenAI("x") as server, server.client() as client:
        with pytest.raises(openai.NotFoundError, match="and /v1/responses only"):
            client.embeddings.create(model="any", input="x")
        with pytest.raises(openai.APIStatusError, match="not GET") as caught:
            client.get("/chat/completions", cast_to=str)
        assert caught.value.status_code == 405
    assert server.exchanges == []


@pytest.mark.parametrize(("body", "says"), [(b"{", "is not JSON: "), (b"[]", "is not a JSON object")])
def test_request_that_is_no_json_object_is_refused(body: bytes, says: str) -> None:
    with LocalOpenAI("x") as server:
        connection = http.client.HTTPConnection("127.0.0.1", port(server), timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/chat/completions", body)
            response = connection.getresponse()
            error = json.load(response)["error"]
    assert response.status == 400
    assert says in error["message"]
    assert error["type"] == "invalid_request_error"
    assert server.exchanges == []


@pytest.mark.parametrize("size", range(1, 8))
def test_bytes_cut_at_every_size(size: int) -> None:
    with LocalOpenAI(TEXT, TEXT, cut=size) as server, server.client() as client:
        sizes = [len(data) for data in ask_raw(client)]
        assert contents(ask(client)) == tokens(TEXT)
    assert set(sizes[:-1]) == {size}
    assert 0 < sizes[-1] <= size


def test_bytes_cut_by_a_function() -> None:
    seen: list[bytes] = []

    def halves(body: bytes) -> list[bytes]:
        seen.append(body)
        return [body[: len(body) // 2], body[len(body) // 2 :]]

    with LocalOpenAI(TEXT, TEXT, cut=halves) as server, server.client() as client:
        parts = ask_raw(client)
        answer = ask_whole(client).choices[0].message.content
    assert parts == halves(seen[0])
    assert seen[0].endswith(b"data: [DONE]\n\n")
    assert answer == TEXT
    assert json.loads(seen[1])["choices"][0]["message"]["content"] == TEXT


def test_cut_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        LocalOpenAI(cut=0)
    with (
        LocalOpenAI(TEXT, cut=lambda body: [body[1:]]) as server,
        server.client() as client,
        pytest.raises(openai.InternalServerError, match="are not the body it was given"),
    ):
        ask(client)


def test_bytes_are_sent_verbatim() -> None:
    recorded = (
        b'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        b'[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\r\n\r\ndata: [DONE]\r\n\r\n'
    )
    with LocalOpenAI(recorded, recorded) as server, server.client() as client:
        assert contents(ask(client)) == ["hi"]
        assert b"".join(ask_raw(client)) == recorded
        assert closed(server.exchanges[1])
    assert server.exchanges[1].sent == 2


def test_held_stream_sends_what_is_released_and_no_more() -> None:
    with LocalOpenAI(["a", "b", "c", "d"], hold=True) as server, server.client() as client:
        stream = ask(client)
        exchange = server.exchanges[0]
        assert next(stream).choices[0].delta.role == "assistant"
        assert exchange.sent == 0
        server.release()
        assert contents([next(stream)]) == ["a"]
        server.release(2)
        assert contents([next(stream), next(stream)]) == ["b", "c"]
        assert exchange.sent == 3
        assert not exchange.closed.is_set()
        server.release_all()
        assert contents(stream) == ["d"]
        assert closed(exchange)
    assert (exchange.sent, exchange.disconnected) == (4, False)


async def test_held_stream_async() -> None:
    with LocalOpenAI(["a", "b"], hold=True) as server:
        async with server.async_client() as client:
            stream = await ask_async(client)
            await anext(stream)
            server.release()
            assert contents([await anext(stream)]) == ["a"]
            assert server.exchanges[0].sent == 1
            server.release_all()
            assert contents([chunk async for chunk in stream]) == ["b"]


def test_piece_waits_for_every_delta_it_has_a_byte_of() -> None:
    with LocalOpenAI(["a", "b"], hold=True, cut=lambda body: [body]) as server, server.client() as client:
        taken: list[str] = []
        reader = threading.Thread(target=lambda: taken.extend(contents(ask(client))))
        reader.start()
        server.release()
        assert taken == []
        server.release()
        reader.join(PATIENCE)
    assert taken == ["a", "b"]


def test_delay_lies_between_deltas() -> None:
    with LocalOpenAI(["a", "b", "c"], delay=0.05) as server, server.client() as client:
        stream = ask(client)
        next(stream)
        began = time.monotonic()
        assert contents(stream) == ["a", "b", "c"]
        assert 0.09 < time.monotonic() - began < PATIENCE


@pytest.mark.parametrize("options", [{"hold": True}, {"delay": 3600.0}])
def test_client_that_leaves_is_noticed(options: dict[str, Any]) -> None:
    with LocalOpenAI(["a", "b", "c"], **options) as server, server.client() as client:
        if "hold" in options:
            server.release()
        with ask(client) as stream:
            next(stream)
            assert contents([next(stream)]) == ["a"]
        assert closed(server.exchanges[0])
        assert server.exchanges[0].disconnected
        assert server.exchanges[0].sent == 1


async def test_async_client_that_leaves_is_noticed() -> None:
    with LocalOpenAI(["a", "b"], hold=True) as server:
        async with server.async_client() as client:
            server.release()
            async with await ask_async(client) as stream:
                async for chunk in stream:
                    if contents([chunk]):
                        break
            assert await asyncio.to_thread(closed, server.exchanges[0])
    assert (server.exchanges[0].sent, server.exchanges[0].disconnected) == (1, True)


def test_dropped_connection() -> None:
    with LocalOpenAI(Reply(["a", "b"], drop=True)) as server, server.client() as client:
        taken: list[str] = []
        with pytest.raises(Exception, match=BROKEN) as caught:
            taken.extend(text for chunk in ask(client) for text in contents([chunk]))
        assert closed(server.exchanges[0])
    assert not isinstance(caught.value, AssertionError)
    assert server.exchanges[0].sent == 2
    assert not server.exchanges[0].disconnected


QUIET = {
    "the server drops the connection": """
from instar.testing import LocalOpenAI, Reply
for options in ({"stream": True}, {}):
    with LocalOpenAI(Reply(["a", "b"], drop=True)) as server, server.client() as client:
        try:
            print(list(client.chat.completions.create(model="m", messages=[], **options)))
        except Exception as error:
            print("broken", type(error).__name__)
""",
    "the client leaves": """
from instar.testing import LocalOpenAI
with LocalOpenAI(["a", "b"], hold=True) as server, server.client() as client:
    with client.chat.completions.create(model="m", messages=[], stream=True) as chunks:
        next(chunks)
    assert server.exchanges[0].closed.wait(5)
print("left")
""",
    "the server stops": """
from instar.testing import LocalOpenAI
with LocalOpenAI(["a", "b"], hold=True) as server:
    client = server.client()
    chunks = client.chat.completions.create(model="m", messages=[], stream=True)
    next(chunks)
chunks.close()
client.close()
print("stopped")
""",
}


@pytest.mark.parametrize("how", QUIET)
def test_a_broken_connection_writes_nothing_to_stderr(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", QUIET[how]], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout


def azure(server: LocalOpenAI, deployment: str | None) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        azure_endpoint=server.origin, azure_deployment=deployment, api_key="local", api_version="2024-10-21"
    )


@pytest.mark.parametrize("deployment", [None, "mine"], ids=["by model", "by deployment"])
def test_azure(deployment: str | None) -> None:
    with LocalOpenAI("Hello, Ada!", "Hello, Bob!") as server, azure(server, deployment) as client:
        assert "".join(contents(ask(client))) == "Hello, Ada!"
        assert client.responses.create(model="any", input="x").output_text == "Hello, Bob!"
    assert [request.headers["api-key"] for request in server.requests] == ["local", "local"]


def test_azure_as_openai() -> None:
    with (
        LocalOpenAI("Hello, Ada!") as server,
        openai.OpenAI(base_url=f"{server.origin}/openai/v1/", api_key="local") as client,
    ):
        assert "".join(contents(ask(client))) == "Hello, Ada!"


async def test_twenty_streams_at_once() -> None:
    def answer(body: dict[str, Any]) -> list[str]:
        return [f"{body['user']}:{part} " for part in range(10)]

    with LocalOpenAI(answer, hold=True) as server:
        async with server.async_client() as client:

            async def read(user: str) -> str:
                stream = await ask_async(client, user=user)
                await anext(stream)
                opened.append(user)
                if len(opened) == 20:  # all of them are open, none has been told anything
                    assert {exchange.sent for exchange in server.exchanges} == {0}
                    server.release_all()
                return "".join(contents([chunk async for chunk in stream]))

            opened: list[str] = []
            users = [str(user) for user in range(20)]
            texts = await asyncio.wait_for(asyncio.gather(*map(read, users)), PATIENCE)
        assert all(map(closed, server.exchanges))
    assert texts == ["".join(answer({"user": user})) for user in users]
    assert len(server.requests) == 20
    assert {exchange.sent for exchange in server.exchanges} == {10}


def test_shutdown_breaks_open_streams_at_once() -> None:
    with LocalOpenAI(["a", "b"], hold=True) as server:
        client = server.client()
        stream = ask(client)
        next(stream)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert server.exchanges[0].closed.is_set()
    assert server.exchanges[0].disconnected
    with pytest.raises(Exception, match=BROKEN):
        next(stream)
    client.close()


def test_shutdown_leaves_nothing_behind() -> None:
    threads = threading.active_count()
    with LocalOpenAI(TEXT) as server, server.client() as client:
        address = ("127.0.0.1", port(server))
        assert contents(ask(client)) == tokens(TEXT)
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)


def test_shutdown_with_a_connection_that_asks_nothing() -> None:
    with LocalOpenAI() as server:
        silent = socket.create_connection(("127.0.0.1", port(server)), timeout=PATIENCE)
    with silent, contextlib.suppress(ConnectionResetError):
        assert silent.recv(1) == b""


def test_runs_only_inside_its_block() -> None:
    server = LocalOpenAI("one", "two")
    for use in (lambda: server.base_url, server.release, server.client):
        with pytest.raises(RuntimeError, match="not running: use it as `with LocalOpenAI"):
            use()
    with server, server.client() as client:
        assert contents(ask(client)) == ["one"]
        with pytest.raises(RuntimeError, match="running already"):
            server.__enter__()
    with server, server.client() as client:
        assert contents(ask(client)) == ["two"]


@pytest.mark.parametrize("absent", ["starlette", "uvicorn"])
def test_missing_extra_is_named(absent: str) -> None:
    code = f"import sys; sys.modules[{absent!r}] = None\nimport instar.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f'ImportError: instar.testing needs {absent}: pip install "instar[testing]"')


def test_the_fixture_starts_servers_that_stop_with_the_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    pytester.makeconftest('pytest_plugins = ["instar.testing.plugin"]')
    pytester.makepyfile(
        """
        import os
        import openai
        import pytest

        def greet():
            with openai.OpenAI(max_retries=0) as client:
                answer = client.chat.completions.create(model="any", messages=[])
            return answer.choices[0].message.content

        SERVERS = []

        def test_it_serves_until_the_test_ends(local_openai):
            SERVERS.extend([local_openai("Hello, Ada!"), local_openai("Hello, Bob!", cut=1)])
            assert greet() == "Hello, Bob!"
            assert SERVERS[1].requests[0].headers["authorization"] == "Bearer local"
            with SERVERS[0].client() as client:
                answer = client.chat.completions.create(model="any", messages=[])
            assert answer.choices[0].message.content == "Hello, Ada!"

        def test_it_has_ended_with_the_one_before():
            assert "OPENAI_BASE_URL" not in os.environ
            for server in SERVERS:
                with pytest.raises(RuntimeError, match="not running"):
                    server.base_url
        """
    )
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:asyncio")
    result.assert_outcomes(passed=2)
