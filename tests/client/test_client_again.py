"""Asking again, and who hears of what: retries, listeners, the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import openai
import pytest
from pydantic import ValidationError

from instar import JSONError, RefusalError, TruncatedError
from instar.openai import Mode, from_openai
from instar.testing import LocalOpenAI, Reply
from support.clients import Told, both
from support.samples import ADA, ASK, BOB, Cat, Dog, User

Ask = Callable[..., Told]
wires = pytest.mark.parametrize("wire", ["raw", "sdk"])

BAD = '{"name": "Eve", "age": "old", "bio": ""}'
ITEMS = f'{{"items": [{ADA}, {BOB}]}}'


@both
@wires
class TestAskingAgain:
    @pytest.mark.parametrize(
        ("reply", "error", "words"),
        [
            (BAD, ValidationError, "- age: Input should be a valid integer"),
            ("Sure! Here it is:", JSONError, "no JSON in the text, which begins with 'Sure"),
            (Reply(ADA[:12], finish_reason="length"), TruncatedError, "- name: the text ended early"),
        ],
        ids=["violation", "syntax", "truncation"],
    )
    def test_what_is_wrong_is_said(self, ask: Ask, wire: str, reply: Any, error: type[Exception], words: str) -> None:
        heard: list[tuple[int, Exception]] = []
        with LocalOpenAI(reply, ADA) as server:
            told = ask(server, wire=wire, response_model=User, max_retries=2, on_retry=lambda *news: heard.append(news))
            first, second = server.requests
        assert told.final == User.model_validate_json(ADA)
        assert told.stream.attempt == 2
        assert told.stream.text == ADA
        ((attempt, heard_error),) = heard
        assert attempt == 2
        assert isinstance(heard_error, error)
        assert second.body["messages"][:1] == first.body["messages"]
        answer, reason = second.body["messages"][1:]
        assert answer["role"] == "assistant"
        assert str(reply.text if isinstance(reply, Reply) else reply).startswith(answer["content"])
        assert reason["role"] == "user"
        assert words in reason["content"]

    def test_the_new_attempt_starts_from_nothing(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(BAD, ADA) as server:
            told = ask(server, wire=wire, response_model=User, max_retries=1)
        names = [user.name for user in told.seen]
        assert names[0] is None
        fresh = names.index(None, 1)
        assert names[fresh - 1] == "Eve"
        assert names[-1] == "Ada"

    def test_elements_are_handed_out_once(self, ask: Ask, wire: str) -> None:
        replies = f'{{"items": [{ADA}, {BAD}]}}', f'{{"items": [{BOB}, {ADA}, {ADA}, 5]}}', ITEMS
        with LocalOpenAI(*replies) as server:
            told = ask(server, wire=wire, method="create_iterable", response_model=User, max_retries=2)
        assert [user.name for user in told.seen] == ["Ada", "Bob", "Ada"]
        assert [user.name for user in told.final] == ["Ada", "Bob"]
        assert told.stream.attempt == 3

    def test_calls_are_handed_out_once(self, ask: Ask, wire: str) -> None:
        cat, dog = '{"kind": "cat", "lives": 9}', '{"kind": "dog", "breed": "Poodle"}'
        replies = Reply(calls=[("Cat", cat), ("Dog", '{"kind": 5}')]), Reply(calls=[("Cat", cat), ("Dog", dog)])
        with LocalOpenAI(*replies) as server:
            told = ask(server, wire=wire, method="create_iterable", tools=[Cat, Dog], max_retries=1)
            answer = server.requests[1].body["messages"][1]["content"]
        assert [type(pet) for pet in told.seen] == [Cat, Dog]
        assert answer.startswith(f"Cat {cat[:5]}")

    def test_the_last_error_is_raised(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(BAD, "Sure", '{"name": 1}') as server:
            told = ask(server, wire=wire, response_model=User, max_retries=2)
            assert len(server.requests) == 3
            assert len(server.requests[2].body["messages"]) == 5
        assert isinstance(told.error, ValidationError)
        assert told.error.errors()[0]["loc"] == ("name",)
        assert told.stream.attempt == 3

    def test_nobody_is_asked_again_unless_told(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(BAD, ADA) as server:
            assert isinstance(ask(server, wire=wire, response_model=User).error, ValidationError)
            assert len(server.requests) == 1

    def test_a_refusal_is_final(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(Reply("Not that.", field="refusal"), ADA) as server:
            assert isinstance(ask(server, wire=wire, response_model=User, max_retries=2).error, RefusalError)
            assert len(server.requests) == 1

    def test_a_request_that_fails_is_not_a_bad_answer(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(BAD, Reply("Slow down.", status=429)) as server:
            told = ask(server, wire=wire, response_model=User, max_retries=5)
        assert isinstance(told.error, openai.RateLimitError)
        assert told.stream.snapshot.name == "Eve"  # what has arrived stays readable

    def test_messages_that_can_be_read_once(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(BAD, ADA) as server:
            told = ask(server, wire=wire, response_model=User, messages=iter(ASK["messages"]), max_retries=1)
            assert server.requests[1].body["messages"][0] == ASK["messages"][0]
        assert told.final.name == "Ada"

    def test_an_empty_answer(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI("", ADA) as server:
            assert ask(server, wire=wire, response_model=User, max_retries=1).final.name == "Ada"
            assert [message["role"] for message in server.requests[1].body["messages"]] == ["user", "user"]

    @pytest.mark.parametrize("mode", Mode)
    def test_in_each_mode_and_by_the_responses_api(self, ask: Ask, wire: str, mode: Mode) -> None:
        with LocalOpenAI(BAD, ADA) as server:
            told = ask(server, api="responses", wire=wire, response_model=User, mode=mode, max_retries=1)
            roles = [message["role"] for message in server.requests[1].body["input"]]
        assert told.final.name == "Ada"
        assert roles[-3:] == ["user", "assistant", "user"]

    def test_bytes_of_the_attempt(self, ask: Ask, wire: str) -> None:
        with LocalOpenAI(BAD, BAD) as server:
            told = ask(server, wire=wire, response_model=User, max_retries=1)
        if wire == "raw":
            assert told.stream.received < 2 * len(json.dumps(told.stream.completion.to_dict())) + 10_000
            notes = getattr(told.error, "__notes__", None)  # from Python 3.11 on
            assert notes is None or notes[-1].startswith(str(told.stream.received))
            assert notes or not hasattr(told.error, "add_note")


class TestInOnePiece:
    def test_create_asks_again(self) -> None:
        with LocalOpenAI(BAD, ADA, BAD, ADA) as server:
            client = from_openai(server.client())
            assert client.create(response_model=User, max_retries=1, **ASK).name == "Ada"
            user, completion = client.create_with_completion(response_model=User, max_retries=1, **ASK)
            assert user.name == "Ada"
            assert completion.choices[0].message.content == ADA
            assert [len(request.body["messages"]) for request in server.requests] == [1, 3, 1, 3]

    async def test_async_create_asks_again(self) -> None:
        with LocalOpenAI(BAD, ADA) as server:
            async with from_openai(server.async_client()) as client:
                assert (await client.create(response_model=User, max_retries=1, **ASK)).name == "Ada"


class News:
    """Listeners to everything."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        events = ("request", "response", "violation", "retry", "final", "error")
        self.listeners = {event: self._listener(event) for event in events}

    def _listener(self, event: str) -> Callable[..., None]:
        return lambda *news: self.heard.append((event, *news))

    @property
    def events(self) -> list[str]:
        return [event for event, *_ in self.heard]


