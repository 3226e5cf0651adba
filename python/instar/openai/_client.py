"""The client: an OpenAI client whose chat completions and responses also speak in types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from instar.openai._chat import ChatEndpoint
from instar.openai._hooks import Event, Hooks
from instar.openai._methods import AsyncChatCompletions, AsyncResponses, ChatCompletions, Responses
from instar.openai._proxy import Proxy
from instar.openai._responses import ResponsesEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.openai._mode import Mode
    from instar.openai._transport import ClientWire


class Chat(Proxy):
    """`client.chat`."""

    completions: ChatCompletions


class AsyncChat(Proxy):
    """`client.chat` of an async client."""

    completions: AsyncChatCompletions


class _Client(Proxy):
    """What a sync and an async client have in common."""

    def __init__(self, wrapped: Any, mode: Mode, wire: ClientWire, hooks: Hooks | None = None) -> None:
        super().__init__(wrapped)
        self._mode = mode
        self._wire = wire
        self._hooks = hooks or Hooks()

    def __repr__(self) -> str:
        server = self._wrapped.base_url.host  # without what an address may hold besides, a password say
        return f"<{type(self).__name__} of {type(self._wrapped).__name__} at {server}, {self._mode}>"

    def on(self, event: Event, listener: Callable[..., object]) -> Callable[[], None]:
        """Call a function at each such event of this client, and return the function that ends this.

        - "request": `listener(keywords)`, before the SDK is called with them.
        - "response": `listener(response)`, when it has begun: the SDK's `APIResponse`, chunk stream or completion.
        - "violation": `listener(error, stream)`, when an answer is refused, by the schema or as no JSON.
        - "retry": `listener(attempt, error)`, when the model is about to be asked again.
        - "final": `listener(value, stream)`, when an answer is whole and valid.
        - "error": `listener(error, stream)`, for what is raised in the end.

        Raises:
            ValueError: there is no such event.
            TypeError: the listener is a coroutine function.

        """
        return self._hooks.on(event, listener)

    def with_options(self, **options: Any) -> Self:
        """Return a client with other options, as the SDK's `with_options` takes them, and the same listeners."""
        return type(self)(self._wrapped.with_options(**options), self._mode, self._wire, self._hooks)


class Client(_Client):
    """An `openai.OpenAI` whose endpoints know `response_model`. All else is the wrapped client's.

    `create` and the other methods whose names begin so are those of `chat.completions`.
    """

    def __init__(self, wrapped: Any, mode: Mode, wire: ClientWire, hooks: Hooks | None = None) -> None:
        super().__init__(wrapped, mode, wire, hooks)
        self.chat = Chat(wrapped.chat)
        self.chat.completions = ChatCompletions(wrapped.chat.completions, ChatEndpoint(), mode, wire, self._hooks)
        self.responses = Responses(wrapped.responses, ResponsesEndpoint(), mode, wire, self._hooks)
        self.create = self.chat.completions.create
        self.create_partial = self.chat.completions.create_partial
        self.create_iterable = self.chat.completions.create_iterable
        self.create_turn = self.chat.completions.create_turn
        self.create_with_completion = self.chat.completions.create_with_completion

    def __enter__(self) -> Self:
        self._wrapped.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._wrapped.__exit__(*exception)


class AsyncClient(_Client):
    """An `openai.AsyncOpenAI` whose endpoints know `response_model`: the async counterpart of `Client`."""

    def __init__(self, wrapped: Any, mode: Mode, wire: ClientWire, hooks: Hooks | None = None) -> None:
        super().__init__(wrapped, mode, wire, hooks)
        self.chat = AsyncChat(wrapped.chat)
        self.chat.completions = AsyncChatCompletions(wrapped.chat.completions, ChatEndpoint(), mode, wire, self._hooks)
        self.responses = AsyncResponses(wrapped.responses, ResponsesEndpoint(), mode, wire, self._hooks)
        self.create = self.chat.completions.create
        self.create_partial = self.chat.completions.create_partial
        self.create_iterable = self.chat.completions.create_iterable
        self.create_turn = self.chat.completions.create_turn
        self.create_with_completion = self.chat.completions.create_with_completion

    async def __aenter__(self) -> Self:
        await self._wrapped.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._wrapped.__aexit__(*exception)
