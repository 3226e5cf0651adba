"""The async client: what differs from the sync one, and that the rest does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import ValidationError

from instar import AsyncStream, JSONError, Partial, RefusalError, TruncatedError
from instar.openai import Mode, from_openai
from instar.testing import LocalOpenAI, Reply
from support.samples import ADA, ASK, BOB, User

if TYPE_CHECKING:
    from instar.openai import AsyncClient


async def left(server: LocalOpenAI) -> bool:
    """Tell whether the client left before the server had said all."""
    (exchange,) = server.exchanges
    assert await asyncio.to_thread(exchange.closed.wait, 5)
    return exchange.disconnected


class TestPartial:
    async def test_without_await(self) -> None:
        with LocalOpenAI(['{"name": "A', 'da", ', '"age": 36, "bio": "', 'Plans ahead."}']) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.chat.completions.create_partial(response_model=User, **ASK)
                assert server.requests == []
                seen = [(user.name, user.age, user.bio) async for user in stream]
        assert seen == [
            (None, None, None),
            ("A", None, None),
            ("Ada", None, None),
            ("Ada", 36, ""),
            ("Ada", 36, "Plans ahead."),
        ]
        assert await stream.final() == User.model_validate_json(ADA)

    async def test_with_await(self) -> None:
        with LocalOpenAI(ADA) as server:
            async with from_openai(server.async_client()) as client:
                stream = await client.create_partial(response_model=User, **ASK)
                assert isinstance(stream, AsyncStream)
                assert len(server.requests) == 1
                assert await stream is stream
                assert (await stream.final()).name == "Ada"
                assert len(server.requests) == 1

    async def test_in_a_with_block(self) -> None:
        with LocalOpenAI(ADA) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, **ASK)
                async with stream:
                    assert len(server.requests) == 1
                    async for user in stream:
                        assert type(user) is User
        assert stream.finish_reason == "stop"
        assert stream.usage is not None
        assert stream.completion.choices[0].message.content == stream.text == ADA
        assert stream.progress.completion == 100

    async def test_the_first_snapshot_comes_before_the_first_delta_and_each_before_the_next(self) -> None:
        deltas = ['{"name": "A', 'da", ', '"age": 36, ', '"bio": ""}']
        with LocalOpenAI(deltas, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, **ASK)
                assert (await anext(stream)).name is None
                for number, name in enumerate(["A", "Ada"]):
                    assert server.exchanges[0].sent == number
                    server.release()
                    assert (await anext(stream)).name == name
                server.release_all()
                assert (await stream.final()).age == 36

    async def test_a_request_that_fails(self) -> None:
        denied = Reply("no such key", status=401)
        with LocalOpenAI(denied, denied) as server:
            async with from_openai(server.async_client()) as client:
                with pytest.raises(openai.AuthenticationError, match="no such key"):
                    await client.create_partial(response_model=User, **ASK)
                stream = client.create_partial(response_model=User, **ASK)
                with pytest.raises(openai.AuthenticationError, match="no such key"):
                    await anext(stream)

    async def test_many_at_once(self) -> None:
        def script(request: dict[str, Any]) -> str:
            return ADA.replace("Ada", request["user"])

        async def ask(client: AsyncClient, name: str) -> str:
            user: User = await client.create_partial(response_model=User, user=name, **ASK).final()
            return user.name

        names = [f"Ada {number}" for number in range(20)]
        with LocalOpenAI(script, cut=7) as server:
            async with from_openai(server.async_client()) as client:
                assert await asyncio.gather(*(ask(client, name) for name in names)) == names


class TestIterable:
    async def test_each_element_comes_before_the_next_one_starts(self) -> None:
        deltas = ['{"items": [', ADA, ", ", BOB, "]}"]
        with LocalOpenAI(deltas, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                stream = await client.chat.completions.create_iterable(response_model=User, **ASK)
                server.release(2)
                assert (await anext(stream)).name == "Ada"
                assert server.exchanges[0].sent <= 2
                server.release(2)
                assert (await anext(stream)).name == "Bob"
                assert server.exchanges[0].sent <= 4
                server.release_all()
                assert [user.name for user in await stream.final()] == ["Ada", "Bob"]


class TestCreate:
    @pytest.mark.parametrize("model", [User, Partial[User]])
    async def test_a_stream_of_one(self, model: Any) -> None:
        with LocalOpenAI(ADA, ADA) as server:
            async with from_openai(server.async_client()) as client:
                async for user in client.create(response_model=model, stream=True, **ASK):
                    last = user
                assert last.name == "Ada"
                stream = await client.create(response_model=model, stream=True, **ASK)
                assert (await stream.final()).name == "Ada"

    @pytest.mark.parametrize("model", [list[User], Iterable[User]])
    async def test_many(self, model: Any) -> None:
        text = f'{{"items": [{ADA}, {BOB}]}}'
        with LocalOpenAI(text, text) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create(response_model=model, stream=True, **ASK)
                assert [user.name async for user in stream] == ["Ada", "Bob"]
                users = await client.create(response_model=model, **ASK)
                assert [user.name for user in users] == ["Ada", "Bob"]

    @pytest.mark.parametrize("mode", Mode)
    async def test_one(self, mode: Mode) -> None:
        with LocalOpenAI(ADA, ADA, '{"value": 5}') as server:
            async with from_openai(server.async_client(), mode) as client:
                assert (await client.create(response_model=User, **ASK)).name == "Ada"
                user, completion = await client.create_with_completion(response_model=User, **ASK)
                assert user.name == "Ada"
                assert completion.usage is not None
                assert await client.create(response_model=int, **ASK) == 5

    async def test_without_a_response_model_it_is_the_sdks(self) -> None:
        with LocalOpenAI("Hello.", "Hello.") as server:
            async with from_openai(server.async_client()) as client:
                completion = await client.chat.completions.create(**ASK)
                assert completion.choices[0].message.content == "Hello."
                chunks = await client.create(stream=True, **ASK)
                assert isinstance(chunks, openai.AsyncStream)
                texts = [chunk.choices[0].delta.content or "" async for chunk in chunks]
                assert "".join(texts) == "Hello."


class TestBadAnswers:
    @pytest.mark.parametrize(
        ("reply", "error", "words"),
        [
            (Reply(ADA[:12], finish_reason="length"), TruncatedError, "inside `name`.*max_tokens"),
            (Reply("Not that.", field="refusal"), RefusalError, "Not that"),
            (Reply("Sure! Here it is:"), JSONError, "no JSON in the text, which begins with 'Sure"),
            (Reply('{"name": 1}'), ValidationError, "valid string"),
        ],
        ids=["length", "refusal", "syntax", "schema"],
    )
    async def test_each_has_its_error(self, reply: Reply, error: type[Exception], words: str) -> None:
        with LocalOpenAI(reply, reply) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, **ASK)
                with pytest.raises(error, match=words):
                    async for _ in stream:
                        pass
                with pytest.raises(error, match=words):
                    await stream.final()
                assert ADA.startswith(stream.text) or error is not TruncatedError
                with pytest.raises(error, match=words):
                    await client.create(response_model=User, **ASK)

    async def test_a_connection_that_breaks(self) -> None:
        with LocalOpenAI(Reply(['{"name": "Ada", ', '"age": 3'], drop=True)) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, **ASK)
                with pytest.raises(openai.APIConnectionError, match="broke off after"):
                    await stream.final()
        assert stream.snapshot.name == "Ada"
        assert stream.text == '{"name": "Ada", "age": 3'


class TestClosing:
    async def test_break(self) -> None:
        with LocalOpenAI(ADA, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, **ASK)
                async for user in stream:
                    assert user.name is None
                    break
                assert await left(server)
                assert stream.snapshot.name is None

    async def test_an_exception_in_the_body(self) -> None:
        async def body(client: AsyncClient) -> None:
            async for _ in client.create_partial(response_model=User, **ASK):
                raise ZeroDivisionError

        with LocalOpenAI(ADA, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                with pytest.raises(ZeroDivisionError):
                    await body(client)
                assert await left(server)

    async def test_a_with_block(self) -> None:
        with LocalOpenAI(ADA, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                async with client.create_partial(response_model=User, **ASK) as stream:
                    await anext(stream)
                assert await left(server)

    async def test_awaited_and_closed_unread(self) -> None:
        with LocalOpenAI(ADA, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                stream = await client.create_partial(response_model=User, **ASK)
                await stream.aclose()
                assert await left(server)

    async def test_never_sent(self) -> None:
        with LocalOpenAI(ADA) as server:
            async with from_openai(server.async_client()) as client:
                await client.create_partial(response_model=User, **ASK).aclose()
                assert server.requests == []

    async def test_cancellation(self) -> None:
        async def read(client: AsyncClient, begun: asyncio.Event) -> None:
            async for _ in client.create_partial(response_model=User, **ASK):
                begun.set()

        with LocalOpenAI(ADA, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                begun = asyncio.Event()
                task = asyncio.create_task(read(client, begun))
                await begun.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await left(server)

    async def test_a_violation(self) -> None:
        with LocalOpenAI(['{"name": "Ada", ', '"age": [', "36]}"], hold=True) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, **ASK)
                server.release(2)
                with pytest.raises(ValidationError):
                    await stream.final()
                assert await left(server)
                assert server.exchanges[0].sent == 2
        assert stream.snapshot.name == "Ada"


async def test_the_wrapped_client() -> None:
    with LocalOpenAI(ADA) as server:
        real = server.async_client()
        async with from_openai(real) as client:
            assert client.models is real.models
            patient = client.with_options(timeout=5)
            assert patient.timeout == 5
            assert (await patient.create(response_model=User, **ASK)).name == "Ada"
        assert client.is_closed()
