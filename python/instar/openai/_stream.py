"""The streams that a client returns: `instar.BodyStream`, and what the response knows besides its text."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from openai import APIConnectionError
from openai.types.chat import ChatCompletion
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import Response as ResponseObject
from openai.types.responses import ResponseUsage
from pydantic import ValidationError
from typing_extensions import override

from instar._calls import Call
from instar._dialects import dialect_of
from instar._options import FinalT, ItemT
from instar._session import BodySession
from instar._streams import AsyncBodyStream, AsyncStream, BodyStream, Stream
from instar._turn import Part, TurnSession, async_results, results
from instar.errors import JSONError, StreamError, TruncatedError
from instar.openai._endpoint import CompletionT, UsageT
from instar.openai._feedback import answer_of, reason
from instar.openai._hooks import log
from instar.openai._transport import connection_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable

    from typing_extensions import Self

    from instar._core import Body, Pump
    from instar._source import AsyncSource, Source
    from instar.openai._request import Request
    from instar.openai._transport import Transport

# What asking again may mend: a bad answer, by saying what is wrong with it (a plain StreamError says that there is none
# where it should stand); a broken connection, by the same request.
_MENDABLE = (ValidationError, JSONError, TruncatedError, APIConnectionError)


class ClientSession(BodySession[ItemT, FinalT], Generic[ItemT, FinalT, CompletionT, UsageT]):
    """The state of reading the answer to a request.

    Attributes:
        attempt: which request this is: 1, and one more each time that the model is asked again.

    """

    attempt: int
    _source: Source | AsyncSource | None
    _transport: Transport[CompletionT, UsageT]
    _request: Request
    _response: object | None

    @property
    def completion(self) -> CompletionT:
        """The response so far, as the API would have sent it in one piece; built anew at each look."""
        body, endpoint = self._body, self._transport.endpoint
        if body is None:
            return endpoint.completion(())
        if isinstance(self._response, endpoint.whole):
            return self._response
        return endpoint.completion(body.decoder.events)

    @property
    def usage(self) -> UsageT | None:
        """The tokens it took: known at the end, unless the server or `stream_options` kept them back."""
        usage = None if self._body is None else self._body.usage
        return None if usage is None else self._transport.endpoint.usage(usage)

    @property
    @override
    def _forced(self) -> bool:
        return self._request.forced

    def _prepare(self, transport: Transport[CompletionT, UsageT], request: Request) -> None:
        self.attempt = 1
        self._transport = transport
        self._request = request
        self._response = None
        self._passed: list[Any] | None = [] if request.many and request.retries else None

    def _begin(self, response: object, body: Body) -> None:
        """Read this response from now on. What an earlier one said has been readable until it came."""
        self._response = response
        watched = self._pump.watched
        self._pump = self._request.projection(body, 0, self._passed)
        self._pump.watched = watched
        self._settled = self._ended = False

    def _pumps(self) -> Iterable[Pump[ItemT, FinalT]]:
        """Return a pump for each choice: this stream's own for the first."""
        count = int(self._request.keywords.get("n") or 1)
        others = (self._request.projection(self._body, choice, None) for choice in range(1, count))
        return (self._pump, *others)

    @override
    def _settle(self) -> None:
        super()._settle()
        if self._failure is None and self._transport.hooks.awaited("final"):
            self._transport.hooks.tell("final", self._pump.final(), self)

    @override
    def _refuse(self, error: Exception) -> None:
        super()._refuse(error)
        if isinstance(self._failure, (StreamError, ValidationError)):
            log.debug("attempt %d is refused after %d bytes: %s", self.attempt, self.received, type(error).__name__)
            self._transport.hooks.tell("violation", self._failure, self)

    @override
    def _lose(self, error: Exception) -> None:
        super()._lose(connection_error(error, self.received))

    @override
    def _fail(self, error: Exception) -> None:
        super()._fail(error)
        self._transport.hooks.tell("error", error, self)

    @override
    def _again(self) -> bool:
        error, request = self._failure, self._request
        mendable = isinstance(error, _MENDABLE) or type(error) is StreamError
        if error is None or not mendable or self.attempt > request.retries:
            return False
        if not isinstance(error, APIConnectionError):
            answer = answer_of(self._pump)
            wrong = reason(error, answer, request)
            keywords = self._transport.endpoint.again(request.keywords, answer, wrong)
            self._request = replace(request, keywords=keywords)
        self._source = self._failure = None
        self.attempt += 1
        log.debug("attempt %d begins", self.attempt)
        self._transport.hooks.tell("retry", self.attempt, error)
        if request.on_retry is not None:
            request.on_retry(self.attempt, error)
        return True


