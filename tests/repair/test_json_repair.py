"""The inputs of json_repair's own tests (MIT): the same value as json_repair's, or a reason why another is better.

tests/data/json_repair.jsonl has the inputs with what json_repair makes of them; where instar's reading differs, that
and a key of `REASONS`. Texts that are cut off are read with `allow_truncated`, since json_repair completes all texts.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import pytest

from instar import Parser, TruncatedError
from repair.models import same
from support.material import DATA

VERSION = "0.64.6"
ROWS = [json.loads(line) for line in (DATA / "json_repair.jsonl").read_text(encoding="utf-8").splitlines()]
REASONS = {
    "several": "the first whole value is the answer, and the others are on the record: neither a list that nobody "
    "wrote, nor the last of them",
    "python": "tuples and sets are no JSON, and which of its types they stand for is a guess",
    "brackets": "where a bracket is missing, or one too many, there are several places for it",
    "nothing": "a value, or a colon, that is not there is not made up",
    "as_it_came": "the characters of a string are kept, line breaks at its end too; a half escape is left out",
    "open_string": "a string whose end has not come is kept as it came: where its quote belonged cannot be told",
    "atom": "a number or a key that is cut off is left out, since it may have been on its way to another",
    "ellipsis": "`...` says that something was left out: the list is not what was asked for",
    "no_json": "a text without JSON is an error, and no empty string",
    "inner_quote": "what follows the quote does not tell whether it ends the string: an error, and no guess",
    "character": "a quote in a string that does not end it is a character of it",
    "key": "quotes within keys are not mended: keys are names, and hardly ever have any",
    "comment": "a comment ends with its line, and so the rest of the line is a part of it",
    "number": "what is neither a number nor a text is not made a text of",
    "bare": "a text without quotes has no end that could be told from what follows; so have words that stand nowhere",
    "scalar": "a string or a word that stands alone is a value",
    "embedded": "JSON within a string is decoded where the schema wants it, and nowhere else",
}


def ours(text: str) -> Any:
    """Return what instar makes of a text."""
    parser = Parser(None, repair="all")
    try:
        parser.feed(text)
        try:
            return parser.finish()
        except TruncatedError:
            return parser.finish(allow_truncated=True)
    except ValueError as error:
        return {"error": type(error).__name__}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:40])
def test_the_same_or_better_for_a_reason(row: dict[str, Any]) -> None:
    value = ours(row["text"])
    if "why" in row:
        assert row["why"] in REASONS
        assert same(value, row["instar"])
        assert not same(value, row["json_repair"])
    else:
        assert same(value, row["json_repair"])


def test_every_reason_is_needed() -> None:
    assert {row["why"] for row in ROWS if "why" in row} == REASONS.keys()


def test_json_repair_says_what_is_written_down() -> None:
    json_repair: Any = pytest.importorskip("json_repair", reason="needs json_repair")
    if version("json_repair") != VERSION:
        pytest.skip(f"needs json_repair {VERSION}")
    for row in ROWS:
        assert same(json_repair.loads(row["text"]), row["json_repair"]), row["text"]
