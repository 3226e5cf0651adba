"""What streams hand out besides snapshots: changes, JSON text, places while somebody reads; and at which pace."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

import instar
from instar import RETRY, Change, Replica, StreamError, TruncatedError
from instar.testing import LocalOpenAI
from support.changes import alike, has_sets, same
from support.clock import in_fake_time, timed
from support.strategies import cases, cuts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class User(BaseModel):
    name: str
    age: int | None = None


ADA = ['{"na', 'me": "A', 'da", "age"', ": 3", "6}"]
QUESTION: Any = [{"role": "user", "content": "?"}]


async def each(deltas: list[Any]) -> AsyncIterator[Any]:
    for delta in deltas:
        yield delta


@given(case=cases(), data=st.data())
def test_a_replica_follows_a_stream_sync_and_async(case: Any, data: st.DataObject) -> None:
    deltas = data.draw(cuts(case.text))
    as_sets = has_sets(TypeAdapter(case.tp).core_schema)
    stream, replica, batches = instar.partials(deltas, case.tp), Replica(), []
    try:
        for batch in stream.changes():
            replica.apply(*batch)
            batches.append(batch)
            assert alike(replica.value, stream.dump(mode="json"), as_sets=as_sets)
    except (ValidationError, StreamError):
        pass

    async def run() -> None:
        other = instar.partials(each(deltas), case.tp)
        seen = []
        try:
            async for batch in other.changes():
                seen.append(batch)  # noqa: PERF401 - what came before an error counts
        except (ValidationError, StreamError):
            pass
        assert repr(seen) == repr(batches)

    asyncio.run(run())


@given(data=st.data(), lists=st.dictionaries(st.text(max_size=2), st.lists(st.integers() | st.text(max_size=3))))
def test_the_lists_of_an_object_are_one_list(data: st.DataObject, lists: dict[str, list[Any]]) -> None:
    deltas = data.draw(cuts(json.dumps(lists).encode()))
    stream, replica = instar.elements(deltas, Any), Replica()
    for batch in stream.changes():
        replica.apply(*batch)
        assert same(replica.value, stream.dump(mode="json"))
    assert replica.value == [each for part in lists.values() for each in part]
    assert replica.open is None


def test_a_list_that_is_sent_anew_sends_all() -> None:
    text = '{"a": [1], "b": ["x", "y"]}'
    stream, replica = instar.elements(list(text), str | int), Replica()
    for batch in stream.changes():
        replica.apply(*batch)
    assert replica.value == [1, "x", "y"]


def test_what_the_client_wraps_is_not_seen() -> None:
    with LocalOpenAI(lambda _: ['{"value": [', "1, ", "2", "3]}"]) as server, server.client() as openai:
        chat = instar.from_openai(openai).chat.completions
        stream = chat.create_partial(model="any", messages=QUESTION, response_model=list[int])
        changes = [change for batch in stream.changes() for change in batch]
        assert changes == [
            Change("open", (), []),
            Change("set", (0,), 1),
            Change("set", (1,), 23),
            Change("close", (), None),
        ]
        stream = chat.create_partial(model="any", messages=QUESTION, response_model=list[int])
        assert stream.at("[1]").wait() == 23
        assert stream.final() == [1, 23]


def test_an_attempt_that_is_given_up_is_a_retry() -> None:
    answers = iter([ADA[:3], ADA])
    with LocalOpenAI(lambda _: next(answers)) as server, server.client() as openai:
        chat = instar.from_openai(openai).chat.completions
        stream = chat.create_partial(model="any", messages=QUESTION, response_model=User, max_retries=1)
        changes = [change for batch in stream.changes() for change in batch]
    again = changes.index(RETRY)
    assert changes[:again] == [
        Change("open", (), {}),
        Change("open", ("name",), ""),
        Change("append", ("name",), "A"),
        Change("append", ("name",), "da"),
        Change("close", ("name",), None),
    ]
    assert changes[again + 1] == Change("open", (), {})
    assert changes[-2:] == [Change("set", ("age",), 36), Change("close", (), None)]


def test_json_text_that_is_void_is_an_error() -> None:
    answers = iter([ADA[:3], ADA])
    with LocalOpenAI(lambda _: next(answers)) as server, server.client() as openai:
        chat = instar.from_openai(openai).chat.completions
        stream = chat.create_partial(model="any", messages=QUESTION, response_model=User, max_retries=1)
        with pytest.raises(StreamError, match="was given up, and another attempt follows"):
            list(stream.json_text())


def test_several_calls_have_no_changes_in_common() -> None:
    turn = instar.turn([], wire="openai-chat")
    for look in (turn.changes, turn.json_text):
        with pytest.raises(TypeError, match=r"watch those, by call\.parser\.changes\(\)"):
            next(look())
    with pytest.raises(TypeError, match="several calls"):
        turn.at("a")


@given(data=st.data())
def test_the_json_text_is_that_of_the_answer(data: st.DataObject) -> None:
    text = '{"name": "Zoë \\ud83e\\udd8b 🦋", "age": 1}'
    deltas = data.draw(cuts(text.encode()))
    assert "".join(instar.partials(deltas, User).json_text()) == text

    async def run() -> str:
        return "".join([piece async for piece in instar.partials(each(deltas), User).json_text()])

    assert asyncio.run(run()) == text


def test_what_came_before_an_error_comes_before_it() -> None:
    seen: list[Any] = []
    with pytest.raises(ValidationError):
        for batch in instar.partials(['{"name": "Ada", "age": ['], User).changes():
            seen += batch
    assert seen[-1] == Change("set", ("name",), "Ada")


# ---------------------------------------------------------------------------------------------------------
# Whoever reads


def closing(deltas: list[str], closed: list[bool]) -> Iterator[str]:
    try:
        yield from deltas
    finally:
        closed.append(True)


def test_a_consumer_that_stops_early_closes_everything() -> None:
    closed: list[bool] = []
    for _ in instar.partials(closing(ADA, closed), User).changes():
        break
    for _ in instar.partials(closing(ADA, closed), User).json_text():
        break
    for _ in instar.sse(instar.partials(closing(ADA, closed), User)):
        break
    assert closed == [True] * 3
    # Nobody closes the stream of a place, which others may read on; but it goes when nobody has it.
    assert instar.partials(closing(ADA, closed), User).at("name").wait() == "Ada"
    assert closed == [True] * 4


def read(stream: Any, way: str) -> None:
    """Read a stream to its end, or as far as a place needs."""
    if way == "next":
        while next(stream, None):
            pass
    elif way == "place":
        stream.at("age").wait()
    elif way == "final":
        stream.final()
    else:
        list(stream if way == "loop" else getattr(stream, way)())


async def aread(stream: Any, way: str) -> None:
    """Read an async one."""
    if way == "next":
        while await anext(stream, None):
            pass
    elif way == "place":
        await stream.at("age")
    elif way == "final":
        await stream.final()
    else:
        assert [item async for item in (stream if way == "loop" else getattr(stream, way)())]


WAYS = ["loop", "next", "final", "changes", "json_text", "place"]


@pytest.mark.parametrize("way", WAYS)
def test_callbacks_are_called_whoever_reads(way: str) -> None:
    def told_by(stream: Any) -> list[Any]:
        told: list[Any] = []
        stream.at("name").on_text(told.append)
        stream.at("name").on_close(lambda name: told.append((name, stream.at("age").state)))
        return told

    stream = instar.partials(ADA, User)
    told = told_by(stream)
    read(stream, way)
    assert told == ["A", "da", ("Ada", instar.MISSING)]

    async def run() -> None:
        stream = instar.partials(each(ADA), User)
        told = told_by(stream)
        await aread(stream, way)
        assert told == ["A", "da", ("Ada", instar.MISSING)]

    asyncio.run(run())


@pytest.mark.parametrize("way", WAYS)
def test_a_callback_that_raises_closes_the_stream_and_is_raised(way: str) -> None:
    def explode(_: Any) -> None:
        message = "the callback's own"
        raise KeyError(message)

    closed: list[bool] = []
    stream = instar.partials(closing(ADA, closed), User)
    stream.at("name").on_close(explode)
    with pytest.raises(KeyError, match="own"):
        read(stream, way)
    assert closed == [True]
    assert stream.snapshot.name == "Ada"
    with pytest.raises(TruncatedError, match="closed before its end"):
        stream.final()


def test_what_is_refused_is_refused_and_not_missing() -> None:
    text = '{"name": "Ada", "age": "old"}'
    stream = instar.partials([text], User, on_violation="defer")
    age, name = stream.at("age"), stream.at("name")
    with pytest.raises(ValidationError):
        age.wait()
    assert (age.state, name.state, stream.at("$").state) == (instar.REFUSED, instar.SETTLED, instar.REFUSED)


# ---------------------------------------------------------------------------------------------------------
# Pace

TIMES = [(0.0, '{"name": "'), (0.2, "A"), (0.4, "d"), (1.3, "a"), (1.4, '"'), (5.0, "}")]


def test_snapshots_come_at_a_pace() -> None:
    async def run() -> list[Any]:
        loop = asyncio.get_running_loop()
        stream = instar.partials(timed(TIMES), User, emit=1)
        seen = [(round(loop.time(), 3), user.name) async for user in stream]
        assert (await stream.final()).name == "Ada"
        return seen

    assert in_fake_time(run()) == [(0.0, None), (1.0, "Ad"), (2.0, "Ada")]


def test_batches_come_at_a_pace_and_nothing_is_lost() -> None:
    async def run() -> list[Any]:
        loop = asyncio.get_running_loop()
        stream = instar.partials(timed(TIMES), User, emit=1)
        return [(round(loop.time(), 3), batch) async for batch in stream.changes()]

    seen = in_fake_time(run())
    assert [time for time, _ in seen] == [0.0, 1.0, 2.0, 5.0]
    replica = Replica()
    replica.apply(*(change for _, batch in seen for change in batch))
    assert replica.value == {"name": "Ada"}
    assert replica.open is None


def test_sync_streams_hand_out_the_first_and_the_last() -> None:
    stream = instar.partials(ADA, User, emit=3600)
    assert [user.name for user in stream] == [None, "Ada"]
    assert stream.final() == User(name="Ada", age=36)
    stream = instar.partials(ADA, User, emit=3600)
    assert next(stream).name is None
    assert next(stream) == User(name="Ada", age=36)
    assert next(stream, None) is None
    assert len(list(instar.partials(ADA, User, emit=3600).changes())) == 2
    assert list(instar.elements(["[1, ", "2, ", "3]"], int, emit=3600)) == [1, 2, 3]


def test_a_paced_stream_closes_when_the_loop_is_left_and_raises_what_is_wrong() -> None:
    closed: list[bool] = []
    for user in instar.partials(closing(ADA, closed), User, emit=0):
        if user.name:
            break
    assert closed == [True]
    seen = []
    with pytest.raises(TruncatedError):
        for user in instar.partials(ADA[:3], User, emit=3600):
            seen.append(user.name)  # noqa: PERF401 - what came before the error counts
    assert seen == [None, "Ada"]


def test_there_is_no_other_pace() -> None:
    for emit in ("often", -1, float("nan")):
        with pytest.raises(ValueError, match="emit is 'delta', 'read' or a number of seconds"):
            instar.partials(ADA, User, emit=emit)  # type: ignore[arg-type]
    with LocalOpenAI(ADA) as server, server.client() as openai:
        chat = instar.from_openai(openai).chat.completions
        stream = chat.create_partial(model="any", messages=QUESTION, response_model=User, emit=3600)
        assert [user.name for user in stream] == [None, "Ada"]
        with pytest.raises(ValueError, match="emit is"):
            chat.create_partial(model="any", messages=QUESTION, response_model=User, emit=-1)
