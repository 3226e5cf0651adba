"""Decoded events in place of bytes: the SDKs' objects, for clients that hand out nothing else, and dicts like them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from instar._core import Wire

if TYPE_CHECKING:
    from instar._core import Delta
    from instar._protocols import Protocol


class ChunkWire:
    """The counterpart of `Wire` for decoded events: an SDK's chunks or events, or dicts of their shape.

    Whoever made the objects has decoded the bytes; here they become the JSON again that they were, so that there is
    one decoder of each protocol. The first object tells which one it is, if nobody does.
    """

    offset = 0  # the bytes were the SDK's

    def __init__(self, protocol: Protocol | None = None) -> None:
        self._wire = Wire(protocol)
        self.protocol = protocol

    def feed(self, chunk: Any) -> list[Delta]:
        """Return the deltas of the next object, none of None. Raises TypeError for what is no provider's chunk."""
        if chunk is None:
            return []
        data = to_bytes(chunk)
        if self.protocol is None:
            self.protocol = Wire.recognise(data)
        if self.protocol is None:
            raise _unknown(chunk)
        return self._wire.feed_event(data)

    def end(self) -> list[Delta]:
        """Return what the end of the stream completes."""
        return self._wire.end()

    def is_cut(self, choice: int) -> bool:
        """Whether a choice was cut off."""
        return self._wire.is_cut(choice)

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


def no_delta(piece: Any) -> TypeError:
    """Return the error for what was given as a delta and is none: often an event, of which a `wire` would be told."""
    message = f"a delta is str or bytes, not {type(piece).__name__}"
    try:
        protocol = Wire.recognise(to_bytes(piece))
    except (TypeError, ValueError):
        protocol = None
    if protocol is not None:
        wire = protocol if isinstance(piece, dict) else "sdk"
        message += f": for events like this one, of the protocol {protocol!r}, give wire={wire!r}"
    return TypeError(message)


def _unknown(chunk: Any) -> TypeError:
    message = (
        "an event is an object of the OpenAI, Anthropic or Gemini SDK, or a dict of that shape, "
        f"not {type(chunk).__name__}; for the bytes of a body name their protocol, as in wire='openai-chat'"
    )
    return TypeError(message)
