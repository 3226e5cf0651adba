"""Every type that Pydantic takes: native or not, it streams, and ends as Pydantic ends."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    PrivateAttr,
    RootModel,
    SecretStr,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.version import version_short
from typing_extensions import NotRequired, TypedDict

from instar import Parser
from oracle import deep
from support.runs import follow, is_told, lines_of, pydantic_error, same, singly

T = TypeVar("T")


class Number(IntEnum):
    ONE = 1
    TWELVE = 12


class Mixed(Enum):
    A = "a"
    ONE = 1
    HALF = 0.5


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    breed: str = "mutt"


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


@dataclass
class Point:
    x: int
    y: float = 0.0


class Pair(NamedTuple):
    a: int
    b: str


class Names(RootModel[list[str]]):
    pass


class Box(BaseModel, Generic[T]):
    content: T
    label: str = ""


class Checked(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def ordered(self) -> Checked:
        if self.low > self.high:
            msg = "upside down"
            raise ValueError(msg)
        return self


class Before(BaseModel):
    a: int

    @model_validator(mode="before")
    @classmethod
    def unwrap(cls, data: Any) -> Any:
        return data.get("wrapped", data) if isinstance(data, dict) else data


class Dependent(BaseModel):
    first: int
    second: int

    @field_validator("second")
    @classmethod
    def larger(cls, value: int, info: Any) -> int:
        if value <= info.data.get("first", 0):
            msg = "too small"
            raise ValueError(msg)
        return value


class Private(BaseModel):
    a: int
    _memo: list[int] = PrivateAttr(default_factory=list)

    @computed_field
    def double(self) -> int:
        return self.a * 2


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    a: str
    b: tuple[int, ...] = ()


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    i: int = 0
    f: float = 0.0
    b: bool = False
    s: str = ""
    d: dt.date | None = None
    e: Mixed = Mixed.A


class Tidy(BaseModel):
    model_config = ConfigDict(
        str_strip_whitespace=True, str_to_lower=True, str_max_length=5, coerce_numbers_to_str=True
    )
    s: str
    t: str = ""
    u: Annotated[str, StringConstraints(to_upper=True, strip_whitespace=False)] = ""


class Renamed(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")
    first_name: str
    last_name: str = ""


class Chosen(BaseModel):
    a: int = Field(validation_alias=AliasChoices("a", "alpha", AliasPath("nested", "a")))
    b: str = Field(default="", validation_alias=AliasPath("list", 0))


class Constructed(BaseModel):
    a: int

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        self.__dict__["a"] += 1


class Typed(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
    a: str = ""


class Defaults(BaseModel):
    model_config = ConfigDict(validate_default=True)
    a: int = "7"  # type: ignore[assignment]
    b: list[int] = Field(default_factory=lambda data: [data["a"]])


def triple(value: Any, handler: Any) -> Any:
    return handler(value) * 3


Tagged = Annotated[Union[Cat, Dog], Field(discriminator="kind")]  # noqa: UP007 - as it is spelled in most models
Called = Annotated[
    Annotated[int, Tag("int")] | Annotated[str, Tag("str")],
    Discriminator(lambda v: "int" if isinstance(v, int) else "str"),
]

# Each: a type, documents that fit, documents that do not.
ZOO: list[tuple[Any, list[str], list[str]]] = [
    (int | str, ["12", '"12"', '"a"'], ["null", "[]"]),
    (Cat | Dog, ['{"kind":"dog"}', '{"lives":3,"kind":"cat"}'], ['{"kind":"cow"}', "[]", '{"lives":"x"}']),
    (list[Tagged], ['[{"kind":"cat","lives":9},{"breed":"b","kind":"dog"}]'], ['[{"kind":"cow"}]', '[{"lives":1}]']),
    (list[Called], ['[1,"a"]'], ["[null]"]),
    (dict[str, Cat | None], ['{"a":null,"b":{"kind":"cat","lives":1}}'], ['{"a":{"kind":"cat"}}']),
    (dt.date, ['"2020-02-29"'], ['"2020-02-30"', '"x"']),
    (list[dt.datetime], ['["2020-02-29T10:00:00Z",1577836800]'], ['["x"]']),
    (dt.timedelta, ['"PT1H"', "60"], ['"x"']),
    (Decimal, ['"1.10"', "1.5", "3"], ['"x"', "null"]),
    (uuid.UUID, ['"12345678-1234-5678-1234-567812345678"'], ['"1234"']),
    (AnyUrl, ['"https://example.com/a"'], ['"x"']),
    (bytes, ['"abc"'], ["1"]),
    (SecretStr, ['"abc"'], ["1"]),
    (Json[list[int]], ['"[1,2]"'], ['"[1,"', '"[\\"a\\"]"']),
    (Number, ["12", "1"], ["2", '"x"']),
    (Mixed, ['"a"', "1", "0.5"], ["2", '"b"']),
    (Literal[1, "a", True] | None, ["1", '"a"', "null"], ["2", '"b"', "[]"]),
    (tuple[int, str], ['[1,"a"]'], ["[1]", '[1,"a",2]', '["a"]', "{}"]),
    (tuple[int, ...], ["[]", "[1,2,3]"], ['["a"]']),
    (set[int], ["[3,1,2,2,1]"], ['["a"]', "{}"]),
    (frozenset[str], ['["b","a","b"]'], ["[1]"]),
    (deque[int], ["[3,1,2]"], ['["a"]']),
    (dict[int, str], ['{"1":"a","22":"b"}'], ['{"x":"a"}', '{"1":2}']),
    (dict[Literal["a", "b"], int], ['{"a":1,"b":2}'], ['{"c":1}', '{"a":"x"}']),
    (dict[Annotated[str, Field(max_length=2)], int], ['{"ab":1}'], ['{"abc":1}']),
    (Movie, ['{"title":"t"}', '{"year":1999,"title":"t"}'], ["{}", '{"title":1}', '{"title":"t","year":"y"}']),
    (list[Point], ['[{"x":1},{"y":2.5,"x":3}]'], ['[{"y":1}]', '[{"x":"a"}]']),
    (Pair, ['[1,"a"]'], ["[1]"]),
    (Names, ['["a","b"]', "[]"], ["[1]", "{}"]),
    (dict[str, Names], ['{"k":["a"]}'], ['{"k":{}}']),
    (Box[int], ['{"content":5}'], ['{"content":"x"}', "{}"]),
    (Box[list[Box[str]]], ['{"content":[{"content":"a","label":"l"}]}'], ['{"content":[{"content":1}]}']),
    (Checked, ['{"low":1,"high":2}'], ['{"low":3,"high":2}', '{"low":3}']),
    (list[Checked], ['[{"low":1,"high":2}]'], ['[{"low":1,"high":2},{"low":3,"high":2}]']),
    (Box[Checked], ['{"content":{"low":1,"high":2}}'], ['{"content":{"low":3,"high":2}}', '{"content":{}}']),
    (dict[str, Dependent], ['{"k":{"first":1,"second":2}}'], ['{"k":{"first":2,"second":2}}']),
    (Before, ['{"wrapped":{"a":1}}', '{"a":2}'], ['{"wrapped":{}}', "[]"]),
    (Dependent, ['{"first":1,"second":2}', '{"second":2,"first":1}'], ['{"first":2,"second":2}']),
    (list[Private], ['[{"a":1},{"a":2}]'], ['[{"a":"x"}]']),
    (Frozen, ['{"a":"x","b":[1,2]}'], ['{"a":"x","b":["y"]}']),
    (
        Strict,
        ['{"i":1,"f":2,"b":true,"s":"x","d":"2020-01-01","e":1}'],
        ['{"i":1.0}', '{"i":"1"}', '{"f":"1"}', '{"b":1}', '{"s":1}', '{"i":true}'],
    ),
    (Tidy, ['{"s":"  AbC  ","t":12,"u":" x "}', '{"s":"   ABCDE    "}'], ['{"s":"abcdef"}', '{"s":null}']),
    (Renamed, ['{"firstName":"a","lastName":"b"}', '{"first_name":"a"}'], ['{"firstname":"a"}', '{"lastName":"b"}']),
    (
        Chosen,
        ['{"a":1}', '{"alpha":2}', '{"nested":{"a":3},"list":["x","y"]}', '{"alpha":2,"a":1}'],
        ['{"alpha":"x"}', "{}", '{"a":1,"list":[1]}'],
    ),
    (Constructed, ['{"a":1}'], ['{"a":"x"}']),
    (Typed, ['{"a":"x","more":1}'], ['{"more":"x"}']),
    # Before 2.12 Pydantic calls a factory with the data that failed, and lets its KeyError out.
    (Defaults, ["{}", '{"a":3}', '{"b":[1]}'], ['{"a":"x"}'] if version_short() >= "2.12" else []),
    (Annotated[str, AfterValidator(str.upper)], ['"abc"'], ["1"]),
    (Annotated[int, BeforeValidator(lambda v: len(str(v)))], ['"abc"', "1234"], []),
    (list[Annotated[int, WrapValidator(triple)]], ["[1,2]"], ['["x"]']),
    (Annotated[list[int], AfterValidator(sorted)], ["[3,1,2]"], ['["x"]']),
    (Annotated[int | None, Field(gt=3)], ["4", "null"], ["3"]),
    (Annotated[float, Field(allow_inf_nan=False)], ["1.5"], ["NaN", "-Infinity", "1e400"]),
    (Annotated[Decimal, Field(max_digits=3, decimal_places=1)], ["12.5"], ["1.25"]),
    (Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)], ['"  ab "'], ['"  a "']),
    (object, ['{"a":[1,{"b":null}]}'], []),
    (list, ['[1,"a",{"b":[]}]'], ["{}"]),
    (dict, ['{"a":[1],"b":{"c":null}}'], ["[]"]),
    (complex, ['"1+2j"'], ['"x"']),
]
FITTING = [pytest.param(tp, doc, id=f"{tp}-{doc}"[-70:]) for tp, docs, _ in ZOO for doc in docs]
WRONG = [pytest.param(tp, doc, id=f"{tp}-{doc}"[-70:]) for tp, _, docs in ZOO for doc in docs]


@pytest.mark.parametrize(("tp", "doc"), FITTING)
def test_a_document_that_fits_ends_as_pydantic_ends(tp: Any, doc: str) -> None:
    text = doc.encode()
    expected = deep(TypeAdapter(tp).validate_json(text))
    whole = follow(tp, singly(text))
    assert whole.failure is None
    assert whole.final == expected
    same(whole, follow(tp, [text]))
    same(whole, follow(tp, [text[:3], text[3:]]))
    # Equal, yet not the same to the letter: a snapshot keeps the order in which keys arrived.
    assert whole.parser.snapshot == TypeAdapter(tp).validate_json(text)


@pytest.mark.parametrize(("tp", "doc"), WRONG)
def test_a_document_that_does_not_fit_is_refused_with_pydantics_error(tp: Any, doc: str) -> None:
    text = doc.encode()
    expected = pydantic_error(tp, text)
    assert expected
    whole = follow(tp, singly(text))
    assert whole.failure
    assert whole.failure.kind == "ValidationError"
    theirs = {line[:2] for line in lines_of(expected)}
    ours = {line[:2] for line in whole.failure.lines}
    assert all(is_told(line, theirs) for line in ours)
    same(whole, follow(tp, [text]))


@pytest.mark.parametrize(("tp", "doc"), FITTING)
def test_a_document_cut_short_never_ends(tp: Any, doc: str) -> None:
    for n in range(len(doc)):
        parser = Parser(tp)
        parser.feed(doc[:n])
        if not doc[:n].strip("0123456789.-"):
            continue  # a number at the root may be whole at any of its digits
        assert not parser.complete
        with pytest.raises(ValueError, match="ended early"):
            parser.finish()


STRICTLY = [
    (int, "1.0"),
    (int, '"1"'),
    (float, "1"),
    (bool, "1"),
    (str, '"a"'),
    (dt.date, '"2020-01-01"'),
    (Mixed, '"a"'),
    (list[int], "[true]"),
    (dict[int, int], '{"1":2}'),
    (Cat, '{"kind":"cat","lives":"9"}'),
    (Point, '{"x":1}'),
]


@pytest.mark.parametrize(("tp", "doc"), STRICTLY)
@pytest.mark.parametrize("strict", [True, False, None])
def test_strict_is_as_strict_as_pydantic(tp: Any, doc: str, strict: bool | None) -> None:  # noqa: FBT001 - a parameter
    run = follow(tp, singly(doc.encode()), strict=strict)
    expected = pydantic_error(tp, doc.encode(), strict=strict)
    if expected:
        assert run.failure
        assert [line[:3] for line in run.failure.lines] == [line[:3] for line in lines_of(expected)]
    else:
        assert run.final == deep(TypeAdapter(tp).validate_json(doc, strict=strict))


def test_context_reaches_validators_while_streaming_and_at_the_end() -> None:
    seen = []

    class Asking(BaseModel):
        a: int

        @field_validator("a")
        @classmethod
        def ask(cls, value: int, info: ValidationInfo) -> int:
            seen.append(info.context)
            return value

    context = object()
    parser = Parser(Asking, context=context)
    parser.feed('{"a": 1}')
    assert parser.finish().a == 1
    assert seen == [context, context]


@pytest.mark.parametrize("tp", [Cat, Frozen, Checked, Renamed, Box[int], Strict])
def test_a_snapshot_is_an_instance_of_the_model_itself(tp: Any) -> None:
    parser = Parser(tp)
    assert type(parser.snapshot) is tp
    parser.feed("{")
    assert type(parser.snapshot) is tp
    assert repr(parser.snapshot).startswith(tp.__name__)


ATOMS: list[Any] = [
    int,
    float,
    bool,
    str,
    type(None),
    int | None,
    Any,
    Annotated[int, Field(ge=0)],
    Annotated[int, Field(gt=3, le=12)],
    Annotated[int, Field(multiple_of=5)],
    Annotated[float, Field(ge=0, lt=10)],
    Annotated[float, Field(multiple_of=0.5)],
    Annotated[float, Field(allow_inf_nan=False)],
    Annotated[str, Field(min_length=2, max_length=4)],
    Annotated[str, Field(pattern="^[a-z]*$")],
    Annotated[str, Field(pattern="b")],
    Annotated[str, Field(pattern=r"^\w+\s?$")],
    Annotated[str | None, Field(max_length=2)],
    Literal["a", "yes", "nan"],
    Literal[1, 12, "12"],
    Literal[True],
    Number,
    Mixed,
    dt.date,
    Decimal,
    list[int],
    dict[str, int],
    Cat,
]
BARE = [
    "0", "-0", "1", "-1", "5", "12", "13", "2.0", "2.5", "12.0", "0.0", "-0.0", "1e1", "1.5e1", "1e-1", "1E+2",
    "12e0", "120e-1", "1e400", "-1e400", "1e-400", "0.30000000000000004", "1e0", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e18", "1e19", "1e30",
    "9007199254740993.0", "true", "false", "null", "NaN", "Infinity", "-Infinity", "[]", "{}", "[1]", "[null]",
]  # fmt: skip
STRINGS = [
    "", " ", "a", "ab", "abc", "abcd", "abcde", "b", "é", "ééééé", "😀", "a\n", "yes", "YES", "Yes", "no", "on",
    "off", "t", "f", "n", "y", "true", "True", "TRUE", "false", "null", "0", "1", "2", "12", "-12", "+12", "1_2",
    "_12", "1__2", "012", "00", "12.", ".5", "1.0", "1.50", "1e1", "1e400", "inf", "-inf", "nan", "NaN", "Infinity",
    "infinity", "0x1", "2020-01-01", "1 2", " 12 ", "12 ", " yes", "1.0 ", "\t12\n",
]  # fmt: skip
SCALARS = [*BARE, *(json.dumps(text, ensure_ascii=ascii_only) for text in STRINGS for ascii_only in (True, False))]


@pytest.mark.parametrize("tp", ATOMS, ids=str)
def test_every_scalar_is_taken_or_refused_as_pydantic_does(tp: Any) -> None:
    wrong = {}
    refused = 0
    for scalar in SCALARS:
        for schema, text in ((tp, f"{scalar} "), (list[tp], f"[{scalar}]"), (dict[str, tp], f'{{"k":{scalar}}}')):
            run = follow(schema, singly(text.encode()))
            expected = pydantic_error(schema, text.encode())
            if expected is None:
                found: Any = run.failure or run.final
                theirs: Any = deep(TypeAdapter(schema).validate_json(text))
            else:
                refused += 1
                found = run.failure and [line[:3] for line in run.failure.lines]
                theirs = [line[:3] for line in lines_of(expected)]
            if found != theirs:
                wrong[text] = found, theirs
    assert not wrong
    assert refused or tp is Any
