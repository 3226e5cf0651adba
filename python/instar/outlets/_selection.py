"""Which parts of a value are sent: by the paths to include and to exclude."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instar._paths import covers, fits
from instar.changes import RETRY, Change, at, end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from instar._paths import Pattern
    from instar.changes import Path


class Selection:
    """Leaves out of batches what is not selected.

    What leads to an included part is there too. What is left out of an object is missing from it; what is left out of a
    list is null there, so that every index stays what it is. `read` reads the paths.

    Raises:
        ValueError: a path is none.

    """

    def __init__(
        self, include: Iterable[str] | None, exclude: Iterable[str] | None, read: Callable[[str], Pattern]
    ) -> None:
        self._include = None if include is None else [read(path) for path in _several("include", include)]
        self._exclude = [read(path) for path in _several("exclude", exclude or ())]
        self._left_out: set[Path] = set()
        self._ways: set[Path] = set()  # the open containers that are there

    def __call__(self, batch: Iterable[Change]) -> list[Change]:
        """Return the changes of what is selected."""
        return [change for each in batch for change in self._change(each)]

    def _change(self, change: Change) -> Iterator[Change]:
        kind, path, value = change
        if change == RETRY:
            self._left_out.clear()
            self._ways.clear()
            yield change
        elif kind == "close":
            self._ways.discard(path)
            if path in self._left_out:
                self._left_out.discard(path)
            elif self._shows(path, {}):
                yield change
        elif self._shows(path, value):
            yield change if kind == "append" else Change(kind, path, self._prune(path, value))
            if isinstance(value, dict | list):
                self._ways.add(path)
            if kind == "replace":  # what is open in it will be closed, shown or not
                ways = [path + end_of(value)[:depth] for depth in range(1, len(end_of(value)) + 1)]
                self._left_out |= {way for way in ways if not self._shows(way, at(value, way[len(path) :]))}
        else:
            yield from self._leave_out(kind, path)

    def _leave_out(self, kind: str, path: Path) -> Iterator[Change]:
        """Return what there is to say of a value that is not selected."""
        if kind == "open":
            self._left_out.add(path)
        if kind == "replace" and path in self._ways:  # it was on the way to something, and what stands there now is not
            yield Change("replace", path, None)
            if not path:  # which begins anew
                self._left_out.add(path)
        elif kind in {"open", "set"} and path and isinstance(path[-1], int) and self._shows(path[:-1], []):
            yield Change("set", path, None)

    def _prune(self, path: Path, value: Any) -> Any:
        """Leave out of a value what is not selected."""
        if isinstance(value, dict):
            parts = {key: part for key, part in value.items() if self._shows((*path, key), part)}
            return {key: self._prune((*path, key), part) for key, part in parts.items()}
        if isinstance(value, list):
            return [
                self._prune((*path, index), part) if self._shows((*path, index), part) else None
                for index, part in enumerate(value)
            ]
        return value

    def _shows(self, path: Path, value: Any) -> bool:
        """Tell whether a value is selected, or is a container that may have something in it that is."""
        if any(covers(pattern, path) for pattern in self._exclude):
            return False
        if self._include is None or any(covers(pattern, path) for pattern in self._include):
            return True
        return isinstance(value, dict | list) and any(fits(pattern, path) for pattern in self._include)


def _several(name: str, paths: Iterable[str]) -> Iterable[str]:
    if isinstance(paths, str):
        message = f"{name} is several paths: {name}=[{paths!r}]"
        raise TypeError(message)
    return paths
