"""A kept snapshot that nobody holds any more is made over into a later one, and nobody can tell (promise 5)."""

from __future__ import annotations

import copy
import gc
import random
import sys
import sysconfig
import weakref
from collections import deque
from dataclasses import dataclass, field, is_dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel, model_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from instar import Parser
from oracle import Rendering, at, deep, snapshot
from support.runs import singly
from support.strategies import Case, cases

if TYPE_CHECKING:
    from collections.abc import Callable


def held_of(part: Any, dice: random.Random) -> Callable[[], Any]:
    """Hold a part of a snapshot in one of the ways there are; what is returned gives what is seen of it."""
    if isinstance(part, BaseModel):
        values, names = part.__dict__, part.model_fields_set
        return dice.choice([lambda: part, lambda: values, lambda: names])
    if isinstance(part, list):
        members = iter(part)
        return dice.choice([lambda: part, lambda: list(copy.copy(members))])
    if isinstance(part, dict):
        view = part.items()
        return dice.choice([lambda: part, lambda: dict(view)])
    if is_dataclass(part) and hasattr(part, "__dict__"):
        fields = vars(part)
        return dice.choice([lambda: part, lambda: fields])
    return lambda: part


def spoil(part: Any, dice: random.Random) -> None:
    """Do to a part of a snapshot one of the things that its holder may do."""
    if isinstance(part, BaseModel):
        dice.choice(SPOILS)(part, dice)
    elif isinstance(part, list):
        dice.choice(LIST_SPOILS)(part)
    elif isinstance(part, dict):
        dice.choice(DICT_SPOILS)(part)
    elif is_dataclass(part):
        dice.choice(DATACLASS_SPOILS)(part)


def swap_a_name(part: BaseModel, _: random.Random) -> None:
    if part.model_fields_set:
        part.model_fields_set.pop()
        part.model_fields_set.add("spoiled")


def set_a_field(part: BaseModel, dice: random.Random) -> None:
    if part.__dict__:
        part.__dict__[dice.choice(list(part.__dict__))] = "spoiled"


def turn_round(part: BaseModel, _: random.Random) -> None:
    items = list(part.__dict__.items())
    part.__dict__.clear()
    part.__dict__.update(reversed(items))


SPOILS: list[Callable[[BaseModel, random.Random], Any]] = [
    swap_a_name,
    set_a_field,
    turn_round,
    lambda part, _: part.__dict__.clear(),
    lambda part, _: part.__dict__.update(dict.fromkeys(part.__dict__, "spoiled")),
    lambda part, _: part.__dict__.update(copy.deepcopy(part.__dict__)),
    lambda part, _: part.__dict__.update(more="spoiled"),
    lambda part, _: part.model_fields_set.clear(),
    lambda part, _: part.model_fields_set.add("spoiled"),
    lambda part, _: object.__setattr__(part, "__dict__", {"spoiled": 1}),
    lambda part, _: object.__setattr__(part, "__pydantic_fields_set__", {"spoiled"}),
    lambda part, _: object.__setattr__(part, "__pydantic_private__", {"_spoiled": 1}),
    lambda part, _: object.__setattr__(part, "__pydantic_extra__", {"spoiled": 1}),
    lambda part, _: object.__setattr__(part, "__class__", type("Spoiled", (type(part),), {})),
]
LIST_SPOILS: list[Callable[[list[Any]], Any]] = [
    list.reverse,
    list.clear,
    lambda part: part.append("spoiled"),
    lambda part: part.insert(0, "spoiled"),
    lambda part: part and part.pop(),
    lambda part: part.extend(part * 3),
    lambda part: part.__setitem__(slice(None), copy.deepcopy(part)),
]
DICT_SPOILS: list[Callable[[dict[Any, Any]], Any]] = [
    dict.clear,
    lambda part: part.update(spoiled="spoiled"),
    lambda part: part.update(dict.fromkeys(part, "spoiled")),
    lambda part: part and part.popitem(),
    lambda part: part.update([(key, part.pop(key)) for key in list(part)[:1]]),  # it goes to the end
    lambda part: part.setdefault("spoiled", part),
]
DATACLASS_SPOILS: list[Callable[[Any], Any]] = [
    lambda part: setattr(part, "spoiled", 1) if hasattr(part, "__dict__") else None,
    lambda part: vars(part).clear() if hasattr(part, "__dict__") else None,
    lambda part: vars(part).update(dict.fromkeys(vars(part), "spoiled")) if hasattr(part, "__dict__") else None,
    lambda part: setattr(part, "__dict__", {"spoiled": 1}) if hasattr(part, "__dict__") else None,
]


