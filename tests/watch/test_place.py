"""Places of a stream, sync and async."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError, field_validator

import instar
from instar import Parser
from instar._paths import parse
from instar._place import part
from instar._watch import State
from instar.errors import AbsentError, StreamError
from instar.outlets import share
from instar.testing import LocalOpenAI
from support.changes import MISSING, at
from support.clock import in_fake_time, timed
from support.strategies import cuts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar import AsyncStream, Stream
    from instar.changes import Path


class Bullet(BaseModel):
    text: str
    weight: float = 1.0

    @field_validator("text")
    @classmethod
    def _tidy(cls, text: str) -> str:
        return text.strip()


class Section(BaseModel):
    title: str
    bullets: list[Bullet] = []


class Paper(BaseModel):
    title: str
    year: int | None = None
    sections: list[Section]
    named: dict[int, Section] = {}
    motto: str
    note: str = "Nullius in verba"


TEXT = json.dumps(
    {
        "title": "On Flying",
        "year": None,
        "sections": [
            {"title": "Wings", "bullets": [{"text": "They bend "}, {"text": "They beat", "weight": 2}]},
            {"title": "Steam", "bullets": []},
        ],
        "named": {"7": {"title": "Seven"}},
        "motto": "Fly",
    }
)
FINAL = Paper.model_validate_json(TEXT)


def reading(text: str = TEXT, *, size: int = 3, schema: Any = Paper) -> Stream[Any, Any]:
    """Read a text in deltas of so many characters."""
    return instar.partials([text[i : i + size] for i in range(0, len(text), size)], schema)


def areading(text: str = TEXT, *, size: int = 3, schema: Any = Paper) -> AsyncStream[Any, Any]:
    """Read the same, a delta a second."""
    deltas = [(float(i), text[i * size : (i + 1) * size]) for i in range(-(-len(text) // size))]
    return instar.partials(timed(deltas), schema)


PATHS = ["title", "year", "sections", "sections[0]", "sections[1].title", "sections[0].bullets[1].weight", "named['7']"]


@pytest.mark.parametrize("path", PATHS)
def test_a_place_gives_the_validated_value_as_soon_as_it_has_settled(path: str) -> None:
    watched = reading(size=1)
    place = watched.at(path)
    assert (place.state, place.value) == (State.MISSING, None)
    steps: Any = parse(path)
    value = part(FINAL, steps)
    assert place.wait() == value
    assert type(place.value) is type(value)
    assert (place.state, place.value) == (State.SETTLED, value)
    assert watched.parser.complete is False
    assert watched.final() == FINAL

    async def run() -> None:
        place = areading(size=1).at(path)
        assert await place == value
        assert await place.wait() == value

    in_fake_time(run())


def test_nothing_is_read_that_nobody_waits_for() -> None:
    watched = reading(size=1)
    watched.at("title").wait()
    text = watched.text
    assert text.startswith('{"title": "On Flying"')
    assert "sections" not in text


@given(data=st.data())
def test_8_texts_and_elements_are_those_of_the_final_value(data: st.DataObject) -> None:
    deltas = data.draw(cuts(TEXT.encode()))

    def watched() -> Stream[Paper, Paper]:
        return instar.partials(deltas, Paper)

    assert "".join(watched().at("title").text()) == "On Flying"
    assert all(watched().at("sections[1].title").text())
    assert list(watched().at("sections").elements()) == FINAL.sections
    assert list(watched().at("sections[*].title")) == ["Wings", "Steam"]
    assert [bullet.text for bullet in watched().at("sections[*].bullets[*]")] == ["They bend", "They beat"]
    partials = list(watched().at("sections").partials())
    assert [each for each in FINAL.sections if each in partials] == FINAL.sections
    assert all(isinstance(each, Section) for each in partials)


WORDS = st.text('aé\n\U0001f98b"', max_size=4)
PAPERS = st.fixed_dictionaries(
    {
        "title": WORDS,
        "sections": st.lists(
            st.fixed_dictionaries(
                {
                    "title": WORDS,
                    "bullets": st.lists(
                        st.fixed_dictionaries(
                            {"text": st.sampled_from(["", "a ", " b", "c"])}, optional={"weight": st.integers(0, 20)}
                        ),
                        max_size=3,
                    ),
                }
            ),
            max_size=3,
        ),
        "motto": WORDS,
    },
    optional={"year": st.none() | st.integers(1, 20), "named": st.just({"7": {"title": "Seven"}})},
)


class Prefix:
    """What shows of a text as far as it has come, by an untyped parser."""

    def __init__(self, text: bytes) -> None:
        self._parser: Parser[Any] = Parser(None)
        self._parser.feed(text)

    def at(self, path: Path) -> Any:
        """Return what shows at a path, or MISSING."""
        return at(self._parser.snapshot, path)

    def has_settled(self, path: Path) -> bool:
        """Tell whether what shows at a path is settled."""
        is_open = not self._parser.complete and self._parser.path[: len(path)] == path
        return self.at(path) is not MISSING and not is_open


@given(paper=PAPERS, data=st.data(), escaped=st.booleans())
def test_8_places_tell_what_each_prefix_shows_when_it_has_come(
    paper: Any, data: st.DataObject, *, escaped: bool
) -> None:
    text = json.dumps(paper, ensure_ascii=escaped).encode()
    final = Paper.model_validate_json(text)
    deltas = data.draw(st.one_of(cuts(text), st.just([text[i : i + 1] for i in range(len(text))])))
    prefixes = [Prefix(b"".join(deltas[: i + 1])) for i in range(len(deltas))]
    bullets = [
        ("sections", i, "bullets", j) for i, each in enumerate(paper["sections"]) for j in range(len(each["bullets"]))
    ]
    sections: list[Path] = [("sections", i) for i in range(len(paper["sections"]))]
    titles: list[Path] = [("title",), ("motto",), *((*section, "title") for section in sections)]
    values: list[Path] = [*((name,) for name in paper), *titles, *sections, *bullets]
    lists: list[Path] = [("sections",), *((*section, "bullets") for section in sections)]

    def settles(path: Path) -> int:
        return next(i for i, prefix in enumerate(prefixes) if prefix.has_settled(path))

    async def run() -> None:
        stream = instar.partials(timed([(float(i), delta) for i, delta in enumerate(deltas)]), Paper)
        now = asyncio.get_running_loop().time

        async def value(path: Path) -> None:
            place = stream.at(name_of(path))
            assert await place == part(final, steps_of(path))
            assert (now(), place.state) == (settles(path), State.SETTLED)

        async def pieces(path: Path) -> None:
            so_far = ""
            async for piece in stream.at(name_of(path)).text():
                assert piece
                assert prefixes[int(now())].at(path) == so_far + piece
                assert int(now()) == 0 or prefixes[int(now()) - 1].at(path) in (so_far, MISSING)
                so_far += piece
            assert (so_far, now()) == (part(final, steps_of(path)), settles(path))

        async def members(path: Path) -> None:
            count = 0
            async for element in stream.at(name_of(path)).elements():
                assert element == part(final, steps_of((*path, count)))
                assert now() == settles((*path, count))
                count += 1
            assert (count, now()) == (len(part(final, steps_of(path))), settles(path))

        await asyncio.gather(*map(value, values), *map(pieces, titles), *map(members, lists))
        assert await stream.final() == final

    in_fake_time(run())


def name_of(path: Path) -> str:
    """Write a path as a place is called."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def steps_of(path: Path) -> Any:
    return parse(name_of(path))


