"""Unions without a tag while they are open: the best alternative still alive shows, and the first byte that leaves
none is refused. The oracles are Pydantic and the naive renderer, which knows nothing of how they are read.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError, create_model
from pydantic_core import core_schema

from instar import Parser
from oracle import Array, Object, Reader, deep, is_class, is_union, refuted, snapshot
from support.runs import follow, is_told, lines_of, pydantic_error, refusal, same, singly
from support.strategies import (
    INTS,
    STRINGS,
    Case,
    Color,
    Members,
    Shape,
    _documents,
    cases,
    cuts,
    dicts,
    lists,
    literals,
    nullable,
    spoiled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# ---------------------------------------------------------------------------------------------------------
# Random unions

SCALARS = [
    Shape(str, STRINGS, "unset"),
    Shape(int, INTS, 7),
    Shape(float, st.floats(-9, 9), 0.5),
    Shape(bool, st.booleans(), default=False),
    Shape(type(None), st.none()),
    Shape(Color, st.sampled_from([c.value for c in Color]), Color.RED),
    Shape(Annotated[int, Field(ge=0, lt=10)], st.integers(0, 9), 0),
    Shape(Annotated[str, Field(min_length=2)], st.text(min_size=2, max_size=4), "xx"),
    Shape(Annotated[str, Field(max_length=3)], st.text(max_size=3), ""),
    Shape(dt.date, st.dates().map(str), dt.date(2020, 1, 1)),
]
LEAVES = st.one_of(st.sampled_from(SCALARS), literals())
NAMES = ("x", "xy", "name")


@st.composite
def models(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Models of few names, so that several of them fit the beginning of one document."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    extra: Any = draw(st.sampled_from(["ignore", "ignore", "allow", "forbid"]))
    fields: dict[str, Any] = {}
    keys: dict[str, tuple[Shape, bool]] = {}
    for name in names:
        shape, required = draw(inner), draw(st.booleans())
        fields[name] = (shape.tp, ... if required else shape.default)
        keys[name] = shape, required
    tp: Any = create_model(draw(st.sampled_from("PQR")), __config__=ConfigDict(extra=extra), **fields)
    return Shape(tp, _documents(keys, {*NAMES}, allow_unknown=extra != "forbid"))


@st.composite
def roots(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Root models."""
    shape = draw(inner)
    return Shape(RootModel[shape.tp], shape.trees)  # type: ignore[name-defined]


