"""What a response says, by its deltas: the answers of its choices, and what has not been read of them yet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from instar._core import Delta
from instar.errors import RefusalError, StreamError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar._core import Wire
    from instar.chunks import ChunkWire

    Decoder: TypeAlias = Wire | ChunkWire


Part: TypeAlias = Literal["text", "call", "calls", "either"]
"""Where the answer stands: in the text, in the first call's arguments, in all calls, in what comes first."""

Emit: TypeAlias = Literal["delta", "read"]
"""What is handed on at once: a delta, or all deltas of one read of the body, joined."""

_WHY = {
    "length": "the token limit was reached (finish_reason='length': raise max_tokens or ask for less)",
    "max_output_tokens": "the token limit was reached (raise max_output_tokens or ask for less)",
    "max_tokens": "the token limit was reached (raise max_tokens or ask for less)",
    "content_filter": "the provider's content filter cut the answer (finish_reason='content_filter')",
    None: "the response broke off (it has no finish_reason)",
}


BEGINNING = 80
"""How many bytes of a body are kept, to show what came in place of an answer."""


class Answer:
    """What one choice of a response has said so far.

    Attributes:
        unread: what of the answer nobody has read yet: texts, or whole deltas where the answer is in many calls.
        begun: whether it has said anything.

    """

    def __init__(self, part: Part) -> None:
        self.unread: deque[Any] = deque()
        self.begun = False
        self.finish_reason: str | None = None
        self.refusal = ""
        self._part = part
        self._call: int | None = None
        self._prose = False
        self._reasoning: list[str] = []

    @property
    def reasoning(self) -> str:
        """What the model has thought so far, where the provider shows it."""
        return "".join(self._reasoning)

    def take(self, delta: Delta) -> None:
        """Take in the next delta of this choice."""
        self.begun = True
        kind = delta.kind
        if kind == "text":
            self._take_text(delta.text)
        elif kind in ("call", "arguments"):
            self._take_call(delta)
        elif kind == "refusal":
            self.refusal += delta.text
        elif kind == "reasoning":
            self._reasoning.append(delta.text)
        elif kind == "finish":
            self.finish_reason = delta.text

    def join(self) -> None:
        """Make one of the neighbours among the unread that go on with the same text."""
        if len(self.unread) > 1:
            joined = list(_joined(self.unread)) if self._part == "calls" else ["".join(self.unread)]
            self.unread.clear()
            self.unread.extend(joined)

    def check(self) -> None:
        """Check, at the end, that there was an answer at all.

        Raises:
            RefusalError: the model refused; the error carries its words.
            StreamError: there was no call of a function.

        """
        if self.refusal:
            raise RefusalError(self.refusal)
        if self._part in ("call", "calls") and self._call is None and self._prose:
            message = "the model answered in prose instead of calling the function: try another instar.Mode"
            raise StreamError(message)

    def explain(self, error: TruncatedError) -> TruncatedError:
        """Return the error with the reason for which the text ended early."""
        why = _WHY.get(self.finish_reason, f"the model stopped there (finish_reason={self.finish_reason!r})")
        return TruncatedError(error.path, error.offset, error.line, error.column, reason=f"because {why}")

    def _take_text(self, text: str) -> None:
        if self._part == "either" and not text.isspace():
            self._part = "text"
        if self._part == "text":
            self.unread.append(text)
        else:
            self._prose = True

    def _take_call(self, delta: Delta) -> None:
        if self._part == "either":
            self._part = "call"
        if self._call is None:
            self._call = delta.call
        if self._part == "calls":
            self.unread.append(delta)
        elif self._part == "call" and delta.kind == "arguments" and delta.call == self._call:
            self.unread.append(delta.text)


class Body:
    """The body of one response, read piece by piece.

    `complain` makes an exception of the JSON text of an error that the server sent inside of the stream.

    Attributes:
        usage: the JSON text of the token counts, once the server has told them.
        failure: what ends the reading, after what has not been read yet.
        over: the last event has come, or the body has ended.

    """

    def __init__(self, decoder: Decoder, part: Part, emit: Emit, complain: Callable[[str], Exception]) -> None:
        if emit not in ("delta", "read"):
            message = f"emit is 'delta' or 'read', not {emit!r}"
            raise ValueError(message)
        self.decoder = decoder
        self.usage: str | None = None
        self.failure: Exception | None = None
        self.over = False
        self._part = part
        self._emit = emit
        self._complain = complain
        self._answers: dict[int, Answer] = {}
        self._beginning = b""

    def answer(self, choice: int = 0) -> Answer:
        """Return what a choice says."""
        found = self._answers.get(choice)
        if found is None:
            found = self._answers[choice] = Answer(self._part)
        return found

    def unread(self, choice: int) -> deque[Any]:
        """Return what of a choice nobody has read yet, for its reader to take from the left."""
        answer = self.answer(choice)
        if self._emit == "read":
            answer.join()
        return answer.unread

    def silence(self) -> StreamError:
        """Return the error for an answer of which nothing has come."""
        message = "the response has no answer in it"
        if self._beginning and not any(answer.begun for answer in self._answers.values()):
            is_stream = "begins" if self.decoder.events else "is no event stream and begins"
            message += f": its body {is_stream} with {self._beginning.decode(errors='replace')!r}"
        return StreamError(message)

    def is_read(self) -> bool:
        """Say whether nothing more comes. Raises what has ended the reading."""
        if self.failure is not None:
            raise self.failure
        return self.over

    def feed(self, piece: Any) -> None:
        """Take in the next piece of the body."""
        if len(self._beginning) < BEGINNING and isinstance(piece, bytes):
            self._beginning += piece[: BEGINNING - len(self._beginning)]
        for delta in self.decoder.feed(piece):
            self._take(delta)

    def end(self) -> None:
        """Declare the body ended."""
        for delta in self.decoder.end():
            self._take(delta)
        self.over = True

    def _take(self, delta: Delta) -> None:
        kind = delta.kind
        if kind == "usage":
            self.usage = delta.text
        elif kind == "done":
            self.over = True
        elif kind == "error":
            self.failure = self._complain(delta.text)
        else:
            self.answer(delta.choice).take(delta)


def _joined(deltas: deque[Delta]) -> Iterator[Delta]:
    """Join neighbours that go on with the same text."""
    run: list[Delta] = []
    for delta in deltas:
        if run and (delta.kind, delta.call) != (run[0].kind, run[0].call):
            yield _one(run)
            run = []
        run.append(delta)
    if run:
        yield _one(run)


def _one(run: list[Delta]) -> Delta:
    first = run[0]
    text = "".join(delta.text for delta in run)
    return Delta(first.kind, text, choice=first.choice, call=first.call)