class ClientStream(ClientSession[ItemT, FinalT, CompletionT, UsageT], Stream[ItemT, FinalT]):
    """The growing answer to a request that has been sent. See `instar.Stream`.

    Errors are those of `instar.Stream`; `instar.RefusalError` when the stream ends with a refusal;
    `openai.APIConnectionError` for a connection that breaks; and `openai.APIError` for an error that the server sends
    inside of the stream. An error closes the HTTP response; `snapshot`, `text`, `parser`, `received` and `completion`
    stay readable.
    """

    _source: Source | None

    def __init__(
        self,
        transport: Transport[CompletionT, UsageT],
        request: Request,
        send: Callable[[Request], tuple[Source, Body]],
    ) -> None:
        super().__init__(None, request.projection(None, 0, None), request.showing)
        self._prepare(transport, request)
        self._send = send
        self._open()

    @cached_property
    def choices(self) -> tuple[BodyStream[ItemT, FinalT], ...]:
        """The streams of the answers where `n=` asked for several, each to be read on its own; this one is the first.

        Reading one keeps what the others say for their readers. Leaving one leaves the others: it is this stream
        that closes the response.
        """
        return tuple(BodyStream(self._source, pump, self._showing, owner=False) for pump in self._pumps())

    @override
    def _open(self) -> None:
        try:
            self._source, body = self._send(self._request)
        except Exception as error:
            self._fail(error)
            raise
        self._begin(self._source.opened, body)


class AsyncClientStream(ClientSession[ItemT, FinalT, CompletionT, UsageT], AsyncStream[ItemT, FinalT]):
    """The growing answer to a request. The async counterpart of `ClientStream`.

    The request is sent once: by `await stream`, which returns the stream itself, or by the first iteration.
    """

    _source: AsyncSource | None

    def __init__(
        self,
        transport: Transport[CompletionT, UsageT],
        request: Request,
        send: Callable[[Request], Awaitable[tuple[AsyncSource, Body]]],
    ) -> None:
        super().__init__(None, request.projection(None, 0, None), request.showing)
        self._prepare(transport, request)
        self._send = send

    def __await__(self) -> Generator[Any, None, Self]:
        if self._source is None:
            yield from self._advance().__await__()
        return self

    @override
    async def __aenter__(self) -> Self:
        return await self

    @cached_property
    def choices(self) -> tuple[AsyncBodyStream[ItemT, FinalT], ...]:
        """The async counterpart of `ClientStream.choices`. Tasks may read them side by side.

        Raises:
            RuntimeError: before the `await`.

        """
        if self._source is None:
            message = (
                "the request has not been sent: `stream = await client.create_partial(...)`, and then stream.choices"
            )
            raise RuntimeError(message)
        return tuple(AsyncBodyStream(self._source, pump, self._showing, owner=False) for pump in self._pumps())

    @override
    async def _open(self) -> None:
        try:
            self._source, body = await self._send(self._request)
        except Exception as error:
            self._fail(error)
            raise
        self._begin(self._source.opened, body)


class ClientTurn(TurnSession, ClientStream[Part, list[Call], CompletionT, UsageT]):
    """One answer of a model to a request that has been sent: its prose and its calls. See `instar.Turn`.

    Errors are those of `instar.Turn`, and those of `ClientStream` for connections and servers.
    """

    def __init__(
        self,
        transport: Transport[CompletionT, UsageT],
        request: Request,
        send: Callable[[Request], tuple[Source, Body]],
    ) -> None:
        self._dialect = dialect_of(transport.endpoint.protocol)
        super().__init__(transport, request, send)

    def results(self, fn: Callable[[Call], Any] | None = None) -> list[Any]:
        """Return the messages that answer every call: as `instar.Turn.results`."""
        self._check_over()
        return results(self.calls, fn)


class AsyncClientTurn(TurnSession, AsyncClientStream[Part, list[Call], CompletionT, UsageT]):
    """The async counterpart of `ClientTurn`."""

    def __init__(
        self,
        transport: Transport[CompletionT, UsageT],
        request: Request,
        send: Callable[[Request], Awaitable[tuple[AsyncSource, Body]]],
    ) -> None:
        self._dialect = dialect_of(transport.endpoint.protocol)
        super().__init__(transport, request, send)

    async def results(self, fn: Callable[[Call], Any] | None = None) -> list[Any]:
        """Return the messages that answer every call: as `instar.AsyncTurn.results`."""
        self._check_over()
        return await async_results(self.calls, fn)


ChatTurn: TypeAlias = ClientTurn[ChatCompletion, CompletionUsage]
AsyncChatTurn: TypeAlias = AsyncClientTurn[ChatCompletion, CompletionUsage]
ResponseTurn: TypeAlias = ClientTurn[ResponseObject, ResponseUsage]
AsyncResponseTurn: TypeAlias = AsyncClientTurn[ResponseObject, ResponseUsage]
ChatStream: TypeAlias = ClientStream[ItemT, FinalT, ChatCompletion, CompletionUsage]
AsyncChatStream: TypeAlias = AsyncClientStream[ItemT, FinalT, ChatCompletion, CompletionUsage]
ResponseStream: TypeAlias = ClientStream[ItemT, FinalT, ResponseObject, ResponseUsage]
AsyncResponseStream: TypeAlias = AsyncClientStream[ItemT, FinalT, ResponseObject, ResponseUsage]
