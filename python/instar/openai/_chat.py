"""The chat completions API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai.resources.chat.completions import AsyncCompletions, Completions
from openai.types.chat import ChatCompletion
from openai.types.completion_usage import CompletionUsage
from pydantic_core import from_json
from typing_extensions import override

from instar._accumulate import Pieces
from instar.openai._endpoint import Endpoint, keywords_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar._format import Format


class ChatEndpoint(Endpoint[ChatCompletion, CompletionUsage]):
    """`client.chat.completions`."""

    name = "chat.completions"
    protocol = "openai-chat"
    conversation = "messages"
    streaming = {"stream_options": {"include_usage": True}}  # noqa: RUF012 - a ClassVar of the base
    whole = ChatCompletion
    resources = (Completions, AsyncCompletions)

    @override
    def tool(self, function: Format) -> dict[str, Any]:
        return {"type": "function", "function": function.function}

    @override
    def forced(self, name: str) -> Any:
        return {"type": "function", "function": {"name": name}}

    @override
    def json_schema(self, wanted: Format) -> dict[str, Any]:
        schema = {"name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}
        return {"type": "json_schema", "json_schema": schema}

    @override
    def formatted(self, response_format: dict[str, Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        return {"response_format": response_format}

    @override
    def completion(self, events: Iterable[bytes]) -> ChatCompletion:
        pieces = Pieces()
        for event in events:
            pieces.add(from_json(event))
        return ChatCompletion.construct(**{**keywords_of(pieces.whole()), "object": "chat.completion"})

    @override
    def usage(self, usage: str) -> CompletionUsage:
        return CompletionUsage.construct(**keywords_of(from_json(usage)))

    @override
    def event(self, completion: dict[str, Any]) -> dict[str, Any]:
        return completion
