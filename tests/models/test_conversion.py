"""Pydantic's conversion table: what any JSON value becomes in any type, lax and strict, is what Pydantic makes it."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import json
import pathlib
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import pytest
from pydantic import AnyUrl, BaseModel, ByteSize, InstanceOf, Json, SecretStr, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from instar import Parser
from oracle import deep
from support.material import shared
from support.runs import lines_of, singly


class Level(enum.Enum):
    ONE = 1
    HALF = 0.5
    WORD = "abc"
    DIGIT = "1"
    YES = True


class Number(enum.IntEnum):
    ZERO = 0
    ONE = 1
    TWELVE = 12


class Word(str, enum.Enum):
    ABC = "abc"
    DIGIT = "1"


class Fields(TypedDict):
    a: int


class Model(BaseModel):
    a: int


@dataclasses.dataclass
class Record:
    a: int


class Pair(NamedTuple):
    a: int
    b: int = 0


Untyped = collections.namedtuple("Untyped", "a")  # noqa: PYI024 - it has a row of its own

# By the names of the table's rows.
ROWS: dict[str, list[Any]] = {
    "str": [str],
    "bytes": [bytes],
    "int": [int],
    "float": [float],
    "bool": [bool],
    "None": [type(None), int | None],
    "date": [dt.date],
    "datetime": [dt.datetime],
    "time": [dt.time],
    "timedelta": [dt.timedelta],
    "dict": [dict, dict[str, int], dict[int, str], dict[Number, Any]],
    "TypedDict": [Fields],
    "list": [list, list[int], list[str]],
    "tuple": [tuple, tuple[int, int], tuple[str, ...]],
    "set": [set, set[int]],
    "frozenset": [frozenset, frozenset[str]],
    "InstanceOf": [InstanceOf[int]],
    "callable": [Callable],
    "deque": [collections.deque, collections.deque[int]],
    "Any": [Any],
    "NamedTuple": [Pair],
    "namedtuple": [Untyped],
    "Sequence": [Sequence[int]],
    "Iterable": [Iterable[int]],
    "Pattern": [re.Pattern],
    "IPv4Address": [ipaddress.IPv4Address],
    "IPv4Interface": [ipaddress.IPv4Interface],
    "IPv4Network": [ipaddress.IPv4Network],
    "IPv6Address": [ipaddress.IPv6Address],
    "IPv6Interface": [ipaddress.IPv6Interface],
    "IPv6Network": [ipaddress.IPv6Network],
    "Enum": [Level, Word],
    "IntEnum": [Number],
    "Decimal": [decimal.Decimal],
    "Path": [pathlib.Path],
    "UUID": [uuid.UUID],
    "ByteSize": [ByteSize],
}
BESIDES: list[Any] = [
    Literal[1, "1", "abc"],
    Literal[True] | None,
    Literal[0, 12],
    Model,
    Record,
    Json[int],
    SecretStr,
    AnyUrl,
    complex,
    int | str,
    float | None,
    dt.date | int,
]
TYPES = [*(tp for types in ROWS.values() for tp in types), *BESIDES]

TEXTS = [
    "", " ", "abc", "abcd", "1", "01", "+1", "-1", "1_0", "1.0", "1.5", "1e2", " 12 ", "0", "nan", "inf",
    "-Infinity", "12kb", "true", "True", "FALSE", "yes", "off", "t", "null", "[]", "[1]", "{}", '{"a":1}',
    "2024-02-29", "2023-02-29", "2024-02-29T10:20:30", "2024-02-29T10:20:30.123456789Z", "2024-02-29 10:20+01:00",
    "2024-02-29T00:00:00", "1709164800", "10:20", "10:20:30.5Z", "25:00", "P1DT2H", "1 days 10:10", "-PT0.5S",
    "12345678-1234-5678-1234-567812345678", "12345678123456781234567812345678", "YWJj", "127.0.0.1", "10.0.0.0/8",
    "::1", "2001:db8::/32", "/etc/hosts", "^a+$", "(", "https://example.org/a", "1+2j", "é", "😀", "\u0000",
]  # fmt: skip
BARE = [
    "0", "-0", "1", "-1", "2", "12", "86400", "86399", "1709164800", "1709164800000", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "0.0", "-0.0", "1.0", "1.5",
    "0.5", "12.0", "1e2", "1E-2", "1.5e1", "1e400", "1e-400", "1709164800.0", "0.1", "0.30000000000000004", "NaN",
    "Infinity", "-Infinity", "true", "false", "null", "[]", "[1]", "[1,2]", "[1,2,3]", '["1","2"]', "[1.0,1]",
    "[true]", "[null]", "[[1]]", '["abc"]', "[0,[1],0]", "{}", '{"a":1}', '{"a":"1"}', '{"a":1,"b":2}',
    '{"1":"1"}', '{"1":1}', '{"a":null}', '{"b":1}', '{"a":{"a":1}}', '{"":1}',
]  # fmt: skip
VALUES = [*BARE, *(json.dumps(text, ensure_ascii=False) for text in TEXTS)]


def test_every_row_of_the_table_has_its_types() -> None:
    table = shared("research/conversion_table_json.txt").read_text()
    assert {line.split()[0] for line in table.splitlines() if "<-" in line} <= ROWS.keys()


# Of a network's address `true` Python's own ipaddress makes a number that is a bool.
@pytest.mark.filterwarnings("ignore:__int__ returned non-int:DeprecationWarning")
@pytest.mark.parametrize("strict", [False, True], ids=["lax", "strict"])
@pytest.mark.parametrize("tp", TYPES, ids=lambda tp: str(getattr(tp, "__name__", tp)))
def test_every_value_becomes_what_pydantic_makes_of_it(tp: Any, strict: bool) -> None:  # noqa: FBT001 - a parameter
    wrong = {}
    for schema, form in ((tp, "{}"), (tp, "{} "), (list[tp], "[{}]"), (dict[str, tp], '{{"k":{}}}')):
        for value in VALUES:
            text = form.format(value).encode()
            theirs = pydantics(TypeAdapter(schema), text, strict=strict)
            for deltas in ([text], singly(text)):
                ours = instars(schema, deltas, strict=strict)
                if not agree(ours, theirs):
                    wrong[text] = ours, theirs
    assert not wrong


class Refused(NamedTuple):
    """What was found wrong: type, place and message of each error."""

    lines: frozenset[tuple[Any, ...]]


def agree(ours: Any, theirs: Any) -> bool:
    """Tell whether one outcome is the other: what is refused early is refused with some of the errors."""
    if isinstance(ours, Refused) and isinstance(theirs, Refused):
        # Of a tuple that is too long Pydantic looks at no item; instar has done so before it could know.
        counted_first = any(kind == "too_long" for kind, *_ in theirs.lines)
        return bool(ours.lines) and (ours.lines <= theirs.lines or counted_first)
    return bool(ours == theirs)


def pydantics(adapter: TypeAdapter[Any], text: bytes, *, strict: bool) -> Any:
    """Return what Pydantic makes of a text."""
    try:
        return comparable(adapter.validate_json(text, strict=strict))
    except ValidationError as error:
        return refused(error)
    except TypeError as error:  # That is what comes of a set of lists in older ones.
        return str(error)


def instars(schema: Any, deltas: list[bytes], *, strict: bool) -> Any:
    """Return what instar makes of it; what shows in the end must be what is final."""
    parser = Parser(schema, strict=strict)
    try:
        for delta in deltas:
            parser.feed(delta)
        parser.close()
        shown = comparable(parser.snapshot)
        final = comparable(parser.finish())
    except ValidationError as error:
        return refused(error)
    except TypeError as error:
        return str(error)
    assert shown == final
    return final


def refused(error: ValidationError) -> Refused:
    return Refused(frozenset(line[:3] for line in lines_of(error)))


def comparable(value: Any) -> Any:
    """Return a form of a value that tells all there is to it, and of a lazy one all its items."""
    if type(value).__name__ == "ValidatorIterator":
        return lazily(value)
    if type(value) is list:
        return [comparable(item) for item in value]
    if type(value) is dict:
        return [(deep(key), comparable(item)) for key, item in value.items()]
    return deep(value)


def lazily(values: Iterable[Any]) -> Any:
    """Return the items of a lazy value, or what is wrong with them."""
    try:
        return [deep(value) for value in values]
    except ValidationError as error:
        return refused(error)
