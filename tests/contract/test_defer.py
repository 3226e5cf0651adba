"""`on_violation="defer"`: the text is read to its end, what the schema refuses is withheld and listed, and the end is
Pydantic's: its error, or its value where a repeated key has put things right.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_origin

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from instar import JSONError, LimitError, Limits, Parser, TruncatedError
from models.test_unions_open import ROOTS as UNIONS
from oracle import (
    NOTHING,
    Array,
    Atom,
    Node,
    Object,
    Reader,
    Rendering,
    Text,
    blank,
    constraint,
    construct,
    deep,
    first_wins,
    fits,
    grew,
    is_model,
    keys_of,
    member_types,
    refuted,
    strip,
)
from support.runs import State, is_told, lines_of, pydantic_error, refusal, singly, state_of
from support.strategies import Case, Color, Members, Tree, _places, cuts, dice_of, render, spoiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.errors import Violation


class Closed(BaseModel):
    """A model that allows no other keys."""

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    notes: list[int] = Field(default_factory=list, max_length=2)


class Point(BaseModel):
    """Two numbers."""

    x: int
    y: int


class Circle(BaseModel):
    """One of the tagged."""

    kind: Literal["circle"]
    radius: int
    label: str = ""


class Square(BaseModel):
    """The other."""

    kind: Literal["square"]
    side: int


Shape = Annotated[Circle | Square, Field(discriminator="kind")]


def even(value: int) -> int:
    """Refuse what is odd."""
    if value % 2:
        message = "odd"
        raise ValueError(message)
    return value


def not_bad(value: Any) -> Any:
    """Refuse what says so."""
    if value == "bad":
        message = "bad"
        raise ValueError(message)
    return value


class Hooked(BaseModel):
    """Validators of all modes, and a hook."""

    after: Annotated[int, AfterValidator(even)] = 0
    before: Annotated[str, BeforeValidator(not_bad)] = ""
    text: Annotated[str, AfterValidator(not_bad)] = ""
    rest: str = ""

    def model_post_init(self, context: Any, /) -> None:  # noqa: ARG002 - as Pydantic calls it
        """Refuse one rest."""
        if self.rest == "bad":
            message = "bad rest"
            raise ValueError(message)


class After(BaseModel):
    """A model that is validated after it has closed."""

    x: int = 0
    rest: str = ""

    @model_validator(mode="after")
    def check(self) -> After:
        """Refuse one rest."""
        not_bad(self.rest)
        return self


class Whole(BaseModel):
    """A model that is validated whole."""

    word: str
    again: str

    @field_validator("again")
    @classmethod
    def same(cls, again: str, info: ValidationInfo) -> str:
        """Refuse another word."""
        if again != info.data.get("word"):
            message = "differs"
            raise ValueError(message)
        return again


class Found(NamedTuple):
    """What is expected of one violation: the bytes up to and with the hopeless one, and what it is."""

    through: str
    type: str
    loc: tuple[str | int, ...]


def made(cls: type[BaseModel], **arrived: Any) -> Any:
    """Make a model of what has arrived, without running anything of its class."""
    return construct(cls, arrived, {}, ())


Letters = Annotated[str, Field(pattern="^[a-c]+$")]
Short = Annotated[str, Field(max_length=3)]

# Each: a schema, a text, the violations in it, and what shows at the end.
HAND_PICKED: list[tuple[Any, str, list[Found], Any]] = [
    (list[int], '[1,"x",2]', [Found('[1,"x"', "int_parsing", (1,))], [1, 2]),
    (list[int], '[1,[2,{"a":3}],4]', [Found("[1,[", "int_type", (1,))], [1, 4]),
    (list[int], "[1,null,4]", [Found("[1,n", "int_type", (1,))], [1, 4]),
    (list[int], "[1,1.5,4]", [Found("[1,1.5,", "int_from_float", (1,))], [1, 4]),
    (list[str], '["a",1.25e3,"b"]', [Found('["a",1', "string_type", (1,))], ["a", "b"]),
    (list[str], '["a",true,"b"]', [Found('["a",t', "string_type", (1,))], ["a", "b"]),
    (list[str], '["a",{"b":["c"]},"d"]', [Found('["a",{', "string_type", (1,))], ["a", "d"]),
    (list[int], "[1,NaN,2]", [Found("[1,N", "finite_number", (1,))], [1, 2]),
    (list[int], "[1,-Infinity,2]", [Found("[1,-I", "finite_number", (1,))], [1, 2]),
    (list[Literal["on", "off"]], '["on","ox","off"]', [Found('["on","ox', "literal_error", (1,))], ["on", "off"]),
    (list[Literal["on", "off"]], '["on","o","off"]', [Found('["on","o"', "literal_error", (1,))], ["on", "off"]),
    (
        list[Literal["on", "off"]],
        '["on","one\\n\\u00e9","off"]',
        [Found('["on","one', "literal_error", (1,))],
        ["on", "off"],
    ),
    (list[Color], '["red","redder","green"]', [Found('["red","redde', "enum", (1,))], [Color.RED, Color.GREEN]),
    (list[Letters], '["ab","abx","c"]', [Found('["ab","abx', "string_pattern_mismatch", (1,))], ["ab", "ab", "c"]),
    (list[Short], '["ab","abcd","c"]', [Found('["ab","abcd', "string_too_long", (1,))], ["ab", "abc", "c"]),
    (
        list[Short],
        '["ab","\\u0061bcdef","c"]',
        [Found('["ab","\\u0061bcd', "string_too_long", (1,))],
        ["ab", "abc", "c"],
    ),
    (
        list[Annotated[str, Field(min_length=3)]],
        '["abc","ab","cde"]',
        [Found('["abc","ab"', "string_too_short", (1,))],
        ["abc", "ab", "cde"],
    ),
    (list[Annotated[int, Field(le=3)]], "[1,4,2]", [Found("[1,4,", "less_than_equal", (1,))], [1, 2]),
    (Annotated[list[int], Field(max_length=2)], "[1,2,3,4]", [Found("[1,2,", "too_long", ())], [1, 2]),
    (list[Annotated[list[int], Field(max_length=1)]], "[[1,2],[3]]", [Found("[[1,", "too_long", (0,))], [[1], [3]]),
    (list[Annotated[list[int], Field(min_length=2)]], "[[1],[3,4]]", [Found("[[1]", "too_short", (0,))], [[1], [3, 4]]),
    (list[tuple[int, str]], '[[1,"a",2],[3,"b"]]', [Found('[[1,"a",', "too_long", (0,))], [(1, "a"), (3, "b")]),
    (list[tuple[int, str]], '[[1],[3,"b"]]', [Found("[[1]", "missing", (0, 1))], [(1,), (3, "b")]),
    (list[tuple[int, str]], '[["x","a"],[3,"b"]]', [Found('[["x"', "int_parsing", (0, 0))], [("a",), (3, "b")]),
    (
        list[Annotated[dict[str, int], Field(max_length=1)]],
        '[{"a":1,"b":2},{"c":3}]',
        [Found('[{"a":1,"b"', "too_long", (0,))],
        [{"a": 1}, {"c": 3}],
    ),
    (
        list[Annotated[dict[str, int], Field(min_length=1)]],
        '[{},{"c":3}]',
        [Found("[{}", "too_short", (0,))],
        [{}, {"c": 3}],
    ),
    (
        list[Point],
        '[{"x":1},{"x":2,"y":3}]',
        [Found('[{"x":1}', "missing", (0, "y"))],
        [made(Point, x=1), Point(x=2, y=3)],
    ),
    (
        list[Closed],
        '[{"nick":{"a":[1]},"name":"n"},{}]',
        [Found('[{"ni', "extra_forbidden", (0, "ni"))],
        [Closed(name="n"), Closed()],
    ),
    (
        list[Closed],
        '[{"na":1,"name":"n"},{}]',
        [Found('[{"na"', "extra_forbidden", (0, "na"))],
        [Closed(name="n"), Closed()],
    ),
    (
        dict[int, str],
        '{"1":"a","x":"b","2":"c"}',
        [Found('{"1":"a","x"', "int_parsing", ("x", "[key]"))],
        {1: "a", 2: "c"},
    ),
    (
        dict[Color, int],
        '{"red":1,"blue":[2],"green":3}',
        [Found('{"red":1,"b', "enum", ("b", "[key]"))],
        {Color.RED: 1, Color.GREEN: 3},
    ),
    (
        dict[Short, int],
        '{"abc":1,"abcd":2,"b":3}',
        [Found('{"abc":1,"abcd', "string_too_long", ("abcd", "[key]"))],
        {"abc": 1, "b": 3},
    ),
    (
        list[Shape],
        '[{"kind":"circus","radius":1},{"kind":"square","side":2}]',
        [Found('[{"kind":"circu', "union_tag_invalid", (0,))],
        [Square(kind="square", side=2)],
    ),
    (
        list[Shape],
        '[{"radius":1},{"kind":"square","side":2}]',
        [Found('[{"radius":1}', "union_tag_not_found", (0,))],
        [Square(kind="square", side=2)],
    ),
    (
        list[Shape],
        '[{"kind":"circle","radius":[1],"label":"l"}]',
        [
            Found('[{"kind":"circle","radius":[', "int_type", (0, "circle", "radius")),
            Found('[{"kind":"circle","radius":[1],"label":"l"}', "", ()),
        ][:1],
        [made(Circle, kind="circle", label="l")],
    ),
    (
        list[dt.date],
        '["2020-01-01","never","2020-01-02"]',
        [Found('["2020-01-01","never"', "date_from_datetime_parsing", (1,))],
        [dt.date(2020, 1, 1), dt.date(2020, 1, 2)],
    ),
    (
        list[Hooked],
        '[{"after":3,"rest":"r"}]',
        [Found('[{"after":3,', "value_error", (0, "after"))],
        [Hooked(rest="r")],
    ),
    (
        list[Hooked],
        '[{"before":"bad","rest":"r"}]',
        [Found('[{"before":"bad"', "value_error", (0, "before"))],
        [made(Hooked, before="bad", rest="r")],
    ),
    (
        list[Hooked],
        '[{"text":"bad","rest":"r"}]',
        [Found('[{"text":"bad"', "value_error", (0, "text"))],
        [made(Hooked, text="bad", rest="r")],
    ),
    (
        list[Hooked],
        '[{"rest":"bad"},{"rest":"r"}]',
        [Found('[{"rest":"bad"}', "value_error", (0,))],
        [made(Hooked, rest="bad"), Hooked(rest="r")],
    ),
    (
        list[After],
        '[{"x":1,"rest":"bad"},{"rest":"r"}]',
        [Found('[{"x":1,"rest":"bad"}', "value_error", (0,))],
        [made(After, x=1, rest="bad"), After(rest="r")],
    ),
    (
        list[Whole],
        '[{"word":"a","again":"b"},{"word":"a","again":"a"}]',
        [Found('[{"word":"a","again":"b"}', "value_error", (0, "again"))],
        [made(Whole, word="a", again="b"), Whole(word="a", again="a")],
    ),
    (
        list[Shape],
        '[{"radius":"bad","kind":"circle"},{"side":[],"kind":"square"}]',
        [
            Found('[{"radius":"bad","kind":"circle"', "int_parsing", (0, "circle", "radius")),
            Found('[{"radius":"bad","kind":"circle"},{"side":[],"kind":"square"', "int_type", (1, "square", "side")),
        ],
        [made(Circle, kind="circle"), made(Square, kind="square")],
    ),
    (RootModel[list[int]], '[1,"x",2]', [Found('[1,"x"', "int_parsing", (1,))], RootModel[list[int]]([1, 2])),
    (set[int], '[1,"x",2,1]', [Found('[1,"x"', "int_parsing", (1,))], {1, 2}),
    (
        list[Tree],
        '[{"value":[],"label":"l","children":[{"value":1,"label":2,"left":{"value":{}}}]},{"value":3}]',
        [
            Found('[{"value":[', "int_type", (0, "value")),
            Found(
                '[{"value":[],"label":"l","children":[{"value":1,"label":2', "string_type", (0, "children", 0, "label")
            ),
            Found(
                '[{"value":[],"label":"l","children":[{"value":1,"label":2,"left":{"value":{',
                "int_type",
                (0, "children", 0, "left", "value"),
            ),
        ],
        [
            Tree.model_construct(
                {"label", "children"},
                value=None,
                label="l",
                children=[made(Tree, value=1, left=made(Tree))],
            ),
            Tree(value=3),
        ],
    ),
]


def found(parser: Parser[Any]) -> list[tuple[int, str, tuple[str | int, ...]]]:
    """Return where and what the violations of a parser are."""
    return [(violation.offset, violation.type, violation.loc) for violation in parser.violations]


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(("tp", "text", "expected", "shown"), HAND_PICKED)
def test_it_goes_on_behind_a_violation(tp: Any, text: str, expected: list[Found], shown: Any, live: bool) -> None:  # noqa: FBT001
    for deltas in (singly(text.encode()), [text]):
        parser = Parser(tp, live=live, on_violation="defer")
        for delta in deltas:
            parser.feed(delta)
        assert found(parser) == [(len(each.through.encode()) - 1, each.type, each.loc) for each in expected]
        assert deep(parser.snapshot) == deep(shown), parser.snapshot
        assert (parser.complete, parser.offset, parser.text) == (True, len(text.encode()), text)
        theirs = pydantic_error(tp, text.encode())
        assert theirs
        with pytest.raises(ValidationError) as caught:
            parser.finish()
        assert lines_of(caught.value) == lines_of(theirs)
        assert caught.value.title == theirs.title
        assert deep(parser.snapshot) == deep(shown)


@pytest.mark.parametrize(("tp", "text", "expected", "shown"), HAND_PICKED)
def test_the_first_is_what_would_be_raised(tp: Any, text: str, expected: list[Found], shown: Any) -> None:
    raising, deferring = Parser(tp), Parser(tp, on_violation="defer")
    error = refusal(raising, text)
    assert isinstance(error, ValidationError)
    deferring.feed(text)
    first = deferring.violations[0]
    line = error.errors()[0]
    assert (first.type, first.loc, first.msg, first.offset) == (
        line["type"],
        line["loc"],
        line["msg"],
        raising.offset,
    )
    assert first.offset == len(expected[0].through.encode()) - 1
    assert shown is not None


# ---------------------------------------------------------------------------------------------------------
# A schema with a place for every kind of violation


class Rich(BaseModel):
    """One of each."""

    points: dict[Color, list[Point]] = {}
    shapes: list[Shape] = []
    shape: Shape | None = None
    hooked: list[Hooked] = []
    after: After | None = None
    whole: Whole | None = None
    numbered: dict[int, Annotated[list[Short], Field(max_length=2)]] = {}
    either: list[Closed | Point | list[Letters]] = []
    first: Annotated[Point | dict[str, int], Field(union_mode="left_to_right")] | None = None
    pair: tuple[Short, Point] | None = None
    unique: Annotated[set[int], Field(max_length=2)] = set()
    root: RootModel[Annotated[list[dt.date], Field(min_length=1)]] | None = None


def pairs(value: Any) -> Any:
    """Return plain values as a tree."""
    if isinstance(value, dict):
        return Members((key, pairs(part)) for key, part in value.items())
    return [pairs(part) for part in value] if isinstance(value, list) else value


POINT = {"x": 1, "y": 2}
RICH = {
    "points": {"red": [POINT, POINT], "green": []},
    "shapes": [{"radius": 1, "kind": "circle"}, {"kind": "square", "side": 2}],
    "shape": {"kind": "circle", "radius": 1, "label": "abc"},
    "hooked": [{"after": 2, "before": "b", "text": "t", "rest": "r"}],
    "after": {"x": 1, "rest": "r"},
    "whole": {"word": "same", "again": "same"},
    "numbered": {"1": ["abc", ""], "2": []},
    "either": [{"name": "n", "notes": [1, 2]}, POINT, ["abc", "a"]],
    "first": {"x": 1, "y": 2, "z": 3},
    "pair": ["abc", POINT],
    "unique": [1, 1, 2],
    "root": ["2020-01-01"],
}
SPOILS = [
    "bad",
    3,
    1.5,
    None,
    [],
    {},
    {"kind": "circus"},
    {"kind": "circle", "side": 1},
    "abcd",
    [1, 2, 3],
    {"nope": 1},
]


@st.composite
def rich(draw: st.DrawFn) -> Case:
    """A part of the rich document, spoiled in a few places."""
    tree = Members(draw(st.permutations(pairs(RICH)))[: draw(st.integers(2, 6))])
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(_places(tree)[1:] or [()]))
        if not place:
            break
        inner: Any = tree
        for step in place[:-1]:
            inner = inner[step][1] if isinstance(inner, Members) else inner[step]
        last = place[-1]
        put = pairs(draw(st.sampled_from(SPOILS)))
        way = draw(st.sampled_from(["value", "value", "key", "gone", "more"]))
        if way == "gone":
            del inner[last]
        elif isinstance(inner, Members):
            key, value = inner[last]
            changed = {"value": [(key, put)], "key": [(key + "s", value)], "more": [(key, value), (key + "t", put)]}
            inner[last : last + 1] = changed[way]
        else:
            inner[last : last + 1] = [inner[last], put] if way == "more" else [put]
    return Case(Rich, render(tree, dice_of(draw(st.integers(0, 2**16)))))


ANY = st.one_of(spoiled(), spoiled(UNIONS), rich())


# ---------------------------------------------------------------------------------------------------------
# What holds of any schema and text


class Seen(NamedTuple):
    """A state and the violations with it."""

    state: State
    violations: tuple[Violation, ...]


def run(case: Case, deltas: Sequence[bytes], *, live: bool) -> tuple[dict[int, Seen], Any]:
    """Feed the deltas; return what was seen by offset, and the end: Pydantic's lines or value."""
    parser = Parser(case.tp, live=live, on_violation="defer")
    seen = {0: Seen(state_of(parser), parser.violations)}
    fed = 0
    for delta in deltas:
        before = parser.violations
        parser.feed(delta)
        fed += len(delta)
        assert parser.violations[: len(before)] == before
        assert all(fed - len(delta) <= violation.offset < fed for violation in parser.violations[len(before) :])
        assert parser.offset == fed
        seen[fed] = Seen(state_of(parser), parser.violations)
    try:
        return seen, ("value", deep(parser.finish()))
    except ValidationError as error:
        return seen, ("error", error.title, lines_of(error))


