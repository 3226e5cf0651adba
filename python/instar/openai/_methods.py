"""The methods of the endpoints, with all their keywords. Written by scripts/methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from openai.types.chat import ChatCompletion
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import Response, ResponseUsage

from instar.openai._create import AsyncMethods, Methods
from instar.openai._keywords import (
    AnswerOptions,
    AskOptions,
    EitherOptions,
    IterableOptions,
    PartialOptions,
    signed,
)
from instar.openai._requests import ChatRequest, ResponsesRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping

    from openai import AsyncStream, Stream
    from openai.types.chat import ChatCompletionChunk, ChatCompletionToolUnionParam
    from openai.types.responses import ResponseStreamEvent, ToolParam
    from typing_extensions import Unpack

    from instar._tools import Offered
    from instar.openai._stream import (
        AsyncChatStream,
        AsyncChatTurn,
        AsyncResponseStream,
        AsyncResponseTurn,
        ChatStream,
        ChatTurn,
        ResponseStream,
        ResponseTurn,
    )

T = TypeVar("T")


class ChatPartialOptions(ChatRequest, PartialOptions, total=False):
    """The keywords of `create_partial`."""


class ChatIterableOptions(ChatRequest, IterableOptions, total=False):
    """The keywords of `create_iterable`."""


class ChatAnswerOptions(ChatRequest, AnswerOptions, total=False):
    """The keywords of `create_with_completion`."""


class ChatEitherOptions(ChatRequest, EitherOptions, total=False):
    """The keywords of `create`."""


class ChatTurnOptions(ChatRequest, AskOptions, total=False):
    """The keywords of `create_turn`."""


class ResponsesPartialOptions(ResponsesRequest, PartialOptions, total=False):
    """The keywords of `create_partial`."""


class ResponsesIterableOptions(ResponsesRequest, IterableOptions, total=False):
    """The keywords of `create_iterable`."""


class ResponsesAnswerOptions(ResponsesRequest, AnswerOptions, total=False):
    """The keywords of `create_with_completion`."""


class ResponsesEitherOptions(ResponsesRequest, EitherOptions, total=False):
    """The keywords of `create`."""


class ResponsesTurnOptions(ResponsesRequest, AskOptions, total=False):
    """The keywords of `create_turn`."""


class ChatCompletions(Methods[ChatCompletion, CompletionUsage]):
    """`client.chat.completions`, with a `response_model`.

    These keywords mean the same in every method; all others are the SDK's and reach it unchanged.

    - `response_model`: whatever `pydantic.TypeAdapter` takes: a model, a dataclass, a union, `int` ... In
      `instar.Mode.TOOLS` the members of a union are functions, and the model chooses.
    - `tools`: in place of a `response_model`, what the model chooses from: types of arguments, or functions.
    - `messages`: the conversation, as the SDK takes it.
    - `mode`: an `instar.Mode`, for this call.
    - `emit`: "delta", something to see after each delta, or "read", after each read from the network.
    - `max_retries`: how often the model is asked again, with what is wrong with its answer; a connection that breaks
      is tried again as often. 0 unless told.
    - `on_retry`: called with the number of the attempt that begins, and the error of the one before.
    - `live`, `limits`, `context`, `strict`, `on_violation`, `empty`: as `instar.Parser` takes them.
    - `repair`: what is mended of an answer that is not JSON, as `instar.Parser` takes it. "around" unless told.
    - `on_error`: of elements, "raise" or "skip": as `instar.elements` takes it.

    A streamed request asks for the token usage, unless `stream_options` is given. It is sent at the call, as
    the SDK's own `create(stream=True)` does, so that what is wrong with it is raised where it is written.
    Nothing is read before the iteration.

    Every method raises `openai.OpenAIError` where the request fails, and TypeError for a keyword that the SDK
    does not know, or that says what the `response_model` says already.
    """

    @overload
    def create_partial(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatPartialOptions],
    ) -> ChatStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ChatPartialOptions]
    ) -> ChatStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ChatPartialOptions]
    ) -> ChatStream[Any, Any]: ...
    @overload
    def create_partial(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatPartialOptions],
    ) -> ChatStream[Any, Any]: ...
    @signed(ChatPartialOptions)
    def create_partial(self, **options: Any) -> ChatStream[Any, Any]:
        """Return the growing answer: an empty one, then one for each delta that changed it.

        Where the model chooses among functions, the answer is the first call; None while it has no name.
        """
        return self._create_partial(options)

    @overload
    def create_iterable(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatIterableOptions],
    ) -> ChatStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ChatIterableOptions]
    ) -> ChatStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ChatIterableOptions]
    ) -> ChatStream[Any, list[Any]]: ...
    @overload
    def create_iterable(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatIterableOptions],
    ) -> ChatStream[Any, list[Any]]: ...
    @signed(ChatIterableOptions)
    def create_iterable(self, **options: Any) -> ChatStream[Any, list[Any]]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element. Where the model chooses among functions, each call is one.
        """
        return self._create_iterable(options)

    @signed(ChatTurnOptions, response_model=False)
    def create_turn(self, *, tools: Iterable[Offered] = (), **options: Unpack[ChatTurnOptions]) -> ChatTurn:
        """Return the turn of the model: its prose and its calls of `tools`, in the order in which they come.

        `tools` are types of the arguments, functions, or dicts as the API has them; `tool_choice` is "auto" unless
        told. `max_retries` covers connections that break, and prose where a call was forced.
        """
        return self._create_turn({"tools": tools, **options})

    @overload
    def create(  # a list is a type, too: the first that fits counts
        self,
        *,
        response_model: type[list[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> ChatStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> ChatStream[T, T]: ...
    @overload  # `Iterable[User]` is no `type` to a checker; it is taken for what would make one
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> ChatStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> T: ...
    @overload
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> list[T]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[ChatCompletionToolUnionParam] = ...,
        **options: Unpack[ChatRequest],
    ) -> Stream[ChatCompletionChunk]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[ChatCompletionToolUnionParam] = ...,
        **options: Unpack[ChatRequest],
    ) -> ChatCompletion: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[type[T]],
        **options: Unpack[ChatEitherOptions],
    ) -> ChatStream[T, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[type[T]],
        **options: Unpack[ChatEitherOptions],
    ) -> list[T]: ...
    @overload
    def create(
        self,
        *,
        response_model: object = ...,
        stream: bool = ...,
        tools: Iterable[Offered] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> Any: ...
    @signed(ChatEitherOptions)
    def create(self, **options: Any) -> Any:
        """Return the validated answer, or with `stream=True` the growing one.

        `list[User]` and `Iterable[User]` give a list, and with `stream=True` each `User` as it closes; so do
        types in `tools`. Without either this is the SDK's `create`.

        Raises:
            instar.StreamError: the answer is refused, cut off, missing or no JSON.
            pydantic.ValidationError: the schema refuses the answer.

        """
        return self._create(options)

    @overload
    def create_with_completion(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatAnswerOptions],
    ) -> tuple[T, ChatCompletion]: ...
    @overload
    def create_with_completion(
        self, *, response_model: object = ..., tools: Iterable[Offered] = ..., **options: Unpack[ChatAnswerOptions]
    ) -> tuple[Any, ChatCompletion]: ...
    @signed(ChatAnswerOptions)
    def create_with_completion(self, **options: Any) -> tuple[Any, ChatCompletion]:
        """Return the validated answer and the response that it was in. Raises what `create` does."""
        return self._create_with_completion(options)


