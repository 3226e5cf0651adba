"""A JSON corpus, and nst's JSONTestSuite: what `pydantic_core.from_json` accepts, the parser accepts, however cut."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_core import from_json

from instar import LimitError, Parser, StreamError
from oracle import deep, viable
from support import json_corpus
from support.material import shared
from support.runs import failure_of, singly

SUITE = 318
LONG = 1000
"""Two files of the suite are longer, and refused long before: behind this only some of their split points are tried."""


def outcome(deltas: list[bytes]) -> Any:
    """Return the value of a text given in these deltas, or everything about its error."""
    parser = Parser(None)
    try:
        for delta in deltas:
            parser.feed(delta)
        return deep(parser.finish())
    except StreamError as error:
        return failure_of(error)


def expected(text: bytes) -> Any:
    """Return what Pydantic reads, or None where it refuses."""
    try:
        return deep(from_json(text))
    except ValueError:
        return None


@pytest.fixture(scope="module", params=["corpus", "JSONTestSuite"])
def files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """Give texts by name."""
    if request.param == "corpus":
        return json_corpus.load()
    found = {path.name: path.read_bytes() for path in sorted(shared("JSONTestSuite/test_parsing").glob("*.json"))}
    assert len(found) == SUITE
    return found


def test_the_corpus_is_what_its_generator_makes() -> None:
    assert json_corpus.load() == json_corpus.texts()
    assert json_corpus.FILE.read_text(encoding="ascii") == json_corpus.dumped()


def test_accepted_or_refused_exactly_as_pydantic_does(files: dict[str, bytes]) -> None:
    wrong = {}
    for name, text in files.items():
        found = outcome([text])
        refused = hasattr(found, "kind")
        if refused != (expected(text) is None) or (not refused and found != expected(text)):
            wrong[name] = found, expected(text)
    assert not wrong


def test_the_same_at_every_split_point(files: dict[str, bytes]) -> None:
    tried = 0
    for name, text in files.items():
        whole = outcome([text])
        for i in [*range(min(len(text), LONG) + 1), *range(LONG + 1, len(text) + 1, LONG)]:
            assert outcome([text[:i], text[i:]]) == whole, (name, i)
            tried += 1
        assert outcome(singly(text[:LONG])) == whole, name
    assert tried > 8 * len(files)


def test_refused_at_the_first_hopeless_byte(files: dict[str, bytes]) -> None:
    refused = 0
    for name, text in files.items():
        if len(text) >= LONG or expected(text) is not None:  # the long ones meet the depth limit, below
            continue
        hopeless = next((n for n in range(1, len(text) + 1) if not viable(text[:n])), None)
        found = outcome([text])
        if hopeless is None:
            assert (found.kind, found.offset) == ("TruncatedError", len(text)), name
        else:
            assert (found.kind, found.offset) == ("JSONError", hopeless - 1), name
            refused += 1
    assert refused > len(files) // 3


@pytest.mark.parametrize("opening", ["[", '[{"":', '{"a":'])
def test_bottomless_texts_meet_the_depth_limit(opening: str) -> None:
    with pytest.raises(LimitError):
        Parser(None).feed(opening * 50_000)


@pytest.mark.parametrize("digits", [4299, 4300, 4301, 9000])
@pytest.mark.parametrize("form", ["{}", "-{}", "{}.5", "{}e0", "0.{}", "1e-{}", "[{}]"])
def test_long_numbers_are_accepted_or_refused_as_pydantic_does(form: str, digits: int) -> None:
    text = form.format("1" * digits).encode()
    if (form, digits) == ("-{}", 4300) and expected(text) is None:
        pytest.skip("this jiter counts the sign as a digit")
    assert (outcome([text]) == expected(text)) == (expected(text) is not None)
    assert outcome(singly(text)) == outcome([text])
