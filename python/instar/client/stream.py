"""The streams that a client returns: `instar.Stream`, and what a chat completion knows besides its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instar.client.answer import Answer
from instar.errors import TruncatedError
from instar.streams import AsyncStream, FinalT, ItemT, Reading, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Generator, Iterable

    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.completion_usage import CompletionUsage
    from typing_extensions import Self

    from instar.client.question import Question


class _Chat(Reading[ItemT, FinalT]):
    """What a chat completion knows besides its text: readable at any time, after an error too."""

    _answer: Answer

    @property
    def completion(self) -> ChatCompletion:
        """The response so far, as the API would have sent it in one piece; built anew at each look."""
        return self._answer.completion

    @property
    def usage(self) -> CompletionUsage | None:
        """The tokens it took: known at the end, unless the server or `stream_options` kept them back."""
        return self._answer.usage

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped (`"stop"`, `"length"`, `"tool_calls"`, `"content_filter"`), once it has."""
        return self._answer.finish_reason

    def _take(self, piece: Any) -> Iterable[ItemT]:
        return super()._take(self._answer.read(piece))

    def _end(self) -> None:
        self._answer.check()
        try:
            super()._end()
        except TruncatedError as error:
            raise self._answer.explain(error) from None


class ChatStream(_Chat[ItemT, FinalT], Stream[ItemT, FinalT]):
    """The growing answer to a request that has been sent. See `instar.Stream`.

    Errors are those of `instar.Stream`, and `instar.RefusalError` when the stream ends with a refusal. An
    error closes the HTTP response; `snapshot`, `text`, `parser` and `completion` stay readable.
    """

    def __init__(
        self, source: Iterable[ChatCompletionChunk | ChatCompletion], question: Question[ItemT, FinalT]
    ) -> None:
        super().__init__(source, question.view)
        self._answer = Answer(question.mode)


class AsyncChatStream(_Chat[ItemT, FinalT], AsyncStream[ItemT, FinalT]):
    """The growing answer to a request. The twin of `ChatStream`.

    The request is sent once: by `await stream`, which returns the stream itself, or by the first iteration.
    """

    def __init__(
        self,
        send: Callable[[], Awaitable[AsyncIterable[ChatCompletionChunk]]],
        question: Question[ItemT, FinalT],
    ) -> None:
        super().__init__(None, question.view)
        self._send = send
        self._answer = Answer(question.mode)

    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._open().__await__()
        return self

    async def __aenter__(self) -> Self:
        return await self

    async def _open(self) -> AsyncIterable[Any]:
        if self._source is None:
            self._source = await self._send()
        return self._source
