"""An object that stands in for another one."""

from __future__ import annotations

from typing import Any


class Proxy:
    """Everything that is not overridden stays as the wrapped object has it."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        # By way of `object`, so that a copy in the making, which wraps nothing yet, does not look for ever.
        return getattr(object.__getattribute__(self, "_wrapped"), name)
