"""From deltas to objects: what is handed out, when, and what is closed at the end.

A stream is a source of deltas, sync or async, and a *view*: what each delta makes visible. `Partials` shows
growing snapshots, `Elements` the members of a list as they close. The loops live in `Stream` and
`AsyncStream`; everything else is shared.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from typing_extensions import Self, TypedDict, Unpack

from instar.parser import Parser
from instar.partial import unwrap

if TYPE_CHECKING:
    from types import TracebackType

    from instar.parser import Limits
    from instar.progress import Progress

__all__ = ["AsyncStream", "Stream", "elements", "partials"]

T = TypeVar("T")
ItemT = TypeVar("ItemT")
FinalT = TypeVar("FinalT")


class Options(TypedDict, total=False):
    """What `instar.Parser` can be told besides the schema."""

    live: bool
    limits: Limits
    context: Any
    strict: bool | None


class View(ABC, Generic[ItemT, FinalT]):
    """What there is to see of an answer while a parser reads it."""

    def __init__(self, parser: Parser[Any], look: Callable[[Any], Any] | None = None) -> None:
        self.parser = parser
        self._look = look
        self._final: tuple[FinalT] | None = None

    @property
    def snapshot(self) -> Any:
        """The answer so far."""
        return self._seen(self.parser.snapshot)

    def final(self) -> FinalT:
        """Return the validated answer, made once; raise what says why there is none."""
        if self._final is None:
            self._final = (self._seen(self.parser.finish()),)
        return self._final[0]

    def opening(self) -> Iterable[ItemT]:
        """Return what is shown before the first delta is asked for."""
        return ()

    @abstractmethod
    def after(self, delta: str | bytes) -> Iterable[ItemT]:
        """Feed a delta; return what it made visible."""

    @abstractmethod
    def end(self) -> None:
        """Check that the text that has arrived is a whole answer."""

    def _seen(self, value: Any) -> Any:
        return value if self._look is None else self._look(value)


class Partials(View[T, T]):
    """The growing object: empty at first, then once more after every delta that changed it."""

    def opening(self) -> Iterable[T]:
        return (self.snapshot,)

    def after(self, delta: str | bytes) -> Iterable[T]:
        return (self.snapshot,) if self.parser.feed(delta) else ()

    def end(self) -> None:
        self.final()


class Elements(View[T, list[T]]):
    """The members of a list, each once, as it closes.

    The list is the whole answer (`[...]`) or the only value of an object (`{"users": [...]}`, under any key):
    the first character that is not white space decides.
    """

    def __init__(self, schema: Any, options: Options) -> None:
        element: Any = Any if schema is None else schema
        super().__init__(Parser(list[element], **options), look=_members)
        self._wrapped: Callable[[], Parser[Any]] = lambda: Parser(dict[str, list[element]], **options)
        self._begun = False

    def after(self, delta: str | bytes) -> Iterator[T]:
        self._begun = self._begun or self._begin(delta)
        try:
            self.parser.feed(delta)
        finally:
            # Elements that closed before an error in the same delta count, however the text was cut.
            yield from self.parser.drain()

    def end(self) -> None:
        self.parser.close()

    def _begin(self, delta: str | bytes) -> bool:
        """Choose the parser by the first character; say whether there was one."""
        text = delta.decode(errors="replace") if isinstance(delta, bytes) else str(delta)
        start = text.lstrip(" \t\r\n")
        if start.startswith("{"):
            blank, self.parser = self.parser.text, self._wrapped()
            self.parser.feed(blank)
        return bool(start)


def _members(answer: list[Any] | dict[str, list[Any]]) -> list[Any]:
    """Return the list of an answer that may carry it in an object."""
    if not isinstance(answer, dict):
        return answer
    lists = list(answer.values())
    return lists[0] if len(lists) == 1 else [member for part in lists for member in part]


class Reading(Generic[ItemT, FinalT]):
    """What a sync and an async stream have in common: all but the loop."""

    def __init__(self, view: View[ItemT, FinalT]) -> None:
        self._view = view
        self._failure: Exception | None = None

    @property
    def parser(self) -> Parser[Any]:
        """The parser that reads this stream; after an error too."""
        return self._view.parser

    @property
    def snapshot(self) -> Any:
        """The answer so far: the growing object, or the list with its last element perhaps open."""
        return self._view.snapshot

    @property
    def text(self) -> str:
        """The JSON text that has arrived."""
        return self.parser.text

    @property
    def progress(self) -> Progress:
        """How much of the answer's top-level fields has arrived."""
        return self.parser.progress

    def _take(self, piece: Any) -> Iterable[ItemT]:
        """Return what a piece of the source makes visible. Here a piece is a delta."""
        return self._view.after(piece)

    def _end(self) -> None:
        self._view.end()

    def _outcome(self) -> FinalT:
        if self._failure is not None:
            raise self._failure
        return self._view.final()


class Stream(Reading[ItemT, FinalT], Iterator[ItemT]):
    """Objects out of a sync source of deltas. Iterate over it; it closes its source when the loop is left.

    `for item in stream` closes the source at the loop's end, however it ends: Python drops the loop's
    iterator on `break`, `return` or an exception. Where that is not soon enough (a Python without reference
    counts, an iterator kept in a variable), use `with stream:`. `next(stream)` reads on without closing.

    Errors are raised where the next item was asked for, and the parser stays readable: `instar.StreamError`,
    `pydantic.ValidationError`, and whatever the source raises.
    """

    def __init__(self, source: Iterable[Any], view: View[ItemT, FinalT]) -> None:
        super().__init__(view)
        self._source = source
        self._items = self._read()

    def final(self) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        for _ in self._items:
            pass
        return self._outcome()

    def close(self) -> None:
        """Stop reading and close the source. What has arrived stays readable."""
        self._items.close()
        _close(self._source)

    def __next__(self) -> ItemT:
        return next(self._items)

    def __iter__(self) -> Iterator[ItemT]:  # noqa: PYI034 - a generator is what sees that the loop was left
        # Left, this generator closes the one it delegates to, and that one the source.
        yield from self._items

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> Generator[ItemT, None, None]:
        try:
            yield from self._view.opening()
            for piece in self._source:
                yield from self._take(piece)
            self._end()
        except Exception as error:
            self._failure = error
            raise
        finally:
            _close(self._source)


class AsyncStream(Reading[ItemT, FinalT], AsyncIterator[ItemT]):
    """Objects out of an async source of deltas: the twin of `Stream`.

    When `async for` is left early, the event loop closes the source as soon as it runs again; `async with
    stream:` closes it before the next statement.
    """

    def __init__(self, source: AsyncIterable[Any] | None, view: View[ItemT, FinalT]) -> None:
        super().__init__(view)
        self._source = source
        self._items = self._read()

    async def final(self) -> FinalT:
        """Read what is left of the stream and return the validated answer, the same object each time.

        Raises:
            instar.StreamError: the text is not JSON, ended early, or broke a limit.
            pydantic.ValidationError: the schema refuses the answer.

        """
        async for _ in self._items:
            pass
        return self._outcome()

    async def aclose(self) -> None:
        """Stop reading and close the source. What has arrived stays readable."""
        await self._items.aclose()
        await _aclose(self._source)

    async def __anext__(self) -> ItemT:
        return await anext(self._items)

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        try:
            async for item in self._items:
                yield item
        finally:
            await self.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _open(self) -> AsyncIterable[Any]:
        """Return the source. Where it is a request, this sends it."""
        return cast("AsyncIterable[Any]", self._source)

    async def _read(self) -> AsyncGenerator[ItemT, None]:
        try:
            source = await self._open()
            for item in self._view.opening():
                yield item
            async for piece in source:
                for item in self._take(piece):
                    yield item
            self._end()
        except Exception as error:
            self._failure = error
            raise
        finally:
            await _aclose(self._source)


def _close(source: object) -> None:
    close = getattr(source, "close", None)
    if close is not None:
        close()


async def _aclose(source: object) -> None:
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    closing = close() if close is not None else None
    if inspect.isawaitable(closing):
        await closing


def _stream(
    source: Iterable[Any] | AsyncIterable[Any], view: View[ItemT, FinalT]
) -> Stream[ItemT, FinalT] | AsyncStream[ItemT, FinalT]:
    if isinstance(source, AsyncIterable):
        return AsyncStream(source, view)
    if isinstance(source, Iterable):
        return Stream(source, view)
    message = f"deltas must be an iterable or async iterable of str or bytes, not {type(source).__name__}"
    raise TypeError(message)


@overload
def partials(deltas: Iterable[str] | Iterable[bytes], schema: type[T], **options: Unpack[Options]) -> Stream[T, T]: ...
@overload
def partials(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: type[T], **options: Unpack[Options]
) -> AsyncStream[T, T]: ...
@overload
def partials(
    deltas: Iterable[str] | Iterable[bytes], schema: object, **options: Unpack[Options]
) -> Stream[Any, Any]: ...
@overload
def partials(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: object, **options: Unpack[Options]
) -> AsyncStream[Any, Any]: ...
def partials(
    deltas: Iterable[Any] | AsyncIterable[Any], schema: Any, **options: Unpack[Options]
) -> Stream[Any, Any] | AsyncStream[Any, Any]:
    """Return the growing object that the deltas spell.

    The first snapshot, of which nothing has arrived, is there before the first delta is asked for; then there
    is one after every delta that changed what can be seen. At the end the text must be whole and valid.

    Args:
        deltas: a sync or async iterable of `str` or `bytes`, cut anywhere. Closed when the stream is.
        schema: whatever `pydantic.TypeAdapter` takes, or None for plain Python values.
        options: `live`, `limits`, `context`, `strict`, as `instar.Parser` takes them.

    Raises:
        instar.StreamError, pydantic.ValidationError: while iterating, at the first hopeless byte.
        TypeError: `deltas` is not iterable, or a delta is neither `str` nor `bytes`.

    """
    return _stream(deltas, Partials(Parser(unwrap(schema), **options)))


@overload
def elements(
    deltas: Iterable[str] | Iterable[bytes], schema: type[T], **options: Unpack[Options]
) -> Stream[T, list[T]]: ...
@overload
def elements(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: type[T], **options: Unpack[Options]
) -> AsyncStream[T, list[T]]: ...
@overload
def elements(
    deltas: Iterable[str] | Iterable[bytes], schema: object, **options: Unpack[Options]
) -> Stream[Any, list[Any]]: ...
@overload
def elements(
    deltas: AsyncIterable[str] | AsyncIterable[bytes], schema: object, **options: Unpack[Options]
) -> AsyncStream[Any, list[Any]]: ...
def elements(
    deltas: Iterable[Any] | AsyncIterable[Any], schema: Any, **options: Unpack[Options]
) -> Stream[Any, list[Any]] | AsyncStream[Any, list[Any]]:
    """Return the members of the list that the deltas spell, each validated and handed out as it closes.

    The text is a list, or an object whose one value is a list, whatever its key. A text that ends early
    raises `instar.TruncatedError` after the elements that were whole.

    Args:
        deltas: a sync or async iterable of `str` or `bytes`, cut anywhere. Closed when the stream is.
        schema: the type of *one* element: whatever `pydantic.TypeAdapter` takes (a model, a union ...).
        options: `live`, `limits`, `context`, `strict`, as `instar.Parser` takes them.

    Raises:
        instar.StreamError, pydantic.ValidationError: while iterating, at the first hopeless byte.
        TypeError: `deltas` is not iterable, or a delta is neither `str` nor `bytes`.

    """
    return _stream(deltas, Elements(unwrap(schema), options))
