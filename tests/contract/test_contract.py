"""The contract, promise by promise: a test's name begins with the number of the promise it carries.

The oracles are Pydantic itself and the naive renderer; nothing here says by itself what a value should look like.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

import pytest
from hypothesis import assume, event, example, given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_core import from_json, to_json

from instar import JSONError, Parser, TruncatedError
from oracle import Rendering, at, blank, deep, grew, is_json, parts, snapshot, viable
from support.runs import (
    failure_of,
    follow,
    is_told,
    lines_of,
    pydantic_error,
    readable,
    refusal,
    same,
    same_but_for_the_end_of_the_key,
    singly,
    state_of,
    unharmed,
)
from support.samples import Order, order
from support.strategies import (
    SHAPES,
    UNTYPED,
    Case,
    Chain,
    Color,
    Link,
    Shape,
    Tree,
    cases,
    cuts,
    lists,
    scribbles,
    spoiled,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def snapshots(tp: Any, text: bytes, **options: Any) -> Iterator[tuple[int, Any]]:
    """Feed a text byte by byte and yield the snapshot after each, from before the first."""
    parser = Parser(tp, **options)
    yield 0, parser.snapshot
    for n, delta in enumerate(singly(text), 1):
        parser.feed(delta)
        yield n, parser.snapshot


# ---------------------------------------------------------------------------------------------------------
# 1. Chunking is unobservable


@given(st.data(), cases())
def test_1_chunking_is_unobservable_in_documents_that_fit(data: st.DataObject, case: Case) -> None:
    whole = follow(case.tp, singly(case.text))
    assert whole.failure is None
    same(whole, follow(case.tp, data.draw(cuts(case.text))))
    same(whole, follow(case.tp, [case.text]))


@given(st.data(), spoiled())
def test_1_chunking_is_unobservable_in_documents_that_do_not_fit(data: st.DataObject, case: Case) -> None:
    whole = follow(case.tp, singly(case.text))
    event(f"{whole.failure and whole.failure.kind}")
    same(whole, follow(case.tp, data.draw(cuts(case.text))))
    same(whole, follow(case.tp, [case.text]))


@given(st.data(), scribbles())
def test_1_chunking_is_unobservable_in_text_that_is_not_json(data: st.DataObject, text: bytes) -> None:
    whole = follow(None, singly(text))
    event(f"{whole.failure and whole.failure.kind}")
    same(whole, follow(None, data.draw(cuts(text))))
    same(whole, follow(None, [text]))


@given(st.data(), cases())
def test_1_str_and_bytes_are_the_same_text(data: st.DataObject, case: Case) -> None:
    text = case.text.decode()
    points = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    deltas = [text[i:j] for i, j in zip([0, *points], [*points, len(text)], strict=True)]
    same(follow(case.tp, singly(case.text)), follow(case.tp, deltas))


def test_1_elements_are_drained_once_in_order_as_they_settle_however_cut() -> None:
    drained = 0

    @given(st.data(), lists(SHAPES).filter(lambda shape: get_origin(shape.tp) is list))
    def check(data: st.DataObject, shape: Shape) -> None:
        nonlocal drained
        text = data.draw(texts(shape.trees))
        for deltas in (singly(text), data.draw(cuts(text)), [text]):
            parser = Parser(shape.tp)
            elements: list[Any] = []
            so_far = b""
            for delta in deltas:
                parser.feed(delta)
                so_far += delta
                elements += parser.drain()
                settled = [path for path in Rendering(shape.tp, so_far).settled if len(path) == 1]
                assert len(elements) == len(settled) or parser.complete
                assert all(element is shown for element, shown in zip(elements, parser.snapshot or [], strict=False))
            assert parser.drain() == []
            assert deep(elements) == deep(parser.snapshot)
            drained += len(elements)

    check()
    assert drained > 100


def test_1_elements_of_a_list_in_an_object_are_drained_too() -> None:
    parser = Parser(dict[str, list[Closed]])
    elements = []
    for delta in singly(b'{"items": [{"name": "a"}, {"name": "b"}, {}]}'):
        parser.feed(delta)
        elements += parser.drain()
        assert len(elements) == parser.text.count("}") - parser.text.count("]}")
    assert [element.name for element in elements] == ["a", "b", ""]


# ---------------------------------------------------------------------------------------------------------
# 2. Every prefix is viable or refused at once


@given(scribbles())
@example(b'"\\ud83d\\u0041"')
@example(b'"\\udc00"')
@example(b'{"a":1,}')
@example(b"-Infinit0")
@example(b"[1e+]")
@example(b'"\xed\xa0\x80"')
def test_2_json_is_refused_at_the_first_byte_after_which_nothing_can_follow(text: bytes) -> None:
    hopeless = next((n for n in range(1, len(text) + 1) if not viable(text[:n])), None)
    parser = Parser(None)
    error = refusal(parser, text)
    if error:
        assert isinstance(error, JSONError)
        assert hopeless is not None, f"refused at {error.offset}, yet viable"
        assert (error.offset, parser.offset) == (hopeless - 1, hopeless - 1)
        assert parser.text == readable(text[:hopeless])
        event("refused")
    else:
        assert hopeless is None
        if not is_json(text):
            with pytest.raises(TruncatedError) as truncated:
                parser.finish()
            assert truncated.value.offset == len(text)


@given(cases())
def test_2_no_prefix_of_a_document_that_fits_is_refused(case: Case) -> None:
    run = follow(case.tp, singly(case.text))
    assert run.failure is None
    assert len(run.states) == len(case.text) + 1


ON_CLOSE = {
    "missing", "too_short", "string_too_short", "greater_than", "greater_than_equal", "less_than", "less_than_equal",
    "multiple_of", "int_parsing", "float_parsing", "bool_parsing",
}  # fmt: skip
"""Errors that only a closed value can have: these must be Pydantic's to the letter, input included."""


