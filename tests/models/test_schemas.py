"""The cache of schemas: which types share one, who may ask for one in the middle of another, and what is let go."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import pytest
from annotated_types import Gt
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

import instar
from instar._schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

IntOrStr = Union[int, str]  # noqa: UP007 - what is written with a bar is equal, too, and spelled in another way
StrOrInt = Union[str, int]  # noqa: UP007


class User(BaseModel):
    name: str


def namesake() -> type[BaseModel]:
    """Make a class that has the name, and the `repr`, of all the others."""
    return create_model("Namesake", a=(int, ...))


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: User,
        lambda: list[User],
        lambda: dict[str, User | None],
        lambda: Annotated[int, Gt(1)],
        lambda: Literal["a", 1],
        lambda: instar.Partial[User],
    ],
)
def test_a_type_is_compiled_once(make: Callable[[], Any]) -> None:
    assert schema_of(make()) is schema_of(make())
    assert schema_of(make()) is not schema_of(make(), strict=True)


def test_a_growing_model_is_the_model() -> None:
    assert schema_of(instar.Partial[User]) is schema_of(User)


FIRST, SECOND = namesake(), namesake()
EQUALS: list[tuple[Any, Any]] = [
    (IntOrStr, StrOrInt),
    (list[IntOrStr], list[StrOrInt]),
    (dict[str, list[IntOrStr]], dict[str, list[StrOrInt]]),
    (FIRST | SECOND, SECOND | FIRST),
    (list[FIRST | SECOND], list[SECOND | FIRST]),  # type: ignore[valid-type]
]


@pytest.mark.parametrize(("one", "other"), EQUALS)
def test_types_that_are_equal_and_mean_another_thing_are_told_apart(one: Any, other: Any) -> None:
    assert one == other
    assert schema_of(one) is not schema_of(other)


def test_the_first_of_two_alternatives_that_fit_is_what_pydantic_takes() -> None:
    for tp in (list[FIRST | SECOND], list[SECOND | FIRST], list[FIRST | SECOND]):  # type: ignore[valid-type]
        parser = instar.Parser(tp)
        parser.feed('[{"a": 1}, ')
        (expected,) = TypeAdapter(tp).validate_json('[{"a": 1}]')
        assert type(parser.snapshot[0]) is type(expected)


def test_a_type_that_cannot_be_hashed_is_compiled_each_time() -> None:
    tp = Annotated[int, Gt(1), []]
    for _ in range(2):
        parser = instar.Parser(tp)
        with pytest.raises(ValidationError):
            parser.feed("0 ")
    assert schema_of(tp) is not schema_of(tp)


def test_an_error_of_a_schema_is_not_remembered() -> None:
    ready: list[bool] = []

    class Late(int):
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            if not ready:
                message = "not yet"
                raise TypeError(message)
            return handler(int)

    with pytest.raises(TypeError, match="not yet"):
        instar.Parser(Late)
    ready.append(True)
    parser = instar.Parser(Late)
    parser.feed("36 ")
    assert parser.snapshot == 36


def test_no_more_than_512_classes_are_kept_alive() -> None:
    def one_for_a_request() -> weakref.ref[type[BaseModel]]:
        model = create_model("Request", a=(int, ...))
        instar.Parser(model)
        return weakref.ref(model)

    made = [one_for_a_request() for _ in range(1200)]
    gc.collect()
    assert sum(ref() is not None for ref in made) <= 512
    assert made[-1]() is not None


class Asking(type(BaseModel)):  # type: ignore[misc]
    """The metaclass of a class that does something else whenever somebody looks it up."""

    ask: Callable[[], None] | None = None

    def __hash__(cls) -> int:
        if ask := Asking.ask:
            Asking.ask = None
            ask()
            Asking.ask = ask
        return 7  # so that the classes are compared with each other, too

    def __eq__(cls, other: object) -> bool:
        if ask := Asking.ask:
            Asking.ask = None
            ask()
            Asking.ask = ask
        return cls is other


class One(BaseModel, metaclass=Asking):
    a: int


class Other(BaseModel, metaclass=Asking):
    a: int


@pytest.fixture
def in_the_middle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], int]:
    """Look classes up, and do something in the middle of it; say how often it was done."""

    def look_up(ask: Callable[[], None]) -> int:
        times: list[int] = []

        def counted() -> None:
            ask()
            times.append(1)

        monkeypatch.setattr(Asking, "ask", counted)
        for model in (One, Other, One, Other):
            instar.Parser(model).feed('{"a": 1')
        monkeypatch.setattr(Asking, "ask", None)
        return len(times)

    return look_up


def make_a_parser() -> None:
    assert instar.Parser(list[User]).feed('[{"name": "')


@pytest.mark.timeout(10)
def test_a_look_up_may_ask_for_another_schema(in_the_middle: Callable[[Callable[[], None]], int]) -> None:
    assert in_the_middle(make_a_parser) > 4


@pytest.mark.timeout(10)
def test_a_signal_handler_may_ask_for_a_schema(in_the_middle: Callable[[Callable[[], None]], int]) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: make_a_parser())
    try:
        assert in_the_middle(lambda: signal.raise_signal(signal.SIGUSR1)) > 4
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_compiling_may_ask_for_another_schema() -> None:
    class Curious(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        a: int

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            make_a_parser()
            return handler(source)

    assert instar.Parser(Curious | None).feed('{"a"')


def forked(work: Callable[[], None]) -> bool:
    """Do some work in a forked child; say whether it was done within a minute."""
    child = os.fork()
    if not child:
        signal.alarm(60)
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


# While threads make the first parsers of a process, and later on. Pydantic's own first schema comes before: a child
# that is forked while a thread compiles it can wait for ever within `pydantic_core`.
FORKS = """
import sys, threading
from pydantic import TypeAdapter
from test_schemas import User, forked, make_a_parser
import instar
sys.setswitchinterval(1e-6)
TypeAdapter(list[User]).validate_json("[]")
stop = threading.Event()
def hammer():
    while not stop.is_set():
        make_a_parser()
threads = [threading.Thread(target=hammer) for _ in range(2)]
for thread in threads: thread.start()
done = sum(forked(make_a_parser) for _ in range(6))
stop.set()
for thread in threads: thread.join()
assert done == 6, done
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only Unix has fork")
class TestAFork:
    def test_in_the_middle_of_a_look_up(self, in_the_middle: Callable[[Callable[[], None]], int]) -> None:
        done: list[bool] = []
        assert in_the_middle(lambda: done.append(forked(make_a_parser))) > 4
        assert all(done)

    def test_while_other_threads_make_parsers(self) -> None:
        # Processes of their own: to fork one that has threads is, rightly, a warning.
        here = Path(__file__).parent
        run = [sys.executable, "-W", "ignore", "-c", FORKS]
        for _ in range(8):
            subprocess.run(run, check=True, cwd=here, timeout=120)  # noqa: S603 - the script above
