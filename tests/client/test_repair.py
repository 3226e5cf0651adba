"""`repair=` on streams, the client and turns: what is mended there unless told, and what can be seen of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import instar
from instar import JSONError, Mode, TruncatedError
from instar.testing import LocalOpenAI, Reply
from support.clients import Told, both

if TYPE_CHECKING:
    from collections.abc import Callable


class User(BaseModel):
    name: str
    age: int


class Search(BaseModel):
    query: str
    most: int


ADA = User(name="Ada", age=36)
PLAIN = '{"name": "Ada", "age": 36}'
FENCED = f"<think>Who?</think>It was\n```json\n{PLAIN}\n```\nBye."
BROKEN = "{'name': 'Ada', age: 36,}"
apis = pytest.mark.parametrize("api", ["chat", "responses"])
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])


def kinds(stream: Any) -> list[str]:
    return [repair.kind for repair in stream.repairs]


@both
@apis
@wires
class TestTheClient:
    def test_what_stands_around_the_answer_is_mended_unless_told(
        self, ask: Callable[..., Told], api: str, wire: str
    ) -> None:
        with LocalOpenAI(FENCED, FENCED) as server:
            told = ask(server, api=api, wire=wire, response_model=User)
            refused = ask(server, api=api, wire=wire, response_model=User, repair="none")
        assert told.final == ADA
        assert kinds(told.stream) == ["reasoning", "prose", "fence", "fence", "prose"]
        assert told.stream.reasoning == "Who?"
        assert told.stream.prose == "It was\nBye."
        assert told.stream.text == FENCED
        assert json.loads(told.stream.parser.mended_text) == ADA.model_dump()
        assert isinstance(refused.error, JSONError)
        assert 'repair="around" would read (prose)' in str(refused.error)

    def test_what_is_within_it_where_told(self, ask: Callable[..., Told], api: str, wire: str) -> None:
        with LocalOpenAI(BROKEN, BROKEN, BROKEN) as server:
            refused = ask(server, api=api, wire=wire, response_model=User)
            told = ask(server, api=api, wire=wire, response_model=User, repair="all")
            some = ask(server, api=api, wire=wire, response_model=User, repair={"quote", "unquoted_key"})
        assert isinstance(refused.error, JSONError)
        assert told.final == ADA
        assert kinds(told.stream) == ["quote", "quote", "unquoted_key", "trailing_comma"]
        assert isinstance(some.error, JSONError)
        assert "(trailing_comma)" in str(some.error)

    def test_elements(self, ask: Callable[..., Told], api: str, wire: str) -> None:
        items = f"Here:\n```\n{{items: [{BROKEN}, {{'name': 'Bob', 'age': 'old'}}, {PLAIN}]}}\n```"
        with LocalOpenAI(items) as server:
            told = ask(
                server,
                api=api,
                wire=wire,
                method="create_iterable",
                response_model=User,
                repair="all",
                on_error="skip",
            )
        assert told.seen == told.final == [ADA, ADA]
        ((error,),) = [told.stream.errors]
        assert (error.index, error.path) == (1, ("items", 1))
        assert {"prose", "fence", "unquoted_key", "quote", "trailing_comma"} == {*kinds(told.stream)}

    def test_the_arguments_of_a_call(self, ask: Callable[..., Told], api: str, wire: str) -> None:
        call = [("User", BROKEN)]
        with LocalOpenAI(Reply(calls=call), Reply(calls=call)) as server:
            told = ask(server, api=api, wire=wire, mode=Mode.TOOLS, response_model=User, repair="all")
            refused = ask(server, api=api, wire=wire, mode=Mode.TOOLS, response_model=User)
        assert told.final == ADA
        assert isinstance(refused.error, JSONError)

    def test_the_calls_of_a_turn(self, ask: Callable[..., Told], api: str, wire: str) -> None:
        call = [("Search", "{'query': 'Ada', 'most': 3,}")]
        with LocalOpenAI(Reply(calls=call), Reply(calls=call)) as server:
            told = ask(server, api=api, wire=wire, method="create_turn", tools=[Search], repair="all")
            refused = ask(server, api=api, wire=wire, method="create_turn", tools=[Search])
        (mended,) = told.stream.calls
        assert (mended.error, mended.final()) == (None, Search(query="Ada", most=3))
        assert {repair.kind for repair in mended.parser.repairs} == {"quote", "trailing_comma"}
        (bad,) = refused.stream.calls
        assert isinstance(bad.error, JSONError)

    def test_a_model_is_told_which_repair_would_have_read_its_answer(
        self, ask: Callable[..., Told], api: str, wire: str
    ) -> None:
        with LocalOpenAI(BROKEN, PLAIN) as server:
            told = ask(server, api=api, wire=wire, response_model=User, max_retries=1)
            request = server.requests[1].body
        assert told.final == ADA
        reason = (request["input"] if api == "responses" else request["messages"])[-1]["content"]
        assert 'the text begins with "{\'"' in reason
        assert 'repair="all" would read (quote)' in reason

    def test_a_fence_that_was_asked_for(self, ask: Callable[..., Told], api: str, wire: str) -> None:
        with LocalOpenAI(f"```json\n{PLAIN}\n```") as server:
            told = ask(server, api=api, wire=wire, mode=Mode.MD_JSON, response_model=User)
        assert told.final == ADA
        assert kinds(told.stream) == ["fence", "fence"]

    def test_an_answer_that_is_cut_off(self, ask: Callable[..., Told], api: str, wire: str) -> None:
        class Note(BaseModel):
            text: str = ""
            stars: int = 0

        reply = Reply('```json\n{"text": "Pla', finish_reason="length")
        with LocalOpenAI(reply) as server:
            told = ask(server, api=api, wire=wire, response_model=Note)
        assert isinstance(told.error, TruncatedError)
        assert told.stream.snapshot.text == "Pla"
        assert told.stream.parser.finish(allow_truncated=True) == Note(text="Pla")
        assert kinds(told.stream) == ["fence", "truncated"]


class TestTheRest:
    def test_a_stream_of_deltas_mends_nothing_unless_told(self) -> None:
        with pytest.raises(JSONError):
            instar.partials([FENCED], User).final()
        stream = instar.partials([FENCED], User, repair="around")
        assert stream.final() == ADA
        assert stream.prose == "It was\nBye."

    def test_a_candidate_that_is_given_up(self) -> None:
        text = 'As in {"name": "Bob", "age": "?"}: {"name": "Ada", "age": 36}'
        stream = instar.partials(list(text), User, repair="around")
        names = [user.name for user in stream]
        assert names == [None, "", "B", "Bo", "Bob", None, "", "A", "Ad", "Ada", "Ada"]
        assert stream.final() == ADA
        assert stream.prose == 'As in {"name": "Bob", "age": "?"}: '

    def test_a_turn_without_a_client(self) -> None:
        function = {"name": "Search", "arguments": "{'query': 'Ada', 'most': 3}"}
        deltas = [{"tool_calls": [{"index": 0, "id": "1", "type": "function", "function": function}]}, {}]
        reasons = [None, "tool_calls"]
        chunks = [
            {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            for delta, reason in zip(deltas, reasons, strict=True)
        ]
        body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
        turn = instar.turn([body], wire="openai-chat", tools=[Search], repair="all")
        (call,) = turn.final()
        assert call.final() == Search(query="Ada", most=3)

    @pytest.mark.parametrize("repair", ["every", {"fence", "every"}])
    def test_what_is_no_kind_is_refused_where_it_is_written(self, repair: Any) -> None:
        with pytest.raises(ValueError, match="every"):
            instar.partials([], User, repair=repair)
        with pytest.raises(TypeError, match="repair"):
            instar.partials([], User, repair=3)  # type: ignore[call-overload]
