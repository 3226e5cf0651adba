"""The answer, wherever it stands: places, evidence, shapes, errors in the server's words, and what is asked again."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import openai
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import instar
from instar import JSONError, StreamError, TruncatedError, WireError
from instar._body import said_in
from instar.openai import Mode, from_openai
from instar.openai._chat import ChatEndpoint
from instar.openai._responses import ResponsesEndpoint
from instar.testing import LocalOpenAI, Reply
from support.bodies import COMPLETED, call, chunk, message, outcome, sse, text
from support.clients import Told, both
from support.samples import ADA, ASK, BOB, User

Ask = Callable[..., Told]
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])

USER = User.model_validate_json(ADA)


class Ping(BaseModel):
    """Something that takes no arguments."""


class TestPlaces:
    """Which text, and which call."""

    def test_items_of_the_responses_api(self) -> None:
        for events, prose in [
            ([message(0, phase="commentary"), text("[0]"), message(1), text(ADA, 1)], "[0]"),
            ([message(0), text("Checking."), message(1), text(ADA, 1)], "Checking."),
            ([message(0), text(ADA), message(1), text(ADA, 1)], ""),
            ([message(0), text(ADA), message(1), text("Done.", 1)], "Done."),
            ([message(0), text("A."), message(1), text("B.", 1), message(2), text(ADA, 2)], "A.\n\nB."),
            ([text("Checking."), text(ADA, 1)], "Checking."),
        ]:
            assert outcome(sse(*events, COMPLETED), wire="openai-responses") == (USER, prose)

    def test_blocks_of_anthropic(self) -> None:
        def start(index: int, **block: Any) -> dict[str, Any]:
            return {"type": "content_block_start", "index": index, "content_block": block}

        def delta(index: int, **delta: Any) -> dict[str, Any]:
            return {"type": "content_block_delta", "index": index, "delta": delta}

        said = [start(0, type="text", text=""), delta(0, type="text_delta", text="[Looking.")]
        used = [
            start(1, type="tool_use", id="t", name="User", input={}),
            delta(1, type="input_json_delta", partial_json=ADA),
        ]
        stop = {"type": "message_stop"}
        assert outcome(sse(*said, *used, stop), wire="anthropic", answer="call") == (USER, "[Looking.")
        said[1]["delta"]["text"] = "Looking."
        assert outcome(sse(*said, *used, stop), wire="anthropic") == (USER, "Looking.")
        # What a fallback has ended is no part of the answer.
        fallen = [
            start(0, type="text", text=""),
            delta(0, type="text_delta", text='{"name": "Eve"'),
            start(1, type="fallback"),
        ]
        body = sse(*fallen, start(2, type="text", text=""), delta(2, type="text_delta", text=ADA), stop)
        seen = list(instar.partials([body], User, wire="anthropic"))
        assert [user.name for user in seen] == [None, "Eve", None, "Ada"]
        assert outcome(body, wire="anthropic") == (USER, "")

    def test_parts_of_gemini(self) -> None:
        def part(**part: Any) -> dict[str, Any]:
            return {"candidates": [{"index": 0, "content": {"parts": [part]}}]}

        events = part(text="Looking."), part(functionCall={"name": "User", "args": json.loads(ADA)})
        assert outcome(sse(*events), wire="gemini") == (USER, "Looking.")

    @pytest.mark.parametrize(
        "prose", ["Sure.", "I'd say", "null and void", "1. First", "- a list", "`code` first", "Not now", "truly"]
    )
    def test_what_begins_like_json_and_is_prose(self, prose: str) -> None:
        pieces = [chunk(content=letter) for letter in prose]
        assert outcome(sse(*pieces, chunk(**call(ADA, "User"))), wire="openai-chat") == (USER, prose)

    @pytest.mark.parametrize(("answer", "value"), [("auto", 1), ("text", 1), ("call", 2)])
    def test_json_in_both_places(self, answer: Any, value: int) -> None:
        body = sse(chunk(content='{"a": 1}'), chunk(**call('{"a": 2}', "f")))
        final, prose = outcome(body, None, wire="openai-chat", answer=answer)
        assert final == {"a": value}
        assert prose == ("" if value == 1 else '{"a": 1}')

    def test_answers_that_are_none(self) -> None:
        body = [sse(chunk(content="Sure.", finish="stop"))]
        with pytest.raises(StreamError, match=r"in prose instead of calling .* begins with 'Sure\.'"):
            instar.partials(body, User, wire="openai-chat", answer="call").final()
        with pytest.raises(ValueError, match="answer is 'auto', 'text' or 'call', not 'both'"):
            instar.partials(body, User, wire="openai-chat", answer="both")  # type: ignore[call-overload]

    @pytest.mark.parametrize("whole", ["true", "-5", "null", "4.5", '"x"'])
    def test_scalars(self, whole: str) -> None:
        body = sse(*(chunk(content=letter) for letter in whole), chunk(finish="stop"))
        assert outcome(body, None, wire="openai-chat") == (json.loads(whole), "")


@both
@wires
class TestElsewhere:
    """What was asked for stands in another place than was asked for."""

    def test_a_call_where_text_was_asked_for(self, ask: Ask, wire: str) -> None:
        body = sse(chunk(**call("", "json_tool_call")), *(chunk(**call(letter)) for letter in ADA), chunk("tool_calls"))
        with LocalOpenAI(body) as server:
            told = ask(server, wire=wire, response_model=User)
        assert told.final == USER
        assert len(told.seen) > 5, "it grows as it comes"

    def test_a_call_of_the_callers_own_is_none(self, ask: Ask, wire: str) -> None:
        own = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}
        with LocalOpenAI(sse(chunk(**call('{"query": "x"}', "search")), chunk("tool_calls"))) as server:
            told = ask(server, wire=wire, response_model=User, tools=[own])
        assert type(told.error) is StreamError
        assert "called 'search' instead of answering" in str(told.error)
        assert told.stream.completion.choices[0].message.tool_calls[0].function.name == "search"

    def test_text_where_a_call_was_asked_for(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply(ADA, field="content"), Reply("Sure, 36.", field="content")) as server:
            assert ask(server, wire=wire, response_model=User, mode=Mode.TOOLS).final == USER
            told = ask(server, wire=wire, response_model=User, mode=Mode.TOOLS)
        assert "begins with 'Sure, 36.'" in str(told.error)

    def test_json_in_the_reasoning_is_the_last_resort(self, ask: Ask, wire: str) -> None:
        thought = chunk(reasoning_content=BOB)
        with LocalOpenAI(
            sse(thought, chunk("stop")),
            sse(thought, chunk(content=ADA), chunk("stop")),
            sse(chunk(reasoning_content="Hm."), chunk("stop")),
        ) as server:
            assert ask(server, wire=wire, response_model=User).final.name == "Bob"
            assert ask(server, wire=wire, response_model=User).final == USER
            told = ask(server, wire=wire, response_model=User)
        assert "has reasoned, and answered nothing: it begins with 'Hm.'" in str(told.error)

    def test_no_arguments(self, ask: Ask, wire: str) -> None:
        for arguments in ("", " ", "{}"):
            with LocalOpenAI(sse(chunk(**call(arguments, "Ping")), chunk("tool_calls"))) as server:
                assert ask(server, wire=wire, response_model=Ping, mode=Mode.TOOLS).final == Ping()


class TestEvidence:
    def test_what_is_said_at_the_end(self) -> None:
        done = {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": ADA}
        for events in (
            [message(0), done],
            [message(0), text(ADA[:9]), done],
            [message(0), text(ADA[:9]), message(0, ADA, done=True)],
            [message(0), text(ADA), done, message(0, ADA, done=True)],
        ):
            assert outcome(sse(*events, COMPLETED), wire="openai-responses") == (USER, "")
        body = [sse(message(0), text(ADA), done | {"text": BOB}, COMPLETED)]
        with pytest.raises(WireError, match=r"Ada.*Bob"):
            instar.partials(body, User, wire="openai-responses").final()

    def test_what_is_said_by_the_last_event(self) -> None:
        last = {"type": "response.completed", "response": {"status": "completed", "output": [message(0, ADA)["item"]]}}
        assert outcome(sse(last), wire="openai-responses") == (USER, "")

    def test_a_number_that_was_cut(self) -> None:
        for events in ([chunk(content="4"), chunk("length")], [chunk(content="4")]):
            stream = instar.partials([sse(*events)], int, wire="openai-chat")
            with pytest.raises(TruncatedError):
                stream.final()
        assert instar.partials([sse(chunk(content="4")), b"data: [DONE]\n\n"], int, wire="openai-chat").final() == 4
        assert list(instar.partials([sse(chunk(content="4"), chunk("stop"))], int, wire="openai-chat")) == [None, 4]


class TestSources:
    """A source may yield bytes, texts or decoded events."""

    EVENTS = (chunk(content=ADA[:20]), chunk(content=ADA[20:]), chunk("stop"))

    @pytest.mark.parametrize(
        "kind", [dict, json.dumps, lambda event: json.dumps(event).encode()], ids=["dict", "str", "bytes"]
    )
    def test_one_event_each(self, kind: Any) -> None:
        assert outcome([kind(event) for event in self.EVENTS], wire="openai-chat") == (USER, "")

    def test_the_text_of_a_body(self) -> None:
        body = sse(*self.EVENTS).decode()
        for size in (1, 9, 1000):
            assert outcome([body[at : at + size] for at in range(0, len(body), size)], wire="openai-chat") == (USER, "")

    def test_lines_are_no_body(self) -> None:
        lines = [line for line in sse(*self.EVENTS).splitlines() if line]
        for pieces in (lines, [line.decode() for line in lines]):
            with pytest.raises(StreamError, match="no line end: give the bytes as they come"):
                instar.partials(pieces, User, wire="openai-chat").final()

    def test_bodies_without_an_answer(self) -> None:
        for body, said in [
            (b"<html>502</html>", "is no event stream and begins with '<html>502</html>'"),
            (b"data: [DONE]\n\n", "its body begins with 'data: [DONE]"),
            (b": waiting\n\n", "its body begins with ': waiting"),
        ]:
            with pytest.raises(StreamError, match=re.escape(said)) as caught:
                instar.partials([body], User, wire="openai-chat").final()
            assert "line end" not in str(caught.value)

    def test_a_choice_that_is_not_there(self) -> None:
        other = {"choices": [{"index": 1, "delta": {"content": ADA}, "finish_reason": "stop"}]}
        with pytest.raises(StreamError, match=r"other choices in it, and nothing of the one asked for \(index 0\)"):
            instar.partials([sse(other)], User, wire="openai-chat").final()

    def test_the_elements_of_decoded_events(self) -> None:
        events = [chunk(content=f"[{ADA}, "), chunk(content=f"{BOB}]")]
        assert [user.name for user in instar.elements(events, User, wire="openai-chat")] == ["Ada", "Bob"]

    def test_nothing_is_a_delta(self) -> None:
        for wire in ("openai-chat", "sdk"):
            assert outcome([None, dict(self.EVENTS[0]), None, dict(self.EVENTS[1])], wire=wire) == (USER, "")

    @pytest.mark.parametrize("piece", [5, ["data"], 1.5])
    def test_what_is_no_event(self, piece: Any) -> None:
        with pytest.raises(TypeError, match=f"not {type(piece).__name__}"):
            instar.partials([piece], User, wire="openai-chat").final()


class TestFunctions:
    """A protocol of one's own is a function of the event."""

    @staticmethod
    def read(event: Any) -> str | None:
        said: str | None = event.get("say")
        return said

    EVENTS = ({"say": ADA[:20]}, {"other": 1}, {"say": ADA[20:]})

    def test_bytes_texts_and_dicts(self) -> None:
        for body in (sse(*self.EVENTS), b"\n".join(json.dumps(event).encode() for event in self.EVENTS) + b"\n"):
            assert outcome(body, wire=self.read) == (USER, "")
            assert instar.partials([body], User, wire=self.read).received == 0
            stream = instar.partials([body], User, wire=self.read)
            stream.final()
            assert stream.received == len(body)
        assert outcome(list(self.EVENTS), wire=self.read) == (USER, "")
        assert outcome([json.dumps(event) for event in self.EVENTS], wire=self.read) == (USER, "")

    async def test_async_elements(self) -> None:
        async def pieces() -> Any:
            yield sse({"say": f"[{ADA}, "})
            yield sse({"say": f"{BOB}]"}) + b"data: [DONE]\n\ndata: not read"

        stream = instar.elements(pieces(), User, wire=self.read)
        assert [user.name async for user in stream] == ["Ada", "Bob"]

    def test_errors(self) -> None:
        with pytest.raises(WireError, match="is not JSON"):
            instar.partials([b"data: {oops\n\n"], User, wire=self.read).final()
        with pytest.raises(TypeError, match="returns the text of an event, or None, not int"):
            instar.partials([sse({"a": 1})], User, wire=lambda event: event["a"]).final()
        with pytest.raises(KeyError):
            instar.partials([sse({"a": 1})], User, wire=lambda event: event["b"]).final()
        with pytest.raises(TruncatedError):
            instar.partials([sse({"say": ADA[:9]})], User, wire=self.read).final()