@both
@wires
class TestListeners:
    def test_a_good_answer(self, ask: Ask, wire: str) -> None:
        news = News()
        with LocalOpenAI(ADA) as server:
            told = ask(server, wire=wire, response_model=User, on=news.listeners)
            sent = server.requests[0].body
        assert news.events == ["request", "response", "final"]
        (_, keywords), (_, response), (_, value, stream) = news.heard
        assert keywords == sent
        assert hasattr(response, "iter_bytes") == (wire == "raw")
        assert value == told.final
        assert stream is told.stream
        assert stream.usage.total_tokens

    def test_asking_again(self, ask: Ask, wire: str) -> None:
        news = News()
        with LocalOpenAI(BAD, BAD) as server:
            told = ask(server, wire=wire, response_model=User, on=news.listeners, max_retries=1)
        assert news.events == [
            "request",
            "response",
            "violation",
            "retry",
            "request",
            "response",
            "violation",
            "error",
        ]
        assert news.heard[3] == ("retry", 2, news.heard[2][1])
        assert news.heard[-1] == ("error", told.error, told.stream)

    @pytest.mark.parametrize("text", ["Not that.", ""])
    def test_an_answer_that_is_missing(self, ask: Ask, wire: str, text: str) -> None:
        news = News()
        with LocalOpenAI(Reply(text, field="refusal")) as server:
            ask(server, wire=wire, response_model=User, on=news.listeners)
        assert news.events == ["request", "response", "violation", "error"]

    def test_a_request_that_fails(self, ask: Ask, wire: str) -> None:
        news = News()
        with LocalOpenAI(Reply("no such key", status=401)) as server:
            ask(server, wire=wire, response_model=User, on=news.listeners)
        assert news.events == ["request", "error"]
        assert isinstance(news.heard[1][1], openai.AuthenticationError)

    def test_a_connection_that_breaks(self, ask: Ask, wire: str) -> None:
        news = News()
        with LocalOpenAI(Reply(ADA[:9], drop=True)) as server:
            ask(server, wire=wire, response_model=User, on=news.listeners)
        assert news.events == ["request", "response", "error"]

    def test_what_a_listener_raises_passes_through(self, ask: Ask, wire: str) -> None:
        def stop(*_: Any) -> None:
            raise ZeroDivisionError

        with LocalOpenAI(ADA) as server:
            assert isinstance(
                ask(server, wire=wire, response_model=User, on={"response": stop}).error, ZeroDivisionError
            )


class TestOn:
    def test_it_can_be_undone(self) -> None:
        heard: list[Any] = []
        with LocalOpenAI(ADA, ADA, ADA) as server:
            client = from_openai(server.client())
            forget = client.on("request", heard.append)
            client.create(response_model=User, **ASK)
            client.with_options(timeout=5).create(response_model=User, **ASK)
            forget()
            forget()
            client.create(response_model=User, **ASK)
        assert len(heard) == 2

    def test_events_and_listeners_that_are_none(self) -> None:
        async def listener() -> None: ...

        with LocalOpenAI() as server:
            client = from_openai(server.client())
            with pytest.raises(ValueError, match="request, response, violation"):
                client.on("completion:kwargs", print)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="plain function"):
                client.on("request", listener)


def test_the_log_tells_what_happens_and_nothing_of_what_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with LocalOpenAI(BAD, ADA) as server, caplog.at_level(logging.DEBUG, "instar"):
        from_openai(server.client()).create_partial(response_model=User, max_retries=1, **ASK).final()
    records = [record for record in caplog.records if record.name == "instar"]
    assert {record.levelno for record in records} == {logging.DEBUG}
    text = "\n".join(record.getMessage() for record in records)
    assert "chat.completions: a request to any" in text
    assert "attempt 2 begins" in text
    assert "Eve" not in text
    assert "old" not in text
