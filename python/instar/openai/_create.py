"""What the methods of an endpoint do: those of `chat.completions` and of `responses`, sync and async."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from instar._tools import offers_types
from instar.openai._endpoint import CompletionT, UsageT
from instar.openai._proxy import Proxy
from instar.openai._request import build_request, build_turn
from instar.openai._stream import AsyncClientStream, AsyncClientTurn, ClientStream, ClientTurn
from instar.openai._transport import Transport

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from instar.openai._endpoint import Endpoint
    from instar.openai._hooks import Hooks
    from instar.openai._mode import Mode
    from instar.openai._request import Request
    from instar.openai._transport import ClientWire


class _Methods(Proxy, Generic[CompletionT, UsageT]):
    """What the sync and the async methods have in common."""

    def __init__(
        self, wrapped: Any, endpoint: Endpoint[CompletionT, UsageT], mode: Mode, wire: ClientWire, hooks: Hooks
    ) -> None:
        super().__init__(wrapped)
        self._mode = mode
        self._transport = Transport(wrapped, endpoint, wire, hooks)

    def _request(self, options: dict[str, Any], *, many: bool | None) -> Request:
        _check_stream(options)
        return build_request(self._transport.endpoint, many, self._mode, **options)

    def _turn(self, options: dict[str, Any]) -> Request:
        _check_stream(options)
        return build_turn(self._transport.endpoint, **options)

    def _whole(self, options: dict[str, Any]) -> Request:
        if options.pop("stream", False):
            message = "create_with_completion does not stream: create_partial does, and its stream has .completion"
            raise TypeError(message)
        return build_request(self._transport.endpoint, None, self._mode, **options)


class Methods(_Methods[CompletionT, UsageT]):
    """The methods that take a `response_model`."""

    def _create_partial(self, options: dict[str, Any]) -> ClientStream[Any, Any, CompletionT, UsageT]:
        return self._stream(self._request(options, many=False))

    def _create_iterable(self, options: dict[str, Any]) -> ClientStream[Any, Any, CompletionT, UsageT]:
        return self._stream(self._request(options, many=True))

    def _create_turn(self, options: dict[str, Any]) -> ClientTurn[CompletionT, UsageT]:
        return ClientTurn(self._transport, self._turn(options), self._transport.stream)

    def _create(self, options: dict[str, Any]) -> Any:
        if not _typed(options):
            return self._wrapped.create(**options)
        if options.pop("stream", False):
            return self._stream(self._request(options, many=None))
        return self._create_with_completion(options)[0]

    def _create_with_completion(self, options: dict[str, Any]) -> tuple[Any, CompletionT]:
        request, send = self._whole(options), self._transport.whole
        stream: ClientStream[Any, Any, CompletionT, UsageT] = ClientStream(self._transport, request, send)
        return stream.final(), stream.completion

    def _stream(self, request: Request) -> ClientStream[Any, Any, CompletionT, UsageT]:
        return ClientStream(self._transport, request, self._transport.stream)


class AsyncMethods(_Methods[CompletionT, UsageT]):
    """The async counterpart of `Methods`: streams for `async for`, and everything else to be awaited."""

    def _create_partial(self, options: dict[str, Any]) -> AsyncClientStream[Any, Any, CompletionT, UsageT]:
        return self._stream(self._request(options, many=False))

    def _create_iterable(self, options: dict[str, Any]) -> AsyncClientStream[Any, Any, CompletionT, UsageT]:
        return self._stream(self._request(options, many=True))

    def _create_turn(self, options: dict[str, Any]) -> AsyncClientTurn[CompletionT, UsageT]:
        return AsyncClientTurn(self._transport, self._turn(options), self._transport.astream)

    def _create(self, options: dict[str, Any]) -> Awaitable[Any]:
        if not _typed(options):
            sdk: Awaitable[Any] = self._wrapped.create(**options)
            return sdk
        if options.pop("stream", False):
            return self._stream(self._request(options, many=None))
        return self._validated(options)

    async def _create_with_completion(self, options: dict[str, Any]) -> tuple[Any, CompletionT]:
        request, send = self._whole(options), self._transport.awhole
        stream: AsyncClientStream[Any, Any, CompletionT, UsageT] = AsyncClientStream(self._transport, request, send)
        return await stream.final(), stream.completion

    async def _validated(self, options: dict[str, Any]) -> Any:
        return (await self._create_with_completion(options))[0]

    def _stream(self, request: Request) -> AsyncClientStream[Any, Any, CompletionT, UsageT]:
        return AsyncClientStream(self._transport, request, self._transport.astream)


def _check_stream(options: dict[str, Any]) -> None:
    """Check that a call that streams says nothing else, and take that out."""
    if options.pop("stream", True) is not True:
        message = "stream=False asks for an answer in one piece: create(response_model=...) gives that"
        raise TypeError(message)


def _typed(options: dict[str, Any]) -> bool:
    """Say whether a call asks for a type; where it says that it does not, take that out."""
    if options.get("response_model") is not None:
        return True
    options.pop("response_model", None)
    return offers_types(options)