def test_partials_grow() -> None:
    titles = [section.title for section in reading(size=1).at("sections").partials()]
    assert titles[:7] == [None, "", "W", "Wi", "Win", "Wing", "Wings"]


def test_a_slow_reader_gets_longer_pieces_and_a_late_one_all_so_far() -> None:
    watched = reading(size=1)
    place = watched.at("title")
    pieces = place.text()
    assert [next(pieces), next(pieces)] == ["O", "n"]
    for _ in range(3):
        next(watched)
    assert next(pieces) == " Fl"
    late = watched.at("title").text()
    assert next(late) == "On Fl"
    assert "".join(pieces) == "ying"
    assert "".join(late) == "ying"
    watched.at("sections").wait()
    assert list(watched.at("sections").elements()) == FINAL.sections
    assert watched.at("sections[0].bullets[0].text").wait() == "They bend"


class Steps(BaseModel):
    first: str
    second: str = ""
    rest: list[str] = []


STEPS = st.fixed_dictionaries({"first": WORDS, "second": WORDS, "rest": st.lists(WORDS, max_size=2)})


@given(value=STEPS, data=st.data(), field=st.sampled_from(["first", "second", "rest[0]"]))
def test_8_a_text_is_handed_out_as_it_arrives_whoever_else_reads(value: Any, data: st.DataObject, field: str) -> None:
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode()
    stream = instar.partials(data.draw(cuts(text)), Steps)
    steps: Any = parse(field)
    place = stream.at(field)
    so_far, late = "", ""
    called: list[Any] = []
    others: Iterator[str] | None = None
    ways = st.sampled_from(["nothing", "next", "watch", "call", "read", "look"])
    for piece in place.text():
        so_far += piece
        # All that has come is handed out, and nothing else.
        assert part(stream.snapshot, steps) == so_far
        assert late == "" or so_far.startswith(late)
        way = data.draw(ways)
        if way == "next":
            next(stream, None)
        elif way == "watch":
            stream.at("rest").on_close(called.append)
        elif way == "call" and others is None:
            place.on_text(called.append)
        elif way == "read":
            others = others or stream.at(field).text()
            late += next(others, "")
        elif way == "look":
            assert place.value == part(stream.snapshot, steps)
    wanted = at(value, steps)
    assert so_far == ("" if wanted is MISSING else wanted)
    assert late + "".join(others or ()) in ("", so_far)
    assert stream.final() == Steps.model_validate_json(text)


