"""Random schemas, documents that fit them and that do not, texts of those documents, and cuts."""

from __future__ import annotations

import datetime as dt
import json
import random
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Optional, Union

from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    create_model,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# ---------------------------------------------------------------------------------------------------------
# Documents as trees. Objects are pairs in order, since order and repetition are part of a text.


class Members(list[tuple[str, Any]]):
    """A JSON object."""


class Raw(str):
    """A JSON value written out: a number in an unusual form."""

    __slots__ = ()


class Case(NamedTuple):
    """A schema and the text of a document."""

    tp: Any
    text: bytes


@dataclass(frozen=True)
class Shape:
    """A type, the trees that fit it, and a value its field may have as default."""

    tp: Any
    trees: st.SearchStrategy[Any] = field(repr=False)
    default: Any = None


# ---------------------------------------------------------------------------------------------------------
# Text

CHARACTERS = st.one_of(
    st.sampled_from('ab "\\/{}[]:,01-'),
    st.sampled_from("é世\u2028\x7f\xa0😀🇨🇭\U0010ffff\uffff\u0000\n\t\x1f"),
    st.characters(exclude_categories=["Cs"]),
)
STRINGS = st.text(CHARACTERS, max_size=8)
KEYS = st.one_of(
    st.sampled_from(["a", "b", "", "zz", "copy", "__proto__", "__dict__", "model_dump", "self", "clé", "😀"]), STRINGS
)
FLOATS = st.floats(allow_nan=False)
NUMBERS = st.one_of(
    st.integers(-1000, 1000),
    st.sampled_from([0, 2**63 - 1, 2**63, -(2**63) - 1, 10**25]),
    FLOATS,
    st.sampled_from(
        [Raw(r) for r in ("-0", "-0.0", "1e5", "1E+2", "10.50", "1e-7", "1e400", "0e0", "NaN", "-Infinity")]
    ),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, STRINGS)
UNTYPED = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=lambda m: m[0]).map(Members)
    ),
    max_leaves=6,
)


def dice_of(seed: int) -> random.Random | None:
    """Give dice, none for the seed 0: that is where the search for a smaller example ends."""
    return random.Random(seed) if seed else None  # noqa: S311 - no secret depends on it


def render(tree: Any, dice: random.Random | None = None) -> bytes:
    """Write a tree as JSON; with `dice`, with white space and escapes wherever they may be."""
    return _write(tree, dice).encode()


def _write(tree: Any, dice: random.Random | None) -> str:
    def gap() -> str:
        return dice.choice(["", "", "", " ", "\n", "\t", " \r\n "]) if dice else ""

    if isinstance(tree, Raw):
        text = str(tree)
    elif isinstance(tree, str):
        text = '"' + "".join(_character(c, dice) for c in tree) + '"'
    elif isinstance(tree, Members):
        text = "{" + ",".join(f"{gap()}{_write(k, dice)}:{_write(v, dice)}" for k, v in tree) + gap() + "}"
    elif isinstance(tree, list):
        text = "[" + ",".join(_write(item, dice) for item in tree) + gap() + "]"
    else:
        text = json.dumps(tree)
    return gap() + text + gap()


def _character(char: str, dice: random.Random | None) -> str:
    if dice and dice.random() < 0.2:
        units = char.encode("utf-16-be").hex()
        escaped = "".join("\\u" + units[i : i + 4] for i in range(0, len(units), 4))
        return dice.choice([escaped, escaped.upper().replace("\\U", "\\u")])
    if dice and char == "/":
        return dice.choice(["/", "\\/"])
    return json.dumps(char, ensure_ascii=ord(char) < ord(" "))[1:-1]


@st.composite
def texts(draw: st.DrawFn, trees: st.SearchStrategy[Any]) -> bytes:
    """Texts of trees: plain ones, and ones with odd white space and escapes."""
    tree = draw(trees)
    seed = draw(st.integers(0, 2**16))
    return render(tree, dice_of(seed))


@st.composite
def cuts(draw: st.DrawFn, text: bytes) -> list[bytes]:
    """Deltas that make up the text, cut anywhere: inside a character too, and empty ones among them."""
    points = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[i:j] for i, j in zip([0, *points], [*points, len(text)], strict=True)]


# ---------------------------------------------------------------------------------------------------------
# Schemas


class Color(str, Enum):
    """Members that are prefixes of each other, and one beyond ASCII."""

    RED = "red"
    REDDISH = "reddish"
    GREEN = "green"
    NOIR = "noir é"


class Level(Enum):
    """An enum of strings that is not itself a string."""

    LOW = "low"
    LOWER = "lower"
    HIGH = "high"


