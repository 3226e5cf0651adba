"""Earliest refusal, proved: before the hopeless byte there is an accepted continuation, and after it there is none.

For types of few texts both are found by exhaustion, for the models by search: what might follow a prefix is put
together from the ends of the texts that fit. What only the end of a value decides is refused no later than there.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError
from typing_extensions import NotRequired, TypedDict

from instar import Parser
from models import CASES, Case
from oracle import Array, Node, Object, Reader, first_wins, is_json, nesting
from support.runs import lines_of, readable, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_accepted(adapter: TypeAdapter[Any], text: bytes) -> bool:
    """Tell whether Pydantic accepts a text: of several values for a key the first, too, since instar reads it first."""
    try:
        adapter.validate_json(text)
        root = Reader(text, ended=True).value()
        assert root
        adapter.validate_json(first_wins(root))
    except ValidationError:
        return False
    return True


def hopeless_byte(tp: Any, text: bytes) -> int | None:
    """Return the offset at which instar refuses a text; None if only the end of the text does."""
    parser = Parser(tp)
    return parser.offset if refusal(parser, text) else None


# ---------------------------------------------------------------------------------------------------------
# By exhaustion


class Word(Enum):
    A = "a"
    AAB = "aab"


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: bool = False
    ab: list[None] = []


class Tag(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: Literal["b"]


class OtherTag(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: Literal["a", "ab"]
    b: Literal["a"] = "a"


class Parts(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    a: NotRequired[Literal["a"]]


class Few(RootModel[Annotated[list[bool], Field(max_length=1)]]):
    """A root model of a bounded list."""


class Exact(BaseModel):
    model_config = ConfigDict(strict=True)
    a: int


# Each: a type, the pieces its texts are made of, how many pieces at most, and how many more may have to follow.
SMALL: list[tuple[Any, str, int, int]] = [
    (Literal["a", "aab", "b"], 'a b " 1 [', 6, 4),
    (Word, 'a b " 1 {', 6, 4),
    (Word | None, 'a b " n null', 6, 4),
    (Annotated[str, Field(max_length=2)], 'a " \\u0061 \\ud83d \\ude00 1', 5, 2),
    (Annotated[str, Field(pattern="^a+b?$")], 'a b " c', 7, 2),
    (Annotated[str, Field(pattern="^(ab|ba){1,2}$", max_length=4)], 'a b "', 7, 3),
    (type(None), 'n nul null 1 " [ t', 3, 2),
    (list[Literal["a", "ab"]], '[ ] , "a" "a b" " {', 6, 3),
    (Annotated[list[None], Field(max_length=2)], "[ ] , null n", 8, 3),
    (Annotated[list[bool], Field(min_length=1, max_length=1)], "[ ] , true false null", 5, 3),
    (list[Annotated[list[None], Field(max_length=1)]], "[ ] , null", 7, 4),
    (tuple[None, bool], "[ ] , null true {", 6, 3),
    (tuple[()], "[ ] null", 4, 1),
    (tuple[Literal["a"], list[None]], '[ ] , "a" "b" null', 7, 4),
    (set[Literal["a", "b"]], '[ ] , "a" "b" "ab" a" "', 5, 3),
    (frozenset[None], "[ ] , null true", 5, 2),
    (dict[str, None], '{ } : , "a" null true [', 6, 3),
    (dict[Literal["a", "ab"], None], '{ } : , "a "b b" " null', 7, 4),
    (dict[Word, list[None]], '{ } : , "a" "b" "aab" [ ] null', 6, 4),
    (Closed, '{ } : , "a" "ab" "b" true [ ]', 7, 4),
    (Parts, '{ } : , "a" "b" a b "', 6, 4),
    (Tag, '{ } : , "a" "b" "', 6, 4),
    (Annotated[Tag | OtherTag, Field(discriminator="a")], '{ } : , "a" "b" "ab" [', 6, 5),
    (list[None] | None, "[ ] , null n true", 5, 3),
    (Few, "[ ] , true null", 5, 2),
    (Exact, '{ } : , "a" 1 . e true', 6, 4),
    (Literal["a"] | list[None], '[ ] , "a" " null', 5, 3),
    (tuple[None, ...] | dict[str, None], '[ ] , null { } "a" :', 6, 3),
]  # fmt: skip


@pytest.mark.parametrize(("tp", "pieces", "most", "more"), SMALL, ids=lambda part: str(part)[:40])
def test_2_every_text_of_a_small_type_is_refused_at_its_first_hopeless_byte(
    tp: Any, pieces: str, most: int, more: int
) -> None:
    texts = list(texts_of([piece.encode() for piece in pieces.split()], most))
    adapter = TypeAdapter(tp)
    accepted = [text for text, _ in texts if is_json(text) and is_accepted(adapter, text)]
    viable = {text[:n] for text in accepted for n in range(len(text) + 1)}
    wrong = {}
    refused = 0
    for text in (text for text, left in texts if left >= more):
        found = hopeless_byte(tp, text)
        expected = next((n for n in range(len(text)) if text[: n + 1] not in viable), None)
        refused += expected is not None
        if found != expected:
            wrong[text] = found, expected
    assert not wrong
    assert accepted
    assert refused


def texts_of(pieces: list[bytes], most: int, text: bytes = b"") -> Iterator[tuple[bytes, int]]:
    """Yield all texts of up to so many pieces that may still become JSON, with how many more pieces there may be."""
    if hopeless_byte(None, text) is not None:
        return
    yield text, most
    if most:
        for piece in pieces:
            yield from texts_of(pieces, most - 1, text + piece)


# ---------------------------------------------------------------------------------------------------------
# By search


AT_THE_CLOSE = {
    # numbers that are too small or too large, or not whole
    "greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "finite_number",
    "int_from_float",
    # what is missing, or too little of it
    "missing", "too_short", "string_too_short", "bytes_too_short", "union_tag_not_found",
    # text that is read as something else
    "int_parsing", "float_parsing", "bool_parsing", "decimal_parsing", "date_parsing", "date_from_datetime_parsing",
    "date_from_datetime_inexact",
    "time_parsing", "datetime_parsing", "datetime_from_date_parsing", "time_delta_parsing", "uuid_parsing",
    "uuid_version", "complex_str_parsing",
    "url_parsing", "url_scheme", "json_invalid", "json_type", "path_type", "byte_size", "byte_size_unit",
    "pattern_regex", "import_error",
    "fraction_parsing", "bytes_invalid_encoding", "base64_decode", "bytes_too_long",
    "ip_v4_address", "ip_v6_address", "ip_v4_network", "ip_v4_interface", "ip_any_address",
    # what a value turns out to be
    "decimal_max_digits", "decimal_max_places", "date_future", "datetime_past", "timezone_aware", "timezone_naive",
    # code of the user's
    "value_error", "assertion_error", "unknown_unit",
}  # fmt: skip
"""The errors that only the end of a value decides. All others are decided at the first hopeless byte."""


def each_refused(texts: Any) -> pytest.MarkDecorator:
    pairs = [(case, text) for case in CASES for text in texts(case)]
    ids = [f"{case.name}-{text}".encode("ascii", "replace").decode()[:60] for case, text in pairs]
    return pytest.mark.parametrize(("case", "text"), pairs, ids=ids)


@each_refused(lambda case: case.wrong)
def test_2_nothing_that_follows_the_hopeless_byte_is_accepted(case: Case, text: str) -> None:
    raw = text.encode()
    offset = hopeless_byte(case.tp, raw)
    if offset is None or (case.name, text) in NEVERTHELESS:
        return  # Where only the end of the text decides, the tests of the models look at it.
    adapter = TypeAdapter(case.tp)
    for rest in continuations(case, raw[: offset + 1]):
        assert not is_accepted(adapter, raw[: offset + 1] + rest), rest


NEVERTHELESS = {
    (
        "ByName",
        '{"userId":1,"nick":1}',
    ): "the field's alias might still come and win; as with a repeated key, it rarely does",
}
"""Refused although a continuation would be accepted."""


@each_refused(lambda case: case.refused)
def test_2_before_the_hopeless_byte_there_is_a_way(case: Case, text: str) -> None:
    assert is_refused_in_time(case, text)


@each_refused(lambda case: case.late)
def test_2_what_is_said_to_be_refused_late_is(case: Case, text: str) -> None:
    assert not is_refused_in_time(case, text)


def is_refused_in_time(case: Case, text: str) -> bool:
    """Tell whether no byte before was hopeless: this one closes what only a close decides, or there was a way."""
    raw = text.encode()
    parser = Parser(case.tp)
    error = refusal(parser, raw)
    if error is None:
        return True  # The end of the text decides.
    assert isinstance(error, ValidationError)
    before = readable(raw[: parser.offset]).encode()  # keys are told apart by whole characters
    closing = [loc for kind, loc, _, found, _ in lines_of(error) if waits(kind, found)]
    if any(not is_closed(before, loc) for loc in closing):
        return True
    adapter = TypeAdapter(case.tp)
    return any(is_accepted(adapter, before + rest) for rest in continuations(case, before))


def waits(kind: str, found: Any) -> bool:
    """Tell whether an error is one that only the end of a value decides."""
    return kind in AT_THE_CLOSE or (kind in {"literal_error", "enum"} and found[0] in {int, float})


def continuations(case: Case, prefix: bytes) -> Iterator[bytes]:
    """Yield what might follow a prefix: what closes it soon, and the ends of the texts that fit, at any byte."""
    _, closers = nesting(prefix)
    tails = [text.encode()[n:] for text in case.valid for n in range(len(text.encode()) + 1)]
    ends = [b"", b'"', b"0", b'"0', b'0"', b"a", b"null", b'":null', b'":""', b"e1", b".5"]
    seams = [b"", b",", b'",', b'"', b"0"]
    return (rest for rest in dict.fromkeys([*(end + closers for end in ends), *(s + t for t in tails for s in seams)]))


def is_closed(prefix: bytes, loc: tuple[int | str, ...]) -> bool:
    """Tell whether the value that an error is about has closed. Steps of `loc` that are no keys are passed over."""
    node: Node | None = Reader(prefix).value()
    for step in loc:
        if isinstance(node, Array) and isinstance(step, int):
            node = node.items[step] if step < len(node.items) else None
        elif isinstance(node, Object) and step in dict(node.members):
            node = node.firsts()[str(step)]
    return node is not None and node.closed
