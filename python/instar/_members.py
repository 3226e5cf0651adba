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
        fields = [Member(name, getattr(value, name), name in value.model_fields_set) for name in _fields(value)]
        return fields + [Member(name, part) for name, part in (value.model_extra or {}).items()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # What has not come shows its default, or None.
        return [
            Member(field.name, part, part not in (None, field.default))
            for field in dataclasses.fields(value)
            for part in [getattr(value, field.name, None)]
        ]
    if isinstance(value, dict):
        return [Member(key, part) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [Member(index, part) for index, part in enumerate(value)]
    return None


def is_record(value: Any) -> bool:
    """Tell whether a value's type says which members it has."""
    return (
        is_record(value.root)
        if isinstance(value, RootModel)
        else isinstance(value, BaseModel) or dataclasses.is_dataclass(value)
    )


def _fields(value: BaseModel) -> list[str]:
    return list(type(value).model_fields)
