"""The types of the cases in tests/data/repairs.jsonl, as their `schema` names them, and one JSON form of all values."""

from __future__ import annotations

import math
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Person(BaseModel):
    name: str
    age: int


class Note(BaseModel):
    title: str
    body: str


class Snippet(BaseModel):
    language: str
    code: str


class Tags(BaseModel):
    tags: list[str]


class Point(BaseModel):
    x: float
    y: float


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: float


class Order(BaseModel):
    id: int
    customer: Person
    lines: list[Line]
    note: str | None = None


class Color(str, Enum):
    RED = "red"
    DARK_BLUE = "dark blue"
    MINT = "Mint"


class Task(BaseModel):
    title: str
    priority: Literal["low", "medium", "high"]
    color: Color | None = None
    done: bool = False


class Reading(BaseModel):
    n: int
    x: float
    ok: bool
    remark: str | None = None


class Shipment(BaseModel):
    zip: str
    weight: float


class Square(BaseModel):
    kind: Literal["square"]
    side: float


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


Shape = Annotated[Square | Circle, Field(discriminator="kind")]


class Drawing(BaseModel):
    shapes: list[Shape]


class Kettle(BaseModel):
    litres: float


class Lamp(BaseModel):
    watts: int
    shade: str


class Stock(BaseModel):
    counts: dict[str, int]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    first_name: str
    loyalty_points: int


class Twins(BaseModel):
    """Two names that are one when case and separators are left out."""

    userid: int
    user_id: int


class Aliased(BaseModel):
    full_name: str = Field(alias="fullName")
    shoe_size: int = Field(alias="shoe-size")


class Priced(BaseModel):
    unit_price: float
    label: str = ""


class Shout(BaseModel):
    word: Literal["it", "IT", "other"]


class Level(BaseModel):
    level: Literal[1, 2, 3]


class Loose(BaseModel):
    payload: Any
    text: str | list[str] = ""


def schema(expression: str | None) -> Any:
    """Return the type that an expression names, None for none."""
    return None if expression is None else eval(expression, globals())  # noqa: S307 - the tests' own


def canon(value: Any) -> Any:
    """Return the JSON form of a value: models by field name, enums by value, NaN and the infinities as text."""
    if isinstance(value, BaseModel):
        return {name: canon(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Enum):
        return canon(value.value)
    if isinstance(value, dict):
        return {str(key): canon(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [canon(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def same(a: Any, b: Any) -> bool:
    """Say whether two values are equal, and of the same JSON types: 1 is not true, but 1.0."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
