"""Policies of showing: when a part of a value appears, said in its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

Policy: TypeAlias = Literal["settled", "arrived"]


@dataclass(frozen=True)
class Show:
    """A mark in a type, for `instar` alone: it changes nothing of what Pydantic does with it. See `show`."""

    policy: Policy

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Note the policy where the compiler of schemas finds it."""
        schema: Any = handler(source)
        metadata = schema.get("metadata", {})
        policies = (*metadata.get("instar_show", ()), self.policy)
        return {**schema, "metadata": {**metadata, "instar_show": policies}}


def show(policy: Policy) -> Show:
    """Say in a type when a part of a snapshot appears: `Annotated[str, instar.show("settled")]`.

    Args:
        policy: "settled": when it has closed, and not while it grows. "arrived": not before it has come: until then the
            field shows None in place of its default.

    Raises:
        ValueError: there is no such policy.

    """
    if policy not in ("settled", "arrived"):
        message = f"show is 'settled' or 'arrived', not {policy!r}"
        raise ValueError(message)
    return Show(policy)
