"""The compiled extension: a schema's plan, the parser that follows it, the decoder of responses, and the pump."""

from collections.abc import Callable, Iterator
from types import GenericAlias
from typing import Any, Final, Generic, Literal, TypeVar, final, overload

from pydantic_core import CoreSchema
from typing_extensions import Self, disjoint_base

from instar._protocols import DeltaKind, Framing, Protocol
from instar.changes import Change, Path
from instar.errors import ElementError, Violation
from instar.parser import Limits
from instar.progress import Progress
from instar.repair import Repair, Repairs

__all__ = [
    "Body",
    "Changes",
    "Delta",
    "Events",
    "JsonText",
    "Parser",
    "Pieces",
    "Pull",
    "Pump",
    "Schema",
    "Wire",
    "__version__",
    "dump",
]
__version__: Final[str]

_T = TypeVar("_T")
_ItemT = TypeVar("_ItemT")
_FinalT = TypeVar("_FinalT")

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
        validator: Any,
        *,
        strict: bool | None = None,
        empty: bool = False,
    ) -> Self: ...
    def explain(self) -> list[tuple[str, str, str, list[tuple[str, str]], str]]:
        """How each part of the schema is read: see `instar.Row`."""

@final
class Parser(Generic[_T]):
    """Turns the deltas of one JSON text into a growing object.

    `schema` is anything `pydantic.TypeAdapter` takes, or None for plain Python values. With `live` there is one
    object, grown in place; otherwise every snapshot keeps what it shows. `context` and `strict` are those of
    `model_validate_json`. With `on_violation="defer"` what the schema refuses is withheld, and listed in `violations`;
    the text is read to its end, and `finish` raises.

    `repair` says what is mended that is not JSON: "none", "around" (prose, fences, reasoning, a byte order mark),
    "all", a kind, or a set of kinds. What was mended is listed in `repairs`.

    With `empty` a required field that can only be a list, dict, set, frozenset, deque or `tuple[X, ...]` shows that,
    empty, before it arrives, and not None.

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
        repair: Repairs | None = None,
        empty: bool = False,
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
        repair: Repairs | None = None,
        empty: bool = False,
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
    def finish(self, *, allow_truncated: bool = False) -> _T:
        """Declare the text ended and give what `model_validate_json` makes of it: a value that shares nothing with
        the snapshots.

        With `allow_truncated` a value that is cut off is completed: an open string is kept as far as it came,
        containers are closed, and a number, a word or a key that is open is left out.

        Raises `TruncatedError`, or the `pydantic.ValidationError` of `model_validate_json`.
        """
    def drain(self) -> list[Any]:
        """The elements that have settled since the last drain: for schemas `list[X]` and `dict[str, list[X]]`."""
    def dump(self, *, mode: Literal["python", "json"] = "python", by_alias: bool = False) -> Any:
        """What has arrived, and nothing else, as plain data: see `instar.dump`. Of dataclasses, too."""
    def changes(self, *, mode: Literal["python", "json"] = "json", by_alias: bool = False) -> Changes:
        """A reader of the changes in which `dump` grows. One that is made in mid-text begins with a `replace` of all
        that is there.
        """
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
    def mended_text(self) -> str:
        """The JSON that is read of the text: the value alone, mended."""
    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended, in the order of the text."""
    @property
    def prose(self) -> str:
        """What stands around the value in the text, and is no reasoning."""
    @property
    def reasoning(self) -> str:
        """What the blocks of reasoning in the text say."""
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
class Changes:
    """A reader of the changes of one parser's value, with a place of its own in them: from the first one on, where
    `Parser.changes` begins with what is there.
    """

    def __new__(
        cls, parser: Parser[Any], *, mode: Literal["python", "json"] = "json", by_alias: bool = False
    ) -> Self: ...
    def narrow(self, patterns: list[list[str | None]], /) -> None:
        """Leave out what is not at one of these places, in one, or on the way to one: before the first drain. A step is
        a name, or None for any.
        """
    def has_news(self) -> bool:
        """Whether there may be something to drain: where the changes are narrowed, nothing is built to tell."""
    def drain(self) -> list[Change]:
        """The changes since the last drain."""
    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of this text where the changes are wanted."""
    @property
    def open_text(self) -> Path | None:
        """The path of the open text, if one was open at the last drain."""

@final
class JsonText:
    """A reader of the JSON text that a parser reads, mended where that is asked for."""

    def __new__(cls, parser: Parser[Any]) -> Self: ...
    def read(self) -> str | None:
        """The characters that have come since the last time. None if the text that it has read of was given up."""

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
    ONE_TEXT: Final[tuple[Protocol, ...]]
    FRAMINGS: Final[tuple[Framing, ...]]

    def __new__(cls, protocol: Protocol | None, framing: Framing | None = None, *, lane: str | None = None) -> Self: ...
    @staticmethod
    def recognise(event: bytes, /) -> Protocol | None:
        """The protocol that an event, a JSON text, belongs to; None if it is one of none."""
    @staticmethod
    def says_error(event: bytes, /) -> bool:
        """Whether an event of any protocol, a JSON text, is an error that a server sends in place of an answer."""
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
    def protocol(self) -> Protocol | None:
        """The protocol that the events are read by; None until the first of them has told it."""
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

@final
class Events:
    """The events of a body whose protocol is the caller's own: server-sent ones, or JSON texts one behind the other."""

    def __new__(cls) -> Self: ...
    def feed(self, body: bytes, /) -> list[bytes]:
        """The data of the events that these bytes complete. What comes behind `[DONE]` is not read."""
    def end(self) -> list[bytes]:
        """The body has ended: the data of the event that this completes, if one is."""
    @property
    def offset(self) -> int:
        """How many bytes have come."""
    @property
    def done(self) -> bool:
        """Whether `[DONE]` has come."""

