"""The parser of one stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from instar import _core
from instar.progress import Progress
from instar.schema import schema_of

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What a text may be at most; beyond it `LimitError` is raised."""

    depth: int = 201
    """Containers within containers. Pydantic itself reads no more than 201."""
    bytes: int = 1 << 30


class Parser(_core.Parser, Generic[T]):
    """Turns the deltas of one JSON text into a growing object.

    `schema` is anything `pydantic.TypeAdapter` takes, or None for plain Python values. With `live` there is one
    object, grown in place; otherwise every snapshot keeps what it shows. `context` and `strict` are those of
    `model_validate_json`.

    After any error `snapshot`, `text`, `offset`, `line`, `column`, `path` and `progress` remain readable.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __new__(
            cls,
            schema: type[T],
            *,
            live: bool = False,
            limits: Limits = ...,
            context: Any = None,
            strict: bool | None = None,
        ) -> Self: ...
        @overload
        def __new__(
            cls,
            schema: Any,
            *,
            live: bool = False,
            limits: Limits = ...,
            context: Any = None,
            strict: bool | None = None,
        ) -> Parser[Any]: ...

    def __new__(  # type: ignore[misc]  # the overloads are for type checkers
        cls,
        schema: Any,
        *,
        live: bool = False,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        context: Any = None,
        strict: bool | None = None,
    ) -> Self:
        """Start a parser that has seen nothing."""
        return super().__new__(
            cls,
            schema_of(schema, strict=strict),
            live=live,
            max_depth=limits.depth,
            max_bytes=limits.bytes,
            context=context,
        )

    if TYPE_CHECKING:

        @property
        def snapshot(self) -> T:
            """The object so far."""

        def finish(self) -> T:
            """Declare the text ended and give the validated value."""

    @property
    def progress(self) -> Progress:
        """How far the value has come, by its top-level fields."""
        snapshot, arrived, fields = self.snapshot, self.arrived, self.fields
        if self.complete:
            completion = 100
        else:
            completion = 100 * len(arrived) // len(fields) if fields else 0
        values = snapshot if isinstance(snapshot, dict) else vars(snapshot) if arrived else {}
        return Progress(completion, {name: values[name] for name in arrived}, self.settled)
