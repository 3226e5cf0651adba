"""What instar does with a stream, in the ways that have a budget; each returns the final, validated value.

`python -m benches.ours WAY TIMES` runs one way over the table's longest invoice, or over one long text, for a profiler
to watch, and prints how many deltas it has.
"""

import sys
from collections.abc import Callable
from itertools import islice

from benches import loops, rivals
from benches.invoice import Invoice
from benches.workload import ITEMS, LOOK_EVERY, Note, invoices, note
from instar import Change, Parser, partials

TEXT = 20_000
"""Bytes of the long text."""


def feed(deltas: list[str], schema: type[Invoice] = Invoice) -> Invoice:
    """Feed every delta, look at nothing, finish."""
    parser = Parser(schema)
    for delta in deltas:
        parser.feed(delta)
    return parser.finish()


def around(deltas: list[str]) -> Invoice:
    """The same with `repair="around"`, as the client reads."""
    parser = Parser(Invoice, repair="around")
    for delta in deltas:
        parser.feed(delta)
    return parser.finish()


def live(deltas: list[str]) -> Invoice:
    """The same with the live snapshot after every delta."""
    return _held(deltas, Parser(Invoice, live=True))


def read(deltas: list[str]) -> Invoice:
    """The same, reading a field of the live snapshot after every delta."""
    parser = Parser(Invoice, live=True)
    seen: object = None
    for delta in deltas:
        parser.feed(delta)
        seen = parser.snapshot.total
    return _seen(parser.finish(), seen)


def kept(deltas: list[str]) -> Invoice:
    """The same with a snapshot that can be kept after every delta, held until the next one, as a loop holds it."""
    return _held(deltas, Parser(Invoice))


def mended(deltas: list[str]) -> Invoice:
    """The same with every repair."""
    return _held(deltas, Parser(Invoice, repair="all"))


def hoarded(deltas: list[str]) -> Invoice:
    """The same, every snapshot held to the end."""
    parser = Parser(Invoice)
    snapshots = []
    for delta in deltas:
        parser.feed(delta)
        snapshots.append(parser.snapshot)
    return _seen(parser.finish(), snapshots[-1].total)


def changes(deltas: list[str]) -> Invoice:
    """The same with the changes drained after every delta, each batch held until the next one."""
    parser = Parser(Invoice)
    reader = parser.changes()
    batch = reader.drain()
    for delta in deltas:
        parser.feed(delta)
        batch = reader.drain()
    final = parser.finish()
    if len(batch) > len(Invoice.model_fields) or batch[-1] != Change("close", (), None):
        raise AssertionError(batch)  # a reader that lags has more to say at the end
    return final


def unwatched(deltas: list[str]) -> Invoice:
    """A stream that is read to its end, and looked at then."""
    return partials(deltas, Invoice).final()


def watched(deltas: list[str]) -> Invoice:
    """The same with a small place that is waited for first: the invoice's number, which comes early."""
    stream = partials(deltas, Invoice)
    number = stream.at("id").wait()
    final = stream.final()
    if number != final.id:
        raise AssertionError(number, final.id)
    return final


def summary(deltas: list[str]) -> Invoice:
    """A field of the invoice, read piece by piece as it comes, and then the rest."""
    stream = partials(deltas, Invoice)
    text = "".join(stream.at("summary").text())
    final = stream.final()
    if text != final.summary:
        raise AssertionError(text[:80])
    return final


def fed_text(deltas: list[str]) -> Note:
    """One field, a long string: fed, and looked at at its end."""
    parser = Parser(Note)
    for delta in deltas:
        parser.feed(delta)
    return parser.finish()


def read_text(deltas: list[str]) -> Note:
    """The same through a stream, piece by piece as it comes."""
    stream = partials(deltas, Note)
    text = "".join(stream.at("text").text())
    final = stream.final()
    if text != final.text:
        raise AssertionError(text[:80])
    return final


def long_string(deltas: list[str]) -> Note:
    """One long string, live: its length is read after every `LOOK_EVERY` deltas."""
    parser = Parser(Note, live=True)
    size = 0
    rest = iter(deltas)
    while batch := list(islice(rest, LOOK_EVERY)):
        for delta in batch:
            parser.feed(delta)
        size = len(parser.snapshot.text)
    final = parser.finish()
    if size != len(final.text):
        raise AssertionError(size, len(final.text))
    return final


def fresh_string(deltas: list[bytes]) -> Note:
    """The same of deltas that nobody has read before: they are made here, as a client makes them."""
    return long_string(list(map(bytes.decode, deltas)))


def _held(deltas: list[str], parser: Parser[Invoice]) -> Invoice:
    """Take the snapshot after every delta, and hold it until the next one."""
    snapshot = parser.snapshot
    for delta in deltas:
        parser.feed(delta)
        snapshot = parser.snapshot
    return _seen(parser.finish(), snapshot.total)


def _seen(final: Invoice, total: object) -> Invoice:
    """The final value, if the last look was up to date: a snapshot that lags would be a cheap one."""
    if total != final.total:
        raise AssertionError(total, final.total)
    return final


WAYS: dict[str, Callable[[list[str]], object]] = {
    "feed": feed,
    "around": around,
    "live": live,
    "read": read,
    "kept": kept,
    "mended": mended,
    "changes": changes,
    "unwatched": unwatched,
    "watched": watched,
    "summary": summary,
    "hoarded": hoarded,
    "partials-live": lambda _: loops.looped(live=True),
    "partials-kept": lambda _: loops.looped(live=False),
    "partials-body": lambda _: loops.of_body(),
    "loop": rivals.loop,
    "floor": lambda _: rivals.floor(invoices(ITEMS[-1]).text),
}

WAYS_OF_TEXT: dict[str, Callable[[list[str]], object]] = {"text-fed": fed_text, "text-read": read_text}


def main() -> None:
    """Run the way that the command line names, so many times."""
    way, times = sys.argv[1], int(sys.argv[2])
    deltas = (note(TEXT) if way in WAYS_OF_TEXT else invoices(ITEMS[-1])).deltas
    run = {**WAYS, **WAYS_OF_TEXT}[way]
    for _ in range(times):
        run(deltas)
    print(len(deltas), "deltas")


if __name__ == "__main__":
    main()
