"""Places: parts of a stream's value that somebody watches. Whoever waits for one reads the stream on."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Generator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import RootModel
from pydantic_core import to_jsonable_python

from instar._paths import EVERY, write
from instar._watch import State, Watch
from instar.changes import Replica
from instar.errors import AbsentError, StreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator

    from instar._paths import Pattern
    from instar._watch import Happening
    from instar.changes import Change, Path

    Callback = Callable[[Happening], Any]


class Pull(Enum):
    """What a cursor yields where it has nothing more: it is sent True when there may be, False at the end."""

    PULL = "pull"


PULL: Final = Pull.PULL


class Watched:
    """What is watched of one stream: its watches, and what they call. It does no I/O."""

    def __init__(self, snapshot: Callable[[], Any]) -> None:
        self.snapshot = snapshot
        self._replica = Replica()
        self._watches: list[tuple[Watch, list[Callback]]] = []

    def watch(self, pattern: Pattern) -> tuple[Watch, list[Callback]]:
        """Add a watch; return it, and the list of what it is to call."""
        watch = Watch(pattern)
        for change in self._replica.whole():
            for _ in watch.see(change):
                pass  # it has happened already
        watch.attempt = 0
        callbacks: list[Callback] = []
        self._watches.append((watch, callbacks))
        return watch, callbacks

    def unwatch(self, watch: Watch) -> None:
        """Forget a watch."""
        self._watches = [each for each in self._watches if each[0] is not watch]

    def see(self, batch: Iterable[Change]) -> Iterator[Any]:
        """Take in changes; call what is to be called, in the order of the text, and yield what that returns."""
        for change in batch:
            self._replica.apply(change)
            for watch, callbacks in self._watches:
                for happening in watch.see(change):
                    for callback in callbacks:
                        yield callback(happening)


class Cursors:
    """A place as both kinds have it: what there is of it, and cursors that read it on, without I/O."""

    def __init__(self, watched: Watched, pattern: Pattern) -> None:
        self._watched = watched
        self._pattern = pattern
        self._watch, self._callbacks = watched.watch(pattern)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {write(self._pattern)}>"

    @property
    def state(self) -> State:
        """Whether the value is `MISSING`, `OPEN` or `SETTLED`. A null that has come is settled."""
        return self._watch.state(self._path)

    @property
    def value(self) -> Any:
        """The value so far, as the snapshot shows it; None if it has not begun."""
        return None if self.state is State.MISSING else part(self._watched.snapshot(), self._path)

    def on_text(self, function: Callable[[str], Any]) -> None:
        """Call a function with each piece of the text as it comes, while somebody reads the stream."""
        self._callbacks.append(lambda happening: function(happening.text) if happening.kind == "text" else None)

    def on_close(self, function: Callable[[Any], Any]) -> None:
        """Call a function with the validated value as soon as it has settled, while somebody reads the stream."""

        def call(happening: Happening) -> Any:
            if happening.kind == "close":
                return function(part(self._watched.snapshot(), happening.path))
            return None

        self._callbacks.append(call)

    @property
    def _path(self) -> Path:
        """The path of the place, which has to be one."""
        if EVERY in self._pattern:
            message = f"{write(self._pattern)} is many places: iterate over it, or name an index"
            raise TypeError(message)
        return self._pattern  # type: ignore[return-value] # no step of it is EVERY

    def _settling(self) -> Generator[Pull, bool, None]:
        """Wait until the value has settled, or the stream has ended."""
        path = self._path
        while self._watch.state(path) is not State.SETTLED and (yield PULL):
            pass

    def _texts(self) -> Generator[str | Pull, bool, None]:
        """Yield the text by its pieces, all that have come since the last time as one."""
        path, watch, attempt, read = self._path, self._watch, self._watch.attempt, 0
        while True:
            self._check(watch, attempt)
            pieces = watch.pieces.get(path, [])
            if read < len(pieces):
                new, read = pieces[read:], len(pieces)
                yield "".join(new)
            elif watch.state(path) is State.SETTLED or not (yield PULL):
                return

    def _settled(self) -> Generator[Any, bool, None]:
        """Yield the values of a place that is many, each as it settles."""
        return self._each(self._watch, lambda: False)

    def _elements(self) -> Generator[Any, bool, None]:
        """Yield the members of the list at the place, each as it settles."""
        path = self._path
        inner, _ = self._watched.watch((*self._pattern, EVERY))
        try:
            yield from self._each(inner, lambda: self._watch.state(path) is State.SETTLED)
        finally:
            self._watched.unwatch(inner)

    def _each(self, watch: Watch, is_over: Callable[[], bool]) -> Generator[Any, bool, None]:
        read, attempt = 0, watch.attempt
        while True:
            self._check(watch, attempt)
            if read < len(watch.settled):
                read += 1
                yield part(self._watched.snapshot(), watch.settled[read - 1])
            elif is_over() or not (yield PULL):
                return

    def _growing(self) -> Generator[Any, bool, None]:
        """Yield the members of the list at the place, each again and again while it grows."""
        path = self._path
        inner, callbacks = self._watched.watch((*self._pattern, EVERY))
        changed: dict[Path, None] = dict.fromkeys(inner.pieces)
        callbacks.append(lambda happening: changed.setdefault(happening.path))
        try:
            while True:
                self._check(inner, 0)
                if changed:
                    first = next(iter(changed))
                    del changed[first]
                    yield part(self._watched.snapshot(), first)
                elif self._watch.state(path) is State.SETTLED or not (yield PULL):
                    return
        finally:
            self._watched.unwatch(inner)

    def _check(self, watch: Watch, attempt: int) -> None:
        if watch.attempt != attempt:
            message = f"the answer whose {write(self._pattern)} this was has been given up; another attempt follows"
            raise StreamError(message)

    def _at_the_end(self, final: Any) -> Any:
        """Return the value when the stream has ended: the final one, if it has not come."""
        if self.state is State.SETTLED:
            return self.value
        try:
            return part(final, self._path)
        except LookupError:
            message = f"the stream has ended, and there is nothing at {write(self._pattern)}"
            raise AbsentError(message) from None


class Changing(Protocol):
    """A sync stream."""

    @property
    def snapshot(self) -> Any:
        """The value so far."""

    def changes(self) -> Iterable[list[Change]]:
        """Return the changes as they come."""

    def final(self) -> Any:
        """Return the validated value."""


class Reading:
    """Reads a stream on, batch by batch, for all that is watched of it."""

    def __init__(self, stream: Changing) -> None:
        self.stream = stream
        self.watched = Watched(lambda: stream.snapshot)
        self._batches: Iterator[list[Change]] | None = None

    def at(self, pattern: Pattern) -> Place:
        """Return a place."""
        return Place(self, pattern)

    def pull(self) -> bool:
        """Read one batch; say whether there was one. Raises what the stream or a callback raises, and closes then."""
        self._batches = self._batches or iter(self.stream.changes())
        batch = next(self._batches, None)
        try:
            for _ in self.watched.see(batch or ()):
                pass
        except BaseException:
            if isinstance(self._batches, Generator):
                self._batches.close()
            raise
        return batch is not None


class Place(Cursors):
    """A part of a sync stream's value, by its path: see `stream.at`."""

    def __init__(self, reading: Reading, pattern: Pattern) -> None:
        super().__init__(reading.watched, pattern)
        self._reading = reading

    def wait(self) -> Any:
        """Read the stream on until the value has settled; return it, validated.

        Raises:
            instar.AbsentError: the stream has ended, and neither it nor its final value has anything there.
            Exception: what the stream raises.

        """
        for _ in self._read(self._settling()):
            pass
        return self.value if self.state is State.SETTLED else self._at_the_end(self._reading.stream.final())

    def __iter__(self) -> Iterator[Any]:
        return self._read(self._settled())

    def text(self) -> Iterator[str]:
        """Yield the text as it comes, nothing twice; several pieces as one, where you were slow."""
        return self._read(self._texts())

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
            answer = self._reading.pull() if item is PULL else None
            if item is not PULL:
                yield item


