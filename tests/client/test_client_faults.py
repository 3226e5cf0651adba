"""What networks and servers do to a stream: each ends in the right error, with what has arrived readable."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from pydantic import ValidationError

from instar import JSONError, StreamError, TruncatedError, WireError
from instar.openai import from_openai
from instar.testing import LocalOpenAI, Reply, tokens
from support.clients import Told, ask_sync, both
from support.samples import ADA, ASK, BOB, User

Ask = Callable[..., Told]
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])

ZOE = '{"name": "Zoë", "age": 36, "bio": "Plans ahead."}'


def events(*texts: str, finish: str | None = None, done: bool = True) -> bytes:
    """Return the body of a chat completion that says these texts."""
    choices: list[dict[str, Any]] = [{"index": 0, "delta": {"content": text}} for text in texts]
    if finish:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    chunks = (json.dumps({"id": "1", "model": "m", "choices": [choice]}, ensure_ascii=False) for choice in choices)
    return "".join(f"data: {chunk}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n" * done


@contextlib.contextmanager
def serving(response: bytes) -> Iterator[str]:
    """Serve one response, byte for byte, and hang up."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(100_000)
            connection.sendall(response)
            connection.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread.join()


def is_broken_connection(error: BaseException | None) -> bool:
    """Say whether it is the SDK's error for a body that is cut off, caused by that of whichever HTTP library it has."""
    return isinstance(error, openai.APIConnectionError) and type(error.__cause__).__name__ == "RemoteProtocolError"