def test_a_text_is_read_without_a_step_of_python_for_each_delta() -> None:
    text = json.dumps({"first": "word " * 1000})
    pieces = instar.partials([text[i : i + 5] for i in range(0, len(text), 5)], Steps).at("first").text()
    calls: list[str] = []

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_name)

    sys.setprofile(count)
    try:
        handed_out = list(pieces)
    finally:
        sys.setprofile(None)
    assert len(handed_out) >= 1000
    assert len(calls) < 200, calls[:50]


def test_a_text_is_read_by_one_task_for_all_its_deltas() -> None:
    tasks: list[Any] = []

    def count(loop: Any, coroutine: Any, **named: Any) -> Any:
        tasks.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **named)

    async def run() -> None:
        asyncio.get_running_loop().set_task_factory(count)
        pieces = [piece async for piece in areading(size=1).at("title").text()]
        assert "".join(pieces) == FINAL.title
        assert len(pieces) > 5
        assert len(tasks) == 1

    in_fake_time(run())


def test_what_does_not_come_is_the_final_values() -> None:
    assert reading().at("note").wait() == "Nullius in verba"
    assert list(reading().at("note").text()) == []
    assert list(reading().at("named['9'].bullets").elements()) == []
    with pytest.raises(AbsentError, match=r"nothing at sections\[7\]\.title"):
        reading().at("sections[7].title").wait()
    with pytest.raises(LookupError):
        reading().at("named['9']").wait()

    async def run() -> None:
        assert await areading().at("note") == "Nullius in verba"
        with pytest.raises(AbsentError):
            await areading().at("sections[7]")

    in_fake_time(run())


def test_a_null_is_not_missing() -> None:
    watched = reading(size=1)
    place = watched.at("year")
    assert place.wait() is None
    assert place.state is State.SETTLED


def test_many_places_are_iterated_over() -> None:
    place = reading().at("sections[*]")
    for way in (place.wait, lambda: place.state, lambda: next(place.text())):
        with pytest.raises(TypeError, match=r"sections\[\*\] is many places: iterate over it"):
            way()


def test_callbacks_are_called_in_the_order_of_the_text() -> None:
    watched, told = reading(size=2), []
    watched.at("title").on_text(lambda text: told.append(("text", text)))
    watched.at("title").on_close(lambda value: told.append(("title", value)))
    watched.at("sections[*].title").on_close(lambda value: told.append(("section", value)))
    watched.at("sections").on_close(lambda value: told.append(("sections", value)))
    assert told == []
    watched.at("named").wait()
    assert "".join(value for kind, value in told if kind == "text") == "On Flying"
    assert [each for each in told if each[0] != "text"] == [
        ("title", "On Flying"),
        ("section", "Wings"),
        ("section", "Steam"),
        ("sections", FINAL.sections),
    ]


