"""One request and what became of its answer."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from instar.testing.reply import Reply
from instar.testing.wire import Piece

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class Request:
    """What a client has asked: the JSON body, and the headers by their lower-case names."""

    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Exchange:
    """A request and the progress of its answer, to be read from any thread while it is under way.

    sent: how many deltas have gone to the client whole; never less than the client has seen.
    disconnected: the client left (or the server was shut down) before the last byte was written.
    closed: set once the exchange is over, in whatever way: `assert exchange.closed.wait(5)`.
    """

    request: Request
    sent: int = 0
    disconnected: bool = False
    closed: threading.Event = field(default_factory=threading.Event)


class Pace:
    """When the next delta may go: `delay` seconds after the one before, and not before it is released.

    It lives on the server's event loop; `release` may be called from that loop's thread only.
    """

    def __init__(self, delay: float, released: float) -> None:
        self.delay = delay
        self._released = released  # deltas that may go at once
        self._more = asyncio.Event()

    def release(self, deltas: float) -> None:
        """Let so many more deltas go."""
        self._released += deltas
        self._more.set()

    async def wait(self, *, first: bool) -> None:
        """Wait until one more may go; the first one without a delay."""
        if self.delay and not first:
            await asyncio.sleep(self.delay)
        while self._released < 1:
            self._more.clear()
            await self._more.wait()
        self._released -= 1


class PacedResponse(Response):
    """A body written piece by piece at a pace, which notices when the client leaves, even between two pieces.

    (Starlette's own StreamingResponse notices only on the next write, on servers of ASGI 2.4 and newer.)
    `hang_up` closes the connection of a client, for a reply that drops it.
    """

    def __init__(
        self,
        exchange: Exchange,
        reply: Reply,
        pieces: list[Piece],
        pace: Pace,
        hang_up: Callable[[tuple[str, int]], None],
    ) -> None:
        streams = exchange.request.body.get("stream") and reply.status < HTTPStatus.BAD_REQUEST
        media_type = "text/event-stream" if streams else "application/json"
        # No connection outlives its answer, and so no client is left with one that it has to close.
        headers = {"connection": "close", **reply.headers}
        super().__init__(status_code=reply.status, media_type=media_type, headers=headers)
        if "content-length" not in reply.headers:
            del self.headers["content-length"]
        self.exchange = exchange
        self.reply = reply
        self.pieces = pieces
        self.pace = pace
        self.hang_up = hang_up

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer as an ASGI application does."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            self.exchange.disconnected = not sending.done()
            if self.reply.drop and sending.done():
                # uvicorn logs an error where an application returns in the middle of a connection that still stands.
                self.hang_up(scope["client"])
                await leaving
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.wait({sending, leaving})
            self.exchange.closed.set()
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: "Send") -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        begun = 0
        for piece in self.pieces:
            while begun < piece.begun:
                await self.pace.wait(first=begun == 0)
                begun += 1
            self.exchange.sent = piece.whole  # before the write: what a client has, is always counted
            await send({"type": "http.response.body", "body": piece.data, "more_body": True})
            await asyncio.sleep(0)  # `send` may not suspend: let other streams run, notice a client that left
        if not self.reply.drop:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnect(receive: "Receive") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
