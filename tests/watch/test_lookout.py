# ruff: noqa: SLF001 - what places do with their streams
"""Lookouts: whoever watches a place hears of all that happens there, though nobody looks at the rest."""

from __future__ import annotations

import gc
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, ValidationError, field_validator, model_validator
from typing_extensions import Self

import instar
from instar import Parser, StreamError
from instar._paths import EVERY, write
from instar._watch import Watch
from instar.testing import LocalOpenAI
from models import CASES
from support.strategies import WIDE_SHAPES, cases, cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.case import Case


OnViolation = Literal["raise", "defer"]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all that is in plain data."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for step, part in inside for deeper in paths(part, (*path, step)))]


def quietly(read: Callable[..., Any], *arguments: Any) -> Any:
    """Call something that may refuse the text; None then."""
    with suppress(ValidationError, StreamError):
        return read(*arguments)
    return None


def dump_of(tp: Any, text: bytes, on_violation: OnViolation = "raise") -> Any:
    """Return what has arrived when a text has, or has been refused."""
    parser: Parser[Any] = Parser(tp, on_violation=on_violation)
    quietly(parser.feed, text)
    return parser.dump(mode="json")


def seen(watch: Watch) -> tuple[Any, ...]:
    """Return all that a watch knows."""
    states = {path: watch.state(path) for path in watch.pieces}
    return states, {path: "".join(pieces) for path, pieces in watch.pieces.items()}, sorted(map(str, watch.settled))


def see(watch: Watch, batch: list[Any]) -> None:
    """Show changes to a watch."""
    for change in batch:
        watch.see(change)


def compare(tp: Any, deltas: list[bytes], pattern: Any, late: int = 0, on_violation: OnViolation = "raise") -> None:
    """Watch places of a stream, delta by delta, and hold them against a watch that sees every change.

    late: the place is watched anew, and another one with it, when so many deltas have come.
    """
    parser: Parser[Any] = Parser(tp, on_violation=on_violation)
    reader, oracle = parser.changes(), Watch(pattern)
    stream: Any = instar.partials(deltas, tp, on_violation=on_violation)
    try:
        place: Any = stream.at(write(pattern))
    except ValueError:
        return  # the resolver knows less of the type: of a delegated part, say
    if place._pattern != pattern:
        return
    for number, delta in enumerate([b"", *deltas, None]):
        if late and number == late:
            stream.at("$")
            place = stream.at(write(pattern))
            reader, oracle = parser.changes(), Watch(pattern)
            see(oracle, reader.drain())
        more = quietly(stream._read_on)
        quietly(parser.close) if delta is None else quietly(parser.feed, delta)
        if stream._pump.has_news():
            stream._tell()
        see(oracle, reader.drain())
        assert seen(place._watch) == seen(oracle), (stream.text, pattern)
        if more is None:
            break