class TestCustomTools:
    """Their arguments are any text."""

    def custom(self, *pieces: str) -> list[dict[str, Any]]:
        begun = {"type": "response.output_item.added", "output_index": 0}
        item = {"type": "custom_tool_call", "call_id": "c", "name": "write", "input": ""}
        delta = "response.custom_tool_call_input.delta"
        return [
            begun | {"item": item},
            *({"type": delta, "output_index": 0, "delta": piece} for piece in pieces),
            COMPLETED,
        ]

    def test_a_text_shows_as_it_grows(self) -> None:
        body = sse(*self.custom('say "h', "i\\\n", "é"))
        assert list(instar.partials([body], str, wire="openai-responses")) == [
            None,
            'say "h',
            'say "hi\\\n',
            'say "hi\\\né',
        ]
        assert outcome(body, str, wire="openai-responses") == ('say "hi\\\né', "")

    def test_any_other_schema_reads_json_in_it(self) -> None:
        assert outcome(sse(*self.custom(ADA[:9], ADA[9:])), wire="openai-responses") == (USER, "")

    def test_in_a_turn(self) -> None:
        own = {"type": "custom", "name": "write"}
        turn = instar.turn([sse(*self.custom('{"a"', ": 1}"))], wire="openai-responses", tools=[own])
        (written,) = turn.final()
        assert (written.text, written.final()) == ('{"a": 1}', '{"a": 1}')
        assert turn.results(lambda _: "ok") == [{"type": "custom_tool_call_output", "call_id": "c", "output": "ok"}]


