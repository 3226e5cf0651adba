"""Texts as models write them, each with what is right (`why` says for what reason): whole, at every cut, by every way.

`decision` marks a reading that may be disputed; `docs/repair.md` says them all.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from repair.models import same, schema
from repair.reading import REFUSED, pydantics, read, read_async_stream, read_stream, shrinkage
from support.material import DATA

CASES = [json.loads(line) for line in (DATA / "repairs.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=CASES, ids=lambda case: case["id"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give a case, with its text in bytes."""
    found: dict[str, Any] = request.param
    text = bytes.fromhex(found["hex"]) if found["text"] is None else found["text"].encode("utf-8", "surrogatepass")
    return {"finish": {}, **found, "bytes": text, "type": schema(found["schema"])}


def test_it_is_read_as_it_should_be(case: dict[str, Any]) -> None:
    told = read(case["type"], [case["bytes"]], repair=case["repairs"], **case["finish"])
    assert same(told.value, case["expected"]), (told.value, case["why"])
    assert case.get("prose_has", "") in told.prose
    assert case.get("reasoning_has", "") in told.reasoning
    if told.value == REFUSED:
        assert told.error
        return
    assert same(pydantics(case["type"], told.mended), told.value)
    if not case.get("any_record"):
        assert (told.repairs == ()) == bool(case.get("strict_valid"))


def test_no_cut_can_be_seen(case: dict[str, Any]) -> None:
    tp, text, more = case["type"], case["bytes"], {"repair": case["repairs"], **case["finish"]}
    whole = read(tp, [text], **more)
    assert read(tp, (text[at : at + 1] for at in range(len(text))), **more) == whole
    for at in range(len(text) + 1):
        assert read(tp, (text[:at], text[at:]), **more) == whole, at


def test_streams_say_the_same(case: dict[str, Any]) -> None:
    text, more = case["bytes"], {"repair": case["repairs"], **case["finish"]}
    pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
    whole = read(case["type"], pieces, **more)
    assert read_stream(case["type"], pieces, **more) == whole
    assert read_async_stream(case["type"], pieces, **more) == whole


def test_what_shows_grows(case: dict[str, Any]) -> None:
    if "monotone_note" in case or "Shape" in (case["schema"] or "") or "|" in (case["schema"] or ""):
        pytest.skip("a candidate is given up, or a union changes its alternative")
    assert shrinkage(case["type"], case["bytes"], case["repairs"]) is None


def test_without_repairs_a_valid_text_is_read_as_ever(case: dict[str, Any]) -> None:
    strict = read(case["type"], [case["bytes"]], repair=None)
    assert read(case["type"], [case["bytes"]], repair="none") == strict
    assert strict.repairs == ()
    if case.get("strict_valid"):
        assert same(strict.value, case["expected"])
        assert strict[:1] == read(case["type"], [case["bytes"]], repair=case["repairs"])[:1]
