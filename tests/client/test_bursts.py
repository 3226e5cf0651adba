"""Async streams with much in hand: no step of the event loop takes in more than 64 KB, however it is read."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError

import instar
from instar import AsyncStream, JSONError, Parser, Stream, TruncatedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable

MOST = 64 * 1024


class Row(BaseModel):
    id: int
    text: str


class Rows(BaseModel):
    rows: list[Row]
    note: str = ""


ROWS = json.dumps({"rows": [{"id": number, "text": "é" * 50} for number in range(2000)]}, ensure_ascii=False)
NOTE = json.dumps({"rows": [], "note": "é" * 300_000}, ensure_ascii=False)
LIST = json.dumps(json.loads(ROWS)["rows"], ensure_ascii=False)


async def _source(pieces: Iterable[Any]) -> AsyncIterator[Any]:
    """Pieces that are all there: nobody waits for them."""
    for piece in pieces:
        yield piece


def _cut(text: str | bytes, size: int) -> list[Any]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _events(text: str, size: int, said: Callable[[str], dict[str, Any]]) -> bytes:
    """The body of a response whose events have so many characters of the answer each."""
    deltas = [{"role": "assistant"}, *map(said, _cut(text, size))]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = [json.dumps({"object": "chat.completion.chunk", "choices": [choice]}) for choice in choices]
    return b"".join(b"data: %b\n\n" % event.encode() for event in [*events, "[DONE]"])


def _text(content: str) -> dict[str, Any]:
    return {"content": content}


def _call(arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "Rows", "arguments": arguments}}]}


class Steps:
    """Counts, from one step of the event loop to the next, how much has been taken in."""

    def __init__(self, counted: Callable[[], int]) -> None:
        self.most = self.count = 0
        self._counted = counted
        self._before = counted()
        self._done = False

    async def of(self, reading: Coroutine[Any, Any, Any]) -> Any:
        """Read, while the loop ticks."""
        asyncio.get_running_loop().call_soon(self._tick)
        try:
            return await reading
        finally:
            self._tick()
            self._done = True

    def _tick(self) -> None:
        now = self._counted()
        self.most, self.count = max(self.most, now - self._before), self.count + 1
        self._before = now
        if not self._done:
            asyncio.get_running_loop().call_soon(self._tick)


async def _iterated(stream: AsyncStream[Any, Any]) -> Any:
    async for _ in stream:
        pass
    return await stream.final()


async def _asked(stream: AsyncStream[Any, Any]) -> Any:
    while await anext(stream, None) is not None:
        pass
    return await stream.final()


async def _final(stream: AsyncStream[Any, Any]) -> Any:
    return await stream.final()


async def _changes(stream: AsyncStream[Any, Any]) -> Any:
    replica = instar.Replica()
    async for batch in stream.changes():
        replica.apply(*batch)
    assert replica.value == stream.dump(mode="json")
    return await stream.final()


async def _json_text(stream: AsyncStream[Any, Any]) -> Any:
    text = "".join([piece async for piece in stream.json_text()])
    assert text == stream.text
    return await stream.final()


async def _at(stream: AsyncStream[Any, Any]) -> Any:
    assert await stream.at("rows") is not None
    return await stream.final()


each_reading = pytest.mark.parametrize(
    "read", [_iterated, _asked, _final, _changes, _json_text, _at], ids=lambda read: read.__name__.strip("_")
)


@each_reading
@pytest.mark.parametrize("emit", ["delta", 0.0])
@pytest.mark.parametrize("size", [7_000, 33_000, 10_000_000])
async def test_deltas(read: Callable[[Any], Any], emit: Any, size: int) -> None:
    for text in (ROWS, NOTE, NOTE.encode()):
        stream = instar.partials(_source(_cut(text, size)), Rows, emit=emit)
        steps = Steps(lambda stream=stream: stream.parser.offset)  # type: ignore[misc]
        assert await steps.of(read(stream)) == Rows.model_validate_json(text)
        assert steps.most <= MOST
        assert stream.parser.offset == len(text.encode() if isinstance(text, str) else text)


async def test_tiny_deltas_share_a_step() -> None:
    stream = instar.partials(_source(_cut(ROWS, 4)), Rows, live=True)
    steps = Steps(lambda: stream.parser.offset)
    await steps.of(_iterated(stream))
    assert MOST / 4 <= steps.most <= MOST
    assert steps.count <= 2 + len(ROWS.encode()) / (MOST / 4)


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("size", [1_000, 10_000_000])
async def test_elements(on_error: Any, size: int) -> None:
    stream = instar.elements(_source(_cut(LIST, size)), Row, on_error=on_error)
    steps = Steps(lambda: stream.parser.offset)
    assert len(await steps.of(_iterated(stream))) == 2000
    assert steps.most <= MOST


@each_reading
@pytest.mark.parametrize("emit", ["delta", "read"])
@pytest.mark.parametrize("said", [_text, _call], ids=["text", "call"])
@pytest.mark.parametrize("of_event", [50, 10_000_000], ids=["small events", "one event"])
@pytest.mark.parametrize("of_piece", [300, 65_536, 10_000_000])
async def test_a_body(read: Callable[[Any], Any], emit: Any, said: Any, of_event: int, of_piece: int) -> None:
    body = _events(ROWS, of_event, said)
    stream = instar.partials(_source(_cut(body, of_piece)), Rows, wire="openai-chat", emit=emit)
    decoded, parsed = Steps(lambda: stream.received), Steps(lambda: stream.parser.offset)
    assert await decoded.of(parsed.of(read(stream))) == Rows.model_validate_json(ROWS)
    assert decoded.most <= MOST
    assert parsed.most <= MOST


async def test_a_turn() -> None:
    turn = instar.turn(_source([_events(ROWS, 10_000_000, _call)]), wire="openai-chat", tools=[Rows])
    steps = Steps(lambda: max((call.parser.offset for call in turn.calls), default=0))
    (call,) = await steps.of(_final(turn))
    assert call.final() == Rows.model_validate_json(ROWS)
    assert steps.most <= MOST


async def test_a_body_that_a_function_reads() -> None:
    def content(event: Any) -> str | None:
        text: str | None = event["choices"][0]["delta"].get("content")
        return text

    stream = instar.partials(_source([_events(ROWS, 50, _text)]), Rows, wire=content)
    steps = Steps(lambda: stream.received)
    assert await steps.of(_final(stream)) == Rows.model_validate_json(ROWS)
    assert steps.most <= MOST


async def test_what_others_have_to_do_is_done_meanwhile() -> None:
    """Of several streams with all in hand, each comes to its turn."""
    order: list[int] = []

    async def read(number: int) -> None:
        async for _ in instar.partials(_source(_cut(ROWS, 20_000)), Rows):
            order.append(number)  # noqa: PERF401 - the three of them take turns

    await asyncio.gather(*map(read, range(3)))
    begun = [order.index(number) for number in range(3)]
    assert max(begun) <= 3 * 3, "a third one begins before the first has read three pieces"


def _seen_sync(stream: Stream[Any, Any]) -> list[Any]:
    return [(item, stream.delta) for item in stream]


async def _seen_async(stream: AsyncStream[Any, Any]) -> list[Any]:
    return [(item, stream.delta) async for item in stream]


def _by_hand(pieces: Iterable[str]) -> list[Any]:
    """What a parser shows that is fed each delta at once."""
    parser = Parser(Rows)
    seen = [parser.snapshot]
    for piece in pieces:
        parser.feed(piece)
        if parser.snapshot != seen[-1]:
            seen.append(parser.snapshot)
    return seen


@pytest.mark.parametrize("text", [ROWS, NOTE], ids=["rows", "note"])
@pytest.mark.parametrize(
    "sizes", [(10_000_000,), (10, 100_000, 10, 40_000, 40_000, 10_000_000)], ids=["one", "several"]
)
async def test_a_large_delta_is_one_delta(text: str, sizes: tuple[int, ...]) -> None:
    pieces = []
    at = 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    sync, by_async = (
        _seen_sync(instar.partials(pieces, Rows)),
        await _seen_async(instar.partials(_source(pieces), Rows)),
    )
    assert [item for item, _ in sync] == [item for item, _ in by_async] == _by_hand(pieces)
    assert [delta for _, delta in sync] == [delta for _, delta in by_async]
    batches = [batch async for batch in instar.partials(_source(pieces), Rows).changes()]
    assert batches == list(instar.partials(pieces, Rows).changes())


async def test_a_large_piece_is_one_read() -> None:
    pieces = [_events(ROWS, 50, _text)]
    options: Any = {"wire": "openai-chat", "emit": "read"}
    sync = _seen_sync(instar.partials(pieces, Rows, **options))
    by_async = await _seen_async(instar.partials(_source(pieces), Rows, **options))
    assert len(sync) == 2, "the empty one, and one for the piece"
    assert sync == by_async


@pytest.mark.parametrize("view", ["partials", "elements"])
@pytest.mark.parametrize("wrong", ["; no JSON", ', {"id": "x"', ""], ids=["syntax", "schema", "cut off"])
async def test_what_is_wrong_in_a_large_delta(view: str, wrong: str) -> None:
    """What showed before is handed out, and elements that the delta had whole; then it is raised, as in sync code."""
    read, schema = getattr(instar, view), {"partials": list[Row], "elements": Row}[view]
    text = LIST[:200_000].rpartition(",")[0].rpartition("}")[0] + "}" + wrong
    seen: list[list[Any]] = [[], []]
    raised: list[Any] = []
    with pytest.raises((JSONError, ValidationError, TruncatedError)) as caught:
        for item in read([text, " "], schema):
            seen[0].append(item)
    raised.append(caught.value)
    with pytest.raises((JSONError, ValidationError, TruncatedError)) as caught:
        async for item in read(_source([text, " "]), schema):
            seen[1].append(item)
    raised.append(caught.value)
    assert seen[0] == seen[1]
    assert str(raised[0]) == str(raised[1])
    assert len(seen[0]) == (1 + (not wrong) if view == "partials" else text.count("{") - (wrong.count("{")))


@pytest.mark.parametrize("size", [1000, 10_000_000])
async def test_much_white_space_behind_the_value_in_one_delta(size: int) -> None:
    pieces = _cut(ROWS + " " * 100_000, size)
    stream = instar.partials(_source(pieces), Rows)
    seen = [item async for item in stream]
    assert seen[-1] == await stream.final() == Rows.model_validate_json(ROWS)
    assert stream.text == ROWS + " " * 512


async def test_a_stream_that_is_left_while_others_have_their_turn() -> None:
    stream = instar.partials(_source(_cut(ROWS, 10_000)), Rows)
    task = asyncio.create_task(_iterated(stream))
    await asyncio.sleep(0)
    assert 0 < stream.parser.offset <= MOST, "it has begun, and handed the loop back"
    before = stream.parser.offset
    await stream.aclose()
    with pytest.raises(TruncatedError, match="closed before its end"):
        await task
    assert stream.parser.offset == before


async def test_a_stream_that_is_cancelled_while_others_have_their_turn() -> None:
    stream = instar.partials(_source(_cut(ROWS, 10_000)), Rows)
    task = asyncio.create_task(_iterated(stream))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(TruncatedError, match="its reading was interrupted"):
        await stream.final()
    assert stream.snapshot.rows
