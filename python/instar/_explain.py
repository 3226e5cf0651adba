"""How each part of a type is read: what is checked by whom, what is decided when, what shows while it is open."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from instar._schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

__all__ = ["Explanation", "Row", "explain"]

HEADINGS = ("path", "type", "checked", "decided", "shown")


class Row(NamedTuple):
    """A part of a type.

    Attributes:
        path: the way to it, in JSONPath: `$` is the whole, `[*]` the elements of a list, `.*` the values of a dict and
            `.~` its keys; the alternatives of a union stand in angle brackets.
        type: Pydantic's name for it.
        checked: by whom. `native`: by instar, which asks Pydantic where it cannot say a plain yes. `native, then
            hooks`: and validators or `model_post_init` run when it closes. `native, then whole`: and Pydantic
            validates it when it closes. `outlined`: shown as what it may be, and validated by Pydantic when it closes.
            `opaque`: by Pydantic when it closes. `deferred`: by Pydantic together with what is around it.
        decided: what can refuse it, by the moment: at its `first byte`, at each byte of its `prefix`, at its `close`.
        shown: when it shows.

    """

    path: str
    type: str
    checked: str
    decided: dict[str, list[str]]
    shown: str

    @property
    def decisions(self) -> str:
        """What is decided when, in a line."""
        return "; ".join(f"{moment}: {', '.join(what)}" for moment, what in self.decided.items())


class Explanation:
    """The parts of a type, each before the parts within it. Its `str` is a table; so it is to rich."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, path: str) -> Row:
        """Return the first row of this path.

        Raises:
            KeyError: there is none.

        """
        for row in self.rows:
            if row.path == path:
                return row
        raise KeyError(path)

    def __str__(self) -> str:
        table = [HEADINGS, *self._cells()]
        widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table)
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.rows)} parts; print it to see them>"

    def __rich__(self) -> Table:
        from rich.table import Table  # noqa: PLC0415 - only rich asks for this, and then it is there

        table = Table(*HEADINGS)
        for cells in self._cells():
            table.add_row(*cells)
        return table

    def _cells(self) -> Iterator[tuple[str, ...]]:
        for row in self.rows:
            yield row.path, row.type, row.checked, row.decisions, row.shown


def explain(schema: Any, *, strict: bool | None = None) -> Explanation:
    """Tell how each part of a type is read, and why a field appears when it does.

    Args:
        schema: whatever `pydantic.TypeAdapter` takes, or None for plain Python values.
        strict: as `instar.Parser` takes it.

    Raises what Pydantic raises for a type it has no schema for.

    """
    rows = []
    for path, title, checked, decisions, shown in schema_of(schema, strict=strict).explain():
        decided: dict[str, list[str]] = defaultdict(list)
        for moment, what in decisions:
            decided[moment].append(what)
        rows.append(Row(path, title, checked, dict(decided), shown))
    return Explanation(rows)
