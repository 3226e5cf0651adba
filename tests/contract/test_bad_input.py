"""Bad input, and what it gets: a clear error each, and nothing lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, PydanticUserError, ValidationError
from pydantic_core import SchemaError, from_json

from instar import JSONError, LimitError, Limits, Parser, StreamError, TruncatedError
from oracle import snapshot, viable
from support.runs import failure_of, readable, refusal, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 10.0  # seconds that anything awaited may take before its test fails


class User(BaseModel):
    """Somebody."""

    name: str
    age: int = 0


# ---------------------------------------------------------------------------------------------------------
# Deltas that are not text, and calls that come at the wrong time


@pytest.mark.parametrize("delta", [None, 1, ["{"], {"name": "x"}, object(), 1.5, bytearray(b"x")])
def test_a_delta_that_is_not_text_is_a_type_error_that_names_its_type(delta: Any) -> None:
    parser = Parser(User)
    parser.feed('{"name": "A')
    before = state_of(parser)
    with pytest.raises(TypeError, match=type(delta).__name__):
        parser.feed(delta)
    assert state_of(parser) == before
    parser.feed('"}')
    assert parser.finish() == User(name="A")


@pytest.mark.parametrize("end", ["close", "finish"])
def test_feeding_after_the_end_is_an_error_and_loses_nothing(end: str) -> None:
    parser = Parser(User)
    parser.feed('{"name": "A"}')
    getattr(parser, end)()
    before = state_of(parser)
    for delta in (" ", b"x", ""):
        with pytest.raises(ValueError, match="finished"):
            parser.feed(delta)
    assert state_of(parser) == before
    assert parser.finish() == User(name="A")


def test_white_space_may_follow_a_whole_value_and_nothing_else_may() -> None:
    parser = Parser(User)
    parser.feed('{"name": "A"}')
    assert parser.complete
    assert parser.feed(" \r\n\t") is False
    with pytest.raises(JSONError) as caught:
        parser.feed("{")
    assert caught.value.offset == len('{"name": "A"} \r\n\t')
    assert parser.snapshot == User(name="A")


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_a_text_of_nothing_is_truncated(text: str) -> None:
    parser = Parser(User)
    parser.feed(text)
    with pytest.raises(TruncatedError) as caught:
        parser.finish()
    assert caught.value.path == ()
    assert caught.value.offset == len(text)


def test_the_same_error_again_whatever_is_fed_later() -> None:
    parser = Parser(User)
    with pytest.raises(JSONError) as first:
        parser.feed('{"name": "A" "age"')
    before = state_of(parser)
    for again in (lambda: parser.feed(', "age": 3}'), lambda: parser.feed(b""), parser.close, parser.finish):
        with pytest.raises(JSONError) as later:
            again()
        assert failure_of(later.value) == failure_of(first.value)
    assert state_of(parser) == before
    assert parser.snapshot.name == "A"


# ---------------------------------------------------------------------------------------------------------
# Two in the same parser


class Gate:
    """A validator that waits inside until it is let out."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.leave = threading.Event()

    def __call__(self, value: str) -> str:
        """Wait."""
        self.entered.set()
        assert self.leave.wait(PATIENCE)
        return value


def test_a_second_thread_is_turned_away_and_the_first_goes_on() -> None:
    gate = Gate()

    class Gated(BaseModel):
        name: Annotated[str, AfterValidator(gate)]
        age: int

    parser = Parser(Gated)
    first = threading.Thread(target=parser.feed, args=('{"name": "A", ',))
    first.start()
    try:
        assert gate.entered.wait(PATIENCE)
        for call in (lambda: parser.feed("x"), parser.finish, parser.close, parser.drain):
            with pytest.raises(RuntimeError, match=r"(?i)thread|busy|use"):
                call()
    finally:
        gate.leave.set()
        first.join(PATIENCE)
    assert not first.is_alive()
    parser.feed('"age": 3}')
    assert parser.finish() == Gated(name="A", age=3)


@pytest.mark.parametrize("call", ["feed", "close", "finish", "snapshot"])
def test_a_validator_that_reaches_into_its_own_parser_is_turned_away(call: str) -> None:
    caught: list[Exception] = []

    def reenter(value: str) -> str:
        try:
            reaches[call]()
        except Exception as error:  # noqa: BLE001 - which one it is, is what is tested
            caught.append(error)
        return value

    class Nested(BaseModel):
        name: Annotated[str, AfterValidator(reenter)]

    parser = Parser(Nested)
    reaches: dict[str, Callable[[], Any]] = {
        "feed": lambda: parser.feed("x"),
        "close": parser.close,
        "finish": parser.finish,
        "snapshot": lambda: parser.snapshot,
    }
    parser.feed('{"name": "A"}')
    assert [type(error) for error in caught] == [RuntimeError]
    assert str(caught[0])
    assert parser.snapshot == Nested.model_construct(name="A")


