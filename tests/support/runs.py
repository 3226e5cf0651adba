"""What can be seen of a parser, written down so that two runs can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from instar import Parser, StreamError
from oracle import deep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class State(NamedTuple):
    """Everything readable on a parser."""

    snapshot: Any
    text: str
    offset: int
    line: int
    column: int
    complete: bool
    path: tuple[str | int, ...]
    completion: int
    data: Any
    settled: tuple[str, ...]
    dump: Any


class Failure(NamedTuple):
    """Everything readable on an error; `lines` are a ValidationError's."""

    kind: str
    message: str
    offset: int | None = None
    line: int | None = None
    column: int | None = None
    path: tuple[str | int, ...] | None = None
    lines: tuple[tuple[Any, ...], ...] = ()


@dataclass
class Run:
    """One text fed to one parser: the state after each delta by offset, and how it ended."""

    parser: Parser[Any]
    states: dict[int, State] = field(default_factory=dict)
    failure: Failure | None = None
    final: Any = None
    after: State | None = None
    """The state after the failure."""

    @property
    def outcome(self) -> Any:
        """The failure, or the final value."""
        return self.failure or ("final", self.final)


def state_of(parser: Parser[Any]) -> State:
    """Read all of a parser's state."""
    progress = parser.progress
    return State(
        deep(parser.snapshot),
        parser.text,
        parser.offset,
        parser.line,
        parser.column,
        parser.complete,
        parser.path,
        progress.completion,
        deep(progress.data),
        progress.settled,
        deep(parser.dump()),
    )


def lines_of(error: ValidationError) -> tuple[tuple[Any, ...], ...]:
    """Return what a ValidationError says, line by line: type, loc, message, input, context."""
    return tuple(
        (e["type"], e["loc"], e["msg"], deep(e["input"]), repr(e.get("ctx"))) for e in error.errors(include_url=False)
    )


def failure_of(error: StreamError | ValidationError) -> Failure:
    """Write an error down."""
    if isinstance(error, ValidationError):
        return Failure("ValidationError", error.title, lines=lines_of(error))
    path = getattr(error, "path", None)
    return Failure(type(error).__name__, str(error), error.offset, error.line, error.column, path)


def follow(schema: Any, deltas: Sequence[bytes | str], **options: Any) -> Run:
    """Feed the deltas, writing down every state, and finish.

    Also asserts what holds in every run: `feed` tells the truth about change, an empty delta changes nothing, and an
    error takes nothing away.
    """
    run = Run(Parser(schema, **options))
    last = run.states[0] = state_of(run.parser)
    fed, begun = 0, b""
    try:
        for delta in deltas:
            changed = run.parser.feed(delta)
            fed += len(delta.encode() if isinstance(delta, str) else delta)
            state = state_of(run.parser)
            assert state.offset == fed
            if changed != (looks(state) != looks(last)):
                # A null at the root has arrived, though it looks like nothing at all.
                assert changed, (delta, last, state)
                assert run.parser.snapshot is None or looked_new(schema, begun, delta, options), (delta, last, state)
            begun += delta.encode() if isinstance(delta, str) else delta
            last = run.states.setdefault(fed, state)
            assert last == state
        run.final = deep(run.parser.finish())
    except (StreamError, ValidationError) as error:
        run.failure = failure_of(error)
        run.after = state_of(run.parser)
        before = run.states.get(run.parser.offset)
        assert unharmed(run.after, before) or unharmed(run.after, spaced(schema, deltas, run.parser.offset))
    return run


def looks(state: State) -> tuple[Any, Any]:
    """Return what can be seen: the snapshot, and what `dump` says has arrived of it."""
    return state.snapshot, state.dump


def looked_new(schema: Any, begun: bytes, delta: bytes | str, options: dict[str, Any]) -> bool:
    """Tell whether some part of a delta made the value look new, though the whole of it does not: text came, and a
    validator took it off.
    """
    parser = Parser(schema, **options)
    parser.feed(begun)
    last = state_of(parser)
    for piece in singly(delta.encode() if isinstance(delta, str) else delta):
        parser.feed(piece)
        if looks(state_of(parser)) != looks(last):
            return True
    return False


