"""How hard the property tests try, and where the shared material lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).resolve().parents[2] / "shared"

SLOW_BY_NATURE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=SLOW_BY_NATURE
)
settings.register_profile("deep", max_examples=5_000, deadline=None, suppress_health_check=SLOW_BY_NATURE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def shared(name: str) -> Path:
    """Return a path in the shared material, or skip the test where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/{name}")
    return path


@pytest.fixture(scope="session")
def streams() -> Path:
    """Give the folder of recorded token streams."""
    return shared("streams")


@pytest.fixture(scope="session")
def json_suite() -> Path:
    """Give the folder of nst's JSONTestSuite."""
    return shared("JSONTestSuite/test_parsing")


@pytest.fixture(scope="session")
def bench() -> Path:
    """Give the folder of the budgets' workload."""
    return shared("bench")