@given(st.data(), ANY, st.booleans())
def test_chunking_is_unobservable(data: st.DataObject, case: Case, live: bool) -> None:  # noqa: FBT001
    whole, end = run(case, singly(case.text), live=live)
    event(f"{len(whole[len(case.text)].violations)} violations")
    for deltas in (data.draw(cuts(case.text)), [case.text]):
        some, other_end = run(case, deltas, live=live)
        assert other_end == end
        for offset, seen in some.items():
            assert seen == whole[offset], f"at byte {offset}"


@given(ANY)
def test_the_end_is_pydantics(case: Case) -> None:
    seen, end = run(case, [case.text], live=False)
    theirs = pydantic_error(case.tp, case.text)
    if theirs:
        assert end == ("error", theirs.title, lines_of(theirs))
        lines = lines_of(theirs)
        violations = seen[len(case.text)].violations
        assert violations or case.text.strip()[-1:] in b"0123456789", "it ends a number"
        for violation in violations:
            assert is_told((violation.type, violation.loc), lines), (violation, lines)
    else:
        assert end == ("value", deep(TypeAdapter(case.tp).validate_json(case.text)))
        assert not seen[len(case.text)].violations


@given(ANY)
def test_the_first_is_found_where_it_would_be_raised(case: Case) -> None:
    raising, deferring = Parser(case.tp), Parser(case.tp, on_violation="defer")
    error = refusal(raising, case.text)
    deferring.feed(case.text)
    if error is None:
        assert deferring.violations == ()
        return
    assert isinstance(error, ValidationError)
    first = deferring.violations[0]
    lines = [(line["type"], line["loc"], line["msg"]) for line in error.errors()]
    assert (first.type, first.loc, first.msg) == lines[0]
    assert first.offset == raising.offset
    assert [v[:3] for v in deferring.violations if v.offset == first.offset][: len(lines)] == lines


