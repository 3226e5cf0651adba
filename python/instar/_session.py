"""Sessions: what a stream knows, and what it does between two readings. All but the loop, which is sync or async."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple

from pydantic import ValidationError
from typing_extensions import override

from instar._body import advise, advise_of_body, check, explained, is_cut
from instar._options import FinalT, ItemT
from instar._resolve import named, resolve
from instar.errors import StreamError, TruncatedError, WireError

if TYPE_CHECKING:
    from instar._core import Body, Pump
    from instar._following import Follower
    from instar._paths import Pattern
    from instar.changes import Change, Path
    from instar.errors import ElementError
    from instar.parser import Parser
    from instar.progress import Progress
    from instar.repair import Repair


class Showing(NamedTuple):
    """How an answer is shown.

    schema: its type; None where nothing is known of it.
    seconds: how many lie between two looks at it, at least; None where it is shown at every delta or read.
    """

    schema: Any = None
    seconds: float | None = None


class Session(Generic[ItemT, FinalT]):
    """The state of reading one answer.

    The loop takes items from the pump, and feeds it while it is hungry. When it is not, the session is settled: the
    source is closed, and what has come is checked. Then the loop takes what is left, and either a new attempt follows
    or the session is over.
    """

    def __init__(self, pump: Pump[ItemT, FinalT], showing: Showing) -> None:
        self._pump = pump
        self._showing = showing
        self._failure: Exception | None = None
        self._settled = False
        self._over = False
        self._interrupted = False
        self._ended = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self._state}: {self._pump.parser!r}>"

    @property
    def parser(self) -> Parser[Any]:
        """The parser that reads this stream; after an error too."""
        return self._pump.parser

    @property
    def snapshot(self) -> FinalT:
        """The answer so far: the growing object, or the list with its last element perhaps open."""
        snapshot: FinalT = self._pump.snapshot
        return snapshot

    def dump(self, *, mode: Literal["python", "json"] = "python", by_alias: bool = False) -> Any:
        """What of `snapshot` has arrived, and nothing else, as plain data: see `instar.dump`. Of dataclasses, too."""
        return self._pump.dump(mode=mode, by_alias=by_alias)

    @property
    def text(self) -> str:
        """The JSON text that has arrived. Each look costs the whole of it: see `delta`."""
        return self._pump.text

    @property
    def delta(self) -> str:
        """The text that has arrived since the item before the newest one; at the end, what came behind the last."""
        return self._pump.delta

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended of the text, in its order: see `repair`."""
        return self.parser.repairs

    @property
    def prose(self) -> str:
        """What stands beside the answer in the text, where that is mended."""
        return self.parser.prose

    @property
    def reasoning(self) -> str:
        """What the blocks of reasoning in the text say, where they are mended."""
        return self.parser.reasoning

    @property
    def errors(self) -> list[ElementError]:
        """The elements that were refused, where that does not end the stream: with `on_error="skip"`."""
        return self._pump.errors

    @property
    def progress(self) -> Progress:
        """How much of the answer's top-level fields has arrived."""
        return self.parser.progress

    @property
    def _state(self) -> str:
        """How far the reading has come, in a word: of a failure the name of the error."""
        if self._failure is not None:
            return type(self._failure).__name__
        return "ended" if self._ended else "closed" if self._over else "open"

    @property
    def _seconds(self) -> float | None:
        """How many seconds lie between two items at least, where each replaces the one before."""
        return self._showing.seconds if self._pump.is_growing else None

    def _look(self) -> FinalT:
        """Return the answer so far."""
        return self.snapshot

    def _has_news(self) -> bool:
        """Say whether something may have happened at a place that is watched, and was not told of."""
        return self._pump.has_news()

    def _drain(self, follower: Follower) -> list[Change]:
        """Return the changes that a follower has not read."""
        return follower.drain(self._pump)

    def _drain_watched(self, follower: Follower) -> list[Change]:
        """Do the same for those who watch places."""
        batch = follower.drain(self._pump)
        self._pump.watched = follower.reader
        return batch

    def _unwatch(self, follower: Follower) -> None:
        """Let go of the follower of those who watched places, unless there is another one by now."""
        if self._pump.watched is follower.reader:
            self._pump.watched = None

    def _read_path(self, path: str) -> Pattern:
        """Read a path into the dump of the answer, where the members of a set are those of a list."""
        return resolve(path, self._showing.schema, sets=True)

    def _refused(self) -> list[Path]:
        """Return the paths of what the schema has refused, where the stream goes on behind it."""
        violations = self.parser.violations
        return [named(violation.loc, self._showing.schema) for violation in violations] if violations else []

    def _settle(self) -> None:
        """Take note of how the reading has ended. The source is closed by now."""
        self._settled = True
        error = self._pump.error
        if error is None:
            self._ended = True
            try:
                self._check()
            except Exception as refusal:  # noqa: BLE001 - raised where the next item is asked for
                if self._pump.body is None:
                    advise(refusal, self.parser)
                self._refuse(refusal)
        elif self._pump.refused:
            self._refuse(error)
        else:
            self._lose(error)
        self._pump.settle()

    def _check(self) -> None:
        """Check that what has arrived is a whole answer."""
        self._pump.conclude()

    def _refuse(self, error: Exception) -> None:
        """Take note of what is wrong with the answer."""
        self._failure = error

    def _lose(self, error: Exception) -> None:
        """Take note of what went wrong with the source."""
        self._failure = error

    def _fail(self, error: Exception) -> None:
        """Take note of what is about to be raised."""
        self._failure = error
        self._over = True

    def _again(self) -> bool:
        """Say whether another source follows, which has to be opened."""
        return False

    def _finish(self) -> None:
        """Raise what is wrong with the answer, if anything is."""
        self._over = True
        if self._failure is not None:
            self._fail(self._failure)
            raise self._failure

    def _leave(self) -> None:
        """Read no more."""
        self._over = True
        self._pump.leave()

    def _interrupt(self) -> None:
        """Take note that something that is no error, a cancellation say, has ended the reading."""
        if not self.parser.complete:
            self._failure = self._cut_off("its reading was interrupted")
            self._interrupted = True
        self._leave()

    def _is_over(self) -> bool:
        """Say whether nothing more comes. Raises TruncatedError if that is because the reading was interrupted."""
        if self._interrupted and self._failure is not None:
            raise self._failure
        return self._over

    def _outcome(self, *, allow_truncated: bool = False) -> FinalT:
        """Return the validated answer, of which nothing more will come."""
        cut_off = isinstance(self._failure, TruncatedError)
        if self._failure is not None and not (cut_off and allow_truncated):
            raise self._failure
        if not (self._ended or self.parser.complete or allow_truncated):
            error = self._cut_off("this stream was closed before its end")
            raise error
        return self._pump.final(allow_truncated=allow_truncated)

    def _cut_off(self, why: str) -> TruncatedError:
        parser = self.parser
        return TruncatedError(parser.path, parser.offset, parser.line, parser.column, reason=f"because {why}")


