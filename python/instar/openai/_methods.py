"""The methods of an endpoint that take a `response_model`: those of `chat.completions` and of `responses`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from instar.openai._endpoint import CompletionT, UsageT
from instar.openai._proxy import Proxy
from instar.openai._request import build_request, build_turn
from instar.openai._stream import AsyncClientStream, AsyncClientTurn, ClientStream, ClientTurn
from instar.openai._transport import Transport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from instar.openai._endpoint import Endpoint
    from instar.openai._hooks import Hooks
    from instar.openai._mode import Mode
    from instar.openai._request import Request
    from instar.openai._transport import Medium

T = TypeVar("T")


class _Endpoint(Proxy, Generic[CompletionT, UsageT]):
    """What the sync and the async methods have in common."""

    def __init__(
        self, wrapped: Any, endpoint: Endpoint[CompletionT, UsageT], mode: Mode, medium: Medium, hooks: Hooks
    ) -> None:
        super().__init__(wrapped)
        self._mode = mode
        self._transport = Transport(wrapped, endpoint, medium, hooks)

    def _asked(self, keywords: dict[str, Any], *, many: bool | None) -> Request:
        return build_request(self._transport.endpoint, many, self._mode, **keywords)

    def _whole(self, keywords: dict[str, Any]) -> Request:
        if keywords.get("stream"):
            message = "create_with_completion does not stream: create_partial does, and its stream has .completion"
            raise TypeError(message)
        return self._asked(keywords, many=None)


class Completions(_Endpoint[CompletionT, UsageT]):
    """`client.chat.completions` or `client.responses`, with a `response_model`.

    These keywords mean the same in every method; all others are the SDK's and reach it unchanged.

    - `response_model`: whatever `pydantic.TypeAdapter` takes: a model, a dataclass, a union, `int` ... In
      `instar.Mode.TOOLS` the members of a union are functions, and the model chooses.
    - `tools`: in place of a `response_model`, the types that the model chooses from, each a function.
    - `messages` or `input`: the conversation, as the SDK takes it.
    - `mode`: an `instar.Mode`, for this call.
    - `emit`: "delta", something to see after each delta, or "read", after each read from the network.
    - `max_retries`: how often the model is asked again, with what is wrong with its answer. 0 unless told.
    - `on_retry`: called with the number of the attempt that begins, and the error of the one before.
    - `live`, `limits`, `context`, `strict`, `on_violation`: as `instar.Parser` takes them.

    A streamed request asks for the token usage, unless `stream_options` is given. It is sent at the call, as
    the SDK's own `create(stream=True)` does, so that what is wrong with it is raised where it is written.
    Nothing is read before the iteration.

    Every method raises `openai.OpenAIError` where the request fails, and TypeError for a keyword that the SDK
    does not know, or that says what the `response_model` says already.
    """

    @overload
    def create_partial(self, *, response_model: type[T], **kwargs: Any) -> ClientStream[T, T, CompletionT, UsageT]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[type[T]], **kwargs: Any
    ) -> ClientStream[T, T, CompletionT, UsageT]: ...
    @overload
    def create_partial(
        self, *, response_model: object, **kwargs: Any
    ) -> ClientStream[Any, Any, CompletionT, UsageT]: ...
    def create_partial(self, **kwargs: Any) -> ClientStream[Any, Any, CompletionT, UsageT]:
        """Return the growing answer: an empty one, then one for each delta that changed it.

        Where the model chooses among functions, the answer is the first call; None while it has no name.
        """
        return self._stream(self._asked(kwargs, many=False))

    @overload
    def create_iterable(
        self, *, response_model: type[T], **kwargs: Any
    ) -> ClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[type[T]], **kwargs: Any
    ) -> ClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create_iterable(
        self, *, response_model: object, **kwargs: Any
    ) -> ClientStream[Any, list[Any], CompletionT, UsageT]: ...
    def create_iterable(self, **kwargs: Any) -> ClientStream[Any, list[Any], CompletionT, UsageT]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element. Where the model chooses among functions, each call is one.
        """
        return self._stream(self._asked(kwargs, many=True))

    @overload
    def create(  # a list is a type, too: the first that fits counts
        self, *, response_model: type[list[T]], stream: Literal[True], **kwargs: Any
    ) -> ClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create(
        self, *, response_model: type[T], stream: Literal[True], **kwargs: Any
    ) -> ClientStream[T, T, CompletionT, UsageT]: ...
    @overload  # `Iterable[User]` is no `type` to a checker; it is taken for what would make one
    def create(
        self, *, response_model: Callable[..., Iterable[T]], stream: Literal[True], **kwargs: Any
    ) -> ClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create(self, *, response_model: type[T], **kwargs: Any) -> T: ...
    @overload
    def create(self, *, response_model: Callable[..., Iterable[T]], **kwargs: Any) -> list[T]: ...
    @overload
    def create(self, **kwargs: Any) -> Any: ...
    def create(self, **kwargs: Any) -> Any:
        """Return the validated answer, or with `stream=True` the growing one.

        `list[User]` and `Iterable[User]` give a list, and with `stream=True` each `User` as it closes; so do
        types in `tools`. Without either this is the SDK's `create`.

        Raises:
            instar.StreamError: the answer is refused, cut off, missing or no JSON.
            pydantic.ValidationError: the schema refuses the answer.

        """
        if not _typed(kwargs):
            return self._wrapped.create(**kwargs)
        if kwargs.pop("stream", False):
            return self._stream(self._asked(kwargs, many=None))
        return self.create_with_completion(**kwargs)[0]

    @overload
    def create_with_completion(self, *, response_model: type[T], **kwargs: Any) -> tuple[T, CompletionT]: ...
    @overload
    def create_with_completion(self, *, response_model: object, **kwargs: Any) -> tuple[Any, CompletionT]: ...
    def create_with_completion(self, **kwargs: Any) -> tuple[Any, CompletionT]:
        """Return the validated answer and the response that it was in. Raises what `create` does."""
        request, send = self._whole(kwargs), self._transport.whole
        stream: ClientStream[Any, Any, CompletionT, UsageT] = ClientStream(self._transport, request, send)
        return stream.final(), stream.completion

    def create_turn(self, **kwargs: Any) -> ClientTurn[CompletionT, UsageT]:
        """Return the turn of the model: its prose and its calls of `tools`, in the order in which they come.

        `tools` are types of the arguments, functions, or dicts as the API has them; `tool_choice` is "auto" unless
        told.
        """
        return ClientTurn(self._transport, build_turn(self._transport.endpoint, **kwargs), self._transport.stream)

    def _stream(self, request: Request) -> ClientStream[Any, Any, CompletionT, UsageT]:
        return ClientStream(self._transport, request, self._transport.stream)


