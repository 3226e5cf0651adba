"""Answers with something before or behind them: prose, other calls, white space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

import instar
from instar import JSONError, StreamError, TruncatedError
from instar.openai import Mode, from_openai
from instar.testing import LocalOpenAI
from support.bodies import COMPLETED, call, chunk, message, outcome, sse, text
from support.clients import Told, both
from support.samples import ADA, ASK, BOB, User

Ask = Callable[..., Told]

ANSWERS: tuple[Literal["auto"], Literal["text"]] = ("auto", "text")
USER = User.model_validate_json(ADA)


class Ping(BaseModel):
    """Something that takes no arguments."""


class TestProse:
    """Prose before the answer, which may stand behind it in the same text, in a call, or in another text."""

    PROSE = ("Let me fill it in.", "So: {it} and [1].", 'Use {"q": 1}.')

    @both
    @pytest.mark.parametrize("prose", PROSE)
    def test_a_call_where_text_was_asked_for(self, ask: Ask, prose: str) -> None:
        pieces = [chunk(content=prose[:9]), chunk(content=prose[9:]), chunk(**call("", "json_tool_call"))]
        with LocalOpenAI(sse(*pieces, *(chunk(**call(letter)) for letter in ADA), chunk("tool_calls"))) as server:
            told = ask(server, response_model=User)
        assert (told.final, told.stream.prose) == (USER, prose)
        if "{" not in prose:
            assert len(told.seen) > 5, "it grows as it comes"
            assert told.seen[0] != told.seen[1]

    @both
    @pytest.mark.parametrize("prose", PROSE)
    def test_json_behind_it_in_the_text(self, ask: Ask, prose: str) -> None:
        pieces = [chunk(content=prose), *(chunk(content=letter) for letter in ADA), chunk("stop")]
        with LocalOpenAI(sse(*pieces), sse(*pieces)) as server:
            told = ask(server, response_model=User)
            assert (told.final, told.stream.prose) == (USER, prose)
            assert len(told.seen) > 5
            told = ask(server, response_model=User, mode=Mode.TOOLS)
            assert (told.final, told.stream.prose) == (USER, prose)

    @pytest.mark.parametrize("prose", PROSE)
    @pytest.mark.parametrize("answer", ["auto", "text"])
    def test_json_behind_it_in_a_body(self, prose: str, answer: Any) -> None:
        body = sse(chunk(content=prose), *(chunk(content=letter) for letter in ADA), chunk(finish="stop"))
        assert outcome(body, wire="openai-chat", answer=answer) == (USER, prose)
        seen = list(instar.partials([body], User, wire="openai-chat", answer=answer))
        assert "A" in [user.name for user in seen], "it grows as it comes"

    @pytest.mark.parametrize("prose", PROSE)
    def test_a_call_behind_it_in_a_body(self, prose: str) -> None:
        assert outcome(sse(chunk(content=prose), chunk(**call(ADA, "User"))), wire="openai-chat") == (USER, prose)

    @pytest.mark.parametrize("prose", PROSE)
    def test_another_text_behind_it(self, prose: str) -> None:
        events = [message(0), text(prose), message(1), text(ADA[:9], 1), text(ADA[9:], 1), COMPLETED]
        assert outcome(sse(*events), wire="openai-responses") == (USER, prose)
        events = [message(0), text(prose), message(1), text("Here: " + ADA, 1), COMPLETED]
        final, beside = outcome(sse(*events), wire="openai-responses")
        assert final == USER
        assert beside == f"{prose}\n\nHere: "

    def test_nothing_behind_it(self) -> None:
        body = [sse(chunk(content="So: {it}."), chunk(finish="stop"))]
        for answer in ANSWERS:
            with pytest.raises(JSONError, match="no JSON in the text, which begins with 'So:"):
                instar.partials(body, User, wire="openai-chat", answer=answer).final()
        with pytest.raises(StreamError, match=r"in prose instead of calling .* begins with 'So:"):
            instar.partials(body, User, wire="openai-chat", answer="call").final()
        with LocalOpenAI(body[0]) as server, server.client() as real:
            stream = from_openai(real).create_partial(response_model=User, mode=Mode.TOOLS, **ASK)
            with pytest.raises(StreamError, match=r"in prose instead of calling .* begins with 'So:"):
                stream.final()
            assert stream.prose == "So: {it}."

    def test_elements_behind_it(self) -> None:
        pieces = (chunk(content=letter) for letter in f"So [1]: [{ADA}]")
        body = sse(*pieces, chunk(**call(f"[{BOB}]", "Users")))
        assert [user.name for user in instar.elements([body], User, wire="openai-chat")] == ["Ada", "Bob"]
        assert [user.name for user in instar.elements([body], User, wire="openai-chat").final()] == ["Bob"]

    def test_a_strict_reading_refuses_it_at_once(self) -> None:
        read = []

        def pieces() -> Any:
            for event in (chunk(content="Sure."), chunk(content=" So"), chunk(**call(ADA, "User"))):
                read.append(event)
                yield event

        with pytest.raises(JSONError):
            instar.partials(pieces(), User, wire="openai-chat", answer="text", repair="none").final()
        assert len(read) == 1


class TestCallsWithoutArguments:
    @pytest.mark.parametrize("arguments", [None, "", " ", "{}", "null"])
    def test_before_another(self, arguments: str | None) -> None:
        first: Any = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "Ping", "arguments": arguments}}]}
        second: Any = {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "User", "arguments": ADA}}]}
        body = sse(chunk(**first), chunk(**second), chunk(finish="tool_calls"))
        for size in (1, len(body)):
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            turn = instar.turn(pieces, wire="openai-chat", tools=[User, Ping])
            assert [call.final() for call in turn.final()] == [Ping(), USER]
            assert [call.index for call in turn.calls] == [0, 1]
            assert [made["id"] for made in turn.messages[0]["tool_calls"]] == ["a", "b"]

    @pytest.mark.parametrize(("reason", "whole"), [("tool_use", True), ("max_tokens", False)])
    def test_whose_end_comes_before_the_reason(self, reason: str, *, whole: bool) -> None:
        block = {"type": "tool_use", "id": "t", "name": "User", "input": {}}
        events = [
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": reason}},
            {"type": "message_stop"},
        ]
        error = ValidationError if whole else TruncatedError
        with pytest.raises(error, match="Field required" if whole else "token limit was reached"):
            instar.partials(events, User, wire="anthropic").final()
        (called,) = instar.turn(events, wire="anthropic", tools=[User]).final()
        assert isinstance(called.error, error)


@pytest.mark.parametrize("method", ["create_partial", "create_iterable"])
def test_white_space_without_end_behind_a_call(method: str) -> None:
    read = [0]

    def events() -> Any:
        yield chunk(**call(ADA, "User"))
        for _ in range(10_000):
            read[0] += 1
            yield chunk(**call("\n"))
        yield chunk(finish="tool_calls")

    if method == "create_partial":
        assert instar.partials(events(), User, wire="openai-chat").final() == USER
        assert read[0] < 1000
    else:
        (called,) = instar.turn(events(), wire="openai-chat", tools=[User]).final()
        assert called.final() == USER


class TestBehindACall:
    """What comes behind the whole arguments of a call, in deltas of its own."""

    @pytest.mark.parametrize("behind", [["\n```"], [" That", " is all."], ["\n", ADA]])
    def test_is_mended_as_it_is_in_one(self, behind: list[str]) -> None:
        deltas = [chunk(**call(piece)) for piece in behind]
        for events in ([chunk(**call(ADA, "User")), *deltas], [chunk(**call(ADA + "".join(behind), "User"))]):
            body = [sse(*events, chunk("tool_calls"))]
            (called,) = instar.turn(body, wire="openai-chat", tools=[User]).final()
            assert called.final() == USER
            (strict,) = instar.turn(body, wire="openai-chat", tools=[User], repair="none").final()
            assert isinstance(strict.error, JSONError) or behind[-1] == ADA

    def test_is_too_late_behind_its_end(self) -> None:
        body = sse(chunk(**call(ADA, "User")), chunk("tool_calls"), chunk(**call('{"late"')))
        for size in (1, len(body)):
            cut = [body[at : at + size] for at in range(0, len(body), size)]
            (called,) = instar.turn(cut, wire="openai-chat", tools=[User], repair="none").final()
            assert (called.final(), called.text) == (USER, ADA)


def test_calls_of_an_attempt_that_was_given_up() -> None:
    def block(index: int, **block: Any) -> dict[str, Any]:
        return {"type": "content_block_start", "index": index, "content_block": block}

    def arguments(index: int, partial_json: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": {"partial_json": partial_json}}

    body = sse(
        block(0, type="tool_use", id="first", name="Ping", input={}),
        arguments(0, '{"not": "whole'),
        block(1, type="fallback"),
        block(2, type="tool_use", id="second", name="User", input={}),
        arguments(2, ADA),
        {"type": "content_block_stop", "index": 2},
        {"type": "message_stop"},
    )
    for size in (1, len(body)):
        turn = instar.turn(
            [body[at : at + size] for at in range(0, len(body), size)], wire="anthropic", tools=[User, Ping]
        )
        ids = [part.id for part in turn if isinstance(part, instar.Call)]
        assert sorted(set(ids)) == ["first", "second"]
        assert [(called.id, called.index, called.final()) for called in turn.calls] == [("second", 0, USER)]
