"""The Responses API: what is asked of it, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai.types.responses import Response, ResponseUsage
from pydantic import ValidationError

from instar import JSONError, RefusalError, TruncatedError
from instar._core import Wire
from instar.openai import Mode, from_openai
from instar.openai._responses import ResponsesEndpoint
from instar.testing import LocalOpenAI, Reply, tokens
from support.clients import Told, both
from support.material import shared
from support.samples import ADA, BOB, Cat, Dog, User

if TYPE_CHECKING:
    from instar.openai import Client

Ask = Callable[..., Told]
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])
ASK: Any = {"model": "any", "input": "Who?"}


def sent(server: LocalOpenAI) -> dict[str, Any]:
    return server.requests[-1].body


class TestTheRequest:
    def ask(self, **keywords: Any) -> dict[str, Any]:
        with LocalOpenAI(ADA) as server:
            assert from_openai(server.client()).responses.create_partial(**ASK | keywords).final().name == "Ada"
            return sent(server)

    def test_a_strict_schema(self) -> None:
        body = self.ask(response_model=User, instructions="Be brief.")
        assert (body["input"], body["instructions"], body["stream"]) == ("Who?", "Be brief.", True)
        wanted = body["text"]["format"]
        assert (wanted["type"], wanted["name"], wanted["strict"]) == ("json_schema", "User", True)
        assert wanted["schema"]["required"] == ["name", "age", "bio"]
        assert "stream_options" not in body

    def test_what_else_is_said_of_the_text(self) -> None:
        assert self.ask(response_model=User, text={"verbosity": "low"})["text"]["verbosity"] == "low"
        with pytest.raises(TypeError, match="format"):
            self.ask(response_model=User, text={"format": {"type": "text"}})

    def test_a_forced_tool(self) -> None:
        body = self.ask(response_model=User, mode=Mode.TOOLS)
        (tool,) = body["tools"]
        assert (tool["type"], tool["name"], tool["strict"]) == ("function", "User", True)
        assert body["tool_choice"] == {"type": "function", "name": "User"}
        assert "text" not in body

    def test_json_mode(self) -> None:
        body = self.ask(response_model=User, mode=Mode.JSON)
        system, user = body["input"]
        assert system["role"] == "system"
        assert '"title": "User"' in system["content"]
        assert user == {"role": "user", "content": "Who?"}
        assert body["text"] == {"format": {"type": "json_object"}}

    def test_a_fence(self) -> None:
        body = self.ask(response_model=User, mode=Mode.MD_JSON)
        assert "```json" in body["input"][0]["content"]
        assert "text" not in body


@both
@wires
class TestTheAnswer:
    @pytest.mark.parametrize("mode", Mode)
    def test_snapshots(self, ask: Ask, wire: str, mode: Mode) -> None:
        with LocalOpenAI(ADA) as server:
            told = ask(server, api="responses", wire=wire, mode=mode, response_model=User)
        names = ["Ada"[:length] for length in range(4)]
        assert [user.name or "" for user in told.seen[:2]] == ["", ""]
        assert {user.name for user in told.seen if user.name} <= set(names)
        assert told.final == User.model_validate_json(ADA)
        assert told.stream.text == ADA
        assert told.stream.finish_reason == "completed"
        assert isinstance(told.stream.usage, ResponseUsage)
        assert told.stream.usage.output_tokens == len(tokens(ADA))
        completion = told.stream.completion
        assert isinstance(completion, Response)
        assert completion.usage == told.stream.usage
        assert completion.status == "completed"
        assert completion.output_text == (ADA if mode is not Mode.TOOLS else "")

    def test_elements(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(f'{{"items": [{ADA}, {BOB}]}}') as server:
            told = ask(server, api="responses", wire=wire, method="create_iterable", response_model=User)
        assert [user.name for user in told.seen] == ["Ada", "Bob"]

    def test_parallel_calls(self, ask: Ask, wire: str) -> None:
        calls = [("Cat", '{"kind": "cat", "lives": 9}'), ("Dog", '{"kind": "dog", "breed": "Poodle"}')]
        with LocalOpenAI(Reply(calls=calls)) as server:
            told = ask(server, api="responses", wire=wire, method="create_iterable", tools=[Cat, Dog])
        assert told.final == [Cat(kind="cat", lives=9), Dog(kind="dog", breed="Poodle")]

    @pytest.mark.parametrize(
        ("reply", "error", "words"),
        [
            (Reply(ADA[:12], finish_reason="length"), TruncatedError, "max_output_tokens"),
            (Reply(ADA[:12], finish_reason="content_filter"), TruncatedError, "content filter"),
            (Reply("Not that.", field="refusal"), RefusalError, "Not that"),
            (Reply("Sure! Here it is:"), JSONError, "no JSON in the text, which begins with 'Sure"),
            (Reply('{"name": 1}'), ValidationError, "valid string"),
            (
                b'event: error\ndata: {"type": "error", "code": "server_error", "message": "out of memory"}\n\n',
                openai.APIError,
                "out of memory",
            ),
        ],
        ids=["length", "filter", "refusal", "syntax", "schema", "error event"],
    )
    def test_errors(self, ask: Ask, wire: str, reply: Any, error: type[Exception], words: str) -> None:
        with LocalOpenAI(reply) as server:
            told = ask(server, api="responses", wire=wire, response_model=User)
        assert isinstance(told.error, error)
        assert words in str(told.error)

    def test_a_failure(self, ask: Ask, wire: str) -> None:
        failed = {"id": "1", "status": "failed", "error": {"code": "server_error", "message": "out of memory"}}
        body = f"data: {json.dumps({'type': 'response.failed', 'response': failed})}\n\n"
        with LocalOpenAI(body.encode()) as server:
            told = ask(server, api="responses", wire=wire, response_model=User)
        assert isinstance(told.error, openai.APIError)
        assert "out of memory" in str(told.error)


class TestCreate:
    def client(self, server: LocalOpenAI) -> Client:
        return from_openai(server.client())

    @pytest.mark.parametrize("mode", Mode)
    def test_one(self, mode: Mode) -> None:
        with LocalOpenAI(ADA, ADA) as server:
            responses = self.client(server).responses
            assert responses.create(response_model=User, mode=mode, **ASK).name == "Ada"
            assert "stream" not in sent(server)
            user, response = responses.create_with_completion(response_model=User, mode=mode, **ASK)
        assert user.age == 36
        assert isinstance(response, Response)
        assert response.status == "completed"

    def test_many(self) -> None:
        with LocalOpenAI(f'{{"items": [{ADA}, {BOB}]}}') as server:
            users = self.client(server).responses.create(response_model=list[User], **ASK)
        assert [user.name for user in users] == ["Ada", "Bob"]

    def test_errors(self) -> None:
        replies = Reply("Not that.", field="refusal"), Reply(ADA[:12], finish_reason="length")
        with LocalOpenAI(*replies) as server:
            with pytest.raises(RefusalError, match="Not that"):
                self.client(server).responses.create(response_model=User, **ASK)
            with pytest.raises(TruncatedError, match="max_output_tokens"):
                self.client(server).responses.create(response_model=User, **ASK)

    def test_without_a_response_model_it_is_the_sdks(self) -> None:
        with LocalOpenAI("Hello.") as server:
            assert self.client(server).responses.create(**ASK).output_text == "Hello."
            assert sent(server) == ASK

    async def test_async(self) -> None:
        with LocalOpenAI(ADA) as server:
            async with from_openai(server.async_client()) as client:
                user, response = await client.responses.create_with_completion(response_model=User, **ASK)
        assert (user.name, response.status) == ("Ada", "completed")


class TestMidStream:
    """Before the server's last word the response is what the events amount to so far."""

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(ADA[:12], field="content", drop=True),
            Reply("Not that.", field="refusal", drop=True),
            Reply(calls=[("User", ADA[:12]), ("User", BOB[:12])], drop=True),
        ],
        ids=["text", "refusal", "calls"],
    )
    def test_a_response_that_broke_off(self, reply: Reply) -> None:
        with LocalOpenAI(reply) as server:
            stream = from_openai(server.client()).responses.create_partial(tools=[User], **ASK)
            with pytest.raises(Exception, match=r"(?i)connection|peer|incomplete|chunked"):
                stream.final()
        response = stream.completion
        assert isinstance(response, Response)
        assert response.status == "in_progress"
        texts = [getattr(item, "arguments", None) or item.content[0].to_dict() for item in response.output]  # type: ignore[union-attr,index]
        if reply.calls:
            assert texts == [ADA[:12], BOB[:12]]
        elif reply.field == "refusal":
            assert texts == [{"type": "refusal", "refusal": "Not that."}]
        else:
            assert texts == [{"type": "output_text", "text": ADA[:12], "annotations": []}]


class TestRecordings:
    """What real servers have sent."""

    @pytest.mark.parametrize(
        "name",
        ["lmstudio-tool-call.1", "openai-apply-patch-tool.1", "openai-mcp-tool.1", "programmatic-tool-calling.3"],
    )
    def test_the_response_is_the_one_that_the_server_tells_at_the_end(self, name: str) -> None:
        events = shared(f"recordings/ai-sdk/{name}.chunks.jsonl").read_text().splitlines()
        said = json.loads(events[-1])
        assert said["type"] == "response.completed"
        wire = Wire("openai-responses")
        for event in events[:-1]:
            wire.feed(f"data: {event}\n\n".encode())
        before = ResponsesEndpoint().completion(wire.events)
        assert before.status == "in_progress"
        assert [item.to_dict(warnings=False) for item in before.output] == said["response"]["output"]
        wire.feed(f"data: {events[-1]}\n\n".encode())
        after = ResponsesEndpoint().completion(wire.events)
        assert after.to_dict(warnings=False) == Response.construct(**said["response"]).to_dict(warnings=False)
