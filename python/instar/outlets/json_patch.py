"""JSON Patch (RFC 6902) from changes."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from instar._pace import apaced, paced
from instar.changes import Replica, at, coalesced
from instar.outlets._source import batches_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Iterator

    from instar.changes import Path
    from instar.outlets._source import AsyncBatches, Batch, Batches

Patch: TypeAlias = "list[dict[str, Any]]"


@overload
def json_patch(source: Batches, *, under: str = "", emit: float = 0.5) -> Generator[Patch, None, None]: ...
@overload
def json_patch(source: AsyncBatches, *, under: str = "", emit: float = 0.5) -> AsyncGenerator[Patch, None]: ...
def json_patch(source: Batches | AsyncBatches, *, under: str = "", emit: float = 0.5) -> Any:
    """Return what a stream shows as JSON patches, of a document that begins as null.

    JSON Patch cannot append to a text: an open one is sent by its whole value, once in each patch and once when it has
    closed. So do not send a patch for every token.

    Args:
        source: a stream, one that is shared, or an iterable of batches of changes; sync or async.
        under: the JSON Pointer of the member that is to hold the value, in a document that has its parent.
        emit: seconds that lie between two patches at least. An iterable that is not async is looked at only when
            something comes, and at its end.

    Returns:
        An iterator of patches, lists of operations; async if the source is. What the source raises is raised.

    """
    batches = batches_of(source)
    patches = Patches(under)
    if isinstance(batches, AsyncIterable):
        return _apatches(batches, patches, emit)
    return _patches(batches, patches, emit)


def _patches(batches: Iterable[Batch], patches: Patches, emit: float) -> Generator[Patch, None, None]:
    calm = paced(batches, emit, operator.add)
    try:
        for batch in calm:
            if patch := patches(batch):
                yield patch
    finally:
        calm.close()


async def _apatches(batches: AsyncIterable[Batch], patches: Patches, emit: float) -> AsyncGenerator[Patch, None]:
    calm = apaced(batches, emit, operator.add)
    try:
        async for batch in calm:
            if patch := patches(batch):
                yield patch
    finally:
        await calm.aclose()


class Patches:
    """Writes each batch of changes as a patch."""

    def __init__(self, under: str = "") -> None:
        self._under = under
        self._replica = Replica()

    def __call__(self, batch: Batch) -> Patch:
        """Return the operations of a batch: none, if it closes only what has been sent whole."""
        return list(self._operations(batch))

    def _operations(self, batch: Batch) -> Iterator[dict[str, Any]]:
        for change in coalesced(batch):
            self._replica.apply(change)
            kind, path, value = change
            if kind == "close":
                continue
            if kind == "append":
                value = at(self._replica.value, path)
            # At its root a document is added, whether there is one or not.
            name = "replace" if path and kind in {"append", "replace"} else "add"
            yield {"op": name, "path": self._under + pointer(path), "value": deepcopy(value)}


def pointer(path: Path) -> str:
    """Write a path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
