"""The keywords that instar adds to the SDK's requests, and the signatures that show all of them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar._options import Emit, OnError
    from instar.openai._mode import Mode
    from instar.openai._request import OnRetry
    from instar.parser import Limits
    from instar.repair import Repairs

FunctionT = TypeVar("FunctionT", bound="Callable[..., Any]")


class AskOptions(TypedDict, total=False):
    """What can be said of every answer."""

    emit: Emit
    max_retries: int
    on_retry: OnRetry | None
    live: bool
    limits: Limits | None
    context: Any
    strict: bool | None
    repair: Repairs | None
    empty: bool


class AnswerOptions(AskOptions, total=False):
    """What can be said of an answer that has a type."""

    mode: Mode | None


class PartialOptions(AnswerOptions, total=False):
    """What can be said of a growing object."""

    on_violation: Literal["raise", "defer"]


class IterableOptions(AnswerOptions, total=False):
    """What can be said of elements."""

    on_error: OnError


class EitherOptions(PartialOptions, IterableOptions, total=False):
    """What can be said where the type tells which of the two it is."""


def signed(*keywords: type[Any], tools: bool = True, response_model: bool = True) -> Callable[[FunctionT], FunctionT]:
    """Give a method the signature of these keywords, for `help()` and `inspect.signature`."""

    def sign(method: FunctionT) -> FunctionT:
        names = ["response_model"] * response_model + ["tools"] * tools
        annotations: dict[str, Any] = dict.fromkeys(names, Any)
        for options in keywords:
            annotations |= {name: getattr(found, "__forward_arg__", found) for name, found in _all(options).items()}
        self, *_ = inspect.signature(method).parameters.values()
        named = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=..., annotation=annotation)
            for name, annotation in annotations.items()
        ]
        method.__signature__ = inspect.signature(method).replace(parameters=[self, *named])  # type: ignore[attr-defined]
        return method

    return sign


def _all(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = options.__annotations__
    return found
