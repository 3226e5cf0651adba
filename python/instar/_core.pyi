"""The compiled extension: a schema's plan, and the parser that follows it."""

from types import GenericAlias
from typing import Any, Final, Generic, Literal, TypeVar, final, overload

from pydantic.plugin._schema_validator import PluggableSchemaValidator
from pydantic_core import CoreSchema, SchemaValidator
from typing_extensions import Self

from instar.errors import Violation
from instar.parser import Limits
from instar.progress import Progress

__all__ = ["Parser", "Schema", "__version__"]
__version__: Final[str]

_T = TypeVar("_T")

@final
class Schema:
    """A Pydantic core schema, compiled. Immutable; shared by all the parsers of its type."""

    def __new__(
        cls,
        core_schema: CoreSchema | None,
        validator: SchemaValidator | PluggableSchemaValidator,
        *,
        strict: bool | None = None,
    ) -> Self: ...

@final
class Parser(Generic[_T]):
    """Turns the deltas of one JSON text into a growing object.

    `schema` is anything `pydantic.TypeAdapter` takes, or None for plain Python values. With `live` there is one
    object, grown in place; otherwise every snapshot keeps what it shows. `context` and `strict` are those of
    `model_validate_json`. With `on_violation="defer"` what the schema refuses is withheld, and listed in `violations`;
    the text is read to its end, and `finish` raises.

    After any error `snapshot`, `text`, `offset`, `line`, `column`, `path` and `progress` remain readable. A call while
    another one is at work (a second thread, or a validator that the parser is calling) is a `RuntimeError`.
    """

    @overload
    def __new__(
        cls,
        schema: type[_T],
        *,
        live: bool = False,
        limits: Limits | None = None,
        context: Any = None,
        strict: bool | None = None,
        on_violation: Literal["raise", "defer"] = "raise",
    ) -> Parser[_T]: ...
    @overload
    def __new__(
        cls,
        schema: Any,
        *,
        live: bool = False,
        limits: Limits | None = None,
        context: Any = None,
        strict: bool | None = None,
        on_violation: Literal["raise", "defer"] = "raise",
    ) -> Parser[Any]: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def feed(self, delta: str | bytes, /) -> bool:
        """Take in a delta. True if the snapshot shows something that it did not show before.

        Raises, at the first byte after which no continuation can be accepted, `JSONError`, `LimitError` or
        `pydantic.ValidationError`; the same again when called again. `TypeError` for anything but str and bytes,
        `ValueError` after `finish` or `close`.
        """
    def close(self) -> None:
        """Declare the text ended. Raises `TruncatedError` if the value is not whole."""
    def finish(self) -> _T:
        """Declare the text ended and give what `model_validate_json` makes of it: a value that shares nothing with
        the snapshots.

        Raises `TruncatedError`, or the `pydantic.ValidationError` of `model_validate_json`.
        """
    def drain(self) -> list[Any]:
        """The elements that have settled since the last drain: for schemas `list[X]` and `dict[str, list[X]]`."""
    @property
    def snapshot(self) -> _T:
        """The object so far, built when asked for and kept until there is something new."""
    @property
    def complete(self) -> bool:
        """Whether the root value has closed."""
    @property
    def text(self) -> str:
        """The text so far; after an error it ends with the hopeless byte."""
    @property
    def offset(self) -> int:
        """The offset in bytes of the hopeless byte, or the number of bytes that have come."""
    @property
    def line(self) -> int:
        """The line of `offset`, from 1."""
    @property
    def column(self) -> int:
        """The column of `offset` in characters, from 1."""
    @property
    def path(self) -> tuple[str | int, ...]:
        """The way from the root to the open value, as in Pydantic's `loc`."""
    @property
    def violations(self) -> tuple[Violation, ...]:
        """What the schema has refused so far, with `on_violation="defer"`."""
    @property
    def progress(self) -> Progress:
        """How far the value has come, by its top-level fields."""
    @property
    def fields(self) -> tuple[str, ...]:
        """The declared top-level fields."""
    @property
    def arrived(self) -> tuple[str, ...]:
        """Those of the top-level fields that have something to show."""
    @property
    def settled(self) -> tuple[str, ...]:
        """Those of the top-level fields that have closed."""