PREFIXES = {
    r"^[a-c]+$": r"[a-c]*",
    r"^\d{2,4}$": r"\d{0,4}",
    r"^(foo|bar)-\d+": r"(f|fo|b|ba|foo|bar)?|(foo|bar)-(\d.*)?",
    r"[xyz]": r".*",
}
"""What the beginnings of strings that match a pattern match."""
WITHHELD = Atom(b"", closed=False)


def pruned(tp: Any, node: Node) -> Node:
    """Return a value without what the schema refuses of it: what has to stay open for that is open."""
    bare = strip(tp)
    if bare is Any or (node.closed and fits(tp, first_wins(node))):
        return node
    if isinstance(node, Text) and bare is str:
        return Text(node.raw, closed=False, value=accepted(tp, node.value))
    members = member_types(bare, len(node.items)) if isinstance(node, Array) else None
    if isinstance(node, Array) and members is not None:
        items = [pruned(inner, item) for inner, item in zip(members, node.items, strict=False)]
        return Array(node.raw, closed=False, items=items[: constraint(tp, "max_length")])
    if isinstance(node, Object) and is_model(bare):
        types = keys_of(bare)
        allowed = bare.model_config.get("extra") == "allow"
        kept = [(k, pruned(types.get(k, Any), v)) for k, v in node.members if k in types or allowed]
        return Object(node.raw, closed=False, members=kept)
    if isinstance(node, Object) and get_origin(bare) is dict:
        kept = [(k, pruned(get_args(bare)[1], v)) for k, v in node.firsts().items()]
        return Object(node.raw, closed=False, members=kept[: constraint(tp, "max_length")])
    return WITHHELD if node.closed or refuted(tp, node) else node


