"""The code in the README and in the docs runs, page by page, and prints what the pages say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from instar.testing import LocalOpenAI
from test_examples import ROOT, run

PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"```text\n(.*?)```", re.DOTALL)
# The blocks of docs/testing.md are tests: test_testing.py runs them.
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if PYTHON.search(page.read_text(encoding="utf-8")) and page.stem != "testing"
]
ADA = ['{"name": "', "Ada", '", ', '"age": 36', ', "', 'bio": "', "Plans", " ahead.", '"}']


def answer(request: dict[str, object]) -> list[str]:
    """Answer for OpenAI: with a user, or where a list is asked for with a list of them."""
    several = "Items" in str(request["response_format"])
    return ['{"items": [', *ADA, ", ", *ADA, "]}"] if several else ADA


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_and_prints_what_the_page_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    with LocalOpenAI(answer) as server:
        printed = run("-c", "\n".join(PYTHON.findall(text)), OPENAI_BASE_URL=server.base_url, OPENAI_API_KEY="none")
    lines = iter(printed.splitlines())
    for line in "".join(PRINTED.findall(text)).splitlines():
        assert line in lines, f"{page.name} says that it prints {line!r}; it prints\n{printed}"


def test_the_pages_have_code() -> None:
    assert {"README", "client", "contract", "instructor"} <= {page.stem for page in PAGES}


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name} links to {link}"
