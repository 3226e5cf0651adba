"""Turns: prose and calls in the order in which they come, and what answers them. Sync and async must not differ."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel, ValidationError

import instar
from instar import Call, Prose, Reasoning, RefusalError, StreamError, TruncatedError
from instar.openai import from_openai
from instar.testing import LocalOpenAI, Reply, tokens
from support.samples import ASK

if TYPE_CHECKING:
    from collections.abc import Iterator


class Search(BaseModel):
    """Look something up."""

    query: str
    limit: int = 3


class Calc(BaseModel):
    expression: str


TOOLS = [Search, Calc]
SEARCH = '{"query": "openings", "limit": 5}'
CALC = '{"expression": "6*7"}'
BOTH = Reply("Let me see.", calls=[("Search", SEARCH), ("Calc", CALC)], reasoning="Two things.")


class Seen:
    """A turn that was read to its end, what was seen of it, and how it ended."""

    def __init__(self) -> None:
        self.turn: Any = None
        self.parts: list[Any] = []
        self.error: Exception | None = None
        self.requests: list[dict[str, Any]] = []

    def see(self, part: Any) -> None:
        """Keep a part, of a call what it shows now."""
        self.parts.append((part, part.snapshot, part.complete) if isinstance(part, Call) else part)


Ask = Callable[..., Seen]


def ask_sync(*replies: Any, api: str = "chat", wire: Any = "raw", **keywords: Any) -> Seen:
    seen = Seen()
    with LocalOpenAI(*replies) as server, server.client() as real:
        client: Any = from_openai(real, wire=wire)
        try:
            seen.turn = turn = _method(client, api)(**_keywords(api, keywords))
            for part in turn:
                seen.see(part)
            turn.final()
        except Exception as error:  # noqa: BLE001 - to be looked at
            seen.error = error
        seen.requests = [request.body for request in server.requests]
    return seen


def ask_async(*replies: Any, api: str = "chat", wire: Any = "raw", **keywords: Any) -> Seen:
    async def ask() -> Seen:
        seen = Seen()
        with LocalOpenAI(*replies) as server:
            async with server.async_client() as real:
                client: Any = from_openai(real, wire=wire)
                try:
                    seen.turn = turn = await _method(client, api)(**_keywords(api, keywords))
                    async for part in turn:
                        seen.see(part)
                    await turn.final()
                except Exception as error:  # noqa: BLE001 - as above
                    seen.error = error
            seen.requests = [request.body for request in server.requests]
        return seen

    return asyncio.run(ask())


def _method(client: Any, api: str) -> Any:
    return (client.responses if api == "responses" else client.chat.completions).create_turn


def _keywords(api: str, keywords: dict[str, Any]) -> dict[str, Any]:
    return {**({"model": "any", "input": "Who?"} if api == "responses" else ASK), "tools": TOOLS, **keywords}


def results(turn: Any, fn: Any = None) -> list[dict[str, Any]]:
    """Return the results of a turn, sync or async."""
    made = turn.results(fn)
    return asyncio.run(made) if asyncio.iscoroutine(made) else made


both = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])
apis = pytest.mark.parametrize("api", ["chat", "responses"])


@both
@wires
@apis
class TestATurn:
    def test_parts_in_the_order_in_which_they_come(self, ask: Ask, wire: str, api: str) -> None:
        seen = ask(BOTH, wire=wire, api=api)
        assert seen.error is None
        kinds = [type(part[0] if isinstance(part, tuple) else part) for part in seen.parts]
        assert [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] is not kind] == [
            Reasoning,
            Prose,
            Call,
        ]
        prose = [part for part in seen.parts if isinstance(part, Prose)]
        assert [part.delta for part in prose] == tokens("Let me see.")
        assert [part.text for part in prose] == ["".join(tokens("Let me see.")[: at + 1]) for at in range(len(prose))]
        assert seen.turn.prose == "Let me see."
        assert seen.turn.reasoning == "Two things."
        assert "".join(part.delta for part in seen.parts if isinstance(part, Reasoning)) == "Two things."
        search, calc = seen.turn.calls
        assert (search.index, search.name, calc.index, calc.name) == (0, "Search", 1, "Calc")
        assert search.final() == Search(query="openings", limit=5)
        assert search.final() is search.final()
        assert (calc.text, calc.error, calc.complete) == (CALC, None, True)
        assert search.id != calc.id

    def test_a_call_is_handed_out_by_name_as_it_grows_and_once_when_it_closes(
        self, ask: Ask, wire: str, api: str
    ) -> None:
        seen = ask(Reply(calls=[("Search", SEARCH)]), wire=wire, api=api)
        parts = [part for part in seen.parts if isinstance(part, tuple)]
        assert len({id(call) for call, _, _ in parts}) == 1
        shown = [snapshot for _, snapshot, _ in parts]
        assert shown[0] == Search.model_construct(query=None)
        assert all(isinstance(snapshot, Search) for snapshot in shown)
        assert [snapshot.query for snapshot in shown[1:4]] == ["", "openi", "openings"]
        assert [complete for _, _, complete in parts].index(True) == len(parts) - 1

    def test_without_calls(self, ask: Ask, wire: str, api: str) -> None:
        seen = ask("Just this.", wire=wire, api=api)
        assert seen.error is None
        assert seen.turn.calls == []
        assert seen.turn.prose == "Just this."
        assert results(seen.turn) == []
        assert seen.requests[0]["tool_choice"] == "auto"

    def test_json_in_the_text_is_no_call(self, ask: Ask, wire: str, api: str) -> None:
        seen = ask(Reply(SEARCH, field="content"), wire=wire, api=api)
        assert seen.error is None
        assert (seen.turn.prose, seen.turn.calls) == (SEARCH, [])

    def test_a_refused_call_costs_no_other(self, ask: Ask, wire: str, api: str) -> None:
        calls = [("Search", '{"query": 5, "limit": 1}'), ("Calc", CALC), ("Fly", '{"to": "Oslo"}')]
        seen = ask(Reply(calls=calls), wire=wire, api=api)
        assert seen.error is None
        search, calc, fly = seen.turn.calls
        assert isinstance(search.error, ValidationError)
        with pytest.raises(ValidationError):
            search.final()
        assert search.text == calls[0][1]
        assert calc.final() == Calc(expression="6*7")
        assert isinstance(fly.error, StreamError)
        assert "'Fly', which is none of the functions Search, Calc" in str(fly.error)
        assert fly.snapshot == {"to": "Oslo"}
        answers = results(seen.turn, lambda call: {"value": eval(call.final().expression)})  # noqa: S307
        contents = [answer["output" if api == "responses" else "content"] for answer in answers]
        assert contents[0] == "The arguments are not valid:\n- query: Input should be a valid string (you wrote 5)"
        assert contents[1] == '{"value":42}'
        assert "none of the functions" in contents[2]
        assert [answer["call_id" if api == "responses" else "tool_call_id"] for answer in answers] == [
            search.id,
            calc.id,
            fly.id,
        ]

    def test_what_is_repeated_in_the_next_request(self, ask: Ask, wire: str, api: str) -> None:
        seen = ask(BOTH, wire=wire, api=api)
        search, calc = seen.turn.calls
        if api == "chat":
            (message,) = seen.turn.messages
            assert (message["role"], message["content"]) == ("assistant", "Let me see.")
            assert [call["id"] for call in message["tool_calls"]] == [search.id, calc.id]
            assert message["tool_calls"][1]["function"] == {"name": "Calc", "arguments": CALC}
        else:
            reasoning, said, *calls = seen.turn.messages
            assert reasoning["type"] == "reasoning"
            assert said["content"][0]["text"] == "Let me see."
            assert [(call["type"], call["call_id"]) for call in calls] == [
                ("function_call", search.id),
                ("function_call", calc.id),
            ]
        assert json.loads(json.dumps(seen.turn.messages)) == seen.turn.messages

    def test_a_refusal(self, ask: Ask, wire: str, api: str) -> None:
        seen = ask(Reply("I would rather not.", field="refusal"), wire=wire, api=api)
        assert isinstance(seen.error, RefusalError)

    def test_the_token_limit(self, ask: Ask, wire: str, api: str) -> None:
        seen = ask(Reply(calls=[("Calc", CALC), ("Search", SEARCH[:12])], finish_reason="length"), wire=wire, api=api)
        assert seen.error is None
        calc, search = seen.turn.calls
        for call in (calc, search):
            assert call.complete
            assert isinstance(call.error, TruncatedError)
            with pytest.raises(TruncatedError):
                call.final()
        assert "cut off" in str(calc.error)
        assert calc.snapshot == Calc(expression="6*7")
        assert search.snapshot.query == "o"
        assert all("cannot be used" in str(answer) for answer in results(seen.turn))

    def test_a_connection_that_breaks(self, ask: Ask, wire: str, api: str) -> None:
        broken = Reply(calls=[("Calc", CALC)], drop=True)
        seen = ask(broken, wire=wire, api=api)
        assert isinstance(seen.error, openai.APIConnectionError)
        (calc,) = seen.turn.calls
        with pytest.raises(TruncatedError, match="ended with an error"):
            calc.final()
        again = ask(broken, BOTH, wire=wire, api=api, max_retries=1)
        assert again.error is None
        assert again.requests[0] == again.requests[1]
        assert len(again.turn.calls) == 2

    def test_prose_where_a_call_was_forced(self, ask: Ask, wire: str, api: str) -> None:
        prose = Reply("Rather not.", field="content")
        seen = ask(prose, wire=wire, api=api, tool_choice="required")
        assert isinstance(seen.error, StreamError)
        assert "in prose instead of calling a function" in str(seen.error)
        assert "'Rather not.'" in str(seen.error)
        again = ask(prose, BOTH, wire=wire, api=api, tool_choice="required", max_retries=1)
        assert again.error is None
        said, wanted = again.requests[1]["input" if api == "responses" else "messages"][-2:]
        assert said == {"role": "assistant", "content": "Rather not."}
        assert "by calling Search or Calc" in wanted["content"]


class TestCalls:
    def turn(self, *calls: tuple[str, str], tools: Any = TOOLS, **more: Any) -> Any:
        with LocalOpenAI(Reply(calls=calls)) as server, server.client() as real:
            turn: Any = from_openai(real).chat.completions.create_turn(**ASK, tools=tools, **more)
            turn.final()
            turn.sent = server.requests[0].body["tools"]
            return turn

    def test_functions_as_tools(self) -> None:
        def add(left: int, right: int = 1) -> int:
            """Add two numbers."""
            return left + right

        turn = self.turn(("add", '{"left": "2", "right": 3}'), ("add", '{"left": 4}'), ("add", "{}"), tools=[add])
        (sent,) = turn.sent
        assert (sent["function"]["name"], sent["function"]["description"]) == ("add", "Add two numbers.")
        assert list(sent["function"]["parameters"]["properties"]) == ["left", "right"]
        first, second, third = turn.calls
        assert first.final() == {"left": 2, "right": 3}
        assert (first.run(), second.run()) == (5, 5)
        assert isinstance(third.error, ValidationError)
        contents = [answer["content"] for answer in turn.results()]
        assert contents[:2] == ["5", "5"]
        assert "- left: Field required" in contents[2]

    def test_a_function_that_raises(self, caplog: pytest.LogCaptureFixture) -> None:
        def divide(by: int) -> float:
            return 1 / by

        turn = self.turn(("divide", '{"by": 0}'), ("divide", '{"by": 2}'), tools=[divide])
        assert [answer["content"] for answer in turn.results()] == ["ZeroDivisionError: division by zero", "0.5"]
        assert "the tool divide has raised ZeroDivisionError" in caplog.text

    def test_values(self) -> None:
        turn = self.turn(("Calc", CALC))
        (call,) = turn.calls
        for value, content in [
            ("as it is", "as it is"),
            ("", ""),
            (Search(query="x"), '{"query":"x","limit":3}'),
            ({"a": [1, 2.5, None]}, '{"a":[1,2.5,null]}'),
            (None, "null"),
            (ValueError("no"), "ValueError: no"),
        ]:
            assert call.result(value) == {"role": "tool", "tool_call_id": call.id, "content": content}

    def test_a_type_is_nothing_to_run(self) -> None:
        turn = self.turn(("Calc", CALC))
        with pytest.raises(TypeError, match=r"no function that could be run: .* turn\.results\(fn\)"):
            turn.results()

    async def test_async_functions(self) -> None:
        async def double(of: int) -> int:
            await asyncio.sleep(0)
            return 2 * of

        async def fail(of: int) -> int:
            raise LookupError(of)

        reply = Reply(calls=[("double", '{"of": 2}'), ("fail", '{"of": 3}')])
        with LocalOpenAI(reply) as server:
            async with server.async_client() as real:
                turn = from_openai(real).chat.completions.create_turn(**ASK, tools=[double, fail])
                await turn.final()
                answers = await turn.results()
                doubled = await turn.results(lambda call: double(call.final()["of"]))
        assert [answer["content"] for answer in answers] == ["4", "LookupError: 3"]
        assert [answer["content"] for answer in doubled] == ["4", "6"]
        sync = self.turn(("double", '{"of": 2}'), tools=[double])
        with pytest.raises(TypeError, match="is async"):
            sync.results()

    def test_the_callers_own_tools_hold_plain_values(self) -> None:
        own = {"type": "function", "function": {"name": "lookup", "parameters": {"type": "object"}}}
        turn = self.turn(("lookup", '{"id": [1]}'), tools=[own, Calc])
        (call,) = turn.calls
        assert (call.final(), call.error) == ({"id": [1]}, None)
        assert turn.sent[0] == own

    def test_tools_that_are_none(self) -> None:
        def positional(one: int, /) -> int:
            return one

        with LocalOpenAI() as server, server.client() as real:
            create = from_openai(real).chat.completions.create_turn
            with pytest.raises(TypeError, match="positional cannot be a tool"):
                create(**ASK, tools=[positional])
            with pytest.raises(ValueError, match="two of the tools are called 'Calc'"):
                create(**ASK, tools=[Calc, Calc])
            with pytest.raises(TypeError, match="a turn is one answer"):
                create(**ASK, n=2)

    def test_a_call_that_is_open(self) -> None:
        with LocalOpenAI(Reply(calls=[("Calc", CALC)])) as server, server.client() as real:
            turn = from_openai(real).chat.completions.create_turn(**ASK, tools=TOOLS)
            call = next(turn)
            assert isinstance(call, Call)
            with pytest.raises(TruncatedError, match="still open"):
                call.final()
            with pytest.raises(RuntimeError, match=r"turn\.final\(\)"):
                turn.results(str)
            with pytest.raises(RuntimeError, match=r"turn\.final\(\)"):
                turn.messages  # noqa: B018
            assert turn.final() == turn.calls == [call]
            assert call.final() == Calc(expression="6*7")
            assert "<Call 0 of Calc, complete: Calc(" in repr(call)

    def test_it_can_be_left(self) -> None:
        with LocalOpenAI(BOTH, hold=True) as server, server.client() as real:
            server.release(1)
            turn = from_openai(real).chat.completions.create_turn(**ASK, tools=TOOLS)
            for part in turn:
                assert isinstance(part, Reasoning)
                break
            assert server.exchanges[0].closed.wait(5)
            assert server.exchanges[0].disconnected
            with pytest.raises(TruncatedError, match="closed before its end"):
                turn.final()


class TestViews:
    """`create_iterable` and `create_partial` with `tools` are views of the same."""

    @pytest.mark.parametrize("method", ["create_iterable", "create_partial"])
    def test_no_call_is_an_error_only_where_one_was_forced(self, method: str) -> None:
        prose = Reply("Rather not.", field="content")
        with LocalOpenAI(prose, prose) as server, server.client() as real:
            create = getattr(from_openai(real).chat.completions, method)
            free = create(**ASK, tools=TOOLS, tool_choice="auto")
            assert list(free) == ([] if method == "create_iterable" else [None])
            assert free.final() == ([] if method == "create_iterable" else None)
            assert free.prose == "Rather not."
            with pytest.raises(StreamError, match="in prose"):
                create(**ASK, tools=TOOLS).final()

    def test_calls_that_are_skipped(self) -> None:
        calls = [("Search", '{"query": 5}'), ("Calc", CALC), ("Fly", "{}")]
        with LocalOpenAI(Reply(calls=calls)) as server, server.client() as real:
            stream = from_openai(real).chat.completions.create_iterable(**ASK, tools=TOOLS, on_error="skip")
            assert list(stream) == stream.final() == [Calc(expression="6*7")]
        refused, unknown = stream.errors
        assert (refused.index, refused.path, refused.text) == (0, (0,), '{"query": 5}')
        assert isinstance(refused.error, ValidationError)
        assert (unknown.index, str(unknown.error)[:24]) == (2, "the model called 'Fly', ")


def chat(*deltas: dict[str, Any], finish: str | None = "tool_calls") -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    events = [{"choices": [choice]} for choice in [*choices, {"index": 0, "delta": {}, "finish_reason": finish}]]
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def call(arguments: str, name: str | None = None, index: int = 0) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"tool_calls": [{"index": index, "function": function}]}


class TestBodies:
    def test_a_body(self) -> None:
        body = chat({"content": "Hm."}, call("", "Calc"), call(CALC))
        for size in (1, 1000):
            turn = instar.turn(
                [body[at : at + size] for at in range(0, len(body), size)], wire="openai-chat", tools=TOOLS
            )
            prose, *calls = turn
            assert prose == Prose("Hm.", "Hm.")
            assert {type(part) for part in calls} == {Call}
            assert turn.calls[0].final() == Calc(expression="6*7")
            assert turn.calls[0].id == "call_0"
            assert turn.messages[0]["tool_calls"][0]["id"] == turn.results(str)[0]["tool_call_id"] == "call_0"

    async def test_an_async_body(self) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield chat({"content": "Hm."}, call(CALC, "Calc"))

        turn = instar.turn(pieces(), wire="openai-chat", tools=TOOLS)
        assert [type(part).__name__ async for part in turn][:2] == ["Prose", "Call"]
        assert [answer["content"] for answer in await turn.results(lambda call: call.final())] == [
            '{"expression":"6*7"}'
        ]

    def test_decoded_events(self) -> None:
        events = [json.loads(line[6:]) for line in chat(call(CALC, "Calc")).splitlines() if line]
        turn = instar.turn(events, wire="sdk", tools=TOOLS)
        assert turn.final()[0].final() == Calc(expression="6*7")
        assert turn.messages[0]["tool_calls"][0]["function"]["name"] == "Calc"

    def test_another_protocol_can_be_read(self) -> None:
        events = [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hm."}},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "tool_use", "id": "t", "name": "Calc", "input": {}},
            },
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": CALC}},
            {"type": "content_block_stop", "index": 1},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
        ]
        turn = instar.turn(events, wire="anthropic", tools=TOOLS)
        assert [call.final() for call in turn.final()] == [Calc(expression="6*7")]
        assert (turn.prose, turn.calls[0].id) == ("Hm.", "t")
        with pytest.raises(TypeError, match="not for anthropic"):
            turn.results(str)

    def test_a_body_that_breaks_off(self) -> None:
        turn = instar.turn([chat(call(CALC, "Calc"), finish=None)], wire="openai-chat", tools=TOOLS)
        with pytest.raises(TruncatedError, match="broke off"):
            turn.final()
        with pytest.raises(TruncatedError):
            turn.calls[0].final()

    @pytest.mark.parametrize("arguments", ['{"expression"; "6*7"}', '{"expression": "6*7"'])
    def test_arguments_that_are_no_json(self, arguments: str) -> None:
        body = [chat(call(arguments, "Calc"), call(CALC, "Calc", 1))]
        turn = instar.turn(body, wire="openai-chat", tools=TOOLS, repair="none")
        bad, good = turn.final()
        assert isinstance(bad.error, StreamError)
        assert bad.text == arguments
        assert good.final() == Calc(expression="6*7")

    @pytest.mark.parametrize("arguments", [CALC + " thanks", f"```json\n{CALC}\n```"])
    def test_arguments_with_something_around_them(self, arguments: str) -> None:
        turn = instar.turn([chat(call(arguments, "Calc"))], wire="openai-chat", tools=TOOLS)
        (called,) = turn.final()
        assert called.final() == Calc(expression="6*7")
        assert (called.text, turn.prose, turn.messages[0]["content"]) == (arguments, "", None)

    def test_reads_of_many_deltas_at_once(self) -> None:
        body = chat(*({"content": piece} for piece in "Hello."), *(call(piece, "Calc") for piece in CALC))
        parts = list(instar.turn([body], wire="openai-chat", tools=TOOLS, emit="read"))
        assert [part.delta for part in parts if isinstance(part, Prose)] == ["Hello."]
        assert 2 <= sum(isinstance(part, Call) for part in parts) <= 3

    @pytest.mark.parametrize("step", ["delta", "done"])
    @pytest.mark.parametrize("place", ["output_index", "item_id"])
    def test_items_of_which_little_is_said(self, step: str, place: str) -> None:
        def event(kind: str, index: int, **more: Any) -> dict[str, Any]:
            where = {"output_index": index} if place == "output_index" else {"item_id": f"i{index}"}
            return {"type": f"response.{kind}", **where, **more}

        def item(index: int, **item: Any) -> dict[str, Any]:
            return event("output_item.added", index, item={"id": f"i{index}", **item})

        names = (
            {"arguments": "delta", "text": "delta"} if step == "delta" else {"arguments": "arguments", "text": "text"}
        )
        events = [
            item(0, type="message", role="assistant", content=[]),
            event(f"output_text.{step}", 0, **{names["text"]: "Hm."}),
            item(1, type="function_call", name="Calc", call_id="c", arguments=""),
            event(f"function_call_arguments.{step}", 1, **{names["arguments"]: CALC}),
            {"type": "response.completed", "response": {"status": "completed", "output": []}},
        ]
        turn = instar.turn(events, wire="openai-responses", tools=TOOLS)
        assert [call.final() for call in turn.final()] == [Calc(expression="6*7")]
        said, called = turn.messages
        assert said["content"] == [{"type": "output_text", "text": "Hm."}]
        assert (called["arguments"], called["call_id"]) == (CALC, "c")

    def test_mended_arguments_are_repeated_as_they_were_read(self) -> None:
        broken = "{'expression': '6*7',}"
        begun = {"type": "function_call", "id": "i", "call_id": "call_0", "name": "Calc", "arguments": ""}
        done = {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": broken}
        item = {"type": "response.output_item.done", "output_index": 0, "item": begun | {"arguments": broken}}
        responses = [
            {"type": "response.output_item.added", "output_index": 0, "item": begun},
            done,
            item,
            {"type": "response.completed", "response": {"status": "completed", "output": [item["item"]]}},
        ]
        turn = instar.turn([chat(call(broken, "Calc"))], wire="openai-chat", tools=TOOLS, repair="all")
        assert turn.final()[0].final() == Calc(expression="6*7")
        assert turn.final()[0].text == broken
        assert json.loads(turn.messages[0]["tool_calls"][0]["function"]["arguments"]) == {"expression": "6*7"}
        other = instar.turn(responses, wire="openai-responses", tools=TOOLS, repair="all")
        assert other.final()[0].final() == Calc(expression="6*7")
        assert [json.loads(item["arguments"]) for item in other.messages] == [{"expression": "6*7"}]
        # What was not mended is repeated as it came.
        spaced = '{ "expression" : "6*7" }\n'
        turn = instar.turn([chat(call(spaced, "Calc"))], wire="openai-chat", tools=TOOLS, repair="all")
        turn.final()
        assert turn.messages[0]["tool_calls"][0]["function"]["arguments"] == spaced

    def test_a_custom_tool_takes_any_text(self) -> None:
        own = {"type": "custom", "custom": {"name": "shell"}}
        begun = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "shell", "input": ""}}
        piece = {"index": 0, "function": None, "custom": {"name": None, "input": 'ls "x"'}}
        body = chat({"tool_calls": [begun]}, {"tool_calls": [piece]})
        turn = instar.turn([body], wire="openai-chat", tools=[own])
        (called,) = turn.final()
        assert (called.final(), called.snapshot, called.error) == ('ls "x"', 'ls "x"', None)
        assert turn.messages == [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "shell", "input": 'ls "x"'}}],
            }
        ]

    def test_it_dies(self) -> None:
        def make() -> Iterator[weakref.ref[Any]]:
            turn = instar.turn([chat(call(CALC, "Calc"))], wire="openai-chat", tools=TOOLS)
            yield weakref.ref(turn)
            yield weakref.ref(turn.final()[0])

        references = list(make())
        gc.collect()
        assert [reference() for reference in references] == [None, None]
