"""The client: an OpenAI client whose chat completions also speak in types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from typing_extensions import Self

from instar.client.question import ask, either, many, one
from instar.client.stream import AsyncChatStream, ChatStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from openai.types.chat import ChatCompletion

    from instar.client.mode import Mode
    from instar.client.question import Question

T = TypeVar("T")


class _Proxy:
    """Everything that is not overridden stays as the wrapped object has it."""

    def __init__(self, wrapped: Any, mode: Mode) -> None:
        self._wrapped = wrapped
        self._mode = mode

    def __getattr__(self, name: str) -> Any:
        # By way of `object`, so that a copy in the making, which wraps nothing yet, does not look for ever.
        return getattr(object.__getattribute__(self, "_wrapped"), name)


class Completions(_Proxy):
    """`client.chat.completions`, with a `response_model`.

    These keywords mean the same in every method; all others are the SDK's and reach it unchanged.

    - `response_model`: whatever `pydantic.TypeAdapter` takes: a model, a dataclass, a union, `int` ...
    - `messages`: the conversation, as the SDK takes it.
    - `mode`: an `instar.Mode`, for this call.
    - `context`, `strict`: for Pydantic's validation.

    A streamed request asks for the token usage, unless `stream_options` is given. It is sent at the call, as
    the SDK's own `create(stream=True)` does, so that what is wrong with it is raised where it is written.
    Nothing is read before the iteration.

    Every method raises `openai.OpenAIError` where the request fails, and TypeError for a keyword that the SDK
    does not know, or that says what the `response_model` says already.
    """

    @overload
    def create_partial(self, *, response_model: type[T], **kwargs: Any) -> ChatStream[T, T]: ...
    @overload
    def create_partial(self, *, response_model: object, **kwargs: Any) -> ChatStream[Any, Any]: ...
    def create_partial(self, **kwargs: Any) -> ChatStream[Any, Any]:
        """Return the growing answer: an empty one, then one for each delta that changed it."""
        return self._stream(ask(one, self._mode, **kwargs))

    @overload
    def create_iterable(self, *, response_model: type[T], **kwargs: Any) -> ChatStream[T, list[T]]: ...
    @overload
    def create_iterable(self, *, response_model: object, **kwargs: Any) -> ChatStream[Any, list[Any]]: ...
    def create_iterable(self, **kwargs: Any) -> ChatStream[Any, list[Any]]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element.
        """
        return self._stream(ask(many, self._mode, **kwargs))

    @overload
    def create(
        self, *, response_model: type[list[T]], stream: Literal[True], **kwargs: Any
    ) -> ChatStream[T, list[T]]: ...
    @overload
    def create(self, *, response_model: type[T], stream: Literal[True], **kwargs: Any) -> ChatStream[T, T]: ...
    @overload
    def create(self, *, response_model: type[T], **kwargs: Any) -> T: ...
    @overload
    def create(self, **kwargs: Any) -> Any: ...
    def create(self, **kwargs: Any) -> Any:
        """Return the validated answer, or with `stream=True` the growing one.

        `list[User]` and `Iterable[User]` give a list, and with `stream=True` each `User` as it closes.
        Without a `response_model` this is the SDK's `create`.

        Raises:
            instar.StreamError: the answer is refused, cut off, missing or no JSON.
            pydantic.ValidationError: the schema refuses the answer.

        """
        if kwargs.get("response_model") is None:
            kwargs.pop("response_model", None)
            return self._wrapped.create(**kwargs)
        if kwargs.get("stream"):
            return self._stream(ask(either, self._mode, **kwargs))
        return self.create_with_completion(**kwargs)[0]

    @overload
    def create_with_completion(self, *, response_model: type[T], **kwargs: Any) -> tuple[T, ChatCompletion]: ...
    @overload
    def create_with_completion(self, *, response_model: object, **kwargs: Any) -> tuple[Any, ChatCompletion]: ...
    def create_with_completion(self, **kwargs: Any) -> tuple[Any, ChatCompletion]:
        """Return the validated answer and the completion that it was in. Raises what `create` does."""
        question = ask(either, self._mode, **kwargs)
        completion = self._wrapped.create(**question.whole)
        return ChatStream([completion], question).final(), completion

    def _stream(self, question: Question[Any, Any]) -> ChatStream[Any, Any]:
        return ChatStream(self._wrapped.create(**question.streamed), question)


