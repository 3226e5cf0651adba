"""Streams recorded from a real server: the same states however they are cut, and Pydantic's value at the end."""

from __future__ import annotations

import json
import random
from enum import Enum
from typing import Any, Literal, Union

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json

from instar import JSONError, Parser, TruncatedError
from oracle import deep, is_json, snapshot, viable
from support.material import STREAMS
from support.runs import follow, refusal, same, singly


class Answer(BaseModel):
    reasoning: str
    answer: str
    confidence: float
    sources: list[str]


class Section(BaseModel):
    heading: str
    body: str
    keywords: list[str]


class Article(BaseModel):
    title: str
    sections: list[Section]
    word_count: int


class Address(BaseModel):
    street: str
    city: str
    country: str


class Customer(BaseModel):
    name: str
    email: str
    address: Address


class LineItem(BaseModel):
    sku: str
    description: str
    quantity: int
    unit_price: float
    tags: list[str]
    taxable: bool
    note: str | None


class Invoice(BaseModel):
    id: int
    customer: Customer
    status: Literal["open", "paid", "void"]
    items: list[LineItem]
    total: float


class Reading(BaseModel):
    sensor: str
    values: list[float]
    mean: float
    unit: str


class Recipe(BaseModel):
    title: str
    minutes: int
    ingredients: dict[str, str]
    steps: list[str]
    vegetarian: bool


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str
    breed: str


class Shelter(BaseModel):
    name: str
    pets: list[Union[Cat, Dog]]  # noqa: UP007 - the spelling that most models have


class Priority(str, Enum):
    low = "low"
    medium = "medium"
    high = "high"


class Ticket(BaseModel):
    title: str
    priority: Priority
    labels: list[Literal["bug", "feature", "docs"]]
    estimate_hours: float
    blocked: bool
    parent: int | None


class User(BaseModel):
    name: str
    age: int
    bio: str


class Users(BaseModel):
    tasks: list[User]


SCHEMAS: dict[str, type[BaseModel]] = {
    "answer": Answer,
    "article": Article,
    "invoice": Invoice,
    "reading": Reading,
    "recipe": Recipe,
    "shelter": Shelter,
    "ticket": Ticket,
    "user": User,
    "users": Users,
    "users_fr": Users,
}
WHOLE = ["answer", "article", "reading", "recipe", "shelter", "ticket", "user"]
CUT_SHORT = {"invoice": ("items", "description"), "users_fr": ("tasks", "bio")}
"""Streams that stop at the token limit, and where: the list, and the field of its last member."""
NOT_JSON = ["users"]


@pytest.fixture
def recorded(name: str) -> list[str]:
    """Give the deltas of a stream."""
    recording = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))
    deltas: list[str] = recording["deltas"]
    assert len(deltas) > 30
    return deltas


def test_every_recording_has_its_model() -> None:
    assert {path.stem for path in STREAMS.glob("*.json")} == SCHEMAS.keys()
    assert {*WHOLE, *CUT_SHORT, *NOT_JSON} == SCHEMAS.keys()


@pytest.mark.parametrize("schema", ["typed", "untyped"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_the_same_states_however_cut(recorded: list[str], name: str, schema: str) -> None:
    tp = SCHEMAS[name] if schema == "typed" else None
    text = "".join(recorded).encode()
    whole = follow(tp, singly(text))
    same(whole, follow(tp, recorded))
    same(whole, follow(tp, [text]))
    dice = random.Random(name)  # noqa: S311 - no secret depends on it
    for longest in (3, 8, 40, 300):
        deltas, at = [], 0
        while at < len(text):
            size = dice.randint(1, longest)
            deltas.append(text[at : at + size])
            at += size
        same(whole, follow(tp, deltas))
    assert len({state.snapshot for state in whole.states.values()}) > 10


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_delta_shows_what_the_oracle_shows(recorded: list[str], name: str) -> None:
    tp = SCHEMAS[name]
    parser = Parser(tp)
    so_far = b""
    for delta in recorded:
        try:
            parser.feed(delta)
        except JSONError:
            assert name in NOT_JSON
            so_far += delta.encode()
            assert deep(parser.snapshot) == deep(snapshot(tp, so_far[: parser.offset]))
            break
        so_far += delta.encode()
        assert deep(parser.snapshot) == deep(snapshot(tp, so_far))


@pytest.mark.parametrize("name", WHOLE)
def test_the_end_is_pydantics(recorded: list[str], name: str) -> None:
    text = "".join(recorded)
    for tp, expected in ((SCHEMAS[name], SCHEMAS[name].model_validate_json(text)), (None, from_json(text))):
        parser = Parser(tp)
        for delta in recorded:
            parser.feed(delta)
        assert parser.complete
        assert deep(parser.finish()) == deep(expected)


@pytest.mark.parametrize("name", CUT_SHORT)
def test_a_stream_cut_short_says_where(recorded: list[str], name: str) -> None:
    text = "".join(recorded).encode()
    members, field = CUT_SHORT[name]
    path = (members, text.count(f'"{field}"'.encode()) - 1, field)
    parser = Parser(SCHEMAS[name])
    parser.feed(text)
    assert not parser.complete
    before = deep(parser.snapshot)
    with pytest.raises(TruncatedError) as caught:
        parser.finish()
    assert (caught.value.path, caught.value.offset) == (path, len(text))
    assert ".".join(map(str, path)) in str(caught.value)
    assert deep(parser.snapshot) == before
    assert isinstance(parser.snapshot, BaseModel)


@pytest.mark.parametrize("name", NOT_JSON)
def test_a_raw_control_character_is_refused_where_it_stands(recorded: list[str], name: str) -> None:
    text = "".join(recorded).encode()
    assert not is_json(text)
    control = text.index(b"\n")
    assert viable(text[:control])
    parser: Parser[Any] = Parser(SCHEMAS[name])
    error = refusal(parser, *recorded)
    assert isinstance(error, JSONError)
    assert error.offset == parser.offset == control
    assert parser.snapshot.tasks[0].bio == text[:control].decode().rpartition('"bio":"')[2]


def test_the_models_are_those_that_were_asked_for() -> None:
    for name, model in SCHEMAS.items():
        asked = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))["schema"]
        assert sorted(TypeAdapter(model).json_schema()["properties"]) == sorted(asked["properties"])
