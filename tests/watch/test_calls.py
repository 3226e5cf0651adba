"""Watching an answer that is the call of one of several functions, from before it is known of which."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

import instar
from instar import RETRY, Replica
from instar.testing import LocalOpenAI, Reply
from support.samples import ASK

if TYPE_CHECKING:
    from collections.abc import Iterator


class Search(BaseModel):
    query: str
    sites: list[str] = []
    why: str = ""


class Sum(BaseModel):
    numbers: list[int]


SEARCH = Search(query="instars", sites=["a.org", "b.org"], why="Somebody has asked for it.")
TEXT = json.dumps(SEARCH.model_dump())
CALL = Reply(list(TEXT), field="tool_calls", reasoning=["They ", "want ", "it."])
BAD = Reply(list('{"query": "in", "sites": 1}'), field="tool_calls")


@contextmanager
def asked(*replies: Reply, wire: Any = "raw", **keywords: Any) -> Iterator[Any]:
    """Ask for one of two calls."""
    answers = iter(replies or [CALL])
    with LocalOpenAI(lambda _: next(answers)) as server, server.client() as openai:
        yield instar.from_openai(openai, wire=wire).create_partial(tools=[Search, Sum], **keywords, **ASK)


@pytest.mark.parametrize("wire", ["raw", "sdk"])
def test_a_place_reads_no_further_than_to_its_value(wire: Any) -> None:
    with asked(wire=wire) as stream:
        assert stream.at("query").wait() == "instars"
        assert "sites" not in stream.text
        assert next(stream.at("sites").elements()) == "a.org"
        assert "b.org" not in stream.text
        assert list(stream.at("why").text())[:3] == ["S", "o", "m"]
        assert stream.final() == SEARCH

    async def run() -> None:
        with LocalOpenAI(CALL) as server:
            client = instar.from_openai(server.async_client(), wire=wire)
            stream = await client.create_partial(tools=[Search, Sum], **ASK)
            assert await stream.at("query") == "instars"
            assert "sites" not in stream.text
            assert await stream.final() == SEARCH
            await client.close()

    asyncio.run(run())


def test_callbacks_are_called_whoever_reads() -> None:
    ways: list[Any] = [list, lambda stream: list(stream.changes()), lambda stream: stream.final()]
    for read in ways:
        with asked() as stream:
            heard: list[str] = []
            stream.at("query").on_text(heard.append)
            stream.at("sites[*]").on_close(heard.append)
            read(stream)
            assert heard == [*"instars", "a.org", "b.org"]


def test_a_replica_follows_from_before_the_call() -> None:
    with asked() as stream:
        replica = Replica()
        for batch in stream.changes():
            replica.apply(*batch)
            assert replica.value == stream.dump(mode="json")
        assert replica.value == SEARCH.model_dump()
    with asked() as stream:
        assert "".join(stream.json_text()) == TEXT


def test_after_a_retry_a_place_waits_on() -> None:
    with asked(BAD, CALL, max_retries=1) as stream:
        heard: list[str] = []
        stream.at("query").on_close(heard.append)
        assert stream.at("why").wait() == SEARCH.why
        assert heard == ["in", "instars"]
        assert stream.attempt == 2
    with asked(BAD, CALL, max_retries=1) as stream:
        replica = Replica()
        changes = [change for batch in stream.changes() for change in batch]
        replica.apply(*changes)
        assert changes.count(RETRY) == 1
        assert replica.value == SEARCH.model_dump()
