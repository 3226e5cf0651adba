"""nst's JSONTestSuite: what `pydantic_core.from_json` accepts, the parser accepts, however the file is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import from_json

from instar import LimitError, Parser, StreamError
from states import failure_of, singly
from twin import deep, viable

if TYPE_CHECKING:
    from pathlib import Path

FILES = 318
LONG = 1000
"""Two files go on for longer, and are refused long before: behind it only some of their split points are tried."""


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


@pytest.fixture(scope="module")
def files(json_suite: Path) -> dict[str, bytes]:
    """Give the suite's files by name."""
    found = {path.name: path.read_bytes() for path in sorted(json_suite.glob("*.json"))}
    assert len(found) == FILES
    return found


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
    assert tried > 10 * FILES


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
    assert refused > FILES // 3


@pytest.mark.parametrize("name", ["n_structure_100000_opening_arrays.json", "n_structure_open_array_object.json"])
def test_bottomless_files_meet_the_depth_limit(files: dict[str, bytes], name: str) -> None:
    with pytest.raises(LimitError):
        Parser(None).feed(files[name])


@pytest.mark.parametrize("digits", [4299, 4300, 4301, 9000])
@pytest.mark.parametrize("form", ["{}", "-{}", "{}.5", "{}e0", "0.{}", "1e-{}", "[{}]"])
def test_long_numbers_are_accepted_or_refused_as_pydantic_does(form: str, digits: int) -> None:
    text = form.format("1" * digits).encode()
    if (form, digits) == ("-{}", 4300) and expected(text) is None:
        pytest.skip("this jiter counts the sign as a digit")
    assert (outcome([text]) == expected(text)) == (expected(text) is not None)
    assert outcome(singly(text)) == outcome([text])
