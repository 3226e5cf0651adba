"""The grammar of paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar._paths import EVERY, covers, fits, parse, write
from support.strategies import KEYS


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("$", ()),
        ("title", ("title",)),
        ("$.title", ("title",)),
        ("$[0]", (0,)),
        ("[0]", (0,)),
        ("sections[*].bullets[ 12 ]", ("sections", EVERY, "bullets", 12)),
        ("$['a key'].b", ("a key", "b")),
        ('["it\'s"]', ("it's",)),
        (r"""['it\'s "so" \\']""", ('it\'s "so" \\',)),
        ("['é\\u00e9']", ("éé",)),
        ("prénom", ("prénom",)),
        ("named.*", ("named", EVERY)),
        ("[*][*]", (EVERY, EVERY)),
    ],
)
def test_a_path_is_read(text: str, path: tuple[object, ...]) -> None:
    assert parse(text) == path


@pytest.mark.parametrize(
    ("text", "place"),
    [("a..b", 2), (".a", 1), ("a[", 2), ("a[-1]", 2), ("a[01]", 2), ("a b", 2), ("a[1:2]", 2), ("$a$", 3), ("1a", 1),
     ("a['x]", 2), ("a[?@.b]", 2), ("$..a", 3), ("[0]a", 4)],
)  # fmt: skip
def test_what_is_no_path_is_refused_where_it_stops_being_one(text: str, place: int) -> None:
    with pytest.raises(ValueError, match=f"no path from its character {place} on"):
        parse(text)


@given(st.lists(st.one_of(KEYS, st.integers(0, 99), st.just(EVERY))).map(tuple))
def test_what_is_written_is_read_back(path: tuple[object, ...]) -> None:
    assert parse(write(path)) == path  # type: ignore[arg-type]


def test_patterns_cover_and_fit() -> None:
    pattern = parse("a[*].b")
    assert covers(pattern, ("a", 3, "b", "c"))
    assert not covers(pattern, ("a", 3))
    assert fits(pattern, ("a", 3))
    assert fits(pattern, ("a", 3, "b"))
    assert not fits(pattern, ("a", 3, "c"))
    assert not fits(pattern, ("a", 3, "b", "c"))
