"""Code of the user's around values, fields and models, each call of which is counted."""

import dataclasses
from typing import Annotated, Any

import pydantic.dataclasses
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler  # of all versions
from pydantic_core import PydanticCustomError, PydanticUseDefault
from typing_extensions import Self

from models.case import BEFORE, TOGETHER, Case, called


def shouted(value: str) -> str:
    called("shouted", value)
    return value.upper()


def even(value: int) -> int:
    called("even", value)
    if value % 2:
        msg = "not even"
        raise ValueError(msg)
    return value


def split(value: Any) -> Any:
    called("split", value)
    return value.split(",") if isinstance(value, str) else value


def bare(value: Any) -> Any:
    called("bare", value)
    return value.lstrip("#") if isinstance(value, str) else value


def clipped(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    called("clipped", value)
    return min(handler(value), 10)


def flipped(value: Any) -> bool:
    called("flipped", value)
    assert isinstance(value, bool), "only what can be flipped"
    return not value


def located(value: str, info: ValidationInfo) -> str:
    called("located", value)
    return f"{info.field_name}:{value}"


def known(value: str) -> str:
    called("known", value)
    if value not in {"kg", "m", "s"}:
        kind = "unknown_unit"
        raise PydanticCustomError(kind, "there is no unit {unit}", {"unit": value})
    return value


class AfterEach(BaseModel):
    name: Annotated[str, AfterValidator(shouted)]
    numbers: list[Annotated[int, AfterValidator(even)]] = []


class BeforeAll(BaseModel):
    tags: Annotated[list[str], BeforeValidator(split)]
    note: Annotated[str, Field(max_length=3), BeforeValidator(lambda v: v.strip() if isinstance(v, str) else v)] = ""


class Wrapped(BaseModel):
    level: Annotated[int, WrapValidator(clipped)]
    switch: Annotated[bool, PlainValidator(flipped)] = False


class Chained(BaseModel):
    """Several around one value: before from the right, after from the left."""

    value: Annotated[
        int, BeforeValidator(int), AfterValidator(even), BeforeValidator(bare), AfterValidator(lambda v: v + 1)
    ]


class ByDecorator(BaseModel):
    first: str
    second: str
    third: list[int] = []

    @field_validator("first", "second")
    @classmethod
    def title(cls, value: str) -> str:
        called("title", value)
        return value.title()

    @field_validator("third", mode="before")
    @classmethod
    def one_or_many(cls, value: Any) -> Any:
        called("one_or_many", value)
        return value if isinstance(value, list) else [value]


class EveryField(BaseModel):
    a: int
    b: int = 2

    @field_validator("*", mode="after")
    @classmethod
    def positive(cls, value: int, info: ValidationInfo) -> int:
        called(f"positive {info.field_name}", value)
        if value < 1:
            msg = f"{info.field_name} is not positive"
            raise ValueError(msg)
        return value


class Passwords(BaseModel):
    password: str
    again: str

    @field_validator("again")
    @classmethod
    def same(cls, value: str, info: ValidationInfo) -> str:
        called("same", value)
        if value != info.data.get("password"):
            msg = "they differ"
            raise ValueError(msg)
        return value


class Unit(BaseModel):
    symbol: Annotated[str, AfterValidator(known)]
    place: Annotated[str, AfterValidator(located)] = "nowhere"


class Span(BaseModel):
    start: int
    stop: int

    @model_validator(mode="after")
    def ordered(self) -> Self:
        called("ordered", (self.start, self.stop))
        if self.start > self.stop:
            msg = "backwards"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def short(self) -> Self:
        called("short", (self.start, self.stop))
        assert self.stop - self.start < 100, "too long"
        return self


class Unwrapped(BaseModel):
    id: int
    text: str = ""

    @model_validator(mode="before")
    @classmethod
    def from_envelope(cls, data: Any) -> Any:
        called("from_envelope", data)
        return data["message"] if isinstance(data, dict) and "message" in data else data


class Envelopes(BaseModel):
    """Models with something before them, where models are held."""

    first: Unwrapped
    others: list[Unwrapped] = []
    by_name: dict[str, Unwrapped | None] = {}


class Logged(BaseModel):
    id: int

    @model_validator(mode="wrap")
    @classmethod
    def log(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        called("log", data)
        return handler(data)


class Initialised(BaseModel):
    name: str
    length: int = 0
    inner: list[Span] = []

    def model_post_init(self, _context: Any, /) -> None:
        called("model_post_init", self.name)
        self.length = len(self.name)


class Inherited(ByDecorator):
    """Validators of the parent, one of them replaced."""

    @field_validator("first", "second")
    @classmethod
    def title(cls, value: str) -> str:
        called("another title", value)
        return value.lower()


def or_default(value: Any) -> Any:
    called("or_default", value)
    if value is None:
        raise PydanticUseDefault
    return value


def pruned(value: "Branch") -> "Branch":
    called("pruned", value.name)
    return value


class Branch(BaseModel):
    """A validator around the model itself, further down."""

    name: str = ""
    next: "Annotated[Branch, AfterValidator(pruned)] | None" = None
    twigs: "list[Annotated[Branch, AfterValidator(pruned)]]" = []


@pydantic.dataclasses.dataclass
class Boiled:
    """A dataclass with something before it, and after."""

    minutes: int
    words: list[str] = dataclasses.field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def from_seconds(cls, data: Any) -> Any:
        called("from_seconds", data)
        return data

    @model_validator(mode="after")
    def hard(self) -> Self:
        called("hard", self.minutes)
        assert self.minutes > 3, "too soft"
        return self


class Fallback(BaseModel):
    speed: Annotated[int, BeforeValidator(or_default)] = 30
    tags: list[Annotated[str, AfterValidator(shouted)]] = Field(default=["slow"], max_length=3)


class Sorted(BaseModel):
    """A validator around a whole container, which grows before it is called."""

    scores: Annotated[list[int], AfterValidator(sorted)]
    names: dict[str, Annotated[str, AfterValidator(shouted)]] = {}


REWRITES = "a validator makes something else of what has shown"
ENVELOPE = "what stands before the model may make another object of the text"
OWN_CODE = "what is wrong with it is told by running its code, which is done when it is whole"

CASES = [
    Case(
        AfterEach,
        ('{"name":"ada","numbers":[2,4]}', '{"numbers":["6"],"name":""}'),
        ('{"name":1}', '{"name":"ada","numbers":[2,3]}', '{"name":"ada","numbers":[[]]}', '{"numbers":[]}'),
    ),
    Case(
        BeforeAll,
        ('{"tags":"a,b"}', '{"tags":["a","b"],"note":"  abc  "}', '{"note":"","tags":[]}'),
        ('{"note":""}', "[]"),
        late=dict.fromkeys(('{"tags":1}', '{"tags":"a","note":" abcd "}', '{"tags":["a",null]}'), BEFORE),
    ),
    Case(
        Wrapped,
        ('{"level":3}', '{"level":"30","switch":true}'),
        ('{"level":"x"}', '{"level":1,"switch":"on"}', "{}"),
    ),
    Case(
        Chained,
        ('{"value":"#4"}', '{"value":2}'),
        ('{"value":3}', '{"value":"3,4"}', '{"value":"x"}'),
    ),
    Case(
        ByDecorator,
        ('{"first":"a b","second":"c","third":3}', '{"third":[1,"2"],"second":"x","first":"y"}'),
        ('{"first":"a","second":2}', '{"first":"a","second":"b","third":"x"}', '{"first":null}'),
    ),
    Case(
        EveryField,
        ('{"a":1}', '{"b":3,"a":"1"}'),
        ('{"a":0}', '{"a":1,"b":-1}'),
        late={'{"a":"x","b":1}': TOGETHER},
        remade=REWRITES,
    ),
    Case(
        Passwords,
        ('{"password":"x","again":"x"}', '{"again":"","password":""}'),
        ('{"again":"x"}', '{"password":1,"again":"x"}'),
        late={'{"password":"x","again":"y"}': TOGETHER},
    ),
    Case(
        Unit,
        ('{"symbol":"kg"}', '{"place":"here","symbol":"m"}'),
        ("{}", '{"symbol":1}'),
        late={'{"symbol":"kilo"}': TOGETHER},
        remade=REWRITES,
    ),
    Case(
        Span,
        ('{"start":1,"stop":2}', '{"stop":"2","start":2}'),
        ('{"start":3,"stop":2}', '{"start":0,"stop":100}', '{"start":1}', '{"start":1,"stop":{}}'),
    ),
    Case(
        list[Span],
        ('[{"start":1,"stop":2},{"start":3,"stop":4}]',),
        ('[{"start":1,"stop":2},{"start":4,"stop":3}]', "{}"),
    ),
    Case(
        Unwrapped,
        ('{"id":1,"text":"a"}', '{"message":{"id":2}}'),
        ('{"message":{}}', '{"id":"x"}'),
        late=dict.fromkeys(('{"message":1}', "[]"), ENVELOPE),
    ),
    Case(
        Envelopes,
        ('{"first":{"message":{"id":2}},"others":[{"id":1,"text":"a"}],"by_name":{"a":null,"b":{"id":3,"text":"b"}}}',),
        ('{"first":{"id":1},"others":{}}', '{"others":[]}'),
        late=dict.fromkeys(('{"first":{"message":[]}}', '{"first":[]}'), ENVELOPE),
    ),
    Case(
        Branch,
        ('{"name":"a","next":{"name":"b","next":{"name":"c","twigs":[{"twigs":[{"name":"d"}]}]}}}',),
        ('{"twigs":[null]}', '{"next":[]}', '{"next":{"name":1}}'),
        remade="what is within a recursive model with a validator around it is known when that is whole",
    ),
    Case(
        Boiled,
        ('{"minutes":4,"words":["a","b"]}', '{"words":[],"minutes":"5"}'),
        ('{"minutes":3}', "{}"),
        late={'{"minutes":"x"}': OWN_CODE},
    ),
    Case(Logged, ('{"id":1}',), ("{}",), late=dict.fromkeys(('{"id":"x"}', "null"), ENVELOPE)),
    Case(
        Initialised,
        ('{"name":"abc","inner":[{"start":1,"stop":2}]}', '{"length":5,"name":"x"}'),
        ('{"name":1}', '{"name":"x","inner":[{"start":2,"stop":1}]}'),
        remade="what runs after the last field sets another",
    ),
    Case(
        Inherited,
        ('{"first":"A","second":"B","third":[1]}',),
        ('{"first":1,"second":"B"}', '{"second":"B"}'),
    ),
    Case(
        Fallback,
        ('{"speed":50,"tags":["a","b"]}', '{"speed":null}', "{}"),
        ('{"speed":"fast"}', '{"tags":["a","b","c","d"]}', '{"tags":[1]}'),
    ),
    Case(
        Sorted,
        ('{"scores":[3,1,2],"names":{"a":"b"}}', '{"names":{},"scores":[]}'),
        ('{"scores":["x"]}', '{"scores":{}}', '{"scores":[1],"names":{"a":1}}'),
        remade=REWRITES,
    ),
]
