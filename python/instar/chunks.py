"""Decoded events in place of bytes: the SDKs' objects, for clients that hand out nothing else, and dicts like them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import PydanticSerializationError, to_json

from instar._core import Wire
from instar.protocols import Protocol

if TYPE_CHECKING:
    from instar._core import Delta

Envelope: TypeAlias = Protocol


class ChunkWire:
    """The counterpart of `Wire` for decoded events: an SDK's chunks or events, dicts of their shape, JSON in a `str`.

    Whoever made the objects has decoded the bytes; here they become the JSON again that they were, so that there is
    one decoder of each protocol. The first object tells which one it is, if nobody does. Where the protocol was named,
    `bytes` are those of a body.

    Attributes:
        offset: how many bytes of a body have come; those that somebody else has decoded do not count.

    """

    def __init__(self, protocol: Protocol | None = None) -> None:
        self._wire = Wire(protocol)
        self._known = protocol is not None
        self.offset = 0

    def feed(self, chunk: Any) -> list[Delta]:
        """Return the deltas of the next object. Raises TypeError for what is no provider's chunk."""
        if self._known and isinstance(chunk, bytes | bytearray | memoryview):
            self.offset += memoryview(chunk).nbytes
            return self._wire.feed(chunk)
        data = chunk.encode() if self._known and isinstance(chunk, str) else to_bytes(chunk)
        if not self._known and Wire.recognise(data) is None:
            raise _unknown(chunk)
        self._known = True
        return self._wire.feed_event(data)

    def end(self) -> list[Delta]:
        """Return what the end of the stream completes."""
        return self._wire.end()

    @property
    def done(self) -> bool:
        """Whether the last event has come."""
        return self._wire.done

    @property
    def events(self) -> list[bytes]:
        """The JSON texts of the objects so far. Those that differ in the characters of their delta only are one."""
        return self._wire.events


def to_bytes(chunk: Any) -> bytes:
    """Write an SDK's object as the JSON that it was. Raises TypeError for what is no such object."""
    if isinstance(chunk, (str, bytes, int, float, list, tuple)) or chunk is None:
        raise _unknown(chunk)
    options: dict[str, Any] = {"by_alias": True, "exclude_unset": True, "warnings": False}
    is_model = hasattr(chunk, "model_dump_json")
    try:
        return chunk.model_dump_json(**options).encode() if is_model else to_json(chunk, fallback=vars)
    except PydanticSerializationError:
        # Half of a character is no UTF-8, but it can be escaped.
        plain = chunk.model_dump(mode="json", **options) if is_model else chunk
        return json.dumps(plain, default=vars).encode()


def _unknown(chunk: Any) -> TypeError:
    message = (
        'wire="sdk" takes the chunks or events of the OpenAI, Anthropic or Gemini SDK, or dicts of their shape, '
        f"not {type(chunk).__name__}; for the bytes of a body name their protocol, as in wire='openai-chat'"
    )
    return TypeError(message)
