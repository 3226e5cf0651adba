"""The inputs of json_repair's own tests: the same value as json_repair's, or a reason why another is better.

The inputs are read out of a checkout of json_repair beside the project, and json_repair has to be installed.
tests/data/json_repair.json says for each input that is read in another way, by its digest, which of `REASONS` it is.
Texts that are cut off are read with `allow_truncated`, since json_repair completes all texts.
"""

from __future__ import annotations

import ast
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from instar import Parser, TruncatedError
from repair.models import same
from support.material import DATA, beside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHY: dict[str, list[str]] = json.loads((DATA / "json_repair.json").read_text(encoding="utf-8"))
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


# A longer text tests how long json_repair takes, and one that calls it is Python.
LONGEST = 3000


def inputs(folder: Path) -> Iterator[str]:
    """Yield the texts in the tests of json_repair: what is given to it, assigned, or a case of a parametrized test."""
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for value in given(node):
                text = value.value if isinstance(value, ast.Constant) else None
                if isinstance(text, str) and len(text) < LONGEST and "repair" not in text:
                    yield text


def given(node: ast.AST) -> list[ast.expr]:
    """Return what may be an input."""
    if isinstance(node, ast.Assign):
        return [node.value]
    if not isinstance(node, ast.Call):
        return []
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in ("repair_json", "loads"):
        return node.args[:1]
    if name == "parametrize" and isinstance(node.args[1], ast.List | ast.Tuple):
        cases = node.args[1].elts
        return [case.elts[0] if isinstance(case, ast.Tuple | ast.List) and case.elts else case for case in cases]
    return []


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


def digest(text: str) -> str:
    """Return what names a text in tests/data/json_repair.json."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def test_the_same_or_better_for_a_reason() -> None:
    folder = beside("json_repair/tests")
    theirs: Any = pytest.importorskip("json_repair", reason="needs json_repair")
    reasons = {name: why for why, names in WHY.items() for name in names}
    wrong = []
    for text in dict.fromkeys(inputs(folder)):
        is_same = same(ours(text), theirs.loads(text))
        if is_same == (digest(text) in reasons):
            wrong.append((text, reasons.get(digest(text))))
    assert wrong == []


def test_every_reason_is_written_down_and_needed() -> None:
    assert REASONS.keys() == WHY.keys()
