"""Calls of tools: each is parsed by the schema that its name selects, and answered."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import ValidationError
from pydantic_core import to_json

from instar._body import violations
from instar._core import Pump
from instar._tools import Tool
from instar.errors import StreamError, TruncatedError
from instar.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar._core import Body
    from instar._dialects import Dialect
    from instar._options import OnError, ParserOptions
    from instar._projection import Projection
    from instar._tools import Tools

log = logging.getLogger("instar")

View: TypeAlias = Literal["finals", "first"]
"""What is handed out of the calls: the validated arguments of each, or the growing ones of the first."""


class Call:
    """One call of a tool.

    Attributes:
        index: its place among the calls of the turn, from 0.
        id: the provider's id of it, by which it is answered.
        name: the name of the tool.
        complete: whether its arguments are whole, or refused: nothing more comes of it.
        error: what is wrong with it, if anything: a `pydantic.ValidationError`, or a StreamError where there is no such
            tool, the arguments are no JSON, or the response was cut off.
        parser: the parser of its arguments.

    """

    def __init__(self, index: int, id: str | None, tool: Tool, parser: Parser[Any], dialect: Dialect | None) -> None:  # noqa: A002 - as on the wire
        self.index = index
        self.id = id or f"call_{index}"
        self.name = tool.name
        self.complete = False
        self.error: Exception | None = None
        self.parser = parser
        self.textual = tool.schema is str
        self.is_custom = tool.is_custom
        self._function = tool.function
        self._dialect = dialect
        self._text: str | None = None
        self._final: tuple[Any] | None = None

    def __repr__(self) -> str:
        state = "refused" if self.error else "complete" if self.complete else "open"
        return f"<Call {self.index} of {self.name}, {state}: {self.snapshot!r}>"

    @property
    def text(self) -> str:
        """The arguments as they have come."""
        return self.parser.text if self._text is None else self._text

    @property
    def arguments(self) -> str:
        """The arguments as the next request repeats them: mended, if they were. Servers refuse what is no JSON."""
        return self.parser.mended_text if self.parser.repairs else self.text

    @property
    def snapshot(self) -> Any:
        """The growing arguments: an object of the tool's type, or plain values where there is none."""
        return self.parser.snapshot

    def final(self) -> Any:
        """Return the validated arguments, the same object each time.

        Raises:
            instar.StreamError, pydantic.ValidationError: what is wrong with the call; it is its `error`, too.

        """
        if self.error is not None:
            raise self.error
        if not self.complete:
            parser, reason = self.parser, "because the call is still open"
            raise TruncatedError(parser.path, parser.offset, parser.line, parser.column, reason=reason)
        if self._final is None:
            try:
                self._final = (self.parser.finish(),)
            except (StreamError, ValidationError) as error:
                self.error = error
                raise
        return self._final[0]

    def run(self) -> Any:
        """Call the tool with the validated arguments; of an async function this returns the coroutine.

        Raises:
            instar.StreamError, pydantic.ValidationError: what is wrong with the call.
            TypeError: the tool was given as no function.

        """
        arguments = self.final()
        if self._function is None:
            message = f"the tool {self.name!r} is no function that could be run: answer its calls by turn.results(fn)"
            raise TypeError(message)
        return self._function(**arguments)

    def result(self, value: Any = None) -> dict[str, Any]:
        """Return the message that answers this call, for the next request.

        Args:
            value: a `str` as it is; models, dataclasses and plain data as JSON; an exception, or the call's own error:
                what is wrong.

        """
        if self._dialect is None:
            message = "this call is of no turn: only those have messages that answer them"
            raise TypeError(message)
        wrong = value if isinstance(value, BaseException) else self.error if value is None else None
        content = value if isinstance(value, str) else _json(value) if wrong is None else what_is_wrong(wrong)
        return self._dialect.result(self, content, wrong=wrong is not None)

    def _close(self, error: Exception | None) -> None:
        """Nothing more is read of it."""
        self.complete = True
        self.error = self.error or error

    def _end(self, text: str) -> None:
        """Nothing more comes of it."""
        self._text = text

    def _void(self, error: StreamError) -> None:
        """The response that it is in is not to be relied on."""
        self.complete = True
        self.error = self.error or error


def answer(call: Call, function: Callable[[Call], Any] | None) -> Any:
    """Return what answers a call: what the function, or the tool itself, returns for it; or an exception.

    Raises:
        TypeError: there is no function.

    """
    if call.error is not None:
        return call.error
    try:
        call.final()
    except (StreamError, ValidationError) as error:
        return error
    if function is None and call._function is None:  # noqa: SLF001 - the same module
        call.run()  # says what is missing
    try:
        return call.run() if function is None else function(call)
    except Exception as error:  # noqa: BLE001 - the model is told, and may do better
        return failed(call, error)


def failed(call: Call, error: Exception) -> Exception:
    """Note that a tool has raised, which the model will be told of."""
    log.warning("the tool %s has raised %s: the model is told", call.name, type(error).__name__, exc_info=error)
    return error


def waited(call: Call, value: Any) -> Any:
    """Return what a sync turn answers with, which nobody can await."""
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        message = f"the tool {call.name!r} is async: await the results of an async turn, or give a plain function"
        raise TypeError(message)
    return value


def what_is_wrong(error: BaseException) -> str:
    """Say to the model what is wrong with its call."""
    if isinstance(error, ValidationError):
        lines = (f"- {line}" for line in violations(error, "the arguments"))
        return "\n".join(["The arguments are not valid:", *lines])
    if isinstance(error, StreamError):
        return f"The call cannot be used: {error.message}"
    return f"{type(error).__name__}: {error}"


def unknown(name: str, tools: Tools) -> StreamError:
    """Return the error for a call of a tool that there is not."""
    known = ", ".join(tools) or "(none)"
    return StreamError(f"the model called {name!r}, which is none of the functions {known}")


def calls_of(tools: Tools, options: ParserOptions, view: View, on_error: OnError = "raise") -> Projection:
    """Return the projection of calls of these tools. Those of the caller's own are left out.

    Before the first call has a name there is nothing to see of it: None.
    """
    skips = on_error == "skip"
    of_call: ParserOptions = {**options, "on_violation": "defer"} if skips else options

    def begin(index: int, id: str | None, name: str) -> Call | None:  # noqa: A002 - as above
        tool = tools.get(name)
        if tool is None and not skips:
            raise unknown(name, tools)
        if tool is not None and tool.own is not None:
            return None
        called = tool or Tool(name)
        call = Call(index, id, called, Parser(called.schema, **of_call), None)
        call.error = unknown(name, tools) if tool is None else None
        return call

    def none() -> Parser[Any]:
        return Parser(None, **options)

    def pump(body: Body | None, choice: int, passed: list[Any] | None) -> Pump[Any, Any]:
        return Pump.calls(none, begin, view, body=body, choice=choice, passed=passed, skip=skips)

    return pump


def _json(value: Any) -> str:
    return to_json(value, fallback=str).decode()
