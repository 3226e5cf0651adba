"""How hard the property tests try, and what a run has left out."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from support.material import NEEDS_SHARED, NEEDS_TREE

if TYPE_CHECKING:
    from pytest import TerminalReporter  # noqa: PT013 - a type

pytest_plugins = ["pytester"]

SLOW_BY_NATURE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=SLOW_BY_NATURE
)
settings.register_profile("deep", max_examples=5_000, deadline=None, suppress_health_check=SLOW_BY_NATURE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say in one line what was left out for want of material."""
    left_out: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith(NEEDS_SHARED):
            left_out["../shared/" + reason.removeprefix(NEEDS_SHARED).split("/")[0]] += 1
        elif reason == NEEDS_TREE:
            left_out["the source tree"] += 1
    if left_out:
        what = ", ".join(f"{count} for want of {name}" for name, count in sorted(left_out.items()))
        terminalreporter.write_line(f"left out: {what}", yellow=True)