def test_a_callback_that_raises_closes_the_stream() -> None:
    closed = []

    def deltas() -> Iterator[str]:
        try:
            yield from TEXT
        finally:
            closed.append(True)

    def explode(_: Any) -> None:
        message = "the callback's own"
        raise KeyError(message)

    watched = instar.partials(deltas(), Paper)
    watched.at("title").on_close(explode)
    with pytest.raises(KeyError, match="own"):
        watched.at("sections").wait()
    assert closed == [True]


def test_async_callbacks_are_awaited() -> None:
    told = []

    async def tell(value: Any) -> None:
        await asyncio.sleep(0.5)
        told.append(value)

    async def run() -> None:
        watched = areading()
        watched.at("title").on_close(tell)
        assert await watched.at("sections[0].title") == "Wings"
        assert told == ["On Flying"]

    in_fake_time(run())


def test_several_wait_and_one_may_go() -> None:
    async def run() -> None:
        watched = areading(size=1)

        async def texts() -> str:
            return "".join([piece async for piece in watched.at("sections[1].title").text()])

        async def bullets() -> list[str]:
            return [bullet.text async for bullet in watched.at("sections[*].bullets[*]")]

        async def sections() -> list[Section]:
            return [section async for section in watched.at("sections").elements()]

        going = asyncio.ensure_future(watched.at("named").wait())
        waiting = asyncio.gather(texts(), bullets(), sections(), watched.at("title").wait())
        await asyncio.sleep(20)
        going.cancel()
        seen: Any = await waiting
        assert seen == ["Steam", ["They bend", "They beat"], FINAL.sections, "On Flying"]

    in_fake_time(run())


def test_who_is_alone_and_gives_up_leaves_what_is_being_read() -> None:
    async def run() -> None:
        watched = areading(size=1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(watched.at("named").wait(), 9.5)
        assert await watched.at("named['7'].title") == "Seven"
        await watched.aclose()

    in_fake_time(run())


def test_places_of_a_shared_stream_at_any_time() -> None:
    async def run() -> None:
        async with share(instar.partials(timed(list(enumerate(TEXT))), Paper)) as shared:
            early = asyncio.ensure_future(shared.at("title").wait())
            await asyncio.sleep(TEXT.index("They bend") + 3.5)
            late = shared
            assert await late.at("title") == await early == "On Flying"
            assert [bullet.text async for bullet in late.at("sections[0].bullets").elements()] == [
                "They bend",
                "They beat",
            ]
            assert await shared.final() == FINAL
            assert await shared.at("motto") == "Fly"

    in_fake_time(run())


@pytest.mark.parametrize("damaged", [TEXT[:60], TEXT.replace('"Steam"', "7")])
def test_a_stream_that_fails_raises_its_error_from_every_waiter(damaged: str) -> None:
    errors = (instar.StreamError, ValidationError)
    watched = reading(damaged)
    assert watched.at("title").wait() == "On Flying"
    for _ in range(2):
        with pytest.raises(errors):
            watched.at("sections").wait()
    with pytest.raises(errors):
        list(watched.at("motto").text()), watched.final()

    async def run() -> None:
        watched = areading(damaged)
        places = [watched.at(path).wait() for path in ("sections", "named", "motto")]
        for outcome in await asyncio.gather(*places, return_exceptions=True):
            assert isinstance(outcome, errors)
        with pytest.raises(errors):
            await watched.at("sections")

    in_fake_time(run())


def test_after_a_retry_a_place_waits_on_and_a_text_ends() -> None:
    answers = iter([[TEXT[:12], TEXT[12:14], TEXT[14:40]], list(TEXT)])
    with LocalOpenAI(lambda _: next(answers)) as server, server.client() as openai:
        client = instar.from_openai(openai)
        question: Any = [{"role": "user", "content": "?"}]
        stream = client.chat.completions.create_partial(
            model="any", messages=question, response_model=Paper, max_retries=1
        )
        place = stream.at("title")
        pieces = place.text()
        assert next(pieces) == "O"
        assert stream.at("sections[1].title").wait() == "Steam"
        with pytest.raises(StreamError, match="has been given up"):
            next(pieces)
        assert place.wait() == "On Flying"
        assert "".join(place.text()) == "On Flying"
        assert stream.attempt == 2
        assert stream.final() == FINAL


def test_a_place_says_which_it_is() -> None:
    assert repr(reading().at("sections[*].title")) == "<Place sections[*].title>"
