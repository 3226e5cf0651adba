"""Compiling types: instar's plan beside what Pydantic makes, its schema, validator and serializer."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, create_model
from pydantic.dataclasses import is_pydantic_dataclass, rebuild_dataclass

from benches.clock import ratio
from benches.invoice import Invoice
from instar._core import Schema

SIDES: list[tuple[str, Any]] = [("Left", Literal["left"]), ("Right", Literal["right"])]
TESTS = Path(__file__).parent.parent / "tests"
WITHIN = 0.1
"""CPU seconds for each type."""


def wide(fields: int) -> Any:
    """A model of so many fields."""
    names: dict[str, Any] = {f"field_{index}": (list[int] | None, None) for index in range(fields)}
    return create_model(f"Wide{fields}", **names)


def nested(depth: int) -> Any:
    """Models within each other."""
    inner: Any = int
    for level in range(depth):
        inner = create_model(f"Nested{level}", value=(inner, ...), name=(str, ""))
    return inner


def unions(depth: int) -> Any:
    """Unions within each other, both alternatives of each holding the same one."""
    inner: Any = int
    for level in range(depth):
        left, right = (create_model(f"{side}{level}", kind=(kind, ...), inner=(inner, ...)) for side, kind in SIDES)
        inner = Annotated[left | right, Field(discriminator="kind")]
    return inner


def suite() -> Iterator[Any]:
    """The types that the tests hold against Pydantic, each once."""
    sys.path.append(str(TESTS))
    try:
        from models import CASES  # noqa: PLC0415 - the tests are on the path from here on
    finally:
        sys.path.remove(str(TESTS))
    yield from {repr(case.tp): case.tp for case in CASES}.values()


def afresh(tp: Any) -> object:
    """Make Pydantic's adapter of a type, and nothing of it before."""
    if isinstance(tp, type) and issubclass(tp, BaseModel):
        tp.model_rebuild(force=True)
    elif isinstance(tp, type) and is_pydantic_dataclass(tp):
        rebuild_dataclass(tp, force=True)
    return TypeAdapter(tp)


def to_adapter(tp: Any, base: Any = None) -> float:
    """Compiling a type, to making the adapter of it, or to compiling another one."""

    def compiling(tp: Any) -> Any:
        adapter: TypeAdapter[Any] = TypeAdapter(tp)
        return lambda: Schema(adapter.core_schema, adapter.validator)

    return ratio(compiling(tp), (lambda: afresh(tp)) if base is None else compiling(base), within=WITHIN)


def worst() -> float:
    """The worst of all types: those of the suite, and wide and nested ones."""
    found = 0.0
    for tp in [Invoice, wide(200), nested(60), unions(12), *suite()]:
        if TypeAdapter(tp).pydantic_complete:
            found = max(found, to_adapter(tp))
    return found