class BodySession(Session[ItemT, FinalT]):
    """The state of reading an answer out of a response, which tells more than the answer; after an error too."""

    @property
    def _forced(self) -> bool:
        """Whether a tool has to be called, where calls are the answer."""
        return False

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the provider's words (`"stop"`, `"length"` ...), once it has."""
        return self._pump.finish_reason

    @property
    @override
    def reasoning(self) -> str:
        """What the model has thought so far, where the provider shows it, or in blocks of the text."""
        return _joined(self._pump.reasoning, "" if self._has_calls else self.parser.reasoning)

    @property
    @override
    def prose(self) -> str:
        """What the model has written beside the answer. Different texts of it are joined by a blank line."""
        return _joined(self._pump.prose, "" if self._has_calls else self.parser.prose)

    @property
    def received(self) -> int:
        """How many bytes of the body have come, uncompressed. 0 where an SDK reads them."""
        return 0 if self._body is None else self._body.decoder.offset

    @property
    def _body(self) -> Body | None:
        return self._pump.body

    @property
    def _has_calls(self) -> bool:
        """Whether calls are the answer, so that what stands around the arguments of one is said to nobody."""
        return self._body is not None and self._body.place in ("calls", "turn")

    @override
    def _check(self) -> None:
        check(self._pump, forced=self._forced)
        if is_cut(self._pump, self._pump.choice) and not self.parser.complete:
            # The end of the text closes a number, but here it may have been on its way to a longer one.
            error = self._cut_off("the response was cut off")
            raise error
        try:
            super()._check()
        except (StreamError, ValidationError):
            if not self._pump.instead():
                raise
            self._check()

    @override
    def _lose(self, error: Exception) -> None:
        if isinstance(error, WireError) and self._body is not None:
            advise_of_body(error, self._body)
        super()._lose(error)

    @override
    def _refuse(self, error: Exception) -> None:
        if isinstance(error, TruncatedError):
            error = explained(error, self.finish_reason)
        super()._refuse(error)
        if isinstance(error, StreamError):
            error.received = self.received
        elif self.received and hasattr(error, "add_note"):  # from Python 3.11 on
            error.add_note(f"{self.received} bytes of the response had come")


def _joined(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