@both
@wires
class TestDisconnect:
    @pytest.mark.parametrize("lost", [1, 5, 30, 60])
    def test_in_the_middle_of_an_event(self, ask: Ask, wire: str, lost: int) -> None:
        body = events('{"name": "Ada", ', '"age": 3', done=False)
        with LocalOpenAI(Reply(body[:-lost], drop=True)) as server:
            told = ask(server, wire=wire, response_model=User)
        assert is_broken_connection(told.error)
        assert told.stream.snapshot.name == "Ada"
        assert told.stream.text == '{"name": "Ada", '
        assert told.stream.finish_reason is None
        if wire == "raw":
            assert told.stream.received == len(body) - lost
            assert f"broke off after {len(body) - lost} bytes" in str(told.error)
            assert told.stream.completion.choices[0].message.content == told.stream.text

    def test_in_the_middle_of_a_character(self, ask: Ask, wire: str) -> None:
        body = events('{"name": "Zo', "ë", done=False)
        cut = body.index("ë".encode()) + 1
        with LocalOpenAI(Reply(body[:cut], drop=True)) as server:
            told = ask(server, wire=wire, response_model=User)
        assert is_broken_connection(told.error)
        assert told.stream.snapshot.name == "Zo"
        assert told.stream.text == '{"name": "Zo'

    def test_the_same_request_again(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply('{"name": "Ad', drop=True), ADA) as server:
            told = ask(server, wire=wire, response_model=User, max_retries=1)
            first, second = server.requests
        assert told.final == User.model_validate_json(ADA)
        assert told.stream.attempt == 2
        assert first.body == second.body
        assert [user.name for user in told.seen][:3] == [None, "", "Ad"]
        assert None in [user.name for user in told.seen][3:]

    def test_elements_are_handed_out_once(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(
            Reply(f"[{ADA}, {BOB[:12]}", drop=True), Reply(f"[{ADA}", drop=True), f"[{ADA}, {BOB}]"
        ) as server:
            told = ask(server, wire=wire, method="create_iterable", response_model=User, max_retries=2)
        assert [user.name for user in told.seen] == ["Ada", "Bob"]
        assert [user.name for user in told.final] == ["Ada", "Bob"]

    def test_once_too_often(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply('{"name": 1}'), Reply(ADA[:12], drop=True)) as server:
            told = ask(server, wire=wire, response_model=User, max_retries=1)
            assert len(server.requests[1].body["messages"]) == 3
        assert is_broken_connection(told.error)
        assert told.stream.snapshot.name == "Ad"

    def test_between_two_events(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply(events(ADA[:12], done=False), drop=True)) as server:
            told = ask(server, wire=wire, response_model=User)
        assert is_broken_connection(told.error)
        assert told.stream.snapshot.name == "Ad"


@pytest.mark.parametrize("wire", ["raw", "sdk"])
def test_disconnect_in_the_middle_of_the_chunked_encoding(wire: Any) -> None:
    body = events('{"name": "Ada", ', done=False)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    with serving(head + b"%x\r\n" % (len(body) + 50) + body) as url, openai.OpenAI(base_url=url, api_key="x") as real:
        stream = from_openai(real, wire=wire).create_partial(response_model=User, **ASK)
        with pytest.raises(Exception, check=is_broken_connection):  # noqa: B017 - the check tells it
            stream.final()
    assert stream.snapshot.name == "Ada"


@both
@wires
class TestTheServer:
    @pytest.mark.parametrize(
        ("status", "error"), [(429, openai.RateLimitError), (500, openai.InternalServerError), (503, openai.APIError)]
    )
    def test_it_refuses(self, ask: Ask, wire: str, status: int, error: type[Exception]) -> None:
        with LocalOpenAI(Reply("Not now.", status=status)) as server:
            told = ask(server, wire=wire, response_model=User)
        with pytest.raises(error, match=r"Not now\."):
            raise told.error or AssertionError

    def test_it_refuses_once_and_the_sdk_tries_again(self, ask: Ask, wire: str) -> None:
        busy = Reply("Not now.", status=503, headers={"retry-after-ms": "1"})
        with LocalOpenAI(busy, ADA) as server:
            told = ask(server, wire=wire, response_model=User, sdk_retries=1)
            assert len(server.requests) == 2
        assert told.final.name == "Ada"
        assert told.stream.attempt == 1

    def test_it_fails_inside_of_the_stream(self, ask: Ask, wire: str) -> None:
        failure = b'data: {"error": {"message": "out of memory", "code": "oom"}}\n\n'
        with LocalOpenAI(events(ADA[:12], done=False) + failure + events(ADA[12:])) as server:
            told = ask(server, wire=wire, response_model=User)
        assert isinstance(told.error, openai.APIError)
        assert told.error.message == "out of memory"
        assert told.error.code == "oom"
        assert told.error.request.url.path == "/v1/chat/completions"
        assert told.stream.text == ADA[:12]
        assert told.stream.snapshot.name == "Ad"

    def test_it_compresses(self, ask: Ask, wire: str) -> None:
        body = events(*tokens(ZOE), finish="stop")
        zipped = Reply(gzip.compress(body), headers={"content-encoding": "gzip"})
        with LocalOpenAI(zipped, cut=7) as server:
            told = ask(server, wire=wire, response_model=User)
        assert told.final == User.model_validate_json(ZOE)
        if wire == "raw":
            assert told.stream.received == len(body)

    def test_it_sends_a_megabyte_at_once(self, ask: Ask, wire: str) -> None:
        long = json.dumps({"name": "Ada", "age": 36, "bio": "é" * 1_000_000}, ensure_ascii=False)
        with LocalOpenAI([long], cut=10_000) as server:
            told = ask(server, wire=wire, response_model=User)
        assert len(told.final.bio) == 1_000_000
        assert told.stream.text == long
        assert len(told.seen) == 2

    def test_it_sends_nothing_ten_thousand_times(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI([ADA[:12], *[""] * 10_000, ADA[12:]], cut=100_000) as server:
            told = ask(server, wire=wire, response_model=User)
        assert told.final.name == "Ada"
        assert len(told.seen) == 3

    def test_it_sends_no_done(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(events(ADA, finish="stop", done=False), events(ADA[:12], done=False)) as server:
            assert ask(server, wire=wire, response_model=User).final.name == "Ada"
            broken = ask(server, wire=wire, response_model=User)
        assert isinstance(broken.error, TruncatedError)
        assert "the response broke off" in str(broken.error)
        assert broken.stream.snapshot.name == "Ad"

    def test_it_sends_comments_and_odd_line_ends(self, ask: Ask, wire: str) -> None:
        body = b": waiting\n\n" + events(*tokens(ZOE), finish="stop").replace(b"\n", b"\r\n")
        with LocalOpenAI(body, cut=1) as server:
            assert ask(server, wire=wire, response_model=User).final.name == "Zoë"

    def test_it_answers_in_html(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(b"<html><body>Bad gateway</body></html>\n\n") as server:
            told = ask(server, wire=wire, response_model=User)
        assert isinstance(told.error, StreamError)
        assert "no answer in it" in str(told.error)
        assert (wire == "raw") == ("is no event stream and begins with '<html>" in str(told.error))


@both
def test_an_event_that_is_no_json(ask: Ask) -> None:
    with LocalOpenAI(events(ADA[:12], done=False) + b"data: {oops\n\n" + events(ADA[12:])) as server:
        told = ask(server, response_model=User)
    assert isinstance(told.error, WireError)
    assert told.stream.text == ADA[:12]
    assert told.stream.snapshot.name == "Ad"


def test_a_stop_button() -> None:
    with LocalOpenAI([ADA[:12], ADA[12:]], hold=True) as server:
        stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
        server.release()
        begun = threading.Event()
        seen = []

        def read() -> None:
            for user in stream:
                seen.append(user.name)
                if user.name == "Ad":
                    begun.set()

        thread = threading.Thread(target=read)
        thread.start()
        assert begun.wait(5)
        stream.close()
        thread.join(5)
        assert not thread.is_alive()
        assert server.exchanges[0].closed.wait(5)
        assert server.exchanges[0].disconnected
    assert seen == [None, "Ad"]
    with pytest.raises(TruncatedError, match="closed before its end"):
        stream.final()


async def test_an_async_stop_button() -> None:
    with LocalOpenAI([ADA[:12], ADA[12:]], hold=True) as server:
        async with from_openai(server.async_client()) as client:
            stream = client.create_partial(response_model=User, **ASK)
            server.release()
            begun = asyncio.Event()

            async def read() -> list[Any]:
                seen = []
                async for user in stream:
                    seen.append(user.name)
                    if user.name == "Ad":
                        begun.set()
                return seen

            task = asyncio.create_task(read())
            await begun.wait()
            await stream.aclose()
            assert await asyncio.wait_for(task, 5) == [None, "Ad"]
            assert await asyncio.to_thread(server.exchanges[0].closed.wait, 5)
            assert server.exchanges[0].disconnected
            with pytest.raises(TruncatedError, match="closed before its end"):
                await stream.final()


class TestTime:
    def test_a_server_that_pauses_at_every_byte(self) -> None:
        body = events('{"name": "A', "da", '", "age": 36, "bio": ""}', finish="stop")
        with LocalOpenAI(body, cut=1, hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            assert next(stream).name is None
            for number, name in enumerate(["A", "Ada"]):
                assert server.exchanges[0].sent <= number
                # A delta is dispatched by the blank line at its end, and the byte of the next one is held back.
                server.release()
                assert next(stream).name == name
            server.release_all()
            assert stream.final().name == "Ada"

    @wires
    def test_a_read_that_takes_too_long(self, wire: str) -> None:
        with LocalOpenAI(['{"name": "Ada"', "}"], hold=True) as server:
            server.release(1)
            told = ask_sync(server, wire=wire, response_model=User, timeout=1)
            assert server.exchanges[0].closed.wait(5)
            assert server.exchanges[0].disconnected
        assert isinstance(told.error, openai.APITimeoutError)
        assert type(told.error.__cause__).__name__ == "ReadTimeout"
        if wire == "raw":
            assert f"nothing more came within 1 s, after {told.stream.received} bytes" in str(told.error)
        assert told.stream.snapshot.name == "Ada"
        assert told.stream.text == '{"name": "Ada"'

    def test_a_connection_that_is_refused(self) -> None:
        with LocalOpenAI() as server:
            real = server.client()
        with pytest.raises(openai.APIConnectionError):
            from_openai(real).create_partial(response_model=User, **ASK)
        real.close()


@both
@pytest.mark.parametrize("cut", [1, 2, 3, 17, None])
def test_cuts_do_not_matter(ask: Ask, cut: int | None) -> None:
    with LocalOpenAI(ZOE, cut=cut) as server:
        assert ask(server, response_model=User).final == User.model_validate_json(ZOE)
    with LocalOpenAI('{"name": "Zoë", "age": [', cut=cut) as server:
        told = ask(server, response_model=User)
    assert isinstance(told.error, ValidationError)
    assert told.stream.snapshot.name == "Zoë"
    with LocalOpenAI("Zoë", cut=cut) as server:
        told = ask(server, response_model=User)
    assert isinstance(told.error, JSONError)
    assert told.error.offset == 0
