"""mypy and pyright see what is wrong in calls of the public names, and nothing in what is right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from support.material import TESTS

if TYPE_CHECKING:
    from pathlib import Path

if not (find_spec("mypy") and find_spec("basedpyright")):
    pytest.skip("needs mypy and basedpyright", allow_module_level=True)

FOLDER = TESTS / "typing"
RIGHT = ["documented", "public_types"]

Found = dict[str, dict[int, str]]
"""What a checker finds: messages by the file and the line."""


def mypy(settings: Path) -> list[tuple[str, int, str]]:
    """Return the file, line and message of each of mypy's errors."""
    config = settings / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--no-error-summary", "--no-pretty"]
    command += map(str, FOLDER.glob("*.py"))
    done = subprocess.run(command, cwd=settings, capture_output=True, text=True, check=False)  # noqa: S603
    assert not done.stderr
    found = re.findall(r"^(.*\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    return [(file, int(line), message) for file, line, message in found]


def pyright(settings: Path) -> list[tuple[str, int, str]]:
    """Return the same of pyright's."""
    config = settings / "pyrightconfig.json"
    config.write_text(json.dumps({"typeCheckingMode": "standard", "include": [str(FOLDER)]}), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "--outputjson",
        "--project",
        str(config),
        "--pythonpath",
        sys.executable,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = [each for each in found if each["severity"] == "error"]
    return [(each["file"], each["range"]["start"]["line"] + 1, each["message"]) for each in errors]


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Give what a checker finds."""
    messages: Found = {path.stem: {} for path in FOLDER.glob("*.py")}
    for file, line, message in request.param(tmp_path_factory.mktemp("settings")):
        messages[file.replace("\\", "/").rpartition("/")[2].removesuffix(".py")][line] = message
    return messages


def lines(name: str) -> dict[int, str]:
    """Return the lines of a file by their numbers."""
    return dict(enumerate((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines(), 1))


def test_twenty_mistakes_are_twenty_errors(found: Found) -> None:
    mistakes = {n for n, line in lines("mistakes").items() if "# mistake: " in line}
    assert len(mistakes) == 20
    seen = found["mistakes"]
    assert {n: lines("mistakes")[n] for n in mistakes - seen.keys()} == {}
    assert {n: seen[n] for n in seen.keys() - mistakes} == {}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_no_error(found: Found, name: str) -> None:
    # pyright finds what mypy's comments excuse, too.
    excused = {n for n, line in lines(name).items() if "# type: ignore[" in line}
    assert {n: message for n, message in found[name].items() if n not in excused} == {}
