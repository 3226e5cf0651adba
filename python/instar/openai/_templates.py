"""Refuses template markup in messages, where it would reach the model unfilled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# The keywords of a request that hold what the model reads.
_CONVERSATION = ("messages", "input", "instructions")
# How much of a text is quoted, in characters.
_QUOTED = 40


def refuse_templates(keywords: Mapping[str, Any]) -> None:
    """Raise if a message holds `{{`: Instructor fills that in by Jinja where `context=` is given, and instar does not.

    Raises:
        ValueError: a message does; it is named and quoted.

    """
    for keyword in _CONVERSATION:
        for place, text in _texts(keyword, keywords.get(keyword)):
            start = text.find("{{")
            if start >= 0:
                quoted = text[start : start + _QUOTED]
                message = (
                    f"{place} holds {quoted!r}, and context= is given: instar gives the context to validators and "
                    "renders no templates. Render the text before the call, or leave context= out"
                )
                raise ValueError(message)


def _texts(place: str, part: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of a part of a request, with its place."""
    if isinstance(part, str):
        yield place, part
    elif isinstance(part, Mapping):
        for key in ("content", "text"):
            yield from _texts(f"{place}[{key!r}]", part.get(key))
    elif isinstance(part, Sequence):
        for index, one in enumerate(part):
            yield from _texts(f"{place}[{index}]", one)
