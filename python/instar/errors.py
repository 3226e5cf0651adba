"""What can go wrong with a stream. Violations of the schema are `pydantic.ValidationError`s, not listed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class StreamError(ValueError):
    """The text cannot become the value asked for.

    `offset` counts bytes from 0; `line` and `column` count from 1, columns in characters. What is wrong at no place in
    the text is wrong at its beginning, and does not name it: then `place`, which says it in words, is empty.
    `received` is how many bytes of a response's body had come, where it was one that was read. `advice` says what you
    may do about it, where that is no matter of the text; unlike the message it may depend on how much was at hand.
    """

    received: int | None = None
    advice = ""

    def __init__(self, message: str, offset: int | None = None, line: int = 1, column: int = 1) -> None:
        super().__init__(message, offset, line, column)
        self.message = message
        self.offset = offset or 0
        self.line = line
        self.column = column
        self.place = "" if offset is None else f" at line {line} column {column} (byte {offset})"

    def __str__(self) -> str:
        text = f"{self.message}{self.advice}{self.place}"
        return f"{text}, after {self.received} bytes of the response" if self.received else text

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.offset, self.line, self.column), self.__dict__


class JSONError(StreamError):
    """The text is not JSON: at `offset` is the first byte after which nothing can make it JSON."""


class LimitError(StreamError):
    """The text is longer, or nested deeper, than `Limits` allows."""


class WireError(StreamError):
    """The body of a response is not what it should be: at `offset`, an event is not JSON, or contradicts what came."""


class TruncatedError(StreamError):
    """The text ended before its value was whole, inside the value at `path`."""

    def __init__(
        self,
        path: tuple[str | int, ...],
        offset: int | None = None,
        line: int = 1,
        column: int = 1,
        *,
        reason: str | None = None,
    ) -> None:
        where = ".".join(str(step) for step in path)
        inside = f"inside `{where}`" if where else "before its value was whole"
        super().__init__(f"the text ended early, {inside}{f', {reason}' if reason else ''}", offset, line, column)
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.offset, self.line, self.column), self.__dict__


class Violation(NamedTuple):
    """What the schema refused in a text that goes on: one line of a `pydantic.ValidationError`.

    Attributes:
        type: Pydantic's name for the error.
        loc: the way to the refused value.
        msg: what is wrong.
        offset: the byte, from 0, at which it was known.

    """

    type: str
    loc: tuple[str | int, ...]
    msg: str
    offset: int


@dataclass(frozen=True)
class ElementError:
    """An element that was refused, in a stream that goes on behind it (`on_error="skip"`).

    Attributes:
        index: its place in its list, or among the calls, from 0.
        path: the way to it: `(3,)`, or `("users", 3)` in an object of lists.
        offset: the byte of the answer's text, from 0, with which it begins.
        text: the JSON text of it.
        error: the `pydantic.ValidationError` for it, or the StreamError for a call of an unknown function.

    """

    index: int
    path: tuple[str | int, ...]
    offset: int
    text: str
    error: Exception


class RefusalError(StreamError):
    """The model declined to answer; `refusal` is what it said."""

    def __init__(self, refusal: str) -> None:
        super().__init__(f"the model refused to answer: {refusal!r}")
        self.refusal = refusal

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.refusal,), self.__dict__


class AbsentError(StreamError, LookupError):
    """A stream has ended, and nothing is at the place that was waited for: not in its final value either."""
