"""A type as the APIs want to have it: a name, and a JSON Schema with an object at its root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from instar._strict import InexpressibleError, JSONSchema, strictly

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True)
class Format:
    """What is sent of a type. `strict`: the schema is in the dialect that strict structured output accepts."""

    name: str
    schema: JSONSchema
    strict: bool

    @property
    def is_object(self) -> bool:
        """Whether the APIs take it as it is."""
        return self.schema.get("type") == "object"

    @property
    def function(self) -> dict[str, Any]:
        """The type as a function whose parameters are its fields."""
        described = {"description": self.schema["description"]} if "description" in self.schema else {}
        return {"name": self.name, **described, "parameters": self.schema, "strict": self.strict}


def remembered(make: Callable[[Any], T]) -> Callable[[Any], T]:
    """Remember what was made for a type; make it anew for the rare type that cannot be hashed."""
    remembered = lru_cache(maxsize=256)(lambda schema, _: make(schema))

    def get(schema: Any) -> T:
        try:
            hash(schema)
        except TypeError:
            return make(schema)
        # `Union[int, str]` equals `Union[str, int]`: it is the `repr` that tells their order.
        return remembered(schema, repr(schema))

    return get


@remembered
def format_of(schema: Any) -> Format:
    """Return what is sent of a type. Raises what Pydantic raises for a type without a JSON Schema."""
    loose = _rooted(TypeAdapter(schema).json_schema())
    # The API takes letters, digits, `_` and `-`, 64 at most.
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", loose.get("title", "")).strip("_")[:64] or "answer"
    try:
        return Format(name, strictly(loose), strict=True)
    except InexpressibleError:
        return Format(name, loose, strict=False)


def _rooted(schema: JSONSchema) -> JSONSchema:
    """Return the schema with its root in place: a recursive model's is a reference, which the APIs refuse."""
    if "$ref" not in schema:
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**schema["$defs"][schema["$ref"].removeprefix("#/$defs/")], **beside}
