"""Places: parts of a stream's value that somebody watches. Whoever waits for one reads the stream on."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Iterator, Mapping, Reversible
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, is_dataclass
from enum import Enum
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from weakref import ref

from pydantic import BaseModel, RootModel
from pydantic_core import to_jsonable_python

from instar._following import Follower
from instar._paths import EVERY, covers, write
from instar._watch import State, Watch
from instar.errors import AbsentError, StreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from weakref import ReferenceType

    from instar._core import Changes, Pieces
    from instar._paths import Pattern
    from instar._watch import Happening
    from instar.changes import Change, Path

    Callback = Callable[[Happening], Any]


MoreT = TypeVar("MoreT")


class Pull(Enum):
    """What a cursor yields where it has nothing more: it is sent True when there may be, False at the end."""

    PULL = "pull"


PULL: Final = Pull.PULL


class Watches:
    """What is watched of one stream, and what is to be called. It does no I/O.

    A watch is there for as long as somebody reads by it, or it has something to call.
    """

    def __init__(self) -> None:
        self._watches: list[ReferenceType[Watch]] = []
        self._callers: set[Watch] = set()

    def __bool__(self) -> bool:
        return any(self)

    def __iter__(self) -> Iterator[Watch]:
        return iter([watch for each in self._watches if (watch := each()) is not None])

    @property
    def patterns(self) -> list[Pattern]:
        """What is watched."""
        return [watch.pattern for watch in self]

    def add(self, pattern: Pattern, so_far: Iterable[Change], ahead: int) -> Watch:
        """Add a watch that begins with what is there so far, `ahead` of so many changes, and return it."""
        watch = Watch(pattern)
        for change in so_far:
            watch.see(change)  # it has happened already
        watch.attempt, watch.ahead = 0, ahead
        self._watches = [*map(ref, self), ref(watch)]
        return watch

    def call(self, watch: Watch, callback: Callback) -> None:
        """Call something from now on with all that happens at the places of a watch."""
        watch.callbacks.append(callback)
        self._callers.add(watch)

    def remove(self, watch: Watch) -> None:
        """Forget a watch."""
        self._watches = [ref(each) for each in self if each is not watch]
        self._callers.discard(watch)

    def takers(self, path: Path) -> tuple[list[list[str]], list[list[Callback]]]:
        """Return where the pieces of the text at a path are kept, and the lists of what is called for each of them."""
        concerned = [watch for watch in self if covers(watch.pattern, path)]
        kept = [watch.pieces[path] for watch in concerned if path in watch.pieces]
        return kept, [watch.callbacks for watch in concerned]

    def see(self, changes: deque[Change]) -> Iterator[Any]:
        """Take these changes; call what is to be called, in the order of the text, and yield what that returns."""
        while changes:
            change = changes.popleft()
            for watch in self:
                if watch.ahead:
                    watch.ahead -= 1
                    continue
                for happening in watch.see(change):
                    for callback in watch.callbacks:
                        yield callback(happening)


@dataclass(slots=True)
class Handle(Generic[MoreT]):
    """What a place does with its stream.

    snapshot, final: give its value so far, and the validated one in the end.
    read_on: reads the next delta. False: the stream is over. Where it has failed, it raises that each time.
    has_news: tells whether something may have come that nobody who watches was told of.
    drain: gives the changes that the follower of those who watch has not read.
    leave: lets go of that follower, where nobody watches any more.
    refused: gives the paths of what the schema has refused, where the stream goes on behind it.
    close: is called when something that a place calls has raised.
    """

    snapshot: Callable[[], Any]
    final: Callable[[], Any]
    read_on: Callable[[], MoreT]
    has_news: Callable[[], bool]
    drain: Callable[[Follower], list[Change]]
    leave: Callable[[Follower], None]
    refused: Callable[[], Iterable[Path]]
    close: Callable[[], Any]


class Text:
    """How far somebody has read a text, which grows by pieces."""

    def __init__(self, watch: Watch, path: Path) -> None:
        self.path = path
        self._watch = watch
        self._attempt = watch.attempt
        self._read = 0  # of the pieces

    @property
    def kept(self) -> list[str] | None:
        """The pieces that have come, where they are kept; None before it has begun."""
        return self._watch.pieces.get(self.path)

    @property
    def is_settled(self) -> bool:
        """Whether no more will come."""
        return self._watch.state(self.path) is State.SETTLED

    def take(self) -> str:
        """Return all that has come since the last time.

        Raises:
            instar.StreamError: the attempt that it came of has been given up.

        """
        check(self._watch, self._attempt)
        if (kept := self.kept) is None:
            return ""
        new, self._read = kept[self._read :], len(kept)
        return "".join(new)

    def skip(self) -> None:
        """Take note that all that has come has been taken elsewhere."""
        self._read = len(self.kept or ())


class Cursors(Generic[MoreT]):
    """A place as both kinds have it: what there is of it, and cursors that read it on, without I/O."""

    def __init__(self, reading: BaseReading, handle: Handle[MoreT], pattern: Pattern) -> None:
        self._base = reading
        self._handle = handle
        self._pattern = pattern
        self._watch = reading.watch(handle, pattern)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {write(self._pattern)}>"

    @property
    def state(self) -> State:
        """Whether the value is `MISSING`, `OPEN` or `SETTLED`: a null that has come is settled.

        With `on_violation="defer"` it is `REFUSED` where the schema has refused it, or something in it or around it.
        """
        path = self._path
        refused = any(violation[: len(path)] == path[: len(violation)] for violation in self._handle.refused())
        return State.REFUSED if refused else self._watch.state(path)

    @property
    def value(self) -> Any:
        """The value so far, as the snapshot shows it; None if it has not begun."""
        return None if self.state is State.MISSING else self._so_far()

    def on_text(self, function: Callable[[str], Any]) -> None:
        """Call a function with each piece of the text as it comes, while somebody reads the stream."""

        def call(happening: Happening) -> Any:
            return function(happening.text) if happening.kind == "text" else None

        self._base.watches.call(self._watch, call)

    def on_close(self, function: Callable[[Any], Any]) -> None:
        """Call a function with the validated value as soon as it has settled, while somebody reads the stream."""

        def call(happening: Happening) -> Any:
            if happening.kind == "close":
                return function(part(self._handle.snapshot(), happening.path))
            return None

        self._base.watches.call(self._watch, call)

    @property
    def _path(self) -> Path:
        """The path of the place, which has to be one."""
        if EVERY in self._pattern:
            message = f"{write(self._pattern)} is many places: iterate over it, or name an index"
            raise TypeError(message)
        return self._pattern  # type: ignore[return-value] # no step of it is EVERY

    def _is_settled(self) -> bool:
        """Tell whether the value has settled, valid or not."""
        return self._watch.state(self._path) is State.SETTLED

    def _so_far(self) -> Any:
        """Return what the snapshot shows at the place."""
        return part(self._handle.snapshot(), self._path)

    def _text(self) -> Text:
        """Return a cursor in the text at the place, at its beginning."""
        return Text(self._watch, self._path)

    def _settled(self) -> Generator[Any, bool, None]:
        """Yield the values of a place that is many, each as it settles."""
        return self._each(self._watch, lambda: False)

    def _elements(self) -> Generator[Any, bool, None]:
        """Yield the members of the list at the place, each as it settles."""
        path = self._path
        inner = self._base.watch(self._handle, (*self._pattern, EVERY))
        try:
            yield from self._each(inner, lambda: self._watch.state(path) is State.SETTLED)
        finally:
            self._base.watches.remove(inner)

    def _each(self, watch: Watch, is_over: Callable[[], bool]) -> Generator[Any, bool, None]:
        read, attempt = 0, watch.attempt
        while True:
            check(watch, attempt)
            if read < len(watch.settled):
                read += 1
                yield part(self._handle.snapshot(), watch.settled[read - 1])
            elif is_over() or not (yield PULL):
                return

    def _growing(self) -> Generator[Any, bool, None]:
        """Yield the members of the list at the place, each again and again while it grows."""
        path = self._path
        inner = self._base.watch(self._handle, (*self._pattern, EVERY))
        changed: dict[Path, None] = dict.fromkeys(inner.pieces)
        inner.callbacks.append(lambda happening: changed.setdefault(happening.path))
        try:
            while True:
                check(inner, 0)
                if changed:
                    first = next(iter(changed))
                    del changed[first]
                    yield part(self._handle.snapshot(), first)
                elif self._watch.state(path) is State.SETTLED or not (yield PULL):
                    return
        finally:
            self._base.watches.remove(inner)

    def _at_the_end(self, final: Any) -> Any:
        """Return the value when the stream has ended: the final one, if it has not come."""
        if self.state is State.SETTLED:
            return self._so_far()
        try:
            return part(final, self._path)
        except LookupError:
            message = f"the stream has ended, and there is nothing at {write(self._pattern)}"
            raise AbsentError(message) from None


def check(watch: Watch, attempt: int) -> None:
    """Check that what has come of a place still counts.

    Raises:
        instar.StreamError: its attempt has been given up.

    """
    if watch.attempt != attempt:
        message = f"the answer whose {write(watch.pattern)} this was has been given up; another attempt follows"
        raise StreamError(message)


class BaseReading:
    """Tells all that is watched of one stream what has come. It does not hold the stream."""

    def __init__(self) -> None:
        self.watches = Watches()
        self.follower = Follower()
        self._untold: deque[Change] = deque()

    def watch(self, handle: Handle[Any], pattern: Pattern) -> Watch:
        """Watch the places of a pattern from now on."""
        patterns = self.watches.patterns
        if patterns:
            self._untold += handle.drain(self.follower)
        so_far = self._follow(handle, [*patterns, pattern])
        return self.watches.add(pattern, so_far, ahead=len(self._untold))

    def _follow(self, handle: Handle[Any], patterns: list[Pattern]) -> list[Change]:
        """Follow these places from now on; return what has come of them so far, which others may have seen."""
        self.follower = Follower(only=patterns)
        return handle.drain(self.follower)

    def _take_in(self, handle: Handle[Any]) -> bool:
        """Take in the changes that nobody has been told of; say whether there are any."""
        patterns = self.watches.patterns
        if not patterns:
            handle.leave(self.follower)
            self._untold.clear()
            return False
        self._untold += handle.drain(self.follower)
        if patterns != self.follower.only and self.follower.begun:
            # Some have gone. Before there is anything to see, another reader could not begin with it.
            self._follow(handle, patterns)
        return bool(self._untold)


CALLED_BACK: Final = (
    "a callback cannot wait for a place or read on: it is called while the stream is read, and would wait for itself"
)


@dataclass(slots=True)
class PullingHandle(Handle[bool]):
    """The same with a sync stream.

    pieces: reads on as long as that brings nothing but pieces of one text. It is given what reads the changes, where
    the pieces are kept, where else they go, and the lists of what is called for each.
    """

    pieces: Callable[[Changes, list[str], list[list[str]], list[list[Any]]], Pieces | None]


class Reading(BaseReading):
    """Reads a sync stream on, for those who wait for places."""

    def __init__(self) -> None:
        super().__init__()
        self._is_telling = False

    def tell(self, handle: Handle[bool]) -> bool:
        """Tell what has come, and call what is to be called; say whether something has come.

        What is called may raise: then the stream is closed.
        """
        self._check_caller()
        has_come = self._take_in(handle)
        self._is_telling = True
        try:
            for _ in self.watches.see(self._untold):
                pass
        except BaseException:
            handle.close()
            raise
        finally:
            self._is_telling = False
        return has_come

    def pieces(self, handle: PullingHandle, text: Text) -> Pieces | None:
        """Return the pieces of a text that is open, for as long as nothing else comes; None where it is not."""
        self._check_caller()
        reader, kept = self.follower.reader, text.kept
        if reader is None or kept is None or self._untold or self.follower.open_text != text.path:
            return None
        lists, called = self.watches.takers(text.path)
        return handle.pieces(reader, kept, [each for each in lists if each is not kept], called)

    def pull(self, handle: Handle[bool]) -> bool:
        """Read on, unless something has come that nobody was told of; say whether there may be more.

        Raises what the stream raises, after what came before it.
        """
        self._check_caller()
        if (self._untold or handle.has_news()) and self.tell(handle):
            return True
        try:
            more = handle.read_on()
        except Exception:
            if self.tell(handle):
                return True
            raise
        return self.tell(handle) or more

    def _check_caller(self) -> None:
        """Check that it is no callback who reads on: what comes then would be told before what is being told."""
        if self._is_telling:
            raise RuntimeError(CALLED_BACK)


class Place(Cursors[bool]):
    """A part of a sync stream's value, by its path: see `stream.at`."""

    def __init__(self, reading: Reading, handle: PullingHandle, pattern: Pattern) -> None:
        super().__init__(reading, handle, pattern)
        self._reading = reading
        self._pulling = handle

    def wait(self) -> Any:
        """Read the stream on until the value has settled; return it, validated.

        Raises:
            instar.AbsentError: the stream has ended, and neither it nor its final value has anything there.
            Exception: what the stream raises.

        """
        while not self._is_settled() and self._reading.pull(self._handle):
            pass
        return self._so_far() if self.state is State.SETTLED else self._at_the_end(self._handle.final())

    def __iter__(self) -> Iterator[Any]:
        return self._read(self._settled())

    def text(self) -> Iterator[str]:
        """Yield the text as it comes, nothing twice; several pieces as one, where you were slow."""
        return chain.from_iterable(self._runs(self._text()))

    def _runs(self, text: Text) -> Iterator[Iterable[str]]:
        """Yield the pieces of a text: those that come while nothing else happens together, as most do."""
        while True:
            if piece := text.take():
                yield (piece,)
            elif text.is_settled:
                return
            else:
                if (pieces := self._reading.pieces(self._pulling, text)) is not None:
                    yield pieces
                    text.skip()
                if text.is_settled or not self._reading.pull(self._handle):
                    return

    def elements(self) -> Iterator[Any]:
        """Yield the members of a list, validated, each as it settles."""
        return self._read(self._elements())

    def partials(self) -> Iterator[Any]:
        """Yield the members of a list, each as it begins and whenever it has grown."""
        return self._read(self._growing())

    def _read(self, cursor: Generator[Any, bool, None]) -> Iterator[Any]:
        answer: Any = None
        while True:
            try:
                item = cursor.send(answer)
            except StopIteration:
                return
            answer = self._reading.pull(self._handle) if item is PULL else None
            if item is not PULL:
                yield item


