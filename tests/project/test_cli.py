"""The `instar` command and its demo."""

import importlib.util
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from types import ModuleType

import pytest
from rich.console import Console
from typer.testing import CliRunner

import instar
from instar.cli import app
from instar.demo import ANSWER, Meter, User, conversation, lines, moments, picture, play
from instar.testing import LocalOpenAI, Reply, tokens
from support.material import tree


@pytest.fixture(autouse=True)
def _no_real_api(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)


def terminal() -> Console:
    return Console(force_terminal=True, record=True, width=100, height=30, file=io.StringIO())


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"instar {instar.__version__}\n")


def test_python_runs_it_as_a_module() -> None:
    command = [sys.executable, "-W", "error", "-m", "instar", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout, done.stderr) == (f"instar {instar.__version__}\n", "")


def test_plain_lines_as_fields_arrive() -> None:
    result = CliRunner().invoke(app, ["demo", "--delay", "0"])
    assert result.exit_code == 0, result.output
    first, *middle, last, summary = result.output.splitlines()
    assert first == "  0%  name=None, age=None, bio=None, works=None"
    assert any("name='Ada Lovelace', age=36, bio=None" in line for line in middle)
    assert last.startswith("100%  name='Ada Lovelace', age=36, bio='An English mathematician")
    assert last.endswith("works=[Work(title='Flyology', year=1828), Work(title='Notes on an engine', year=1843)]")
    measured = re.match(r"(\d+) pieces, (\d+) bytes, (\d+\.\d) µs per piece inside instar", summary)
    assert measured
    assert 10 < int(measured[1]) <= len(tokens(ANSWER))
    assert int(measured[2]) == len(ANSWER.encode())
    assert float(measured[3]) > 0


def test_negative_delay_is_refused() -> None:
    result = CliRunner().invoke(app, ["demo", "--delay", "-1"])
    assert result.exit_code == 2


def test_live_terminal() -> None:
    console = terminal()
    play(console, delay=0, model="any")
    shown = console.export_text()
    assert "100%" in shown
    assert re.search(r"title ✓ 'Flyology'", shown)
    assert re.search(r"year ✓ 1843", shown)
    assert " µs per piece inside instar" in shown


def test_picture_in_the_middle_of_the_stream() -> None:
    with conversation(delay=0, model="any") as stream:
        meter = Meter()
        user = next(user for user in moments(stream, meter) if user.bio and len(user.bio) > 20)
        console = terminal()
        console.print(picture(console, user, stream, meter))
    styled = console.export_text(clear=False, styles=True)
    shown = console.export_text()
    assert "name ✓ 'Ada Lovelace'" in shown
    assert "bio 'An English mathematic" in shown
    assert re.search(r"works +│", shown)
    assert " 50%" in shown
    assert "\x1b[2mworks" in styled  # what has not arrived is dim
    assert "\x1b[32m'Ada Lovelace'\x1b[0m" in styled  # what is settled is in colour
    assert f"\x1b[1;7m{meter.latest.strip()}" in styled.replace("\x1b[1;7m ", "\x1b[1;7m")


def test_first_line_is_there_before_the_first_delta(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalOpenAI(ANSWER, hold=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        with conversation(delay=0, model="any") as stream:
            shown = lines(stream, Meter())
            assert next(shown) == "  0%  name=None, age=None, bio=None, works=None"
            assert server.exchanges[0].sent == 0
            opening = len(tokens('{\n  "name": "'))
            server.release(opening)
            assert next(shown).startswith("  0%  name=''")
            assert server.exchanges[0].sent == opening
            server.release_all()
            assert "year=1843" in list(shown)[-1]
        assert stream.final() == User.model_validate_json(ANSWER)


def test_environment_names_the_api_and_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalOpenAI(ANSWER, ANSWER) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert CliRunner().invoke(app, ["demo", "--model", "mine"]).exit_code == 0
        monkeypatch.setenv("OPENAI_API_KEY", "secret")
        monkeypatch.setenv("OPENAI_MODEL", "theirs")
        assert CliRunner().invoke(app, ["demo"]).exit_code == 0
    assert [request.body["model"] for request in server.requests] == ["mine", "theirs"]
    assert server.requests[1].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply("No such model.", status=404), "NotFoundError: .*No such model."),
        ('{"name": "Ada', "TruncatedError: "),
        ('{"name" "Ada"}', "JSONError: "),
        ('{"name": 5', "ValidationError: .*\nname"),
        (Reply("I won't.", field="refusal"), "RefusalError: .*I won't"),
    ],
)
def test_errors_are_one_message(monkeypatch: pytest.MonkeyPatch, reply: str | Reply, says: str) -> None:
    with LocalOpenAI(reply) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 1
    assert re.search(f"^{says}", result.output, re.MULTILINE)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("absent", ["typer", "rich", "uvicorn", "openai"])
def test_missing_extra_is_named(absent: str) -> None:
    code = f"import sys; sys.modules[{absent!r}] = None\nfrom instar.cli import main"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert re.fullmatch(r'the instar command needs \S+: pip install "instar\[demo\]"\n', done.stderr)


def drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_picture", tree() / "docs" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_picture_of_the_readme_can_be_drawn() -> None:
    module = drawing()
    frames = module.frames()
    root = ET.fromstring(module.svg(frames))  # noqa: S314 - our own text
    groups = [group for group in root.iter("{http://www.w3.org/2000/svg}g") if "frame" in group.get("class", "")]
    assert len(groups) == len(frames) > 20
    assert "Flyology" in "".join(groups[-1].itertext())
    assert "Flyology" not in "".join(groups[0].itertext())
