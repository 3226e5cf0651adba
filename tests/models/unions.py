"""One of several types: smart, left to right, told by a tag, told by a function."""

import datetime as dt
from enum import Enum
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from models.case import NUMBERED, TAGGED, Case, called


class Point2(BaseModel):
    x: float
    y: float


class Point3(BaseModel):
    x: float
    y: float
    z: float = 0


class Named(BaseModel):
    name: str


class Aged(BaseModel):
    name: str
    age: int


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: int


class Measurement(BaseModel):
    value: int | float | str | None
    at: dt.date | str
    flags: list[bool | int] = []


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Choice(BaseModel):
    """A list of words, or whatever else somebody types."""

    size: Size | str
    level: Literal["low", "high"] | int = "low"


class LeftFirst(BaseModel):
    number: Annotated[int | float | str, Field(union_mode="left_to_right")]
    words: Annotated[list[int] | list[str], Field(union_mode="left_to_right")] = []


class Circle(BaseModel):
    shape: Literal["circle"]
    radius: Annotated[float, Field(gt=0)]


class Polygon(BaseModel):
    shape: Literal["polygon", "path"]
    points: list[Point2]


class Group(BaseModel):
    shape: Literal["group"]
    label: str = ""
    children: "list[Shape]" = []


Shape = Annotated[Circle | Polygon | Group, Field(discriminator="shape")]
Group.model_rebuild()


class BlackCat(BaseModel):
    pet: Literal["cat"]
    colour: Literal["black"]
    lucky: bool


class WhiteCat(BaseModel):
    pet: Literal["cat"]
    colour: Literal["white"]
    washed: int


class Lizard(BaseModel):
    pet: Literal["lizard"]
    length: float


Cat = Annotated[BlackCat | WhiteCat, Field(discriminator="colour")]


class Household(BaseModel):
    pet: Annotated[Cat | Lizard, Field(discriminator="pet")]
    street: str


def how_many(value: Any) -> str | None:
    """Tell one from many."""
    called("how_many", value)
    kinds: dict[type[Any], str] = {list: "many", dict: "one", str: "name"}
    return kinds.get(type(value))


Guests = Annotated[
    Annotated[list[Named], Tag("many")] | Annotated[Named, Tag("one")] | Annotated[str, Tag("name")],
    Discriminator(
        how_many,
        custom_error_type="no_guests",
        custom_error_message="neither a guest nor guests",
        custom_error_context={"wanted": "guests"},
    ),
]


class Colours(str, Enum):
    RED = "red"
    GREEN = "green"


class Red(BaseModel):
    colour: Literal[Colours.RED]
    warmth: int


class Green(BaseModel):
    colour: Literal[Colours.GREEN]
    leaves: list[str]


class Version1(BaseModel):
    version: Literal[1]
    body: str


class Version2(BaseModel):
    version: Literal[2]
    body: list[str]


LOOKED_UP = "a tag that is a member of an enum is looked up when it has closed"
CALLED = "a discriminator that is called decides when the value is whole"
CHANGES_ITS_MIND = "the best of several alternatives is another one as more of the text comes"

