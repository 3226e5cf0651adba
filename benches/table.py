"""Run everything once and print the README's tables, as Markdown: `python -m benches.table`.

`--write` puts them into README.md, between the markers `<!-- bench:start -->` and `<!-- bench:end -->`.
"""

import argparse
import platform
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benches import crowd, ours, over_http, rivals
from benches.budgets import BUDGETS, KB, LARGE_NOTE, SMALL_NOTE
from benches.clients import WAYS
from benches.clock import best
from benches.workload import ITEMS, LOOK_EVERY, Stream, cyrillic, invoices, note

README = Path(__file__).parent.parent / "README.md"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"
PACKAGES = (
    "pydantic",
    "jiter",
    "openai",
    "instructor",
    "pydantic-ai-slim",
    "langchain-core",
    "json-repair",
    "jsonmend",
    "jsonriver",
    "ijson",
    "partial-json-parser",
    "streaming-json-parser",
    "streaming-json-parser-native",
)


def machine() -> str:
    """One line: the processor, Python, and the version of everything measured."""
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}; {python}; {packages}"


def _processor() -> str:
    """The processor's model, where the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def per_delta() -> Iterator[str]:
    """The first table: CPU per delta of every contender, a value in hand after each."""
    streams = [invoices(items) for items in ITEMS]

    def row(name: str, what: str, run: Callable[[Stream], object]) -> str:
        costs = [best(partial(run, stream)) / len(stream.deltas) for stream in streams]
        return _row(name, what, *(_figure(cost * 1e6) for cost in costs))

    yield _row("CPU per delta, in µs", "", *(f"{len(stream.deltas):,} deltas" for stream in streams))
    yield "|---|---|" + "--:|" * len(streams)
    for rival in rivals.RIVALS:
        yield row(rival.name, rival.what, _over_deltas(rival.run))
    yield row("**instar**, kept snapshots", "typed; each held until the next comes", _over_deltas(ours.kept))
    yield row("**instar**, all of them held to the end", "typed; settled parts shared", _over_deltas(ours.hoarded))
    yield row("**instar**, live", "typed; incremental, one growing object", _over_deltas(ours.live))
    yield row("**instar**, live, a field read", "the same, and what Pydantic takes for that", _over_deltas(ours.read))
    yield row("**instar**, no snapshots", "checked as it arrives, validated at the end", _over_deltas(ours.feed))
    yield row("floor: `model_validate_json`, once", "typed; no stream", lambda stream: rivals.floor(stream.text))
    yield row("the bare loop: `len(delta)`", "all but the floor pay it too", _over_deltas(rivals.loop))


def long_string() -> Iterator[str]:
    """The second table: CPU per byte of one long string, in 4-byte deltas, looked at every few of them."""
    streams = [note(SMALL_NOTE), note(LARGE_NOTE)]

    def row(name: str, run: Callable[[Stream], object]) -> str:
        costs = [best(partial(run, stream)) / len(stream.text) for stream in streams]
        return _row(name, *(_figure(cost * 1e9) for cost in costs))

    yield _row("CPU per byte of one string, in ns", *(f"{len(stream.text):,} bytes" for stream in streams))
    yield "|---|" + "--:|" * len(streams)
    # Re-parsers are given only the text at which they look.
    yield row("jiter `partial_mode`", lambda stream: rivals.jiter(stream.batched(LOOK_EVERY)))
    yield row("streaming-json-parser, live", _over_deltas(rivals.streaming_json_parser_rarely))
    yield row("**instar**, live", _over_deltas(ours.long_string))
    fresh = [[delta.encode() for delta in cyrillic(size).deltas] for size in (SMALL_NOTE, LARGE_NOTE)]
    costs = [best(partial(ours.fresh_string, deltas)) / sum(map(len, deltas)) for deltas in fresh]
    yield _row("**instar**, live, fresh deltas in Cyrillic", *(_figure(cost * 1e9) for cost in costs))


def end_to_end() -> Iterator[str]:
    """The third table: CPU per token of the long invoice over HTTP, the server's not counted."""
    settings = over_http.SETTINGS
    yield _row("CPU per token over HTTP, in µs", *(setting.name for setting in settings))
    yield "|---|" + "--:|" * len(settings)
    for way in WAYS:
        costs = [over_http.per_token(setting).get(way) for setting in settings]
        yield _row(way.name, *("" if cost is None else _figure(cost * 1e6) for cost in costs))


def crowds() -> Iterator[str]:
    """The fourth table: many answers at once in one process."""
    yield _row("async streams in one process", "at once", "tokens per second", "CPU per token", "memory per stream")
    yield "|---|--:|--:|--:|--:|"
    for way, streams in crowd.CROWDS:
        found = crowd.run(way, streams)
        cpu, memory = f"{_figure(found.cpu * 1e6)} µs", f"{_figure(found.memory / KB)} KB"
        yield _row(way.name, f"{found.streams:,}", f"{found.per_second:,.0f}", cpu, memory)


def budgets() -> Iterator[str]:
    """The last table: the budgets, and what was measured."""
    yield _row("", "ratio of CPU, both from this run; or memory", "budget", "measured", "")
    yield "|---|---|--:|--:|---|"
    for budget in BUDGETS:
        measured = budget.measure()
        met = "" if budget.met(measured) else "not met"
        yield _row(budget.name, budget.what, budget.bound_as_text(), f"{_figure(measured)}{budget.unit}", met)


def _over_deltas(run: Callable[[list[str]], object]) -> Callable[[Stream], object]:
    return lambda stream: run(stream.deltas)


def _figure(value: float) -> str:
    """Three figures, and no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def lines() -> Iterator[str]:
    """Everything, a line as soon as it is known."""
    yield from per_delta()
    yield ""
    yield from long_string()
    yield ""
    yield from end_to_end()
    yield ""
    yield from crowds()
    yield ""
    yield from budgets()
    yield ""
    yield machine()


def write(tables: str, page: Path) -> None:
    """Put the tables between the markers of the page.

    Raises:
        ValueError: the page has not exactly one of each marker, the start before the end.

    """
    text = page.read_text(encoding="utf-8")
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        message = f"{page.name} needs one {START} and, after it, one {END}: the tables go between them"
        raise ValueError(message)
    before, after = text.partition(START)[0], text.partition(END)[2]
    page.write_text(f"{before}{START}\n{tables}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, and with `--write` put into the README."""
    arguments = argparse.ArgumentParser(prog="python -m benches.table", description=__doc__.splitlines()[0])
    arguments.add_argument("--write", action="store_true", help="replace the tables in README.md")
    writes: bool = arguments.parse_args().write
    shown = []
    for line in lines():
        print(line, flush=True)
        shown.append(line)
    if writes:
        write("\n".join(shown), README)


if __name__ == "__main__":
    main()
