"""CPU seconds, taken so that they can be compared with one another on a noisy machine.

The clock is `time.process_time`: what the process spent, whoever else wanted the processor meanwhile. The
garbage collector is on, as it is for users, and the clock stops only when all that a run made is freed again.
"""

import gc
import time
from collections.abc import Callable

Run = Callable[[], object]


def seconds(run: Run) -> float:
    """The CPU seconds of one run, the freeing of its result included."""
    start = time.process_time()
    run()
    return time.process_time() - start


def best(run: Run, *, within: float = 1.0) -> float:
    """The least CPU seconds of a run, repeated until `within` seconds are spent, but at least once."""
    gc.collect()
    least = spent = seconds(run)
    while spent < within:
        took = seconds(run)
        least = min(least, took)
        spent += took
    return least


def ratio(run: Run, base: Run, *, rounds: int) -> float:
    """How many times the CPU of `base` is spent by `run`: the least of each, taken in turns.

    Turns, because a machine's speed drifts over seconds and both should see the same weather; the least,
    because noise only ever adds.
    """
    gc.collect()
    least_run = least_base = float("inf")
    for _ in range(rounds):
        least_run = min(least_run, seconds(run))
        least_base = min(least_base, seconds(base))
    return least_run / least_base
