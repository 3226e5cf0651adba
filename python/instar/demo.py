"""What `instar demo` shows: a model's text arriving, and the object it becomes growing beside it."""

from __future__ import annotations

import os
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from openai import OpenAI
from pydantic import BaseModel
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from instar.openai import from_openai
from instar.parser import Parser
from instar.testing import LocalOpenAI
from instar.tree import GrowingTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from instar.openai import ChatStream

HEIGHT = 16  # rows of a pane, its frame included
QUESTION: Any = [{"role": "user", "content": "Who was Ada Lovelace? Name two of her works."}]
ANSWER = """{
  "name": "Ada Lovelace",
  "age": 36,
  "bio": "An English mathematician who saw that an engine which computes could do more than sums: \
weave algebra, compose music, work on anything that can be put into symbols.",
  "works": [
    {"title": "Flyology", "year": 1828},
    {"title": "Notes on an engine", "year": 1843}
  ]
}"""


class Work(BaseModel):
    """Something she wrote."""

    title: str
    year: int


class User(BaseModel):
    """The answer that the demo asks for."""

    name: str
    age: int
    bio: str
    works: list[Work]


class Meter:
    """Notes the pieces in which a stream's text is seen to grow, and times what instar does with them."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._length = 0

    @property
    def latest(self) -> str:
        """The piece noted last."""
        return self.pieces[-1] if self.pieces else ""

    def note(self, text: str) -> None:
        """Note by what the text has grown since the last time."""
        if len(text) > self._length:
            self.pieces.append(text[self._length :])
            self._length = len(text)

    def summary(self) -> str:
        """Read the pieces once more, without HTTP, SDK and drawing, and say what that took."""
        parser = Parser(User)
        times = []
        for piece in self.pieces:
            begun = time.perf_counter_ns()
            parser.feed(piece)
            _ = parser.snapshot
            times.append(time.perf_counter_ns() - begun)
        median = statistics.median(times or [0]) / 1000
        return (
            f"{len(times)} pieces, {len(parser.text.encode())} bytes, {median:.1f} µs per piece inside instar "
            "(median of feed + snapshot, all of them read once more)"
        )


@contextmanager
def conversation(delay: float, model: str) -> Iterator[ChatStream[User, User]]:
    """Ask for a User: the API that the environment names, or else a local server with a scripted answer.

    delay: seconds between the deltas of the local server.
    """
    if os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
        with (
            OpenAI(api_key=os.environ.get("OPENAI_API_KEY") or "none") as client,
            _ask(client, model) as stream,
        ):
            yield stream
    else:
        with (
            LocalOpenAI(ANSWER, delay=delay) as server,
            server.client() as client,
            _ask(client, model) as stream,
        ):
            yield stream


def _ask(client: OpenAI, model: str) -> ChatStream[User, User]:
    chat = from_openai(client).chat.completions
    return chat.create_partial(model=model, response_model=User, messages=QUESTION)


def play(console: Console, delay: float, model: str) -> None:
    """Show the demo on a console: live where it is a terminal, line by line where it is not."""
    with conversation(delay, model) as stream:
        meter = Meter()
        if console.is_terminal:
            with Live(console=console, auto_refresh=False) as live:
                for user in moments(stream, meter):
                    live.update(picture(console, user, stream, meter), refresh=True)
        else:
            for line in lines(stream, meter):
                console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print(meter.summary(), soft_wrap=not console.is_terminal, markup=False, highlight=False)


def moments(stream: ChatStream[User, User], meter: Meter) -> Iterator[User]:
    """Yield the growing User, and at last the validated one."""
    for user in stream:
        meter.note(stream.text)
        yield user
    final = stream.final()
    meter.note(stream.text)
    yield final


def lines(stream: ChatStream[User, User], meter: Meter) -> Iterator[str]:
    """Say it again each time that a field begins or closes."""
    before = None
    for user in moments(stream, meter):
        progress = stream.progress
        stage = (tuple(progress.data), progress.settled)
        if stage != before:
            before = stage
            fields = (f"{name}={getattr(user, name)!r}" for name in User.model_fields)
            yield f"{progress.completion:3}%  {', '.join(fields)}"


def picture(console: Console, user: User, stream: ChatStream[User, User], meter: Meter) -> RenderableType:
    """Draw one moment of the stream."""
    progress = stream.progress
    panes = Table.grid(expand=True)
    panes.add_column(ratio=2)
    panes.add_column(ratio=3)
    panes.add_row(
        Panel(_arriving(console, stream.text, meter.latest), title="text", height=HEIGHT, border_style="blue"),
        Panel(GrowingTree(user, progress.open), title="User", height=HEIGHT, border_style="green"),
    )
    footer = Table.grid(expand=True, padding=(0, 1))
    footer.add_column(ratio=1)
    footer.add_column(justify="right")
    footer.add_row(
        ProgressBar(total=100, completed=progress.completion),
        Text(f"{progress.completion:3}%  {len(meter.pieces):4} pieces"),
    )
    return Group(panes, footer)


def _arriving(console: Console, text: str, latest: str) -> Text:
    """Write the end of the text, as much as a pane holds, its latest delta marked."""
    written = Text(text, style="dim")
    written.stylize("not dim bold reverse", len(text) - len(latest))
    width = console.width * 2 // 5 - 4  # the panel's share, without its frame
    rows = written.wrap(console, width, overflow="fold")
    return Text("\n").join(rows[2 - HEIGHT :])