def test_2_violations_are_pydantics_and_no_later_than_the_value_that_closes() -> None:
    refused = Counter[str]()

    @given(spoiled())
    def check(case: Case) -> None:
        expected = pydantic_error(case.tp, case.text)
        run = follow(case.tp, singly(case.text))
        if expected is None:
            assert run.failure is None
            return
        assert run.failure
        assert (run.failure.kind, run.failure.message) == ("ValidationError", expected.title)
        theirs = {line[:2]: line for line in lines_of(expected)}
        for line in run.failure.lines:
            assert is_told(line, theirs), (line, expected.errors())
            if line[0] in ON_CLOSE:
                assert line == theirs[line[:2]]
            refused[line[0]] += 1
        assert run.parser.offset < first_refusal_by_the_oracle(case)

    check()
    assert len(refused) >= 8, refused


def first_refusal_by_the_oracle(case: Case) -> int:
    """Return the length of the first prefix in which a part has closed that does not fit."""
    for n in range(len(case.text) + 1):
        try:
            snapshot(case.tp, case.text[:n])
        except ValidationError:  # noqa: PERF203 - each prefix has its own fate
            return n
    return len(case.text) + 1


class Closed(BaseModel):
    """A model that allows no other keys."""

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    notes: list[int] = Field(default_factory=list, max_length=2)


