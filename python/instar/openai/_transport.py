"""Sends a request by the SDK, and opens what comes back: bytes, the SDK's objects, or an answer in one piece."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias

from openai import APIConnectionError, APIResponse, APITimeoutError, AsyncAPIResponse, OpenAIError

from instar._body import is_one_text
from instar._chunks import ChunkWire
from instar._core import Body, Wire
from instar._source import AsyncSource, Source
from instar.openai._endpoint import CompletionT, Endpoint, UsageT
from instar.openai._hooks import Hooks, log
from instar.openai._tracers import warn_of_tracer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from instar._protocols import Protocol
    from instar.openai._request import Request

ClientWire: TypeAlias = Literal["raw", "sdk"]

# The packages whose errors say that a connection broke, or could not be had.
_NETWORK = frozenset({"aiohttp", "httpcore", "httpx", "httpx2"})


@dataclass(frozen=True)
class Transport(Generic[CompletionT, UsageT]):
    """The way from a request to a response.

    resource: the SDK's `chat.completions` or `responses`, or what stands in for it.
    wire: "raw": the response's bytes, where they can be had. "sdk": the objects that the SDK makes of them.
    """

    resource: Any
    endpoint: Endpoint[CompletionT, UsageT]
    wire: ClientWire
    hooks: Hooks

    def stream(self, request: Request) -> tuple[Source, Body]:
        """Ask for a stream. Raises what the SDK raises."""
        keywords = self._told(self._streamed(request))
        if self._has_bytes:
            opened: Any = self.resource.with_streaming_response.create(**keywords).__enter__()
        else:
            opened = self.resource.create(**keywords)
        self.hooks.tell("response", opened)
        if isinstance(opened, APIResponse):
            warn_of_tracer(self.resource)
            source = Source(opened.iter_bytes(), opened, lambda: wake(opened.http_response))
            return source, self._body(request, opened, Wire)
        response = getattr(opened, "response", None)
        return Source(opened, opened, lambda: wake(response)), self._body(request, opened, ChunkWire)

    def whole(self, request: Request) -> tuple[Source, Body]:
        """Ask for an answer in one piece, which is read as a stream of few events. Raises what the SDK raises."""
        opened = self.resource.create(**self._told(request.keywords))
        self.hooks.tell("response", opened)
        return Source(self.endpoint.events(opened), opened), self._body(request, opened, ChunkWire)

    async def astream(self, request: Request) -> tuple[AsyncSource, Body]:
        """Ask for a stream: the async counterpart of `stream`."""
        keywords = self._told(self._streamed(request))
        if self._has_bytes:
            opened: Any = await self.resource.with_streaming_response.create(**keywords).__aenter__()
        else:
            opened = await self.resource.create(**keywords)
        self.hooks.tell("response", opened)
        if isinstance(opened, AsyncAPIResponse):
            warn_of_tracer(self.resource)
            return AsyncSource(opened.iter_bytes(), opened), self._body(request, opened, Wire)
        return AsyncSource(opened, opened), self._body(request, opened, ChunkWire)

    async def awhole(self, request: Request) -> tuple[AsyncSource, Body]:
        """Ask for an answer in one piece: the async counterpart of `whole`."""
        opened = await self.resource.create(**self._told(request.keywords))
        self.hooks.tell("response", opened)
        return AsyncSource(_each(self.endpoint.events(opened)), opened), self._body(request, opened, ChunkWire)

    @property
    def _has_bytes(self) -> bool:
        return self.wire == "raw" and isinstance(self.resource, self.endpoint.resources)

    def _streamed(self, request: Request) -> dict[str, Any]:
        return {**self.endpoint.streaming, **request.keywords, "stream": True}

    def _told(self, keywords: dict[str, Any]) -> dict[str, Any]:
        log.debug("%s: a request to %s", self.endpoint.name, keywords.get("model"))
        self.hooks.tell("request", keywords)
        return keywords

    def _body(self, request: Request, opened: object, decoder: Callable[[Protocol], Any]) -> Body:
        protocol = self.endpoint.protocol
        return Body(
            decoder(protocol),
            request.place,
            lambda error: self.endpoint.complain(error, opened),
            emit="read" if request.emit == "read" else "delta",
            elsewhere=True,
            several=not is_one_text(protocol),
            foreign=list(request.foreign),
        )


def connection_error(error: Exception, received: int) -> Exception:
    """Return the SDK's error for a connection that broke while a response was read; any other error as it is.

    received: how many bytes of the response had come.
    """
    is_network = isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _NETWORK
    if isinstance(error, OpenAIError) or not is_network:
        return error
    try:
        request: Any = getattr(error, "request", None)
    except RuntimeError:  # httpx's errors have one, or raise
        request = None
    if any("Timeout" in kind.__name__ for kind in type(error).__mro__):
        limit = (getattr(request, "extensions", {}).get("timeout") or {}).get("read")
        waited = "" if limit is None else f" within {limit:g} s"
        broken: APIConnectionError = APITimeoutError(request)
        broken.message = f"Request timed out: nothing more came{waited}, after {received} bytes of the response."
        broken.args = (broken.message,)
    else:
        said = str(error) or type(error).__name__
        message = f"Connection error: the response broke off after {received} bytes of it ({said})."
        broken = APIConnectionError(message=message, request=request)
    broken.__cause__ = error
    return broken


def wake(response: Any) -> None:
    """End the waiting of another thread for more of an HTTP response, where its socket can be had."""
    stream = getattr(response, "extensions", {}).get("network_stream")
    connection = None if stream is None else stream.get_extra_info("socket")
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the connection was gone already")


async def _each(events: Iterable[Any]) -> AsyncIterator[Any]:
    for event in events:
        yield event
