"""What instar is measured beside: one loop each, a value in hand after every delta, the last one returned.

Each is used the way its documentation says, at its fastest setting that still shows an open string. A value
is let go when the next one comes; none is kept, though the re-parsers' values could be.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Annotated, Any, Literal

import ijson
import jsonriver as river
from ijson.common import ObjectBuilder
from instructor import Partial
from jiter import from_json
from json_repair import repair_json
from jsonmend import Mender
from langchain_core.output_parsers import JsonOutputParser
from partial_json_parser import loads
from pydantic import Field, TypeAdapter
from pydantic_ai import Agent, PromptedOutput
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel
from streaming_json_parser import StreamingJsonParser
from typing_extensions import TypedDict

from benches.invoice import Invoice
from benches.workload import LOOK_EVERY

import_module("streaming_json_parser_native")  # without it that rival would silently be its slow Python half


class AddressDict(TypedDict, total=False):
    street: str
    city: str
    zip: str


class CustomerDict(TypedDict, total=False):
    name: str
    email: str
    address: AddressDict


class LineItemDict(TypedDict, total=False):
    sku: str
    description: str
    quantity: Annotated[int, Field(ge=0)]
    unit_price: float
    tags: list[str]
    taxable: bool
    note: str | None


class InvoiceDict(TypedDict, total=False):
    """`Invoice` as a TypedDict: a model, or one with required keys, is not shown by pydantic until whole."""

    id: int
    customer: CustomerDict
    status: Literal["open", "paid", "void"]
    summary: str
    items: list[LineItemDict]
    total: float


PARTIAL_INVOICE: Any = Partial[Invoice]  # to a type checker it is Invoice, without `model_from_chunks`
INVOICE_DICT = TypeAdapter(InvoiceDict)


def instructor(deltas: list[str]) -> object:
    """Instructor's `Partial`, from the text deltas on: neither the SDK's chunks nor its hooks are counted."""
    value = None
    for value in PARTIAL_INVOICE.model_from_chunks(deltas):  # noqa: B007 - the last one is the result
        pass
    return value


def partial_json_parser(deltas: list[str]) -> object:
    """partial-json-parser over the text so far."""
    text, value = "", None
    for delta in deltas:
        text += delta
        value = loads(text)
    return value


def pydantic(deltas: list[str]) -> object:
    """Pydantic's partial validation of the bytes so far, as a TypedDict."""
    text, value = bytearray(), None
    for delta in deltas:
        text += delta.encode()
        value = INVOICE_DICT.validate_json(bytes(text), experimental_allow_partial="trailing-strings")
    return value


def jiter(deltas: list[str]) -> object:
    """Partial mode of jiter, over the bytes so far."""
    text, value = bytearray(), None
    for delta in deltas:
        text += delta.encode()
        value = from_json(bytes(text), partial_mode="trailing-strings")
    return value


def streaming_json_parser_copy(deltas: list[str]) -> object:
    """streaming-json-parser with a copy that could be kept."""
    parser, value = StreamingJsonParser(), None
    for delta in deltas:
        value = parser.feed(delta, copy_value=True).value
    return value


def streaming_json_parser(deltas: list[str]) -> object:
    """streaming-json-parser's own value, which changes under the caller's hands."""
    parser, value = StreamingJsonParser(), None
    for delta in deltas:
        value = parser.feed(delta).value
    return value


def streaming_json_parser_rarely(deltas: list[str]) -> object:
    """streaming-json-parser's own value, looked at after every `LOOK_EVERY` deltas."""
    parser, value = StreamingJsonParser(), None
    rest = iter(deltas)
    while batch := list(islice(rest, LOOK_EVERY)):
        for delta in batch:
            parser.consume(delta)
        value = parser.poll().value
    return value


def json_repair(deltas: list[str]) -> object:
    """json_repair over the text so far, as its documentation says for streams."""
    text, value = "", None
    for delta in deltas:
        text += delta
        value = repair_json(text, return_objects=True, stream_stable=True)
    return value


def jsonmend(deltas: list[str]) -> object:
    """The value of jsonmend, which changes under the caller's hands."""
    mender, value = Mender(), None
    for delta in deltas:
        value = mender.feed(delta)
    return value


def ijson_builder(deltas: list[str]) -> object:
    """The events of ijson, fed by `send`, and its builder's value. A string shows when it has closed."""
    events, builder = ijson.sendable_list(), ObjectBuilder()
    parser = ijson.basic_parse_coro(events, use_float=True)
    value = None
    for delta in deltas:
        parser.send(delta.encode())
        for event, part in events:
            builder.event(event, part)
        events.clear()
        value = getattr(builder, "value", None)
    return value


def jsonriver(deltas: list[str]) -> object:
    """The value of jsonriver, which changes under the caller's hands, in an event loop of its own."""

    async def source() -> AsyncIterator[str]:
        for delta in deltas:
            yield delta

    async def run() -> object:
        value = None
        async for value in river.parse(source()):  # noqa: B007 - the last one is the result
            pass
        return value

    return asyncio.run(run())


def langchain(deltas: list[str]) -> object:
    """LangChain's `JsonOutputParser`, from the text deltas on."""
    value = None
    for value in JsonOutputParser().transform(iter(deltas)):  # noqa: B007 - the last one is the result
        pass
    return value


def pydantic_ai(deltas: list[str]) -> object:
    """pydantic-ai's `stream_output`, from the text deltas of a model function on, in an event loop of its own."""

    async def say(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        for delta in deltas:
            yield delta

    async def run() -> object:
        agent = Agent(FunctionModel(stream_function=say), output_type=PromptedOutput(Invoice))
        value = None
        async with agent.run_stream("") as result:
            async for value in result.stream_output(debounce_by=None):  # noqa: B007 - as above
                pass
        return value

    return asyncio.run(run())


@dataclass(frozen=True)
class Rival:
    """A row of the table."""

    name: str
    run: Callable[[list[str]], object]
    what: str
    slow: bool = False


RIVALS = (
    Rival("json_repair", json_repair, "untyped; re-parses, repairs", slow=True),
    Rival("LangChain `JsonOutputParser`", langchain, "untyped; re-parses", slow=True),
    Rival("Instructor `Partial`", instructor, "typed; re-parses, rebuilds", slow=True),
    Rival("pydantic-ai `stream_output`", pydantic_ai, "typed, shows what is valid; re-parses", slow=True),
    Rival("partial-json-parser", partial_json_parser, "untyped; re-parses", slow=True),
    Rival("streaming-json-parser, copied", streaming_json_parser_copy, "untyped; incremental, copied", slow=True),
    Rival("pydantic `experimental_allow_partial`", pydantic, "TypedDict; re-parses"),
    Rival("jiter `partial_mode`", jiter, "untyped; re-parses"),
    Rival("jsonriver", jsonriver, "untyped; incremental, async, one aliased value"),
    Rival("jsonmend", jsonmend, "untyped; incremental, repairs, one aliased value"),
    Rival("ijson and its builder", ijson_builder, "untyped; incremental, strings when closed, one aliased value"),
    Rival("streaming-json-parser, live", streaming_json_parser, "untyped; incremental, one aliased value"),
)


def floor(text: str) -> Invoice:
    """Pydantic alone, once, over the whole text: what no stream of objects can undercut."""
    return Invoice.model_validate_json(text)


def loop(deltas: list[str]) -> int:
    """Nothing but the loop and one call of C code per delta, which everyone above pays too."""
    size = 0
    for delta in deltas:
        size = len(delta)
    return size