class AsyncCompletions(_Endpoint[CompletionT, UsageT]):
    """The twin of `Completions`: streams for `async for`, and everything else to be awaited.

    The request for a stream is sent when the stream is awaited or entered, or else by the first iteration.
    """

    @overload
    def create_partial(
        self, *, response_model: type[T], **kwargs: Any
    ) -> AsyncClientStream[T, T, CompletionT, UsageT]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[type[T]], **kwargs: Any
    ) -> AsyncClientStream[T, T, CompletionT, UsageT]: ...
    @overload
    def create_partial(
        self, *, response_model: object, **kwargs: Any
    ) -> AsyncClientStream[Any, Any, CompletionT, UsageT]: ...
    def create_partial(self, **kwargs: Any) -> AsyncClientStream[Any, Any, CompletionT, UsageT]:
        """Return the growing answer: the twin of `Completions.create_partial`."""
        return self._stream(self._asked(kwargs, many=False))

    @overload
    def create_iterable(
        self, *, response_model: type[T], **kwargs: Any
    ) -> AsyncClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[type[T]], **kwargs: Any
    ) -> AsyncClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create_iterable(
        self, *, response_model: object, **kwargs: Any
    ) -> AsyncClientStream[Any, list[Any], CompletionT, UsageT]: ...
    def create_iterable(self, **kwargs: Any) -> AsyncClientStream[Any, list[Any], CompletionT, UsageT]:
        """Return the elements of the answered list as they close: the twin of `Completions.create_iterable`."""
        return self._stream(self._asked(kwargs, many=True))

    @overload
    def create(
        self, *, response_model: type[list[T]], stream: Literal[True], **kwargs: Any
    ) -> AsyncClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create(
        self, *, response_model: type[T], stream: Literal[True], **kwargs: Any
    ) -> AsyncClientStream[T, T, CompletionT, UsageT]: ...
    @overload
    def create(
        self, *, response_model: Callable[..., Iterable[T]], stream: Literal[True], **kwargs: Any
    ) -> AsyncClientStream[T, list[T], CompletionT, UsageT]: ...
    @overload
    def create(self, *, response_model: type[T], **kwargs: Any) -> Coroutine[Any, Any, T]: ...
    @overload
    def create(self, *, response_model: Callable[..., Iterable[T]], **kwargs: Any) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def create(self, **kwargs: Any) -> Any: ...
    def create(self, **kwargs: Any) -> Awaitable[Any]:
        """Return an awaitable of what `Completions.create` returns. A stream can do without the `await`."""
        if not _typed(kwargs):
            sdk: Awaitable[Any] = self._wrapped.create(**kwargs)
            return sdk
        if kwargs.pop("stream", False):
            return self._stream(self._asked(kwargs, many=None))
        return self._validated(kwargs)

    @overload
    async def create_with_completion(self, *, response_model: type[T], **kwargs: Any) -> tuple[T, CompletionT]: ...
    @overload
    async def create_with_completion(self, *, response_model: object, **kwargs: Any) -> tuple[Any, CompletionT]: ...
    async def create_with_completion(self, **kwargs: Any) -> tuple[Any, CompletionT]:
        """Return the validated answer and the response that it was in. Raises what `create` does."""
        request, send = self._whole(kwargs), self._transport.awhole
        stream: AsyncClientStream[Any, Any, CompletionT, UsageT] = AsyncClientStream(self._transport, request, send)
        return await stream.final(), stream.completion

    async def _validated(self, kwargs: dict[str, Any]) -> Any:
        return (await self.create_with_completion(**kwargs))[0]

    def create_turn(self, **kwargs: Any) -> AsyncClientTurn[CompletionT, UsageT]:
        """Return the turn of the model: its prose and its calls of `tools`, in the order in which they come.

        `tools` are types of the arguments, functions, or dicts as the API has them; `tool_choice` is "auto" unless
        told.
        """
        return AsyncClientTurn(self._transport, build_turn(self._transport.endpoint, **kwargs), self._transport.astream)

    def _stream(self, request: Request) -> AsyncClientStream[Any, Any, CompletionT, UsageT]:
        return AsyncClientStream(self._transport, request, self._transport.astream)


def _typed(keywords: dict[str, Any]) -> bool:
    """Say whether a call asks for a type; where it says that it does not, take that out."""
    if keywords.get("response_model") is not None:
        return True
    keywords.pop("response_model", None)
    return any(not isinstance(tool, Mapping) for tool in keywords.get("tools") or ())
