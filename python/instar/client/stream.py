"""The streams that a client returns: `instar.Stream`, and what the response knows besides its text."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from openai.types.chat import ChatCompletion
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import Response as ResponseObject
from openai.types.responses import ResponseUsage
from pydantic import ValidationError

from instar.client.endpoint import CompletionT, UsageT
from instar.client.hooks import log
from instar.errors import JSONError, StreamError, TruncatedError
from instar.reading import AsyncStream, Stream
from instar.views import FinalT, ItemT
from instar.wire import AsyncResponse, AsyncWireStream, Response, WireReading, WireStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable

    from typing_extensions import Self

    from instar.client.question import Question
    from instar.client.sender import Sender
    from instar.views import View

# What asking again may mend.
_MENDABLE = (ValidationError, JSONError, TruncatedError)


class ClientReading(WireReading[ItemT, FinalT], Generic[ItemT, FinalT, CompletionT, UsageT]):
    """What the answer to a request knows: readable at any time, after an error too.

    Attributes:
        attempt: which request this is: 1, and one more each time that the model is asked again.

    """

    attempt: int
    _source: Any
    _sender: Sender[CompletionT, UsageT]
    _question: Question[ItemT, FinalT]

    @property
    def completion(self) -> CompletionT:
        """The response so far, as the API would have sent it in one piece; built anew at each look."""
        response, endpoint = self._response, self._sender.endpoint
        if response is None:
            return endpoint.completion(())
        if isinstance(response.opened, endpoint.whole):
            return response.opened
        return endpoint.completion(response.body.decoder.events)

    @property
    def usage(self) -> UsageT | None:
        """The tokens it took: known at the end, unless the server or `stream_options` kept them back."""
        usage = None if self._response is None else self._response.body.usage
        return None if usage is None else self._sender.endpoint.usage(usage)

    def _views(self) -> Iterable[View[ItemT, FinalT]]:
        """Return a view for each choice: this stream's own for the first."""
        count = int(self._question.keywords.get("n") or 1)
        return (self._view, *(self._question.view() for _ in range(1, count)))

    def _ask(self, sender: Sender[CompletionT, UsageT], question: Question[ItemT, FinalT]) -> None:
        self.attempt = 1
        self._sender = sender
        self._question = question
        self._response = None
        self._once: _Once[ItemT] | None = _Once() if question.many and question.retries else None

    def _begin(self, response: Any) -> None:
        """Read this response from now on. What an earlier one said has been readable until it came."""
        self._response = response
        if self.attempt > 1:
            self._view = self._question.view()

    def _take(self, delta: Any) -> Iterable[ItemT]:
        items = super()._take(delta)
        return items if self._once is None else self._once.new(items)

    def _finish(self) -> None:
        super()._finish()
        if self._failure is None and self._sender.hooks.awaited("final"):
            self._sender.hooks.tell("final", self._view.final(), self)

    def _refuse(self, error: Exception) -> None:
        super()._refuse(error)
        if isinstance(error, (StreamError, ValidationError)):
            log.debug("attempt %d is refused after %d bytes: %s", self.attempt, self.received, type(error).__name__)
            self._sender.hooks.tell("violation", error, self)

    def _fail(self, error: Exception) -> None:
        super()._fail(error)
        self._sender.hooks.tell("error", error, self)

    def _again(self) -> bool:
        error, question = self._failure, self._question
        if not isinstance(error, _MENDABLE) or self.attempt > question.retries:
            return False
        keywords = self._sender.endpoint.again(question.keywords, self.text, error)
        self._question = replace(question, keywords=keywords)
        self._source = self._failure = None
        self.attempt += 1
        if self._once is not None:
            self._once.again()
        log.debug("attempt %d begins", self.attempt)
        self._sender.hooks.tell("retry", self.attempt, error)
        if question.on_retry is not None:
            question.on_retry(self.attempt, error)
        return True