def test_parsers_of_one_schema_run_in_many_threads() -> None:
    results: list[Any] = []
    barrier = threading.Barrier(8)

    def run(n: int) -> None:
        barrier.wait(PATIENCE)
        for i in range(100):
            parser = Parser(User)
            for char in f'{{"name": "{n}", "age": {i}}}':
                parser.feed(char)
                _ = parser.snapshot
            results.append((n, i, parser.finish()))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(results) == 800
    assert all(user == User(name=str(n), age=i) for n, i, user in results)


# ---------------------------------------------------------------------------------------------------------
# Exceptions of the user's own


class OwnError(Exception):
    """Not one of Pydantic's."""


def fails(_value: str) -> str:
    """Fail as no validator should."""
    msg = "out of reach"
    raise OwnError(msg)


def test_an_exception_of_a_validators_own_comes_through_and_nothing_is_lost() -> None:
    class Failing(BaseModel):
        ok: str
        name: Annotated[str, AfterValidator(fails)]

    parser = Parser(Failing)
    with pytest.raises(OwnError, match="out of reach"):
        parser.feed('{"ok": "yes", "name": "A"}')
    assert parser.snapshot.ok == "yes"
    assert parser.text == '{"ok": "yes", "name": "A"'
    with pytest.raises(OwnError):
        parser.feed("}")


def test_a_value_error_of_a_validator_is_a_violation() -> None:
    def odd(value: int) -> int:
        if value % 2 == 0:
            msg = "not odd"
            raise ValueError(msg)
        return value

    class Odd(BaseModel):
        numbers: list[Annotated[int, AfterValidator(odd)]]

    parser = Parser(Odd)
    with pytest.raises(ValidationError) as caught:
        parser.feed('{"numbers": [1, 3, 4, 5]}')
    (line,) = caught.value.errors()
    assert (line["type"], line["loc"], line["msg"]) == ("value_error", ("numbers", 2), "Value error, not odd")
    assert parser.snapshot.numbers == [1, 3]
    assert parser.text.endswith("4,")


# ---------------------------------------------------------------------------------------------------------
# Schemas that Pydantic cannot build


class Unbuildable:
    """A class that Pydantic knows nothing about."""


class Dangling(BaseModel):
    """Refers to what is nowhere."""

    there: "NoSuchModel"  # type: ignore[name-defined]  # noqa: F821, UP037


@pytest.mark.parametrize("schema", [Unbuildable, list[Unbuildable], Dangling, Annotated[int, Field(pattern="(")], 42])
def test_a_schema_that_pydantic_cannot_build_is_pydantics_error(schema: Any) -> None:
    with pytest.raises((PydanticUserError, NameError, SchemaError, TypeError, AttributeError)) as caught:
        Parser(schema)
    assert str(caught.value)


# ---------------------------------------------------------------------------------------------------------
# Limits


@pytest.mark.parametrize("depth", [1, 2, 50, 200])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth(depth: int, opening: str, closing: str) -> None:
    fine = opening * depth + "1" + closing * depth
    assert Parser(None, limits=Limits(depth=depth)).feed(fine) is True
    parser = Parser(None, limits=Limits(depth=depth))
    with pytest.raises(LimitError) as caught:
        parser.feed(opening * (depth + 1) + "1")
    assert caught.value.offset == parser.offset == len(opening) * depth
    assert "depth" in str(caught.value)
    assert parser.text.startswith(opening * depth)
    assert parser.snapshot == snapshot(None, opening.encode() * depth)


def test_the_default_depth_is_pydantics() -> None:
    fine = "[" * 200 + "1" + "]" * 200
    from_json(fine)
    parser = Parser(None)
    parser.feed(fine)
    parser.finish()
    too_deep = "[" * 202
    assert not viable(too_deep.encode())
    with pytest.raises(LimitError) as caught:
        Parser(None).feed(too_deep)
    assert caught.value.offset == 201


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_bytes(cut: int) -> None:
    text = '["aé", "b", 1]'
    size = len(text.encode())
    whole = Parser(None, limits=Limits(bytes=size))
    whole.feed(text)
    assert whole.finish() == ["aé", "b", 1]
    raw = text.encode()
    parser = Parser(None, limits=Limits(bytes=10))
    error = refusal(parser, *(raw[i : i + cut] for i in range(0, size, cut)))
    assert isinstance(error, LimitError)
    assert "bytes" in str(error)
    assert error.offset == parser.offset == 10
    assert parser.snapshot == ["aé", "b"]
    with pytest.raises(LimitError):
        parser.finish()


