"""Projections: what there is to see of an answer, made into a pump for each source that is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from instar._core import Pump
from instar.parser import Parser

if TYPE_CHECKING:
    from instar._core import Body
    from instar._options import OnError, ParserOptions

Projection: TypeAlias = Callable[["Body | None", int, "list[Any] | None"], "Pump[Any, Any]"]
"""Makes the pump for a body (or for deltas, where there is none), a choice in it, and the elements that were handed out
before, where none of them may be handed out twice."""


def partials_of(schema: Any, options: ParserOptions, look: Callable[[Any], Any] | None = None) -> Projection:
    """Return the projection of a growing object.

    look: what to show of the value, where that is only what the answer is wrapped in.
    """

    def make() -> Parser[Any]:
        return Parser(schema, **options)

    def pump(body: Body | None, choice: int, passed: list[Any] | None) -> Pump[Any, Any]:  # noqa: ARG001
        return Pump.partials(make, body=body, choice=choice, look=look, textual=schema is str)

    return pump


def elements_of(schema: Any, options: ParserOptions, on_error: OnError = "raise") -> Projection:
    """Return the projection of a list's elements, `schema` being the type of one.

    on_error: "skip": an element that is refused does not end the stream.

    Raises:
        TypeError: elements that are not valid are never handed out, so their violations cannot be deferred.
        ValueError: there is no such `on_error`.

    """
    if options.get("on_violation") == "defer":
        message = "an element is handed out when it is valid: on_violation='defer' is for growing objects"
        raise TypeError(message)
    if on_error not in ("raise", "skip"):
        message = f"on_error is 'raise' or 'skip', not {on_error!r}"
        raise ValueError(message)
    element: Any = Any if schema is None else schema
    skips = on_error == "skip"
    of_list: ParserOptions = {**options, "on_violation": "defer"} if skips else options

    def bare() -> Parser[Any]:
        return Parser(list[element], **of_list)

    def wrapped() -> Parser[Any]:
        return Parser(dict[str, list[element]], **of_list)

    def one() -> Parser[Any]:
        return Parser(element, **options)

    def pump(body: Body | None, choice: int, passed: list[Any] | None) -> Pump[Any, Any]:
        by_itself = one if skips else None
        return Pump.elements(bare, wrapped, body=body, choice=choice, passed=passed, element=by_itself)

    return pump