@both
@wires
class TestTheServersWords:
    @pytest.mark.parametrize(
        "event",
        [
            {"object": "error", "message": "boom, and so on", "type": "BadRequestError", "code": 400},
            {"error": {"message": "boom, and so on", "type": "x"}},
            {"error": "boom, and so on"},
        ],
        ids=["flat", "nested", "text"],
    )
    def test_in_mid_stream(self, ask: Ask, wire: str, event: Any) -> None:
        with LocalOpenAI(sse(chunk(content=ADA[:12]), event)) as server:
            told = ask(server, wire=wire, response_model=User)
        assert isinstance(told.error, openai.APIError)
        if wire == "raw":
            assert "boom, and so on" in told.error.message
        assert told.stream.snapshot.name == "Ad"

    def test_they_are_not_asked_about(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(sse({"error": {"message": "boom"}}), ADA) as server:
            assert isinstance(ask(server, wire=wire, response_model=User, max_retries=3).error, openai.APIError)
            assert len(server.requests) == 1


@both
class TestAskingAgain:
    @pytest.mark.parametrize(
        ("reply", "said", "words"),
        [
            ("Sure! Here:", "Sure! Here:", ["begins with 'Sure", "the JSON and no prose, no fence"]),
            ('{"name": 5}', '{"name": 5', ["- name: Input should be a valid string (you wrote 5)\n"]),
            ('{"name": "Ada"', '{"name": "Ada"', ['the text ended early, behind \'{"name": "Ada"\'']),
            ("", None, ["- the answer: there is none\n"]),
            ('{"name": "A\nB"}', '{"name": "A\n', ["line 1 column 12", "the JSON and no prose"]),
            (b"data: {}\n\n", None, ["no answer in it", "the JSON and no prose"]),
        ],
        ids=["prose", "a value", "cut", "blank", "a raw line break", "nothing"],
    )
    def test_where_text_was_asked_for(self, ask: Ask, reply: Any, said: str | None, words: list[str]) -> None:
        with LocalOpenAI(reply, ADA) as server:
            told = ask(server, response_model=User, max_retries=1)
            *answer, reason = server.requests[1].body["messages"][1:]
        assert told.final == USER
        assert [message["content"] for message in answer] == ([said] if said else [])
        assert all(word in reason["content"] for word in words), reason["content"]

    def test_where_a_call_was_asked_for(self, ask: Ask) -> None:
        prose = Reply("Sure, 36.", field="content")
        with LocalOpenAI(prose, ADA, prose, Reply(calls=[("Fly", "{}")]), Reply(calls=[("User", ADA)])) as server:
            assert ask(server, response_model=User, mode=Mode.TOOLS, max_retries=1).final == USER
            answer, reason = server.requests[1].body["messages"][1:]
            assert answer["content"] == "Sure, 36."
            assert "in prose instead of calling a function: it begins with 'Sure, 36.'\n" in reason["content"]
            assert "by calling the function" in reason["content"]
            assert ask(server, method="create_iterable", tools=[User, Ping], max_retries=2).final == [USER]
            reasons = [
                message["content"] for message in server.requests[4].body["messages"] if message["role"] == "user"
            ]
        assert "by calling User or Ping" in reasons[1]
        assert "'Fly', which is none of the functions User, Ping" in reasons[2]


def test_mistakes_in_what_is_asked_for() -> None:
    with LocalOpenAI() as server, server.client() as real:
        client: Any = from_openai(real)
        with pytest.raises(TypeError, match="give User, and not"):
            client.create_partial(response_model=USER, **ASK)
        with pytest.raises(TypeError, match="is a type, not an instance"):
            client.create_partial(response_model={"name": "str"}, **ASK)
        for schema in (USER, {"name": "str"}, 5):
            with pytest.raises(TypeError, match="a schema is a type, not an instance"):
                instar.partials(["{}"], schema)
        with pytest.raises(TypeError, match="stream=False asks for an answer in one piece"):
            client.create_partial(response_model=User, stream=False, **ASK)
        with pytest.raises(TypeError, match="on_error='skip' is for elements"):
            client.create_partial(response_model=User, on_error="skip", **ASK)
        with pytest.raises(ValueError, match="'raise' or 'skip', not 'ignore'"):
            client.create_iterable(response_model=User, on_error="ignore", **ASK)
        assert server.requests == []


# What a server might send in place of what it should.
VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.sampled_from(["", "x", "null", "stop", "text", "function_call"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "index",
                    "content",
                    "tool_calls",
                    "function",
                    "arguments",
                    "name",
                    "id",
                    "role",
                    "usage",
                    "error",
                    "type",
                    "object",
                    "output_index",
                    "content_index",
                    "item",
                    "response",
                    "output",
                    "part",
                    "text",
                    "logprobs",
                    "refusal",
                    "reasoning_content",
                    "finish_reason",
                    "function_call",
                    "model",
                    "_fields_set",
                    "self",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.fixed_dictionaries({"choices": VALUES}) | VALUES, max_size=4), VALUES)
@example([{"choices": [5, {"index": "x", "delta": {"tool_calls": [7]}}]}], {"usage": []})
@example([{"choices": [{"delta": {"content": [1]}}, {"delta": {"content": "a"}}]}], [1])
@example(
    [{"choices": [{"delta": {"content": {"a": 1}}}, {"delta": {"content": "a", "tool_calls": {"index": 0}}}]}], None
)
def test_a_completion_can_always_be_read(events: list[Any], usage: Any) -> None:
    for endpoint in (ChatEndpoint(), ResponsesEndpoint()):
        typed = [
            event | {"type": "response.output_item.added"} if isinstance(event, dict) else event for event in events
        ]
        for said in (events, typed):
            completion = endpoint.completion([json.dumps(event).encode() for event in said])
            assert isinstance(completion, endpoint.whole)
        endpoint.usage(json.dumps(usage))


@given(st.lists(VALUES, max_size=3))
def test_whatever_comes_what_a_stream_knows_can_be_read(events: list[Any]) -> None:
    body = sse(*events, chunk(content=ADA), chunk("stop"))
    for wire in ("openai-chat", "openai-responses", "anthropic", "gemini"):
        stream = instar.partials([body], User, wire=wire)
        with contextlib.suppress(StreamError, ValidationError):
            stream.final()
        assert isinstance(stream.reasoning + stream.prose + stream.text + stream.delta, str)
        assert stream.received == len(body)


def test_json_that_ends_and_goes_on_is_refused_unless_mended() -> None:
    body = sse(chunk(content=ADA), chunk(content=BOB), chunk(finish="stop"))
    with pytest.raises(JSONError, match="trailing"):
        instar.partials([body], User, wire="openai-chat", repair="none").final()
    stream = instar.partials([body], User, wire="openai-chat")
    assert stream.final().name == "Ada"
    assert [repair.kind for repair in stream.repairs] == ["extra_value"]


class TestFunctionsAndServers:
    def test_an_error_of_which_the_function_knows_nothing(self) -> None:
        for body in (
            sse({"error": {"message": "boom, and so on"}}),
            b'error: {"code": 400, "message": "boom, and so on"}\n',
            b'{"detail": "boom, and so on"}\n',
        ):
            for read in (lambda event: event["say"], lambda event: event.get("say")):
                with pytest.raises(StreamError, match="broke off: boom, and so on"):
                    instar.partials([body], User, wire=read).final()

    def test_heartbeats(self) -> None:
        body = b"event: Heartbeat\ndata: -\n\n" + sse({"say": ADA})
        assert outcome(body, wire=lambda event: event["say"]) == (USER, "")

    def test_what_came_in_place_of_an_answer(self) -> None:
        with pytest.raises(StreamError, match=re.escape("its body begins with 'data: {")):
            instar.partials([sse({"a": 1})], User, wire=lambda event: event.get("say")).final()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"message": "m", "error": "e"}, "m"),
        ({"error": {"error": {"msg": "m"}}}, "m"),
        ({"detail": [{"loc": ["body"], "msg": "m"}, {"msg": "n"}]}, "m; n"),
        ({"errors": [{"code": 7, "message": "m"}]}, "m"),
        (["m", 5, {"Message": "n"}], "m; n"),
        ({"error": {"code": 503}}, '{"error": {"code": 503}}'),
        ("m", "m"),
    ],
)
def test_what_an_error_says(error: Any, said: str) -> None:
    assert said_in(json.dumps(error))[0] == said