@given(cases(), st.randoms(use_true_random=False))
def test_5_whatever_was_done_to_snapshots_a_new_one_is_as_new(case: Case, dice: random.Random) -> None:
    parser = Parser(case.tp)
    holds = dice.randrange(4)
    last: deque[Any] = deque(maxlen=holds)
    held: list[tuple[Callable[[], Any], Any]] = []
    for n, delta in enumerate(singly(case.text), 1):
        if not parser.feed(delta):
            continue
        shown = parser.snapshot
        assert deep(shown) == deep(snapshot(case.tp, case.text[:n])), f"after {n} bytes"
        opened = [at(shown, path) for path in Rendering(case.tp, case.text[:n]).open]
        if opened and dice.random() < 0.3:
            see = held_of(dice.choice(opened), dice)
            held.append((see, deep(see())))
        elif opened and dice.random() < 0.5:
            for part in dice.sample(opened, dice.randint(1, len(opened))):
                spoil(part, dice)
        last.append(shown)
        del shown, opened
    for see, then in held:
        assert deep(see()) == then


class Member(BaseModel):
    name: str
    tags: list[str]


TEXT = '{"name": "one two three four", "tags": ["five", "six", "seven"], "more": 1}'


def walk(tp: type[BaseModel], look: Callable[[Any], None]) -> int:
    """Look at each snapshot and let it go as the next one comes. Returns how many there were."""
    parser = Parser(tp)
    looks = 0
    for letter in TEXT:
        if parser.feed(letter):
            shown = parser.snapshot
            look(shown)
            looks += 1
    return looks


def test_5_a_snapshot_that_is_referred_to_weakly_goes_when_it_is_let_go() -> None:
    gone: list[int] = []

    def look(shown: Member) -> None:
        weakref.finalize(shown, gone.append, len(shown.name))

    looks = walk(Member, look)
    gc.collect()
    assert len(gone) == looks


def test_5_a_snapshot_is_finalized_when_it_is_let_go() -> None:
    class Finalized(Member):
        gone: ClassVar[list[str]] = []

        def __del__(self) -> None:
            self.gone.append(self.name)

    assert walk(Finalized, lambda _: None) <= len(Finalized.gone)


def test_5_each_snapshot_is_made_by_a_new_of_the_users() -> None:
    class Made(Member):
        made: ClassVar[list[int]] = []

        def __new__(cls, *_: Any, **__: Any) -> Made:  # noqa: PYI034 - it is final
            cls.made.append(1)
            return super().__new__(cls)

    assert walk(Made, lambda _: None) <= len(Made.made)


def test_5_what_a_snapshot_has_cached_is_not_found_in_another() -> None:
    class Cached(Member):
        @cached_property
        def shout(self) -> str:
            return f"{self.name}!"

    def look(shown: Cached) -> None:
        assert shown.shout == f"{shown.name}!"

    walk(Cached, look)


def test_5_what_a_snapshot_keeps_privately_is_not_found_in_another() -> None:
    class Private(Member):
        _seen: bool = PrivateAttr(default=False)

    def look(shown: Private) -> None:
        assert shown.__pydantic_private__ != {"_seen": True}
        object.__setattr__(shown, "__pydantic_private__", {"_seen": True})

    walk(Private, look)