@given(case=cases(WIDE_SHAPES), data=st.data())
def test_a_place_misses_nothing(case: Any, data: st.DataObject) -> None:
    there = data.draw(st.sampled_from(paths(dump_of(case.tp, case.text))))
    pattern = tuple(data.draw(st.sampled_from([step, EVERY])) for step in there)
    deltas = data.draw(cuts(case.text))
    compare(case.tp, deltas, pattern, data.draw(st.integers(0, len(deltas))))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nor_does_it_in_the_models_of_the_corpus(case: Case) -> None:
    for text in case.valid:
        raw = text.encode()
        for there in paths(dump_of(case.tp, raw))[:12]:
            for pattern in {there, tuple(EVERY if isinstance(step, int) else step for step in there)}:
                compare(case.tp, [raw[i : i + 1] for i in range(len(raw))], pattern)
                compare(case.tp, [raw[i : i + 1] for i in range(len(raw))], pattern, len(raw) // 2)
                compare(case.tp, [raw], pattern)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nor_behind_what_is_refused(case: Case) -> None:
    for text in case.wrong:
        raw = text.encode()
        deltas = [raw[i : i + 1] for i in range(len(raw))]
        for there in paths(dump_of(case.tp, raw, "defer"))[:6]:
            compare(case.tp, deltas, there, on_violation="defer")
            compare(case.tp, deltas, there, len(raw) // 2, on_violation="defer")


class Long(BaseModel):
    title: str
    rest: list[dict[str, str]]
    last: int


LONG = '{"title": "T", "rest": [' + ", ".join(['{"a": "b"}'] * 200) + '], "last": 1}'


def test_nothing_is_looked_at_that_nobody_watches() -> None:
    stream: Any = instar.partials(list(LONG), Long)
    assert stream.at("title").wait() == "T"
    last = stream.at("last")  # in the middle of the text
    told = 0
    while last.state is instar.MISSING and stream._read_to_news():
        stream._tell()
        told += 1
    assert last.value == 1
    assert told <= 2


def test_what_has_settled_is_not_told_of_again() -> None:
    stream: Any = instar.partials(list(LONG), Long)
    place = stream.at("title")
    assert place.wait() == "T"
    assert stream._read_to_news() is False  # all the rest, and the end of the whole
    assert stream.parser.complete
    assert (place.state, place.value) == (instar.SETTLED, "T")


def is_over(stream: Any) -> bool:
    """Tell whether nothing is looked at any more for those who watch."""
    reader = stream._pump.watched
    return reader is None or reader.is_over


class Address(BaseModel):
    city: str
    zip: str | None = None


class Person(BaseModel):
    name: str
    address: Address
    tags: list[str] = []
    note: str = ""


PERSON = '{"name": "Ada", "address": {"city": "London"}, "tags": ["a", "b"], "note": "n"}'


@pytest.mark.parametrize(
    ("path", "settled_by"),
    [
        ("name", '"Ada"'),
        ("address.city", '"London"'),
        ("address", '"London"}'),
        ("address.zip", '"London"}'),  # it can come no more
        ("tags", '"b"]'),
        ("tags[*]", '"b"]'),
        ("tags[0]", '"b"]'),
        ("$", '"n"}'),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_once_a_place_has_settled_no_op_is_looked_at(path: str, settled_by: str, late: bool) -> None:  # noqa: FBT001
    over = PERSON.index(settled_by) + len(settled_by)
    stream: Any = instar.partials(list(PERSON), Person)
    places = [stream.at(path)]
    for number in range(len(PERSON)):
        stream._read_on()
        stream._tell()
        if late:  # begun anew at each delta
            places = [stream.at(path), *places[:1]]
        read = len(stream.text)
        assert is_over(stream) is (read >= over), stream.text
        assert number == read


class Tidy(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def _upper(cls, name: str) -> str:
        return name.upper()

    @model_validator(mode="after")
    def _rename(self) -> Self:
        self.name += "!"
        return self


class Cat(BaseModel):
    name: str
    lives: int


class Dog(BaseModel):
    name: str
    tricks: list[str]


class Extra(BaseModel, extra="allow"):
    title: str = Field("", validation_alias="alias")


@pytest.mark.parametrize(
    ("tp", "path", "text", "settled_by"),
    [
        # What surrounds it may make something else of it, another alternative may take its place, another key its name.
        (dict[str, Tidy], "a.name", '{"a": {"name": "x"}, "b": {"name": "y"}}', '"x"}'),
        (dict[str, Cat | Dog], "a.name", '{"a": {"name": "x", "tricks": []}, "b": {"name": "y", "lives": 9}}', "[]}"),
        (Extra, "title", '{"title": "x", "alias": "y"}', '"y"}'),
        (dict[int, str], "['7']", '{"7": "x", "07": "y", "8": "z"}', '"z"}'),
        (dict[str, str], "a", '{"a": "x", "b": "y", "a": "z"}', '"x"'),
    ],
    ids=["hooks", "union", "extra", "keys", "twice"],
)
def test_what_may_still_be_replaced_is_looked_at(tp: Any, path: str, text: str, settled_by: str) -> None:
    over = text.index(settled_by) + len(settled_by)
    stream: Any = instar.partials(list(text), tp)
    place = stream.at(path)
    for _ in text:
        stream._read_on()
        stream._tell()
        assert is_over(stream) is (len(stream.text) >= over), stream.text
    for late in range(len(text)):
        compare(tp, [text[i : i + 1].encode() for i in range(len(text))], place._pattern, late)


@pytest.mark.parametrize("repair", ["none", "around"])
def test_another_attempt_is_looked_at_again(repair: Any) -> None:
    answers = iter([list(PERSON.replace('"n"', "5")), list(PERSON.replace("Ada", "Grace"))])
    with LocalOpenAI(lambda _: next(answers)) as server, server.client() as openai:
        client = instar.from_openai(openai)
        question: Any = [{"role": "user", "content": "?"}]
        stream = client.chat.completions.create_partial(
            model="any", messages=question, response_model=Person, max_retries=1, repair=repair
        )
        names: list[str] = []
        stream.at("name").on_close(names.append)
        assert stream.final().name == "Grace"
    assert names == ["Ada", "Grace"]


def test_a_candidate_that_is_given_up_is_looked_at_again() -> None:
    text = f'Here: {{"name": "Eve", "address": 5}}, or rather {PERSON}'
    stream: Any = instar.partials(list(text), Person, repair="around")
    names: list[str] = []
    stream.at("name").on_close(names.append)
    place = stream.at("name")
    assert stream.final().name == place.value == names[-1] == "Ada"


def test_what_nobody_holds_is_let_go() -> None:
    text = json.dumps({"name": "Ada", "address": {"city": "London"}, "tags": [], "note": "n" * 200})
    stream: Any = instar.partials(list(text), Person)
    name, city = stream.at("name"), stream.at("address.city")
    pieces = stream.at("note").text()
    assert next(pieces) == "n"
    assert (name.state, city.state) == (instar.SETTLED, instar.SETTLED)
    assert not is_over(stream)
    del pieces
    assert stream._read_to_news()  # it is not told of that nobody waits
    stream._tell()
    assert is_over(stream)
    assert stream._read_to_news() is False
    assert (name.value, city.value) == ("Ada", "London")

    stream = instar.partials(list(text), Person)
    stream.at("name").wait()
    stream.at("note")
    stream.final()
    assert stream._pump.watched is None
    assert stream.at("note").wait() == "n" * 200


def test_a_null_is_no_other_attempt_to_whoever_goes_on_alone() -> None:
    stream: Any = instar.partials(["n", "ull"], RootModel[Person | None])
    place = stream.at("$")
    stream.at("$")
    assert place.wait().root is None
    assert place.state is instar.SETTLED


def test_what_is_to_be_called_is_held() -> None:
    stream: Any = instar.partials(list(PERSON), Person)
    heard: list[Any] = []
    stream.at("name").on_close(heard.append)
    stream.at("note").on_text(heard.append)
    gc.collect()
    assert stream.at("address.city").wait() == "London"
    stream.final()
    assert heard == ["Ada", "n"]
