"""Paths: the ways through a value that a user writes down, in a subset of JSONPath (RFC 9535).

`sections[*].bullets[0]`, `$.title`, `['a key']`: names, indices, and `[*]` for every member; `$` may begin the path and
need not.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Final, TypeAlias

from pydantic_core import from_json


class Every(Enum):
    """Any member of a list or an object: `[*]`."""

    MEMBER = "[*]"

    def __repr__(self) -> str:
        return self.value


EVERY: Final = Every.MEMBER
Pattern: TypeAlias = "tuple[str | int | Every, ...]"

_START = re.compile(r"\$\.?(?=.)|\$$|")
_STEP = re.compile(
    r"""\.?(?P<name>[^\W\d][\w]*)"""
    r"""|\.\*|\[\s*(?:(?P<every>\*)|(?P<index>0|[1-9]\d*)|(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))\s*\]"""
)

_REQUOTED = {"\\'": "'", '"': '\\"'}


def parse(path: str) -> Pattern:
    """Read a path.

    Raises:
        ValueError: it is no path, with the place where it stops being one.

    """
    start = _START.match(path)
    at = start.end() if start else 0
    steps: list[str | int | Every] = []
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or (step["name"] and not _may_be_bare(path, at, first=not steps)):
            message = (
                f"{path!r} is no path from its character {at + 1} on, {path[at : at + 12]!r}: a path is names, indices "
                "and [*], like sections[*].title or ['a key'][0]"
            )
            raise ValueError(message)
        steps.append(_step(step))
        at = step.end()
    return tuple(steps)


def write(path: Pattern | tuple[str | int, ...]) -> str:
    """Write a path down as `parse` reads it; the empty one is `$`."""
    return "".join(_written(step) for step in path).removeprefix(".") or "$"


def covers(pattern: Pattern, path: tuple[str | int, ...]) -> bool:
    """Tell whether a path begins with a way that the pattern describes."""
    return len(pattern) <= len(path) and fits(pattern, path[: len(pattern)])


def fits(pattern: Pattern, path: tuple[str | int, ...]) -> bool:
    """Tell whether a path is one that the pattern, or the beginning of it that is as long, describes."""
    beginning = pattern[: len(path)]
    return beginning == path or (
        len(beginning) == len(path)
        and all(wanted is EVERY or wanted == step for wanted, step in zip(beginning, path, strict=True))
    )


def _may_be_bare(path: str, at: int, *, first: bool) -> bool:
    """Tell whether a name may stand here: after a dot, or at the very beginning without one."""
    return (path[at] == ".") is not first


def _step(step: re.Match[str]) -> str | int | Every:
    if step["name"]:
        return step["name"]
    if step["index"]:
        return int(step["index"])
    quoted = step["quoted"]
    if not quoted:
        return EVERY
    if quoted[0] == "'":  # the same in JSON's quotes, where ' needs no backslash and " does
        quoted = '"' + re.sub(r"""\\'|\\.|\"""", lambda sign: _REQUOTED.get(sign[0], sign[0]), quoted[1:-1]) + '"'
    return str(from_json(quoted))


def _written(step: str | int | Every) -> str:
    if not isinstance(step, str):
        return f"[{step!r}]" if isinstance(step, int) else repr(step)
    if re.fullmatch(r"[^\W\d]\w*", step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=False)}]"