# Each: a schema, the prefix that is still fine, the bytes of which the first must be refused, the error and its loc.
EARLY: list[tuple[Any, str, str, str, tuple[str | int, ...]]] = [
    (int, "", "[", "int_type", ()),
    (int, " ", "{", "int_type", ()),
    (int, "", "null", "int_type", ()),
    (float, "", "[", "float_type", ()),
    (bool, "", "null", "bool_type", ()),
    (bool, "", "{", "bool_type", ()),
    (str, "", "1", "string_type", ()),
    (str, "", "-", "string_type", ()),
    (str, "", "null", "string_type", ()),
    (str, "", "true", "string_type", ()),
    (str, "", "[", "string_type", ()),
    (type(None), "", "1", "none_required", ()),
    (type(None), "", '"', "none_required", ()),
    (list[int], "", "{", "list_type", ()),
    (list[int], "", '"', "list_type", ()),
    (list[str], '["a", ', "1", "string_type", (1,)),
    (dict[str, int], "", "[", "dict_type", ()),
    (dict[str, list[int]], '{"k": [1, 2], "l": [3, ', "{", "int_type", ("l", 1)),
    (Closed, "", "[", "model_type", ()),
    (Closed, "", "7", "model_type", ()),
    (list[Closed], "[{}, ", "null", "model_type", (1,)),
    (Closed, '{"name": ', "4", "string_type", ("name",)),
    (str | None, "n", "x", "", ()),
    (list[int] | None, "", '"', "list_type", ()),
    (str | None, "", "4", "string_type", ()),
    (Literal["open", "paid"], "", "1", "literal_error", ()),
    (Literal["open", "paid"], '"', "x", "literal_error", ()),
    (Literal["open", "paid"], '"op', "a", "literal_error", ()),
    (Literal["open", "paid"], '"open', "e", "literal_error", ()),
    (Literal["open", "paid"], '"ope', '"', "literal_error", ()),
    (Literal["open", "paid"], '"\\u006fpe', "\\u006d", "literal_error", ()),
    (Color, '"re', "x", "enum", ()),
    (Color, '"redd', '"', "enum", ()),
    (Closed, '{"notes": [1, 2', ", 3", "too_long", ("notes",)),
    (Annotated[str, Field(max_length=3)], '"abc', "d", "string_too_long", ()),
    (Annotated[str, Field(max_length=1)], '"\\ud83d\\ude00', "d", "string_too_long", ()),
    (Annotated[str, Field(pattern="^a+b$")], '"aa', "c", "string_pattern_mismatch", ()),
    (Annotated[dict[str, int], Field(max_length=1)], '{"a": 1', ', "b": 1', "too_long", ()),
]  # fmt: skip


@pytest.mark.parametrize(("tp", "fine", "bad", "kind", "loc"), EARLY)
def test_2_a_decidable_violation_is_refused_at_its_first_byte(
    tp: Any, fine: str, bad: str, kind: str, loc: tuple[str | int, ...]
) -> None:
    parser = Parser(tp)
    parser.feed(fine)
    error = refusal(parser, *singly(bad.encode()))
    if kind:
        assert isinstance(error, ValidationError)
        assert [line[:2] for line in lines_of(error)] == [(kind, loc)]
    else:
        assert isinstance(error, JSONError)
    slack = {"too_long": bad.rindex('"') if '"' in bad else 2, "literal_error": 5 if "\\" in bad else 0}.get(kind, 0)
    assert len(fine) <= parser.offset <= len(fine) + slack


@pytest.mark.parametrize(("key", "last"), [("names", 6), ("nbme", 5), ("", 2)])
def test_2_a_forbidden_key_is_refused_by_its_end(key: str, last: int) -> None:
    parser = Parser(Closed)
    text = f'{{"name": "a", "{key}": 1}}'
    with pytest.raises(ValidationError) as caught:
        parser.feed(text)
    (line,) = lines_of(caught.value)
    assert same_but_for_the_end_of_the_key(line, ("extra_forbidden", (key,)))
    assert parser.offset <= text.index(f'"{key}"') + last
    assert parser.snapshot.name == "a"


@pytest.mark.parametrize(
    ("tp", "text", "kind"),
    [
        (int, "1.5 ", "int_from_float"),
        (int, '"abc"', "int_parsing"),
        (bool, "2 ", "bool_parsing"),
        (Annotated[int, Field(le=10)], "11 ", "less_than_equal"),
        (Annotated[int, Field(ge=0)], "-1 ", "greater_than_equal"),
        (Annotated[str, Field(min_length=3)], '"ab"', "string_too_short"),
        (Annotated[list[int], Field(min_length=2)], "[1]", "too_short"),
        (Tree, '{"label": ""}', "missing"),
    ],
)
def test_2_what_only_a_close_decides_is_decided_at_the_close(tp: Any, text: str, kind: str) -> None:
    parser = Parser(tp)
    with pytest.raises(ValidationError) as caught:
        parser.feed(text)
    expected = pydantic_error(tp, text.encode())
    assert expected
    assert lines_of(caught.value) == lines_of(expected)
    assert caught.value.errors()[0]["type"] == kind


