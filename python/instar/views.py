"""What there is to see of a JSON text while it grows: snapshots of it, or the members of its list."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from typing_extensions import TypedDict, override

from instar.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from instar.parser import Limits

T = TypeVar("T")
ItemT = TypeVar("ItemT")
FinalT = TypeVar("FinalT")


class Options(TypedDict, total=False):
    """What `instar.Parser` can be told besides the schema."""

    live: bool
    limits: Limits | None
    context: Any
    strict: bool | None
    on_violation: Literal["raise", "defer"]


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

    @property
    def text(self) -> str:
        """The JSON text so far."""
        return self.parser.text

    def dump(self, *, mode: Literal["python", "json"], by_alias: bool) -> Any:
        """Return what of the answer has arrived, as plain data."""
        return self._seen(self.parser.dump(mode=mode, by_alias=by_alias))

    def final(self) -> FinalT:
        """Return the validated answer, made once; raise what says why there is none."""
        if self._final is None:
            self._final = (self._finish(),)
        return self._final[0]

    def opening(self) -> Iterable[ItemT]:
        """Return what is shown before the first delta is asked for."""
        return ()

    @abstractmethod
    def after(self, delta: Any) -> Iterable[ItemT]:
        """Feed a delta; return what it made visible."""

    def rest(self) -> Iterable[ItemT]:
        """Return what a delta made visible before it was refused: it counts, however the text was cut."""
        return ()

    @abstractmethod
    def end(self) -> None:
        """Check that the text that has arrived is a whole answer."""

    def _finish(self) -> Any:
        return self._seen(self.parser.finish())

    def _seen(self, value: Any) -> Any:
        return value if self._look is None else self._look(value)


class Partials(View[T, T]):
    """The growing object: empty at first, then once more after every delta that changed it."""

    @override
    def opening(self) -> Iterable[T]:
        return (self.snapshot,)

    @override
    def after(self, delta: str | bytes) -> Iterable[T]:
        return (self.snapshot,) if self.parser.feed(delta) else ()

    @override
    def end(self) -> None:
        self.final()


class Elements(View[T, list[T]]):
    """The members of a list, each once, as it closes.

    The list is the whole answer (`[...]`), or what an object holds (`{"users": [...]}`, under any key; the lists of
    several keys are read as one): the first character that is not white space decides.
    """

    def __init__(self, schema: Any, options: Options) -> None:
        element: Any = Any if schema is None else schema
        if options.get("on_violation") == "defer":
            message = "an element is handed out when it is valid: on_violation='defer' is for growing objects"
            raise TypeError(message)
        super().__init__(Parser(list[element], **options), look=_members)
        self._wrapped: Callable[[], Parser[Any]] = lambda: Parser(dict[str, list[element]], **options)
        self._begun = False

    @override
    def after(self, delta: str | bytes) -> list[T]:
        self._begun = self._begun or self._begin(delta)
        self.parser.feed(delta)
        return self.parser.drain()

    @override
    def rest(self) -> list[T]:
        return self.parser.drain()

    @override
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
