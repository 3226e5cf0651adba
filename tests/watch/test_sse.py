"""The compact form on the wire: what a page makes of it, what it costs, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field
from starlette.testclient import TestClient

import instar
from instar import Parser
from instar._paths import EVERY, covers, fits, parse, write
from instar.errors import StreamError
from instar.outlets import ndjson, sse, sse_events
from instar.testing.reply import tokens
from support.changes import NaiveChanges, same
from support.clock import in_fake_time, timed
from support.compact import Page
from support.growing import AGrowing, Growing
from support.strategies import UNTYPED, cuts, texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from instar.changes import Change

ADA = ['{"na', 'me": "A', "d", 'a", "notes": ["x\\n', '"], "age": 3', "6}"]
VALUE = {"name": "Ada", "notes": ["x\n"], "age": 36}
BODY = b"""event:snapshot
data:null

data:["o",{}]

data:["o","A","name"]

data:"d"

data:"a"
data:["c"]
data:["o",[],"notes"]
data:["o","x\\n",0]

data:["c"]
data:["c"]

data:["s",36,"age"]
data:["c"]

event:end
data:null

"""


def test_the_body_is_this() -> None:
    assert b"".join(sse(Growing(ADA))) == BODY


def test_an_async_stream_makes_the_same_body() -> None:
    async def run() -> bytes:
        return b"".join([piece async for piece in sse(AGrowing(timed([(0.0, delta) for delta in ADA])))])

    assert in_fake_time(run()) == BODY


@given(data=st.data(), text=texts(UNTYPED))
def test_a_page_shows_what_has_arrived_after_every_delta(data: st.DataObject, text: bytes) -> None:
    deltas = data.draw(cuts(text))
    reader = NaiveChanges(Parser(None))
    one, other = Page(), Page()

    def batches() -> Iterator[list[Change]]:
        for delta in deltas:
            reader.feed(delta)
            yield reader.drain()
            assert same(one.value, json_value(reader.dump()))
        reader.close()
        yield reader.drain()

    for piece in sse(batches()):
        one.sse(piece)
    for piece in ndjson(Growing([text.decode()])):
        other.ndjson(piece)
    assert same(one.value, json_value(reader.dump()))
    assert same(other.value, one.value)
    assert {one.names[0], other.names[0], one.names[-1], other.names[-1]} == {"snapshot", "end"}
    assert one.replica.open is None


def json_value(value: Any) -> Any:
    """Return what JavaScript sees of plain data: it knows neither NaN nor infinities."""
    return json.loads(json.dumps(value, allow_nan=True), parse_constant=lambda _: None)


def answer(seed: int, *, length: int) -> str:
    """Write an answer as models do: a few short fields, and prose in several places."""
    dice = random.Random(seed)  # noqa: S311 - no secret depends on it
    words = ["the", "a", "of", "with", "standard", "delivery", "monthly", "service", "storage", "hours", "café"]
    value: dict[str, Any] = {"title": "Q3", "count": 7, "sections": []}
    while len(json.dumps(value)) < length:
        prose = " ".join(dice.choices(words, k=dice.randrange(20, 90)))
        section = {"heading": " ".join(dice.choices(words, k=4)), "text": f'{prose}.\n"{prose}"', "weight": 0.5}
        value["sections"].append(section)
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("size", [2, 5, 6, 40])
def test_b16_the_body_is_hardly_longer_than_the_text_sent_as_it_is(size: int) -> None:
    text = answer(1, length=12_000)
    deltas = [text[i : i + size] for i in range(0, len(text), size)]
    raw = sum(len(f"data: {delta}\n\n".encode()) for delta in deltas)
    body = sum(map(len, sse(Growing(deltas))))
    assert body <= 1.3 * raw, (body, raw)


def test_the_body_grows_with_the_text_alone() -> None:
    short, long_ = (sum(map(len, sse(Growing(tokens(answer(2, length=n)))))) for n in (4_000, 16_000))
    assert long_ < 4.6 * short


def test_a_retry_is_told() -> None:
    page = Page()
    for piece in sse(Growing(ADA[:3], ADA)):
        page.sse(piece)
    assert page.names[:4] == ["snapshot", "change", "change", "change"]
    assert page.names[4] == "retry"
    assert page.value == VALUE


def broken(text: str) -> Iterator[str]:
    yield text
    message = "sk-secret is over its quota"
    raise StreamError(message)


@pytest.mark.parametrize("read", ["sse", "ndjson"])
def test_a_failure_is_told_in_words_of_ones_own(read: str, caplog: pytest.LogCaptureFixture) -> None:
    page, outlet = Page(), {"sse": sse, "ndjson": ndjson}[read]
    stream = Growing(broken('{"a": "x'))
    for piece in outlet(stream):
        getattr(page, read)(piece)
    assert page.events[-1] == ("failure", {"class": "StreamError", "text": "The answer could not be completed."})
    assert page.value == {"a": "x"}
    assert stream.closed
    assert "secret" in caplog.text
    assert caplog.records[0].name == "instar"
    page = Page()
    for piece in outlet(Growing(broken('{"a": "x')), describe=lambda error: f"Sorry: {type(error).__name__}"):
        getattr(page, read)(piece)
    assert page.events[-1][1]["text"] == "Sorry: StreamError"


def test_what_fails_before_it_begins_still_begins_with_a_snapshot(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    page = Page()
    for piece in sse(Growing(broken(""))):
        page.sse(piece)
    assert page.names == ["snapshot", "failure"]


def test_a_quiet_line_is_kept_alive() -> None:
    async def run(outlet: Any, read: str, **options: Any) -> list[float]:
        page, times = Page(), []
        loop = asyncio.get_running_loop()
        async for piece in outlet(AGrowing(timed([(0.0, '{"a": "'), (40.0, "x"), (50.0, '"}')])), **options):
            before = page.pings
            getattr(page, read)(piece)
            times += [loop.time()] * (page.pings - before)
        assert page.value == {"a": "x"}
        return times

    assert in_fake_time(run(sse, "sse")) == [15.0, 30.0]
    assert in_fake_time(run(ndjson, "ndjson", heartbeat=7)) == [7.0, 14.0, 21.0, 28.0, 35.0, 47.0]
    assert in_fake_time(run(sse, "sse", heartbeat=None)) == []


def test_the_reader_goes_and_the_stream_is_closed() -> None:
    stream = Growing(ADA)
    pieces = sse(stream)
    next(pieces)
    pieces.close()
    assert stream.closed

    async def run() -> None:
        stream = AGrowing(timed([(0.0, ADA[0]), (99.0, ADA[1])]))
        pieces = sse(stream)
        await anext(pieces)
        await pieces.aclose()
        assert stream.closed

    in_fake_time(run())


def test_what_hands_out_no_changes_is_refused() -> None:
    wrong: tuple[Any, ...] = (7, "text")
    for source in wrong:
        with pytest.raises(TypeError, match="a stream, or an iterable of batches of changes, not"):
            sse(source)


# ---------------------------------------------------------------------------------------------------------
# include, exclude


def chosen(value: Any, include: list[Any] | None, exclude: list[Any], path: tuple[Any, ...] = ()) -> tuple[bool, Any]:
    """Say whether a part of a value is sent, and what of it: the naive selection."""
    if any(covers(pattern, path) for pattern in exclude):
        return False, None
    if include is not None and not any(covers(pattern, path) for pattern in include):
        leads = isinstance(value, dict | list) and any(fits(pattern, path) for pattern in include)
        if not leads:
            return False, None
    if isinstance(value, dict):
        parts = {key: chosen(part, include, exclude, (*path, key)) for key, part in value.items()}
        return True, {key: part for key, (there, part) in parts.items() if there}
    if isinstance(value, list):
        return True, [chosen(part, include, exclude, (*path, index))[1] for index, part in enumerate(value)]
    return True, value


class Pair(BaseModel):
    x: int
    y: str


Flat = Annotated[Pair, AfterValidator(lambda pair: f"{pair.x} {pair.y}")]


class Flats(BaseModel):
    one: Flat
    several: list[Flat]
    last: int


@pytest.mark.parametrize("include", [["one.x"], ["several[*].y", "last"], ["one"], ["several[1].x"]])
@pytest.mark.parametrize("size", [1, 7, 200])
def test_an_object_that_becomes_a_text_leads_nowhere(include: list[str], size: int) -> None:
    pair = {"x": 1, "y": "why"}
    text = json.dumps({"one": pair, "several": [pair, pair], "last": 3})
    parser, page = Parser(Flats), Page()
    reader = parser.changes()

    def batches() -> Iterator[list[Change]]:
        for start in range(0, len(text), size):
            parser.feed(text[start : start + size])
            yield reader.drain()

    for piece in sse(batches(), include=include):
        page.sse(piece)
    expected = chosen(parser.dump(mode="json"), [parse(path) for path in include], [])[1]
    # What has shown on the way is null in the end, where it would have been left out of the whole.
    assert {key: value for key, value in page.value.items() if value is not None} == expected


@pytest.mark.parametrize("size", [1, 200])
def test_nor_does_the_whole(size: int) -> None:
    text = json.dumps({"x": 1, "y": "why"})
    parser: Parser[Any] = Parser(Flat)
    reader, page = parser.changes(), Page()

    def batches() -> Iterator[list[Change]]:
        for start in range(0, len(text), size):
            parser.feed(text[start : start + size])
            yield reader.drain()

    for piece in sse(batches(), include=["x"]):
        page.sse(piece)
    assert page.value is None


STEPS: st.SearchStrategy[Any] = st.one_of(st.sampled_from(["a", "b", "", EVERY]), st.integers(0, 1))
PATHS = st.lists(st.lists(STEPS, max_size=3).map(lambda path: write(tuple(path))), max_size=2)


@given(data=st.data(), text=texts(UNTYPED), include=st.none() | PATHS, exclude=PATHS, late=st.booleans())
def test_the_paths_that_are_chosen_are_sent_and_no_other(
    data: st.DataObject, text: bytes, include: list[str] | None, exclude: list[str], *, late: bool
) -> None:
    first, *rest = data.draw(cuts(text))
    parser = Parser(None)
    if late:
        parser.feed(first)
    reader = NaiveChanges(parser, first if late else b"")
    page = Page()

    def batches() -> Iterator[list[Change]]:
        if not late:
            reader.feed(first)
        yield reader.drain()
        for delta in rest:
            reader.feed(delta)
            yield reader.drain()
        reader.close()
        yield reader.drain()

    options: Any = {"exclude": exclude} if include is None else {"include": include, "exclude": exclude}
    for piece in sse(batches(), **options):
        page.sse(piece)
    ways = None if include is None else [parse(path) for path in include]
    there, wanted = chosen(json_value(reader.dump()), ways, [parse(path) for path in exclude])
    assert same(page.value, wanted if there else None)


def test_include_is_several_paths() -> None:
    with pytest.raises(TypeError, match=r"include is several paths: include=\['a'\]"):
        sse(Growing(ADA), include="a")
    with pytest.raises(ValueError, match="is no path"):
        sse(Growing(ADA), exclude=["a["])


class Secret(BaseModel):
    name: str
    token: str = Field("", alias="Token")
    marks: set[tuple[int, str]] = set()


def test_what_can_never_be_there_is_refused() -> None:
    text = '{"name": "Ada", "Token": "sk-1", "marks": [[1, "a"]]}'

    def stream() -> Any:
        return instar.partials([text], Secret)

    for path, nearest in (("tokn", "token"), ("$.name.x", "name is str"), ("marks[*].x", "marks[*] is a tuple")):
        for name in ("exclude", "include"):
            options: Any = {name: [path]}
            for outlet in (sse, ndjson, sse_events):
                with pytest.raises(ValueError, match="can never be there") as caught:
                    outlet(stream(), **options)
                assert nearest in str(caught.value)
    # By its alias a field is meant, too.
    assert b"sk-1" not in b"".join(sse(stream(), exclude=["Token"]))
    body = b"".join(sse(stream(), exclude=["marks[*][1]"]))
    assert b'"a"' not in body
    assert b"[1," in body


def test_a_retry_is_told_whatever_is_chosen() -> None:
    for name, path in (("include", "b"), ("exclude", "a")):
        page, options = Page(), {name: [path]}
        attempts = ['{"a": {"x": "y', '", "b": "1'], ['{"b": "23"', ', "a": 1}']
        for piece in sse(Growing(*attempts), **options):  # type: ignore[call-overload] # one of the two
            page.sse(piece)
        assert page.names.count("retry") == 1
        assert page.value == {"b": "23"}


def test_a_description_that_fails_is_none(caplog: pytest.LogCaptureFixture) -> None:
    def describe(error: Exception) -> str:
        raise RuntimeError(str(error))

    page = Page()
    for piece in sse(Growing(broken('{"a": "x')), describe=describe):
        page.sse(piece)
    assert page.events[-1] == ("failure", {"class": "StreamError", "text": "The answer could not be completed."})
    assert "describe= has failed" in caplog.text


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_heartbeat_takes_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="heartbeat is a number of seconds above 0"):
        sse(Growing(ADA), heartbeat=seconds)


# ---------------------------------------------------------------------------------------------------------
# FastAPI


def test_fastapi_sends_the_same_events() -> None:
    app = FastAPI()

    @app.post("/ada", response_class=EventSourceResponse)
    async def ada() -> AsyncIterator[ServerSentEvent]:
        async for event in sse_events(AGrowing(timed([(0.0, delta) for delta in ADA]))):
            yield event

    page = Page()
    with TestClient(app) as client:
        response = client.post("/ada")
    assert response.headers["content-type"].startswith("text/event-stream")
    page.sse(response.content)
    expected = Page()
    expected.sse(BODY)
    assert page.events == expected.events
    assert page.value == VALUE
