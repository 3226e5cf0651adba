"""Places of a stream, sync and async, over the naive reader of changes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError, field_validator

import instar
from instar._paths import parse
from instar._place import AsyncReading, Reading, part
from instar._resolve import resolve
from instar._watch import State
from instar.changes import RETRY
from instar.errors import AbsentError, StreamError
from instar.outlets import share
from support.clock import in_fake_time, timed
from support.growing import achanges, changes
from support.strategies import cuts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.changes import Change


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


@dataclass
class Source:
    """A stream of instar's, with the changes of the naive reader."""

    stream: Any

    @property
    def snapshot(self) -> Any:
        return self.stream.snapshot

    def changes(self) -> Any:
        naive = achanges if isinstance(self.stream, instar.AsyncStream) else changes
        return naive(self.stream)

    def final(self) -> Any:
        return self.stream.final()


def reading(text: str = TEXT, *, size: int = 3, schema: Any = Paper) -> Reading:
    """Read a text in deltas of so many characters."""
    deltas = [text[i : i + size] for i in range(0, len(text), size)]
    return Reading(Source(instar.partials(deltas, schema)))


def areading(text: str = TEXT, *, size: int = 3, schema: Any = Paper) -> AsyncReading:
    """Read the same, a delta a second."""
    deltas = [(float(i), text[i * size : (i + 1) * size]) for i in range(-(-len(text) // size))]
    return AsyncReading(Source(instar.partials(timed(deltas), schema)))


def at(watched: Any, path: str) -> Any:
    return watched.at(resolve(path, Paper))


PATHS = ["title", "year", "sections", "sections[0]", "sections[1].title", "sections[0].bullets[1].weight", "named['7']"]


@pytest.mark.parametrize("path", PATHS)
def test_a_place_gives_the_validated_value_as_soon_as_it_has_settled(path: str) -> None:
    watched = reading(size=1)
    place = at(watched, path)
    assert (place.state, place.value) == (State.MISSING, None)
    steps: Any = parse(path)
    value = part(FINAL, steps)
    assert place.wait() == value
    assert type(place.value) is type(value)
    assert (place.state, place.value) == (State.SETTLED, value)
    stream = watched.stream.stream  # type: ignore[attr-defined]
    assert stream.parser.complete is False
    assert stream.final() == FINAL

    async def run() -> None:
        place = at(areading(size=1), path)
        assert await place == value
        assert await place.wait() == value

    in_fake_time(run())


def test_nothing_is_read_that_nobody_waits_for() -> None:
    watched = reading(size=1)
    at(watched, "title").wait()
    text = watched.stream.stream.text  # type: ignore[attr-defined]
    assert text.startswith('{"title": "On Flying"')
    assert "sections" not in text


@given(data=st.data())
def test_8_texts_and_elements_are_those_of_the_final_value(data: st.DataObject) -> None:
    deltas = data.draw(cuts(TEXT.encode()))

    def watched() -> Reading:
        return Reading(Source(instar.partials(deltas, Paper)))

    assert "".join(at(watched(), "title").text()) == "On Flying"
    assert all(at(watched(), "sections[1].title").text())
    assert list(at(watched(), "sections").elements()) == FINAL.sections
    assert list(at(watched(), "sections[*].title")) == ["Wings", "Steam"]
    assert [bullet.text for bullet in at(watched(), "sections[*].bullets[*]")] == ["They bend", "They beat"]
    partials = list(at(watched(), "sections").partials())
    assert [each for each in FINAL.sections if each in partials] == FINAL.sections
    assert all(isinstance(each, Section) for each in partials)


def test_partials_grow() -> None:
    titles = [section.title for section in at(reading(size=1), "sections").partials()]
    assert titles[:7] == [None, "", "W", "Wi", "Win", "Wing", "Wings"]


def test_a_slow_reader_gets_longer_pieces_and_a_late_one_all_so_far() -> None:
    watched = reading(size=1)
    place = at(watched, "title")
    pieces = place.text()
    assert [next(pieces), next(pieces)] == ["O", "n"]
    for _ in range(3):
        watched.pull()
    assert next(pieces) == " Fl"
    late = at(watched, "title").text()
    assert next(late) == "On Fl"
    assert "".join(pieces) == "ying"
    assert "".join(late) == "ying"
    at(watched, "sections").wait()
    assert list(at(watched, "sections").elements()) == FINAL.sections
    assert at(watched, "sections[0].bullets[0].text").wait() == "They bend"


def test_what_does_not_come_is_the_final_values() -> None:
    assert at(reading(), "note").wait() == "Nullius in verba"
    assert list(at(reading(), "note").text()) == []
    assert list(at(reading(), "named['9'].bullets").elements()) == []
    with pytest.raises(AbsentError, match=r"nothing at sections\[7\]\.title"):
        at(reading(), "sections[7].title").wait()
    with pytest.raises(LookupError):
        at(reading(), "named['9']").wait()

    async def run() -> None:
        assert await at(areading(), "note") == "Nullius in verba"
        with pytest.raises(AbsentError):
            await at(areading(), "sections[7]")

    in_fake_time(run())


def test_a_null_is_not_missing() -> None:
    watched = reading(size=1)
    place = at(watched, "year")
    assert place.wait() is None
    assert place.state is State.SETTLED


def test_many_places_are_iterated_over() -> None:
    place = at(reading(), "sections[*]")
    for way in (place.wait, lambda: place.state, lambda: next(place.text())):
        with pytest.raises(TypeError, match=r"sections\[\*\] is many places: iterate over it"):
            way()


def test_callbacks_are_called_in_the_order_of_the_text() -> None:
    watched, told = reading(size=2), []
    at(watched, "title").on_text(lambda text: told.append(("text", text)))
    at(watched, "title").on_close(lambda value: told.append(("title", value)))
    at(watched, "sections[*].title").on_close(lambda value: told.append(("section", value)))
    at(watched, "sections").on_close(lambda value: told.append(("sections", value)))
    assert told == []
    at(watched, "named").wait()
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

    watched = Reading(Source(instar.partials(deltas(), Paper)))
    at(watched, "title").on_close(explode)
    with pytest.raises(KeyError, match="own"):
        at(watched, "sections").wait()
    assert closed == [True]


def test_async_callbacks_are_awaited() -> None:
    told = []

    async def tell(value: Any) -> None:
        await asyncio.sleep(0.5)
        told.append(value)

    async def run() -> None:
        watched = areading()
        at(watched, "title").on_close(tell)
        assert await at(watched, "sections[0].title") == "Wings"
        assert told == ["On Flying"]

    in_fake_time(run())


def test_a_callback_cannot_wait() -> None:
    async def run() -> None:
        watched = areading()

        async def wait(_: Any) -> None:
            await at(watched, "named")

        at(watched, "title").on_close(wait)
        with pytest.raises(RuntimeError, match="a callback cannot wait for a place"):
            await at(watched, "sections")

    in_fake_time(run())


def test_several_wait_and_one_may_go() -> None:
    async def run() -> None:
        watched = areading(size=1)

        async def texts() -> str:
            return "".join([piece async for piece in at(watched, "sections[1].title").text()])

        async def bullets() -> list[str]:
            return [bullet.text async for bullet in at(watched, "sections[*].bullets[*]")]

        async def sections() -> list[Section]:
            return [section async for section in at(watched, "sections").elements()]

        going = asyncio.ensure_future(at(watched, "named").wait())
        waiting = asyncio.gather(texts(), bullets(), sections(), at(watched, "title").wait())
        await asyncio.sleep(20)
        going.cancel()
        seen: Any = await waiting
        assert seen == ["Steam", ["They bend", "They beat"], FINAL.sections, "On Flying"]

    in_fake_time(run())


def test_who_is_alone_and_gives_up_leaves_what_is_being_read() -> None:
    async def run() -> None:
        watched = areading(size=1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(at(watched, "named").wait(), 9.5)
        assert await at(watched, "named['7'].title") == "Seven"
        await watched.aclose()

    in_fake_time(run())


def test_places_of_a_shared_stream_at_any_time() -> None:
    async def run() -> None:
        async with share(Source(instar.partials(timed(list(enumerate(TEXT))), Paper))) as shared:
            early = asyncio.ensure_future(at(AsyncReading(shared), "title").wait())
            await asyncio.sleep(TEXT.index("They bend") + 3.5)
            late = AsyncReading(shared)
            assert await at(late, "title") == await early == "On Flying"
            assert [bullet.text async for bullet in at(late, "sections[0].bullets").elements()] == [
                "They bend",
                "They beat",
            ]
            assert await shared.final() == FINAL
            assert await at(AsyncReading(shared), "motto") == "Fly"

    in_fake_time(run())


@pytest.mark.parametrize("spoilt", [TEXT[:60], TEXT.replace('"Steam"', "7")])
def test_a_stream_that_fails_raises_its_error_from_every_waiter(spoilt: str) -> None:
    errors = (instar.StreamError, ValidationError)
    watched = reading(spoilt)
    assert at(watched, "title").wait() == "On Flying"
    for _ in range(2):
        with pytest.raises(errors):
            at(watched, "sections").wait()
    with pytest.raises(errors):
        list(at(watched, "motto").text()), watched.stream.final()

    async def run() -> None:
        watched = areading(spoilt)
        places = [at(watched, path).wait() for path in ("sections", "named", "motto")]
        for outcome in await asyncio.gather(*places, return_exceptions=True):
            assert isinstance(outcome, errors)
        with pytest.raises(errors):
            await at(watched, "sections")

    in_fake_time(run())


class Again:
    """A stream whose first attempt is given up in the middle of a title."""

    snapshot = FINAL

    def changes(self) -> Iterator[list[Change]]:
        yield next(changes(instar.partials([TEXT[:14]], Paper)))
        yield [RETRY]
        yield from changes(instar.partials([TEXT], Paper))

    def final(self) -> Any:
        return FINAL


def test_after_a_retry_a_place_waits_on_and_a_text_ends() -> None:
    place = at(Reading(Again()), "title")
    pieces = place.text()
    assert next(pieces) == "On "
    with pytest.raises(StreamError, match="has been given up"):
        next(pieces)
    assert place.wait() == "On Flying"
    assert "".join(place.text()) == "On Flying"


def test_a_place_says_which_it_is() -> None:
    assert repr(at(reading(), "sections[*].title")) == "<Place sections[*].title>"
