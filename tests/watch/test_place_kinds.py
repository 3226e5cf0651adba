"""Places in containers of every kind, held against the snapshot of each prefix."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, Json, RootModel, create_model
from typing_extensions import TypedDict

import instar
from instar import Parser
from instar._place import part
from instar._resolve import resolve
from instar._watch import State
from instar.errors import AbsentError


class Note(BaseModel):
    x: int = 0
    t: str = ""


class Loose(BaseModel, extra="allow"):
    x: int = 0


class Notes(RootModel[list[Note]]):
    """A list that is a model."""


class Word(RootModel[str]):
    """A text that is a model."""


@dataclass
class Record:
    x: int
    t: str = "d"


class Dict(TypedDict, total=False):
    x: int
    t: str


class Pair(NamedTuple):
    x: int
    t: str


Letter = enum.Enum("Letter", {"a": "a"})
Day = dt.date

KINDS: list[tuple[Any, Any, dict[str, Any]]] = [
    (list[list[str]], [["a", "b"], ["cc"]], {"f[1][0]": "cc", "f[0]": ["a", "b"]}),
    (deque[int], [1, 2, 3], {"f[1]": 2}),
    (deque[Note], [{"x": 1, "t": "ab"}, {"t": "c"}], {"f[0].t": "ab", "f[1]": Note(t="c")}),
    (tuple[int, ...], [1, 2, 3], {"f[2]": 3}),
    (tuple[Note, str], [{"t": "ab"}, "zz"], {"f[0].t": "ab", "f[1]": "zz"}),
    (Sequence[Note], [{"t": "a"}], {"f[0].t": "a"}),
    (Pair, [1, "ab"], {"f[1]": "ab", "f.t": "ab", "f.x": 1}),
    (dict[int, Note], {"7": {"t": "ab"}}, {"f['7'].t": "ab", "f[7].t": "ab", "f[7]": Note(t="ab")}),
    (dict[Day, str], {"2020-01-01": "ab"}, {"f['2020-01-01']": "ab"}),
    (dict[Letter, str], {"a": "xx"}, {"f.a": "xx"}),
    (dict[bool, str], {"true": "xx"}, {"f['true']": "xx"}),
    (dict[float, str], {"1.5": "xx"}, {"f['1.5']": "xx"}),
    (Mapping[str, Note], {"k": {"t": "ab"}}, {"f.k.t": "ab"}),
    (OrderedDict[str, int], {"k": 1}, {"f.k": 1}),
    (defaultdict[str, list[int]], {"k": [1, 2]}, {"f.k[1]": 2}),
    (Counter[str], {"k": 1}, {"f.k": 1}),
    (str | Note, {"t": "ab"}, {"f.t": "ab"}),
    (list[str] | dict[str, str], {"k": "v"}, {"f.k": "v"}),
    (list[str] | dict[str, str], ["v"], {"f[0]": "v"}),
    (set[int] | list[str], ["a", "b"], {"f[1]": "b"}),
    (Note | None, {"t": "ab"}, {"f.t": "ab"}),
    (Notes, [{"t": "a"}, {"t": "bb"}], {"f[1].t": "bb", "f[0]": Note(t="a")}),
    (list[Word], ["a", "bb"], {"f[1]": Word("bb")}),
    (Record, {"x": 1, "t": "ab"}, {"f.t": "ab", "f.x": 1}),
    (Dict, {"x": 1, "t": "ab"}, {"f.t": "ab"}),
    (Loose, {"x": 1, "copy": "ab", "json": [1]}, {"f.copy": "ab", "f.json[0]": 1}),
    (Json[list[int]], "[1, 2]", {"f[1]": 2}),
    (Any, {"a": [1, {"b": "cc"}]}, {"f.a[1].b": "cc"}),
]


def model(tp: Any) -> Any:
    return create_model("Whole", f=(tp, ...), z=(int, 0))


def text_of(value: Any) -> str:
    return json.dumps({"f": value, "z": 1})


@pytest.mark.parametrize(("tp", "value", "places"), KINDS, ids=lambda each: str(each)[:40])
def test_8_what_is_at_a_place_is_what_the_snapshot_has_there(tp: Any, value: Any, places: dict[str, Any]) -> None:
    text, schema = text_of(value), model(tp)
    for path, wanted in places.items():
        waited = instar.partials(list(text), schema).at(path)
        assert waited.wait() == wanted
        assert type(waited.value) is type(wanted)
        if isinstance(wanted, str):
            assert "".join(instar.partials(list(text), schema).at(path).text()) == wanted
        stream = instar.partials(list(text), schema)
        place, parser, steps = stream.at(path), Parser[Any](schema), resolve(path, schema)
        assert place.state is State.MISSING
        for snapshot in stream:
            parser.feed(stream.text[len(parser.text) :])
            if place.state is State.MISSING:
                assert place.value is None
            else:
                assert place.value == part(parser.snapshot, steps)
                assert part(snapshot, steps) == place.value
        assert (place.state, place.value) == (State.SETTLED, wanted)


@pytest.mark.parametrize(("tp", "value", "places"), KINDS, ids=lambda each: str(each)[:40])
def test_8_members_come_each_once(tp: Any, value: Any, places: dict[str, Any]) -> None:
    text, schema = text_of(value), model(tp)
    parser: Parser[Any] = Parser(schema)
    parser.feed(text)
    dump, final = parser.dump(mode="json")["f"], parser.finish()
    steps = dump if isinstance(dump, dict) else range(len(dump))
    members = [part(final, ("f", step)) for step in steps]
    assert members, places
    assert list(instar.partials(list(text), schema).at("f[*]")) == members
    assert list(instar.partials(list(text), schema).at("f").elements()) == members
    assert list(instar.partials([text], schema).at("f").partials()) == members


@pytest.mark.parametrize(
    ("tp", "kind"), [(set[str], "a set"), (frozenset[Day], "a set"), (Iterable[int], "an iterator")]
)
def test_members_that_have_no_places_are_refused_with_what_to_wait_for(tp: Any, kind: str) -> None:
    for path, missing in (("f[*]", r"\[\*\]"), ("f[1]", r"\[1\]")):
        says = rf"f is {kind}, and has no {missing}: .* so wait for the whole of it, f$"
        with pytest.raises(ValueError, match=says):
            instar.partials([], model(tp)).at(path)
    text = text_of([1] if kind == "an iterator" else ["2020-01-01", "2021-01-01"])
    place = instar.partials([text], model(tp)).at("f")
    with pytest.raises(TypeError, match=r"f is a \w+, whose members have no places of their own"):
        list(place.elements())
    assert place.state is State.SETTLED
    if kind == "a set":
        assert place.value == model(tp).model_validate_json(text).f


def test_what_an_alternative_has_not_is_absent() -> None:
    for tp, value, path in ((str | Note, "abc", "f.t"), (Note | None, None, "f.t"), (int | list[int], 3, "f[0]")):
        place = instar.partials(list(text_of(value)), model(tp)).at(path)
        with pytest.raises(AbsentError):
            place.wait()
        assert place.state is State.MISSING
    titled: Any = create_model("Titled", title=(str, ...))
    place = instar.partials(list(text_of("abc")), model(str | titled)).at("f.title")
    with pytest.raises(AbsentError):
        place.wait()  # and not the method of a str
    place = instar.partials(list(text_of([1, 2])), model(set[int] | list[str])).at("f[1]")
    with pytest.raises(TypeError, match="f is a set, whose members have no places"):
        place.wait()
