"""Sends a request by the SDK, and opens what comes back: bytes, the SDK's objects, or an answer in one piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias

from openai import APIResponse, AsyncAPIResponse

from instar._core import Wire
from instar.answer import Body
from instar.chunks import ChunkWire
from instar.client.endpoint import CompletionT, Endpoint, UsageT
from instar.client.hooks import Hooks, log
from instar.wire import AsyncResponse, Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from instar.answer import Decoder
    from instar.chunks import Envelope
    from instar.client.question import Question

Medium: TypeAlias = Literal["raw", "sdk"]


@dataclass(frozen=True)
class Sender(Generic[CompletionT, UsageT]):
    """The way from a question to a response.

    resource: the SDK's `chat.completions` or `responses`, or what stands in for it.
    medium: "raw": the response's bytes, where they can be had. "sdk": the objects that the SDK makes of them.
    """

    resource: Any
    endpoint: Endpoint[CompletionT, UsageT]
    medium: Medium
    hooks: Hooks

    def stream(self, question: Question[Any, Any]) -> Response:
        """Ask for a stream. Raises what the SDK raises."""
        keywords = self._told(self._streamed(question))
        if self._has_bytes:
            opened: Any = self.resource.with_streaming_response.create(**keywords).__enter__()
        else:
            opened = self.resource.create(**keywords)
        self.hooks.tell("response", opened)
        if isinstance(opened, APIResponse):
            return Response(opened.iter_bytes(), self._body(question, opened, Wire), opened)
        return Response(opened, self._body(question, opened, ChunkWire), opened)

    def whole(self, question: Question[Any, Any]) -> Response:
        """Ask for an answer in one piece, which is read as a stream of few events. Raises what the SDK raises."""
        opened = self.resource.create(**self._told(question.keywords))
        self.hooks.tell("response", opened)
        events = self.endpoint.events(opened)
        return Response(events, self._body(question, opened, ChunkWire), opened)

    async def astream(self, question: Question[Any, Any]) -> AsyncResponse:
        """Ask for a stream: the twin of `stream`."""
        keywords = self._told(self._streamed(question))
        if self._has_bytes:
            opened: Any = await self.resource.with_streaming_response.create(**keywords).__aenter__()
        else:
            opened = await self.resource.create(**keywords)
        self.hooks.tell("response", opened)
        if isinstance(opened, AsyncAPIResponse):
            return AsyncResponse(opened.iter_bytes(), self._body(question, opened, Wire), opened)
        return AsyncResponse(opened, self._body(question, opened, ChunkWire), opened)

    async def awhole(self, question: Question[Any, Any]) -> AsyncResponse:
        """Ask for an answer in one piece: the twin of `whole`."""
        opened = await self.resource.create(**self._told(question.keywords))
        self.hooks.tell("response", opened)
        events = _each(self.endpoint.events(opened))
        return AsyncResponse(events, self._body(question, opened, ChunkWire), opened)

    @property
    def _has_bytes(self) -> bool:
        return self.medium == "raw" and isinstance(self.resource, self.endpoint.resources)

    def _streamed(self, question: Question[Any, Any]) -> dict[str, Any]:
        return {**self.endpoint.streaming, **question.keywords, "stream": True}

    def _told(self, keywords: dict[str, Any]) -> dict[str, Any]:
        log.debug("%s: a request to %s", self.endpoint.name, keywords.get("model"))
        self.hooks.tell("request", keywords)
        return keywords

    def _body(self, question: Question[Any, Any], opened: object, decoder: Callable[[Envelope], Decoder]) -> Body:
        wire = decoder(self.endpoint.envelope)
        return Body(wire, question.part, question.emit, lambda said: self.endpoint.complain(said, opened))


async def _each(events: Iterable[Any]) -> AsyncIterator[Any]:
    for event in events:
        yield event
