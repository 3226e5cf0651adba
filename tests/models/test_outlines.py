"""Outlines: what shows of a value that Pydantic validates whole is only a guess, and refuses nothing by itself."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from instar import Parser
from support.runs import follow, refusal, same, singly

CALLS: list[Any] = []


class Lengthy(BaseModel):
    a: int

    @model_validator(mode="before")
    @classmethod
    def from_text(cls, value: Any) -> Any:
        return {"a": len(value)} if isinstance(value, str) else value


class Anything(BaseModel):
    a: int

    @model_validator(mode="before")
    @classmethod
    def from_anything(cls, _value: Any) -> Any:
        return {"a": 0}


class Plain(BaseModel):
    q: int


class Within(BaseModel):
    f: Anything

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)


class Deep(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = Field(validation_alias=AliasPath("p", 0))


class Informed(Deep):
    b: str = "x"

    @field_validator("b")
    @classmethod
    def checked(cls, value: str, info: ValidationInfo) -> str:
        assert info.field_name == "b"
        return value


class Typed(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
    a: str = Field(validation_alias=AliasPath("p", 0))


class Texts(BaseModel):
    a: Annotated[str, AfterValidator(str)] | int
    b: str

    @model_validator(mode="before")
    @classmethod
    def same(cls, value: Any) -> Any:
        return value


class Once(BaseModel):
    a: int | str
    b: str = ""

    @field_validator("a")
    @classmethod
    def counted(cls, value: int | str) -> int | str:
        CALLS.append(value)
        return value

    @field_validator("b")
    @classmethod
    def informed(cls, value: str, info: ValidationInfo) -> str:
        assert info.data
        return value


@pytest.mark.parametrize(
    ("tp", "text"),
    [
        (Lengthy, '"word"'),
        (list[Lengthy], '["word",{"a":1}]'),
        (list[Anything] | Plain, '[{"a":[]}]'),
        (Within | int, '{"f":{"a":"n"}}'),
        (tuple[Lengthy, int] | int, '["s",1]'),
        (Deep | str, '{"p":[1]}'),
        (Informed, '{"p":[1]}'),
        (Typed | str, '{"p":["s"]}'),
        (Texts, '{"a":"abcdef","b":"x"}'),
        (dict[int | str, int], '{"1":1}'),
        (Once, '{"a":"x","b":"y"}'),
    ],
)
def test_6_what_pydantic_accepts_is_not_refused(tp: Any, text: str) -> None:
    whole = follow(tp, singly(text.encode()))
    assert whole.failure is None
    same(whole, follow(tp, [text]))
    parser: Parser[Any] = Parser(tp)
    parser.feed(text)
    assert parser.snapshot == parser.finish() == TypeAdapter(tp).validate_json(text)


def test_7_a_validator_around_a_union_runs_once() -> None:
    CALLS.clear()
    Parser(Once).feed('{"a":"x","b":"y"}')
    assert CALLS == ["x"]


def test_7_a_discriminator_is_called_with_whole_values_only() -> None:
    class One(BaseModel):
        t: Literal["one"]
        n: int

    class Two(BaseModel):
        t: Literal["two"]
        n: str

    def tag(value: dict[str, Any]) -> str:
        CALLS.append(value)
        return str(value["t"])

    either = Annotated[Annotated[One, Tag("one")] | Annotated[Two, Tag("two")], Discriminator(tag)]
    CALLS.clear()
    error = refusal(Parser(either), '{"n":[],"t":"one"}')
    assert isinstance(error, ValidationError)
    assert error.errors()[0]["loc"] == ("one", "n")
    assert CALLS == [{"n": [], "t": "one"}]


def test_9_text_that_is_read_anew_leaves_nothing_behind() -> None:
    class Short(BaseModel):
        kind: Literal["a"]
        text: Annotated[str, Field(min_length=3)]

    class Other(BaseModel):
        kind: Literal["b"]
        text: int

    parser = Parser(list[Annotated[Short | Other, Field(discriminator="kind")]])
    assert isinstance(refusal(parser, '[{"text":"b","kind":"a"'), ValidationError)
    assert parser.snapshot == []


class Bits(enum.IntFlag):
    """Whose members pydantic finds by code of the enum's own."""

    ONE = 1
    TWO = 2


class Flags(TypedDict):
    """Read as an outline of itself: of a flag nothing is guessed, nor of the root model around it."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    x: RootModel[Bits]
    y: list[RootModel[RootModel[Bits]]]


def test_a_root_model_of_what_is_not_guessed_is_not_shown_either() -> None:
    text = '{"x":1,"y":[2 ]}'
    parser = Parser(Flags)
    shown = [(parser.feed(char), repr(parser.snapshot)) for char in text]
    before = "{}"
    for told, now in shown:
        assert told == (now != before)
        assert "None" not in now
        before = now
    assert parser.finish() == TypeAdapter(Flags).validate_json(text)
