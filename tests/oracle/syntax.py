"""Whether a text is JSON, or can still become it."""

from __future__ import annotations

from pydantic_core import from_json

LITERAL_TAILS = tuple(
    word[i:] for word in (b"null", b"true", b"false", b"NaN", b"Infinity") for i in range(1, len(word))
)
VALUE_TAILS = (b"", b"0", b":0", b'"":0', *LITERAL_TAILS)
CHARACTER_TAILS = tuple(lead + b"\x80" * n for lead in (b"", b"\x80", b"\x90", b"\xa0") for n in range(3))
ESCAPE_TAILS = (
    b"\\",
    *(b"0" * n + b"\\udc00"[i:] for n in range(4) for i in range(6)),
    *(b"0" * n for n in range(1, 5)),
)


def viable(prefix: bytes) -> bool:
    """Tell whether some continuation of the prefix is JSON to `pydantic_core.from_json`, by finding it."""
    inside, closers = nesting(prefix)
    tails: tuple[bytes, ...] = VALUE_TAILS
    if inside:
        tails = tuple(t + b'"' + after for t in (*CHARACTER_TAILS, *ESCAPE_TAILS) for after in (b"", b":0"))
    return any(is_json(prefix + tail + closers) for tail in tails)


def nesting(prefix: bytes) -> tuple[bool, bytes]:
    """Tell whether the prefix ends inside a string, and what closes the containers it leaves open."""
    inside = escaped = False
    closers = bytearray()
    for byte in prefix:
        if inside:
            inside = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            inside = True
        elif byte in b"[{":
            closers.append(byte + 2)
        elif byte in b"]}" and closers:
            closers.pop()
    return inside, bytes(reversed(closers))


def is_json(text: bytes) -> bool:
    """Tell whether the text is JSON as Pydantic reads it."""
    try:
        from_json(text)
    except ValueError:
        return False
    return True
