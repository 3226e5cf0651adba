"""Cycles that only the collector can free: classes, schemas, parsers and streams that reach each other."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import gc
import sys
import typing
import weakref
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    RootModel,
    ValidationError,
    create_model,
)
from pydantic import dataclasses as pydantic_dataclasses
from typing_extensions import TypedDict

import instar
from instar import Parser, _schema

MANY = 25
"""So many of each kind are made. All of them have to go."""

Make = Callable[[list[Any]], Any]
"""Makes a class of its own, which holds on to a box."""


def model(box: list[Any]) -> Any:
    """A model whose own code reaches the box."""

    class Made(BaseModel):
        a: str
        b: list[int] = []

        def model_post_init(self, context: Any) -> None:  # noqa: ARG002 - Pydantic's signature
            assert isinstance(box, list)

    return Made


def attribute(box: list[Any]) -> Any:
    """A model with an attribute of its class."""
    made: Any = model([])
    made.box = box
    return made


def validated(box: list[Any]) -> Any:
    """Validators of all kinds."""

    def same(value: Any) -> Any:
        assert isinstance(box, list)
        return value

    return create_model(
        "Made",
        a=(Annotated[str, AfterValidator(same)], ...),
        b=(Annotated[list[int], BeforeValidator(same)], []),
        c=(Annotated[Any, PlainValidator(same)], None),
    )


def with_default(box: list[Any]) -> Any:
    """A default that is copied, and one that is made."""

    class Made(BaseModel):
        a: str
        b: Any = Field(default_factory=lambda: len(box))
        c: dict[str, Any] = {}

    return Made


def nested(box: list[Any]) -> Any:
    """A model within containers of another one."""
    inner: type[Any] = model(box)
    fields: dict[str, Any] = {
        "a": (str, ...),
        "b": (list[inner], []),  # type: ignore[valid-type]
        "c": (dict[str, inner], {}),  # type: ignore[valid-type]
        "d": (inner | None, None),
        "e": (tuple[inner, ...], ()),  # type: ignore[valid-type]
    }
    made: Any = create_model("Made", **fields)
    made.box = box
    return made


def frozen(box: list[Any]) -> Any:
    """A model that keeps unknown keys, and has more slots than most."""

    class Made(BaseModel):
        __slots__ = ("more",)
        model_config = ConfigDict(extra="allow", frozen=True)
        a: str

    made: Any = Made
    made.box = box
    return made


def outlined(box: list[Any]) -> Any:
    """A model with an `__init__` of its own, of which an outline shows."""

    class Made(BaseModel):
        a: str
        b: list[int] = []

        def __init__(self, **data: Any) -> None:
            assert isinstance(box, list)
            super().__init__(**data)

    return Made


def root_model(box: list[Any]) -> Any:
    """A model that is a dict."""

    class Made(RootModel[dict[str, Any]]):
        pass

    made: Any = Made
    made.box = box
    return made


def dataclass(box: list[Any]) -> Any:
    """A dataclass of Pydantic's."""

    @pydantic_dataclasses.dataclass
    class Made:
        a: str
        b: list[int] = dataclasses.field(default_factory=list)

        def __post_init__(self) -> None:
            assert isinstance(box, list)

    return Made


def slotted(box: list[Any]) -> Any:
    """A dataclass of the standard library, with slots."""

    @dataclasses.dataclass(slots=True)
    class Made:
        a: str
        b: list[int] = dataclasses.field(default_factory=list)

        def __post_init__(self) -> None:
            assert isinstance(box, list)

    return Made


def typed_dict(box: list[Any]) -> Any:
    """A dict of declared keys, one of them with a class of its own."""
    inner = model(box)
    return TypedDict("Made", {"a": str, "b": list[int], "c": inner}, total=False)  # type: ignore[operator]


def chosen(box: list[Any]) -> Any:
    """An enum and a literal of its members, as values and as keys."""

    class Kind(enum.Enum):
        ONE = "one"
        TWO = "two"

    Kind.box = box  # type: ignore[attr-defined]
    literal: Any = Literal[Kind.ONE]
    made: Any = create_model("Made", a=(str, ...), b=(Kind | None, None), c=(dict[Kind, literal], {}))
    made.box = box
    return made


def either(box: list[Any]) -> Any:
    """A union, with a tag and without."""
    tags: list[Any] = [Literal["one"], Literal["two"]]
    one, two = (create_model("Of", k=(tag, ...), a=(str, ...)) for tag in tags)
    one.box = two.box = box  # type: ignore[attr-defined]
    tagged: Any = Annotated[one | two, Field(discriminator="k")]
    made: Any = create_model("Made", a=(str, ...), b=(list[one | two], []), c=(list[tagged], []))  # type: ignore[valid-type]
    made.box = box
    return made


def recursive(box: list[Any]) -> Any:
    """A model that holds itself."""

    class Made(BaseModel):
        a: str
        inner: list[Made] = []
        keyed: dict[str, Made] = {}

    made: Any = Made
    made.model_rebuild(_types_namespace={"Made": made})
    made.box = box
    return made


MAKERS: list[Make] = [
    model, attribute, validated, with_default, nested, frozen, outlined, root_model, dataclass, slotted, typed_dict,
    chosen, either, recursive,
]  # fmt: skip