class AsyncCompletions(_Proxy):
    """The twin of `Completions`: streams for `async for`, and everything else to be awaited.

    The request for a stream is sent when the stream is awaited or entered, or else by the first iteration.
    """

    @overload
    def create_partial(self, *, response_model: type[T], **kwargs: Any) -> AsyncChatStream[T, T]: ...
    @overload
    def create_partial(self, *, response_model: object, **kwargs: Any) -> AsyncChatStream[Any, Any]: ...
    def create_partial(self, **kwargs: Any) -> AsyncChatStream[Any, Any]:
        """Return the growing answer: an empty one, then one for each delta that changed it."""
        return self._stream(ask(one, self._mode, **kwargs))

    @overload
    def create_iterable(self, *, response_model: type[T], **kwargs: Any) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create_iterable(self, *, response_model: object, **kwargs: Any) -> AsyncChatStream[Any, list[Any]]: ...
    def create_iterable(self, **kwargs: Any) -> AsyncChatStream[Any, list[Any]]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element.
        """
        return self._stream(ask(many, self._mode, **kwargs))

    @overload
    def create(
        self, *, response_model: type[list[T]], stream: Literal[True], **kwargs: Any
    ) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create(self, *, response_model: type[T], stream: Literal[True], **kwargs: Any) -> AsyncChatStream[T, T]: ...
    @overload
    def create(self, *, response_model: type[T], **kwargs: Any) -> Coroutine[Any, Any, T]: ...
    @overload
    def create(self, **kwargs: Any) -> Any: ...
    def create(self, **kwargs: Any) -> Awaitable[Any]:
        """Return an awaitable of what `Completions.create` returns. A stream can do without the `await`."""
        if kwargs.get("response_model") is None:
            kwargs.pop("response_model", None)
            sdk: Awaitable[Any] = self._wrapped.create(**kwargs)
            return sdk
        if kwargs.get("stream"):
            return self._stream(ask(either, self._mode, **kwargs))
        return self._validated(**kwargs)

    @overload
    async def create_with_completion(self, *, response_model: type[T], **kwargs: Any) -> tuple[T, ChatCompletion]: ...
    @overload
    async def create_with_completion(self, *, response_model: object, **kwargs: Any) -> tuple[Any, ChatCompletion]: ...
    async def create_with_completion(self, **kwargs: Any) -> tuple[Any, ChatCompletion]:
        """Return the validated answer and the completion that it was in. Raises what `create` does."""
        question = ask(either, self._mode, **kwargs)
        completion = await self._wrapped.create(**question.whole)
        return ChatStream([completion], question).final(), completion

    async def _validated(self, **kwargs: Any) -> Any:
        return (await self.create_with_completion(**kwargs))[0]

    def _stream(self, question: Question[Any, Any]) -> AsyncChatStream[Any, Any]:
        return AsyncChatStream(partial(self._wrapped.create, **question.streamed), question)


class Chat(_Proxy):
    """`client.chat`."""

    def __init__(self, wrapped: Any, mode: Mode) -> None:
        super().__init__(wrapped, mode)
        self.completions = Completions(wrapped.completions, mode)


class AsyncChat(_Proxy):
    """`client.chat` of an async client."""

    def __init__(self, wrapped: Any, mode: Mode) -> None:
        super().__init__(wrapped, mode)
        self.completions = AsyncCompletions(wrapped.completions, mode)


class Client(_Proxy):
    """An `openai.OpenAI` whose `chat.completions` know `response_model`. All else is the wrapped client's.

    `create`, `create_partial`, `create_iterable`, `create_with_completion` are those of `chat.completions`.
    """

    def __init__(self, wrapped: Any, mode: Mode) -> None:
        super().__init__(wrapped, mode)
        self.chat = Chat(wrapped.chat, mode)
        self.create = self.chat.completions.create
        self.create_partial = self.chat.completions.create_partial
        self.create_iterable = self.chat.completions.create_iterable
        self.create_with_completion = self.chat.completions.create_with_completion

    def with_options(self, **options: Any) -> Self:
        """Return a client with other options, as the SDK's `with_options` takes them."""
        return type(self)(self._wrapped.with_options(**options), self._mode)

    def __enter__(self) -> Self:
        self._wrapped.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._wrapped.__exit__(*exception)


class AsyncClient(_Proxy):
    """An `openai.AsyncOpenAI` whose `chat.completions` know `response_model`: the twin of `Client`."""

    def __init__(self, wrapped: Any, mode: Mode) -> None:
        super().__init__(wrapped, mode)
        self.chat = AsyncChat(wrapped.chat, mode)
        self.create = self.chat.completions.create
        self.create_partial = self.chat.completions.create_partial
        self.create_iterable = self.chat.completions.create_iterable
        self.create_with_completion = self.chat.completions.create_with_completion

    def with_options(self, **options: Any) -> Self:
        """Return a client with other options, as the SDK's `with_options` takes them."""
        return type(self)(self._wrapped.with_options(**options), self._mode)

    async def __aenter__(self) -> Self:
        await self._wrapped.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._wrapped.__aexit__(*exception)
