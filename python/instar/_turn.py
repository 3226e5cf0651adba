"""Turns: one answer of a model, prose and calls in the order in which they come."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import override

from instar._body import check, is_cut
from instar._calls import Call, answer, failed, unknown, waited
from instar._core import Pump
from instar._session import BodySession
from instar._streams import AsyncBodyStream, BodyStream
from instar._tools import Tool
from instar.errors import StreamError, TruncatedError
from instar.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar._core import Body
    from instar._dialects import Dialect
    from instar._options import ParserOptions
    from instar._projection import Projection
    from instar._source import AsyncSource, Source
    from instar._tools import Tools


class _Beside:
    """What stands beside the calls: a delta of it, and all of it so far, joined when somebody asks."""

    __slots__ = ("_count", "_pieces", "delta")
    __match_args__ = ("delta", "text")

    def __init__(self, delta: str, text: str | None = None) -> None:
        self.delta = delta
        self._pieces = [delta if text is None else text]
        self._count = 1

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(self._pieces[: self._count])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return (self.delta, self.text) == (other.delta, other.text)

    def __hash__(self) -> int:
        return hash((type(self), self.delta, self._count))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(delta={self.delta!r}, text={self.text!r})"

    def _follow(self, pieces: list[str]) -> None:
        """Make this the newest of these pieces."""
        pieces.append(self.delta)
        self._pieces, self._count = pieces, len(pieces)


class Prose(_Beside):
    """Something that the model says to the user.

    Attributes:
        delta: what came last of it.
        text: all of it so far.

    """

    __slots__ = ()


class Reasoning(_Beside):
    """Something that the model thinks, where the provider shows it.

    Attributes:
        delta: what came last of it.
        text: all of it so far.

    """

    __slots__ = ()


Part: TypeAlias = Prose | Reasoning | Call


class Parts:
    """Makes the parts of one turn, for the pump."""

    def __init__(self, tools: Tools, options: ParserOptions, dialect: Dialect) -> None:
        self._tools = tools
        self._options = options
        self._dialect = dialect
        self.restart()

    def __call__(self, index: int, id: str | None, name: str) -> Call:  # noqa: A002 - as on the wire
        """Return a call of this tool, or of none that is known."""
        tool = self._tools.get(name)
        known = tool or Tool(name)
        call = Call(index, id, known, Parser(known.schema, **self._options), self._dialect)
        if tool is None:
            call.error = unknown(name, self._tools)
        return call

    def beside(self, kind: str, delta: str) -> Prose | Reasoning:
        """Return what has come of the prose or the reasoning."""
        part = Prose(delta) if kind == "prose" else Reasoning(delta)
        part._follow(self._pieces[kind])  # noqa: SLF001 - made here
        return part

    def restart(self) -> None:
        """Forget what has come: another attempt begins."""
        self._pieces: dict[str, list[str]] = {"prose": [], "reasoning": []}


def parts_of(tools: Tools, options: ParserOptions, dialect: Dialect) -> Projection:
    """Return the projection of all that a turn consists of."""

    def none() -> Parser[Any]:
        return Parser(None, **options)

    def pump(body: Body | None, choice: int, passed: list[Any] | None) -> Pump[Any, Any]:  # noqa: ARG001
        return Pump.calls(none, Parts(tools, options, dialect), "parts", body=body, choice=choice)

    return pump


class TurnSession(BodySession[Part, list[Call]]):
    """The state of reading a turn."""

    _dialect: Dialect

    @override
    def __repr__(self) -> str:
        names = ", ".join(call.name for call in self.calls)
        return f"<{type(self).__name__}, {self._state}: {len(self.prose)} characters of prose, calls [{names}]>"

    @property
    def calls(self) -> list[Call]:
        """The calls so far, in the order of the wire."""
        return self._pump.made

    @property
    @override
    def snapshot(self) -> Any:
        """The growing arguments of all calls so far."""
        return self._pump.snapshot

    @property
    def messages(self) -> list[Any]:
        """What the model has said, as the messages or items that the next request repeats.

        Raises:
            RuntimeError: the turn is not over.

        """
        self._check_over()
        body = self._body
        events = [] if body is None else body.decoder.events
        return self._dialect.messages(events, self._pump.choice, self.prose, self.calls)

    @override
    def _check(self) -> None:
        check(self._pump, forced=self._forced)
        if self.finish_reason is None and is_cut(self._pump, self._pump.choice):
            raise TruncatedError(())
        self._pump.conclude()

    @override
    def _settle(self) -> None:
        super()._settle()
        error = self._failure
        if error is None and is_cut(self._pump, self._pump.choice):
            error = TruncatedError((), reason=f"because the response was cut off ({self.finish_reason})")
        if error is not None:
            for call in self.calls:
                call._void(error if isinstance(error, StreamError) else _broken(error))  # noqa: SLF001

    @override
    def _outcome(self, *, allow_truncated: bool = False) -> list[Call]:
        if self._failure is not None:
            raise self._failure
        if not self._ended:
            error = self._cut_off("this turn was closed before its end")
            raise error
        return self.calls

    def _check_over(self) -> None:
        if self._failure is not None:
            raise self._failure
        if not self._ended:
            message = "the turn is not over: read it to its end, by a loop or by turn.final()"
            raise RuntimeError(message)


class Turn(TurnSession, BodyStream[Part, list[Call]]):
    """One answer of a model. Iterate over its parts, in the order in which they come.

    A part is a `Prose` or `Reasoning` with the `delta` that has come, or a `Call`: one object for each call, handed out
    when its name is whole, then each time that it has grown, and once when it has closed. `final()` reads what is left,
    and returns the calls.

    Raises, at the end, `instar.RefusalError` where the model refuses; and `instar.TruncatedError` where the response
    breaks off. A call that is refused raises nothing: it has its `error`.
    """

    def __init__(self, source: Source | None, pump: Pump[Part, list[Call]], dialect: Dialect) -> None:
        super().__init__(source, pump)
        self._dialect = dialect

    def results(self, fn: Callable[[Call], Any] | None = None) -> list[Any]:
        """Return the messages that answer every call, in their order, for the next request.

        A call that is refused is answered by what is wrong with it, and so is one whose function raises.

        Args:
            fn: called with each call; without it the tools that are functions run.

        Raises:
            RuntimeError: the turn is not over.
            TypeError: there is no function for a call, or it is async.

        """
        self._check_over()
        return results(self.calls, fn)


class AsyncTurn(TurnSession, AsyncBodyStream[Part, list[Call]]):
    """The async counterpart of `Turn`."""

    def __init__(self, source: AsyncSource | None, pump: Pump[Part, list[Call]], dialect: Dialect) -> None:
        super().__init__(source, pump)
        self._dialect = dialect

    async def results(self, fn: Callable[[Call], Any] | None = None) -> list[Any]:
        """Return the messages that answer every call, in their order, for the next request.

        A call that is refused is answered by what is wrong with it, and so is one whose function raises.

        Args:
            fn: called with each call; without it the tools that are functions run. It may be async.

        Raises:
            RuntimeError: the turn is not over.
            TypeError: there is no function for a call.

        """
        self._check_over()
        return await async_results(self.calls, fn)


def results(calls: list[Call], fn: Callable[[Call], Any] | None) -> list[dict[str, Any]]:
    """Answer calls by a function, or by themselves."""
    return [call.result(waited(call, answer(call, fn))) for call in calls]


async def async_results(calls: list[Call], fn: Callable[[Call], Any] | None) -> list[dict[str, Any]]:
    """Answer calls by a function that may be async: the async counterpart of `results`."""
    answers = []
    for call in calls:
        value = answer(call, fn)
        if inspect.isawaitable(value):
            try:
                value = await value
            except Exception as error:  # noqa: BLE001 - the model is told, and may do better
                value = failed(call, error)
        answers.append(call.result(value))
    return answers


def _broken(error: Exception) -> TruncatedError:
    """Return the error of a call in a response that has ended by another error."""
    broken = TruncatedError((), reason=f"because the response ended with an error: {error}")
    broken.__cause__ = error
    return broken