class AsyncChanging(Protocol):
    """An async stream."""

    @property
    def snapshot(self) -> Any:
        """The value so far."""

    def changes(self) -> AsyncIterable[list[Change]]:
        """Return the changes as they come."""

    async def final(self) -> Any:
        """Return the validated value."""


class AsyncReading:
    """Reads an async stream on, batch by batch, for all that is watched of it, in tasks of its own."""

    def __init__(self, stream: AsyncChanging) -> None:
        self.stream = stream
        self.watched = Watched(lambda: stream.snapshot)
        self._batches: AsyncIterator[list[Change]] | None = None
        self._step: asyncio.Task[bool] | None = None

    def at(self, pattern: Pattern) -> AsyncPlace:
        """Return a place."""
        return AsyncPlace(self, pattern)

    async def pull(self) -> bool:
        """Wait for one batch, which everybody who waits gets; say whether there was one.

        A waiter that is cancelled leaves the others, and what is being read.
        """
        if self._step is None or self._step.done():
            self._step = asyncio.get_running_loop().create_task(self._read())
            self._step.add_done_callback(_retrieve)
        elif self._step is asyncio.current_task():
            message = (
                "a callback cannot wait for a place: it is called while the stream is read, and would wait for itself"
            )
            raise RuntimeError(message)
        return await asyncio.shield(self._step)

    async def aclose(self) -> None:
        """Stop reading."""
        if self._step is not None:
            self._step.cancel()
            await asyncio.gather(self._step, return_exceptions=True)
        await self._close()

    async def _close(self) -> None:
        if isinstance(self._batches, AsyncGenerator):
            await self._batches.aclose()

    async def _read(self) -> bool:
        self._batches = self._batches or aiter(self.stream.changes())
        batch = await anext(self._batches, None)
        try:
            for returned in self.watched.see(batch or ()):
                if inspect.isawaitable(returned):
                    await returned
        except BaseException:
            await self._close()
            raise
        return batch is not None