# ---------------------------------------------------------------------------------------------------------
# Characters that are none


@pytest.mark.parametrize("half", ["\ud800", "\udbff", "\udc00", "\udfff"])  # noqa: PT014 - they differ
def test_half_a_surrogate_pair_in_a_str_is_refused_where_it_stands(half: str) -> None:
    parser = Parser(User)
    fine = '{"name": "Zoë'
    with pytest.raises(JSONError, match=r"UTF-8|surrogate") as caught:
        parser.feed(fine + half)
    assert len(fine.encode()) <= caught.value.offset <= len(fine.encode()) + 1
    assert parser.text == fine
    assert parser.snapshot.name == "Zoë"


@pytest.mark.parametrize("text", [b'\xef\xbb\xbf{"name": "A"}', '\ufeff{"name": "A"}'])
def test_a_byte_order_mark_is_refused_as_pydantic_does(text: str | bytes) -> None:
    with pytest.raises(ValueError, match="expected value"):
        from_json(text)
    parser = Parser(User)
    with pytest.raises(JSONError) as caught:
        parser.feed(text)
    assert (caught.value.offset, caught.value.line, caught.value.column) == (0, 1, 1)


INVALID = [
    b"\x80", b"\xbf", b"\xc0\x80", b"\xc1", b"\xe0\x80", b"\xe0\x9f", b"\xed\xa0\x80", b"\xf0\x80", b"\xf0\x8f",
    b"\xf4\x90", b"\xf5", b"\xff", b"\xc3\x28", b"\xe2\x82\x28", b"\xf0\x9f\x98\x28", b"\xe2\x28", b"\xf0\x9f\xc3",
]  # fmt: skip


@pytest.mark.parametrize("bad", INVALID)
@pytest.mark.parametrize(
    "around", ['{"name": "{}ab"}', '{"{}": 1}', '["é", "x\\n😀{}"]', '["\\u00e9{}"]', "[1{}]", "{}"]
)
def test_invalid_utf8_is_refused_at_its_first_hopeless_byte(around: str, bad: bytes) -> None:
    before, _, after = around.partition("{}")
    text = before.encode() + bad + after.encode()
    hopeless = next(n for n in range(1, len(text) + 1) if not viable(text[:n])) - 1
    for deltas in ([text], [text[i : i + 1] for i in range(len(text))]):
        parser = Parser(None)
        error = refusal(parser, *deltas)
        assert isinstance(error, JSONError)
        assert error.offset == parser.offset == hopeless
        assert parser.text == readable(text[: hopeless + 1])


# ---------------------------------------------------------------------------------------------------------
# What an error says


def test_an_error_says_what_and_where() -> None:
    parser = Parser(User)
    with pytest.raises(JSONError) as caught:
        parser.feed('{"name": "Zoë",\n  "age": 3 4}')
    error = caught.value
    assert (error.line, error.column, error.offset) == (2, 12, 28)
    assert "line 2 column 12" in str(error)
    assert isinstance(error, ValueError)


def test_a_truncated_text_says_which_path_and_keeps_its_snapshot() -> None:
    class Team(BaseModel):
        members: list[User]

    parser = Parser(Team)
    parser.feed('{"members": [{"name": "A"}, {"name": "Bo')
    with pytest.raises(TruncatedError, match=r"members\.1\.name") as caught:
        parser.finish()
    assert caught.value.path == ("members", 1, "name")
    assert [user.name for user in parser.snapshot.members] == ["A", "Bo"]
    assert issubclass(TruncatedError, StreamError)


@pytest.mark.parametrize("wrong", [{"depth": 0}, {"bytes": -1}, {"bytes": "1"}, {"depth": 1 << 70}])
def test_limits_are_numbers_that_can_be_kept(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"Limits.{next(iter(wrong))} is a number from 1 to"):
        Limits(**wrong)


def test_what_is_no_limits_is_told_so() -> None:
    with pytest.raises(TypeError, match=r"limits is an instar\.Limits, not int"):
        Parser(User, limits=3)  # type: ignore[call-overload]
