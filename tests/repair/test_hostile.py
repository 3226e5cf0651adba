"""Texts that are made to be costly: what is quadratic does not end here. And the limits, which hold."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from instar import LimitError, Limits, Parser, StreamError
from repair.models import Order, Person, Tags
from repair.reading import read

if TYPE_CHECKING:
    from instar.repair import Repairs

LENGTH = 300_000
MOST_REPAIRS = 1_100
UNITS = ["{", "[", '"', "'", "\\", "```", "```json\n", "<think>", "</think>", "<", "\n", ",", "1,000,", "x", "/*", "#"]
UNITS += ['{"', "{a:", '{"a": ', '", "x', '"a": "b" ', "\\u12", "\ufeff", "“", '{"x": 1} ', "[{", "\x01", '\\"']
BEGINNINGS = ["", "Well, ", '{"name": "', '{"tags": ["', "[", '"[']


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_the_cost_grows_with_the_length(beginning: str, unit: str) -> None:
    text = beginning + unit * (LENGTH // len(unit))
    ways: list[tuple[Any, Repairs]] = [(Person, "all"), (Tags, "all"), (Order, "around")]
    for tp, repair in ways:
        parser = Parser(tp, repair=repair)
        with contextlib.suppress(ValueError):
            for at in range(0, len(text), 64):
                parser.feed(text[at : at + 64])
            parser.finish(allow_truncated=True)
        inside = [repair for repair in parser.repairs if repair.kind not in {"prose", "reasoning"}]
        assert len(inside) <= MOST_REPAIRS
        assert all(len(repair.read) <= 80 and len(repair.understood) <= 80 for repair in inside)


@pytest.mark.parametrize("unit", ["Well, ", "Well {x} ", "<think>", "```\n"])
def test_prose_without_end_is_over_a_limit(unit: str) -> None:
    parser = Parser(Person, limits=Limits(prose=1000), repair="around")
    with pytest.raises(LimitError, match=r"Limits\.prose") as caught:
        for _ in range(1000):
            parser.feed(unit)
    assert caught.value.offset == 1000


@pytest.mark.parametrize("repair", ["none", "around", "all"])
@pytest.mark.parametrize("text", [" ", '{"name": ', '{"name": "Zed",\n', "["])
def test_white_space_without_end_is_over_a_limit(text: str, repair: Repairs) -> None:
    most = 1000
    tp: Any = list[Person] if text == "[" else Person
    for length in (most, most + 63, most + 64, 3 * most):
        whole = [*text.encode(), *b" " * length]
        told: set[int | None] = set()
        for size in (1, 7, 64, len(whole)):
            parser = Parser(tp, limits=Limits(blank=most), repair=repair)
            try:
                for at in range(0, len(whole), size):
                    parser.feed(bytes(whole[at : at + size]))
                told.add(None)
            except StreamError as error:
                assert isinstance(error, LimitError)
                assert "Limits.blank" in str(error)
                assert most <= error.offset - len(text.rstrip()) <= most + 64
                told.add(error.offset)
        assert len(told) == 1
        assert length < most + 64 or told != {None}
        assert length > most - len(text) or told == {None}


def test_white_space_in_a_string_and_behind_the_value_is_none() -> None:
    limits = Limits(blank=100)
    for text in (f'{{"name": "{" " * 999}", "age": 3}}', f'{{"name": "Zed", "age": 3}}{" " * 999}'):
        for repair in ("none", "around", "all"):
            parser = Parser(Person, limits=limits, repair=repair)
            parser.feed(text)
            assert parser.finish().age == 3


def test_a_long_text_around_a_value_is_kept_once() -> None:
    prose = "Let me see. " * 1000
    told = read(Person, [prose, '{"name": "Zed", "age": 3}', prose], repair="around")
    assert told.value == {"name": "Zed", "age": 3}
    assert [repair.kind for repair in told.repairs] == ["prose", "prose"]
    assert told.prose == prose * 2