class AsyncChatCompletions(AsyncMethods[ChatCompletion, CompletionUsage]):
    """`client.chat.completions` of an async client, with a `response_model`.

    These keywords mean the same in every method; all others are the SDK's and reach it unchanged.

    - `response_model`: whatever `pydantic.TypeAdapter` takes: a model, a dataclass, a union, `int` ... In
      `instar.Mode.TOOLS` the members of a union are functions, and the model chooses.
    - `tools`: in place of a `response_model`, what the model chooses from: types of arguments, or functions.
    - `messages`: the conversation, as the SDK takes it.
    - `mode`: an `instar.Mode`, for this call.
    - `emit`: "delta", something to see after each delta, or "read", after each read from the network.
    - `max_retries`: how often the model is asked again, with what is wrong with its answer; a connection that breaks
      is tried again as often. 0 unless told.
    - `on_retry`: called with the number of the attempt that begins, and the error of the one before.
    - `live`, `limits`, `context`, `strict`, `on_violation`, `empty`: as `instar.Parser` takes them.
    - `repair`: what is mended of an answer that is not JSON, as `instar.Parser` takes it. "around" unless told.
    - `on_error`: of elements, "raise" or "skip": as `instar.elements` takes it.

    A streamed request asks for the token usage, unless `stream_options` is given. It is sent when
    the stream is awaited or entered, or else by the first iteration.

    Every method raises `openai.OpenAIError` where the request fails, and TypeError for a keyword that the SDK
    does not know, or that says what the `response_model` says already.
    """

    @overload
    def create_partial(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatPartialOptions],
    ) -> AsyncChatStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ChatPartialOptions]
    ) -> AsyncChatStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ChatPartialOptions]
    ) -> AsyncChatStream[Any, Any]: ...
    @overload
    def create_partial(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatPartialOptions],
    ) -> AsyncChatStream[Any, Any]: ...
    @signed(ChatPartialOptions)
    def create_partial(self, **options: Any) -> AsyncChatStream[Any, Any]:
        """Return the growing answer: an empty one, then one for each delta that changed it.

        Where the model chooses among functions, the answer is the first call; None while it has no name.
        """
        return self._create_partial(options)

    @overload
    def create_iterable(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatIterableOptions],
    ) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ChatIterableOptions]
    ) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ChatIterableOptions]
    ) -> AsyncChatStream[Any, list[Any]]: ...
    @overload
    def create_iterable(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatIterableOptions],
    ) -> AsyncChatStream[Any, list[Any]]: ...
    @signed(ChatIterableOptions)
    def create_iterable(self, **options: Any) -> AsyncChatStream[Any, list[Any]]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element. Where the model chooses among functions, each call is one.
        """
        return self._create_iterable(options)

    @signed(ChatTurnOptions, response_model=False)
    def create_turn(self, *, tools: Iterable[Offered] = (), **options: Unpack[ChatTurnOptions]) -> AsyncChatTurn:
        """Return the turn of the model: its prose and its calls of `tools`, in the order in which they come.

        `tools` are types of the arguments, functions, or dicts as the API has them; `tool_choice` is "auto" unless
        told. `max_retries` covers connections that break, and prose where a call was forced.
        """
        return self._create_turn({"tools": tools, **options})

    @overload
    def create(  # a list is a type, too: the first that fits counts
        self,
        *,
        response_model: type[list[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> AsyncChatStream[T, T]: ...
    @overload  # `Iterable[User]` is no `type` to a checker; it is taken for what would make one
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[ChatCompletionToolUnionParam] = ...,
        **options: Unpack[ChatRequest],
    ) -> Coroutine[Any, Any, AsyncStream[ChatCompletionChunk]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[ChatCompletionToolUnionParam] = ...,
        **options: Unpack[ChatRequest],
    ) -> Coroutine[Any, Any, ChatCompletion]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[type[T]],
        **options: Unpack[ChatEitherOptions],
    ) -> AsyncChatStream[T, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[type[T]],
        **options: Unpack[ChatEitherOptions],
    ) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: object = ...,
        stream: bool = ...,
        tools: Iterable[Offered] = ...,
        **options: Unpack[ChatEitherOptions],
    ) -> Any: ...
    @signed(ChatEitherOptions)
    def create(self, **options: Any) -> Awaitable[Any]:
        """Return the validated answer, or with `stream=True` the growing one.

        It is awaited; a growing one can do without.

        `list[User]` and `Iterable[User]` give a list, and with `stream=True` each `User` as it closes; so do
        types in `tools`. Without either this is the SDK's `create`.

        Raises:
            instar.StreamError: the answer is refused, cut off, missing or no JSON.
            pydantic.ValidationError: the schema refuses the answer.

        """
        return self._create(options)

    @overload
    async def create_with_completion(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ChatAnswerOptions],
    ) -> tuple[T, ChatCompletion]: ...
    @overload
    async def create_with_completion(
        self, *, response_model: object = ..., tools: Iterable[Offered] = ..., **options: Unpack[ChatAnswerOptions]
    ) -> tuple[Any, ChatCompletion]: ...
    @signed(ChatAnswerOptions)
    async def create_with_completion(self, **options: Any) -> tuple[Any, ChatCompletion]:
        """Return the validated answer and the response that it was in. Raises what `create` does."""
        return await self._create_with_completion(options)


class Responses(Methods[Response, ResponseUsage]):
    """`client.responses`, with a `response_model`.

    These keywords mean the same in every method; all others are the SDK's and reach it unchanged.

    - `response_model`: whatever `pydantic.TypeAdapter` takes: a model, a dataclass, a union, `int` ... In
      `instar.Mode.TOOLS` the members of a union are functions, and the model chooses.
    - `tools`: in place of a `response_model`, what the model chooses from: types of arguments, or functions.
    - `input`: the conversation, as the SDK takes it.
    - `mode`: an `instar.Mode`, for this call.
    - `emit`: "delta", something to see after each delta, or "read", after each read from the network.
    - `max_retries`: how often the model is asked again, with what is wrong with its answer; a connection that breaks
      is tried again as often. 0 unless told.
    - `on_retry`: called with the number of the attempt that begins, and the error of the one before.
    - `live`, `limits`, `context`, `strict`, `on_violation`, `empty`: as `instar.Parser` takes them.
    - `repair`: what is mended of an answer that is not JSON, as `instar.Parser` takes it. "around" unless told.
    - `on_error`: of elements, "raise" or "skip": as `instar.elements` takes it.

    A streamed request asks for the token usage, unless `stream_options` is given. It is sent at the call, as
    the SDK's own `create(stream=True)` does, so that what is wrong with it is raised where it is written.
    Nothing is read before the iteration.

    Every method raises `openai.OpenAIError` where the request fails, and TypeError for a keyword that the SDK
    does not know, or that says what the `response_model` says already.
    """

    @overload
    def create_partial(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesPartialOptions],
    ) -> ResponseStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ResponsesPartialOptions]
    ) -> ResponseStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ResponsesPartialOptions]
    ) -> ResponseStream[Any, Any]: ...
    @overload
    def create_partial(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesPartialOptions],
    ) -> ResponseStream[Any, Any]: ...
    @signed(ResponsesPartialOptions)
    def create_partial(self, **options: Any) -> ResponseStream[Any, Any]:
        """Return the growing answer: an empty one, then one for each delta that changed it.

        Where the model chooses among functions, the answer is the first call; None while it has no name.
        """
        return self._create_partial(options)

    @overload
    def create_iterable(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesIterableOptions],
    ) -> ResponseStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ResponsesIterableOptions]
    ) -> ResponseStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ResponsesIterableOptions]
    ) -> ResponseStream[Any, list[Any]]: ...
    @overload
    def create_iterable(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesIterableOptions],
    ) -> ResponseStream[Any, list[Any]]: ...
    @signed(ResponsesIterableOptions)
    def create_iterable(self, **options: Any) -> ResponseStream[Any, list[Any]]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element. Where the model chooses among functions, each call is one.
        """
        return self._create_iterable(options)

    @signed(ResponsesTurnOptions, response_model=False)
    def create_turn(self, *, tools: Iterable[Offered] = (), **options: Unpack[ResponsesTurnOptions]) -> ResponseTurn:
        """Return the turn of the model: its prose and its calls of `tools`, in the order in which they come.

        `tools` are types of the arguments, functions, or dicts as the API has them; `tool_choice` is "auto" unless
        told. `max_retries` covers connections that break, and prose where a call was forced.
        """
        return self._create_turn({"tools": tools, **options})

    @overload
    def create(  # a list is a type, too: the first that fits counts
        self,
        *,
        response_model: type[list[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> ResponseStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> ResponseStream[T, T]: ...
    @overload  # `Iterable[User]` is no `type` to a checker; it is taken for what would make one
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> ResponseStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> T: ...
    @overload
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> list[T]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[ToolParam] = ...,
        **options: Unpack[ResponsesRequest],
    ) -> Stream[ResponseStreamEvent]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[ToolParam] = ...,
        **options: Unpack[ResponsesRequest],
    ) -> Response: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[type[T]],
        **options: Unpack[ResponsesEitherOptions],
    ) -> ResponseStream[T, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[type[T]],
        **options: Unpack[ResponsesEitherOptions],
    ) -> list[T]: ...
    @overload
    def create(
        self,
        *,
        response_model: object = ...,
        stream: bool = ...,
        tools: Iterable[Offered] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> Any: ...
    @signed(ResponsesEitherOptions)
    def create(self, **options: Any) -> Any:
        """Return the validated answer, or with `stream=True` the growing one.

        `list[User]` and `Iterable[User]` give a list, and with `stream=True` each `User` as it closes; so do
        types in `tools`. Without either this is the SDK's `create`.

        Raises:
            instar.StreamError: the answer is refused, cut off, missing or no JSON.
            pydantic.ValidationError: the schema refuses the answer.

        """
        return self._create(options)

    @overload
    def create_with_completion(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesAnswerOptions],
    ) -> tuple[T, Response]: ...
    @overload
    def create_with_completion(
        self, *, response_model: object = ..., tools: Iterable[Offered] = ..., **options: Unpack[ResponsesAnswerOptions]
    ) -> tuple[Any, Response]: ...
    @signed(ResponsesAnswerOptions)
    def create_with_completion(self, **options: Any) -> tuple[Any, Response]:
        """Return the validated answer and the response that it was in. Raises what `create` does."""
        return self._create_with_completion(options)