@final
class Body:
    """The body of one response, as far as it has come.

    `decoder` is a `Wire`, or whatever has its `feed` and `end`. `complain` makes an exception of the JSON text of an
    error that the server sent. What goes wrong is kept, and raised by each reader after what it has not taken yet.
    """

    def __new__(
        cls,
        decoder: Any,
        place: Literal["auto", "text", "call", "calls", "turn"],
        complain: Callable[[str], Exception],
        *,
        emit: Literal["delta", "read"] = "delta",
        elsewhere: bool = False,
        several: bool = False,
        foreign: list[str] = ...,
    ) -> Self: ...
    def close(self) -> None:
        """The source has been closed: nothing more comes."""
    @property
    def place(self) -> Literal["auto", "text", "call", "calls", "turn"]:
        """Where the answer is looked for."""
    @property
    def decoder(self) -> Any:
        """What reads the bytes."""
    @property
    def usage(self) -> str | None:
        """The JSON text of the token counts, once the server has told them."""
    @property
    def begun(self) -> bool:
        """Whether something has come of any choice."""
    @property
    def done(self) -> bool:
        """Whether the response has said that it is over."""
    @property
    def has_lines(self) -> bool:
        """Whether there was a line end in the body."""
    @property
    def beginning(self) -> bytes:
        """The first bytes of the body."""

