"""Keys that are not the names of their fields."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import pydantic.dataclasses
from pydantic import AliasChoices, AliasGenerator, AliasPath, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel, to_pascal, to_snake
from typing_extensions import NotRequired, TypedDict

from models.case import OUTLINED, Case, since


class Passenger(BaseModel):
    seat: str = Field(alias="seatNumber")
    bags: int = Field(default=0, validation_alias="bagCount", serialization_alias="luggage")


class Ticketed(BaseModel):
    """The same with a door that stays shut to all other keys."""

    model_config = ConfigDict(extra="forbid")
    seat: str = Field(alias="seatNumber")
    seated: bool = Field(default=False, alias="seatTaken")


class Reading(BaseModel):
    """Values that lie deep in what is sent."""

    celsius: float = Field(validation_alias=AliasPath("sensor", "values", 0))
    unit: str = Field(default="C", validation_alias=AliasPath("sensor", "unit"))


class Colour(BaseModel):
    """Names from both sides of an ocean."""

    shade: str = Field(validation_alias=AliasChoices("colour", "color"))
    grey: int = Field(default=0, validation_alias=AliasChoices("grey", "gray", AliasPath("levels", 1)))


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    first_line: str
    post_code: str | None = None
    house_numbers: list[int] = []


class CamelOrSnake(BaseModel):
    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=to_camel, serialization_alias=to_pascal))
    first_line: str = Field(alias_priority=1)
    post_code: Annotated[str, Field(validation_alias="zip")] = ""


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    user_id: int = Field(alias="userId")
    nick: str = Field(default="", alias="nickName")


class LocatedByName(BaseModel):
    model_config = ConfigDict(loc_by_alias=False)
    amount: int = Field(alias="amt", ge=1)


class Route(TypedDict):
    start: Annotated[str, Field(alias="from")]
    stop: NotRequired[Annotated[str, Field(alias="to")]]


@dataclass
class Package:
    weight: Annotated[float, Field(alias="kg")]
    fragile: bool = False


@pydantic.dataclasses.dataclass(config=ConfigDict(alias_generator=to_camel))
class Parcel:
    sent_from: str
    sent_to: list[str] = field(default_factory=list)


class Card(BaseModel):
    method: Literal["card"] = Field(alias="type")
    last_four: str = Field(alias="last4", pattern=r"^\d{4}$")


class Transfer(BaseModel):
    method: Literal["transfer", "wire"] = Field(alias="type")
    iban: str


class Payment(BaseModel):
    how: Card | Transfer = Field(discriminator="method", alias="paidBy")


class SnakeFromPascal(BaseModel):
    """Two names for one key, of which the later takes it."""

    model_config = ConfigDict(alias_generator=to_snake)
    FullName: str
    Other: int = Field(default=1, alias="other_number")


WEIGHT = "another name of the field, of more weight, may still come"

CASES = [
    Case(
        Passenger,
        ('{"seatNumber":"12A"}', '{"bagCount":2,"seatNumber":"1","seat":9,"luggage":[]}'),
        (
            '{"seat":"12A"}',
            '{"seatNumber":12}',
            '{"seatNumber":"1","bagCount":"two"}',
            '{"seatNumber":"1","bagCount":[]}',
        ),
    ),
    Case(
        Ticketed,
        ('{"seatNumber":"12A","seatTaken":true}', '{"seatTaken":"no","seatNumber":""}'),
        (
            '{"seatNumber":"1","seats":1}',
            '{"seatNumber":"1","seatN":1}',
            '{"seatNumber":"1","x":1}',
            '{"seatTaken":{}}',
        ),
    ),
    Case(
        Reading,
        ('{"sensor":{"unit":"F","values":[1.5,2]}}', '{"other":1,"sensor":{"values":[3]}}'),
        ('{"sensor":{"values":[]}}', "{}", "[]"),
        late=dict.fromkeys(('{"sensor":{"values":["hot"]}}', '{"sensor":[1]}'), OUTLINED),
        remade=WEIGHT,
    ),
    Case(
        Reading | None,
        ('{"sensor":{"unit":"F","values":[1.5,2]}}', "null"),
        ("[]", "{}", "true"),
        remade=WEIGHT,
    ),
    Case(
        Colour,
        ('{"colour":"red"}', '{"color":"red","gray":3}', '{"color":"b","colour":"a","levels":[1,2]}'),
        ('{"levels":[1,2]}', "null"),
        late=dict.fromkeys(('{"colour":1}', '{"color":"x","grey":"x"}'), WEIGHT),
        remade=WEIGHT,
    ),
    Case(
        Camel,
        ('{"firstLine":"1 High St"}', '{"houseNumbers":[1,2],"postCode":null,"firstLine":""}'),
        ('{"first_line":"1"}', '{"firstLine":"1","houseNumbers":{}}', '{"firstLine":"1","houseNumbers":["x"]}'),
    ),
    Case(
        CamelOrSnake,
        ('{"firstLine":"1","zip":"2"}', '{"zip":"2","firstLine":"1"}', '{"firstLine":"1","post_code":7}'),
        ('{"FirstLine":"1"}', '{"zip":[]}'),
    ),
    Case(
        ByName,
        ('{"userId":1,"nickName":"a"}', '{"user_id":"2","nick":"b"}', '{"nick":"b","userId":3}'),
        ('{"userid":1}', '{"user_id":1.5}', '{"userId":1,"nick":1}', '{"userId":1,"nickName":null}'),
    ),
    Case(LocatedByName, ('{"amt":1}',), ('{"amount":1}', '{"amt":0}', '{"amt":"x"}', '{"amt":[1]}')),
    Case(Route, ('{"from":"A","to":"B"}', '{"from":"A"}'), ('{"start":"A"}', '{"from":1}', '{"from":"A","to":2}')),
    Case(
        Package,
        ('{"kg":1}', '{"fragile":true,"kg":"2.5"}'),
        ('{"weight":1}', '{"kg":"heavy"}', '{"kg":[]}'),
    ),
    Case(
        Parcel,
        ('{"sentFrom":"A","sentTo":["B"]}', '{"sentFrom":""}'),
        ('{"sent_from":"A"}', '{"sentFrom":"A","sentTo":"B"}', '{"sentFrom":"A","sentTo":["B",1]}'),
    ),
    Case(
        Payment,
        ('{"paidBy":{"type":"card","last4":"0042"}}', '{"paidBy":{"iban":"DE0","type":"wire"}}'),
        (
            '{"paidBy":{"type":"cash"}}',
            '{"paidBy":{"method":"card","last4":"0042"}}',
            '{"paidBy":{"type":"card","last4":"42"}}',
            '{"paidBy":{"type":"card","last4":"00425"}}',
            '{"how":{"type":"card"}}',
        ),
    ),
    Case(SnakeFromPascal, ('{"full_name":"A","other_number":2}',), ('{"FullName":"A"}', '{"full_name":2}')),
]

if since("2.11"):

    class NeverByAlias(BaseModel):
        model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
        size: int = Field(alias="sz")

    class EitherWay(BaseModel):
        model_config = ConfigDict(validate_by_alias=True, validate_by_name=True, extra="forbid")
        size: int = Field(alias="sz")
        colour: str = Field(default="", validation_alias=AliasChoices("color", "col"))

    CASES += [
        Case(NeverByAlias, ('{"size":1}', '{"sz":3,"size":1}'), ('{"sz":1}', '{"size":null}')),
        Case(
            EitherWay,
            ('{"size":1}', '{"sz":1,"colour":"r"}', '{"col":"r","sz":1}'),
            ('{"s":1}',),
            late=dict.fromkeys(('{"sz":1,"colors":""}', '{"sz":1,"color":5}'), WEIGHT),
        ),
    ]
