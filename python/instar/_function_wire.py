"""A protocol of the caller's own: a function of the decoded event that returns the text that it adds to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from instar._chunks import to_bytes
from instar._core import Delta, Events, Wire
from instar.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionWire:
    """Decodes what `Wire` decodes, by a function, for protocols that instar does not know.

    The events are cut out of bytes, or come one by one, as texts or decoded.
    """

    def __init__(self, function: Callable[[Any], str | None]) -> None:
        self.protocol = "a function of its own"
        self._function = function
        self._framing = Events()
        self.events: list[bytes] = []

    @property
    def offset(self) -> int:
        """How many bytes have come."""
        return self._framing.offset

    @property
    def done(self) -> bool:
        """Whether `[DONE]` has come."""
        return self._framing.done

    def feed(self, piece: Any) -> list[Delta]:
        """Return the deltas of the next piece: bytes cut anywhere, or one event as a text or decoded.

        Raises:
            WireError: an event is no JSON.
            TypeError: the function returned something else than a text or None.

        """
        if piece is None:
            return []
        if isinstance(piece, (bytes, bytearray, memoryview)):
            return self._decode(self._framing.feed(bytes(piece)))
        return self._decode([piece.encode() if isinstance(piece, str) else to_bytes(piece)])

    def end(self) -> list[Delta]:
        """Return what the end of the body completes."""
        return self._decode(self._framing.end())

    def is_cut(self, choice: int) -> bool:  # noqa: ARG002 - as `Wire` has it
        """Say that nobody knows better: the text itself tells whether it is whole."""
        return False

    def _decode(self, events: list[bytes]) -> list[Delta]:
        deltas = [delta for delta in map(self._delta, events) if delta is not None]
        return [*deltas, Delta("done")] if self.done else deltas

    def _delta(self, event: bytes) -> Delta | None:
        """Return what an event adds; an error of the server's, of which the function knows nothing, as that."""
        is_error = Wire.says_error(event)
        try:
            text = self._text(event)
        except Exception:
            if is_error:
                return Delta("error", event.decode())
            raise
        if text is None and is_error:
            return Delta("error", event.decode())
        return Delta("text", text) if text else None

    def _text(self, event: bytes) -> str | None:
        self.events.append(event)
        try:
            decoded = from_json(event)
        except ValueError as error:
            message = f"an event's data, {event[:80]!r}, is not JSON: {error}"
            raise WireError(message) from None
        text = self._function(decoded)
        if text is None or isinstance(text, str):
            return text
        message = f"the function given as wire= returns the text of an event, or None, not {type(text).__name__}"
        raise TypeError(message)
