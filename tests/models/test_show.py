"""`instar.show`: when parts appear; and that it changes nothing else of a model."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    create_model,
)
from typing_extensions import TypeAliasType, TypedDict

import instar
from instar import Parser
from support.strategies import cuts


class Line(BaseModel):
    title: str


def shout(text: str) -> str:
    return text.upper()


SETTLED: Any = instar.show("settled")
ARRIVED: Any = instar.show("arrived")


def order(settled: Any, arrived: Any) -> Any:
    """Make the model, with these marks in its types."""

    class Order(BaseModel):
        plain: str
        code: Annotated[str, settled]
        short: Annotated[str, Field(max_length=3), settled, AfterValidator(shout)] = "abc"
        line: Annotated[Line, settled]
        lines: list[Annotated[Line, settled]] = []
        tags: Annotated[list[str], settled] = []
        note: Optional[Annotated[str, settled]] = None  # noqa: UP045 - the mark stands within
        status: Annotated[Literal["done", "failed"], arrived] = "done"
        other: Annotated[Line, arrived]

    return Order


Order = order(SETTLED, ARRIVED)
Plain = order(None, None)
TEXT = (
    '{"plain": "x", "code": "ab", "short": "de", "line": {"title": "t"}, "lines": [{"title": "u"}, {"title": "v"}], '
    '"tags": ["a", "b"], "note": "why", "other": {"title": "w"}}'
)


def shown_at(end: str) -> Any:
    parser = Parser(Order)
    parser.feed(TEXT[: TEXT.index(end) + len(end)])
    return parser.snapshot


def test_what_is_settled_appears_when_it_has_closed() -> None:
    assert [shown_at(end).code for end in ('"code": "', '"code": "a', '"code": "ab"')] == [None, None, "ab"]
    assert [shown_at(end).short for end in ('"short": "d', '"short": "de"')] == ["abc", "DE"]
    assert [shown_at(end).line for end in ('"line": {"title": "t"', '"t"}')] == [None, Line(title="t")]
    assert [len(shown_at(end).lines) for end in ('[{"title": "u"', '[{"title": "u"}', '"v"}')] == [0, 1, 2]
    assert [shown_at(end).tags for end in ('"tags": ["a"', '"b"]')] == [[], ["a", "b"]]
    assert [shown_at(end).note for end in ('"note": "wh', '"note": "why"')] == [None, "why"]
    assert shown_at('"plain": "').plain == ""


def test_what_is_to_arrive_has_no_default_before() -> None:
    parser = Parser(Order)
    assert (parser.snapshot.status, parser.snapshot.other) == (None, None)
    assert Parser(Plain).snapshot.status == "done"
    parser.feed(TEXT)
    assert parser.snapshot.status == "done"
    assert parser.finish().status == "done"
    parser = Parser(Order)
    parser.feed('{"status": "failed"')
    assert parser.snapshot.status == "failed"


@given(
    data=st.data(), text=st.sampled_from([TEXT, TEXT.replace('"de"', '"long"'), TEXT.replace('"t"', "1"), TEXT[:40]])
)
def test_the_end_is_pydantics(data: st.DataObject, text: str) -> None:
    parser: Any = Parser(Order)
    try:
        expected = Order.model_validate_json(text)
    except ValidationError as error:
        with pytest.raises((ValidationError, instar.TruncatedError)) as refused:
            for delta in data.draw(cuts(text.encode())):
                parser.feed(delta)
            parser.finish()
        if isinstance(refused.value, ValidationError):
            assert refused.value.errors() == error.errors()
        return
    for delta in data.draw(cuts(text.encode())):
        parser.feed(delta)
    assert parser.finish() == expected


def test_the_model_is_what_it_was() -> None:
    assert Order.model_json_schema() == Plain.model_json_schema()
    assert Order.model_json_schema(mode="serialization") == Plain.model_json_schema(mode="serialization")
    marked, plain = Order.model_validate_json(TEXT), Plain.model_validate_json(TEXT)
    assert marked.model_dump() == plain.model_dump()
    assert repr(marked) == repr(plain)
    assert TypeAdapter(Annotated[int, SETTLED]).validate_python("3") == 3
    assert Order(plain="", code="", line=Line(title=""), other=Line(title="")).status == "done"


def test_a_part_may_have_both_policies_and_so_may_parts_of_every_kind() -> None:
    class Both(BaseModel):
        one: Annotated[str, SETTLED, ARRIVED] = "d"
        other: Annotated[str, ARRIVED, SETTLED] = "d"
        within: Annotated[Optional[Annotated[Line, SETTLED]], ARRIVED] = None  # noqa: UP045 - as above
        around: Annotated[Optional[Annotated[Line, ARRIVED]], SETTLED] = Line(title="d")  # noqa: UP045 - as above

    for name, value in (
        ("one", '"ab"'),
        ("other", '"ab"'),
        ("within", '{"title": "ab"}'),
        ("around", '{"title": "x"}'),
    ):
        parser, shown = Parser(Both), []
        for character in f'{{"{name}": {value}}}':
            parser.feed(character)
            shown.append(getattr(parser.snapshot, name))
        final = getattr(parser.finish(), name)
        assert [each for each in shown if each is not None] == [final] * shown.count(final), name
        assert shown[-1] == final


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Marked(TypedDict, total=False):
    shut: Annotated[str, SETTLED]
    open: str


@dataclass
class Record:
    shut: Annotated[Line, SETTLED]
    open: Line


Alias = TypeAliasType("Alias", Annotated[str, SETTLED])
PARTS: list[tuple[Any, str, bool]] = [
    (Annotated[int | str, SETTLED], '"ab"', True),
    (Annotated[str, SETTLED] | int, '"ab"', True),
    (Annotated[Line, SETTLED] | list[str], '{"title": "ab"}', True),
    (Annotated[Line, SETTLED] | list[str], '["ab"]', False),
    (Annotated[Cat | Dog, Field(discriminator="kind"), SETTLED], '{"kind": "cat", "name": "ab"}', True),
    (Annotated[Annotated[Cat, SETTLED] | Dog, Field(discriminator="kind")], '{"kind": "cat", "name": "ab"}', True),
    (Annotated[Annotated[Cat, SETTLED] | Dog, Field(discriminator="kind")], '{"kind": "dog", "name": "ab"}', False),
    (Alias, '"ab"', True),
    (list[Annotated[str, SETTLED]], '["ab"]', True),
    (dict[str, Annotated[str, SETTLED]], '{"k": "ab"}', True),
    (tuple[Annotated[str, SETTLED], str], '["ab", ""]', True),
    (Annotated[str, BeforeValidator(str.strip), SETTLED], '"ab"', True),
    (Annotated[str, SETTLED, WrapValidator(lambda value, handler: handler(value))], '"ab"', True),
    (RootModel[Annotated[list[str], SETTLED]], '["ab"]', True),
    (Marked, '{"shut": "ab"}', True),
    (Marked, '{"open": "ab"}', False),
    (Record, '{"shut": {"title": "ab"}, "open": {"title": ""}}', True),
    (Record, '{"shut": {"title": ""}, "open": {"title": "ab"}}', False),
]


@pytest.mark.parametrize(("tp", "text", "is_shut"), PARTS, ids=lambda each: str(each)[:40])
def test_a_mark_is_heeded_wherever_it_stands_and_nowhere_else(tp: Any, text: str, *, is_shut: bool) -> None:
    whole: Any = create_model("Whole", part=(tp, ...), line=(Line | None, None))
    parser, shown = Parser[Any](whole), []
    for character in f'{{"part": {text}, "line": null}}':
        parser.feed(character)
        shown.append(repr(parser.snapshot.part))
    assert any("'a'" in each for each in shown) is not is_shut
    assert "'ab'" in shown[-1]
    assert parser.finish() == parser.snapshot == whole.model_validate_json(parser.text)


def test_there_is_no_other_policy() -> None:
    with pytest.raises(ValueError, match="'settled' or 'arrived', not 'closed'"):
        instar.show("closed")  # type: ignore[arg-type]
