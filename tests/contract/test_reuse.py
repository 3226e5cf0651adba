"""A kept snapshot that nobody holds any more is made over into a later one, and nobody can tell (promise 5)."""

from __future__ import annotations

import copy
import gc
import weakref
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, PrivateAttr

from instar import Parser
from oracle import Rendering, at, deep, snapshot
from support.runs import singly
from support.strategies import Case, cases

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


def held_of(part: Any, dice: random.Random) -> Callable[[], Any]:
    """Hold a part of a snapshot in one of the ways there are; what is returned gives what is seen of it."""
    if isinstance(part, BaseModel):
        values, names = part.__dict__, part.model_fields_set
        return dice.choice([lambda: part, lambda: values, lambda: names])
    if isinstance(part, list):
        members = iter(part)
        return dice.choice([lambda: part, lambda: list(copy.copy(members))])
    return lambda: part


def spoil(part: Any, dice: random.Random) -> None:
    """Do to a part of a snapshot one of the things that its holder may do."""
    if isinstance(part, BaseModel):
        dice.choice(SPOILS)(part, dice)
    elif isinstance(part, list):
        dice.choice(LIST_SPOILS)(part)
    elif isinstance(part, dict):
        part["spoiled"] = "spoiled"


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
