"""A tree of a growing value, for `rich`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from rich.highlighter import ReprHighlighter
from rich.pretty import pretty_repr
from rich.text import Text
from rich.tree import Tree

from instar._members import members_of

if TYPE_CHECKING:
    from instar.changes import Path


class GrowingTree:
    """Shows a snapshot as a tree in which what has settled is ticked, what is open ends in a caret, the rest is dim.

    `rich.print` it, or give one after the other to a `rich.live.Live`.
    """

    def __init__(self, snapshot: Any, open_path: Path | None) -> None:
        """Take a snapshot, and the path of its innermost open value (`progress.open`); None once nothing is open."""
        self._snapshot = snapshot
        self._open = open_path

    def __rich__(self) -> Tree:
        name = type(self._snapshot).__name__ if isinstance(self._snapshot, BaseModel) else "$"
        open_path = None if self._open is None else _shown(self._snapshot, self._open)
        tree = Tree(_label(name, self._snapshot, open_path, there=True), guide_style="dim")
        _grow(tree, self._snapshot, open_path)
        return tree


def _shown(value: Any, path: Path) -> Path:
    """Return the path as far as something shows there: an open number does not."""
    for step, part, there in members_of(value) or ():
        if path[:1] == (step,) and there:
            return (step, *_shown(part, path[1:]))
    return ()


def _grow(tree: Tree, value: Any, open_path: Path | None) -> None:
    for step, part, there in members_of(value) or ():
        inside = open_path[1:] if open_path and open_path[0] == step else None
        branch = tree.add(_label(str(step), part, inside, there=there))
        if there:
            _grow(branch, part, inside)


def _label(name: str, value: Any, open_path: Path | None, *, there: bool) -> Text:
    """Write a name, its mark, and the value where that has no members to be written below."""
    if not there:
        return Text(name, style="dim")
    settled = open_path is None
    label = Text.assemble((name, "bold"), (" ✓" if settled else "", "green"))
    if members_of(value) is None:
        shown = Text(pretty_repr(value), style="" if settled else "italic")
        if settled:
            ReprHighlighter().highlight(shown)
        label = Text.assemble(label, " ", shown)
    return label if settled or open_path else Text.assemble(label, ("▏", "bold yellow"))
