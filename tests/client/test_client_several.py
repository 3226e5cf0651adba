"""Several answers in one response: choices, and calls of functions side by side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, Union

import pytest
from pydantic import BaseModel, Field, ValidationError

from instar import StreamError, TruncatedError
from instar.openai import Mode, from_openai
from instar.testing import LocalOpenAI, Reply
from support.clients import Told, both
from support.samples import ADA, ASK, BOB, Cat, Dog, User

Ask = Callable[..., Told]
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])

CAT = '{"kind": "cat", "lives": 9}'
DOG = '{"kind": "dog", "breed": "Poodle"}'
EITHER = Union[Cat, Dog]  # noqa: UP007 - the spelling that most models have
PETS = [Cat(kind="cat", lives=9), Dog(kind="dog", breed="Poodle")]


async def wait_until_reading(stream: Any) -> None:
    """Wait until a task waits for the network."""
    while stream._source._reader is None:  # noqa: SLF001, ASYNC110 - nothing else can tell
        await asyncio.sleep(0)


class TestChoices:
    REPLY = Reply(choices=[ADA, BOB, '{"name": 5}'])

    def test_each_is_a_stream_of_its_own(self) -> None:
        with LocalOpenAI(self.REPLY) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, n=3, **ASK)
            ada, bob, bad = stream.choices
            assert [user.name for user in bob][-1] == "Bob"  # Ada's deltas wait
            assert ada.snapshot.name is None
            assert ada.final() == User.model_validate_json(ADA)
            assert ada.text == ADA
            assert (ada.finish_reason, bob.finish_reason) == ("stop", "stop")
            with pytest.raises(ValidationError):
                bad.final()
            assert stream.choices[1] is bob
            assert stream.final() == ada.final()
            assert [choice.message.content for choice in stream.completion.choices] == [ADA, BOB, '{"name": 5}']

    def test_they_may_be_read_by_turns(self) -> None:
        with LocalOpenAI(self.REPLY) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, n=3, **ASK)
            ada, bob, _ = stream.choices
            pairs = list(zip(ada, bob, strict=False))
            stream.close()
        assert pairs[-1][0].name == "Ada"
        assert pairs[-1][1].name == "Bob"

    def test_the_stream_itself_follows_the_first(self) -> None:
        with LocalOpenAI(self.REPLY) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, n=3, **ASK)
            assert [user.name for user in stream][-1] == "Ada"
            assert stream.choices[1].final().name == "Bob"

    def test_leaving_one_leaves_the_others(self) -> None:
        with LocalOpenAI(self.REPLY, hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, n=3, **ASK)
            for _ in stream.choices[0]:
                break
            server.release_all()
            assert stream.choices[1].final().name == "Bob"

    def test_the_stream_itself_closes_the_response(self) -> None:
        with LocalOpenAI(self.REPLY, hold=True) as server:
            with from_openai(server.client()).create_partial(response_model=User, n=3, **ASK) as stream:
                assert next(stream.choices[1]).name is None
            assert server.exchanges[0].closed.wait(5)
            assert server.exchanges[0].disconnected

    def test_elements_of_each(self) -> None:
        with LocalOpenAI(Reply(choices=[f'{{"items": [{ADA}]}}', f'{{"items": [{BOB}]}}'])) as server:
            stream = from_openai(server.client()).create_iterable(response_model=User, n=2, **ASK)
            assert [user.name for choice in stream.choices for user in choice] == ["Ada", "Bob"]

    def test_one_is_one_choice(self) -> None:
        with LocalOpenAI(ADA) as server:
            (only,) = from_openai(server.client()).create_partial(response_model=User, **ASK).choices
            assert only.final().name == "Ada"

    async def test_tasks_side_by_side(self) -> None:
        with LocalOpenAI(self.REPLY, cut=11) as server:
            async with from_openai(server.async_client()) as client:
                stream = client.create_partial(response_model=User, n=3, **ASK)
                with pytest.raises(RuntimeError, match="await"):
                    stream.choices  # noqa: B018
                await stream
                users = await asyncio.gather(*(choice.final() for choice in stream.choices), return_exceptions=True)
        assert [getattr(user, "name", None) for user in users] == ["Ada", "Bob", None]
        assert isinstance(users[2], ValidationError)

    async def test_closing_while_a_task_reads(self) -> None:
        with LocalOpenAI(self.REPLY, hold=True) as server:
            async with from_openai(server.async_client()) as client:
                stream = await client.create_partial(response_model=User, n=3, **ASK)
                reading = asyncio.create_task(stream.choices[1].final())
                await wait_until_reading(stream)
                await stream.aclose()
                with pytest.raises(TruncatedError, match="closed before its end"):
                    await asyncio.wait_for(reading, 5)
                assert await asyncio.to_thread(server.exchanges[0].closed.wait, 5)
                assert server.exchanges[0].disconnected

    def test_several_and_asking_again_do_not_go_together(self) -> None:
        with LocalOpenAI() as server, pytest.raises(TypeError, match="max_retries"):
            from_openai(server.client()).create_partial(response_model=User, n=2, max_retries=1, **ASK)


@both
@wires
class TestParallelCalls:
    REPLY = Reply(calls=[("Cat", CAT), ("Dog", DOG)])

    @pytest.mark.parametrize("model", [EITHER, Cat | Dog, Annotated[Cat | Dog, Field(discriminator="kind")]])
    def test_a_union_is_a_choice_of_functions(self, ask: Ask, wire: str, model: Any) -> None:
        with LocalOpenAI(self.REPLY) as server:
            told = ask(server, wire=wire, method="create_iterable", response_model=model, mode=Mode.TOOLS)
            body = server.requests[0].body
        assert told.seen == told.final == PETS
        assert [tool["function"]["name"] for tool in body["tools"]] == ["Cat", "Dog"]
        assert body["tool_choice"] == "required"

    def test_types_as_tools(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(self.REPLY) as server:
            told = ask(server, wire=wire, method="create_iterable", tools=[Cat, Dog], tool_choice="auto")
            assert server.requests[0].body["tool_choice"] == "auto"
        assert told.final == PETS
        assert told.stream.snapshot == PETS
        assert told.stream.text == f"Cat {CAT}\nDog {DOG}"
        assert told.stream.completion.choices[0].message.tool_calls[1].function.name == "Dog"

    def test_create_of_either(self, ask: Ask, wire: str) -> None:
        many = Reply(calls=[("Cat", CAT), ("Cat", CAT)])
        with LocalOpenAI(self.REPLY, many) as server:
            assert ask(server, wire=wire, method="create", stream=True, tools=[Cat, Dog]).final == PETS
            told = ask(server, wire=wire, method="create", stream=True, response_model=list[Cat | Dog], mode=Mode.TOOLS)
        assert told.final == [PETS[0], PETS[0]]

    def test_the_first_call_as_it_grows(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply(calls=[("Dog", DOG), ("Cat", CAT)])) as server:
            told = ask(server, wire=wire, response_model=Cat | Dog, mode=Mode.TOOLS)
        assert told.seen[0] is None
        assert {type(pet) for pet in told.seen[1:]} == {Dog}
        assert told.seen[1].breed is None
        assert told.final == PETS[1]
        assert told.stream.text == DOG

    def test_the_callers_own_tools_are_left_alone(self, ask: Ask, wire: str) -> None:
        own = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}
        with LocalOpenAI(Reply(calls=[("search", "{}"), ("Cat", CAT)])) as server:
            told = ask(server, wire=wire, method="create_iterable", tools=[own, Cat])
            assert server.requests[0].body["tools"][0] == own
        assert told.final == [PETS[0]]
        assert told.stream.completion.choices[0].message.tool_calls[0].function.name == "search"

    @pytest.mark.parametrize(
        ("calls", "error", "words"),
        [
            ([("Cat", CAT), ("Dog", '{"kind": 5}')], ValidationError, "kind"),
            ([("Cat", CAT), ("Dog", DOG[:15])], TruncatedError, "tool_calls"),
            ([("Horse", "{}")], StreamError, "Horse.*none of the functions Cat, Dog"),
        ],
        ids=["violation", "truncation", "unknown"],
    )
    def test_errors(self, ask: Ask, wire: str, calls: Any, error: type[Exception], words: str) -> None:
        with LocalOpenAI(Reply(calls=calls)) as server:
            told = ask(server, wire=wire, method="create_iterable", tools=[Cat, Dog])
        with pytest.raises(error, match=words):
            raise told.error or AssertionError
        assert told.seen == [] if len(calls) == 1 else [PETS[0]]

    def test_no_call(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply("Which?", field="content"), Reply([], field="content")) as server:
            prose = ask(server, wire=wire, method="create_iterable", tools=[Cat, Dog])
            nothing = ask(server, wire=wire, method="create_iterable", tools=[Cat, Dog])
        with pytest.raises(StreamError, match="prose"):
            raise prose.error or AssertionError
        assert isinstance(nothing.error, TruncatedError)


class TestCallsOfOddServers:
    def body(self, *calls: dict[str, Any]) -> bytes:
        chunks = ({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]} for call in calls)
        return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"

    def ask(self, *calls: dict[str, Any]) -> list[Any]:
        with LocalOpenAI(self.body(*calls)) as server:
            return list(from_openai(server.client()).create_iterable(tools=[Cat, Dog], **ASK))

    @pytest.mark.parametrize("index", [{}, {"index": 0}], ids=["none", "the same"])
    @pytest.mark.parametrize("cut", [0, 9], ids=["whole", "in pieces"])
    @pytest.mark.parametrize("wire", ["raw", "sdk"])
    def test_calls_that_only_their_ids_tell_apart(self, index: dict[str, int], cut: int, wire: Any) -> None:
        calls = []
        for name, text in (("Cat", CAT), ("Dog", DOG)):
            calls.append({**index, "id": name, "function": {"name": name, "arguments": text[:cut] if cut else text}})
            calls += [{**index, "function": {"arguments": text[cut:]}}] if cut else []
        with LocalOpenAI(self.body(*calls)) as server:
            stream = from_openai(server.client(), wire=wire).create_iterable(tools=[Cat, Dog], **ASK)
            assert list(stream) == PETS
        said = stream.completion.choices[0].message.tool_calls or []
        assert [(call.id, call.function.arguments) for call in said] == [("Cat", CAT), ("Dog", DOG)]  # type: ignore[union-attr]

    @pytest.mark.parametrize("index", [{}, {"index": 0}], ids=["none", "the same"])
    def test_the_first_of_calls_without_an_index(self, index: dict[str, int]) -> None:
        calls = [("Cat", CAT), ("Dog", DOG)]
        body = self.body(*({**index, "function": {"name": name, "arguments": text}} for name, text in calls))
        with LocalOpenAI(body, body) as server:
            client = from_openai(server.client())
            assert client.create_partial(tools=[Cat, Dog], **ASK).final() == PETS[0]
            stream = client.create_iterable(tools=[Cat, Dog], **ASK)
            assert stream.final() == PETS
        if not index:
            said = stream.completion.choices[0].message.tool_calls or []
            assert [call.function.arguments for call in said] == [CAT, DOG]  # type: ignore[union-attr]

    def test_the_name_in_every_chunk(self) -> None:
        halves = ({"index": 0, "function": {"name": "Cat", "arguments": half}} for half in (CAT[:9], CAT[9:]))
        assert self.ask(*halves) == [PETS[0]]

    def test_each_is_handed_out_as_it_closes(self) -> None:
        with LocalOpenAI(
            self.body(
                {"index": 0, "function": {"name": "Cat", "arguments": CAT[:9]}},
                {"index": 1, "function": {"name": "Dog", "arguments": DOG}},
                {"index": 0, "function": {"arguments": CAT[9:]}},
            ),
            hold=True,
        ) as server:
            stream = from_openai(server.client()).create_iterable(tools=[Cat, Dog], **ASK)
            server.release(2)
            assert next(stream) == PETS[1]
            assert server.exchanges[0].sent == 2
            assert stream.snapshot[1] == PETS[1]
            server.release_all()
            assert next(stream) == PETS[0]
            assert stream.final() == PETS


class TestTheRequest:
    def test_what_does_not_go_together(self) -> None:
        with LocalOpenAI() as server:
            client = from_openai(server.client())
            with pytest.raises(TypeError, match="response_model"):
                client.create_partial(response_model=User, tools=[Cat], **ASK)  # type: ignore[list-item]
            with pytest.raises(TypeError, match="nothing to answer with"):
                client.create_iterable(**ASK)
            assert server.requests == []

    def test_a_union_that_is_no_choice_of_functions_is_one_answer(self) -> None:
        class Named(BaseModel):
            name: str

        other = type("Named", (Named,), {"__module__": __name__})
        for model in (Cat | None, int | Cat, Named | other):
            with LocalOpenAI('{"value": null}') as server:
                stream = from_openai(server.client(), Mode.TOOLS).create_partial(response_model=model, **ASK)
                stream.close()
                (tool,) = server.requests[0].body["tools"]
            assert tool["function"]["parameters"]["required"] == ["value"]

    def test_create_in_one_piece(self) -> None:
        with LocalOpenAI(TestParallelCalls.REPLY, TestParallelCalls.REPLY) as server:
            client = from_openai(server.client())
            assert client.create(tools=[Cat, Dog], **ASK) == PETS
            assert client.create(response_model=Cat | Dog, mode=Mode.TOOLS, **ASK) == PETS[0]
