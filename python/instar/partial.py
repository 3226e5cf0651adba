"""`Partial[User]`: a `User` that may still be growing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

T = TypeVar("T")

if TYPE_CHECKING:
    Partial = Annotated[T, "growing"]
    """`Partial[User]` is `User` to a type checker: a snapshot is a `User`, with some fields not there yet."""
else:

    class Partial:
        """`Partial[User]` is `User` to a type checker, and a marker at run time."""

        def __class_getitem__(cls, model: Any) -> Any:
            """Mark `model`, a model class or any other type."""
            return Annotated[model, cls]


def unwrap(response_model: Any) -> Any:
    """`User` for `Partial[User]`; anything else as it is."""
    if get_origin(response_model) is not Annotated:
        return response_model
    model, *marks = get_args(response_model)
    # `Partial[Annotated[int, Field(gt=0)]]` is one `Annotated` with both marks: the other one stays.
    others = tuple(mark for mark in marks if mark is not Partial)
    return Annotated[(model, *others)] if others else model
