"""A provider for the benchmarks, in a process of its own: `Provider` starts it, `python -m benches.server` is it.

It answers every request with an invoice, as OpenAI streams one. The `model` of the request says which:
`items/seed`, as in `80/1`. It does as little as it can for a write, so that the client is what is measured.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import TracebackType
from typing import Any

from typing_extensions import Self

from benches import invoice

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
PAUSE = 0.0001
"""Seconds between two writes of a live server: a client that is fast has read the last one by then."""
PADDED = 10
"""Characters of a delta and its padding together: OpenAI hides the length of its tokens."""
WAITING = 2048
"""Connections that may wait to be accepted."""


@dataclass(frozen=True)
class Manner:
    """How answers are written.

    per_chunk: server-sent events in a chunk of HTTP, which a client hands out as one piece of the body.
    live: pause after every chunk, so that the client waits for the next one, as it does for a model's. Such a server
        serves one client at a time.
    hold: wait in the middle of every answer until `Provider.release`.
    burst: then write the rest of it at once.
    """

    per_chunk: int = 1
    live: bool = False
    hold: bool = False
    burst: bool = False

    def options(self) -> list[str]:
        """Return the command line that `main` reads it from."""
        flags = {"--live": self.live, "--hold": self.hold, "--burst": self.burst}
        return [f"--per-chunk={self.per_chunk}", *(flag for flag, is_set in flags.items() if is_set)]


class Provider:
    """The server's process, for a `with` block."""

    def __init__(self, manner: Manner) -> None:
        self._command = [sys.executable, "-m", "benches.server", *manner.options()]

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe)  # noqa: S603 - it is this module
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # the end of its input is the end of the server

    def release(self) -> None:
        """Let every answer that waits in its middle go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()


@lru_cache(maxsize=64)
def body(model: str) -> list[bytes]:
    """The events of an answer."""
    items, seed = map(int, model.split("/"))
    _, deltas = invoice.make(items, seed)
    return [b"data: %b\n\n" % event for event in (*map(_compact, _events(model, deltas)), b"[DONE]")]


def _events(model: str, deltas: list[str]) -> Iterator[dict[str, Any]]:
    """A role, the deltas, the reason for the end, the usage: as OpenAI wrote them in 2026."""
    envelope = {
        "id": "chatcmpl-D8Z5oo6uDh67AD85p73ksdT1KxhE0",
        "object": "chat.completion.chunk",
        "created": 1770933892,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_de604bd877",
    }

    def chunk(said: str, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        padding = "x" * (PADDED - len(said))
        return {**envelope, "choices": [choice], "usage": None, "obfuscation": padding}

    yield chunk("", {"role": "assistant", "content": "", "refusal": None})
    for delta in deltas:
        yield chunk(delta, {"content": delta})
    yield chunk("", {}, "stop")
    usage = {"prompt_tokens": 9, "completion_tokens": len(deltas), "total_tokens": 9 + len(deltas)}
    yield {**envelope, "choices": [], "usage": usage, "obfuscation": ""}


def _compact(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=64)
def _chunks(model: str, per_chunk: int) -> list[bytes]:
    """The chunks of HTTP that the events of an answer are written in."""
    events = iter(body(model))
    joined = iter(lambda: b"".join(islice(events, per_chunk)), b"")
    return [b"%x\r\n%b\r\n" % (len(data), data) for data in joined]


class _Server:
    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._gate = asyncio.Event()

    async def serve(self) -> None:
        """Print the port, serve, and open the gate at each line of the input, until that ends."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=WAITING)
        print(server.sockets[0].getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            self._gate.set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(request.partition(b"content-length:")[2].split(maxsplit=1)[0])
        model = json.loads(await reader.readexactly(length))["model"]
        chunks = _chunks(model, self._manner.per_chunk)
        writer.write(HEAD)
        for number, chunk in enumerate(chunks):
            if self._manner.hold and number == len(chunks) // 2:
                await self._gate.wait()
                if self._manner.burst:
                    writer.write(b"".join(chunks[number:]))
                    break
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)  # the others' turn
            if self._manner.live:
                time.sleep(PAUSE)  # noqa: ASYNC251 - the event loop's own timers are too coarse
        writer.write(LAST_CHUNK)
        writer.close()


def main() -> None:
    """Serve until the input ends."""
    arguments = argparse.ArgumentParser(prog="python -m benches.server", description="A provider for the benchmarks.")
    arguments.add_argument("--per-chunk", type=int, default=1)
    arguments.add_argument("--live", action="store_true")
    arguments.add_argument("--hold", action="store_true")
    arguments.add_argument("--burst", action="store_true")
    asyncio.run(_Server(Manner(**vars(arguments.parse_args()))).serve())


if __name__ == "__main__":
    main()
