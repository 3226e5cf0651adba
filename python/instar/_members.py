"""The members of a snapshot's values, and which of them have come."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, RootModel

if TYPE_CHECKING:
    from instar.changes import Step


class Member(NamedTuple):
    """A field, or a member of a list or dict: as its dump names it, and whether it has come."""

    step: Step
    value: Any
    there: bool = True


def members_of(value: Any) -> list[Member] | None:
    """Return the members of a value, those that have not come too; None for what has no members."""
    if isinstance(value, RootModel):
        return members_of(value.root)
    if isinstance(value, BaseModel):
        return fields_of(value) + [Member(name, part) for name, part in (value.model_extra or {}).items()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return fields_of(value)
    if isinstance(value, dict):
        return [Member(key, part) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [Member(index, part) for index, part in enumerate(value)]
    return None


def fields_of(value: Any) -> list[Member]:
    """Return the fields that a value's type declares; none where it declares none."""
    if isinstance(value, BaseModel):
        came = value.model_fields_set
        return [Member(name, getattr(value, name), name in came) for name in type(value).model_fields]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # What has not come shows its default, or None.
        return [
            Member(field.name, part, part not in (None, field.default))
            for field in dataclasses.fields(value)
            for part in [getattr(value, field.name, None)]
        ]
    return []
