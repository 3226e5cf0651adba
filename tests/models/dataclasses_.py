"""Dataclasses: the standard library's and Pydantic's."""

import dataclasses
import datetime as dt
from typing import Annotated, Any, Generic, Literal, TypeVar

import pydantic.dataclasses
from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.case import OUTLINED, Case, called

T = TypeVar("T")


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.0


@dataclasses.dataclass(frozen=True, order=True)
class Track:
    title: str
    seconds: int = 0
    tags: tuple[str, ...] = ()


@dataclasses.dataclass
class Album:
    name: str
    tracks: list[Track] = dataclasses.field(default_factory=list)
    released: dt.date | None = None
    best: Track | None = None


@dataclasses.dataclass(slots=True)
class Slotted:
    a: str
    b: list[Point] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass(slots=True, frozen=True)
class SlottedToo:
    a: str
    inner: Point


@dataclasses.dataclass
class Rectangle:
    width: int
    height: int
    area: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        called("__post_init__", (self.width, self.height))
        self.area = self.width * self.height


@pydantic.dataclasses.dataclass
class Hashed:
    name: str
    salt: dataclasses.InitVar[str]
    digest: str = ""

    def __post_init__(self, salt: str) -> None:
        called("salted", salt)
        self.digest = f"{self.name}+{salt}"


@dataclasses.dataclass
class Keywords:
    first: int
    _: dataclasses.KW_ONLY
    second: int = 2
    third: str = "3"


@pydantic.dataclasses.dataclass
class Checked:
    code: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    size: int = Field(default=1, ge=1, le=3)

    @field_validator("size")
    @classmethod
    def sized(cls, value: int) -> int:
        called("sized", value)
        return value * 10


@pydantic.dataclasses.dataclass(config=ConfigDict(extra="forbid", str_strip_whitespace=True))
class Tight:
    word: str
    kind: Literal["a", "b"] = "a"


@pydantic.dataclasses.dataclass(config=ConfigDict(extra="allow"))
class Loose:
    word: str


@pydantic.dataclasses.dataclass(config=ConfigDict(strict=True))
class Exact:
    number: int
    real: float = 0.0


@dataclasses.dataclass
class Base:
    id: int


@dataclasses.dataclass
class Derived(Base):
    label: str = ""
    parent: "Derived | None" = None


@pydantic.dataclasses.dataclass
class Boxed(Generic[T]):
    content: T
    count: int = 1


class Holder(BaseModel):
    """A model that holds dataclasses."""

    main: Point
    others: dict[str, Derived] = {}
    maybe: Boxed[str] | None = None


@dataclasses.dataclass
class Owner:
    """A dataclass that holds models, and plain containers."""

    holder: Holder
    anything: Any = None


AFTER = "what runs after the last field sets another"

CASES = [
    Case(Point, ('{"x":1}', '{"y":2,"x":"3"}'), ('{"y":1}', '{"x":[]}', "[1,2]", '{"x":1.5}', "3")),
    Case(
        Album,
        (
            '{"name":"A","tracks":[{"title":"t","seconds":3,"tags":["x"]},{"title":"u"}],"released":"2001-02-03"}',
            '{"best":{"title":"b"},"name":""}',
        ),
        (
            '{"name":"A","tracks":[{"seconds":3}]}',
            '{"name":"A","tracks":[{"title":1}]}',
            '{"name":"A","released":"2001-13-01"}',
            '{"name":"A","best":[]}',
        ),
    ),
    Case(Slotted, ('{"a":"x","b":[{"x":1}]}',), ('{"a":1}', '{"a":"x","b":[{"y":1}]}', '{"a":"x","b":{}}')),
    Case(
        SlottedToo,
        ('{"a":"x","inner":{"x":1,"y":2}}', '{"inner":{"x":1},"a":""}'),
        ('{"a":"x"}', '{"a":"x","inner":{"x":null}}', '{"inner":[]}'),
    ),
    Case(
        Rectangle,
        ('{"width":2,"height":3}',),
        ('{"width":2}', "[]"),
        late={'{"width":"x","height":1}': OUTLINED},
        remade=AFTER,
    ),
    Case(
        Hashed,
        ('{"name":"n","salt":"s"}', '{"salt":"s","name":"n","digest":"d"}'),
        ('{"name":"n"}',),
        late={'{"name":"n","salt":1}': OUTLINED},
        remade=AFTER,
    ),
    Case(Keywords, ('{"first":1,"third":"x"}', '{"second":"5","first":1}'), ('{"second":1}', '{"first":1,"third":3}')),
    Case(
        Checked,
        ('{"code":"AB","size":3}', '{"code":"XY"}'),
        ('{"code":"Ab"}', '{"code":"ABC"}', '{"code":"A"}', '{"code":"AB","size":4}', '{"code":"AB","size":"x"}'),
    ),
    Case(
        Tight,
        ('{"word":" a ","kind":"b"}', '{"word":""}'),
        ('{"word":"a","wörd":1}', '{"word":"a","kind":"c"}', '{"word":"a","k":1}'),
    ),
    Case(
        Loose,
        ('{"word":"a"}', '{"word":"a","other":[1,{"a":null}]}'),
        ('{"other":1}',),
        late={'{"word":1}': OUTLINED},
    ),
    Case(
        Exact,
        ('{"number":1,"real":1}', '{"number":0,"real":1.5}'),
        ('{"number":"1"}', '{"number":1.0}', '{"number":1,"real":"1"}', '{"number":true}'),
    ),
    Case(
        Derived,
        ('{"id":1,"label":"a","parent":{"id":2,"parent":null}}',),
        ('{"label":"a"}', '{"id":1,"parent":{"id":"x"}}', '{"id":1,"parent":[]}'),
    ),
    Case(
        Boxed[list[int]],
        ('{"content":[1,2]}', '{"count":2,"content":[]}'),
        ('{"content":["x"]}', '{"content":1}', "{}"),
    ),
    Case(
        Owner,
        ('{"holder":{"main":{"x":1},"others":{"a":{"id":1}},"maybe":{"content":"c"}},"anything":[1,{"a":2}]}',),
        ('{"holder":{"main":{"x":"y"}}}', '{"holder":{"main":{"x":1},"maybe":{"content":1}}}', '{"holder":1}', "{}"),
    ),
]
