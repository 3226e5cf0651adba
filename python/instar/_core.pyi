"""The compiled extension: a schema's plan, the parser that follows it, and the decoder of responses."""

from types import GenericAlias
from typing import Any, Final, Generic, Literal, TypeVar, final, overload

from pydantic.plugin._schema_validator import PluggableSchemaValidator
from pydantic_core import CoreSchema, SchemaValidator
from typing_extensions import Self

from instar.errors import Violation
from instar.parser import Limits
from instar.progress import Progress

__all__ = ["Delta", "Parser", "Schema", "Wire", "__version__", "dump"]
__version__: Final[str]

_T = TypeVar("_T")

def dump(obj: object, *, mode: Literal["python", "json"] = "python", by_alias: bool = False) -> Any:
    """What of `obj` has arrived, as plain data: of a model the fields in its `model_fields_set`, and so at every depth.

    `obj` is a snapshot, open or closed, or any other model, `TypedDict`, list or dict. The cost is that of the data;
    no serializer, computed field or default of yours is asked, and nothing is raised. (A `mode` of another name is a
    `ValueError`.)

    Containers are lists and dicts: a tuple, a set, a deque are lists, a model that is its root is that. Fields with
    `exclude=True` are left out; `by_alias` names the others by their serialization aliases (so does a config's
    `serialize_by_alias`). With `mode="python"` atoms are what they are. With "json" they are what
    `pydantic_core.to_jsonable_python` makes of them under the config of the model around them, keys are strings,
    secrets are masked, and what has no JSON form is `"<ClassName>"`.

    A dataclass does not remember what has arrived and shows all of its fields; `Parser.dump` knows.
    """

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
    def dump(self, *, mode: Literal["python", "json"] = "python", by_alias: bool = False) -> Any:
        """What has arrived, and nothing else, as plain data: see `instar.dump`. Of dataclasses, too."""
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

    def __new__(
        cls,
        kind: Literal["reasoning", "text", "refusal", "call", "id", "arguments", "finish", "usage", "error", "done"],
        text: str = "",
        *,
        choice: int = 0,
        call: int | None = None,
    ) -> Self: ...
    @property
    def kind(
        self,
    ) -> Literal["reasoning", "text", "refusal", "call", "id", "arguments", "finish", "usage", "error", "done"]:
        """What it is. Of one event they come in this order, call by call, choice by choice, with what ends last."""
    @property
    def text(self) -> str:
        """The characters: of the function's name for "call", of the call's id for "id", of the reason for "finish", of
        an object's JSON for "usage" and "error" (or of a string's). Empty for "done" only.
        """
    @property
    def choice(self) -> int:
        """The choice it belongs to, 0 where there is only one."""
    @property
    def call(self) -> int | None:
        """The tool call it belongs to: its `index`, `output_index` or block index, or for Gemini its place in the
        candidate.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Wire:
    """Reads the body of a streamed response: server-sent events with a provider's envelopes.

    What is not known of an event is skipped. A call while another one is at work is a `RuntimeError`.
    """

    def __new__(cls, envelope: Literal["openai-chat", "openai-responses", "anthropic", "gemini"]) -> Self: ...
    def feed(self, body: bytes, /) -> list[Delta]:
        """The deltas that these bytes complete, in their order, however the body is cut.

        Raises `WireError` if an event's data is not JSON. The deltas before it are given first: the error is raised by
        this call if there are none, otherwise by the next one (`end` too), and by every later one. What comes behind
        `[DONE]` is not read.
        """
    def end(self) -> list[Delta]:
        """The body has ended. An event that no blank line has dispatched is dropped, as the standard says.

        Raises as `feed` does.
        """
    @property
    def done(self) -> bool:
        """Whether the response has said that it is over: `[DONE]`, `response.completed`, `response.incomplete`,
        `response.failed`, `response.cancelled` or `message_stop`. Gemini does not say so.
        """
    @property
    def offset(self) -> int:
        """How many bytes have come, or the offset of the first one after which an event's data cannot be JSON."""
    @property
    def events(self) -> list[bytes]:
        """The data of the events so far, JSON texts. A run of events that differ only in the characters of their one
        delta, and in their `sequence_number` and `obfuscation`, is one event with the characters joined and the first
        number. `obfuscation` (Mistral's `p`) is left out everywhere. The `index` of a tool call is the number that its
        deltas have, whatever the server said. Every look costs a copy of them all.
        """
