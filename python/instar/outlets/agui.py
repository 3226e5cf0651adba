"""AG-UI 1.0: an answer as the arguments of a tool call, from which a state is predicted."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, overload

from pydantic_core import from_json
from typing_extensions import Unpack

from instar.outlets._source import Sending, texts_of, write_all

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from ag_ui.core import BaseEvent, RunAgentInput

    from instar.outlets._source import AsyncTexts, Texts


class Options(Sending, total=False):
    """What the answer becomes, the `state_key` of a state, and in which `run`, as the client has asked for it."""

    state_key: str
    run: RunAgentInput


@overload
def agui(source: Texts, *, tool: str, **options: Unpack[Options]) -> Generator[bytes, None, None]: ...
@overload
def agui(source: AsyncTexts, *, tool: str, **options: Unpack[Options]) -> AsyncGenerator[bytes, None]: ...
def agui(source: Texts | AsyncTexts, *, tool: str, **options: Unpack[Options]) -> Any:
    """Send a stream as a run of an agent, in AG-UI's events: for a `StreamingResponse` with `SSE_HEADERS`.

    The answer is the arguments of a call to `tool`: `TOOL_CALL_START`, a `TOOL_CALL_ARGS` for each piece of its JSON
    text, `TOOL_CALL_END`, between `RUN_STARTED` and `RUN_FINISHED`, or `RUN_ERROR`. With `state_key` the client is told
    to predict that member of the state from the arguments, and is sent the state at the end. Needs the package
    `ag-ui-protocol`, which makes the events.

    Args:
        source: a stream, or an iterable of pieces of JSON text; sync or async.
        tool: the name of the tool.
        options: `state_key`, the member of the state that the answer becomes; `run`, the `RunAgentInput` that the
            client has sent, whose ids are answered and the rest of whose state is kept; `describe` and `heartbeat`, as
            for `instar.sse`.

    """
    return write_all(texts_of(source), Run(tool, options.get("state_key"), options.get("run")), options)


class Run:
    """Writes a text as a run that calls one tool."""

    def __init__(self, tool: str, state_key: str | None, asked: RunAgentInput | None) -> None:
        from ag_ui import core, encoder  # noqa: PLC0415 - only who uses it needs it

        self._core = core
        self._encode = encoder.EventEncoder().encode
        self._tool, self._call = tool, _new_id()
        self._state_key = state_key
        self._state: dict[str, Any] = dict((asked and asked.state) or {})
        self._run = {
            "thread_id": asked.thread_id if asked else _new_id(),
            "run_id": asked.run_id if asked else _new_id(),
        }
        self._pieces: list[str] = []

    def begin(self) -> Iterator[bytes]:
        """Begin the run and the call."""
        core = self._core
        yield self._sent(core.RunStartedEvent(**self._run, protocol_version=core.PROTOCOL_VERSION))
        if self._state_key is not None:
            # Without an argument's name the whole of the arguments is meant.
            prediction = [{"state_key": self._state_key, "tool": self._tool}]
            yield self._sent(core.CustomEvent(name="PredictState", value=prediction))
        yield self._sent(core.ToolCallStartEvent(tool_call_id=self._call, tool_call_name=self._tool))

    def write(self, piece: str) -> Iterator[bytes]:
        """Write a piece of the arguments."""
        if piece:
            self._pieces.append(piece)
            yield self._sent(self._core.ToolCallArgsEvent(tool_call_id=self._call, delta=piece))

    def end(self) -> Iterator[bytes]:
        """End the call and the run."""
        core = self._core
        whole = from_json("".join(self._pieces))
        yield self._sent(core.ToolCallEndEvent(tool_call_id=self._call))
        if self._state_key is not None:
            yield self._sent(core.StateSnapshotEvent(snapshot={**self._state, self._state_key: whole}))
        yield self._sent(core.RunFinishedEvent(**self._run))

    def failure(self, error: Exception, text: str) -> Iterator[bytes]:
        """End the run with an error."""
        yield self._sent(self._core.RunErrorEvent(message=text, code=type(error).__name__))

    def ping(self) -> Iterator[bytes]:
        """Write a comment."""
        yield b": \n\n"

    def _sent(self, event: BaseEvent) -> bytes:
        return self._encode(event).encode()


def _new_id() -> str:
    return str(uuid.uuid4())
