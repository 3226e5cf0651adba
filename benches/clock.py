"""CPU seconds, taken so that they can be compared with one another on a noisy machine.

The clock is `time.process_time`: what the process spent, whoever else wanted the processor meanwhile. The
garbage collector is on, as it is for users, and the clock stops only when all that a run made is freed again.
"""

import gc
import time
from collections.abc import Callable

Run = Callable[[], object]

SAMPLE = 0.01
"""CPU seconds of a sample, filled with short runs: at times the clock itself is microseconds off."""
AT_LEAST = 3
"""How many samples of each side a ratio is made of, however long they take."""


def seconds(run: Run, times: int = 1) -> float:
    """The CPU seconds of a run, the freeing of its result included: the mean of so many in a row."""
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times


def best(run: Run, *, within: float = 1.0) -> float:
    """The CPU seconds of a run: the least sample of `within` seconds, or the only one if it takes longer."""
    gc.collect()
    first = seconds(run)
    if first > within:
        return first
    times = _times(first)
    return min(seconds(run, times) for _ in range(round(within / times / first) or 1))


def ratio(run: Run, base: Run, *, within: float = 3.0) -> float:
    """How many times the CPU of `base` a `run` spends: the least sample of each, in `within` seconds.

    They take turns, because a machine's speed drifts over seconds and both should see the same weather; the
    least counts, because noise only ever adds.
    """
    gc.collect()
    first_run, first_base = seconds(run), seconds(base)
    run_times, base_times = _times(first_run), _times(first_base)
    rounds = max(AT_LEAST, round(within / (run_times * first_run + base_times * first_base)))
    samples = [(seconds(run, run_times), seconds(base, base_times)) for _ in range(rounds)]
    return min(ours for ours, _ in samples) / min(theirs for _, theirs in samples)


def _times(first: float) -> int:
    """How many runs make a sample, given what the first one took."""
    return max(1, round(SAMPLE / first))
