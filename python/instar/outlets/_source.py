"""What outlets read, and the loop that writes it: once sync, once async."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from typing import Any, Protocol, TypeAlias, TypeVar

from typing_extensions import TypedDict

from instar._pace import LATE, Arrivals
from instar._paths import Pattern, parse
from instar.changes import Change

ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)
OutT = TypeVar("OutT")
OutT_co = TypeVar("OutT_co", covariant=True)

Batch: TypeAlias = list[Change]
_Describe: TypeAlias = Callable[[Exception], str]

_log = logging.getLogger("instar")


class Changing(Protocol):
    """A sync stream: it hands out its changes."""

    def changes(self) -> Iterable[Batch]:
        """Return the batches as they come; left early, they close what they are read from."""


class AsyncChanging(Protocol):
    """An async stream, or one that is shared."""

    def changes(self) -> AsyncIterable[Batch]:
        """Return the batches as they come; left early, they close what they are read from."""


class Spelling(Protocol):
    """A sync stream: it hands out the JSON text of its answer."""

    def json_text(self) -> Iterable[str]:
        """Return the text as it comes; left early, it closes what it is read from."""


class AsyncSpelling(Protocol):
    """An async stream, likewise."""

    def json_text(self) -> AsyncIterable[str]:
        """Return the text as it comes; left early, it closes what it is read from."""


Batches: TypeAlias = Changing | Iterable[Batch]
AsyncBatches: TypeAlias = AsyncChanging | AsyncIterable[Batch]
Texts: TypeAlias = Spelling | Iterable[str]
AsyncTexts: TypeAlias = AsyncSpelling | AsyncIterable[str]


class Sending(TypedDict, total=False):
    """How an outlet speaks of what is not the value.

    describe: makes the text of a failure; without it none of the error's own words are sent, since they may be a
        provider's. The error itself is logged, by the logger `instar`.
    heartbeat: seconds without anything to send after which a comment is sent, so that no proxy takes the line for dead:
        15 unless you say otherwise, None for no comments. A sync source has none.
    """

    describe: Callable[[Exception], str]
    heartbeat: float | None


class Writer(Protocol[ItemT_contra, OutT_co]):
    """What an outlet writes of a source."""

    def begin(self) -> Iterable[OutT_co]:
        """Write what comes before the first item."""

    def write(self, item: ItemT_contra, /) -> Iterable[OutT_co]:
        """Write a batch, or a piece of text."""

    def end(self) -> Iterable[OutT_co]:
        """Write that the value is whole."""

    def failure(self, error: Exception, text: str, /) -> Iterable[OutT_co]:
        """Write that no more will come."""

    def ping(self) -> Iterable[OutT_co]:
        """Write something that says only that the line is alive."""


def batches_of(source: Batches | AsyncBatches) -> Iterable[Batch] | AsyncIterable[Batch]:
    """Return the batches of changes of a source.

    Raises:
        TypeError: it has none.

    """
    batches: Iterable[Batch] | AsyncIterable[Batch] = _items_of(source, "changes", "batches of changes")
    return batches


def reader_of(source: object) -> Callable[[str], Pattern]:
    """Return what reads paths into a source's value: one that knows its type refuses those that can never be there."""
    read: Callable[[str], Pattern] = getattr(source, "_read_path", parse)
    return read


def texts_of(source: Texts | AsyncTexts) -> Iterable[str] | AsyncIterable[str]:
    """Return the pieces of a source's JSON text.

    Raises:
        TypeError: it has none.

    """
    texts: Iterable[str] | AsyncIterable[str] = _items_of(source, "json_text", "pieces of JSON text")
    return texts


def _items_of(source: Any, method: str, what: str) -> Any:
    items = getattr(source, method)() if hasattr(source, method) else source
    if isinstance(items, str) or not isinstance(items, Iterable | AsyncIterable):
        message = f"this outlet takes a stream, or an iterable of {what}, not {type(source).__name__}"
        raise TypeError(message)
    return items


def write_all(items: Iterable[ItemT] | AsyncIterable[ItemT], writer: Writer[ItemT, OutT], sending: Sending) -> Any:
    """Write all of a source, sync or async as the source is.

    What the source raises is written as a failure, and logged; nothing is raised then.

    Raises:
        ValueError: the heartbeat is no time.

    """
    describe, heartbeat = sending.get("describe", _undescribed), sending.get("heartbeat", 15)
    if heartbeat is not None and not heartbeat > 0:
        message = f"heartbeat is a number of seconds above 0, or None for no comments, not {heartbeat!r}"
        raise ValueError(message)
    if isinstance(items, AsyncIterable):
        return _awrite_all(items, writer, describe, heartbeat)
    return _write_all(items, writer, describe)


def _undescribed(_: Exception) -> str:
    return "The answer could not be completed."


def _write_all(items: Iterable[ItemT], writer: Writer[ItemT, OutT], describe: _Describe) -> Generator[OutT, None, None]:
    try:
        yield from writer.begin()
        for item in items:
            yield from writer.write(item)
        yield from writer.end()
    except Exception as error:  # noqa: BLE001 - whatever it is, the page is told
        yield from _failure(error, writer, describe)
    finally:
        if isinstance(items, Generator):
            items.close()


async def _awrite_all(
    items: AsyncIterable[ItemT], writer: Writer[ItemT, OutT], describe: _Describe, heartbeat: float | None
) -> AsyncGenerator[OutT, None]:
    clock = asyncio.get_running_loop().time
    written = clock()
    arrivals = Arrivals(items, lambda: None if heartbeat is None else written + heartbeat)
    try:
        for out in writer.begin():
            yield out
        async for item in arrivals:
            for out in writer.ping() if item is LATE else writer.write(item):
                yield out
                written = clock()
        for out in writer.end():
            yield out
    except Exception as error:  # noqa: BLE001 - as above
        for out in _failure(error, writer, describe):
            yield out
    finally:
        await arrivals.aclose()


def _failure(error: Exception, writer: Writer[Any, OutT], describe: _Describe) -> Iterable[OutT]:
    _log.warning("a stream failed while it was sent", exc_info=error)
    try:
        text = str(describe(error))
    except Exception as fault:  # noqa: BLE001 - code of the user's, and the page still has to hear of the failure
        _log.warning("describe= has failed, so the failure is sent without its words", exc_info=fault)
        text = _undescribed(error)
    return writer.failure(error, text)