# ---------------------------------------------------------------------------------------------------------
# 3. Atoms are never guessed (and everything else shows as the oracle says)


def shows_what_the_oracle_shows(tp: Any, text: bytes) -> int:
    """Compare the parser with the oracle at every byte; return how many different things were shown."""
    seen = set()
    for n, shown in snapshots(tp, text):
        expected = snapshot(tp, text[:n])
        assert deep(shown) == deep(expected), f"after {text[:n]!r}\n  shown   {shown!r}\n  oracle  {expected!r}"
        seen.add(repr(deep(shown)))
    return len(seen)


def test_3_every_prefix_shows_what_the_oracle_shows() -> None:
    kinds = Counter[int]()

    @given(cases())
    def check(case: Case) -> None:
        kinds[shows_what_the_oracle_shows(case.tp, case.text)] += 1

    check()
    assert sum(count for shown, count in kinds.items() if shown > 3) > kinds.total() // 3, kinds


@given(texts(UNTYPED))
def test_3_every_prefix_of_untyped_json_shows_what_the_oracle_shows(text: bytes) -> None:
    shows_what_the_oracle_shows(None, text)


def test_3_every_delta_of_an_order_shows_what_the_oracle_shows() -> None:
    deltas = order(20)
    parser = Parser(Order)
    so_far = b""
    for delta in deltas:
        parser.feed(delta)
        so_far += delta.encode()
        assert deep(parser.snapshot) == deep(snapshot(Order, so_far))
    assert deep(parser.finish()) == deep(Order.model_validate_json(so_far))


class Atoms(BaseModel):
    """One of each atom."""

    i: int
    f: float
    b: bool
    n: None
    lit: Literal["on", "one"]
    enum: Color


def test_3_an_atom_is_absent_until_it_is_whole() -> None:
    text = b'{"i":129,"f":-1.5e2,"b":true,"n":null,"lit":"one","enum":"reddish"}'
    whole = Atoms.model_validate_json(text)
    appeared: dict[str, int] = {}
    for n, shown in snapshots(Atoms, text):
        for name in Atoms.model_fields:
            if name in shown.model_fields_set:
                assert getattr(shown, name) == getattr(whole, name)
                appeared.setdefault(name, n)
            else:
                assert getattr(shown, name) is None
    ends = {"i": b"129,", "f": b"e2,", "b": b"true", "n": b"null", "lit": b'"one"', "enum": b'"reddish"'}
    assert appeared == {name: text.index(end) + len(end) for name, end in ends.items()}


class Height(RootModel[int]):
    """An atom by another name."""


class Heights(BaseModel):
    first: Height
    rest: list[Height]
    named: dict[str, Height]


@pytest.mark.parametrize("live", [False, True])
def test_3_a_root_model_of_an_atom_is_an_atom(live: bool) -> None:  # noqa: FBT001 - a parameter
    parser = Parser(Heights, live=live)
    assert parser.feed('{"first": 12') is False
    assert parser.snapshot.model_fields_set == set()
    parser.feed('3, "rest": [')
    assert parser.snapshot.first == Height(123)
    assert parser.feed("4") is False
    assert parser.snapshot.rest == []
    parser.feed('5], "named": {"a": 6')
    assert parser.snapshot.rest == [Height(45)]
    assert parser.snapshot.named == {}
    parser.feed("}}")
    assert parser.snapshot.named == {"a": Height(6)}


def test_3_a_number_at_the_root_waits_for_the_end() -> None:
    parser = Parser(int)
    assert parser.feed("12") is False
    assert parser.snapshot is None
    assert parser.feed("9") is False
    assert not parser.complete
    parser.close()
    assert parser.snapshot == 129
    assert parser.complete
    assert parser.finish() == 129
    spaced = Parser(int)
    assert spaced.feed("129 ") is True
    assert spaced.snapshot == 129


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"a\\', "a"),
        ('"a\\u00', "a"),
        ('"a\\ud83d', "a"),
        ('"a\\ud83d\\ude0', "a"),
        ('"a\\ud83d\\ude00', "a😀"),
        (b'"a\xf0\x9f\x98', "a"),
        (b'"a\xf0\x9f\x98\x80', "a😀"),
    ],
)
def test_3_half_a_character_is_held_back(text: str | bytes, shown: str) -> None:
    parser = Parser(str)
    parser.feed(text)
    assert parser.snapshot == shown