@st.composite
def tuples(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Tuples of two, and of any number."""
    shapes = draw(st.lists(inner, min_size=1, max_size=2))
    if len(shapes) == 1:
        return Shape(tuple[shapes[0].tp, ...], st.lists(shapes[0].trees, max_size=3), ())  # type: ignore[misc]
    types = tuple(shape.tp for shape in shapes)
    return Shape(tuple[types], st.tuples(*(shape.trees for shape in shapes)).map(list), ())  # type: ignore[valid-type]


KEYED = [
    Shape(
        dict[int, str],
        st.dictionaries(st.integers(0, 9).map(str), STRINGS, max_size=3).map(lambda d: Members(d.items())),
        {},
    ),
    Shape(
        dict[Color, int],
        st.dictionaries(st.sampled_from([c.value for c in Color]), st.integers(), max_size=3).map(
            lambda d: Members(d.items())
        ),
        {},
    ),
    Shape(set[int], st.lists(st.integers(0, 3), max_size=3), set()),
    Shape(frozenset[str], st.lists(STRINGS, max_size=3), frozenset()),
]


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Unions of two or three, in both modes."""
    shapes = draw(st.lists(inner, min_size=2, max_size=3))
    tp: Any = Union[tuple(shape.tp for shape in shapes)]  # noqa: UP007 - made at run time
    if is_union(tp) and type(None) not in get_args(tp) and draw(st.booleans()):
        tp = Annotated[tp, Field(union_mode="left_to_right")]
    return Shape(tp, st.one_of(*(shape.trees for shape in shapes)), shapes[0].default)


def containers(inner: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    """Types of parts."""
    return st.one_of(
        models(inner),
        models(inner),
        models(inner),
        lists(inner),
        dicts(inner),
        tuples(inner),
        roots(inner),
        inner.map(nullable),
        st.sampled_from(KEYED),
    )


PARTS = containers(LEAVES)
FLAT = st.one_of(PARTS, PARTS, LEAVES)
NESTED = containers(st.one_of(FLAT, unions(FLAT)))
ROOTS = st.one_of(
    unions(st.one_of(models(unions(PARTS)), NESTED)), unions(models(PARTS)), models(unions(FLAT)), lists(unions(NESTED))
)


def described(case: Case) -> str:
    """Write down a case with the models that were made for it."""
    seen: dict[Any, str] = {}

    def look(tp: Any) -> None:
        if is_class(tp) and issubclass(tp, BaseModel) and tp not in seen:
            seen[tp] = ""
            fields = "; ".join(f"{name}: {info!r}" for name, info in tp.model_fields.items())
            for info in tp.model_fields.values():
                look(info.annotation)
            seen[tp] = f"{tp.__name__}({tp.model_config.get('extra')}) {fields}"
        for arg in get_args(tp):
            look(arg)

    look(case.tp)
    return "\n".join([*seen.values(), str(case.tp), repr(case.text), ""])


# ---------------------------------------------------------------------------------------------------------
# What holds of all of them


def test_3_every_prefix_shows_what_the_oracle_shows() -> None:
    shown = Counter[int]()

    @given(cases(ROOTS), st.booleans())
    def check(case: Case, live: bool) -> None:  # noqa: FBT001
        parser = Parser(case.tp, live=live)
        seen = set()
        for n, byte in enumerate(singly(case.text), 1):
            parser.feed(byte)
            expected = snapshot(case.tp, case.text[:n])
            found = parser.snapshot
            assert deep(found) == deep(expected), (
                f"{described(case)} after {case.text[:n]!r}\n  shown   {found!r}\n  oracle  {expected!r}"
            )
            seen.add(repr(expected))
        shown[len(seen)] += 1

    check()
    assert sum(count for seen, count in shown.items() if seen > 3) > shown.total() // 5, shown


@given(cases(ROOTS))
def test_6_the_final_value_is_pydantics(case: Case) -> None:
    parser = Parser(case.tp)
    parser.feed(case.text)
    assert deep(parser.finish()) == deep(TypeAdapter(case.tp).validate_json(case.text))
    assert deep(parser.snapshot) == deep(parser.finish())


@given(st.data(), st.one_of(cases(ROOTS), spoiled(ROOTS)), st.booleans())
def test_1_chunking_is_unobservable(data: st.DataObject, case: Case, live: bool) -> None:  # noqa: FBT001
    whole = follow(case.tp, singly(case.text), live=live)
    event(f"{whole.failure and whole.failure.kind}")
    same(whole, follow(case.tp, data.draw(cuts(case.text)), live=live))
    same(whole, follow(case.tp, [case.text], live=live))


def first_refuted(case: Case) -> int | None:
    """Return the index of the byte at which the oracle refuses the text, if it does before the end."""
    for n in range(1, len(case.text) + 1):
        node = Reader(case.text[:n]).value()
        if node and refuted(case.tp, node):
            return n - 1
    return None


def open_steps(text: bytes) -> set[str | int]:
    """Return the steps to the values that are open at the end of a text."""
    steps: set[str | int] = set()
    node = Reader(text).value()
    while isinstance(node, Array | Object) and not node.closed:
        members = list(enumerate(node.items)) if isinstance(node, Array) else node.members
        if not members or (isinstance(node, Object) and node.key):
            break
        step, node = members[-1]
        if not node.closed:
            steps.add(step)
    return steps


def test_2_it_is_refused_at_the_first_byte_that_leaves_no_alternative() -> None:
    refused = Counter[str]()

    @given(spoiled(ROOTS))
    def check(case: Case) -> None:
        # What Pydantic says of a date that is not a number is its own, and said when the word is whole.
        assume(not re.search(rb"NaN|Infinity", case.text))
        parser = Parser(case.tp)
        error = refusal(parser, case.text)
        at = first_refuted(case)
        assert (parser.offset if error else None) == at, f"{described(case)}{at} {parser.offset} {error!r}"
        theirs = pydantic_error(case.tp, case.text)
        if error:
            assert isinstance(error, ValidationError)
            assert theirs
            assert error.title == theirs.title
            told = lines_of(theirs)
            steps = open_steps(case.text[: parser.offset + 1])
            for line in lines_of(error):
                known = is_told(line, told)
                # What is open is validated as far as it had come.
                known |= bool({*line[1][-1:]} & steps)
                assert known, f"{described(case)}{parser.text}\n{line}\n{told}"
                refused[line[0]] += 1
        else:
            # A number at the root closes, and is refused, at the end.
            assert theirs is None or isinstance(json.loads(case.text), int | float)

    check()
    assert len(refused) >= 6, refused


# ---------------------------------------------------------------------------------------------------------
# By hand


class Cat(BaseModel):
    """One of two alike."""

    name: str
    lives: int = 9


class Dog(BaseModel):
    """The other."""

    name: str
    breed: str = ""


class Cage(BaseModel):
    """A model whose union is nested in a union."""

    pet: Cat | Dog
    size: int = 0


class Bag(BaseModel):
    """Knows more of itself, less of what is in it."""

    pet: dict[str, Any]
    size: int = 0
    colour: str = ""


class Strict(BaseModel):
    """Allows no other keys."""

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    names: list[Literal["a", "ab"]] = []


class Keyed(BaseModel):
    """A dict whose keys are numbers."""

    d: dict[int, str]


class Named(BaseModel):
    """One whose keys are any, and a number."""

    d: dict[str, str]
    e: int


ORDERED = Annotated[Dog | Cat, Field(union_mode="left_to_right")]

# Each: a schema, and a text with, after each `|`, what shows there.
SHOWN: list[tuple[Any, str, list[str]]] = [
    (Cat | Dog, '{|"lives"|:1,"name":"a|"}|', ["Cat(None,9)", "Cat(None,9)", "Cat(a,1)", "Cat(a,1)"]),
    (Cat | Dog, '{|"breed"|:"b|","name":"a"}', ["Cat(None,9)", "Dog(None,)", "Dog(None,b)"]),
    (ORDERED, '{"lives"|:1,"name":"a"|}|', ["Dog(None,)", "Dog(a,)", "Dog(a,)"]),
    (ORDERED, '{"name":"a","breed":|[', ["Dog(a,)"]),
    (
        list[Cat] | list[Dog],
        '[{"name":"a"},{"name"|:"b","breed"|:"c"}]|',
        ["[Cat(a,9), Cat(None,9)]", "[Dog(a,), Dog(b,)]", "[Dog(a,), Dog(b,c)]"],
    ),
    (Strict | Cat, '{"na|me":"x|"', ["Strict(,[])", "Strict(x,[])"]),
    (Strict | Cat, '{"name":"x","l|', ["Cat(x,9)"]),
    (Strict | Cat, '{"name":"x","names":["a"|,"abc|"', ["Strict(x,['a'])", "Cat(x,9)"]),
    (int | list[int] | str, '"1|2"', ["'1'"]),
    (int | list[int] | str, "[1,2|,", ["[1]"]),
    (dict[str, int] | Cat, '{"a":1,"name":|"x"|', ["Cat(None,9)", "Cat(x,9)"]),
    (tuple[int, str] | list[int], "[1,|2|,3]|", ["(1,)", "[1]", "[1, 2, 3]"]),
    (Cat | Dog | None, "nul|l|", ["None", "None"]),
    (Bag | Cage, '{"pet":{"lives":1,"name"|:"a","size":2}', ["Cage(Cat(None,1),0)"]),
    (Cage | Bag, '{"pet":{"lives":1,"name":"a"},"size"|:2}|', ["Cage(Cat(a,1),0)", "Cage(Cat(a,1),2)"]),
    (str | RootModel[str], '"a|"|', ["'a'", "'a'"]),
    (RootModel[float] | RootModel[str], '"|1|"|', ["RootModel[str]()", "RootModel[str](1)", "RootModel[str](1)"]),
    (Cat | RootModel[Cat], '{"name":"a|"}|', ["Cat(a,9)", "Cat(a,9)"]),
]


def brief(value: Any) -> str:
    """Write a value down shortly."""
    if isinstance(value, BaseModel):
        fields = (part if isinstance(part, str) else brief(part) for part in value.__dict__.values())
        return f"{type(value).__name__}({','.join(fields)})"
    if isinstance(value, list):
        return f"[{', '.join(map(brief, value))}]"
    return repr(value)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(("tp", "text", "shown"), SHOWN)
def test_the_best_alternative_shows(tp: Any, text: str, shown: list[str], live: bool) -> None:  # noqa: FBT001
    parser = Parser(tp, live=live)
    seen = []
    *pieces, rest = text.split("|")
    for piece in pieces:
        parser.feed(piece)
        seen.append(brief(parser.snapshot))
        assert deep(parser.snapshot) == deep(snapshot(tp, parser.text.encode()))
    assert seen == shown
    parser.feed(rest)


@pytest.mark.parametrize(
    ("tp", "fine", "bad", "lines"),
    [
        (Cat | Dog, '{"name":', "1", {("string_type", ("Cat", "name")), ("string_type", ("Dog", "name"))}),
        (Cat | Dog, "", "[", {("model_type", ("Cat",)), ("model_type", ("Dog",))}),
        (Cat | Dog, '{"lives":[1],"breed":', "2", {("int_type", ("Cat", "lives")), ("string_type", ("Dog", "breed"))}),
        (list[int | list[int]], "[1,[2],", "n", {("int_type", (2, "int")), ("list_type", (2, "list[int]"))}),
        (
            Strict | list[int],
            '{"names":["a","ab',
            "c",
            {("literal_error", ("Strict", "names", 1)), ("list_type", ("list[int]",))},
        ),
        (
            Sequence[int] | dict[str, int],
            "[",
            "[",
            {
                (
                    "int_type",
                    (
                        "json-or-python[json=list[int],python=chain[is-instance[Sequence],function-wrap[sequence_validator()]]]",
                        0,
                    ),
                ),
                ("dict_type", ("dict[str,int]",)),
            },
        ),
        (Literal["a"] | int, "", "n", {("literal_error", ("literal['a']",)), ("int_type", ("int",))}),
        (
            Literal["a"] | Literal["ab"],  # noqa: PYI030 - two choices
            '"a',
            "c",
            {("literal_error", ("literal['a']",)), ("literal_error", ("literal['ab']",))},
        ),
        (
            dict[int, str] | Cat,
            '{"lives":',
            "[",
            {
                ("int_parsing", ("dict[int,str]", "lives", "[key]")),
                ("int_type", ("Cat", "lives")),
            },
        ),
        (
            Keyed | Named,
            '{"e":[],"d":{"xy',
            '"',
            {("int_parsing", ("Keyed", "d", "xy", "[key]")), ("int_type", ("Named", "e"))},
        ),
    ],
)
def test_2_the_error_says_what_is_wrong_with_each(tp: Any, fine: str, bad: str, lines: set[Any]) -> None:
    parser = Parser(tp)
    assert refusal(parser, fine) is None
    before = deep(parser.snapshot)
    error = refusal(parser, bad)
    assert isinstance(error, ValidationError)
    assert parser.offset == len(fine)
    assert {line[:2] for line in lines_of(error)} == lines
    assert deep(parser.snapshot) == before


class Add(BaseModel):
    """One of two that cannot be told apart."""

    left: Expr
    right: Expr


class Mul(BaseModel):
    """The other."""

    left: Expr
    right: Expr


Expr = Union[int, Add, Mul]  # noqa: UP007 - quoted above
Add.model_rebuild()
Mul.model_rebuild()


def expression(depth: int) -> tuple[str, str]:
    """Return the two halves of an expression of some depth, the first as deep as it gets."""
    return '{"left":' * depth, "1" + ',"right":2}' * depth


@pytest.mark.parametrize("depth", [1, 3, 6, 12])
def test_a_recursive_union_shows_as_the_oracle_says(depth: int) -> None:
    text = "".join(expression(depth))
    parser = Parser(Add)
    for n, letter in enumerate(text, 1):
        parser.feed(letter)
        if depth < 6:
            assert deep(parser.snapshot) == deep(snapshot(Add, text[:n].encode()))
    assert parser.finish() == Add.model_validate_json(text) == parser.snapshot


def least(work: Callable[[], object]) -> float:
    """Return the least CPU seconds of three runs."""
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def test_8_a_recursive_union_does_not_cost_exponentially_while_it_opens() -> None:
    def opening(depth: int) -> float:
        opened, _ = expression(depth)
        return least(lambda: Parser(Add).feed(opened))

    # Twice as deep costs twice as much, once the number of branches has come to its limit: without one, 2**15 times.
    assert opening(30) < 100 * opening(15)
    assert opening(60) < 100 * opening(30)


def test_8_closing_a_recursive_union_costs_a_number_of_pydantics_validations() -> None:
    opened, closing = expression(14)
    validation = least(lambda: Add.model_validate_json(opened + closing))

    def work() -> None:
        parser = Parser(Add)
        parser.feed(opened + closing)
        assert parser.complete

    assert least(work) < 200 * validation


class Media(str):
    """Of which Pydantic's strict schema accepts other values than its lax one."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Accept a string, or strictly a null."""
        lax = core_schema.chain_schema([core_schema.str_schema(), core_schema.no_info_plain_validator_function(cls)])
        return core_schema.lax_or_strict_schema(lax_schema=lax, strict_schema=core_schema.none_schema())


@pytest.mark.parametrize("tp", [Literal["image/png"] | Media, list[Literal["a"] | Media], dict[str, int | Media]])
@pytest.mark.parametrize("atom", ["null", '"image/gif"', '"a"', "1"])
def test_a_smart_union_takes_what_one_of_its_schemas_takes_strictly(tp: Any, atom: str) -> None:
    around = {list: "[{}]", dict: '{{"k":{}}}'}.get(get_origin(tp), "{}")
    text = around.format(atom)
    expected = pydantic_error(tp, text.encode())
    parser = Parser(tp)
    assert (refusal(parser, text) is None) == (expected is None)
    if expected is None:
        assert parser.finish() == TypeAdapter(tp).validate_json(text)


@pytest.mark.parametrize("on_violation", ["raise", "defer"])
def test_of_texts_that_end_in_one_piece_the_last_shows(on_violation: Literal["raise", "defer"]) -> None:
    tp = Annotated[str, Field(max_length=3)] | Annotated[str, Field(max_length=5)] | Annotated[str, Field(max_length=4)]
    text = b'"abcdefgh"'
    for deltas in ([text], singly(text), [text[:5], text[5:]]):
        parser = Parser(tp, on_violation=on_violation)
        refusal(parser, *deltas)
        assert parser.snapshot == "abcde"


def test_alternatives_that_go_with_one_piece() -> None:
    # The first goes with the digit, the second with the fourth of them; the third has nothing to show before it closes.
    letters, short = Annotated[str, Field(pattern="^[a-z]*$")], Annotated[str, Field(max_length=3)]
    for kind in (Union[letters, short, int], Union[letters, Union[short, int]]):  # noqa: UP007
        for size in (1, 2, 3, 9):
            parser = Parser(kind)
            text = '"12345'
            for start in range(0, len(text), size):
                parser.feed(text[start : start + size])
            assert parser.snapshot == "123"