class AsyncResponses(AsyncMethods[Response, ResponseUsage]):
    """`client.responses` of an async client, with a `response_model`.

    These keywords mean the same in every method; all others are the SDK's and reach it unchanged.

    - `response_model`: whatever `pydantic.TypeAdapter` takes: a model, a dataclass, a union, `int` ... In
      `instar.Mode.TOOLS` the members of a union are functions, and the model chooses.
    - `tools`: in place of a `response_model`, what the model chooses from: types of arguments, or functions.
    - `input`: the conversation, as the SDK takes it.
    - `mode`: an `instar.Mode`, for this call.
    - `emit`: "delta", something to see after each delta, or "read", after each read from the network.
    - `max_retries`: how often the model is asked again, with what is wrong with its answer; a connection that breaks
      is tried again as often. 0 unless told.
    - `on_retry`: called with the number of the attempt that begins, and the error of the one before.
    - `live`, `limits`, `context`, `strict`, `on_violation`, `empty`: as `instar.Parser` takes them.
    - `repair`: what is mended of an answer that is not JSON, as `instar.Parser` takes it. "around" unless told.
    - `on_error`: of elements, "raise" or "skip": as `instar.elements` takes it.

    A streamed request asks for the token usage, unless `stream_options` is given. It is sent when
    the stream is awaited or entered, or else by the first iteration.

    Every method raises `openai.OpenAIError` where the request fails, and TypeError for a keyword that the SDK
    does not know, or that says what the `response_model` says already.
    """

    @overload
    def create_partial(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesPartialOptions],
    ) -> AsyncResponseStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ResponsesPartialOptions]
    ) -> AsyncResponseStream[T, T]: ...
    @overload
    def create_partial(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ResponsesPartialOptions]
    ) -> AsyncResponseStream[Any, Any]: ...
    @overload
    def create_partial(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesPartialOptions],
    ) -> AsyncResponseStream[Any, Any]: ...
    @signed(ResponsesPartialOptions)
    def create_partial(self, **options: Any) -> AsyncResponseStream[Any, Any]:
        """Return the growing answer: an empty one, then one for each delta that changed it.

        Where the model chooses among functions, the answer is the first call; None while it has no name.
        """
        return self._create_partial(options)

    @overload
    def create_iterable(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesIterableOptions],
    ) -> AsyncResponseStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[type[T]], **options: Unpack[ResponsesIterableOptions]
    ) -> AsyncResponseStream[T, list[T]]: ...
    @overload
    def create_iterable(
        self, *, response_model: None = None, tools: Iterable[Offered], **options: Unpack[ResponsesIterableOptions]
    ) -> AsyncResponseStream[Any, list[Any]]: ...
    @overload
    def create_iterable(
        self,
        *,
        response_model: object,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesIterableOptions],
    ) -> AsyncResponseStream[Any, list[Any]]: ...
    @signed(ResponsesIterableOptions)
    def create_iterable(self, **options: Any) -> AsyncResponseStream[Any, list[Any]]:
        """Return the elements of the answered list, each validated, as it closes.

        `response_model` is the type of one element. Where the model chooses among functions, each call is one.
        """
        return self._create_iterable(options)

    @signed(ResponsesTurnOptions, response_model=False)
    def create_turn(
        self, *, tools: Iterable[Offered] = (), **options: Unpack[ResponsesTurnOptions]
    ) -> AsyncResponseTurn:
        """Return the turn of the model: its prose and its calls of `tools`, in the order in which they come.

        `tools` are types of the arguments, functions, or dicts as the API has them; `tool_choice` is "auto" unless
        told. `max_retries` covers connections that break, and prose where a call was forced.
        """
        return self._create_turn({"tools": tools, **options})

    @overload
    def create(  # a list is a type, too: the first that fits counts
        self,
        *,
        response_model: type[list[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> AsyncResponseStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> AsyncResponseStream[T, T]: ...
    @overload  # `Iterable[User]` is no `type` to a checker; it is taken for what would make one
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[True],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> AsyncResponseStream[T, list[T]]: ...
    @overload
    def create(  # type: ignore[overload-overlap]
        self,
        *,
        response_model: type[T],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def create(
        self,
        *,
        response_model: Callable[..., Iterable[T]],
        stream: Literal[False] = ...,
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[ToolParam] = ...,
        **options: Unpack[ResponsesRequest],
    ) -> Coroutine[Any, Any, AsyncStream[ResponseStreamEvent]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[ToolParam] = ...,
        **options: Unpack[ResponsesRequest],
    ) -> Coroutine[Any, Any, Response]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[True],
        tools: Iterable[type[T]],
        **options: Unpack[ResponsesEitherOptions],
    ) -> AsyncResponseStream[T, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: None = None,
        stream: Literal[False] = ...,
        tools: Iterable[type[T]],
        **options: Unpack[ResponsesEitherOptions],
    ) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def create(
        self,
        *,
        response_model: object = ...,
        stream: bool = ...,
        tools: Iterable[Offered] = ...,
        **options: Unpack[ResponsesEitherOptions],
    ) -> Any: ...
    @signed(ResponsesEitherOptions)
    def create(self, **options: Any) -> Awaitable[Any]:
        """Return the validated answer, or with `stream=True` the growing one.

        It is awaited; a growing one can do without.

        `list[User]` and `Iterable[User]` give a list, and with `stream=True` each `User` as it closes; so do
        types in `tools`. Without either this is the SDK's `create`.

        Raises:
            instar.StreamError: the answer is refused, cut off, missing or no JSON.
            pydantic.ValidationError: the schema refuses the answer.

        """
        return self._create(options)

    @overload
    async def create_with_completion(
        self,
        *,
        response_model: type[T],
        tools: Iterable[Mapping[str, Any]] = ...,
        **options: Unpack[ResponsesAnswerOptions],
    ) -> tuple[T, Response]: ...
    @overload
    async def create_with_completion(
        self, *, response_model: object = ..., tools: Iterable[Offered] = ..., **options: Unpack[ResponsesAnswerOptions]
    ) -> tuple[Any, Response]: ...
    @signed(ResponsesAnswerOptions)
    async def create_with_completion(self, **options: Any) -> tuple[Any, Response]:
        """Return the validated answer and the response that it was in. Raises what `create` does."""
        return await self._create_with_completion(options)