@pytest.mark.parametrize("listed", [tuple, iter], ids=["listed", "that nobody can list any more"])
def test_5_what_a_snapshot_keeps_in_slots_is_not_found_in_another(listed: Callable[[list[str]], Any]) -> None:
    class Slotted(Member):
        __slots__ = listed(["seen"])

    def look(shown: Slotted) -> None:
        assert not hasattr(shown, "seen")
        object.__setattr__(shown, "seen", True)

    walk(Slotted, look)


def test_5_a_class_may_be_given_a_finalizer_when_its_schema_is_known() -> None:
    class Patched(Member):
        pass

    gone: list[str] = []
    walk(Patched, lambda _: None)
    Patched.__del__ = lambda self: gone.append(self.name)  # type: ignore[attr-defined]
    assert walk(Patched, lambda _: None) <= len(gone)


def test_5_a_name_that_only_equals_that_of_a_field_does_not_stay() -> None:
    class Name(str):
        __slots__ = ()

    def look(shown: Member) -> None:
        assert {type(name) for name in shown.model_fields_set} <= {str}
        for name in list(shown.model_fields_set):
            shown.model_fields_set.remove(name)
            shown.model_fields_set.add(Name(name))

    walk(Member, look)


def test_5_nothing_that_was_put_into_a_snapshot_is_asked_anything() -> None:
    class Asked(BaseException):
        pass

    class Mute:
        asked = False

        def __hash__(self) -> int:
            if self.asked:
                raise Asked
            return hash("name")

    def look(shown: Member) -> None:
        mute = Mute()
        shown.model_fields_set.add(mute)  # type: ignore[arg-type]
        mute.asked = True

    walk(Member, look)


def test_5_whoever_gets_hold_of_a_snapshot_while_it_is_looked_at_keeps_it() -> None:
    class Told(Member):
        seen: ClassVar[list[tuple[Told, Any]]] = []
        tells: ClassVar[bool] = True

        def __getattribute__(self, name: str) -> Any:
            if name == "__pydantic_fields_set__" and Told.tells:
                Told.tells = False
                Told.seen.append((self, deep(self)))
                Told.tells = True
            return super().__getattribute__(name)

    walk(Told, lambda _: None)
    Told.tells = False
    for shown, then in Told.seen:
        assert deep(shown) == then


@pytest.mark.parametrize("holds", [0, 1, 2, 3])
def test_5_held_snapshots_are_never_made_over(holds: int) -> None:
    last: deque[tuple[Member, Any]] = deque(maxlen=holds + 1)

    def look(shown: Member) -> None:
        last.append((shown, deep(shown)))
        for held, then in last:
            assert deep(held) == then

    walk(Member, look)


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int = 0


class Typed(TypedDict, total=False):
    a: dict[str, str]
    b: list[dict[str, int]]


@dataclass
class Plain:
    a: dict[str, str]
    b: list[dict[str, int]]


@pydantic_dataclass
class Made:
    a: dict[str, str]
    b: list[dict[str, int]]


class Wide(BaseModel):
    a: int = 0
    b: str
    c: list[int] = Field(default_factory=list)
    d: Member | None = None
    e: dict[str, str] | list[str] | int
    f: Member


class WideTyped(TypedDict, total=False):
    a: int
    b: str
    c: list[int]
    d: WideTyped
    e: dict[str, str] | list[str] | int


@dataclass
class WidePlain:
    b: str
    e: dict[str, str] | list[str] | int
    a: int = 0
    c: list[int] = field(default_factory=list)
    d: WidePlain | None = None


class Closed(BaseModel):
    """What it shows changes as it closes, before its hook runs."""

    model_config = ConfigDict(validate_default=True)

    inner: Wide | None = None
    made: list[int] = Field(default_factory=lambda: [1])
    text: str = "2"

    @model_validator(mode="after")
    def closed(self) -> Closed:
        return self


