"""The SDKs' objects in place of bytes: for clients that hand out nothing else, and for what patches the SDK."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from instar._core import Wire

if TYPE_CHECKING:
    from instar._core import Delta
    from instar._options import ProtocolName


class ChunkWire:
    """Decodes the objects of a streamed response, chunks or events, or dicts of their shape, as `Wire` decodes bytes.

    Whoever made the objects has decoded the bytes; here they become the JSON again that they were, so that one
    decoder knows the providers' protocols. The first object tells which one it is, if nobody does.
    """

    offset = 0  # the bytes were the SDK's

    def __init__(self, protocol: ProtocolName | None = None) -> None:
        self._wire = None if protocol is None else Wire(protocol)

    def feed(self, chunk: Any) -> list[Delta]:
        """Return the deltas of the next object. Raises TypeError for what is no provider's chunk."""
        data = to_bytes(chunk)
        if self._wire is None:
            self._wire = Wire(_protocol(chunk, data))
        return self._wire.feed(b"data: " + data + b"\n\n")

    def end(self) -> list[Delta]:
        """Return what the end of the stream completes."""
        return [] if self._wire is None else self._wire.end()

    @property
    def done(self) -> bool:
        """Whether the last event has come."""
        return self._wire is not None and self._wire.done

    @property
    def events(self) -> list[bytes]:
        """The JSON texts of the objects so far, the deltas of a run joined."""
        return [] if self._wire is None else self._wire.events


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


def _protocol(chunk: Any, data: bytes) -> ProtocolName:
    """Tell the provider by the shape of its first object."""
    event = json.loads(data)
    kind = str(event.get("type", ""))
    if "choices" in event or event.get("object") == "chat.completion.chunk":
        return "openai-chat"
    if kind.startswith("response."):
        return "openai-responses"
    if kind.startswith(("message_", "content_block_")) or kind == "ping":
        return "anthropic"
    if "candidates" in event or "usageMetadata" in event:
        return "gemini"
    raise _unknown(chunk)


def _unknown(chunk: Any) -> TypeError:
    message = (
        'wire="sdk" takes the chunks or events of the OpenAI, Anthropic or Gemini SDK, or dicts of their shape, '
        f"not {type(chunk).__name__}; for the bytes of a body name their protocol, as in wire='openai-chat'"
    )
    return TypeError(message)
