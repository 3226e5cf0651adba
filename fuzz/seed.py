"""Seeds for the fuzz targets: `python fuzz/seed.py` puts them into `fuzz/corpus/TARGET/`, a file each.

They are made of what lies about: the corpora and recordings that the tests read, where there are any, and a few texts
of our own for what is rare in those.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
ROOT = HERE.parent
SHARED = ROOT.parent / "shared"
MOST = 4096
"""Bytes of a seed: longer ones tell nothing more, and take their time."""

JSON = [
    b'{"a": [1, -2.5e3, true, null, "x\\u00e9\\ud83d\\ude00"], "ab": {"b": {}}, "k": ""}',
    b'{"t": "a", "v": {"t": "ab", "u": "b"}, "a": "refused", "refused": [[[[0]]]]}',
    b'[[["a", "ab"], {"a": "abc"}, [1, 22, 333]], "\xc3\xa9\xf0\x9f\x98\x80", NaN, -Infinity, 12]',
    b'{"v": 1, "a": {"a": {"a": {"a": "b"}}}, "t": "abc"} ',
    b"[" * 201 + b"]" * 201,
    b'{"a":' * 60 + b"1" + b"}" * 60,
]
EVENTS = [
    b'{"choices":[{"index":0,"delta":{"content":"a"}}]}',
    b'{"choices":[{"index":0,"delta":{"reasoning":"a","reasoning_content":"a","refusal":"b"},"finish_reason":"stop"}]}',
    b'{"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}',
    b'{"type":"response.output_text.delta","output_index":0,"delta":"a","sequence_number":1,"obfuscation":"xyz"}',
    b'{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f"}}',
    b'{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\\ud83d"}',
    b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}',
    b'{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}',
    b'{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"f","args":{"a":1}}}]}}]}',
    b'{"error":{"message":"no"}}',
    b"[DONE]",
]


def texts() -> Iterator[bytes]:
    """Give JSON texts, and some that are none."""
    yield from JSON
    for folder in (ROOT / "tests" / "data", SHARED / "JSONTestSuite" / "test_parsing"):
        for path in sorted(folder.glob("**/*.json")):
            yield path.read_bytes()


def damaged() -> Iterator[bytes]:
    """Give texts that need to be mended."""
    for line in (ROOT / "tests" / "data" / "repairs.jsonl").read_text(encoding="utf-8").splitlines():
        if (text := json.loads(line)["text"]) is not None:
            yield text.encode("utf-8", "surrogatepass")
    yield from JSON


def bodies() -> Iterator[bytes]:
    """Give bodies of responses."""
    yield b"".join(b"data: " + event + b"\n\n" for event in EVENTS)
    yield from (b"data: " + event + b"\r\n\r\n" for event in EVENTS for _ in range(2))
    for folder in (ROOT / "tests" / "data", SHARED / "streams", SHARED / "recordings"):
        for path in sorted([*folder.glob("**/*.sse"), *folder.glob("**/*.txt")]):
            yield path.read_bytes()


def options(number: int, count: int) -> bytes:
    """Give bytes that depend on a number and nothing else, for what an input says before its text."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest()[:count]


def write(target: str, seeds: Iterable[bytes]) -> int:
    """Write the seeds of a target; return how many there are."""
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    written = {hashlib.sha256(seed[:MOST]).hexdigest()[:24]: seed[:MOST] for seed in seeds}
    for name, seed in written.items():
        (folder / name).write_bytes(seed)
    return len(written)


def main() -> None:
    """Write all seeds."""
    counts = {
        "valid_prefix": write("valid_prefix", texts()),
        # The schema, the repairs, how to cut, the text.
        "mend_split": write(
            "mend_split",
            (options(n, 3) + text for n, text in enumerate(text for text in damaged() for _ in range(6))),
        ),
        # What to do, how to cut, how long the schema is, the schema, the text: see the target.
        "parser_split": write(
            "parser_split",
            (
                options(n, 2) + bytes([n * 7 % 256, 48]) + options(n + 1, 24) + options(n + 2, 24) + text[:300]
                for n, text in enumerate(text for text in texts() for _ in range(3))
            ),
        ),
        # The protocol, the framing, how to cut, the body.
        "wire_split": write(
            "wire_split",
            (bytes([n % 8, n % 3, n % 256]) + body for n, body in enumerate(b for b in bodies() for _ in range(8))),
        ),
    }
    for target, count in counts.items():
        print(f"{target}: {count} seeds")


if __name__ == "__main__":
    main()