def test_more_mistakes_in_what_is_asked_for() -> None:
    def pieces() -> Any:
        yield "{}"

    async def more() -> Any:
        return None

    with pytest.raises(TypeError, match="not the function pieces: call it"):
        instar.partials(pieces, User)  # type: ignore[call-overload]
    waiting = more()
    with pytest.raises(TypeError, match="not a coroutine: await it first"):
        instar.partials(waiting, User)  # type: ignore[call-overload]
    waiting.close()
    with pytest.raises(ValueError, match="answer is 'auto', 'text' or 'call', not 'calls'"):
        instar.partials([b""], User, wire="openai-chat", answer="calls")  # type: ignore[call-overload]
    offered: list[tuple[Any, str]] = [
        ([USER], "a tool is a type, not an instance of one: give User"),
        (User, "not the class User: put it in a list"),
        (["User"], "a tool is a type, a function or a dict, not 'User'"),
        ([lambda x: x], "<lambda> cannot be a tool"),
        ([Told()], "not an instance of one: give Told"),
    ]
    for tools, words in offered:
        with pytest.raises(TypeError, match=re.escape(words)):
            instar.turn([b""], wire="openai-chat", tools=tools)
    with pytest.raises(TypeError, match="not the class OpenAI: call it"):
        from_openai(openai.OpenAI)  # type: ignore[call-overload]
    with LocalOpenAI() as server, server.client() as real, pytest.raises(TypeError, match="stream=False asks"):
        from_openai(real).chat.completions.create_turn(**ASK, stream=False)  # type: ignore[call-arg]