NAMED = b'{"name": "one two", "tags": ["three", "four"]}'
WIDE = (
    b"""{"c": [1, 22, 3], "b": "a text \\u00e9", "e": {"x": "one", "y": "two"}, "a": 12, "e": ["x", "yz"], "d": {
    "b": "in it", "c": [4, 5], "name": "one", "e": 7, "tags": ["two", "three"]}, "b": "again", "f": %b, "z": 1}"""
    % NAMED
)
GROWN = b'{"a": {"x": "one", "y": "two", "x": "again", "z": "three"}, "b": [{"p": 1, "q": 2}, {"p": 3}]}'
FLAT = b'{"x": "one", "y": "two", "x": "again", "z": "three", "w": "four"}'
REUSED: list[tuple[Any, bytes]] = [
    (dict[str, str], FLAT),
    (dict[str, Any], GROWN),
    (Any, GROWN),
    (RootModel[dict[str, str]], FLAT),
    (RootModel[list[dict[str, int]]], b'[{"p": 1, "q": 2}, {"p": 3}, {}]'),
    (Extra, FLAT.replace(b'"y"', b'"a": 1, "y"')),
    (Extra, GROWN.replace(b'"a"', b'"a": 2, "c"')),
    (Typed, GROWN),
    (Plain, GROWN),
    (Made, GROWN),
    (list[Plain], b"[%b, %b]" % (GROWN, GROWN)),
    (dict[str, Extra], b'{"m": %b, "n": %b}' % (FLAT, FLAT)),
    (Wide, WIDE),
    (WideTyped, WIDE),
    (WidePlain, WIDE),
    (list[WideTyped | WidePlain], b"[%b, %b]" % (WIDE, WIDE)),
    (Closed, b'{"text": "one", "inner": %b}' % WIDE),
    (list[Closed], b'[{"inner": null}, {"inner": %b}]' % WIDE),
]