def _retrieve(step: asyncio.Task[bool]) -> None:
    """Take note of an error that nobody may have waited for: the stream has it too."""
    if not step.cancelled():
        step.exception()


class AsyncPlace(Cursors):
    """A part of an async stream's value, by its path: see `stream.at`."""

    def __init__(self, reading: AsyncReading, pattern: Pattern) -> None:
        super().__init__(reading.watched, pattern)
        self._reading = reading

    def __await__(self) -> Generator[Any, None, Any]:
        return self.wait().__await__()

    async def wait(self) -> Any:
        """Wait until the value has settled; return it, validated. The same as `await place`.

        Raises:
            instar.AbsentError: the stream has ended, and neither it nor its final value has anything there.
            Exception: what the stream raises.

        """
        async for _ in self._read(self._settling()):
            pass
        return self.value if self.state is State.SETTLED else self._at_the_end(await self._reading.stream.final())

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._read(self._settled())

    def text(self) -> AsyncGenerator[str, None]:
        """Yield the text as it comes, nothing twice; several pieces as one, where you were slow."""
        return self._read(self._texts())

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
            answer = await self._reading.pull() if item is PULL else None
            if item is not PULL:
                yield item


def part(value: Any, path: Path) -> Any:
    """Return the part of a snapshot at a path of its dump.

    Raises:
        LookupError: it has none.

    """
    for step in path:
        while isinstance(value, RootModel):
            value = value.root
        value = _member(value, step)
    return value


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        # A dump writes keys as JSON does.
        found = [value[step]] if step in value else [part for key, part in value.items() if _key(key) == step]
    elif isinstance(step, str):
        found = [getattr(value, step)] if hasattr(value, step) else []
    else:
        found = [*value[step : step + 1]] if isinstance(value, list | tuple) else []
    if not found:
        raise LookupError(step)
    return found[0]


def _key(key: Any) -> str:
    written: dict[str, None] = to_jsonable_python({key: None})
    return next(iter(written))
