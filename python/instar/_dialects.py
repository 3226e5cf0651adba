"""Dialects: how the APIs want to have a turn repeated, and its calls answered, in the next request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import from_json
from typing_extensions import override

from instar._accumulate import Items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Message = dict[str, Any]


class Called(Protocol):
    """What has to be known of a call to repeat or answer it."""

    id: str
    name: str
    is_custom: bool

    @property
    def text(self) -> str:
        """The arguments as they have come."""

    @property
    def arguments(self) -> str:
        """The arguments as the next request repeats them."""


class Dialect(ABC):
    """How an API has it."""

    @abstractmethod
    def messages(self, events: Iterable[bytes], choice: int, prose: str, calls: Sequence[Called]) -> list[Message]:
        """Return what the model has said: what its events amount to."""

    @abstractmethod
    def result(self, call: Called, content: str, *, wrong: bool) -> Message:
        """Return the answer to a call."""


class ChatDialect(Dialect):
    """Chat completions: one message for what the model said, and one for each answer."""

    @override
    def messages(self, events: Iterable[bytes], choice: int, prose: str, calls: Sequence[Called]) -> list[Message]:
        message: Message = {"role": "assistant", "content": prose or None}
        if calls:
            message["tool_calls"] = [self._call(call) for call in calls]
        return [message]

    @override
    def result(self, call: Called, content: str, *, wrong: bool) -> Message:
        return {"role": "tool", "tool_call_id": call.id, "content": content}

    def _call(self, call: Called) -> Message:
        if call.is_custom:
            return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.text}}
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


class ResponsesDialect(Dialect):
    """The Responses API: the items of the output, reasoning included, and one for each answer."""

    @override
    def messages(self, events: Iterable[bytes], choice: int, prose: str, calls: Sequence[Called]) -> list[Message]:
        items = Items()
        for event in events:
            items.add(from_json(event))
        output: list[Message] = items.whole()["output"]
        arguments = {call.id: call.arguments for call in calls}
        for item in output:
            if item.get("type") == "function_call" and item.get("call_id") in arguments:
                item["arguments"] = arguments[item["call_id"]]
        return output

    @override
    def result(self, call: Called, content: str, *, wrong: bool) -> Message:
        kind = "custom_tool_call_output" if call.is_custom else "function_call_output"
        return {"type": kind, "call_id": call.id, "output": content}


class _Unwritten(Dialect):
    """A protocol of which turns can be read, and not yet answered."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol

    @override
    def messages(self, events: Iterable[bytes], choice: int, prose: str, calls: Sequence[Called]) -> list[Message]:
        raise self._error()

    @override
    def result(self, call: Called, content: str, *, wrong: bool) -> Message:
        raise self._error()

    def _error(self) -> TypeError:
        message = f"the messages of a turn are written for openai-chat and openai-responses, not for {self._protocol}"
        return TypeError(message)


class RecognisedDialect(Dialect):
    """The dialect of the protocol that a decoder recognises by its first event."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    @override
    def messages(self, events: Iterable[bytes], choice: int, prose: str, calls: Sequence[Called]) -> list[Message]:
        return dialect_of(self._decoder.protocol).messages(events, choice, prose, calls)

    @override
    def result(self, call: Called, content: str, *, wrong: bool) -> Message:
        return dialect_of(self._decoder.protocol).result(call, content, wrong=wrong)


_DIALECTS: dict[str, Dialect] = {"openai-chat": ChatDialect(), "openai-responses": ResponsesDialect()}


def dialect_of(protocol: str) -> Dialect:
    """Return the dialect of a protocol."""
    return _DIALECTS.get(protocol) or _Unwritten(protocol)
