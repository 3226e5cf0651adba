"""Oracles: slow, plain answers to what the parser says, worked out from Pydantic and from the text alone.

`rendering` reads the text so far into a `tree` of open and closed values, lets Pydantic validate the closed ones by
their annotation, and renders the open ones. None of them imports the parser.
"""

from oracle.refutation import refuted
from oracle.rendering import NOTHING, Rendering, blank, construct, snapshot
from oracle.syntax import is_json, nesting, viable
from oracle.tree import Array, Atom, Node, Object, Reader, Text, first_wins
from oracle.types import constraint, fits, is_class, is_model, is_union, keys_of, member_types, strip
from oracle.values import at, attributes, deep, grew, parts

__all__ = [
    "NOTHING",
    "Array",
    "Atom",
    "Node",
    "Object",
    "Reader",
    "Rendering",
    "Text",
    "at",
    "attributes",
    "blank",
    "constraint",
    "construct",
    "deep",
    "first_wins",
    "fits",
    "grew",
    "is_class",
    "is_json",
    "is_model",
    "is_union",
    "keys_of",
    "member_types",
    "nesting",
    "parts",
    "refuted",
    "snapshot",
    "strip",
    "viable",
]
