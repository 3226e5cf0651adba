"""JSON Schema in the dialect that strict structured output accepts.

The dialect knows no optional keys, no open objects and no defaults. Pydantic's schemas are rewritten where
the meaning stays the same to whoever validates the answer with the original type, which instar does.
"""

from __future__ import annotations

from typing import Any, TypeAlias

JSONSchema: TypeAlias = dict[str, Any]

# Said by Pydantic, refused by the dialect, and without weight for what may be answered.
_SILENT = frozenset({"default", "discriminator", "examples"})
# Constraints for which the dialect has no word.
_UNKNOWN = frozenset(
    {"allOf", "contentSchema", "not", "patternProperties", "prefixItems", "propertyNames", "uniqueItems"}
)
# One of these says what a schema is about; without any, it allows everything.
_SUBJECTS = frozenset({"type", "enum", "const", "anyOf", "$ref"})


class InexpressibleError(ValueError):
    """The dialect has no word for this schema."""


def strictly(schema: JSONSchema) -> JSONSchema:
    """Return the schema in the strict dialect.

    Raises:
        InexpressibleError: an open dict, a tuple, `Any` or the like is in it.

    """
    schema = {key: value for key, value in schema.items() if key not in _SILENT}
    if "oneOf" in schema:
        # Pydantic writes oneOf for tagged unions only, where tags exclude each other: anyOf says the same.
        schema["anyOf"] = schema.pop("oneOf")
    if "$ref" in schema and len(schema) > 1:
        # The dialect wants a reference to stand alone; its neighbour is a description or a title.
        schema["anyOf"] = [{"$ref": schema.pop("$ref")}]
    if _UNKNOWN & schema.keys() or not _SUBJECTS & schema.keys():
        raise InexpressibleError
    if schema.get("type") == "object":
        schema = _closed(schema)
    if schema.get("type") == "array":
        schema["items"] = strictly(schema.get("items", {}))
    if "anyOf" in schema:
        schema["anyOf"] = [strictly(option) for option in schema["anyOf"]]
    if "$defs" in schema:
        schema["$defs"] = {name: strictly(definition) for name, definition in schema["$defs"].items()}
    return schema


def _closed(schema: JSONSchema) -> JSONSchema:
    """Return an object's schema with every key required and no other allowed."""
    if schema.get("additionalProperties", "properties" not in schema):
        raise InexpressibleError
    properties = {key: strictly(value) for key, value in schema.get("properties", {}).items()}
    return {**schema, "properties": properties, "required": list(properties), "additionalProperties": False}
