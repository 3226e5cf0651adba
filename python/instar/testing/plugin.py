"""A pytest plugin with the fixture `local_openai`.

Name it in the conftest.py at the root of your tests:

    pytest_plugins = ["instar.testing.plugin"]

It is not loaded by itself, so test runs that do without it pay nothing for it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from instar.testing.reply import Script
from instar.testing.server import LocalOpenAI
from instar.testing.wire import Cut


class Serve(Protocol):
    """What `local_openai` gives a test: call it to start a server. It takes what `LocalOpenAI` takes."""

    def __call__(self, *replies: Script, delay: float = 0.0, cut: Cut = None, hold: bool = False) -> LocalOpenAI:
        """Start a server."""


@pytest.fixture
def local_openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start servers that answer from scripts, and stop when the test ends.

        def test_greeting(local_openai):
            server = local_openai("Hello, Ada!")

    `OPENAI_BASE_URL` and `OPENAI_API_KEY` are set to the server started last, so that code which makes its own
    `openai.OpenAI()` talks to it.
    """
    with ExitStack() as servers:

        def serve(*replies: Script, delay: float = 0.0, cut: Cut = None, hold: bool = False) -> LocalOpenAI:
            server = servers.enter_context(LocalOpenAI(*replies, delay=delay, cut=cut, hold=hold))
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", "local")
            return server

        yield serve
