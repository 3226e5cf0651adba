"""The budgets, with the code that measures them: ratios of CPU seconds taken in one run, and the memory of a parser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benches import checked, clients, compiling, crowd, loops, memory, ours, over_http, rivals
from benches.clients import Way
from benches.clock import Run, ratio
from benches.invoice import TOKEN
from benches.over_http import Setting
from benches.workload import ITEMS, MANY_ITEMS, Note, Stream, invoices, note

LONG = ITEMS[-1]
SHORT = ITEMS[-2]
SMALL_NOTE = 10_000
LARGE_NOTE = 1_000_000
KEPT_NOTE = 800_000
KB = 1024


@dataclass(frozen=True)
class Budget:
    """What is promised, and how it is measured: `bound` is an upper one, or with `at_least` a lower one.

    `guard` is the bound that a regression is told by: wider than the budget, for a noisy machine, or because the budget
    is not met yet. `over_http`: a server takes part, and most of a minute.
    """

    name: str
    what: str
    bound: float
    guard: float
    measure: Callable[[], float]
    at_least: bool = False
    unit: str = "x"
    over_http: bool = False

    def met(self, measured: float) -> bool:
        """Whether what was measured is within the budget."""
        return measured >= self.bound if self.at_least else measured <= self.bound

    def guarded(self, measured: float) -> bool:
        """Whether what was measured is no regression."""
        return measured >= self.guard if self.at_least else measured <= self.guard

    def bound_as_text(self) -> str:
        """The bound as it is written: `<= 4x`."""
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{self.unit}"


def _to_floor(way: Callable[[list[str]], object]) -> float:
    """A way through the long invoice, to one validation of its text."""
    stream = invoices(LONG)
    return ratio(lambda: way(stream.deltas), lambda: rivals.floor(stream.text))


def _faster_than(rival: Callable[[list[str]], object]) -> float:
    """How many times a rival's CPU on the long invoice is that of kept snapshots."""
    deltas = invoices(LONG).deltas
    return ratio(lambda: rival(deltas), lambda: ours.kept(deltas))


def _live_to_live() -> float:
    deltas = invoices(LONG).deltas
    return ratio(lambda: ours.live(deltas), lambda: rivals.streaming_json_parser(deltas))


def _growth(long: Run, short: Run, times: int, lengths: float) -> float:
    """The cost per unit of one long run to that of `times` short ones; `lengths` is long to short in units.

    As many short runs as make up a long one: so both spend as long, and meet the garbage collector as often.
    """

    def many() -> None:
        for _ in range(times):
            short()

    return ratio(long, many) * times / lengths


def _with_tokens(way: Callable[[list[str]], object]) -> float:
    """Cost per token at 100,000 tokens to that at 1,500."""
    long, short = invoices(MANY_ITEMS).deltas, invoices(SHORT).deltas
    lengths = len(long) / len(short)
    return _growth(lambda: way(long), lambda: way(short), round(lengths), lengths)


def _with_bytes() -> float:
    """Cost per byte of a string of 1 MB to that of one of 10 KB."""
    long, short = note(LARGE_NOTE), note(SMALL_NOTE)
    lengths = len(long.text) / len(short.text)
    return _growth(
        lambda: ours.long_string(long.deltas),
        lambda: ours.long_string(short.deltas),
        round(lengths),
        lengths,
    )


def _changes() -> float:
    deltas = invoices(LONG).deltas
    return ratio(lambda: ours.changes(deltas), lambda: ours.live(deltas))


def _pieces() -> float:
    deltas = note(SMALL_NOTE).deltas
    return ratio(lambda: ours.read_text(deltas), lambda: ours.fed_text(deltas))


def _summary() -> float:
    deltas = invoices(LONG).deltas
    return ratio(lambda: ours.summary(deltas), lambda: ours.feed(deltas))


def _watched() -> float:
    deltas = invoices(LONG).deltas
    return ratio(lambda: ours.watched(deltas), lambda: ours.unwatched(deltas))


def _mended() -> float:
    """The long invoice with all its strings in single quotes, mended, to the clean one: a kept snapshot per token."""
    stream = invoices(LONG)
    damaged = TOKEN.findall(stream.text.replace("'", r"\'").replace('"', "'"))
    return ratio(lambda: ours.mended(damaged), lambda: ours.kept(stream.deltas))


def _around() -> float:
    """The long invoice under `repair="around"` to the strict parser."""
    deltas = invoices(LONG).deltas
    return ratio(lambda: ours.around(deltas), lambda: ours.feed(deltas))


def _with_deltas(schema: Any, long: Stream, short: Stream, *, live: bool = False) -> float:
    """Cost per delta, a snapshot after each, of a long text to that of a short one."""
    lengths = len(long.deltas) / len(short.deltas)
    return _growth(
        lambda: loops.looked(schema, long.deltas, live=live),
        lambda: loops.looked(schema, short.deltas, live=live),
        round(lengths),
        lengths,
    )


def _with_members(kind: str) -> Budget:
    """B12: a container of four times as many members."""
    schema, _, live = loops.KINDS[kind]

    def measure() -> float:
        long, short = (loops.container(kind, members) for members in (4 * loops.FEW, loops.FEW))
        return _with_deltas(schema, long, short, live=live)

    what = f"{kind}, per delta: {4 * loops.FEW:,} members / {loops.FEW:,}"
    return Budget("B12", what, 1.3, 4 if kind in loops.COMPARED else 1.8, measure)


