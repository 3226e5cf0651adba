"""Bytes of memory: of the process, of Python objects, and of a parser that waits for its next delta.

`python -m benches.memory WHAT` prints the bytes of a parser that is `fresh`, or `waiting` in mid-stream: in a process
of its own, because one that has freed memory takes that before it grows.
"""

import gc
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from benches.invoice import Invoice
from benches.workload import ITEMS, invoices
from instar import Parser

STATM = Path("/proc/self/statm")
PARSERS = 2000
"""How many parsers are made: enough for the pages that they take to be counted."""
NOT_DATA = (type, ModuleType, FunctionType, BuiltinFunctionType)


def resident() -> int:
    """The bytes of this process that are in memory, as Linux counts them. Needs `/proc`."""
    return int(STATM.read_text().split()[1]) * resource.getpagesize()


def objects(roots: list[Any]) -> int:
    """The bytes of these objects and of all that they refer to, each counted once; classes and code are not."""
    gc.collect()
    size, seen, waiting = 0, set[int](), list(roots)
    while waiting:
        value = waiting.pop()
        if id(value) not in seen and not isinstance(value, NOT_DATA):
            seen.add(id(value))
            size += sys.getsizeof(value)
            waiting += gc.get_referents(value)
    return size


def of(what: str) -> float:
    """The bytes of a parser, fresh or waiting, measured in a process of its own."""
    command = [sys.executable, "-m", "benches.memory", what]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603 - it is this module


def fresh() -> float:
    """A parser that nothing was fed yet, the schema not counted: parsers share it."""
    size, _ = _each(lambda: Parser(Invoice, live=True))
    return size


def waiting() -> float:
    """A parser that waits in the middle of an invoice, without the text so far and the Python objects it shows."""
    stream = invoices(ITEMS[0])
    half = stream.deltas[: len(stream.deltas) // 2]

    def make() -> Parser[Invoice]:
        parser = Parser(Invoice, live=True)
        for delta in half:
            parser.feed(delta)
            assert parser.snapshot is not None
        return parser

    size, parsers = _each(make)
    return size - len("".join(half).encode()) - objects([parser.snapshot for parser in parsers]) / len(parsers)


def _each(make: Callable[[], Parser[Invoice]]) -> tuple[float, list[Parser[Invoice]]]:
    """How many bytes each of many parsers takes, and the parsers."""
    make()  # what is made once, is made
    gc.collect()
    before = resident()
    parsers = [make() for _ in range(PARSERS)]
    return (resident() - before) / PARSERS, parsers


def main() -> None:
    """Print what the command line names."""
    print({"fresh": fresh, "waiting": waiting}[sys.argv[1]]())


if __name__ == "__main__":
    main()
