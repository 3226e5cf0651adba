"""The code in the README and in the docs runs, page by page, and prints what the pages say."""

from __future__ import annotations

import ast
import inspect
import operator
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from instar import _core
from instar.testing import LocalOpenAI
from support.material import tree
from support.scripts import run

if TYPE_CHECKING:
    from pathlib import Path

ROOT = tree()
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"```text\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)|^\[\w+\]: (.+)$", re.MULTILINE)
OURS = re.compile(r"https://(?:github|raw\.githubusercontent)\.com/instar-py/instar(?:/blob|/tree)?/main/([^?]+)")
# The blocks of docs/testing.md are tests: the last test runs them.
SCRIPTS = [
    "README",
    "agents",
    "client",
    "contract",
    "instructor",
    "pipelines",
    "repair",
    "serialising",
    "typing",
    "watching",
    "web",
]

ADA = ['{"name": "', "Ada", '", ', '"age": 36', ', "', 'bio": "', "Plans", " ahead.", '"}']


def answer(request: dict[str, object]) -> list[str]:
    """Answer in OpenAI's stead: with a user, or with a list of them where a list is asked for."""
    several = "Items" in str(request["response_format"])
    return ['{"items": [', *ADA, ", ", *ADA, "]}"] if several else ADA


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem in SCRIPTS], ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_and_prints_what_the_page_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = PYTHON.findall(text)
    assert code
    if "AioHttp" in text:
        pytest.importorskip("aiohttp")
    script = tmp_path / f"page_{page.stem}.py"  # no module's name
    script.write_text("\n".join(code), encoding="utf-8")
    with LocalOpenAI(answer) as server:
        out = run(script, OPENAI_BASE_URL=server.base_url, OPENAI_API_KEY="none")
    printed = iter(out.splitlines())
    for line in "".join(PRINTED.findall(text)).splitlines():
        assert line in printed, f"{page.name} says that its code prints {line!r}. It prints\n{out}"


def test_no_page_has_code_that_does_not_run() -> None:
    assert {page.stem for page in PAGES if PYTHON.search(page.read_text(encoding="utf-8"))} == {*SCRIPTS, "testing"}


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    return [here or there for here, there in LINK.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in links(page):
        ours = OURS.match(link)
        path = ROOT / ours[1] if ours else page.parent / link
        assert path.exists() or (link.startswith("https://") and not ours), f"{page.name} links to {link}"


def test_the_links_and_pictures_of_the_readme_work_on_pypi() -> None:
    source = re.search(r'^Source = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert source
    found = links(ROOT / "README.md")
    assert all(link.startswith("https://") for link in found)
    assert any(link.startswith(f"{source[1]}/blob/main/docs/") for link in found)
    named = re.findall(r"\]\[(\w+)\]", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert {*named} == {*re.findall(r"^\[(\w+)\]: ", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)}


def test_the_architecture_names_every_module() -> None:
    rust = [module.stem for module in ROOT.glob("rust/*/src/**/*.rs") if module.stem not in {"lib", "mod"}]
    python = [
        module.stem
        for module in (ROOT / "python" / "instar").rglob("*.py")
        if module.stem not in {"__init__", "__main__"}
    ]
    named = set(re.findall(r"`(\w+)/?`", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")))
    assert {*rust, *python} - named == set()


def documented() -> list[tuple[str, str]]:
    """Return each name of the extension's stub that has a docstring, with it."""
    found = []
    for node in ast.parse((ROOT / "python" / "instar" / "_core.pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found.append((node.name, ast.get_docstring(node)))
            inner = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            found += [(f"{node.name}.{each.name}", ast.get_docstring(each)) for each in inner]
    return [(name, text) for name, text in found if text]


@pytest.mark.parametrize(("name", "text"), documented(), ids=lambda part: part.partition("\n")[0])
def test_help_says_what_the_stubs_say(name: str, text: str) -> None:
    assert inspect.getdoc(operator.attrgetter(name)(_core)) == text


def test_the_page_on_testing(tmp_path: Path) -> None:
    blocks = PYTHON.findall((ROOT / "docs" / "testing.md").read_text(encoding="utf-8"))
    script = tmp_path / "test_page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-W",
        "error",
        "-p",
        "no:asyncio",
        "-p",
        "no:cacheprovider",
        "-p",
        "instar.testing.plugin",
    ]
    done = subprocess.run([*command, script], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout
