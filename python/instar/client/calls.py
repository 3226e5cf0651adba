"""Calls of functions: each is parsed by the schema that its name selects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from typing_extensions import override

from instar.errors import StreamError, TruncatedError
from instar.parser import Parser
from instar.views import T, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar._core import Delta
    from instar.views import Options

Functions: TypeAlias = "Mapping[str, Any]"
"""The types of the functions' parameters by name. None for a function whose calls are not instar's to read."""


class FirstCall(View[T, T]):
    """The growing object of the first call. Before the call has a name there is nothing to see: None."""

    def __init__(self, functions: Functions, options: Options) -> None:
        super().__init__(Parser(None, **options))
        self._functions = functions
        self._options = options
        self._call: int | None = None
        self._named = False

    @override
    def opening(self) -> Iterable[T]:
        return (self.snapshot,)

    @override
    def after(self, delta: Delta) -> Iterable[T]:
        if delta.kind == "call":
            return self._begin(delta)
        if delta.call == self._call and self._named and self.parser.feed(delta.text):
            return (self.snapshot,)
        return ()

    @override
    def end(self) -> None:
        self.final()

    def _begin(self, delta: Delta) -> Iterable[T]:
        if not self._named and (schema := _selected(self._functions, delta.text)) is not None:
            self._call, self._named = delta.call, True
            self.parser = Parser(schema, **self._options)
            return (self.snapshot,)
        if self.parser.complete:  # another call, which some servers give the same index
            self._call = None
        return ()


class Calls(View[T, list[T]]):
    """One object for each call, handed out as the call closes, however the calls are interleaved."""

    def __init__(self, functions: Functions, options: Options) -> None:
        super().__init__(Parser(None, **options))
        self._functions = functions
        self._options = options
        self._parsers: list[Parser[Any]] = []
        self._names: list[str] = []
        self._open: dict[int | None, Parser[Any]] = {}

    @property
    def snapshot(self) -> list[Any]:
        """The objects of all calls so far, in the order in which the calls began."""
        return [parser.snapshot for parser in self._parsers]

    @property
    def text(self) -> str:
        """Each call on a line of its own: the function's name and the arguments so far."""
        return "\n".join(f"{name} {parser.text}" for name, parser in zip(self._names, self._parsers, strict=True))

    @override
    def dump(self, *, mode: Literal["python", "json"], by_alias: bool) -> list[Any]:
        return [parser.dump(mode=mode, by_alias=by_alias) for parser in self._parsers]

    @override
    def after(self, delta: Delta) -> Iterable[T]:
        if delta.kind == "call":
            self._begin(delta)
            return ()
        parser = self._open.get(delta.call)
        if parser is None:
            return ()
        self.parser = parser
        closed = parser.complete
        parser.feed(delta.text)
        return () if closed or not parser.complete else (parser.finish(),)

    @override
    def end(self) -> None:
        if not self._parsers:
            raise TruncatedError(())
        for parser in self._parsers:
            self.parser = parser
            parser.close()

    @override
    def _finish(self) -> list[Any]:
        return [parser.finish() for parser in self._parsers]

    def _begin(self, delta: Delta) -> None:
        # Some servers repeat the name in each chunk; others give every call the same index.
        begun = self._open.get(delta.call)
        if begun is not None and not begun.complete:
            return
        schema = _selected(self._functions, delta.text)
        if schema is None:
            self._open.pop(delta.call, None)
            return
        self.parser = self._open[delta.call] = Parser(schema, **self._options)
        self._parsers.append(self.parser)
        self._names.append(delta.text)


def _selected(functions: Functions, name: str) -> Any:
    if name not in functions:
        message = f"the model called {name!r}, which is none of the functions {', '.join(functions)}"
        raise StreamError(message)
    return functions[name]
