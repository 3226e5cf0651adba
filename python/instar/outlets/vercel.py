"""The UI message stream of Vercel's AI SDK, version 1, which `useChat` reads."""

from __future__ import annotations

import operator
import uuid
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Final, overload

from pydantic_core import from_json, to_json
from typing_extensions import Unpack

from instar._pace import apaced, paced
from instar.changes import Replica
from instar.outlets._source import Sending, batches_of, texts_of, write_all
from instar.outlets.sse import SSE_HEADERS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from instar.outlets._source import AsyncBatches, AsyncTexts, Batch, Batches, Texts

VERCEL_HEADERS: Final = {**SSE_HEADERS, "x-vercel-ai-ui-message-stream": "v1"}
"""Headers by which the AI SDK knows a UI message stream."""


@overload
def vercel(source: Texts, *, tool: str, **sending: Unpack[Sending]) -> Generator[bytes, None, None]: ...
@overload
def vercel(source: AsyncTexts, *, tool: str, **sending: Unpack[Sending]) -> AsyncGenerator[bytes, None]: ...
@overload
def vercel(
    source: Batches, *, data: str, emit: float = 0.2, **sending: Unpack[Sending]
) -> Generator[bytes, None, None]: ...
@overload
def vercel(
    source: AsyncBatches, *, data: str, emit: float = 0.2, **sending: Unpack[Sending]
) -> AsyncGenerator[bytes, None]: ...
def vercel(
    source: Any, *, tool: str | None = None, data: str | None = None, emit: float = 0.2, **sending: Unpack[Sending]
) -> Any:
    """Send a stream as a message of the AI SDK: for a `StreamingResponse` with `VERCEL_HEADERS`.

    With `tool`, the answer is the input of a call to that tool: `tool-input-start`, a `tool-input-delta` for each piece
    of its JSON text, and `tool-input-available` with the whole. With `data`, it is a part `data-{data}` of the message,
    sent whole each time it has grown.

    Args:
        source: a stream; or, with `tool`, an iterable of pieces of JSON text, with `data` one of batches of changes.
        tool: the name of the tool.
        data: the name of the part.
        emit: with `data`, seconds that lie between two parts at least: each is as long as the answer is by then.
        sending: `describe` and `heartbeat`, as for `instar.sse`.

    Raises:
        TypeError: not just one of `tool` and `data` is given.

    """
    if (tool is None) is (data is None):
        message = "an answer goes to the AI SDK either as the input of a tool (tool=...) or as a data part (data=...)"
        raise TypeError(message)
    if tool is not None:
        return write_all(texts_of(source), ToolInput(tool), sending)
    batches = batches_of(source)
    calm: Any = apaced if isinstance(batches, AsyncIterable) else paced
    return write_all(calm(batches, emit, operator.add), DataPart(str(data)), sending)


class _Message:
    """What every message begins and ends with."""

    def begin(self) -> Iterator[bytes]:
        """Begin the message."""
        yield _chunk(type="start")

    def end(self) -> Iterator[bytes]:
        """End it."""
        yield _chunk(type="finish")
        yield b"data: [DONE]\n\n"

    def failure(self, error: Exception, text: str) -> Iterator[bytes]:
        """End it with an error."""
        _ = error
        yield _chunk(type="error", errorText=text)
        yield b"data: [DONE]\n\n"

    def ping(self) -> Iterator[bytes]:
        """Write a comment."""
        yield b": \n\n"


class ToolInput(_Message):
    """Writes a text as the input of a tool."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._call = f"call_{uuid.uuid4().hex}"
        self._pieces: list[str] = []

    def begin(self) -> Iterator[bytes]:
        """Begin the message and the call."""
        yield from super().begin()
        yield _chunk(type="tool-input-start", toolCallId=self._call, toolName=self._tool)

    def write(self, piece: str) -> Iterator[bytes]:
        """Write a piece of the input."""
        if piece:
            self._pieces.append(piece)
            yield _chunk(type="tool-input-delta", toolCallId=self._call, inputTextDelta=piece)

    def end(self) -> Iterator[bytes]:
        """Write the whole input, and end the message."""
        whole = from_json("".join(self._pieces))
        yield _chunk(type="tool-input-available", toolCallId=self._call, toolName=self._tool, input=whole)
        yield from super().end()


class DataPart(_Message):
    """Writes a value as a part of the message, again and again under one id, by which the newest one replaces."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._id = uuid.uuid4().hex
        self._replica = Replica()

    def write(self, batch: Batch) -> Iterator[bytes]:
        """Write the value as it is after a batch."""
        if batch:
            self._replica.apply(*batch)
            yield _chunk(type=f"data-{self._name}", id=self._id, data=self._replica.value)


def _chunk(**chunk: Any) -> bytes:
    return b"data: %b\n\n" % to_json(chunk, inf_nan_mode="null")