WORDS = ("a", "ab", "abc", "open", "opened", 'quo"ted', "naïve", "😀")


def _pattern(pattern: str, trees: st.SearchStrategy[str]) -> Shape:
    return Shape(Annotated[str, Field(pattern=pattern)], trees, "")


def _is_float(number: Any) -> bool:
    """Tell whether this Pydantic takes the number for a float: not all of them take 2**63 - 1."""
    try:
        TypeAdapter(float).validate_json(str(number))
    except ValidationError:
        return not isinstance(number, int)
    return True


INTS = st.one_of(
    st.integers(-1000, 1000),
    st.sampled_from([2**63, -(2**70)]),
    st.sampled_from(
        [
            Raw("12.0"),
            Raw("1e2"),
            Raw("1.5e1"),
            Raw("120e-1"),
            Raw("-0"),
            Raw("0.0"),
            "12",
            " 7 ",
            "1_0",
            "+3",
            "4.0",
            True,
        ]
    ),
)
BOOLS = st.one_of(st.booleans(), st.sampled_from([0, 1, Raw("1.0"), "yes", "OFF", "t"]))
LEAF_SHAPES: list[Shape] = [
    Shape(str, STRINGS, "unset"),
    Shape(int, INTS, 7),
    Shape(float, st.one_of(NUMBERS.filter(_is_float), st.sampled_from(["1.5", "nan"])), 0.5),
    Shape(bool, BOOLS, default=False),
    Shape(type(None), st.none()),
    Shape(Any, UNTYPED, "any"),
    Shape(Color, st.sampled_from([c.value for c in Color]), Color.RED),
    Shape(Level, st.sampled_from([c.value for c in Level]), Level.HIGH),
    Shape(Annotated[int, Field(ge=0, lt=10)], st.integers(0, 9), 0),
    Shape(Annotated[int, Field(gt=-5, le=5)], st.integers(-4, 5), 0),
    Shape(Annotated[int, Field(multiple_of=3)], st.integers(-9, 9).map(lambda i: 3 * i), 0),
    Shape(Annotated[float, Field(gt=0, le=1.5)], st.floats(0, 1.5, exclude_min=True), 1.0),
    Shape(Annotated[float, Field(ge=-1, lt=1)], st.floats(-1, 1, exclude_max=True), 0.0),
    Shape(Annotated[str, Field(min_length=2)], st.text(CHARACTERS, min_size=2, max_size=6), "xx"),
    Shape(Annotated[str, Field(max_length=3)], st.text(CHARACTERS, max_size=3), ""),
    Shape(Annotated[str, Field(min_length=1, max_length=2)], st.text(CHARACTERS, min_size=1, max_size=2), "x"),
    Shape(dt.date, st.one_of(st.dates().map(str), st.just(86400)), dt.date(2020, 1, 1)),
    Shape(Decimal, st.one_of(st.integers(-99, 99), st.sampled_from([Raw("1.50"), "2.50"])), Decimal(1)),
    Shape(int | str, st.one_of(st.integers(-99, 99), STRINGS), "either"),
    _pattern(r"^[a-c]+$", st.text("abc", min_size=1, max_size=5)),
    _pattern(r"^\d{2,4}$", st.text("0123٣४", min_size=2, max_size=4)),
    _pattern(r"^(foo|bar)-\d+", st.builds("{}-{}{}".format, st.sampled_from(["foo", "bar"]), st.integers(0), STRINGS)),
    _pattern(r"[xyz]", st.builds("{}{}{}".format, STRINGS, st.sampled_from("xyz"), STRINGS)),
]


@st.composite
def literals(draw: st.DrawFn) -> Shape:
    """Literals of a few strings."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))
    return Shape(Literal[tuple(words)], st.sampled_from(words), words[0])


@st.composite
def lists(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Lists, with and without bounds on their length."""
    item = draw(inner)
    least, most = draw(st.sampled_from([(0, None), (0, None), (1, None), (0, 2), (1, 3)]))
    tp: Any = list[item.tp]  # type: ignore[name-defined]
    if least or most:
        tp = Annotated[tp, Field(min_length=least or None, max_length=most)]
    return Shape(tp, st.lists(item.trees, min_size=least, max_size=most or 3), [])


