"""Gives streams the methods `changes`, `json_text` and `at`, by the naive reader.

Import it before the code that needs them.
"""

from __future__ import annotations

from typing import Any

import instar
from instar._paths import parse
from instar._place import AsyncReading, Reading
from support.growing import achanges, ajson_text, changes, json_text


def _at(stream: Any, path: str) -> Any:
    watched = vars(stream).setdefault("watched", None)
    if watched is None:
        watched = stream.watched = (AsyncReading if isinstance(stream, instar.AsyncStream) else Reading)(stream)
    return watched.at(parse(path))


for kind, methods in (
    (instar.Stream, {"changes": changes, "json_text": json_text, "at": _at}),
    (instar.AsyncStream, {"changes": achanges, "json_text": ajson_text, "at": _at}),
):
    for name, method in methods.items():
        setattr(kind, name, method)
