"""Where the deltas come from: the SDK's chunks, or a whole completion, which is a stream of one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai.types.chat import ChatCompletion

from instar.client.accumulate import Accumulated
from instar.client.mode import Mode
from instar.errors import RefusalError, StreamError, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openai.types.chat import (
        ChatCompletionChunk,
        ChatCompletionMessage,
        ChatCompletionMessageToolCallUnion,
    )
    from openai.types.chat.chat_completion_chunk import ChoiceDelta, ChoiceDeltaToolCall
    from openai.types.completion_usage import CompletionUsage

_WHY = {
    "length": "the token limit was reached (finish_reason='length': raise max_tokens or ask for less)",
    "content_filter": "the provider's content filter cut the answer (finish_reason='content_filter')",
    None: "the response broke off (it has no finish_reason)",
}


class Answer:
    """What the response has said so far, apart from the JSON text itself."""

    def __init__(self, mode: Mode) -> None:
        self.finish_reason: str | None = None
        self.usage: CompletionUsage | None = None
        self._mode = mode
        self._refusal = ""
        self._prose = False
        self._chosen = False
        self._call: int | None = None
        self._accumulated = Accumulated()

    @property
    def completion(self) -> ChatCompletion:
        """The response so far, as the API would have sent it in one piece."""
        return self._accumulated.completion()

    def read(self, piece: ChatCompletionChunk | ChatCompletion) -> str:
        """Take in a piece of the response; return the delta of the JSON text that it brings."""
        if not isinstance(piece, ChatCompletion):
            self._accumulated.add(piece)
        self.usage = piece.usage or self.usage
        delta = ""
        choices: Iterable[Any] = piece.choices or ()  # a whole one has messages, a chunk deltas
        for choice in choices:
            if choice.index == 0:
                self._chosen = True
                self.finish_reason = choice.finish_reason or self.finish_reason
                message = getattr(choice, "delta", None) or choice.message
                delta += self._text(message)
        return delta

    def check(self) -> None:
        """Check, at the end, that there was an answer at all.

        Raises:
            RefusalError: the model refused; the error carries its words.
            StreamError: there was no choice in the response, or no call of the function.

        """
        if self._refusal:
            raise RefusalError(self._refusal)
        if not self._chosen:
            message = "the response has no choices: the server sent no answer"
            raise StreamError(message, 0, 1, 1)
        if self._mode is Mode.TOOLS and self._call is None and self._prose:
            message = "the model answered in prose instead of calling the function: try another instar.Mode"
            raise StreamError(message, 0, 1, 1)

    def explain(self, error: TruncatedError) -> TruncatedError:
        """Return the error with the reason for which the text ended early."""
        why = _WHY.get(self.finish_reason, f"the model stopped there (finish_reason={self.finish_reason!r})")
        return TruncatedError(error.path, error.offset, error.line, error.column, reason=f"because {why}")

    def _text(self, message: ChoiceDelta | ChatCompletionMessage) -> str:
        self._refusal += message.refusal or ""
        if self._mode is Mode.TOOLS:
            self._prose = self._prose or bool(message.content)
            return self._arguments(message.tool_calls or ())
        return message.content or ""

    def _arguments(self, calls: Sequence[ChoiceDeltaToolCall | ChatCompletionMessageToolCallUnion]) -> str:
        """Return what these calls add to the arguments of the first call; others may be among them."""
        text = ""
        for position, call in enumerate(calls):
            function = getattr(call, "function", None)
            if function is not None:
                index = getattr(call, "index", None)
                index = position if index is None else index
                self._call = index if self._call is None else self._call
                text += (function.arguments or "") if index == self._call else ""
        return text
