"""The budgets of instar's cost, and the runs that they are made of: `pytest benches`.

Times are CPU seconds (see `clock`). The workload is one invoice in three lengths (see `workload`).
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel
from pytest_benchmark.fixture import BenchmarkFixture

from benches import checked, clients, crowd, memory, ours, rivals, table
from benches.budgets import BUDGETS, LARGE_NOTE, SMALL_NOTE, Budget
from benches.server import Manner, Provider, body
from benches.workload import ITEMS, MANY_ITEMS, cyrillic, invoices, note

SERVED = f"{ITEMS[0]}/1"
CONTENDERS = (
    *rivals.RIVALS,
    rivals.Rival("instar, kept", ours.kept, "typed; incremental, settled parts shared"),
    rivals.Rival("instar, live", ours.live, "typed; incremental, one growing object"),
    rivals.Rival("instar, no snapshots", ours.feed, "typed; the final value only"),
)
each_contender = pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)


@pytest.mark.parametrize(
    ("items", "size", "deltas", "digest"),
    [
        (5, 1_774, 460, "4f492c9a25a56d8c"),
        (20, 5_560, 1_469, "00ed54d61ac7cbf2"),
        (80, 20_743, 5_512, "c29796183a72f7ab"),
        (MANY_ITEMS, 372_061, 100_055, "c3cd93cd8343b1b6"),
    ],
)
def test_the_workload_is_the_one_the_budgets_are_for(items: int, size: int, deltas: int, digest: str) -> None:
    stream = invoices(items)
    assert "".join(stream.deltas) == stream.text
    assert len(stream.text.encode()) == size
    assert len(stream.deltas) == deltas
    assert hashlib.sha256("\0".join(stream.deltas).encode()).hexdigest()[:16] == digest


@each_contender
def test_what_is_timed_ends_at_the_right_value(contender: rivals.Rival) -> None:
    stream = invoices(ITEMS[0])
    value = contender.run(stream.deltas)
    plain: object = value.model_dump() if isinstance(value, BaseModel) else value
    assert plain == json.loads(stream.text)


@each_contender
@pytest.mark.parametrize("items", ITEMS)
@pytest.mark.benchmark(timer=time.process_time, warmup=False)
def test_per_delta(benchmark: BenchmarkFixture, contender: rivals.Rival, items: int) -> None:
    deltas = invoices(items).deltas
    benchmark.group = f"{len(deltas):,} deltas"
    pedantic: Any = benchmark.pedantic  # pytest-benchmark leaves it untyped
    pedantic(contender.run, (deltas,), rounds=1 if contender.slow else 20)
    stats: Any = benchmark.stats
    benchmark.extra_info["microseconds per delta"] = stats.stats.min / len(deltas) * 1e6


@pytest.mark.parametrize("size", [SMALL_NOTE, LARGE_NOTE])
@pytest.mark.benchmark(timer=time.process_time, warmup=False)
def test_long_string(benchmark: BenchmarkFixture, size: int) -> None:
    stream = note(size)
    benchmark.group = "one string, live"
    pedantic: Any = benchmark.pedantic  # pytest-benchmark leaves it untyped
    final = pedantic(ours.long_string, (stream.deltas,), rounds=5)
    assert final.model_dump() == json.loads(stream.text)


def test_a_string_of_fresh_deltas_ends_at_the_right_value() -> None:
    stream = cyrillic(SMALL_NOTE)
    assert 0.9 < len(stream.text.encode()) / SMALL_NOTE < 1.1
    assert ours.fresh_string([delta.encode() for delta in stream.deltas]).model_dump() == json.loads(stream.text)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(Manner(per_chunk=3)) as provider:
        yield provider


def test_everyone_sees_the_same_invoice_over_http(provider: Provider) -> None:
    with clients.client(provider.url) as client:
        values = {way.name: way.run(client, SERVED) for way in clients.WAYS}
    assert values.pop(clients.DRAIN.name) == sum(map(len, body(SERVED)))
    assert values == dict.fromkeys(values, rivals.floor(invoices(ITEMS[0]).text))


@pytest.mark.parametrize("make", [clients.async_client, clients.aiohttp_client])
async def test_everyone_sees_the_same_invoice_in_async_code(
    provider: Provider, make: Callable[[str], AsyncOpenAI]
) -> None:
    ways = [way for way in clients.WAYS if way.arun is not None]
    async with make(provider.url) as client:
        values = {way.name: await way.aread(client, SERVED) for way in ways}
    assert values.pop(clients.DRAIN.name) == sum(map(len, body(SERVED)))
    assert values == dict.fromkeys(values, rivals.floor(invoices(ITEMS[0]).text))


async def test_a_crowd_is_measured_in_mid_stream() -> None:
    found = await crowd.crowd(clients.LIVE, 3, items=1)
    assert found.streams == 3
    assert found.per_second > 0
    assert found.cpu > 0


def test_validators_see_each_value_and_change_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = invoices(ITEMS[0])
    final = ours.feed(stream.deltas, checked.CheckedInvoice)
    assert final.model_dump() == json.loads(stream.text)
    called: list[object] = []
    monkeypatch.setattr(checked, "text", called.append)
    monkeypatch.setattr(checked, "number", called.append)
    checked.alone(final)
    assert len(called) == 6 + 4 * ITEMS[0]


def test_objects_are_counted_once_and_with_all_that_they_hold() -> None:
    held = ["x" * 1000]
    assert memory.objects([held, held]) == sys.getsizeof(held) + sys.getsizeof(held[0])


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"{budget.name}: {budget.what}")
def test_budget(budget: Budget, pytestconfig: pytest.Config) -> None:
    if budget.over_http and pytestconfig.getoption("benchmark_skip"):
        pytest.skip("it takes most of a minute")
    measured = budget.measure()
    shown = f"{measured:.3g}{budget.unit}"
    assert budget.guarded(measured), f"{budget.what}: {shown}, and the budget is {budget.bound_as_text()}"


def test_the_tables_replace_what_is_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"above\n{table.START}\nold\n{table.END}\nbelow\n", encoding="utf-8")
    table.write("| µs |", page)
    assert page.read_text(encoding="utf-8") == f"above\n{table.START}\n| µs |\n{table.END}\nbelow\n"


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md needs one"):
        table.write("| µs |", page)
    assert page.read_text(encoding="utf-8") == "above\n"
