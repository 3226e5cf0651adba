"""Strictness at every level: the model, the field, the type, the item, and laxity within it."""

import datetime as dt
import uuid
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictFloat, StrictStr
from typing_extensions import TypedDict

from models.case import NUMBERED, Case


class Mood(Enum):
    GOOD = "good"
    BAD = 0


class Lax(BaseModel):
    number: int
    when: dt.date | None = None


class StrictModel(BaseModel):
    model_config = ConfigDict(strict=True)
    number: int
    real: float = 0.0
    flag: bool = False
    text: str = ""
    when: dt.date | None = None
    mood: Mood = Mood.GOOD
    id: uuid.UUID | None = None
    data: bytes = b""
    price: Decimal = Decimal(0)
    pair: tuple[int, int] = (0, 0)
    unique: set[int] = set()
    keys: dict[int, bool] = {}


class StrictOutside(BaseModel):
    """The config of a model is not that of the models within it."""

    model_config = ConfigDict(strict=True)
    inner: Lax
    own: int


class Relaxed(BaseModel):
    model_config = ConfigDict(strict=True)
    exact: int
    loose: int = Field(strict=False)
    loose_list: Annotated[list[int], Field(strict=False)] = []


class StrictFields(BaseModel):
    exact: int = Field(strict=True)
    typed: Annotated[float, Strict()] = 0.0
    words: list[StrictStr] = []
    reals: dict[str, StrictFloat] = {}
    loose: int = 0


class StrictDict(TypedDict):
    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]
    a: int
    b: list[bool]


class StrictUnion(BaseModel):
    model_config = ConfigDict(strict=True)
    value: int | str | bool
    word: Literal["a", 1] = "a"


FULL = (
    '{"number":1,"real":2,"flag":true,"text":"t","when":"2024-01-01","mood":0,'
    '"id":"12345678-1234-5678-1234-567812345678",'
    '"data":"d","price":"1.5","pair":[1,2],"unique":[1,1],"keys":{"1":true}}'
)

CASES = [
    Case(
        StrictModel,
        (FULL, '{"number":0}'),
        (
            '{"number":"1"}',
            '{"number":1.0}',
            '{"number":true}',
            '{"number":1,"real":"1"}',
            '{"number":1,"flag":1}',
            '{"number":1,"text":1}',
            '{"number":1,"when":86400}',
            '{"number":1,"when":"2024-01-01T00:00:00"}',
            '{"number":1,"pair":[1,"2"]}',
            '{"number":1,"keys":{"1":1}}',
            '{"number":1,"keys":{"x":true}}',
            '{"number":1,"id":"x"}',
            '{"number":1,"unique":[1.0]}',
        ),
        late={'{"number":1,"mood":"bad"}': NUMBERED},
    ),
    Case(
        StrictOutside,
        ('{"inner":{"number":"1","when":86400},"own":1}', '{"own":2,"inner":{"number":1.0}}'),
        ('{"inner":{"number":"x"},"own":1}', '{"inner":{"number":1},"own":"1"}', '{"own":2.0}', '{"inner":[],"own":1}'),
    ),
    Case(
        Relaxed,
        ('{"exact":1,"loose":"2"}', '{"loose":2.0,"exact":1,"loose_list":[1]}'),
        ('{"exact":"1","loose":1}', '{"exact":1,"loose":"x"}', '{"exact":1,"loose":1,"loose_list":["1"]}'),
    ),
    Case(
        StrictFields,
        ('{"exact":1,"typed":1,"words":["a"],"reals":{"a":1.5},"loose":"3"}',),
        (
            '{"exact":"1"}',
            '{"exact":1,"typed":"1"}',
            '{"exact":1,"words":[1]}',
            '{"exact":1,"reals":{"a":"1"}}',
            '{"exact":1,"loose":"x"}',
        ),
    ),
    Case(StrictDict, ('{"a":1,"b":[true]}',), ('{"a":"1","b":[]}', '{"a":1,"b":[1]}', '{"a":1.0}')),
    Case(
        StrictUnion,
        ('{"value":1}', '{"value":"1","word":"a"}', '{"value":true,"word":1}', '{"value":1,"word":"a"}'),
        ('{"value":1.5}', '{"value":null}', '{"value":1,"word":"1"}', '{"value":[]}'),
    ),
    Case(Annotated[dict[str, list[int]], Strict()], ('{"a":[1,"2"]}',), ('{"a":1}', "[]")),
    Case(Annotated[set[int], Strict()], ("[1,2]",), ('["x"]', "{}")),
    Case(list[Annotated[dt.datetime, Strict()]], ('["2024-01-01T00:00:00Z"]',), ("[0]", '["2024-01-01"]', '["x"]')),
]
