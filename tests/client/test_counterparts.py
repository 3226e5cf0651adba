"""What exists twice, sync and async, says the same of itself: the same names, parameters and docstrings."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pytest

import instar
from instar import openai

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTERPARTS: list[tuple[type[Any], type[Any]]] = [
    (instar.Stream, instar.AsyncStream),
    (instar.BodyStream, instar.AsyncBodyStream),
    (instar.Turn, instar.AsyncTurn),
    (openai.ClientStream, openai.AsyncClientStream),
    (openai.ClientTurn, openai.AsyncClientTurn),
    (openai.ChatCompletions, openai.AsyncChatCompletions),
    (openai.Responses, openai.AsyncResponses),
    (openai.Client, openai.AsyncClient),
]
# What Python calls otherwise in async code.
NAMES = {
    "close": "aclose",
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__iter__": "__aiter__",
    "__next__": "__anext__",
}
# What only an async stream can be asked, and what the async protocols do without.
ASYNC_ONLY = {"__await__"}
counterparts = pytest.mark.parametrize(("sync", "counterpart"), COUNTERPARTS, ids=lambda each: each.__name__)


def members(each: type[Any]) -> dict[str, Any]:
    """Return what a class offers, its own and what it has from instar's other classes."""
    found: dict[str, Any] = {}
    for base in reversed(each.__mro__):
        if base.__module__.startswith("instar"):
            found |= {
                name: member
                for name, member in vars(base).items()
                if not name.startswith("_") or name in {*NAMES, *NAMES.values(), *ASYNC_ONLY}
            }
    return found


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, str]]:
    """Return the parameters of a function; of the types, what is not another word for the counterpart's."""
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.default, plain(str(each.annotation))) for each in found]


def plain(text: str) -> str:
    """Take away what a docstring or a type says of being async."""
    return re.sub(r"\bAsync|\bawait |\basync |\.?\ba(?=close\b)|Await(?:able)?\[(.*)\]", r"\1", text)


@counterparts
def test_they_offer_the_same(sync: type[Any], counterpart: type[Any]) -> None:
    assert {NAMES.get(name, name) for name in members(sync)} == members(counterpart).keys() - ASYNC_ONLY


@counterparts
def test_they_take_the_same(sync: type[Any], counterpart: type[Any]) -> None:
    theirs = members(counterpart)
    for name, member in members(sync).items():
        if inspect.isfunction(member):
            assert parameters(member) == parameters(theirs[NAMES.get(name, name)]), name


@counterparts
def test_they_say_the_same(sync: type[Any], counterpart: type[Any]) -> None:
    theirs = members(counterpart)
    for name, member in members(sync).items():
        other = theirs[NAMES.get(name, name)]
        if not name.startswith("__") and not (inspect.getdoc(other) or "").startswith("The async counterpart of"):
            assert summary(member) == plain(summary(other)), name
    assert sync.__doc__
    assert counterpart.__doc__


def summary(member: Any) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(member) or "").partition("\n\n")[0]
