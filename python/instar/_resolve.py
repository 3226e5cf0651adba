"""Paths held against a type: whether a path can exist, and which names its steps have in the dump."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from instar._paths import EVERY, parse, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from instar._paths import Every, Pattern

Node = dict[str, Any]
"""A node of a core schema."""

_FIELDS = {"model-fields", "typed-dict", "dataclass-args"}
_LISTS = {"list", "deque"}
_ARRAYS = {*_LISTS, "tuple", "named-tuple"}
_DICTS = {"dict", "frozendict", "ordered-dict", "counter"}
_PLACELESS = {"set": "a set", "frozenset": "a set", "generator": "an iterator"}
_ANYTHING = {"any", "is-instance", "custom-error", "function-plain", "json", "call"}


def resolve(path: str, schema: Any, *, sets: bool = False) -> Pattern:
    """Read a path to a part of values of a type; return it in the names of the dump.

    A step names a field; an alias does too, unless a field of the same object bears its name. With `sets` a path may
    lead into a set, whose dump is a list.

    Raises:
        ValueError: it is no path, or no value of the type has anything there: the message names the nearest field.

    """
    pattern = parse(path)
    if schema is None:
        return pattern
    root = TypeAdapter(schema).core_schema
    walk = _Walk(root, sets=sets)
    nodes = walk.into(dict(root))
    found: list[str | int | Every] = []
    for step in pattern:
        inside = [(name, inner) for node in nodes for name, inner in walk.step(node, step)]
        if not inside:
            raise ValueError(walk.absence(pattern, tuple(found), step, nodes))
        found.append(inside[0][0])
        nodes = [node for _, inner in inside for node in walk.into(inner)]
    return tuple(found)


def named(loc: tuple[str | int, ...], schema: Any) -> tuple[str | int, ...]:
    """Return the path in the dump that a `loc` of Pydantic's stands for: names for aliases, and no tags of unions."""
    if schema is None:
        return loc
    root = TypeAdapter(schema).core_schema
    walk = _Walk(root)
    nodes = walk.into(dict(root))
    found: list[str | int] = []
    for step in loc:
        inside = [(name, inner) for node in nodes for name, inner in walk.step(node, step)]
        if inside:  # else it is the tag of an alternative
            found.append(step if inside[0][0] is EVERY else inside[0][0])
            nodes = [node for _, inner in inside for node in walk.into(inner)]
    return tuple(found)


