"""Tools: the functions that a model may call, as types of their arguments, as functions, or as an API has them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_origin, get_type_hints

from pydantic import ConfigDict
from typing_extensions import NotRequired, TypedDict

from instar._format import Format, format_of, remembered
from instar._schema import check_type
from instar.partial import unwrap

Offered: TypeAlias = "type[Any] | Callable[..., Any] | Mapping[str, Any]"
"""What stands in `tools=`."""


@dataclass(frozen=True)
class Tool:
    """A function that a model may call.

    schema: the type of its arguments; None for plain values.
    function: what runs, where it is a Python function.
    own: how the API has it, where it is the caller's own: sent as it is.
    """

    name: str
    schema: Any = None
    function: Callable[..., Any] | None = None
    own: Mapping[str, Any] | None = None

    @property
    def format(self) -> Format:
        """What is sent of it."""
        return format_of(self.schema)

    @property
    def is_custom(self) -> bool:
        """Whether its arguments are any text, and not JSON."""
        return self.own is not None and self.own.get("type") == "custom"


Tools: TypeAlias = dict[str, Tool]
"""Tools by the names by which the model calls them."""


def tools_of(offered: Iterable[Offered]) -> Tools:
    """Return the tools that are offered, by their names.

    Raises:
        TypeError: one is no type, function or dict, or is a function that cannot be called by names.
        ValueError: two have the same name.

    """
    tools: Tools = {}
    for each in _listed(offered):
        tool = _tool(each)
        if tool.own is not None and not name_of(tool.own):
            tools[f"{tool.name} {len(tools)}"] = tool  # one that the server itself runs
            continue
        if tool.name in tools:
            message = f"two of the tools are called {tool.name!r}: the model tells them apart by their names"
            raise ValueError(message)
        tools[tool.name] = tool
    return tools


def offers_types(keywords: dict[str, Any]) -> bool:
    """Say whether some of the `tools` among the keywords are types or functions, and not the caller's own.

    Raises:
        TypeError: they are no list of tools.

    """
    if not keywords.get("tools"):
        return False
    keywords["tools"] = _listed(keywords["tools"])  # an iterator could be looked through only once
    return any(not isinstance(tool, Mapping) for tool in keywords["tools"])


def name_of(own: Mapping[str, Any]) -> str:
    """Return the name of a tool that an API has as a dict. Empty for those that have none."""
    inner = own.get(own.get("type", ""), own)
    name = inner.get("name", "") if isinstance(inner, Mapping) else ""
    return name if isinstance(name, str) else ""


def _tool(each: Offered) -> Tool:
    if isinstance(each, Mapping):
        # The input of a custom tool is any text.
        schema = str if each.get("type") == "custom" else None
        return Tool(name_of(each) or str(each.get("type", "")), schema, own=each)
    if _is_function(each):
        arguments = _arguments(each)
        return Tool(format_of(arguments).name, arguments, each)
    check_type(each, "a tool")
    if isinstance(each, str) or (callable(each) and not isinstance(each, type) and get_origin(each) is None):
        message = f"a tool is a type, a function or a dict, not {_described(each)}"
        raise TypeError(message)
    schema = unwrap(each)
    return Tool(format_of(schema).name, schema)


def _listed(offered: Iterable[Offered]) -> list[Offered]:
    if isinstance(offered, type | str | Mapping) or not isinstance(offered, Iterable):
        message = f"tools= is a list of tools, not {_described(offered)}: put it in a list"
        raise TypeError(message)
    return list(offered)


def _is_function(each: Any) -> bool:
    """Say whether it is something to call, and not a type."""
    return inspect.isroutine(each) or isinstance(each, functools.partial)


def _described(given: object) -> str:
    """Describe what stands where a tool should."""
    if isinstance(given, type):
        return f"the class {given.__name__}"
    return repr(given) if isinstance(given, str) else f"a {type(given).__name__}"


@remembered
def _arguments(function: Any) -> Any:
    """Return the type of a function's arguments: a TypedDict, without those that are left to their defaults."""
    inner = function.func if isinstance(function, functools.partial) else function
    hints = get_type_hints(inner, include_extras=True)
    name = inner.__name__
    if not name.isidentifier():
        message = f"{name} cannot be a tool: the model calls a function by its name, so that it needs one (use def)"
        raise TypeError(message)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            message = f"{name} cannot be a tool: the model gives its arguments by name, and {parameter} has none"
            raise TypeError(message)
        if parameter.kind is not parameter.VAR_KEYWORD:
            hint = hints.get(parameter.name, Any)
            fields[parameter.name] = hint if parameter.default is parameter.empty else NotRequired[hint]
    make: Any = TypedDict
    arguments = make(name, fields)
    arguments.__pydantic_config__ = ConfigDict(extra="forbid", title=name)
    arguments.__doc__ = inspect.getdoc(inner)
    return arguments
