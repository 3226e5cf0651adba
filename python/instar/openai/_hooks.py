"""Who wants to hear of what a client does."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

Event: TypeAlias = Literal["request", "response", "violation", "retry", "final", "error"]

log = logging.getLogger("instar")


class Hooks:
    """The listeners of a client, and of the clients made from it."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[..., object]]] = {event: [] for event in get_args(Event)}

    def on(self, event: Event, listener: Callable[..., object]) -> Callable[[], None]:
        """Call the listener at each such event; return the function that ends this."""
        if event not in self._listeners:
            message = f"there is no event {event!r}: the events are {', '.join(self._listeners)}"
            raise ValueError(message)
        if inspect.iscoroutinefunction(listener) or not callable(listener):
            message = f"a listener is a plain function, also that of an async client, not {listener!r}"
            raise TypeError(message)
        listeners = self._listeners[event]
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def awaited(self, event: Event) -> bool:
        """Say whether anybody listens for it."""
        return bool(self._listeners[event])

    def tell(self, event: Event, *news: Any) -> None:
        """Call the listeners, in the order in which they came. What they raise passes through."""
        for listener in tuple(self._listeners[event]):
            listener(*news)