def unharmed(after: State, before: State | None) -> bool:
    """Tell whether an error left everything as it was before the hopeless byte, which is now the last of the text."""
    if before is None:
        return True
    found = after._replace(text=before.text, complete=before.complete, completion=before.completion, path=before.path)
    return found == before and after.text.startswith(before.text)


def spaced(schema: Any, deltas: Sequence[bytes | str], offset: int) -> State | None:
    """Return the state at an offset of the text, but with the number that the next byte closes closed already."""
    text = b"".join(delta.encode() if isinstance(delta, str) else delta for delta in deltas)[:offset]
    parser = Parser(schema)
    assert refusal(parser, text) is None
    state = state_of(parser)
    if refusal(parser, b" "):
        return state
    return state_of(parser)._replace(offset=state.offset, line=state.line, column=state.column, text=state.text)


def readable(text: bytes) -> str:
    """Return the characters of a text up to the first that is not whole."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        return text[: error.start].decode()


def pydantic_error(tp: Any, text: bytes, *, strict: bool | None = None) -> ValidationError | None:
    """Return Pydantic's error for a whole text, or None where it accepts."""
    try:
        TypeAdapter(tp).validate_json(text, strict=strict)
    except ValidationError as error:
        return error
    return None


def is_told(line: tuple[Any, ...], theirs: Iterable[tuple[Any, ...]]) -> bool:
    """Tell whether Pydantic's lines have that of an early error, or leave it out with all of a container too long."""
    loc = line[1]
    return any(
        same_but_for_the_end_of_the_key(line, other) or (other[0] == "too_long" and loc[: len(other[1])] == other[1])
        for other in theirs
    )


def holds(lines: Iterable[tuple[Any, ...]], theirs: Iterable[tuple[Any, ...]], *, has_tags: bool = False) -> bool:
    """Tell whether all lines of an early error are Pydantic's. While a tag has yet to come there may be none that holds
    whatever it is: then one of them has to.
    """
    told = [is_told(line, theirs) for line in lines]
    return all(told) or (has_tags and any(told))


def same_but_for_the_end_of_the_key(line: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Compare type and loc of two lines; a key that is refused itself may have been before it had come in full."""
    (kind, loc, *_), (other_kind, other_loc, *_) = line, other
    if kind != other_kind or len(loc) != len(other_loc):
        return False
    of_a_key = -2 if loc[-1:] == ("[key]",) else -1 if kind in FORBIDDEN_KEYS else None
    if of_a_key is None:
        return bool(loc == other_loc)
    return all(
        str(theirs).startswith(str(ours)) if i == len(loc) + of_a_key else ours == theirs
        for i, (ours, theirs) in enumerate(zip(loc, other_loc, strict=True))
    )


FORBIDDEN_KEYS = {"extra_forbidden", "unexpected_keyword_argument"}


def refusal(parser: Parser[Any], *deltas: bytes | str) -> StreamError | ValidationError | None:
    """Feed the deltas; return the error that stopped them."""
    try:
        for delta in deltas:
            parser.feed(delta)
    except (StreamError, ValidationError) as error:
        return error
    return None


def singly(text: bytes) -> list[bytes]:
    """Cut a text into its bytes."""
    return [text[i : i + 1] for i in range(len(text))]


def same(one: Run, other: Run) -> None:
    """Assert that two runs over one text had the same states wherever both were looked at, and the same end."""
    shared = one.states.keys() & other.states.keys()
    assert len(shared) > 1 or len(one.states) == 1 or one.failure, "nothing to compare"
    for offset in sorted(shared):
        assert one.states[offset] == other.states[offset], f"at byte {offset}"
    assert one.outcome == other.outcome
    assert one.after == other.after