# ---------------------------------------------------------------------------------------------------------
# 4. Growth is monotone


@given(cases())
def test_4_growth_is_monotone(case: Case) -> None:
    previous: Any = None
    for _, shown in snapshots(case.tp, case.text):
        assert previous is None or grew(previous, shown), f"{previous!r} became {shown!r}"
        previous = shown


def test_4_what_has_settled_stays_the_same_object() -> None:
    compared = 0

    @given(cases())
    def check(case: Case) -> None:
        nonlocal compared
        settled: dict[Any, Any] = {}
        for n, shown in snapshots(case.tp, case.text):
            for path, value in settled.items():
                assert at(shown, path) is value, f"{path} of {shown!r} after {case.text[:n]!r}"
                compared += 1
            for path in Rendering(case.tp, case.text[:n]).settled:
                settled.update(((*path, *inner), value) for inner, value in parts(at(shown, path)))

    check()
    assert compared > 10_000


def test_4_of_repeated_keys_the_first_stays_in_sight_and_the_last_is_final() -> None:
    text = b'{"label": "first", "value": 1, "label": "second", "value": 2, "named": {"k": {"value": 3, "value": 4}}}'
    shown = [(s.label, s.value) for _, s in snapshots(Tree, text)]
    assert shown[-1] == ("first", 1)
    assert shows_what_the_oracle_shows(Tree, text) > 5
    parser = Parser(Tree)
    parser.feed(text)
    assert parser.snapshot.named["k"].value == 3
    assert deep(parser.finish()) == deep(Tree.model_validate_json(text))


@given(st.lists(st.text("ab", max_size=3), max_size=5), st.sampled_from([set, frozenset]), st.booleans())
@example(["2024-01-0", "2024-01-02", "2024-01-02"], set, False)  # noqa: FBT003
@example(["ab", "aba"], set, True)  # noqa: FBT003
def test_4_a_set_shows_each_member_once_the_open_one_too(members: list[str], kind: Any, live: bool) -> None:  # noqa: FBT001
    """The text of the open member may be another's on its way: then it is that, and comes apart from it again."""
    parser, alike = Parser(kind[str], live=live), Parser(list[str])
    for byte in singly(to_json(members)):
        parser.feed(byte)
        alike.feed(byte)
        assert parser.snapshot == kind(alike.snapshot)
        assert type(parser.snapshot) is kind
        assert sorted(parser.dump()) == sorted({*alike.dump()})
    assert parser.finish() == kind(members)


# ---------------------------------------------------------------------------------------------------------
# 5. Snapshots can be kept


@given(cases())
def test_5_a_kept_snapshot_does_not_change(case: Case) -> None:
    parser = Parser(case.tp)
    kept = [(parser.snapshot, deep(parser.snapshot))]
    for delta in singly(case.text):
        parser.feed(delta)
        kept.append((parser.snapshot, deep(parser.snapshot)))
    parser.finish()
    for shown, as_it_was in kept:
        assert deep(shown) == as_it_was


def test_5_the_final_value_shares_nothing_with_snapshots() -> None:
    compared = 0

    @given(cases())
    def check(case: Case) -> None:
        nonlocal compared
        parser = Parser(case.tp)
        mutable: dict[int, Any] = {}
        for delta in singly(case.text):
            parser.feed(delta)
            mutable.update((id(v), v) for _, v in parts(parser.snapshot) if isinstance(v, list | dict | BaseModel))
        for path, value in parts(parser.finish()):
            assert id(value) not in mutable, f"{path} is shared"
            compared += isinstance(value, list | dict | BaseModel)

    check()
    assert compared > 200


