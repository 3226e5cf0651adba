"""Tagged unions: the model shows as soon as its tag is known, with the fields that came before the tag."""

from __future__ import annotations

import itertools
import json
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    create_model,
    model_validator,
)

from instar import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "doggy"]
    good: bool
    friends: list[Pet] = []

    @model_validator(mode="after")
    def is_good(self) -> Dog:
        if not self.good:
            msg = "all dogs are good"
            raise ValueError(msg)
        return self


class Fish(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["fish"] = Field(alias="type")


class Crab(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["crab"] = Field(alias="type")
    legs: int = 8


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Shelter(BaseModel):
    pets: list[Pet]
    boss: Pet | None = None


Dog.model_rebuild()
Shelter.model_rebuild()


def shown(text: str) -> list[str]:
    """Give the snapshots of a text fed letter by letter, each once; checks the final value on the way."""
    parser = Parser(Shelter)
    snapshots = [repr(parser.snapshot)]
    snapshots += [repr(parser.snapshot) for letter in text if parser.feed(letter)]
    assert parser.finish() == parser.snapshot == Shelter.model_validate_json(text)
    return list(dict.fromkeys(snapshots))


def test_a_model_shows_at_its_tag() -> None:
    assert shown('{"pets":[{"kind":"cat","name":"Jo"}]}') == [
        "Shelter(pets=None, boss=None)",
        "Shelter(pets=[], boss=None)",
        "Shelter(pets=[Cat(kind='cat', name=None, lives=9)], boss=None)",
        "Shelter(pets=[Cat(kind='cat', name='', lives=9)], boss=None)",
        "Shelter(pets=[Cat(kind='cat', name='J', lives=9)], boss=None)",
        "Shelter(pets=[Cat(kind='cat', name='Jo', lives=9)], boss=None)",
    ]


def test_what_came_before_the_tag_is_not_lost() -> None:
    text = '{"boss":{"good":true,"friends":[{"name":"Kit","kind":"cat"}],"kind":"doggy"},"pets":[]}'
    cat = "Cat(kind='cat', name='Kit', lives=9)"
    assert shown(text)[1] == f"Shelter(pets=None, boss=Dog(kind='doggy', good=True, friends=[{cat}]))"


@pytest.mark.parametrize(
    ("text", "rest", "kind", "loc"),
    [
        ('{"pets":[{"kind":"co', 'w"}]}', "union_tag_invalid", ("pets", 0)),
        ('{"pets":[{"kind":"do"', "}]}", "union_tag_invalid", ("pets", 0)),
        ('{"pets":[{"kind":1', "}]}", "union_tag_invalid", ("pets", 0)),
        ('{"pets":[{"name":"x"}', "]}", "union_tag_not_found", ("pets", 0)),
        ('{"pets":[3', "]}", "dict_type", ("pets", 0)),
        ('{"pets":[{"kind":"cat","name":3', "}]}", "string_type", ("pets", 0, "cat", "name")),
        # Known to be wrong only once the tag is known.
        ('{"pets":[{"name":3,"kind":"cat"', "}]}", "string_type", ("pets", 0, "cat", "name")),
        ('{"pets":[{"kind":"cat"}', "]}", "missing", ("pets", 0, "cat", "name")),
        ('{"boss":{"kind":"dog","good":false}', ',"pets":[]}', "value_error", ("boss", "dog")),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 100])
def test_2_a_hopeless_object_is_refused_at_once(
    text: str, rest: str, kind: str, loc: tuple[str | int, ...], size: int
) -> None:
    whole = text + rest
    with pytest.raises(ValidationError) as pydantics:
        Shelter.model_validate_json(whole)
    assert (kind, loc) in [(line["type"], line["loc"]) for line in pydantics.value.errors()]

    parser = Parser(Shelter)
    with pytest.raises(ValidationError) as caught:
        for at in range(0, len(whole), size):
            parser.feed(whole[at : at + size])
    (error,) = caught.value.errors()
    assert (error["type"], error["loc"], parser.offset) == (kind, loc, len(text) - 1)


def test_a_tag_by_its_alias() -> None:
    class Water(BaseModel):
        life: Annotated[Fish | Crab, Field(discriminator="kind")]

    parser = Parser(Water)
    parser.feed('{"life":{"type":"crab"')
    assert parser.snapshot.life == Crab(type="crab", legs=8)
    with pytest.raises(ValidationError, match="Extra inputs"):
        parser.feed(',"kind')


def test_7_user_code_runs_once_for_an_object_that_is_read_twice() -> None:
    calls = []

    class Bird(BaseModel):
        kind: Literal["bird"]

        @model_validator(mode="after")
        def seen(self) -> Bird:
            calls.append(self.kind)
            return self

    class Nest(BaseModel):
        bird: Annotated[Bird | Cat, Field(discriminator="kind")]
        note: str

    parser = Parser(Nest)
    for letter in '{"bird":{"extra":[1,2],"kind":"bird"},"note":"':
        parser.feed(letter)
        assert isinstance(parser.snapshot, Nest)
    assert calls == ["bird"]


class Bird(BaseModel):
    kind: Literal["bird"]
    name: str


CatOrBird = Annotated[Cat | Bird, Field(discriminator="kind")]


@pytest.mark.parametrize(
    ("tp", "text", "lines"),
    [
        (CatOrBird | str, '{"name": n', {("str",): "string_type"}),
        (int | CatOrBird | str, '{"name": [', {("int",): "int_type", ("str",): "string_type"}),
        # The tag is known: what holds against its model holds.
        (
            int | CatOrBird | str,
            '{"kind": "cat", "name": n',
            {("int",): "int_type", ("tagged-union[Cat,Bird]", "cat", "name"): "string_type", ("str",): "string_type"},
        ),
        (
            CatOrBird | list[CatOrBird],
            '{"name": n',
            {("list[tagged-union[Cat,Bird]]",): "list_type"},
        ),
    ],
)
def test_2_while_the_tag_has_yet_to_come_nothing_is_said_of_the_models(
    tp: Any, text: str, lines: dict[tuple[str, ...], str]
) -> None:
    parser = Parser(tp)
    with pytest.raises(ValidationError) as caught:
        parser.feed(text)
    assert parser.offset == len(text) - 1
    assert {line["loc"]: line["type"] for line in caught.value.errors()} == lines


# ---------------------------------------------------------------------------------------------------------
# Tags that are open, and models of several tags


class Tag(str, Enum):
    A = "a"
    ACE = "ace"


class OfNumber(BaseModel):
    """A model whose field comes in two types: so its tag may come too late."""

    x: int


class OfText(BaseModel):
    x: str


def tagged(**tags: tuple[type[BaseModel], Any]) -> Any:
    """Make a union of models, each with a tag of its own."""
    models = [create_model(name, __base__=base, tag=(tag, ...)) for name, (base, tag) in tags.items()]
    return Annotated[Union[tuple(models)], Field(discriminator="tag")]  # noqa: UP007 - made at run time


SEVERAL = tagged(P=(OfNumber, Literal["a", "acid"]), Q=(OfText, Literal["b"]))
BEGINNINGS = tagged(P=(OfNumber, Literal["a"]), Q=(OfText, Literal["acid"]))
NUMBERS = tagged(P=(OfNumber, Literal[1]), Q=(OfText, Literal[12, 3]))
MEMBERS = tagged(P=(OfNumber, Literal[Tag.A]), Q=(OfText, Literal[Tag.ACE, "b"]))
INNER = tagged(P=(create_model("Inner", x=(BEGINNINGS, ...)), Literal["a"]), Q=(OfText, Literal["b"]))


def looks_around(value: int, info: ValidationInfo) -> int:
    """Be a validator that may look at the other fields: its model is outlined."""
    assert info.data is not None
    return value


DEPENDENT: Any = (Annotated[int, AfterValidator(looks_around)], 0)
Outlined: Any = create_model("Outlined", u=(BEGINNINGS | str, ...), v=DEPENDENT)
OutlinedAlone: Any = create_model("OutlinedAlone", u=(BEGINNINGS, ...), v=DEPENDENT)


def documents(values: Iterable[Any]) -> list[str]:
    """Write down all objects of a tag and two other keys, in every order."""
    tags = ["a", "ac", "acid", "ace", "b", "bc", "c", "", 1, 12, 13, 3, None]
    members: list[Any] = [
        ((("x", value), ("tag", tag), ("y", [])), order)
        for value in values
        for tag in tags
        for order in itertools.permutations(range(3))
    ]
    return [json.dumps(dict(pairs[at] for at in order)) for pairs, order in members]


FLAT = documents([1, "z", None])
DEEP = documents([{"tag": tag, "x": x} for tag in ("a", "acid", "b", "") for x in (1, "z")])


def early_errors(tp: Any, texts: list[str]) -> Iterator[tuple[set[Any], list[set[Any]]]]:
    """Give what instar says of each text that it refuses, and what Pydantic does of each that begins so."""
    adapter = TypeAdapter[Any](tp)

    def told(text: str) -> set[Any]:
        with pytest.raises(ValidationError) as caught:
            adapter.validate_json(text)
        return {(line["type"], line["loc"]) for line in caught.value.errors()}

    early = 0
    for text in texts:
        parser = Parser(tp)
        try:
            parser.feed(text)
        except ValidationError as error:
            lines = [(line["type"], line["loc"]) for line in error.errors()]
            assert len(lines) == len(set(lines)), text
            begun = text[: parser.offset + 1]
            yield set(lines), [told(other) for other in texts if other.startswith(begun)]
            early += len(begun) < len(text)
        else:
            adapter.validate_json(text)
    assert early > len(texts) // 3


@pytest.mark.parametrize(
    ("tp", "texts"),
    [
        (SEVERAL | str, FLAT),
        (BEGINNINGS | str, FLAT),
        (NUMBERS | str, FLAT),
        (MEMBERS | str, FLAT),
        (SEVERAL | BEGINNINGS | str, FLAT),
        (INNER | str, DEEP),
        (list[BEGINNINGS] | str, [f"[{text}]" for text in FLAT]),  # type: ignore[valid-type]
        (list[BEGINNINGS | int] | str, [f"[1, {text}]" for text in FLAT]),  # type: ignore[valid-type]
        (Outlined, [f'{{"u": {text}}}' for text in FLAT]),
    ],
)
def test_2_an_early_error_says_what_holds_for_every_ending(tp: Any, texts: list[str]) -> None:
    for lines, endings in early_errors(tp, texts):
        assert lines
        assert all(lines <= told for told in endings), (lines, endings)


@pytest.mark.parametrize(
    ("tp", "texts"),
    [
        (SEVERAL, FLAT),
        (NUMBERS, FLAT),
        (BEGINNINGS | SEVERAL, FLAT),
        (INNER | NUMBERS, DEEP),
        (OutlinedAlone, [f'{{"u": {text}}}' for text in FLAT]),
    ],
)
def test_2_where_no_line_holds_for_every_ending_one_does_for_each_that_has_a_tag(tp: Any, texts: list[str]) -> None:
    for lines, endings in early_errors(tp, texts):
        for told in endings:
            assert lines & told or any(kind.startswith("union_tag") for kind, _ in told), (lines, told)


@pytest.mark.parametrize("tp", [SEVERAL, SEVERAL | str, list[SEVERAL | str]])  # type: ignore[valid-type]
@pytest.mark.parametrize("tag", ["a", "acid"])
def test_a_model_of_several_tags_shows_within_a_union(tp: Any, tag: str) -> None:
    parser = Parser(tp)
    parser.feed(f'{"[" * (tp == list[SEVERAL | str])}{{"tag": "{tag}", "y": "')  # type: ignore[valid-type]
    shown = parser.snapshot[0] if isinstance(parser.snapshot, list) else parser.snapshot
    assert type(shown).__name__ == "P"
    assert (shown.tag, shown.x) == (tag, None)
