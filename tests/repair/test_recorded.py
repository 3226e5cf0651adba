"""Streams recorded from a real server, read with repairs: those that are JSON as ever, the others mended."""

from __future__ import annotations

import json

import pytest

from contract.test_recorded import CUT_SHORT, NOT_JSON, SCHEMAS, WHOLE
from repair.models import same
from repair.reading import pydantics, read
from support.material import STREAMS


@pytest.fixture(params=SCHEMAS)
def name(request: pytest.FixtureRequest) -> str:
    """Give the name of a stream."""
    found: str = request.param
    return found


@pytest.mark.parametrize("repair", ["around", "all"])
def test_what_is_json_is_read_as_ever(name: str, repair: str) -> None:
    deltas = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))["deltas"]
    strict, told = read(SCHEMAS[name], deltas, repair=None), read(SCHEMAS[name], deltas, repair=repair)
    if name in NOT_JSON:
        assert strict.error
        assert strict.error[0] == "JSONError"
    else:
        assert told._replace(mended=told.mended.rstrip()) == strict._replace(mended=strict.mended.rstrip())
        assert (told.error is None) == (name in WHOLE)
        assert told.repairs == ()


def test_what_is_none_is_mended(name: str) -> None:
    deltas = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))["deltas"]
    text = "".join(deltas)
    told = read(SCHEMAS[name], deltas, repair="all", allow_truncated=True)
    assert read(SCHEMAS[name], [text], repair="all", allow_truncated=True) == told
    assert read(SCHEMAS[name], text, repair="all", allow_truncated=True) == told
    kinds = {repair.kind for repair in told.repairs}
    assert kinds - {"truncated"} == ({"control_character"} if name in NOT_JSON else set())
    assert ("truncated" in kinds) == (name not in WHOLE)
    if told.error is None:
        assert same(pydantics(SCHEMAS[name], told.mended), told.value)
    else:
        # The last member is cut off before all of its fields have come.
        assert name in {*CUT_SHORT, *NOT_JSON}
        assert "missing" in told.error[1]