def spoil(value: Any) -> None:
    """Do to an open container what a careless user might."""
    if isinstance(value, list):
        value.append("spoiled")
    elif isinstance(value, dict):
        value["spoiled"] = "spoiled"
    elif isinstance(value, BaseModel):
        value.__dict__.clear()
        value.model_fields_set.clear()


@given(cases())
def test_5_the_open_spine_is_not_shared(case: Case) -> None:
    parser = Parser(case.tp)
    spoiled_at = -1
    for n, delta in enumerate(singly(case.text), 1):
        changed = parser.feed(delta)
        if changed or spoiled_at < 0:
            shown = parser.snapshot
            assert deep(shown) == deep(snapshot(case.tp, case.text[:n])), "an earlier snapshot showed through"
            opened = Rendering(case.tp, case.text[:n]).open
            for value in [at(shown, path) for path in opened]:
                spoil(value)
            spoiled_at = n


@given(cases())
def test_5_live_is_one_object_that_shows_the_same(case: Case) -> None:
    seen: dict[Any, int] = {}
    for n, shown in snapshots(case.tp, case.text, live=True):
        assert deep(shown) == deep(snapshot(case.tp, case.text[:n]))
        if isinstance(shown, BaseModel):
            seen.setdefault("root", id(shown))
            assert id(shown) == seen["root"]


# ---------------------------------------------------------------------------------------------------------
# 6. The end equals Pydantic


@given(cases())
def test_6_the_final_value_is_pydantics(case: Case) -> None:
    parser = Parser(case.tp)
    for delta in singly(case.text):
        parser.feed(delta)
    assert deep(parser.finish()) == deep(TypeAdapter(case.tp).validate_json(case.text))


@given(texts(UNTYPED))
def test_6_the_final_untyped_value_is_pydantics(text: bytes) -> None:
    parser = Parser(None)
    parser.feed(text)
    assert deep(parser.finish()) == deep(from_json(text))


@given(st.data(), cases())
def test_6_a_truncated_text_is_always_an_error_that_says_so(data: st.DataObject, case: Case) -> None:
    text = case.text.rstrip()
    assume(text[-1:] in (b"}", b"]", b'"'))
    n = data.draw(st.integers(0, len(text) - 1))
    parser = Parser(case.tp)
    parser.feed(text[:n])
    before = state_of(parser)
    with pytest.raises(TruncatedError) as caught:
        parser.finish()
    assert (caught.value.offset, caught.value.path) == (n, before.path)
    assert state_of(parser) == before


@pytest.mark.parametrize(
    ("tp", "text"),
    [
        (Tree, b'{"value": 1, "left": {"label": "no value"}}'),
        (list[Closed], b'[{"notes": [1], "name": "a"}, {"notes": [2.5]}]'),
        (list[Annotated[int, Field(ge=3)]], b"[5, 4, 2]"),
        (dict[str, Color], b'{"a": "red", "b": "redd"}'),
        (int, b"1.25"),
        (Annotated[int, Field(lt=3)], b"12"),
    ],
)
def test_6_where_pydantic_raises_so_does_the_end(tp: Any, text: bytes) -> None:
    expected = pydantic_error(tp, text)
    assert expected
    parser = Parser(tp)
    refusal(parser, text)
    with pytest.raises(ValidationError) as caught:
        parser.finish()
    assert caught.value.title == expected.title
    assert lines_of(caught.value) == lines_of(expected)


# ---------------------------------------------------------------------------------------------------------
# 7. User code runs once per value

calls = Counter[str]()


def counted(value: str) -> str:
    """Count a call by its argument."""
    calls[f"validated {value}"] += 1
    return value.upper()


def made() -> list[str]:
    """Count a call."""
    calls["made"] += 1
    return ["made"]


class Entry(BaseModel):
    """A model full of the user's own code."""

    code: Annotated[str, AfterValidator(counted)]
    number: int = 0
    tags: list[str] = Field(default_factory=made)

    @field_validator("number", mode="before")
    @classmethod
    def look(cls, value: Any) -> Any:
        """Count a look."""
        calls[f"looked {value}"] += 1
        return value

    def model_post_init(self, context: Any, /) -> None:
        """Count an initialisation."""
        calls[f"initialised {self.code} {context}"] += 1