# ---------------------------------------------------------------------------------------------------------
# How far they have come

TEXTS = [
    "",
    "{",
    '{"a',
    '{"a":"x',
    '{"a":"x"',
    '{"a":"x","b":[',
    '{"a":"x","unknown":{"deep":["',
    '{"a":"x"}',
    '{"a":1',
    "?",
]


def fed(parser: Parser[Any], text: str) -> None:
    """Feed a text, whatever comes of it, and look at it in every way."""
    with contextlib.suppress(ValidationError, instar.StreamError):
        parser.feed(text)
    assert parser.snapshot is parser.snapshot
    parser.dump()


def with_parser(tp: Any, box: list[Any], text: str) -> None:
    parser = Parser(tp)
    box.append(parser)
    fed(parser, text)
    box.append(parser.snapshot)


def with_live_parser(tp: Any, box: list[Any], text: str) -> None:
    parser = Parser(tp, live=True, context={"box": box})
    box.append(parser)
    fed(parser, text)


def with_deferring_parser(tp: Any, box: list[Any], text: str) -> None:
    parser = Parser(tp, on_violation="defer", context=box)
    box.append(parser)
    fed(parser, text)
    box.append(parser.violations)


def with_keys_and_elements(tp: Any, box: list[Any], text: str) -> None:
    for parser, opened in ((Parser(dict[str, list[tp]]), '{"key":['), (Parser(list[tp]), "[")):
        box.append(parser)
        fed(parser, opened + text)
        box.append(parser.drain())


def with_stream(tp: Any, box: list[Any], text: str) -> None:
    stream = instar.partials([text], tp)
    box.append(stream)
    box.append(next(stream))
    try:
        box.append(next(stream))
    except (StopIteration, ValidationError, instar.StreamError) as error:
        box.append(error)


def with_elements(tp: Any, box: list[Any], text: str) -> None:
    stream = instar.elements(["[" + text], tp)
    box.append(stream)
    try:
        box.extend(stream)
    except (ValidationError, instar.StreamError) as error:
        box.append(error)


def with_async_stream(tp: Any, box: list[Any], text: str) -> None:
    async def deltas() -> Any:
        yield text

    async def read() -> None:
        stream = instar.partials(deltas(), tp)
        box.append(stream)
        box.append(await anext(stream))
        await stream.aclose()

    asyncio.run(read())


def with_nothing(tp: Any, box: list[Any], text: str) -> None:  # noqa: ARG001 - as the others have them
    """Hold the type alone: up to 2.12.0 Pydantic itself does not let go of some."""
    box.append(tp)


HOLDERS: list[Callable[[Any, list[Any], str], None]] = [
    with_parser, with_live_parser, with_deferring_parser, with_keys_and_elements, with_stream, with_elements,
    with_async_stream,
]  # fmt: skip


def forget() -> None:
    """Clear the caches: `typing` remembers forms such as `Annotated[int, ...]`, instar schemas."""
    _schema._compile_once.cache_clear()  # noqa: SLF001 - what it remembers is meant to live
    for clear in typing._cleanups:  # type: ignore[attr-defined]  # noqa: SLF001 - as Python's own tests do
        clear()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Leave nothing for the collector to find but what the test makes."""
    forget()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def alive(made: list[weakref.ref[Any]]) -> int:
    """Collect, and count what is left."""
    forget()
    while gc.collect():
        pass
    return sum(ref() is not None for ref in made)


class Box(list[Any]):
    """A list that can be referred to weakly."""


def left(make: Make, hold: Callable[[Any, list[Any], str], None]) -> int:
    """Make types that can reach what is held of them, let go of all, and count what is left."""

    def one(text: str) -> Iterator[weakref.ref[Any]]:
        box = Box()
        tp = make(box)
        hold(tp, box, text)
        yield weakref.ref(box)
        yield weakref.ref(tp)

    return alive([ref for n in range(MANY) for ref in one(TEXTS[n % len(TEXTS)])])


@pytest.mark.parametrize("hold", HOLDERS, ids=lambda hold: hold.__name__)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_class_that_can_reach_its_own_stream_dies(make: Make, hold: Callable[[Any, list[Any], str], None]) -> None:
    count = left(make, hold)
    if count and left(make, with_nothing):
        pytest.skip("this Pydantic does not let go of such a class")
    assert count == 0


def test_nothing_of_the_extension_is_left() -> None:
    """Parsers and schemas are counted, too, for those that nothing refers to weakly."""
    for make in MAKERS:
        if left(make, with_nothing):
            continue
        for text in TEXTS:
            box: list[Any] = []
            with_parser(make(box), box, text)
            del box
    assert alive([]) == 0
    found = [each for each in gc.get_objects() if type(each).__name__ in ("Parser", "Schema")]
    assert found == []


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="reference counts")
def test_a_thousand_requests_leave_no_more_than_the_cache_remembers() -> None:
    def request() -> weakref.ref[Any]:
        box: list[Any] = []
        tp = model(box)
        with_stream(tp, box, '{"a":"x')
        return weakref.ref(tp)

    made = [request() for _ in range(1000)]
    while gc.collect():
        pass
    assert sum(ref() is not None for ref in made) <= 512
    assert alive(made) == 0