def accepted(tp: Any, value: str) -> str:
    """Return the longest beginning of a string that is the beginning of one that fits."""
    pattern = PREFIXES.get(constraint(tp, "pattern") or "", ".*")
    most = constraint(tp, "max_length")
    ends = range(len(value) if most is None else min(most, len(value)), -1, -1)
    return next(value[:end] for end in ends if re.fullmatch(pattern, value[:end], re.DOTALL))


def test_the_rest_goes_on_showing() -> None:
    violated = Counter[str]()

    @given(spoiled(), st.booleans())
    def check(case: Case, live: bool) -> None:  # noqa: FBT001
        parser = Parser(case.tp, live=live, on_violation="defer")
        for n, byte in enumerate(singly(case.text), 1):
            parser.feed(byte)
            node = Reader(case.text[:n]).value()
            expected = Rendering.of(case.tp, node and pruned(case.tp, node))
            expected = blank(case.tp) if expected is NOTHING else expected
            found = parser.snapshot
            assert deep(found) == deep(expected), f"{case}\nafter {case.text[:n]!r}\n  {found!r}\n  {expected!r}"
        violated.update(violation.type for violation in parser.violations)

    check()
    assert len(violated) > 5, violated


@given(spoiled())
def test_what_shows_stays(case: Case) -> None:
    parser = Parser(case.tp, on_violation="defer")
    before = parser.snapshot
    for byte in singly(case.text):
        if parser.feed(byte):
            assert before is None or grew(before, parser.snapshot), (before, parser.snapshot)
            before = parser.snapshot


