"""Material of the tests: what lies in tests/data, and what a test does without where it is absent.

A reason to skip that says what a test `needs` is counted in the last line of a run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DATA = TESTS / "data"
STREAMS = DATA / "streams"
"""Streams recorded from a real server: NAME.json has the schema and the deltas, NAME.sse the body as it came."""

ROOT = TESTS.parent
"""The source tree, where the tests lie in one."""
BESIDE = ROOT.parent
SHARED = BESIDE / "shared"
"""Corpora of others, which are no part of the project."""


def beside(name: str) -> Path:
    """Return a path beside the project, or skip the test where it is absent."""
    path = BESIDE / name
    if not path.exists():
        pytest.skip(f"needs ../{name}")
    return path


def shared(name: str) -> Path:
    """Return a path in the corpora of others, or skip the test where it is absent."""
    return beside(f"shared/{name}")


def tree() -> Path:
    """Return the source tree, or skip the module that asks where only the tests are there."""
    if not (ROOT / "README.md").exists():
        pytest.skip("needs the source tree", allow_module_level=True)
    return ROOT