class _Walk:
    """Steps from node to node of one core schema."""

    def __init__(self, root: Mapping[str, Any], *, sets: bool = False) -> None:
        self._arrays = {*_ARRAYS, *_PLACELESS} if sets else _ARRAYS
        self._definitions: dict[str, Node] = {}
        if root["type"] == "definitions":
            self._definitions = {node["ref"]: node for node in root["definitions"]}

    def into(self, node: Node) -> list[Node]:
        """Return the nodes that a value of this one can be: models, lists and whatever has no members of its own."""
        inner = list(self._through(node))
        leaves = [node] if not inner else [leaf for each in inner for leaf in self.into(each)]
        # What a model says of other keys is said on the node around its fields.
        return (
            [{"config": node["config"], **leaf} for leaf in leaves]
            if node["type"] == "model" and "config" in node
            else leaves
        )

    def _through(self, node: Node) -> Iterator[Node]:
        kind = node["type"]
        if kind == "definition-ref":
            yield self._definitions[node["schema_ref"]]
        elif kind in {"union", "tagged-union"}:
            choices = node["choices"]
            for choice in choices.values() if isinstance(choices, dict) else choices:
                yield choice[0] if isinstance(choice, tuple) else choice
        elif kind == "lax-or-strict":
            yield node["lax_schema"]
        elif kind == "json-or-python":
            yield node["json_schema"]
        elif kind == "chain":
            yield node["steps"][0]
        elif kind not in _FIELDS and "schema" in node and kind != "json":
            yield node["schema"]  # a model around its fields, a default, a validator, null or a value ...

    def step(self, node: Node, step: str | int | Every) -> list[tuple[str | int | Every, Node]]:
        """Return the name of a step in the dump, and the node there; none, if there can be nothing."""
        kind = node["type"]
        if kind in _ANYTHING:
            return [(step, {"type": "any"})]
        if kind in _FIELDS:
            return self._field(node, step)
        if kind in _DICTS:
            # Its keys are strings in a dump.
            return [(str(step) if isinstance(step, int) else step, node.get("values_schema", {"type": "any"}))]
        return self._item(node, step) if kind in self._arrays else []

    def _field(self, node: Node, step: str | int | Every) -> list[tuple[str | int | Every, Node]]:
        fields = self.fields(node)
        if step is EVERY:
            return [(step, inner) for _, inner in fields.values()] or [(step, {"type": "any"})]
        if step in fields:
            return [(step, fields[step][1])]
        by_alias = [(name, inner) for name, (aliases, inner) in fields.items() if step in aliases]
        if len(by_alias) == 1:
            return [*by_alias]
        return [(step, {"type": "any"})] if self._takes_extras(node) and isinstance(step, str) else []

    @staticmethod
    def _item(node: Node, step: str | int | Every) -> list[tuple[str | int | Every, Node]]:
        if node["type"] == "named-tuple":  # a list in the dump: a name stands for an index
            return [
                (step if step is EVERY else index, field["schema"])
                for index, field in enumerate(node["fields"])
                if step in (EVERY, index, field["name"])
            ]
        if isinstance(step, str):
            return []
        if node["type"] != "tuple":
            return [(step, node.get("items_schema", {"type": "any"}))]
        items, variadic = node["items_schema"], node.get("variadic_item_index")
        if step is EVERY:
            return [(step, item) for item in items]
        if variadic is not None and step >= variadic:
            return [(step, item) for item in items[variadic:]]
        return [(step, items[step])] if step < len(items) else []

    @staticmethod
    def _takes_extras(node: Node) -> bool:
        behaviour = node.get("extra_behavior") or node.get("config", {}).get("extra_fields_behavior")
        return behaviour == "allow" or "extras_schema" in node

    @staticmethod
    def fields(node: Node) -> dict[str, tuple[list[str], Node]]:
        """Return the fields of a node by their names, with their aliases and nodes."""
        if node["type"] not in _FIELDS:
            return {}
        named = node["fields"]
        pairs = named.items() if isinstance(named, dict) else [(field["name"], field) for field in named]
        return {name: (list(_aliases(field)), field["schema"]) for name, field in pairs}

    def absence(self, pattern: Pattern, found: Pattern, step: str | int | Every, nodes: list[Node]) -> str:
        """Say what is not there, and what is nearest."""
        where = write(found) if found else "the value"
        types: set[str] = {node["type"] for node in nodes}
        kinds = sorted({_KINDS.get(each, each) for each in types})
        missing = repr(step) if isinstance(step, str) else write((step,))
        message = f"{write(pattern)} can never be there: {where} is {' or '.join(kinds)}, and has no {missing}"
        if types <= _PLACELESS.keys():
            return f"{message}: its members have no places of their own, so wait for the whole of it, {write(found)}"
        names: list[str] = [name for node in nodes for name in self.fields(node)]
        known = [*names, *(alias for node in nodes for aliases, _ in self.fields(node).values() for alias in aliases)]
        near = get_close_matches(str(step), known, n=1, cutoff=0.5)
        if near:
            return f"{message}; the nearest is {write((*found, near[0]))}"
        if names:
            return f"{message}; it has {', '.join(names)}"
        return f"{message}; its members are {write((*found, EVERY))}" if kinds == ["a list"] else message


_KINDS = {
    **dict.fromkeys(_FIELDS, "an object"),
    **dict.fromkeys(_LISTS, "a list"),
    **_PLACELESS,
    "tuple": "a tuple",
    "named-tuple": "a named tuple",
    "none": "null",
}


def _aliases(field: Node) -> Iterator[str]:
    """Yield the keys by which a field is known, but for those that lie deeper."""
    for alias in (field.get("validation_alias"), field.get("serialization_alias")):
        if isinstance(alias, str):
            yield alias
        elif isinstance(alias, list):
            for way in alias if alias and isinstance(alias[0], list) else [alias]:
                if len(way) == 1 and isinstance(way[0], str):
                    yield way[0]