def test_4_what_has_settled_stays_the_same_object() -> None:
    compared = Counter[str]()

    @given(rich())
    def check(case: Case) -> None:
        parser = Parser(case.tp, on_violation="defer")
        settled: dict[str, tuple[Any, Any]] = {}
        for byte in singly(case.text):
            if parser.feed(byte):
                shown = parser.snapshot
                for name in parser.progress.settled:
                    value = getattr(shown, name)
                    before, as_it_was = settled.setdefault(name, (value, deep(value)))
                    assert value is before
                    assert deep(value) == as_it_was, name
                    compared[name] += 1

    check()
    assert len(compared) > 9, compared


@pytest.mark.parametrize("live", [False, True])
def test_4_what_was_refused_leaves_what_had_settled_as_it_is(live: bool) -> None:  # noqa: FBT001
    parser = Parser(list[Closed], live=live, on_violation="defer")
    parser.feed('[{"name":"a","notes":[1]},')
    first = parser.snapshot[0]
    parser.feed('{"nope":1,"notes":[1,2,3],"name":4},{"name":"b"}]')
    assert parser.snapshot[0] is first
    assert parser.snapshot == [Closed(name="a", notes=[1]), Closed(notes=[1, 2]), Closed(name="b")]
    assert [violation.type for violation in parser.violations] == ["extra_forbidden", "too_long", "string_type"]