CASES = [
    Case(int | str, ("12", '"12"', '"x"', '""'), ("null", "[]", "{}", "[1]")),
    Case(str | dt.date, ('"2024-02-29"', '"soon"'), ("null", "{}")),
    Case(dt.date | str, ('"2024-02-29"', '"soon"'), ("null", "{}"), remade=CHANGES_ITS_MIND),
    Case(bool | int | None, ("true", "1", "null", "2", '"yes"'), ('"maybe"', "[]", "1.5")),
    Case(float | int, ("1", "1.0", "1e3", '"1"'), ('"x"', "null")),
    Case(
        Point2 | Point3,
        ('{"x":1,"y":2}', '{"x":1,"y":2,"z":3}', '{"z":3,"y":2,"x":1}'),
        ('{"x":1}', "[]", '{"x":"a","y":1}'),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        Named | Aged,
        ('{"name":"A"}', '{"name":"A","age":3}', '{"age":"x","name":"A"}'),
        ('{"name":1}', '{"age":1}', "7"),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        Closed | Named | None,
        ('{"id":1}', '{"name":"A"}', "null"),
        ('{"id":"x"}', "{}", '{"nome":1}', "[]"),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        list[int] | list[str] | str,
        ("[1,2]", '["a","b"]', '["1","2"]', "[]", '"a"'),
        ('[1,"a"]', '["a",1]', "{}", "[[]]"),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        Named | dict[str, int] | list[Named],
        ('{"name":"A"}', '{"a":1,"b":2}', '[{"name":"A"},{"name":"B"}]'),
        ('{"a":"x"}', '[{"nom":"A"}]', "1"),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        Measurement,
        (
            '{"value":1,"at":"2024-01-01"}',
            '{"at":"today","value":"1","flags":[1,true,0]}',
            '{"value":null,"at":"x"}',
            '{"value":1.5,"at":""}',
        ),
        ('{"value":[],"at":"x"}', '{"value":1,"at":null}', '{"value":1,"at":"x","flags":[2.5]}', '{"value":true}'),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        Choice,
        ('{"size":"small"}', '{"size":"medium","level":3}', '{"level":"high","size":"large"}'),
        (
            '{"size":1}',
            '{"size":"small","level":null}',
            '{"size":"small","level":[]}',
            '{"size":"small","level":"middle"}',
        ),
    ),
    Case(
        LeftFirst,
        ('{"number":"1"}', '{"number":1.5}', '{"number":"x","words":["1","2"]}', '{"number":1,"words":["a"]}'),
        ('{"number":null}', '{"number":1,"words":[1,"a"]}', '{"number":{}}'),
        remade=CHANGES_ITS_MIND,
    ),
    Case(
        Shape,
        (
            '{"shape":"circle","radius":2}',
            '{"points":[{"x":1,"y":2}],"shape":"path"}',
            '{"shape":"group","children":[{"shape":"circle","radius":1},{"label":"in","shape":"group","children":[]}]}',
        ),
        (
            '{"shape":"square"}',
            '{"radius":1}',
            '{"shape":"circle","radius":0}',
            '{"shape":"circle","radius":[]}',
            '{"shape":"group","children":[{"shape":"circ"}]}',
            '{"shape":null}',
            "[]",
            '"circle"',
        ),
        late={'{"points":[{"x":[],"y":2}],"shape":"path"}': TAGGED},
    ),
    Case(
        Household,
        (
            '{"pet":{"pet":"cat","colour":"black","lucky":true},"street":"Elm"}',
            '{"street":"Elm","pet":{"washed":2,"colour":"white","pet":"cat"}}',
            '{"pet":{"length":0.5,"pet":"lizard"},"street":""}',
        ),
        (
            '{"pet":{"pet":"cat","colour":"red"},"street":""}',
            '{"pet":{"pet":"dog"},"street":""}',
            '{"pet":{"pet":"cat"},"street":""}',
            '{"pet":{"pet":"lizard","length":"long"},"street":""}',
            '{"pet":"cat","street":""}',
        ),
    ),
    Case(
        Guests,
        ('[{"name":"A"}]', '{"name":"A"}', '"A"'),
        ('{"nom":"A"}', "1"),
        late=dict.fromkeys(('[{"name":1}]', "null"), CALLED),
    ),
    Case(
        dict[str, Annotated[Red | Green, Field(discriminator="colour")]],
        ('{"a":{"colour":"red","warmth":3},"b":{"leaves":["x"],"colour":"green"}}',),
        (
            '{"a":{"colour":"red","warmth":"x"}}',
            '{"a":{"colour":"green","leaves":[1]}}',
            '{"a":1}',
        ),
        late={'{"a":{"colour":"blue"}}': LOOKED_UP},
    ),
    Case(
        list[Annotated[Version1 | Version2, Field(discriminator="version")]],
        ('[{"version":1,"body":"a"},{"body":["a"],"version":2}]',),
        ('[{"version":"1","body":"a"}]', '[{"version":2,"body":"a"}]', '[{"body":""}]'),
        late={'[{"version":3,"body":"a"}]': NUMBERED},
        remade="a body that only one version has shows before its tag",
    ),
    Case(
        dict[str, Union[int, list[Named | int], None]],  # noqa: UP007 - as it is spelled in most models
        ('{"a":1,"b":[1,{"name":"A"}],"c":null}',),
        ('{"a":"x"}', '{"b":[{"nom":1}]}', '{"b":[null]}'),
    ),
    Case(Literal["yes", "no", 0, 1] | None, ('"yes"', "1", "null", '"no"'), ('"nope"', "2", '"1"', "[]")),
]