def _over_http(where: str, setting: Setting, guard: float, sdk_guard: float) -> tuple[Budget, Budget]:
    """B6, in one of the settings that it can be measured in."""

    def to(run: Way, base: Way) -> float:
        costs = over_http.per_token(setting)
        return costs[run] / costs[base]

    bytes_alone = Budget(
        "B6",
        f"{where}: live / the bytes alone",
        1.5,
        guard,
        lambda: to(clients.LIVE, clients.DRAIN),
        over_http=True,
    )
    sdk = Budget(
        "B6",
        f"{where}: the SDK's chunks / live",
        8,
        sdk_guard,
        lambda: to(clients.CHUNKS, clients.LIVE),
        at_least=True,
        over_http=True,
    )
    return bytes_alone, sdk


def _validators() -> float:
    """The invoice with validators, to the one without them and the validators by themselves."""
    stream = invoices(LONG)
    plain = rivals.floor(stream.text)

    def base() -> None:
        ours.feed(stream.deltas)
        checked.alone(plain)

    return ratio(lambda: ours.feed(stream.deltas, checked.CheckedInvoice), base)


BUDGETS = (
    Budget("B1", "feed every token, finish / `model_validate_json`", 4, 4.5, lambda: _to_floor(ours.feed)),
    Budget("B2", "with a live snapshot per token / `model_validate_json`", 8, 10, lambda: _to_floor(ours.live)),
    Budget("B2", "the same / streaming-json-parser, live and untyped", 1, 1, _live_to_live),
    Budget("B3", "with a kept snapshot per token / `model_validate_json`", 25, 30, lambda: _to_floor(ours.kept)),
    Budget("B3", "jiter re-parsing / the same", 60, 50, lambda: _faster_than(rivals.jiter), at_least=True),
    Budget("B3", "Instructor / the same", 500, 450, lambda: _faster_than(rivals.instructor), at_least=True),
    Budget("B4", "B1 per token, 100,000 tokens / 1,500", 1.3, 1.5, lambda: _with_tokens(ours.feed)),
    Budget("B4", "B2 per token, 100,000 tokens / 1,500", 1.3, 1.5, lambda: _with_tokens(ours.live)),
    Budget("B4", "B3 per token, 100,000 tokens / 1,500", 3, 4, lambda: _with_tokens(ours.kept)),
    Budget("B5", "one string, live, per byte: 1 MB / 10 KB", 2, 2, _with_bytes),
    *_over_http("over HTTP", over_http.READY, guard=1.8, sdk_guard=6),
    *_over_http("over HTTP, each token waited for", over_http.AWAITED, guard=1.5, sdk_guard=2),
    Budget("B7", "memory of a parser, nothing fed", 4, 4, lambda: memory.of("fresh") / KB, unit=" KB"),
    Budget("B7", "in mid-stream, text and objects not counted", 4, 4, lambda: memory.of("waiting") / KB, unit=" KB"),
    Budget(
        "B8",
        "the live loop of `partials` / by hand",
        0.8,
        1.3,
        lambda: ratio(lambda: loops.looped(live=True), lambda: loops.by_hand(live=True)),
    ),
    Budget(
        "B9",
        "the kept loop of `partials` / by hand",
        0.85,
        1.1,
        lambda: ratio(lambda: loops.looped(live=False), lambda: loops.by_hand(live=False)),
    ),
    Budget(
        "B10",
        "the live loop over a response / decoding it, and B8's loop",
        1.1,
        1.3,
        lambda: ratio(loops.of_body, loops.decoded_and_looped),
    ),
    Budget(
        "B11",
        "one string, kept, per delta: 800 KB / 10 KB",
        1.3,
        2,
        lambda: _with_deltas(Note, note(KEPT_NOTE), note(SMALL_NOTE)),
    ),
    *map(_with_members, loops.KINDS),
    Budget("B13", "compile / a new `TypeAdapter`, the worst of 240 types", 3, 4, compiling.worst),
    Budget(
        "B13",
        "compile nested unions 12 deep / 6 deep (linear: 2x)",
        2.4,
        3,
        lambda: compiling.to_adapter(compiling.unions(12), compiling.unions(6)),
    ),
    Budget(
        "B14",
        "async, text that a step of the event loop takes in",
        64,
        64,
        lambda: crowd.taken_in() / KB,
        unit=" KB",
    ),
    Budget(
        "B14",
        "1,000 async streams in a burst, longest lag: live / the bytes alone",
        1.25,
        1.6,
        lambda: crowd.lag(clients.LIVE, clients.DRAIN, 1000),
        over_http=True,
    ),
    Budget("B15", "changes drained after every token / a live snapshot after every token", 1, 3, _changes),
    Budget("B15", "the text of one field, piece by piece / fed", 1.3, 4, _pieces),
    Budget("B15", "the text of a field of the invoice, piece by piece, then the rest / fed", 1.3, 2.5, _summary),
    Budget("B15", "a small place waited for, then the rest / no place", 1, 1.4, _watched),
    Budget("B17", "every string in single quotes, mended / clean, a kept snapshot per token", 1.5, 1.7, _mended),
    Budget("B18", 'a clean text under `repair="around"` / without', 1.02, 1.1, _around),
    Budget("V", "B1 with validators on half of the fields / without, and they alone", 2, 2, _validators),
)