# ---------------------------------------------------------------------------------------------------------
# What is not deferred, and what Pydantic accepts after all


@pytest.mark.parametrize("live", [False, True])
def test_a_repeated_key_puts_things_right(live: bool) -> None:  # noqa: FBT001
    parser = Parser(Point, live=live, on_violation="defer")
    parser.feed('{"x":"one","y":2,"x":1}')
    assert found(parser) == [(9, "int_parsing", ("x",))]
    assert parser.finish() == Point(x=1, y=2)
    assert [violation.type for violation in parser.violations] == ["int_parsing"]


@pytest.mark.parametrize(
    ("text", "error", "offset"),
    [
        ('{"x":"one","y":;', JSONError, 15),
        ('{"x":"one\x00', JSONError, 9),
        ('{"x":[[[[', LimitError, 7),
        ('{"x":[1],"y":"' + "1" * 50, LimitError, 50),
    ],
)
def test_what_is_no_violation_is_raised(text: str, error: type[Exception], offset: int) -> None:
    for deltas in (singly(text.encode()), [text]):
        parser = Parser(Point, on_violation="defer", limits=Limits(depth=3, bytes=50))
        raised = refusal(parser, *deltas)
        assert isinstance(raised, error)
        assert parser.offset == offset
        assert [violation.loc for violation in parser.violations] == [("x",)] or error is JSONError
        with pytest.raises(error):
            parser.finish()