class ClientStream(ClientReading[ItemT, FinalT, CompletionT, UsageT], Stream[ItemT, FinalT]):
    """The growing answer to a request that has been sent. See `instar.Stream`.

    Errors are those of `instar.Stream`; `instar.RefusalError` when the stream ends with a refusal; and
    `openai.APIError` for an error that the server sends inside of the stream. An error closes the HTTP response;
    `snapshot`, `text`, `parser`, `received` and `completion` stay readable.
    """

    def __init__(
        self,
        sender: Sender[CompletionT, UsageT],
        question: Question[ItemT, FinalT],
        send: Callable[[Question[ItemT, FinalT]], Response],
    ) -> None:
        super().__init__(None, question.view())
        self._ask(sender, question)
        self._send = send
        try:
            self._open()
        except Exception as error:
            self._fail(error)
            raise

    @cached_property
    def choices(self) -> tuple[WireStream[ItemT, FinalT], ...]:
        """The streams of the answers where `n=` asked for several, each to be read on its own; this one is the first.

        Reading one keeps what the others say for their readers. Leaving one leaves the others: it is this stream
        that closes the response.
        """
        response = self._open()
        return tuple(WireStream(response, view, choice) for choice, view in enumerate(self._views()))

    def _open(self) -> Response:
        if self._source is None:
            self._source = self._send(self._question)
            self._begin(self._source)
        response: Response = self._source
        return response


class AsyncClientStream(ClientReading[ItemT, FinalT, CompletionT, UsageT], AsyncStream[ItemT, FinalT]):
    """The growing answer to a request. The twin of `ClientStream`.

    The request is sent once: by `await stream`, which returns the stream itself, or by the first iteration.
    """

    def __init__(
        self,
        sender: Sender[CompletionT, UsageT],
        question: Question[ItemT, FinalT],
        send: Callable[[Question[ItemT, FinalT]], Awaitable[AsyncResponse]],
    ) -> None:
        super().__init__(None, question.view())
        self._ask(sender, question)
        self._send = send

    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._sent().__await__()
        return self

    async def __aenter__(self) -> Self:
        return await self

    @cached_property
    def choices(self) -> tuple[AsyncWireStream[ItemT, FinalT], ...]:
        """The twin of `ClientStream.choices`. Tasks may read them side by side. RuntimeError before the `await`."""
        if self._source is None:
            message = (
                "the request has not been sent: `stream = await client.create_partial(...)`, and then stream.choices"
            )
            raise RuntimeError(message)
        return tuple(AsyncWireStream(self._source, view, choice) for choice, view in enumerate(self._views()))

    async def _sent(self) -> None:
        try:
            await self._open()
        except Exception as error:
            self._fail(error)
            raise

    async def _open(self) -> AsyncResponse:
        if self._source is None:
            self._source = await self._send(self._question)
            self._begin(self._source)
        response: AsyncResponse = self._source
        return response


class _Once(Generic[ItemT]):
    """Lets each element pass once, however many attempts repeat it."""

    def __init__(self) -> None:
        self._passed: list[ItemT] = []
        self._expected: deque[ItemT] = deque()

    def again(self) -> None:
        """Expect the elements that have passed once more."""
        self._expected = deque(self._passed)

    def new(self, items: Iterable[ItemT]) -> list[ItemT]:
        """Return those of the elements that have not passed."""
        new = []
        for item in items:
            if item in self._expected:
                self._expected.remove(item)
            else:
                self._passed.append(item)
                new.append(item)
        return new


ChatStream: TypeAlias = ClientStream[ItemT, FinalT, ChatCompletion, CompletionUsage]
AsyncChatStream: TypeAlias = AsyncClientStream[ItemT, FinalT, ChatCompletion, CompletionUsage]
ResponseStream: TypeAlias = ClientStream[ItemT, FinalT, ResponseObject, ResponseUsage]
AsyncResponseStream: TypeAlias = AsyncClientStream[ItemT, FinalT, ResponseObject, ResponseUsage]
