"""What the two APIs that answer in text differ in: the keywords of a request, and the types of a response."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from openai import APIError

from instar._body import said_in
from instar._chunks import to_bytes
from instar.openai._mode import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar._format import Format
    from instar._protocols import Protocol

_ORDER = "Answer with one JSON object, and nothing else,"
_FENCED_ORDER = "Answer with one JSON object, in a Markdown fence (```json) and with nothing around it,"

_PARAMETERS = frozenset({"_fields_set", "_BaseModel__cls"})

CompletionT = TypeVar("CompletionT")
UsageT = TypeVar("UsageT")


class Endpoint(ABC, Generic[CompletionT, UsageT]):
    """One of the APIs.

    Attributes:
        name: as the SDK's client spells it.
        protocol: what its streams look like on the wire.
        conversation: the keyword of the messages.
        streaming: what a request for a stream says besides, unless the caller says it otherwise.
        resources: the SDK's own classes, whose requests can be had as bytes.
        whole: the SDK's type of a response in one piece.

    """

    name: ClassVar[str]
    protocol: ClassVar[Protocol]
    conversation: ClassVar[str]
    streaming: ClassVar[dict[str, Any]]
    resources: ClassVar[tuple[type, ...]]
    whole: type[CompletionT]

    def carrier(self, wanted: Format, mode: Mode, keywords: dict[str, Any]) -> dict[str, Any]:
        """Return the keywords that carry a schema in this mode."""
        if mode is Mode.TOOLS:
            return {"tools": [self.tool(wanted)], "tool_choice": self.forced(wanted.name)}
        if mode is Mode.JSON:
            messages = _instructed(self.messages(keywords), _ORDER, wanted)
            return {self.conversation: messages, **self.formatted({"type": "json_object"}, keywords)}
        if mode is Mode.MD_JSON:
            return {self.conversation: _instructed(self.messages(keywords), _FENCED_ORDER, wanted)}
        return self.formatted(self.json_schema(wanted), keywords)

    def messages(self, keywords: Mapping[str, Any]) -> list[Any]:
        """Return the messages of a request."""
        messages = keywords.get(self.conversation, ())
        return [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)

    def again(self, keywords: dict[str, Any], answered: str, reason: str) -> dict[str, Any]:
        """Return the request that asks again: with the refused answer, and with what is wrong with it."""
        said = [{"role": "assistant", "content": answered}] if answered else []
        return {**keywords, self.conversation: [*self.messages(keywords), *said, {"role": "user", "content": reason}]}

    def complain(self, error: str, response: object) -> Exception:
        """Return the SDK's exception for an error that came inside of a stream."""
        message, body = said_in(error)
        request: Any = getattr(response, "http_request", None)
        return APIError(message, request, body=body)

    @abstractmethod
    def tool(self, function: Format) -> dict[str, Any]:
        """Return a function as one of the `tools`."""

    @abstractmethod
    def forced(self, name: str) -> Any:
        """Return the `tool_choice` of this one function."""

    @abstractmethod
    def json_schema(self, wanted: Format) -> dict[str, Any]:
        """Return the response format that carries a schema."""

    @abstractmethod
    def formatted(self, response_format: dict[str, Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keywords that ask for a response format."""

    @abstractmethod
    def completion(self, events: Iterable[bytes]) -> CompletionT:
        """Return what the events of a stream amount to, as the API would have sent it in one piece."""

    @abstractmethod
    def usage(self, usage: str) -> UsageT:
        """Return the token counts that a response has told."""

    def events(self, completion: CompletionT) -> Iterable[dict[str, Any]]:
        """Return the events of a stream that amounts to this response: one, which says all of it."""
        return (self.event(json.loads(to_bytes(completion))),)

    @abstractmethod
    def event(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the event that says a response, given as JSON."""


def keywords_of(value: Any) -> dict[str, Any]:
    """Return what the SDK can construct an object of, whatever a server has sent in its place."""
    return _constructible(value) if isinstance(value, dict) else {}


def _constructible(value: Any) -> Any:
    """Return JSON without the keys that are parameters of the SDK's `construct` themselves."""
    if isinstance(value, dict):
        return {key: _constructible(part) for key, part in value.items() if key not in _PARAMETERS}
    return [_constructible(part) for part in value] if isinstance(value, list) else value


def _instructed(messages: list[Any], order: str, wanted: Format) -> list[Any]:
    """Put an order and the schema into the system message that is there: many chat templates allow only one."""
    order = f"{order} that fits this JSON Schema:\n{json.dumps(wanted.schema, ensure_ascii=False)}"
    first = messages[0] if messages else None
    if isinstance(first, Mapping) and first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{order}"}, *messages[1:]]
    return [{"role": "system", "content": order}, *messages]
