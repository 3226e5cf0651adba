"""How hard the property tests try, and what a run has left out."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pytest import TerminalReporter  # noqa: PT013 - a type

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
        _, needs, what = report.longrepr[2].partition("needs ")
        if needs:
            left_out[re.sub(r"^(\.\./shared/[^/]*).*", r"\1", what)] += 1
    if left_out:
        what = ", ".join(f"{count} for want of {name}" for name, count in sorted(left_out.items()))
        terminalreporter.write_line(f"left out: {what}", yellow=True)
