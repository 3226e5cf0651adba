"""The OpenAI client, answering in types. Only `from_openai` and the classes of what it returns need `openai`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, overload

from instar.openai._mode import Mode

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from instar.openai._client import AsyncClient, Client
    from instar.openai._methods import AsyncChatCompletions, AsyncResponses, ChatCompletions, Responses
    from instar.openai._stream import (
        AsyncChatStream,
        AsyncChatTurn,
        AsyncClientStream,
        AsyncClientTurn,
        AsyncResponseStream,
        AsyncResponseTurn,
        ChatStream,
        ChatTurn,
        ClientStream,
        ClientTurn,
        ResponseStream,
        ResponseTurn,
    )
    from instar.openai._transport import ClientWire

__all__ = [
    "AsyncChatCompletions",
    "AsyncChatStream",
    "AsyncChatTurn",
    "AsyncClient",
    "AsyncClientStream",
    "AsyncClientTurn",
    "AsyncResponseStream",
    "AsyncResponseTurn",
    "AsyncResponses",
    "ChatCompletions",
    "ChatStream",
    "ChatTurn",
    "Client",
    "ClientStream",
    "ClientTurn",
    "Mode",
    "ResponseStream",
    "ResponseTurn",
    "Responses",
    "from_openai",
]

_MODULES = {
    "AsyncChatCompletions": "_methods",
    "AsyncChatStream": "_stream",
    "AsyncChatTurn": "_stream",
    "AsyncClient": "_client",
    "AsyncClientStream": "_stream",
    "AsyncClientTurn": "_stream",
    "AsyncResponseStream": "_stream",
    "AsyncResponseTurn": "_stream",
    "AsyncResponses": "_methods",
    "ChatCompletions": "_methods",
    "ChatStream": "_stream",
    "ChatTurn": "_stream",
    "Client": "_client",
    "ClientStream": "_stream",
    "ClientTurn": "_stream",
    "ResponseStream": "_stream",
    "ResponseTurn": "_stream",
    "Responses": "_methods",
}


def __getattr__(name: str) -> Any:
    """Return a class. The `openai` package takes a second to import, and whoever names one of these has paid for it."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    try:
        module = import_module(f"{__name__}.{_MODULES[name]}")
    except ImportError as error:
        raise _missing(error) from error
    return getattr(module, name)


@overload
def from_openai(client: OpenAI, mode: Mode = Mode.JSON_SCHEMA, *, wire: ClientWire = "raw") -> Client: ...
@overload
def from_openai(client: AsyncOpenAI, mode: Mode = Mode.JSON_SCHEMA, *, wire: ClientWire = "raw") -> AsyncClient: ...
def from_openai(
    client: OpenAI | AsyncOpenAI, mode: Mode = Mode.JSON_SCHEMA, *, wire: ClientWire = "raw"
) -> Client | AsyncClient:
    """Return a client that does all that this one does, and answers in types.

    Its `chat.completions` and its `responses` have `create_partial`, `create_iterable` and
    `create_with_completion`, and a `create` that takes a `response_model`; the client itself has the four of
    `chat.completions`, and `on`, which tells what happens. All else, its credentials, retries and timeouts among
    it, is the given client's.

    Args:
        client: an `openai.OpenAI` or `openai.AsyncOpenAI`, or a subclass such as `AzureOpenAI`.
        mode: how the schema reaches the model, unless a call says otherwise.
        wire: "raw" reads the bytes of a streamed response, and the SDK's objects only where the client gives
            nothing else. "sdk" always reads the SDK's objects, for what patches or records those.

    Raises:
        ImportError: the `openai` package is not installed.
        TypeError: the client is neither.
        ValueError: there is no such mode, or no such wire.

    """
    mode = Mode(mode)
    if wire not in ("raw", "sdk"):
        message = f"wire is 'raw' or 'sdk', not {wire!r}"
        raise ValueError(message)
    # Here, since it takes a second to import, and whoever holds a client has paid for that already.
    try:
        from openai import AsyncOpenAI, OpenAI  # noqa: PLC0415
    except ImportError as error:
        raise _missing(error) from error

    from instar.openai._client import AsyncClient, Client  # noqa: PLC0415

    if isinstance(client, AsyncOpenAI):
        return AsyncClient(client, mode, wire)
    if isinstance(client, OpenAI):
        return Client(client, mode, wire)
    if isinstance(client, type):
        instead = f"the class {client.__name__}: call it"
    elif isinstance(client, (Client, AsyncClient)):
        instead = "what it has returned: that answers in types already"
    else:
        instead = (
            f"{type(client).__name__}: give one with the base_url of another provider's OpenAI-compatible endpoint, or "
            "read the response of its own by instar.partials(response.iter_bytes(), ..., wire=)"
        )
    message = f"from_openai takes an openai.OpenAI or openai.AsyncOpenAI, not {instead}"
    raise TypeError(message)


def _missing(error: ImportError) -> ImportError:
    """Return the error that says which extra has what is missing."""
    missing = (error.name or "openai").partition(".")[0]
    return ImportError(f'instar.openai needs {missing}: pip install "instar[openai]"', name=missing)
