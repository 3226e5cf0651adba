"""The Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai.resources.responses import AsyncResponses, Responses
from openai.types.responses import Response, ResponseUsage
from pydantic_core import from_json
from typing_extensions import override

from instar._accumulate import Items
from instar.openai._endpoint import Endpoint, keywords_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar._format import Format


class ResponsesEndpoint(Endpoint[Response, ResponseUsage]):
    """`client.responses`."""

    name = "responses"
    protocol = "openai-responses"
    conversation = "input"
    streaming = {}  # noqa: RUF012 - a ClassVar of the base; usage comes with the last event, asked for or not
    whole = Response
    resources = (Responses, AsyncResponses)

    @override
    def tool(self, function: Format) -> dict[str, Any]:
        return {"type": "function", **function.function}

    @override
    def forced(self, name: str) -> Any:
        return {"type": "function", "name": name}

    @override
    def json_schema(self, wanted: Format) -> dict[str, Any]:
        return {"type": "json_schema", "name": wanted.name, "schema": wanted.schema, "strict": wanted.strict}

    @override
    def formatted(self, response_format: dict[str, Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        text = keywords.get("text") or {}
        if "format" in text:
            message = "the response_model is sent as text={'format': ...}: leave the format out, or take another mode"
            raise TypeError(message)
        return {"text": {**text, "format": response_format}}

    @override
    def completion(self, events: Iterable[bytes]) -> Response:
        items = Items()
        for event in events:
            items.add(from_json(event))
        return Response.construct(**keywords_of(items.whole()))

    @override
    def usage(self, usage: str) -> ResponseUsage:
        return ResponseUsage.construct(**keywords_of(from_json(usage)))

    @override
    def event(self, completion: dict[str, Any]) -> dict[str, Any]:
        return {"type": f"response.{completion.get('status') or 'completed'}", "response": completion}
