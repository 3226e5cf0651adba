"""The page of examples/web, in a browser."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import example as pinned
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from instar.outlets import sse
from instar.testing import LocalOpenAI
from instar.testing.host import Host
from instar.testing.reply import tokens
from support.growing import Growing
from support.material import tree
from support.strategies import UNTYPED, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT = tree()
CELLS = {
    "number": "2024-0117",
    "customer.name": "Ada Lovelace",
    "customer.city": "London",
    "lines.0.title": "Sketch of the Analytical Engine",
    "lines.0.quantity": "2",
    "lines.0.price": "18.5",
    "lines.2.price": "7.25",
    "notes": "Thank you for your order.\nThe facsimile is on its way from Turin, and will follow by post.",
}


@pytest.fixture(scope="module")
def example() -> Any:
    """Give the module of the example."""
    spec = importlib.util.spec_from_file_location("web_app", ROOT / "examples" / "web" / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Give a headless Chromium."""
    # By its interpreter: an sdist does not keep that a file can be run.
    if subprocess.run(["bash", ROOT / "scripts" / "chromium"], capture_output=True, check=False).returncode:  # noqa: S603, S607 - ours
        pytest.skip("Chromium and its driver are not here, and cannot be installed: the page was not looked at")
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=820,640"):
        options.add_argument(argument)
    with webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver")) as chrome:
        yield chrome


class CutError(Exception):
    """The test has cut the line."""


class Line:
    """Passes requests on; once it is told to, it breaks a connection instead of sending the next piece of an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.cut = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def passed(message: Message) -> None:
            if self.cut and message["type"] == "http.response.body":
                raise CutError
            await send(message)

        with suppress(CutError):
            await self.app(scope, receive, passed)
        if self.cut and scope["method"] == "POST":
            # Raised here, for a traceback through the answer would keep alive what nobody reads any more.
            self.cut = False
            raise CutError


class Page:
    """The page, and the model behind it."""

    def __init__(self, browser: webdriver.Chrome, model: LocalOpenAI, line: Line) -> None:
        self.browser = browser
        self.model = model
        self.line = line

    @property
    def state(self) -> str:
        return self.browser.find_element(By.ID, "state").text

    @property
    def value(self) -> Any:
        return self.browser.execute_script("return window.replica && window.replica.value")

    def cells(self) -> dict[str, str]:
        """Return what the cells show."""
        return {cell.get_attribute("data-path") or "": cell.text for cell in self._cells("")}

    def marked(self, name: str) -> set[str]:
        """Return the paths of the cells of a class: "settled", "open"."""
        return {cell.get_attribute("data-path") or "" for cell in self._cells(f".{name}")}

    def _cells(self, kind: str) -> list[Any]:
        return self.browser.find_elements(By.CSS_SELECTOR, f"[data-path]{kind}")

    def wait_until(self, truth: Any) -> None:
        """Wait until something is so."""
        WebDriverWait(self.browser, 30, poll_frequency=0.02).until(lambda _: truth())


@contextmanager
def open_page(browser: webdriver.Chrome, example: Any, *answer: str, hold: bool = False) -> Iterator[Page]:
    """Open the page of a server that talks to a model of the test's."""
    with LocalOpenAI(lambda _: answer or tokens(example.ANSWER), hold=hold) as model:
        line = Line(example.create_app(model.async_client()))
        host = Host(line)
        try:
            browser.get(f"http://127.0.0.1:{host.port}/")
            yield Page(browser, model, line)
        finally:
            browser.get("about:blank")
            model.release_all()  # the server stops when all that it reads has ended,
            gc.collect()  # and what was cut is closed when it is found to be garbage
            host.stop()


def test_the_page_ends_equal_to_the_final_object(browser: webdriver.Chrome, example: Any) -> None:
    with open_page(browser, example) as page:
        page.wait_until(lambda: page.state == "done")
        assert page.value == json.loads(example.ANSWER)
        assert page.cells().items() >= CELLS.items()
        assert page.marked("settled") == set(page.cells())
        assert page.marked("open") == set()


def test_it_shows_what_has_come_and_marks_what_is_settled(browser: webdriver.Chrome, example: Any) -> None:
    so_far = example.ANSWER[: example.ANSWER.index(" Connexion")]
    with open_page(browser, example, hold=True) as page:
        page.model.release(len(tokens(so_far)))
        page.wait_until(lambda: page.cells().get("lines.1.title") == "On the")
        assert page.marked("open") == {"lines.1.title"}
        settled = {
            "number",
            "customer.name",
            "customer.city",
            *(f"lines.0.{part}" for part in example.Line.model_fields),
        }
        assert page.marked("settled") == settled
        assert page.state == "writing …"
        if picture := os.environ.get("INSTAR_SCREENSHOT"):  # docs/web.png is one
            browser.save_screenshot(picture)
        page.model.release_all()
        page.wait_until(lambda: page.state == "done")
        assert page.value == json.loads(example.ANSWER)


def test_after_a_dropped_connection_it_goes_on_where_the_answer_is(browser: webdriver.Chrome, example: Any) -> None:
    with open_page(browser, example, hold=True) as page:
        page.model.release(len(tokens(example.ANSWER[: example.ANSWER.index(" Lovelace")])))
        page.wait_until(lambda: page.cells()["customer.name"] == "Ada")
        page.line.cut = True
        page.model.release(4)
        page.wait_until(lambda: page.state.startswith("Dropped: "))
        assert page.cells()["customer.name"] == "Ada"
        browser.find_element(By.ID, "reconnect").click()
        page.wait_until(lambda: page.cells()["customer.name"] == "Ada Lovelace")
        assert page.state == "writing …"
        page.model.release_all()
        page.wait_until(lambda: page.state == "done")
        assert page.value == json.loads(example.ANSWER)
        assert page.cells().items() >= CELLS.items()
        assert page.marked("settled") == set(page.cells())
        assert len(page.model.requests) == 1


def test_a_failure_is_told(browser: webdriver.Chrome, example: Any) -> None:
    with open_page(browser, example, '{"number": 7}') as page:
        page.wait_until(lambda: page.state == "ValidationError: The answer could not be completed.")


REPLAY = """
const [body, done] = arguments;
import("/instar.js").then(async ({ follow }) => {
  let last;
  for await (last of follow(URL.createObjectURL(new Blob([body])))) {}
  done([JSON.stringify(last.value), last.open, {}.polluted ?? null]);
});
"""


def test_the_module_reads_what_the_outlet_writes(browser: webdriver.Chrome, example: Any) -> None:
    polluting = '{"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}}'
    breaks = json.dumps({"a": "one\u2028two\u2029three\x85four\ufeff"}, ensure_ascii=False)

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(text=texts(UNTYPED))
    @pinned(text=polluting.encode())
    @pinned(text=breaks.encode())
    def replays(text: bytes) -> None:
        body = b"".join(sse(Growing([text.decode()]))).decode()
        shown, open_, polluted = browser.execute_async_script(REPLAY, body)
        assert json.loads(shown, parse_int=float) == browser_value(body)
        assert (open_, polluted) == (None, None)

    with open_page(browser, example):
        replays()


def browser_value(body: str) -> Any:
    """Return what the naive reader makes of a body, in the numbers that JavaScript has."""
    from support.compact import Page as Reader  # noqa: PLC0415 - this file has a Page of its own

    reader = Reader()
    reader.sse(body.encode())
    return json.loads(json.dumps(reader.value), parse_int=float)