@st.composite
def dicts(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Dicts of string keys, with and without bounds on their size."""
    value = draw(inner)
    least, most = draw(st.sampled_from([(0, None), (0, None), (1, None), (0, 2)]))
    tp: Any = dict[str, value.tp]  # type: ignore[name-defined]
    if least or most:
        tp = Annotated[tp, Field(min_length=least or None, max_length=most)]
    members = st.lists(st.tuples(KEYS, value.trees), min_size=least, max_size=most or 3, unique_by=lambda m: m[0])
    return Shape(tp, members.map(Members), {})


def nullable(shape: Shape) -> Shape:
    """Make null fit too."""
    return Shape(Optional[shape.tp], st.one_of(st.none(), shape.trees), None)  # noqa: UP045 - a type made at run time


NAMES = ("name", "age", "bio", "items", "title", "city", "x", "tags_", "na")
ALIASES = ("Name", "full name", "prénom", 'qu"ote', "copy", "model_dump", "__proto__", "😀")


@st.composite
def models(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Models of one to four fields: required or with a default, a factory, an alias; unknown keys per `extra`."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    aliases = draw(st.lists(st.one_of(st.none(), st.sampled_from(ALIASES)), min_size=4, max_size=4))
    extra: Any = draw(st.sampled_from([None, "ignore", "allow", "forbid"]))
    fields: dict[str, Any] = {}
    keys: dict[str, tuple[Shape, bool]] = {}
    for name, alias in zip(names, aliases, strict=False):
        shape = draw(inner)
        given = draw(st.sampled_from(["required", "required", "default", "factory"]))
        key = alias if alias and alias not in keys else name
        keys[key] = shape, given == "required"
        info: dict[str, Any] = {"alias": key} if key != name else {}
        if given == "default":
            info["default"] = shape.default
        elif given == "factory":
            info["default_factory"] = _giver(shape.default)
        fields[name] = (shape.tp, Field(**info))
    tp: Any = create_model("Random", __config__=ConfigDict(extra=extra) if extra else None, **fields)
    return Shape(tp, _documents(keys, set(names), allow_unknown=extra != "forbid"))


def _giver(default: Any) -> Callable[[], Any]:
    return lambda: copy(default)


def _documents(keys: dict[str, tuple[Shape, bool]], names: set[str], *, allow_unknown: bool) -> st.SearchStrategy[Any]:
    @st.composite
    def documents(draw: st.DrawFn) -> Members:
        members = [
            (key, draw(shape.trees)) for key, (shape, required) in keys.items() if required or draw(st.booleans())
        ]
        if allow_unknown:
            unknown = KEYS.filter(lambda key: key not in keys and key not in names)
            members += draw(st.lists(st.tuples(unknown, UNTYPED), max_size=2, unique_by=lambda m: m[0]))
        return Members(draw(st.permutations(members)))

    return documents()


class Tree(BaseModel):
    """A model that holds itself three ways."""

    value: int
    label: str = "leaf"
    children: list[Tree] = []
    named: dict[str, Tree] = {}
    left: Tree | None = None


class Chain(BaseModel):
    """A model that holds itself through another."""

    link: Link
    note: str | None = None


class Link(BaseModel):
    """The other."""

    text: str
    chain: Chain | None = None
    chains: list[Chain] = Field(default_factory=list)


Chain.model_rebuild()


def _trees(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _documents(
        {
            "value": (Shape(int, INTS), True),
            "label": (Shape(str, STRINGS), False),
            "children": (Shape(list, st.lists(inner, max_size=2)), False),
            "named": (
                Shape(dict, st.lists(st.tuples(KEYS, inner), max_size=2, unique_by=lambda m: m[0]).map(Members)),
                False,
            ),
            "left": (Shape(Tree, st.one_of(st.none(), inner)), False),
        },
        set(),
        allow_unknown=True,
    )


def _chains(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    link = {
        "text": (Shape(str, STRINGS), True),
        "chain": (Shape(Chain, inner), False),
        "chains": (Shape(list, st.lists(inner, max_size=2)), False),
    }
    chain = {
        "link": (Shape(Link, _documents(link, set(), allow_unknown=False)), True),
        "note": (Shape(str, STRINGS), False),
    }
    return _documents(chain, set(), allow_unknown=True)


RECURSIVE = [
    Shape(Tree, st.recursive(st.integers(0, 99).map(lambda i: Members([("value", i)])), _trees, max_leaves=4)),
    Shape(
        Chain,
        st.recursive(STRINGS.map(lambda s: Members([("link", Members([("text", s)]))])), _chains, max_leaves=3),
    ),
]

LEAVES: st.SearchStrategy[Shape] = st.one_of(st.sampled_from(LEAF_SHAPES), literals())
SHAPES: st.SearchStrategy[Shape] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(models(inner), models(inner), lists(inner), dicts(inner), inner.map(nullable)),
    max_leaves=8,
)
ROOTS: st.SearchStrategy[Shape] = st.one_of(
    models(SHAPES), models(SHAPES), models(SHAPES), lists(SHAPES), SHAPES, st.sampled_from(RECURSIVE)
)


@st.composite
def cases(draw: st.DrawFn, shapes: st.SearchStrategy[Shape] = ROOTS) -> Case:
    """Schemas with a document that fits."""
    shape = draw(shapes)
    return Case(shape.tp, draw(texts(shape.trees)))


# ---------------------------------------------------------------------------------------------------------
# Wider schemas: those that the oracle does not render


@st.composite
def tuples(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Tuples of a few types, or of many values of one."""
    if draw(st.booleans()):
        item = draw(inner)
        tp: Any = tuple[item.tp, ...]  # type: ignore[name-defined]
        most = draw(st.sampled_from([None, 2]))
        return Shape(Annotated[tp, Field(max_length=most)] if most else tp, st.lists(item.trees, max_size=2), ())
    items = draw(st.lists(inner, max_size=3))
    trees = st.tuples(*(item.trees for item in items)).map(list)
    return Shape(tuple[tuple(item.tp for item in items)] if items else tuple[()], trees)  # type: ignore[misc]


MEMBERS: list[Shape] = [
    Shape(str, STRINGS),
    Shape(int, INTS),
    Shape(bool, BOOLS),
    Shape(Color, st.sampled_from([c.value for c in Color])),
    Shape(Literal["a", "ab", 1], st.sampled_from(["a", "ab", 1])),
    Shape(tuple[int, str], st.tuples(st.integers(0, 3), st.sampled_from("ab")).map(list)),
]


@st.composite
def sets(draw: st.DrawFn) -> Shape:
    """Sets and frozen sets, with and without bounds on their size."""
    item = draw(st.sampled_from(MEMBERS))
    kind: Any = draw(st.sampled_from([set, frozenset]))
    most = draw(st.sampled_from([None, None, 3]))
    tp = Annotated[kind[item.tp], Field(max_length=most)] if most else kind[item.tp]
    return Shape(tp, st.lists(item.trees, max_size=3), kind())


MAP_KEYS: list[tuple[Any, st.SearchStrategy[str]]] = [
    (int, st.integers(-99, 99).map(str)),
    (Color, st.sampled_from([c.value for c in Color])),
    (Literal["a", "ab", "b"], st.sampled_from(["a", "ab", "b"])),
    (dt.date, st.dates().map(str)),
    (Annotated[str, Field(max_length=2, pattern="^[ab]*$")], st.text("ab", max_size=2)),
]


@st.composite
def maps(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Dicts whose keys are not plain strings."""
    key, keys = draw(st.sampled_from(MAP_KEYS))
    value = draw(inner)
    members = st.lists(st.tuples(keys, value.trees), max_size=3, unique_by=lambda m: m[0])
    return Shape(dict[key, value.tp], members.map(Members), {})  # type: ignore[name-defined,valid-type]


def root_model(shape: Shape) -> Shape:
    """Wrap a shape in a model that has no keys."""
    return Shape(RootModel[shape.tp], shape.trees)  # type: ignore[name-defined]


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Unions without a tag, smart or tried from left to right."""
    shapes = draw(st.lists(inner, min_size=2, max_size=3))
    tp: Any = Union[tuple(shape.tp for shape in shapes)]  # noqa: UP007 - a type made at run time
    # Pydantic makes one type of some unions: of two literals, of a type and null.
    if draw(st.booleans()) and TypeAdapter(tp).core_schema["type"] == "union":
        tp = Annotated[tp, Field(union_mode="left_to_right")]
    return Shape(tp, st.one_of(*(shape.trees for shape in shapes)))


@st.composite
def tagged_unions(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Unions of models that one field tells apart, wherever among the others it comes."""
    kinds: list[Any] = []
    trees = []
    for tag in draw(st.lists(st.sampled_from(["a", "ab", "abc", "b"]), min_size=2, max_size=3, unique=True)):
        shape = draw(inner)
        fields: dict[str, Any] = {"kind": (Literal[tag], ...), "value": (shape.tp, ...)}
        kinds.append(create_model("Kind" + tag, **fields))
        pairs = st.tuples(st.just(("kind", tag)), shape.trees.map(lambda tree: ("value", tree)))
        trees.append(pairs.flatmap(st.permutations).map(Members))
    return Shape(Annotated[Union[tuple(kinds)], Field(discriminator="kind")], st.one_of(*trees))  # noqa: UP007


@st.composite
def renamed(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    """Models whose fields go by other names, or by several, or lie deeper."""
    one, other = draw(inner), draw(inner)
    alias: Any = draw(
        st.sampled_from(["Name", AliasChoices("first", "name", AliasPath("in", 0)), AliasPath("in", "x")])
    )
    by_name = draw(st.booleans())
    fields: dict[str, Any] = {"name": (one.tp, Field(validation_alias=alias)), "age": (other.tp, Field(alias="age"))}
    tp: Any = create_model("Renamed", __config__=ConfigDict(populate_by_name=by_name), **fields)
    ways: list[Callable[[Any], tuple[str, Any]]] = [lambda tree: ("name", tree)] if by_name else []
    if isinstance(alias, AliasPath):
        ways.append(lambda tree: ("in", Members([("x", tree)])))
    elif isinstance(alias, AliasChoices):
        ways += [lambda tree: ("first", tree), lambda tree: ("in", [tree])]
    else:
        ways.append(lambda tree: ("Name", tree))
    pairs = st.tuples(one.trees, st.sampled_from(ways)).map(lambda drawn: drawn[1](drawn[0]))
    members = st.tuples(pairs, other.trees.map(lambda tree: ("age", tree)))
    return Shape(tp, members.flatmap(st.permutations).map(Members))


WIDE_SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.one_of(LEAVES, sets()),
    lambda inner: st.one_of(
        *(wide(inner) for wide in (models, lists, tuples, maps, unions, unions, tagged_unions, renamed)),
        inner.map(nullable),
        inner.map(root_model),
    ),
    max_leaves=6,
)


# ---------------------------------------------------------------------------------------------------------
# Documents that do not fit, and texts that are not JSON

WRONG: tuple[Any, ...] = (
    None, True, -7, 3.75, 10**25, "zzzzzz", "", "12", "red", [], ["a"], [[1]], Members(), Members([("q", 1)]),
    Raw("NaN"), Raw("-Infinity"), Raw("Infinity"), Raw("1e400"), Raw("-0.5e1"),
)  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, shapes: st.SearchStrategy[Shape] = ROOTS) -> Case:
    """Schemas with a document changed in one place: most no longer fit."""
    shape = draw(shapes)
    tree = draw(shape.trees)
    root, *inside = _places(tree)
    place = draw(st.sampled_from([*inside[::-1], root]))
    seed = draw(st.integers(0, 2**16))
    return Case(shape.tp, render(_spoil(draw, tree, place), dice_of(seed)))


def _places(tree: Any, place: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    inner = [v for _, v in tree] if isinstance(tree, Members) else tree if isinstance(tree, list) else []
    return [place, *(p for i, item in enumerate(inner) for p in _places(item, (*place, i)))]


def _spoil(draw: st.DrawFn, tree: Any, place: tuple[int, ...]) -> Any:
    if place and isinstance(tree, Members):
        key, value = tree[place[0]]
        return Members([*tree[: place[0]], (key, _spoil(draw, value, place[1:])), *tree[place[0] + 1 :]])
    if place:
        return [*tree[: place[0]], _spoil(draw, tree[place[0]], place[1:]), *tree[place[0] + 1 :]]
    ways: list[Any] = [*WRONG]
    if isinstance(tree, Members):
        ways = [*ways, Members(tree[1:]), Members([*tree, ("unheard of", 1)]), Members(tree[:-1])] * 2
    elif isinstance(tree, list) and tree:
        ways = [*ways, tree[1:], [*tree, *tree], [tree[0]] * 4] * 2
    elif isinstance(tree, str):
        ways = [*ways, tree + "Q", tree * 4, tree[:-1], "Q" + tree] * 2
    return draw(st.sampled_from(ways))


@st.composite
def scribbles(draw: st.DrawFn) -> bytes:
    """Texts near JSON: a text with a few bytes taken out, put in or replaced."""
    text = bytearray(draw(texts(UNTYPED)))
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(text)))
        taken = draw(st.integers(0, 2))
        put = draw(st.sampled_from(FRAGMENTS))
        text[i : i + taken] = put
    return bytes(text)


FRAGMENTS: tuple[bytes, ...] = (
    *(bytes([b]) for b in b'"\\{}[],:-+.019eEuntfNI \n\x00\x1f\x7f/x'),
    *(bytes([b]) for b in (0x80, 0xBF, 0xC0, 0xC3, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF)),
    b"", b"\\ud83d", b"\\ude00", b"\\uD83D\\uDE00", b"\\u00e9", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"true", b"null", b"false", b"NaN", b"Infinity", b"-Infinity", b"1.5e3", b'"k":', b"[[", b'{"a":',
)  # fmt: skip
