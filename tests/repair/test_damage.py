"""Valid documents, damaged in every way that has a name: the mended value is the one before the damage, or an error is
raised; hardly ever another value.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar import Parser
from instar.repair import RepairKind
from repair.reading import read
from support.damage import DAMAGES, OPEN, Document, document

TEXTS = 400
"""How many texts are damaged in each way."""
LEAST = 0.97
MOST_WRONG = 0.001


def outcome(doc: Document, text: str) -> str:
    """Read a damaged text: "right", "wrong" or "refused"."""
    parser = Parser(doc.model, repair="all")
    try:
        parser.feed(text)
        value = parser.finish()
    except ValueError:
        return "refused"
    assert parser.repairs
    return "right" if value == doc.model.model_validate_json(doc.text) else "wrong"


def damaged(kind: str, chance: random.Random) -> tuple[Document, str]:
    """Return a document, and its text with one damage of a kind."""
    while True:
        doc = document(chance)
        text = DAMAGES[kind](chance, doc)
        if text is not None and text != doc.text:
            return doc, text


def test_every_kind_has_a_damage() -> None:
    assert {*DAMAGES, "truncated"} == {*get_args(RepairKind)}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Counter[str]]:
    """Count what becomes of texts that are damaged in each way."""
    chances = {kind: random.Random(kind) for kind in DAMAGES}  # noqa: S311 - no secret depends on it
    return {kind: Counter(outcome(*damaged(kind, chances[kind])) for _ in range(TEXTS)) for kind in DAMAGES}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damage_that_determines_the_original_is_mended(outcomes: dict[str, Counter[str]], kind: str) -> None:
    # Where it does not the rate is of interest: it is in docs/repair.md.
    assert outcomes[kind]["right"] >= TEXTS * (0.8 if kind in OPEN else LEAST)


def test_hardly_any_is_mended_into_another_value(outcomes: dict[str, Counter[str]]) -> None:
    assert sum(counts["wrong"] for counts in outcomes.values()) <= MOST_WRONG * TEXTS * len(outcomes)


@given(st.sampled_from(sorted(DAMAGES)), st.randoms(use_true_random=False), st.data())
def test_no_cut_can_be_seen(kind: str, chance: random.Random, data: st.DataObject) -> None:
    doc, text = damaged(kind, chance)
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    whole = read(doc.model, [raw], repair="all")
    ends = [0, *cuts, len(raw)]
    pieces = [raw[start:end] for start, end in itertools.pairwise(ends)]
    assert read(doc.model, pieces, repair="all") == whole
    assert read(doc.model, (raw[at : at + 1] for at in range(len(raw))), repair="all") == whole


@given(st.randoms(use_true_random=False), st.sampled_from(["none", "around", "all"]))
def test_a_valid_text_is_left_alone(chance: random.Random, repair: str) -> None:
    doc = document(chance)
    told = read(doc.model, [doc.text[at : at + 5] for at in range(0, len(doc.text), 5)], repair=repair)
    assert told[0] == read(doc.model, [doc.text], repair=None)[0]
    assert (told.error, told.repairs, told.mended, told.prose) == (None, (), doc.text, "")


@given(st.sampled_from(sorted(DAMAGES)), st.randoms(use_true_random=False))
def test_without_its_kind_a_damage_is_read_as_the_strict_parser_reads_it(kind: str, chance: random.Random) -> None:
    doc, text = damaged(kind, chance)
    strict = read(doc.model, [text], repair=None)
    assert read(doc.model, [text], repair="none") == strict
    assert read(doc.model, [text], repair="all")[0] == strict[0] or strict.error
