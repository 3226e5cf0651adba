"""Paths held against types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field, RootModel, field_validator
from typing_extensions import TypedDict

from instar import Parser
from instar._paths import EVERY, parse, write
from instar._place import part
from instar._resolve import resolve
from support.strategies import ROOTS, WIDE_SHAPES, Shape, texts

if TYPE_CHECKING:
    from collections.abc import Iterator


class Loose(BaseModel, extra="allow"):
    pair: tuple[int, str] | None = None
    rest: tuple[int, ...] = ()


class Mark(TypedDict):
    page: int


@dataclass
class Author:
    name: str
    marks: list[Mark]


class Title(RootModel[str]):
    """A text that is a model."""


class Section(BaseModel):
    title: Title
    bullets: list[str] = []
    sub: list[Section] = []


class Paper(BaseModel):
    heading: Annotated[str, Field(alias="Heading")]
    kind: str = Field(alias="type")
    type: int = 0
    who: Author | Loose | int = Field(0, validation_alias=AliasChoices("who", "by"))
    sections: list[Section]
    named: dict[str, Section] = {}

    @field_validator("sections", mode="before")
    @classmethod
    def _as_they_are(cls, value: Any) -> Any:
        return value


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", ()),
        ("heading", ("heading",)),
        ("Heading", ("heading",)),
        ("type", ("type",)),
        ("by.name", ("who", "name")),
        ("by.marks[*].page", ("who", "marks", EVERY, "page")),
        ("who.pair[1]", ("who", "pair", 1)),
        ("who.rest[9]", ("who", "rest", 9)),
        ("who.anything[3].at.all", ("who", "anything", 3, "at", "all")),
        ("$.sections[*].sub[0].sub[*].title", ("sections", EVERY, "sub", 0, "sub", EVERY, "title")),
        ("named['a key'].bullets[*]", ("named", "a key", "bullets", EVERY)),
        ("named[*].title", ("named", EVERY, "title")),
    ],
)
def test_a_path_is_told_in_the_names_of_the_dump(path: str, found: tuple[Any, ...]) -> None:
    assert resolve(path, Paper) == found


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("sektions", "the value is an object, and has no 'sektions'; the nearest is sections"),
        ("sections[*].titel", "sections[*] is an object, and has no 'titel'; the nearest is sections[*].title"),
        ("sections.title", "sections is a list, and has no 'title'; its members are sections[*]"),
        ("heading.x", "heading is str, and has no 'x'"),
        ("heading[0]", "heading is str, and has no [0]"),
        ("sections[0].xyz", "sections[0] is an object, and has no 'xyz'; it has title, bullets, sub"),
        ("sections[0].title.x", "sections[0].title is str, and has no 'x'"),
        ("named.x.y", "named.x is an object, and has no 'y'"),
        ("sections[0][1]", "sections[0] is an object, and has no [1]"),
        ("who.pair[2]", "who.pair is a tuple, and has no [2]"),
    ],
)
def test_what_can_never_be_there_is_refused_by_its_nearest_name(path: str, says: str) -> None:
    with pytest.raises(ValueError, match="can never be there") as caught:
        resolve(path, Paper)
    assert says in str(caught.value)


def test_anything_may_be_in_a_plain_value() -> None:
    for schema in (None, Any, list[Any]):
        assert resolve("[0].x", schema) == (0, "x")
    assert resolve("a[0].x", dict) == ("a", 0, "x")
    with pytest.raises(ValueError, match="is no path"):
        resolve("a[", None)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part of plain data."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in inside:
        yield from paths(member, (*path, step))


@given(data=st.data(), shape=st.one_of(ROOTS, WIDE_SHAPES))
def test_what_is_in_a_dump_can_be_there(data: st.DataObject, shape: Shape) -> None:
    parser: Parser[Any] = Parser(shape.tp)
    parser.feed(data.draw(texts(shape.trees)))
    snapshot = parser.snapshot
    for path in paths(parser.dump(mode="json")):
        try:
            part(snapshot, path)
        except TypeError:
            continue  # in a set, whose members have no places
        assert resolve(write(path), shape.tp) == path
        wild = write(tuple(EVERY if isinstance(step, int) else step for step in path))
        assert resolve(wild, shape.tp) == parse(wild)