class AsyncReading(BaseReading):
    """Reads an async stream on, in a task of its own, which works for as long as somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self._waiters: list[asyncio.Future[bool]] = []
        self._worker: asyncio.Task[None] | None = None
        self._telling = asyncio.Lock()
        self._teller: asyncio.Task[Any] | None = None

    async def tell(self, handle: Handle[Any]) -> bool:
        """Do as `Reading.tell` does, and await what is awaitable. One task does at a time."""
        self._check_caller()
        async with self._telling:
            has_come = self._take_in(handle)
            self._teller = asyncio.current_task()
            try:
                for returned in self.watches.see(self._untold):
                    if inspect.isawaitable(returned):
                        await returned
            except BaseException:
                await handle.close()
                raise
            finally:
                self._teller = None
            return has_come

    async def pull(self, handle: Handle[Coroutine[Any, Any, bool]]) -> bool:
        """Wait for one delta, which everybody who waits gets; say whether there may be more.

        A waiter that is cancelled leaves the others, and what is being read.
        """
        self._check_caller()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiters.append(waiter)
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work(handle))
        return await waiter

    async def _work(self, handle: Handle[Coroutine[Any, Any, bool]]) -> None:
        """Read on while somebody waits, a delta at a time."""
        while self._waiters:
            try:
                more = await self._read(handle)
            except Exception as error:  # noqa: BLE001 - whoever waits raises it; if nobody does, the stream has it too
                for waiter in self._take_waiters():
                    waiter.set_exception(error)
            except BaseException:
                for waiter in self._take_waiters():
                    waiter.cancel()
                raise
            else:
                for waiter in self._take_waiters():
                    waiter.set_result(more)
            await asyncio.sleep(0)  # their turn: they may wait for more

    def _take_waiters(self) -> list[asyncio.Future[bool]]:
        """Return those who wait, to be answered, but for those who have given up."""
        waiters, self._waiters = self._waiters, []
        return [waiter for waiter in waiters if not waiter.done()]

    async def _read(self, handle: Handle[Coroutine[Any, Any, bool]]) -> bool:
        if self._telling.locked():
            async with self._telling:
                return True  # what another task has told of may be what is waited for
        if (self._untold or handle.has_news()) and await self.tell(handle):
            return True
        try:
            more = await handle.read_on()
        except Exception:
            if await self.tell(handle):
                return True
            raise
        return await self.tell(handle) or more

    def _check_caller(self) -> None:
        """Check that it is no callback who reads on, and waits for the end of what it is called by."""
        if self._teller is not None and self._teller is asyncio.current_task():
            raise RuntimeError(CALLED_BACK)


class AsyncPlace(Cursors[Coroutine[Any, Any, bool]]):
    """A part of an async stream's value, by its path: see `stream.at`."""

    def __init__(self, reading: AsyncReading, handle: Handle[Coroutine[Any, Any, bool]], pattern: Pattern) -> None:
        super().__init__(reading, handle, pattern)
        self._reading = reading

    def __await__(self) -> Generator[Any, None, Any]:
        return self.wait().__await__()

    async def wait(self) -> Any:
        """Wait until the value has settled; return it, validated. The same as `await place`.

        Raises:
            instar.AbsentError: the stream has ended, and neither it nor its final value has anything there.
            Exception: what the stream raises.

        """
        while not self._is_settled() and await self._reading.pull(self._handle):
            pass
        return self._so_far() if self.state is State.SETTLED else self._at_the_end(await self._handle.final())

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._read(self._settled())

    async def text(self) -> AsyncGenerator[str, None]:
        """Yield the text as it comes, nothing twice; several pieces as one, where you were slow."""
        text = self._text()
        while True:
            if piece := text.take():
                yield piece
            elif text.is_settled or not await self._reading.pull(self._handle):
                return

    def elements(self) -> AsyncGenerator[Any, None]:
        """Yield the members of a list, validated, each as it settles."""
        return self._read(self._elements())

    def partials(self) -> AsyncGenerator[Any, None]:
        """Yield the members of a list, each as it begins and whenever it has grown."""
        return self._read(self._growing())

    async def _read(self, cursor: Generator[Any, bool, None]) -> AsyncGenerator[Any, None]:
        answer: Any = None
        while True:
            try:
                item = cursor.send(answer)
            except StopIteration:
                return
            answer = await self._reading.pull(self._handle) if item is PULL else None
            if item is not PULL:
                yield item