@final
class Pump(Generic[_ItemT, _FinalT]):
    """What stands between a source and those who look: an iterator over the items that can be had without reading on.

    It ends when it is hungry (`feed` it, or say that the source has come to its `end`, or to `fail`), when the answer
    is whole, and when it is refused: `error` then says why, and after `settle` it hands out what is left. It also ends
    when it is `full`: hand the event loop back, and `begin_step`.
    """

    @staticmethod
    def partials(
        make: Callable[[], Parser[Any]],
        *,
        body: Body | None = None,
        choice: int = 0,
        look: Callable[[Any], Any] | None = None,
        textual: bool = False,
    ) -> Pump[Any, Any]:
        """The growing object, once more after every delta that changed it.

        `make` makes a parser, and another one for another attempt. `look` says what is shown of the parser's value.
        `textual`: the value is a text, which may come as it is, and not as JSON.
        """
    @staticmethod
    def elements(
        make: Callable[[], Parser[Any]],
        wrapped: Callable[[], Parser[Any]],
        *,
        body: Body | None = None,
        choice: int = 0,
        passed: list[Any] | None = None,
        element: Callable[[], Parser[Any]] | None = None,
    ) -> Pump[Any, Any]:
        """The members of a list, each once, as it closes.

        `make` makes the parser of a bare list, `wrapped` that of an object of lists. What has `passed` in an earlier
        attempt is not handed out again. With `element`, which makes the parser of one, an element that is refused does
        not end the stream: it is among the `errors`.
        """
    @staticmethod
    def calls(
        make: Callable[[], Parser[Any]],
        begin: Callable[[int, str | None, str], Any],
        view: Literal["parts", "finals", "first"],
        *,
        body: Body | None = None,
        choice: int = 0,
        passed: list[Any] | None = None,
        skip: bool = False,
    ) -> Pump[Any, Any]:
        """The calls of functions. `begin(index, id, name)` makes the object of each, `make` the parser of none.

        With `skip` a call that is refused does not end the stream: it is among the `errors`.
        """
    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __iter__(self) -> Iterator[_ItemT]: ...
    def __next__(self) -> _ItemT: ...
    def feed(self, piece: Any, /) -> None:
        """Take in the next piece of the source."""
    def read_on(self) -> bool | None:
        """Read the next delta, and make no item of it: for those who look at something else. None where there is none,
        and where the pump is `full`; else whether there would have been an item.
        """
    def begin_step(self) -> None:
        """Another step of the event loop begins."""
    def end(self) -> None:
        """The source has come to its end."""
    def fail(self, error: Exception, /) -> None:
        """The source has failed."""
    def leave(self) -> None:
        """Hand out no more, and be hungry no more."""
    def settle(self) -> None:
        """Go on to hand out what is left: whatever had to be done about the error has been done."""
    def conclude(self) -> None:
        """Check that what has come is a whole answer. The end may show something that was not shown before."""
    def instead(self) -> bool:
        """Read the answer in the next place where it may stand, all of it: where it should, there is prose without
        JSON. False if there is no such place.
        """
    def final(self, *, allow_truncated: bool = False) -> _FinalT:
        """The validated answer, made once. With `allow_truncated` a value that is cut off is completed."""
    def dump(self, *, mode: Literal["python", "json"] = "python", by_alias: bool = False) -> Any:
        """What of the snapshot has arrived, as plain data: see `instar.dump`."""
    def found(self) -> dict[str, Any]:
        """What has come of the choice, wherever it stands: "answer" (or None), "prose", "calls" and "reasoning"."""
    @property
    def hungry(self) -> bool:
        """Whether there is nothing to take before more has been read."""
    @property
    def full(self) -> bool:
        """Whether this step of the event loop has taken in enough."""
    @property
    def reading(self) -> bool:
        """Whether somebody waits for the source."""
    @property
    def abandoned(self) -> bool:
        """Whether there would be more to read, had the source not been closed for other reasons."""
    @property
    def error(self) -> Exception | None:
        """What has ended the reading before its time."""
    @property
    def refused(self) -> bool:
        """Whether it is the answer that is wrong, and not its source."""
    @property
    def answer(self) -> tuple[Parser[Any], Literal["whole", "member", "lists"]]:
        """The parser of the answer, and how the answer lies in its value: it is the "whole" of it, its one "member", or
        what its "lists" hold. Before a call has begun that is the answer, it is a parser to which nothing comes.

        Raises `TypeError` where the calls of a turn are the answer: each has a parser of its own.
        """
    def has_news(self) -> bool:
        """Whether something may have happened at a place that somebody watches, and was not told of."""
    watched: Changes | None
    """What reads for those who watch places of the answer. When it may have news, `Pull` calls the stream's `_tell`."""
    @property
    def is_growing(self) -> bool:
        """Whether each item is the answer so far, in the place of the one before."""
    @property
    def choice(self) -> int:
        """The choice that it reads."""
    @property
    def body(self) -> Body | None:
        """The body that it reads, if it reads one."""
    @property
    def parser(self) -> Parser[Any]:
        """The parser that reads the answer."""
    @property
    def snapshot(self) -> Any:
        """The answer so far."""
    @property
    def text(self) -> str:
        """The text of the answer so far. Of calls each is on a line of its own: the name and the arguments."""
    @property
    def delta(self) -> str:
        """The text that has come since the item before the newest one was taken."""
    @property
    def made(self) -> list[Any]:
        """The calls so far, as `begin` has made them."""
    @property
    def passed(self) -> list[Any]:
        """The elements that this attempt and those before it have handed out."""
    @property
    def errors(self) -> list[ElementError]:
        """The elements or calls that were refused, in a stream that goes on behind them."""
    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the provider's words, once it has."""
    @property
    def reasoning(self) -> str:
        """What the model has thought so far."""
    @property
    def prose(self) -> str:
        """What stands beside the answer."""
    @property
    def refusal(self) -> str:
        """In which words the model has refused to answer."""
    @property
    def begun(self) -> bool:
        """Whether the choice that it reads has begun."""

@final
class Pieces:
    """The pieces of the text that is open for the reader of those who watch places: what each delta brings. It ends
    where one brings anything else, or none is left.

    `kept` has the pieces so far, all of which have been handed out, and takes in the others; `others` are lists of
    those who keep them, too. It also ends as soon as there is something in one of the lists of what is `called` for
    each piece.
    """

    @staticmethod
    def of(
        stream: Any, reader: Changes, kept: list[str], others: list[list[str]], called: list[list[Any]]
    ) -> Pieces | None:
        """None where no text is open that is read as it comes."""
    def __iter__(self) -> Iterator[str]: ...
    def __next__(self) -> str: ...

@disjoint_base
class Pull(Generic[_ItemT]):
    """The items of a stream.

    Where `silent`, it makes no items: it gives a bool for each delta that was read, whether there would have been one;
    `to_news`, only for those by which something may have happened at a place that is watched.

    Of the stream it takes `_pump` and `_source`, with its `pieces`. Unless `silent`, `_tell()` is called after each
    piece by which something may have happened at such a place. Where there is no source, or nothing to take and nothing
    to read, `_advance()` does what is next: True if there may be more.
    """

    def __new__(cls, stream: Any, *, silent: bool = False, to_news: bool = False) -> Self: ...
    @property
    def stream(self) -> Any:
        """The stream."""
    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __iter__(self) -> Iterator[_ItemT]: ...
    def __next__(self) -> _ItemT: ...