@pytest.mark.parametrize(("tp", "text"), REUSED)
@pytest.mark.parametrize("seed", range(20))
def test_5_every_kind_that_is_made_over_is_as_new(tp: Any, text: bytes, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    parser, other = Parser(tp), Parser(tp)
    # Those are all held, so that each is a new one.
    held_of_other: list[Any] = []
    held: list[tuple[Callable[[], Any], Any]] = []
    last: deque[Any] = deque(maxlen=dice.randrange(3))
    for delta in singly(text):
        changed = parser.feed(delta)
        assert changed == other.feed(delta)
        if not changed:
            continue
        shown = parser.snapshot
        held_of_other.append(other.snapshot)
        assert deep(shown) == deep(held_of_other[-1]), parser.text
        parts = spine(shown, parser.path)
        if parts and dice.random() < 0.3:
            see = held_of(dice.choice(parts), dice)
            held.append((see, deep(see())))
        elif dice.random() < 0.5:
            for part in dice.sample(parts, dice.randint(0, len(parts))):
                spoil(part, dice)
        last.append(shown)
        del shown, parts
    for see, then in held:
        assert deep(see()) == then


def spine(shown: Any, path: tuple[Any, ...]) -> list[Any]:
    """Return the containers that are open, from the root inwards."""
    found = []
    for step in (*path, None):
        if not isinstance(shown, BaseModel | dict | list) and not is_dataclass(shown):
            break
        found.append(shown)
        if isinstance(shown, RootModel):
            shown = shown.root
            found.append(shown)
        if isinstance(shown, dict | list):
            is_there = step in shown if isinstance(shown, dict) else step is not None and step < len(shown)
            shown = shown[step] if is_there else None
        else:
            shown = getattr(shown, str(step), None)
    return found


@pytest.mark.parametrize("tp", [dict[str, str], Extra, Member, str, list[str]])
@pytest.mark.parametrize("letter", ["a", "\N{PILE OF POO}", "\\u00e9"])
def test_5_long_texts_that_are_held_never_grow(tp: Any, letter: str) -> None:
    long = f'"{letter * 1500}"'
    text = {str: long, list[str]: f'["", {long}, {long}]', Member: f'{{"name": {long}, "tags": [{long}]}}'}.get(
        tp, f'{{"x": {long}, "name": {long}}}'
    )
    parser = Parser(tp)
    held: list[tuple[Any, Any, int]] = []
    for n in range(0, len(text), 3):
        if not parser.feed(text[n : n + 3]):
            continue
        shown = parser.snapshot
        so_far = text[: n + 3].encode()
        if n % 7 == 0:
            held = [*held[-3:], (shown, deep(shown), n)]
        elif n % 11 == 0:
            # Without the object around it.
            held = [*held[-3:], (strings(shown), deep(strings(shown)), n)]
        if n % 50 == 0:
            assert deep(shown) == deep(snapshot(tp, so_far))
        del shown
        for value, then, _ in held:
            assert deep(value) == then


OF_TEXTS: list[tuple[Any, bytes, Callable[[Any], Any]]] = [
    (Member, b'{"name": "%b"}', vars),
    (list[Member], b'[{"name": "one", "tags": []}, {"name": "%b"}]', lambda shown: vars(shown[-1]) if shown else None),
    (dict[str, str], b'{"x": "%b", "y": "%b"}', lambda shown: shown),
    (RootModel[dict[str, str]], b'{"x": "%b", "y": "%b"}', lambda shown: shown.root),
    (Extra, b'{"x": "%b", "y": "%b"}', lambda shown: shown.__pydantic_extra__),
    (Extra, b'{"x": "%b", "y": "%b"}', vars),
    (WideTyped, b'{"b": "%b"}', lambda shown: shown),
    (WidePlain, b'{"b": "%b"}', vars),
    (WideTyped, b'{"d": {"b": "%b"}}', lambda shown: shown.get("d")),
    (WidePlain, b'{"d": {"b": "%b"}}', vars),
]


@pytest.mark.skipif(
    sys.version_info >= (3, 14) or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="there dicts have no versions, or nobody can say who holds them",
)
@pytest.mark.parametrize(("tp", "text", "dict_of"), OF_TEXTS)
@pytest.mark.parametrize("size", [300, 3000])
def test_no_dict_is_copied_for_a_snapshot_while_a_text_grows(
    tp: Any, text: bytes, dict_of: Callable[[Any], Any], size: int
) -> None:
    letters = text.replace(b"%b", b"a" * size).rstrip(b'"}]')
    parser = Parser(tp)
    # A new dict is made before the one that it replaces is let go, and so lies elsewhere.
    places: list[int] = []
    for letter in singly(letters):
        if parser.feed(letter):
            shown = parser.snapshot
            places.append(id(dict_of(shown)))
    copied = sum(place != before for before, place in pairwise(places[::2]))
    assert len(places) > size
    assert copied <= 4, copied


def strings(value: Any) -> list[str]:
    """Return the strings that a value is made of."""
    if isinstance(value, BaseModel):
        value = {**value.__dict__, **(value.__pydantic_extra__ or {})}
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("tp", [set[str], set[int], set[tuple[int, str]]])
def test_a_live_set_grows_in_place(tp: Any) -> None:
    text = {set[int]: b"[1, 2, 3, 2, 4]", set[str]: b'["a", "ab", "abc", "ab", "", "d"]'}.get(
        tp, b'[[1, "a"], [1, "ab"], [1, "a"]]'
    )
    parser = Parser(tp, live=True)
    shown: set[int] = set()
    for n, byte in enumerate(singly(text), 1):
        parser.feed(byte)
        if isinstance(parser.snapshot, set):
            assert deep(parser.snapshot) == deep(snapshot(tp, text[:n])), text[:n]
            shown.add(id(parser.snapshot))
    assert len(shown) == 1
    assert parser.snapshot == parser.finish()