def part(value: Any, path: Path) -> Any:
    """Return the part of a snapshot at a path of its dump.

    Raises:
        LookupError: it has none.
        TypeError: it is in a set, or another value whose members are not told apart.

    """
    for depth, step in enumerate(path):
        while isinstance(value, RootModel):
            value = value.root
        if isinstance(value, AbstractSet | Iterator):
            where = f"{write(path[:depth])} is a {type(value).__name__}"
            message = f"{where}, whose members have no places of their own: wait for the whole of it"
            raise TypeError(message)
        value = _member(value, step)
    return value


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        # A dump writes keys as JSON does. What is looked for is mostly the newest.
        keys = reversed(value) if isinstance(value, Reversible) else value
        alike = [step] if step in value else islice((key for key in keys if _key(key) == step), 1)
        found = [value[key] for key in alike]
    elif isinstance(step, str):
        fields = _fields(value)
        found = [fields[step]] if step in fields else []
    else:
        found = [value[step]] if isinstance(value, list | tuple | deque) and step < len(value) else []
    if not found:
        raise LookupError(step)
    return found[0]


def _fields(value: Any) -> dict[str, Any]:
    """Return what an object of a class with fields holds by name; its attributes are more than that."""
    if isinstance(value, BaseModel):
        return {**value.model_extra, **vars(value)} if value.model_extra else vars(value)
    if is_dataclass(value):
        return {name: getattr(value, name) for name in value.__dataclass_fields__ if hasattr(value, name)}
    return {}


def _key(key: Any) -> str:
    written: dict[str, None] = to_jsonable_python({key: None})
    return next(iter(written))
