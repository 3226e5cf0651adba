"""The server that a test talks to."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HTTPRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typing_extensions import Self

from instar.testing import chat, responses
from instar.testing.exchange import Exchange, Pace, PacedResponse, Request
from instar.testing.host import Host
from instar.testing.reply import Reply, Script
from instar.testing.wire import Cut, Event, failure, pieces, recorded, refused

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI


class API(Protocol):
    """How an API puts a reply to a request, which has a number, into the body of its response."""

    def stream(self, body: Mapping[str, Any], reply: Reply, number: int, /) -> list[Event]:
        """In server-sent events."""

    def whole(self, body: Mapping[str, Any], reply: Reply, number: int, /) -> list[Event]:
        """In one piece."""


APIS: dict[str, API] = {"chat/completions": chat, "responses": responses}
BASES = ("/v1", "/openai/v1", "/openai", "/openai/deployments/{deployment}")
"""What comes before the name of an API in a path: OpenAI's, and Azure's of now and of before."""


class LocalOpenAI:
    """An OpenAI-compatible server on loopback, which answers from scripts.

    It speaks `POST /v1/chat/completions` and `POST /v1/responses`, and the same at Azure's paths.

    It serves inside a `with` block (of sync or async code), from a thread of its own at a free port. Leaving
    the block breaks the streams that are still open.

    replies: what it says, one for each request in order: a text, a list of deltas, bytes (a whole body) or a
        `Reply`. A function from the request's JSON body to one of these answers every request from then on.
        Where no reply is left, or a function raises, the client gets HTTP 500 with the reason.
    delay: seconds between two deltas of a stream.
    cut: how the bytes of a body are cut into writes. None: an SSE event a write; an int: that many bytes
        a write; a function from the body to its pieces. A piece waits for every delta that begins in it.
    hold: a stream sends its first chunk (the role) and then waits: `release` lets its deltas go.
    """

    def __init__(self, *replies: Script, delay: float = 0.0, cut: Cut = None, hold: bool = False) -> None:
        if isinstance(cut, int) and cut < 1:
            message = f"cut={cut}: a write takes at least one byte"
            raise ValueError(message)
        self.exchanges: list[Exchange] = []
        self._replies: deque[Script] = deque()
        self.queue(*replies)
        self._cut = cut
        self._delay = delay
        self._hold = hold
        self._running: Host | None = None

    def __enter__(self) -> Self:
        if self._running is not None:
            message = "this LocalOpenAI is running already: make another one for a second server"
            raise RuntimeError(message)
        routes = [
            Route(f"{base}/{name}", partial(self._answer, api), methods=["POST"])
            for name, api in APIS.items()
            for base in BASES
        ]
        self._pace = Pace(self._delay, 0 if self._hold else math.inf)
        self._running = Host(Starlette(routes=routes, exception_handlers={HTTPException: _no_route}))
        return self

    def __exit__(self, *exception: object) -> None:
        host, self._running = self._host, None
        host.stop()

    @property
    def base_url(self) -> str:
        """Where it serves, with the `/v1` that OpenAI's clients expect."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        """Where it serves, without a path: the `azure_endpoint` of an `openai.AzureOpenAI`."""
        return f"http://127.0.0.1:{self._host.port}"

    @property
    def requests(self) -> list[Request]:
        """The requests so far, in the order in which they came."""
        return [exchange.request for exchange in self.exchanges]

    def queue(self, *replies: Script) -> None:
        """Add replies, to be given after those that are left.

        Raises:
            TypeError: one is none.

        """
        for reply in replies:
            if not callable(reply):
                _check(reply)
        self._replies.extend(replies)

    def release(self, deltas: int = 1) -> None:
        """Let a server made with `hold=True` send so many more deltas."""
        self._host.call(self._pace.release, deltas)

    def release_all(self) -> None:
        """Let a server made with `hold=True` send all it has to say, from now on."""
        self._host.call(self._pace.release, math.inf)

    def client(self) -> "OpenAI":
        """Make a real `openai.OpenAI` that talks to this server and never retries."""
        import openai  # noqa: PLC0415 - it takes a second, and the server itself does not need it

        # Loopback has nothing to prove: no proxies from the environment, no certificates (which load slowly).
        http = openai.DefaultHttpxClient(trust_env=False, verify=False)
        return openai.OpenAI(base_url=self.base_url, api_key="local", max_retries=0, http_client=http)

    def async_client(self) -> "AsyncOpenAI":
        """Make a real `openai.AsyncOpenAI` that talks to this server and never retries."""
        import openai  # noqa: PLC0415

        http = openai.DefaultAsyncHttpxClient(trust_env=False, verify=False)
        return openai.AsyncOpenAI(base_url=self.base_url, api_key="local", max_retries=0, http_client=http)

    @property
    def _host(self) -> Host:
        if self._running is None:
            message = "this LocalOpenAI is not running: use it as `with LocalOpenAI(...) as server:`"
            raise RuntimeError(message)
        return self._running

    async def _answer(self, api: API, http: HTTPRequest) -> Response:
        try:
            body = await http.json()
        except ValueError as error:
            return _error(HTTPStatus.BAD_REQUEST, f"the body of the request is not JSON: {error}")
        if not isinstance(body, dict):
            return _error(HTTPStatus.BAD_REQUEST, "the body of the request is not a JSON object")
        exchange = Exchange(Request(body, dict(http.headers)))
        self.exchanges.append(exchange)
        try:
            reply = self._next_reply(body)
            cut = pieces(self._events(api, body, reply), self._cut)
        except Exception as error:  # noqa: BLE001 - whatever a script raises has to reach the test behind the client
            reply = Reply(f"LocalOpenAI could not answer: {type(error).__name__}: {error}", status=500)
            cut = pieces(refused(reply), None)
        return PacedResponse(exchange, reply, cut, self._pace, self._host.hang_up)

    def _events(self, api: API, body: dict[str, Any], reply: Reply) -> list[Event]:
        """Put the reply to the last request into the body of its response."""
        if isinstance(reply.text, bytes):
            return recorded(reply.text)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            return refused(reply)
        return (api.stream if body.get("stream") else api.whole)(body, reply, len(self.exchanges))

    def _next_reply(self, body: dict[str, Any]) -> Reply:
        if not self._replies:
            message = (
                f"no reply is left for request {len(self.exchanges)}: give LocalOpenAI(...) one for each "
                "request, add some with queue(...), or give a function, which answers every request"
            )
            raise LookupError(message)
        script = self._replies[0] if callable(self._replies[0]) else self._replies.popleft()
        answer = script(body) if callable(script) else script
        _check(answer)
        return answer if isinstance(answer, Reply) else Reply(answer)


def _check(answer: object) -> None:
    """Check that something can be said. A model or a dict is not: it has no one form as a text."""
    if not isinstance(answer, Reply | Sequence):
        wanted = "a reply is a str, a sequence of str, bytes or a Reply"
        message = f"{wanted}, not {type(answer).__name__}: give the text that it stands for"
        raise TypeError(message)


def _error(status: int, message: str) -> Response:
    return JSONResponse(failure(status, message), status, {"connection": "close"})


async def _no_route(http: HTTPRequest, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    paths = " and ".join(f"/v1/{name}" for name in APIS)
    return _error(status, f"LocalOpenAI speaks POST {paths} only, not {http.method} {http.url.path}")
