"""The examples run as their users run them."""

from __future__ import annotations

from support.material import tree
from support.scripts import run

ROOT = tree()


def test_streaming_basics() -> None:
    out = run(ROOT / "examples" / "streaming_basics.py")
    basic, partial, progress, iterable, asynchronous = (
        part.splitlines()[1:] for part in out.removeprefix("# ").split("\n# ")
    )
    ada = "'Ada Byron' age=36 bio='Plans ten moves ahead, and loses to her cat.'"
    assert basic[0] == "Received: name=None age=None bio=None"
    assert "Received: name='Ada Byron' age=36 bio='Plans ten'" in basic
    assert f"Received: name={ada}" in basic
    assert f"Last: User(name={ada.replace(' age', ', age').replace(' bio', ', bio')})" in basic
    assert partial[0] == "name=None, age=None, bio=None"
    assert "name=Ada Byron, age=36, bio=Plans ten" in partial
    assert [line for line in progress if line] == ["33%", "66%", "100%"]
    assert [line.split(" (")[0] for line in iterable if line] == [
        "Ada Byron",
        "Bob Tal",
        "Eve Réti",
        "3 users",
    ]
    assert asynchronous[0] == "name=None, age=None, bio=None"
    assert asynchronous[-1] == "Eve Réti (19): Opens with anything but a pawn."


def test_agent() -> None:
    out = run(ROOT / "examples" / "agent.py")
    chat, responses, answers = (part.splitlines()[1:] for part in out.removeprefix("# ").split("\n# "))
    answer = "About 0.31 points: Bob Tal is the stronger player."
    calls = [
        'look_up({"name": "Ada Byron"})',
        'look_up({"name": "Bob Tal"})',
        'expected_score({"rating": 2410, "opponent": 2545})',
    ]
    for turns in (chat, responses):
        assert [line.strip() for line in turns if line.strip()] == ["Let me see.", *calls, answer]
    assert answers == [answer, answer]