def test_a_text_cut_off_is_truncated_whatever_was_refused() -> None:
    parser = Parser(Point, on_violation="defer")
    parser.feed('{"x":"one","y":2')
    with pytest.raises(TruncatedError) as caught:
        parser.finish()
    assert caught.value.path == ("y",)
    assert found(parser) == [(9, "int_parsing", ("x",))]


@pytest.mark.parametrize("tp", [int, Annotated[int, Field(le=10)]])
def test_a_number_at_the_root_is_refused_at_the_end(tp: Any) -> None:
    parser: Parser[Any] = Parser(tp, on_violation="defer")
    parser.feed("12.5")
    assert parser.violations == ()
    with pytest.raises(ValidationError) as caught:
        parser.finish()
    theirs = pydantic_error(tp, b"12.5")
    assert theirs
    assert lines_of(caught.value) == lines_of(theirs)
    assert [offset for offset, _, _ in found(parser)] == [4]


def test_no_violation_is_listed_where_it_is_raised() -> None:
    parser = Parser(Point)
    assert isinstance(refusal(parser, '{"x":[]}'), ValidationError)
    assert parser.violations == ()


def test_there_are_two_ways() -> None:
    with pytest.raises(ValueError, match='"raise" or "defer"'):
        Parser(Point, on_violation="ignore")  # type: ignore[call-overload]
