"""What is in a dump, what it is called, and that nothing is raised: `instar.dump`, `Parser.dump`, `stream.dump`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import ipaddress
import math
import re
import uuid
from collections import OrderedDict, deque
from copy import copy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    NameEmail,
    PrivateAttr,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
)
from pydantic import dataclasses as pydantic_dataclasses
from pydantic_core import to_jsonable_python
from typing_extensions import TypedDict

import instar
from instar import Parser
from oracle import deep
from support.dumped import Point, Spot, after

if TYPE_CHECKING:
    from collections.abc import Iterator

MODES: tuple[Literal["python", "json"], ...] = ("python", "json")


# ---------------------------------------------------------------------------------------------------------
# What is left out, and what things are called


class Line(BaseModel):
    net: int
    rate: float
    _seen: int = PrivateAttr(default=3)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def gross(self) -> float:
        return self.net * (1 + self.rate)


class Bill(BaseModel):
    lines: list[Line]
    note: str
    paid: bool = False

    @field_serializer("note")
    def shout(self, note: str) -> str:
        return note.upper()


class Odd(BaseModel):
    name: str

    @model_serializer
    def serialize(self) -> str:
        return f"odd {self.name.upper()}"

    def __repr__(self) -> str:
        return self.name.upper()

    def __getattribute__(self, name: str) -> Any:
        if name == "name":
            message = "nobody may ask"
            raise RuntimeError(message)
        return super().__getattribute__(name)


def test_no_serializer_computed_field_or_default_is_asked() -> None:
    assert after(Bill, '{"lines": [{"net": 1, "rate": 0.5}, {"net": 2') == {"lines": [{"net": 1, "rate": 0.5}, {}]}
    assert after(Bill, '{"note": "pa') == {"note": "pa"}
    assert after(list[Odd], '[{"name": "a"}, {"na') == [{"name": "a"}, {}]


class Inner(BaseModel):
    seen: int = 1
    hidden: int = Field(default=2, exclude=True)


class Outer(BaseModel):
    model_config = ConfigDict(extra="allow", alias_generator=str.upper, populate_by_name=True)
    inner: Inner = Inner()
    secret: str = Field(default="", exclude=True)
    many: list[Inner] = []
    renamed: int = Field(default=0, serialization_alias="Zahl")


TEXT = '{"inner": {"hidden": 1, "seen": 2}, "secret": "x", "many": [{"hidden": 3}], "renamed": 4, "more": {"a": [1]}}'


def test_excluded_fields_are_left_out_at_every_depth() -> None:
    expected = {"inner": {"seen": 2}, "many": [{}], "renamed": 4, "more": {"a": [1]}}
    assert after(Outer, TEXT) == expected
    final = Outer.model_validate_json(TEXT)
    assert instar.dump(final) == final.model_dump(exclude_unset=True) == expected


def test_fields_go_by_their_serialization_aliases_if_asked() -> None:
    final = Outer.model_validate_json(TEXT)
    expected = {"INNER": {"seen": 2}, "MANY": [{}], "Zahl": 4, "more": {"a": [1]}}
    assert instar.dump(final, by_alias=True) == final.model_dump(exclude_unset=True, by_alias=True) == expected


class Typed(TypedDict, total=False):
    seen: Annotated[int, Field(alias="Seen")]
    hidden: Annotated[int, Field(exclude=True)]
    when: dt.timedelta


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=str.upper, serialize_by_alias=True)
    one: int = 0
    inner: Inner | None = None
    typed: Typed | None = None


def test_a_config_may_ask_for_aliases() -> None:
    final = Camel.model_validate_json('{"ONE": 1, "INNER": {"seen": 2}, "TYPED": {"Seen": 3}}')
    expected = {"ONE": 1, "INNER": {"seen": 2}, "TYPED": {"Seen": 3}}
    assert instar.dump(final) == final.model_dump(exclude_unset=True) == expected
    assert instar.dump([Camel.model_validate({"ONE": 2}), Outer(renamed=3)]) == [{"ONE": 2}, {"renamed": 3}]


class Loud(TypedDict):
    __pydantic_config__ = ConfigDict(ser_json_timedelta="float")  # type: ignore[misc]
    when: dt.timedelta


@pydantic_dataclasses.dataclass(config=ConfigDict(ser_json_timedelta="float"))
class Floating:
    when: dt.timedelta
    hidden: int = Field(default=0, exclude=True)


@dataclasses.dataclass
class Standard:
    seen: Annotated[int, Field(alias="Seen")]
    hidden: Annotated[int, Field(exclude=True)] = 0
    when: dt.timedelta | None = None


class Holder(BaseModel):
    model_config = ConfigDict(ser_json_timedelta="float")
    one: Typed | None = None
    listed: list[Typed] = []
    keyed: dict[str, tuple[int, Typed]] = {}
    either: int | Typed | None = None
    standard: Standard | None = None
    recursive: Recursive | None = None
    loud: Loud | None = None
    floating: Floating | None = None


class Recursive(TypedDict):
    hidden: Annotated[int, Field(exclude=True)]
    inner: list[Recursive]


Holder.model_rebuild()

HELD = """{"one": {"Seen": 1, "hidden": 2, "when": 3}, "listed": [{"hidden": 1}, {"Seen": 2}], "keyed": {"a": [1,
{"Seen": 1, "hidden": 1}]}, "either": {"hidden": 1, "Seen": 1}, "standard": {"Seen": 1, "hidden": 2, "when": 3},
"recursive": {"hidden": 1, "inner": [{"hidden": 2, "inner": []}]}, "loud": {"when": 1}, "floating": {"when": 1}}"""


@pytest.mark.parametrize("by_alias", [False, True])
def test_what_a_value_does_not_tell_its_schema_tells(by_alias: bool) -> None:  # noqa: FBT001 - a parameter
    final = Holder.model_validate_json(HELD)
    expected = final.model_dump(mode="json", exclude_unset=True, by_alias=by_alias)
    assert instar.dump(final, mode="json", by_alias=by_alias) == expected
    parser = Parser(Holder)
    parser.feed(HELD)
    assert parser.dump(mode="json", by_alias=by_alias) == expected
    for tp, text in [
        (Typed, '{"Seen": 1, "hidden": 2, "when": 3}'),
        (list[Standard], '[{"Seen": 1, "when": 3}]'),
        (Loud, '{"when": 1}'),
        (Floating, '{"when": 1}'),
    ]:
        adapter: TypeAdapter[Any] = TypeAdapter(tp)
        expected = adapter.dump_python(adapter.validate_json(text), mode="json", by_alias=by_alias)
        parser = Parser(tp)
        parser.feed(text)
        assert parser.dump(mode="json", by_alias=by_alias) == dropping(expected, "hidden")


def dropping(value: Any, key: str) -> Any:
    """Leave a key out of a list of dicts, or of a dict."""
    if isinstance(value, list):
        return [dropping(part, key) for part in value]
    return {name: part for name, part in value.items() if name != key}


class Later(BaseModel):
    model_config = ConfigDict(defer_build=True, ser_json_bytes="hex")
    seen: bytes = Field(default=b"", alias="Seen")
    hidden: int = Field(default=0, exclude=True)


def test_a_model_that_is_not_built_yet_has_a_dump() -> None:
    later = Later.model_construct(seen=b"a", hidden=3)
    assert instar.dump(later, mode="json", by_alias=True) == {"Seen": "61"}
    Later.model_rebuild()
    assert instar.dump(later, mode="json", by_alias=True) == {"Seen": "61"}


def test_a_root_model_is_its_root() -> None:
    class Tags(RootModel[list[str]]):
        root: list[str] = ["unset"]

    class Tagged(BaseModel):
        tags: Tags = Tags()

    assert instar.dump(Tags()) is None
    assert instar.dump(Tags(["a"])) == ["a"]
    assert after(Tagged, '{"tags": ["a", "b') == {"tags": ["a", "b"]}
    assert after(Tags, "") is None
    assert after(list[Tags], '[["a"], [') == [["a"], []]


# ---------------------------------------------------------------------------------------------------------
# Atoms


class Mood(enum.Enum):
    GOOD = "good"
    DATED = dt.date(2020, 1, 1)
    PAIR = (1, 2)


class Text(str):
    __slots__ = ()


ATOMIC: list[Any] = [
    None, True, 1, 10**30, 1.5, "a", Text("a"), b"a", bytearray(b"a"), Decimal("1.50"), uuid.UUID(int=7),
    dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, tzinfo=dt.timezone.utc), dt.time(3, 4), dt.timedelta(seconds=5),
    Mood.GOOD, Mood.DATED,
    Path("/a"), re.compile("a"), complex(1, 2), ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8"),
    Fraction(1, 3), AnyUrl("https://a.b"), HttpUrl("https://a.b"), SecretStr("a"), SecretBytes(b"a"), Secret[int](3),
]  # fmt: skip


@pytest.mark.parametrize("value", ATOMIC, ids=repr)
def test_atoms_are_what_they_are_or_what_pydantic_makes_of_them(value: Any) -> None:
    assert instar.dump(value) is value
    assert instar.dump([value, {"a": value}])[1]["a"] is value
    # Some of these older versions of Pydantic have no form for: newer ones write them so.
    expected = to_jsonable_python(value, fallback=str)
    assert deep(instar.dump(value, mode="json")) == deep(expected)
    assert deep(instar.dump({"a": [value]}, mode="json")) == deep({"a": [expected]})


@pytest.mark.parametrize("key", [*(value for value in ATOMIC if value.__hash__), (1, "a"), (), (1, (2, 3))], ids=repr)
def test_keys_are_what_they_are_or_strings(key: Any) -> None:
    assert list(instar.dump({key: 1})) == [key]
    assert instar.dump({key: [1]}, mode="json") == expected_key(key)


def expected_key(key: Any) -> Any:
    """Give what Pydantic makes of a key where it can."""
    if isinstance(key, Secret | SecretStr | SecretBytes):
        return {"**********": [1]}
    try:
        return to_jsonable_python({key: [1]})
    except (TypeError, ValueError):
        return {str(key): [1]}


def test_what_pydantic_writes_as_text_is_text() -> None:
    class Named(BaseModel):
        zone: ZoneInfo
        mail: Any

    named = Named.model_construct(zone=ZoneInfo("UTC"), mail=NameEmail("Ada", "a@b.c"))
    assert instar.dump(named, mode="json") == {"zone": "UTC", "mail": "Ada <a@b.c>"}


def test_what_has_no_json_form_is_named() -> None:
    class Own:
        def __str__(self) -> str:
            return "never"

    no_form: list[Any] = [Own(), object(), int, len, iter([]), (i for i in [1]), b"\xff", ..., dt.timezone.utc]
    dumped = instar.dump(no_form, mode="json")
    assert dumped == [f"<{type(value).__name__}>" for value in no_form]
    assert instar.dump({Own(): 1, b"\xff": 2, frozenset([1]): 3}, mode="json") == {
        "<Own>": 1,
        "<bytes>": 2,
        "<frozenset>": 3,
    }
    assert [one is other for one, other in zip(instar.dump(no_form), no_form, strict=True)] == [True] * len(no_form)


def test_secrets_are_masked() -> None:
    class Account(BaseModel):
        password: SecretStr
        pins: list[Secret[int]]
        empty: SecretStr

    final = Account.model_validate_json('{"password": "hunter2", "pins": [1234], "empty": ""}')
    for mode in MODES:
        assert "hunter2" not in repr(instar.dump(final, mode=mode))
        assert "1234" not in repr(instar.dump(final, mode=mode))
    assert instar.dump(final, mode="json") == final.model_dump(mode="json")


def test_nothing_is_used_up() -> None:
    numbers = iter([1, 2, 3])
    instar.dump({"a": numbers}, mode="json")
    assert list(numbers) == [1, 2, 3]


class Written(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", ser_json_timedelta="float", ser_json_inf_nan="null")
    data: bytes = b""
    took: dt.timedelta | None = None
    listed: list[bytes] = []
    keyed: dict[bytes, bytes] = {}
    number: float = 0
    other: Otherwise | None = None
    any: Any = None


class Otherwise(BaseModel):
    data: bytes = b""
    took: dt.timedelta | None = None
    number: float = 0


Written.model_rebuild()


def test_the_config_says_how_atoms_are_written() -> None:
    other = Otherwise(data=b"a", took=dt.timedelta(1), number=math.inf)
    written = Written(data=b"\xff", took=dt.timedelta(1), listed=[b"\xfe"], number=math.nan, other=other, any=(b"a",))
    assert instar.dump(written, mode="json") == {
        "data": "_w==",
        "took": 86400.0,
        "listed": ["_g=="],
        "number": None,
        "other": {"data": "a", "took": "P1D", "number": None},
        "any": ["YQ=="],
    }
    assert instar.dump(Written(keyed={b"a": b"b"}), mode="json") == {"keyed": {"YQ==": "Yg=="}}


def test_a_number_that_is_not_finite_is_null_unless_the_config_says_otherwise() -> None:
    class Constant(BaseModel):
        model_config = ConfigDict(ser_json_inf_nan="constants")
        number: float

    numbers = [math.inf, {"a": math.nan}, Constant(number=-math.inf), Otherwise(number=math.nan)]
    assert instar.dump(numbers, mode="json") == [None, {"a": None}, {"number": -math.inf}, {"number": None}]
    assert math.isnan(instar.dump(numbers)[1]["a"])


# ---------------------------------------------------------------------------------------------------------
# Nothing is raised


def test_what_holds_itself_ends_somewhere() -> None:
    class Knot(BaseModel):
        name: str
        inner: Any = None

    listed: list[Any] = [1]
    listed.append(listed)
    knot = Knot(name="a")
    knot.inner = {"knot": knot, "list": listed}
    for mode in MODES:
        assert instar.dump(listed, mode=mode) == [1, "<list>"]
        assert instar.dump(knot, mode=mode) == {"name": "a", "inner": {"knot": "<Knot>", "list": [1, "<list>"]}}
    twice = [[1]] * 2
    assert instar.dump(twice) == twice


def test_depth_is_no_limit() -> None:
    value: Any = []
    for _ in range(50_000):
        value = [value]
    dumped, depth = instar.dump(value, mode="json"), 0
    while dumped:
        (dumped,), depth = dumped, depth + 1
    assert depth == 50_000


def test_a_dump_shares_no_container_with_its_value() -> None:
    value = {"a": [1, {"b": [2]}], "c": []}
    before = deep(value)
    dumped = instar.dump(value)
    dumped["a"][1]["b"].append(3)
    dumped["c"].append(4)
    assert deep(value) == before


def test_objects_that_were_never_made_have_nothing() -> None:
    assert instar.dump(Bill.__new__(Bill)) == {}
    assert instar.dump(Point.__new__(Point)) == {"y": 0, "label": ""}
    broken = Bill.model_construct(note="a")
    del broken.__dict__["note"]
    assert instar.dump(broken) == {}


def test_a_name_that_nobody_declared_is_nothing_that_arrived() -> None:
    bill = Bill.model_construct(_fields_set={"note", "unheard of"}, note="a")
    bill.__dict__["cached"] = 1
    assert instar.dump(bill) == {"note": "a"}


def test_containers_of_the_users_are_what_they_hold() -> None:
    class Rows(list[int]):
        def __iter__(self) -> Iterator[int]:
            raise RuntimeError

    class Table(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError

        def __getitem__(self, key: str) -> int:
            raise RuntimeError

    assert instar.dump([Rows([1, 2]), Table(a=1), OrderedDict(b=2), deque([3]), Spot(1)]) == [
        [1, 2],
        {"a": 1},
        {"b": 2},
        [3],
        [1, 0],
    ]


def test_a_mode_has_one_of_two_names() -> None:
    wrong: Any = "yaml"
    with pytest.raises(ValueError, match='mode is "python" or "json", not "yaml"'):
        instar.dump(1, mode=wrong)
    with pytest.raises(ValueError, match='mode is "python" or "json", not "yaml"'):
        Parser(int).dump(mode=wrong)


def test_an_interrupt_is_no_reason_to_go_on() -> None:
    class Slow(Fraction):
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        instar.dump([Slow(1)], mode="json")


# ---------------------------------------------------------------------------------------------------------
# Parsers and streams


def test_a_parser_has_it_after_an_error_too() -> None:
    parser = Parser(Bill)
    with pytest.raises(ValidationError):
        parser.feed('{"note": "a", "lines": [{"net": 1, "rate": "?')
        parser.feed('"}]}')
    assert parser.dump() == {"note": "a", "lines": [{"net": 1}]}


def test_what_a_validator_made_is_dumped() -> None:
    class Upper(BaseModel):
        name: str
        point: Point | None = None

        @field_validator("name")
        @classmethod
        def upper(cls, name: str) -> str:
            return name.upper()

        @field_validator("point")
        @classmethod
        def moved(cls, point: Point) -> Point:
            return copy(point)

    parser = Parser(Upper)
    parser.feed('{"name": "ada"')
    assert parser.dump() == {"name": "ADA"}
    parser.feed(', "point": {"x": 1}')
    assert parser.dump() == {"name": "ADA", "point": {"x": 1}}


def test_a_parser_of_nothing_yet_has_nothing() -> None:
    assert [after(tp, "") for tp in (int, list[int], str, Any, Bill, Typed)] == [None, None, None, None, {}, {}]


def test_a_stream_has_what_its_parser_has() -> None:
    stream = instar.partials(['{"lines": [{"net": 1,', ' "rate": 2}'], Bill)
    dumps = []
    with pytest.raises(instar.TruncatedError):
        for _ in stream:
            dumps.append(stream.dump(mode="json"))  # noqa: PERF401 - it ends in an error
    assert dumps == [{}, {"lines": [{"net": 1}]}, {"lines": [{"net": 1, "rate": 2.0}]}]
    assert stream.dump(by_alias=True) == dumps[-1]


async def test_an_async_stream_has_it_too() -> None:
    async def deltas() -> Any:
        yield '{"note": "a'

    stream = instar.partials(deltas(), Bill)
    with pytest.raises(instar.TruncatedError):
        await stream.final()
    assert stream.dump() == {"note": "a"}


@pytest.mark.parametrize("texts", [['[{"x": 1}, {"label": "a"', "}]"], ['{"points": [{"x": 1}, {"label": "a"', "}]}"]])
def test_elements_have_the_list_so_far(texts: list[str]) -> None:
    class Named(BaseModel):
        x: int = 0
        label: str = ""

    stream = instar.elements(texts, Named)
    next(stream)
    assert stream.dump() == [{"x": 1}, {"label": "a"}]