class Ledger(BaseModel):
    """Entries and more entries."""

    head: Entry
    entries: list[Entry]


def test_7_user_code_runs_once_per_value_while_it_streams() -> None:
    calls.clear()
    text = b'{"head":{"code":"h","number":1},"entries":[{"code":"a","number":2},{"code":"b","tags":["t"],"number":3}]}'
    parser = Parser(Ledger)
    for delta in singly(text):
        parser.feed(delta)
        assert parser.snapshot is parser.snapshot
    expected = {f"validated {code}": 1 for code in "hab"} | {f"looked {n}": 1 for n in (1, 2, 3)}
    expected |= {f"initialised {code} None": 1 for code in "HAB"}
    made_while_streaming = calls.pop("made")
    assert dict(calls) == expected
    assert made_while_streaming == 3, "one for each of head, a and b (which shows one until its own tags arrive)"
    final = parser.finish()
    assert final == Ledger.model_validate_json(text)
    assert all(final.head is not part for _, part in parts(parser.snapshot))


def test_7_no_hook_runs_on_an_open_object() -> None:
    calls.clear()
    parser = Parser(Ledger)
    parser.feed('{"head":{"code":"h", "number": 1')
    assert parser.snapshot.head.code == "H"
    assert dict(calls) == {"validated h": 1, "made": 1}
    assert parser.snapshot.head.tags == ["made"]


def test_7_a_default_made_for_a_stream_is_made_once() -> None:
    calls.clear()
    text = b'{"code":"x", "number": 12345}'
    shown = [s.tags for _, s in snapshots(Entry, text)]
    assert calls["made"] == 1
    assert all(tags is shown[0] for tags in shown)


# ---------------------------------------------------------------------------------------------------------
# 8. Cost follows the delta


# The processor's own time, where it is told finely enough: others who use the machine do not count.
clock = time.perf_counter if sys.platform == "win32" else time.process_time


def cost(work: Callable[[], None], repeats: int = 5) -> float:
    """Return the least seconds of several runs, which noise can only lengthen."""
    least = float("inf")
    gc.disable()
    try:
        for _ in range(repeats):
            begun = clock()
            work()
            least = min(least, clock() - begun)
    finally:
        gc.enable()
    return least


@pytest.mark.parametrize("mode", ["none", "live", "kept"])
def test_8_the_cost_of_a_token_does_not_follow_the_text(mode: str) -> None:
    def per_token(items: int) -> float:
        deltas = order(items)

        def work() -> None:
            parser = Parser(Order, live=mode == "live")
            for delta in deltas:
                parser.feed(delta)
                if mode != "none":
                    _ = parser.snapshot

        return cost(work) / len(deltas)

    assert per_token(200) < 4 * per_token(10), "a text 20 times longer"


def test_8_a_long_string_costs_what_its_bytes_cost() -> None:
    def per_delta(deltas: int) -> float:
        def work() -> None:
            parser = Parser(str)
            parser.feed('"')
            for i in range(deltas):
                parser.feed("sixteen bytes...")
                if i % 64 == 0:
                    _ = parser.complete
            parser.feed('"')

        return cost(work) / deltas

    assert per_delta(40_000) < 4 * per_delta(2_000)


# ---------------------------------------------------------------------------------------------------------
# 9. Nothing is lost


@given(scribbles())
@example(b'{"a": [1, "b\xff')
def test_9_nothing_is_lost_on_a_syntax_error(text: bytes) -> None:
    parser = Parser(None)
    error = refusal(parser, text)
    if not error:
        return
    assert isinstance(error, JSONError)
    fine = text[: error.offset]
    assert parser.offset == len(fine)
    assert unharmed(state_of(parser), follow(None, singly(fine)).states[len(fine)])
    assert deep(parser.snapshot) == deep(snapshot(None, fine))
    assert (error.line, error.column) == (parser.line, parser.column)
    after = state_of(parser)
    again = refusal(parser, "")
    assert again
    assert failure_of(again) == failure_of(error)
    with pytest.raises(JSONError):
        parser.finish()
    assert state_of(parser) == after


