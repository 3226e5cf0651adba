"""How the schema reaches the model, and where its answer stands."""

from __future__ import annotations

from enum import Enum

from typing_extensions import override

__all__ = ["Mode"]


class Mode(Enum):
    """How the schema reaches the model.

    Attributes:
        JSON_SCHEMA: as `response_format`, strict where the strict dialect can express the schema.
        TOOLS: as the one function that the model is made to call.
        JSON: in the system message, with the provider's JSON mode: for servers that know no schemas.
        MD_JSON: in the system message, which asks for JSON in a Markdown fence: for models that know no JSON mode.

    """

    JSON_SCHEMA = "json_schema"
    TOOLS = "tools"
    JSON = "json"
    MD_JSON = "md_json"

    @classmethod
    @override
    def _missing_(cls, value: object) -> Mode:
        message = f"there is no mode {value!r}: there are {', '.join(f'{mode} ({mode.value!r})' for mode in cls)}"
        raise ValueError(message)
