"""How much is settled: the definition, and that it only ever grows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel

from instar import Parser
from support.strategies import ROOTS, UNTYPED, Shape, cuts, texts


class Part(BaseModel):
    name: str
    price: float


class Offer(BaseModel):
    title: str
    parts: list[Part]
    notes: str = ""


class Offers(RootModel[list[Offer]]):
    """A list that is a model."""


def after(schema: Any, text: str) -> int:
    """Return the completion when a text has come."""
    parser: Parser[Any] = Parser(schema)
    parser.feed(text)
    return parser.progress.completion


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("", 0),
        ('{"title": "A long tit', 0),
        ('{"title": "A long title"', 33),
        ('{"title": "", "parts": [', 33),
        # A first part is worth half the list, a second one a sixth more; half a part, half of that.
        ('{"title": "", "parts": [{"name": "a"', 41),
        ('{"title": "", "parts": [{"name": "a", "price": 1}', 50),
        ('{"title": "", "parts": [{"name": "a", "price": 1}, {"name": "b", "price": 2}', 55),
        ('{"title": "", "parts": [{"name": "a", "price": 1}]', 66),
        ('{"title": "", "parts": [], "notes": "Th', 66),
        ('{"title": "", "parts": [], "notes": "Th"', 99),
        ('{"title": "", "parts": []}', 100),
    ],
)
def test_what_has_settled_counts(text: str, percent: int) -> None:
    assert after(Offer, text) == percent


def test_a_root_model_is_what_it_holds() -> None:
    assert after(Offers, '[{"title": ""') == after(list[Offer], '[{"title": ""') == 16
    assert after(Offers, '[{"title": "", "parts": []}, {"title": ""') == 55


def test_a_value_without_fields_counts_its_members() -> None:
    assert [after(None, text) for text in ('{"a": 1', '{"a": 1,', '{"a": 1, "b": 2,', '{"a": 1}')] == [0, 50, 66, 100]


@given(data=st.data(), shape=st.one_of(ROOTS, st.builds(Shape, st.none(), st.just(UNTYPED))))
def test_it_grows_and_is_100_only_at_the_end(data: st.DataObject, shape: Shape) -> None:
    parser: Parser[Any] = Parser(shape.tp)
    before = 0
    for delta in data.draw(texts(shape.trees).flatmap(cuts)):
        parser.feed(delta)
        percent = parser.progress.completion
        assert before <= percent
        assert (percent == 100) is parser.complete
        before = percent
