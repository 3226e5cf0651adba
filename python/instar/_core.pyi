"""The compiled extension: a schema's plan, the parser that follows it, and the decoder of responses."""

from types import GenericAlias
from typing import Any, Final, Generic, Literal, TypeVar, final, overload

from pydantic.plugin._schema_validator import PluggableSchemaValidator
from pydantic_core import CoreSchema, SchemaValidator
from typing_extensions import Self

from instar.errors import Violation
from instar.parser import Limits
from instar.progress import Progress
from instar.protocols import DeltaKind, Framing, Protocol

__all__ = ["Delta", "Parser", "Schema", "Wire", "__version__"]
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
    def explain(self) -> list[tuple[str, str, str, list[tuple[str, str]], str]]:
        """How each part of the schema is read: see `instar.explain.Row`."""

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

@final
class Delta:
    """One thing that a response said."""

    __match_args__: Final = ("kind", "text", "choice", "call")
    KINDS: Final[tuple[DeltaKind, ...]]

    def __new__(
        cls,
        kind: DeltaKind,
        text: str = "",
        *,
        choice: int = 0,
        call: int | None = None,
        item: int = 0,
    ) -> Self: ...
    @property
    def kind(self) -> DeltaKind:
        """What it is. Of one event they come in this order, call by call, choice by choice, with what ends last."""
    @property
    def text(self) -> str:
        """The characters: of the function's name for "call", of the call's id for "id", of the reason for "finish", of
        an object's JSON for "usage" and "error" (or of a string's). Empty for "restart", `"call_end"` and "done" only.
        """
    @property
    def choice(self) -> int:
        """The choice it belongs to, 0 where there is only one."""
    @property
    def call(self) -> int | None:
        """The tool call it belongs to: its `index`, `output_index` or block index, or for Gemini its place in the
        candidate.
        """
    @property
    def item(self) -> int:
        """The number, in its choice, of the item or block that its text stands in: what has another number is another
        text. 0 where there is only one.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Wire:
    """Decodes the body of a streamed response.

    `protocol` says how the deltas are packed into events; with None the first event does. `framing` says how the events
    are cut out of the bytes, where it is not the one in which the protocol usually comes. `lane` selects one of several
    responses in one source: the events with this `stream_id`, or with none. What is not known of an event is skipped. A
    call while another one is at work is a `RuntimeError`.
    """

    PROTOCOLS: Final[tuple[Protocol, ...]]
    FRAMINGS: Final[tuple[Framing, ...]]

    def __new__(cls, protocol: Protocol | None, framing: Framing | None = None, *, lane: str | None = None) -> Self: ...
    @staticmethod
    def recognise(event: bytes, /) -> Protocol | None:
        """The protocol that an event, a JSON text, belongs to; None if it is one of none."""
    def feed(self, body: bytes | bytearray | memoryview, /) -> list[Delta]:
        """The deltas that these bytes complete, in their order, however the body is cut.

        Raises `WireError` if an event's data is not JSON, or contradicts what has come. The deltas before it are given
        first: the error is raised by this call if there are none, otherwise by the next one (`end` too), and by every
        later one. What comes behind `[DONE]` is not read.
        """
    def feed_event(self, event: bytes, /) -> list[Delta]:
        """The deltas of one event, a JSON text, that came as a message of its own.

        Raises as `feed` does.
        """
    def end(self) -> list[Delta]:
        """The deltas that the end of the body completes. An event that is not whole is dropped, and so is one that no
        blank line has dispatched, as the standard says. Another body of the same response may follow.

        Raises as `feed` does.
        """
    @property
    def done(self) -> bool:
        """Whether the response has said that it is over: `[DONE]`, `response.completed`, `response.incomplete`,
        `response.failed`, `response.cancelled`, `message_stop` or what the other protocols have for it. Gemini does not
        say so.
        """
    def is_cut(self, choice: int = 0) -> bool:
        """Whether a choice was cut: it has ended by a limit, a filter or a failure; or it has not ended at all, by a
        reason or by the last event of the response. Before the end that is so of each.
        """
    @property
    def offset(self) -> int:
        """How many bytes have come, or the offset of the first one after which an event's data cannot be JSON."""
    @property
    def events(self) -> list[bytes]:
        """The data of the events so far, JSON texts. Events that differ only in the characters of their one delta, and
        in their `sequence_number` and `obfuscation`, are one event with the characters joined and the first number.
        `obfuscation` (Mistral's `p`) is left out everywhere. The `index` of a tool call is the number that its deltas
        have, whatever the server says. Every look costs a copy of them all.
        """