@given(spoiled())
def test_9_nothing_is_lost_on_a_violation(case: Case) -> None:
    parser = Parser(case.tp)
    error = refusal(parser, case.text)
    if not error:
        return
    assert parser.text == readable(case.text[: parser.offset + 1])
    assert deep(parser.snapshot) == deep(snapshot(case.tp, case.text[: parser.offset]))
    again = refusal(parser, "x")
    assert again
    assert failure_of(again) == failure_of(error)
    with pytest.raises(ValidationError) as at_the_end:
        parser.finish()
    assert failure_of(at_the_end.value) == failure_of(error)


@given(texts(UNTYPED))
def test_9_line_and_column_are_those_of_the_offset(text: bytes) -> None:
    parser = Parser(None)
    for n, delta in enumerate(singly(text), 1):
        parser.feed(delta)
        assert parser.text == readable(text[:n])
        so_far = text[:n].decode(errors="replace")  # a character that has begun counts
        assert parser.line == 1 + so_far.count("\n")
        assert parser.column == 1 + len(so_far) - (so_far.rfind("\n") + 1)


# ---------------------------------------------------------------------------------------------------------
# 10. Missing is not null


class Maybe(BaseModel):
    """Fields that may be null, or missing, or both."""

    required: str | None
    optional: str | None = None
    number: int = 3


def test_10_missing_is_not_null() -> None:
    parser = Parser(Maybe)
    assert (parser.snapshot.required, parser.snapshot.model_fields_set) == (None, set())
    parser.feed('{"required": nul')
    assert (parser.snapshot.required, parser.snapshot.model_fields_set) == (None, set())
    parser.feed("l")
    assert (parser.snapshot.required, parser.snapshot.model_fields_set) == (None, {"required"})
    assert parser.progress.data == {"required": None}
    parser.feed("}")
    assert (parser.snapshot.number, parser.snapshot.model_fields_set) == (3, {"required"})
    assert parser.finish().model_fields_set == {"required"}


@given(cases())
def test_10_fields_set_are_those_that_arrived(case: Case) -> None:
    for n, shown in snapshots(case.tp, case.text):
        if isinstance(shown, BaseModel):
            expected = snapshot(case.tp, case.text[:n])
            assert shown.model_fields_set == expected.model_fields_set


# ---------------------------------------------------------------------------------------------------------
# What a snapshot shows before anything has come


def test_a_fresh_model_is_blank_and_readable_all_the_way_down() -> None:
    chain = Parser(Chain).snapshot
    assert [type(chain), type(chain.link), chain.link.text, chain.link.chain] == [Chain, Link, None, None]
    assert deep(chain) == deep(blank(Chain))


class Endless(BaseModel):
    """Requires itself: no document is whole, and a blank one ends at the second."""

    name: str
    inner: Endless
    other: Closed


def test_a_blank_model_that_requires_itself_ends() -> None:
    shown = Parser(Endless).snapshot
    assert deep(shown) == deep(blank(Endless))
    assert [type(shown), shown.inner, type(shown.other)] == [Endless, None, Closed]
    parser = Parser(Endless)
    parser.feed('{"inner": {"name": "x')
    assert [parser.snapshot.inner.name, parser.snapshot.inner.inner] == ["x", None]


def test_progress_counts_the_fields_that_show_something() -> None:
    class User(BaseModel):
        name: str
        age: int
        bio: str

    parser = Parser(User)
    seen: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for delta in singly(b'{"name": "A", "age": 30, "bio": "b"}'):
        parser.feed(delta)
        progress = parser.progress
        if (progress.arrived, progress.settled) != seen[-1]:
            seen.append((progress.arrived, progress.settled))
    assert [percent for percent, _ in seen] == sorted(percent for percent, _ in seen)
    assert {percent for percent, _ in seen} == {0, 33, 66, 100}
    assert [settled for _, settled in seen][-1] == ("name", "age", "bio")
