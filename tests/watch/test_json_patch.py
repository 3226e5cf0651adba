"""JSON patches, applied by the library `jsonpatch`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import jsonpatch
from hypothesis import given
from hypothesis import strategies as st

from instar import Parser
from instar.changes import Change
from instar.outlets import json_patch
from instar.outlets.json_patch import Patches
from support.changes import NaiveChanges, same
from support.clock import in_fake_time, timed
from support.growing import AGrowing, Growing
from support.strategies import UNTYPED, cuts, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

ADA = ['{"na/me": "A', "d", 'a", "notes": ["x', '"], "age": 3', "6}"]


def applied(document: Any, patches: Iterable[list[dict[str, Any]]]) -> Any:
    """Apply patches one after the other, as JSON."""
    for patch in patches:
        document = jsonpatch.apply_patch(document, json.loads(json.dumps(patch)))
    return document


@given(data=st.data(), text=texts(UNTYPED))
def test_the_document_is_the_dump_after_every_delta(data: st.DataObject, text: bytes) -> None:
    reader, patches, document = NaiveChanges(Parser(None)), Patches(), None
    for delta in data.draw(cuts(text)):
        reader.feed(delta)
        document = applied(document, [patches(reader.drain())])
        assert same(document, reader.dump())
    reader.close()
    assert same(applied(document, [patches(reader.drain())]), reader.dump())


def test_the_patches_are_these() -> None:
    assert list(json_patch(Growing(ADA), emit=0)) == [
        [{"op": "add", "path": "", "value": {}}, {"op": "add", "path": "/na~1me", "value": "A"}],
        [{"op": "replace", "path": "/na~1me", "value": "Ad"}],
        [
            {"op": "replace", "path": "/na~1me", "value": "Ada"},
            {"op": "add", "path": "/notes", "value": []},
            {"op": "add", "path": "/notes/0", "value": "x"},
        ],
        [{"op": "add", "path": "/age", "value": 36}],
    ]


def test_an_open_text_goes_out_in_time_and_once_more_when_it_has_closed() -> None:
    deltas = [(0.0, '"a'), (0.1, "b"), (0.2, "c"), (0.9, "d"), (3.0, "e"), (3.1, 'f"')]

    async def run() -> list[tuple[float, Any]]:
        loop = asyncio.get_running_loop()
        return [
            (round(loop.time(), 3), patch[-1]["value"]) async for patch in json_patch(AGrowing(timed(deltas)), emit=0.5)
        ]

    assert in_fake_time(run()) == [(0.0, "a"), (0.5, "abc"), (1.0, "abcd"), (3.0, "abcde"), (3.1, "abcdef")]


def test_it_goes_under_a_member() -> None:
    document = applied({"other": 1}, json_patch(Growing(['{"a": "x'], ['{"a": "y"}']), under="/answer", emit=0))
    assert document == {"other": 1, "answer": {"a": "y"}}


def test_patches_share_nothing_with_what_they_are_made_of() -> None:
    change = Change("open", (), {})
    (operation,) = Patches()([change])
    operation["value"]["x"] = 1
    assert change.value == {}


def test_left_early_it_closes_the_stream() -> None:
    stream = Growing(ADA)
    patches = json_patch(stream, emit=0)
    next(patches)
    patches.close()
    assert stream.closed
