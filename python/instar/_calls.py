"""Calls of functions: each is parsed by the schema that its name selects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from instar._core import Pump
from instar.errors import StreamError
from instar.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar._core import Body
    from instar._options import ParserOptions
    from instar._projection import Projection

Functions: TypeAlias = "Mapping[str, Any]"
"""The types of the functions' parameters by name. None for a function whose calls are not instar's to read."""

View: TypeAlias = Literal["finals", "first"]
"""What is handed out of the calls: the validated arguments of each, or the growing ones of the first."""


class Call:
    """One call of a function.

    textual: its arguments are a text, where it is a custom tool's.
    """

    def __init__(self, index: int, id: str | None, name: str, schema: Any, parser: Parser[Any]) -> None:  # noqa: A002 - as on the wire
        self.index = index
        self.id = id
        self.name = name
        self.parser = parser
        self.textual = schema is str
        self._final: tuple[Any] | None = None

    def final(self) -> Any:
        """Return the validated arguments, the same object each time."""
        if self._final is None:
            self._final = (self.parser.finish(),)
        return self._final[0]


def calls_of(functions: Functions, options: ParserOptions, view: View) -> Projection:
    """Return the projection of calls of these functions.

    Before the first call has a name there is nothing to see of it: None.
    """

    def begin(index: int, id: str | None, name: str) -> Call | None:  # noqa: A002 - as above
        if name not in functions:
            message = f"the model called {name!r}, which is none of the functions {', '.join(functions)}"
            raise StreamError(message)
        schema = functions[name]
        return None if schema is None else Call(index, id, name, schema, Parser(schema, **options))

    def none() -> Parser[Any]:
        return Parser(None, **options)

    def pump(body: Body | None, choice: int, passed: list[Any] | None) -> Pump[Any, Any]:
        return Pump.calls(none, begin, view, body=body, choice=choice, passed=passed)

    return pump
