"""How many damaged texts are mended, kind by kind, and what a delta costs: instar beside json_repair, jsonmend, BAML.

    python -m benches.damage [--write] [TEXTS]

prints the tables as Markdown; `--write` puts them into docs/repair.md. Those that know no types are given a hand: what
they make of a text is validated by Pydantic, which mends numbers and words in strings.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import json_repair
import jsonmend
from baml_py import BamlRuntime
from pydantic import BaseModel, create_model

import instar
from benches.clock import best, ratio
from benches.invoice import Invoice, make
from benches.table import machine
from instar import Parser
from instar.repair import Repairs

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "repair.md"
START, END = "<!-- damage:start -->", "<!-- damage:end -->"
sys.path.append(str(ROOT / "tests"))

from support.damage import DAMAGES, OPEN, Article, Document, Measures, Order, document  # noqa: E402 - from there

Read = Callable[[type[BaseModel], str], Any]


def ours(model: type[BaseModel], text: str) -> Any:
    parser = Parser(model, repair="all")
    parser.feed(text)
    return parser.finish()


def by_json_repair(model: type[BaseModel], text: str) -> Any:
    return model.model_validate(json_repair.loads(text))


def by_jsonmend(model: type[BaseModel], text: str) -> Any:
    return model.model_validate(jsonmend.loads(text))


class Baml:
    """BAML's parser, told these models in its own language."""

    def __init__(self, *models: type[BaseModel]) -> None:
        self._classes: dict[str, Any] = {}
        self._source = [
            'client<llm> Nobody {\n  provider openai\n  options {\n    model "none"\n    api_key "none"\n  }\n}\n'
        ]
        for model in models:
            name = self._named(model)
            prompt = 'client Nobody\n  prompt #"{{ text }} {{ ctx.output_format }}"#'
            self._source.append(f"function Get{name}(text: string) -> {name} {{\n  {prompt}\n}}\n")
        self._runtime = BamlRuntime.from_files("baml_src", {"main.baml": "\n".join(self._source)}, {})
        self._context = self._runtime.create_context_manager()
        self._module = ModuleType("models")
        vars(self._module).update({name: _bare(tp) for name, tp in self._classes.items()})

    def __call__(self, model: type[BaseModel], text: str, *, is_partial: bool = False) -> Any:
        """Read a text as one of the models, or as far as it has come."""
        module = self._module
        name = f"Get{model.__name__}"
        value = self._runtime.parse_llm_response(
            name, text, module, module, module, is_partial, self._context, None, None, {}
        )
        return value if is_partial else model.model_validate(self._plain(value))

    def _plain(self, value: Any) -> Any:
        """Return what BAML gives without its classes; its members of enums have their names as values."""
        if isinstance(value, Enum):
            return self._classes[type(value).__name__][value.name].value
        if isinstance(value, BaseModel):
            return {name: self._plain(getattr(value, name)) for name in type(value).model_fields}
        return [self._plain(item) for item in value] if isinstance(value, list) else value

    def _named(self, tp: Any) -> str:
        """Return a type as BAML has it."""
        if isinstance(tp, type) and issubclass(tp, (BaseModel, Enum)):
            if tp.__name__ not in self._classes:
                self._classes[tp.__name__] = tp
                self._source.append(self._declared(tp))
            return tp.__name__
        arguments = get_args(tp)
        if get_origin(tp) is list:
            return f"{self._named(arguments[0])}[]"
        if get_origin(tp) is dict:
            return f"map<string, {self._named(arguments[1])}>"
        if get_origin(tp) is Literal:
            return " | ".join(f'"{value}"' for value in arguments)
        if get_origin(tp) in (Union, UnionType):
            (inner,) = (argument for argument in arguments if argument is not NoneType)
            return f"{self._named(inner)}?"
        return {str: "string", int: "int", float: "float", bool: "bool"}[tp]

    def _declared(self, tp: Any) -> str:
        if issubclass(tp, Enum):
            return "\n".join([f"enum {tp.__name__} {{", *(f'  {it.name} @alias("{it.value}")' for it in tp), "}\n"])
        fields = [f"  {name} {self._named(field.annotation)}" for name, field in tp.model_fields.items()]
        return "\n".join([f"class {tp.__name__} {{", *fields, "}\n"])


def _bare(tp: Any) -> Any:
    """Return a type as BAML's generator would write it, as far as that matters here."""
    if issubclass(tp, Enum):
        return Enum(tp.__name__, {member.name: member.name for member in tp})
    fields: dict[str, Any] = dict.fromkeys(tp.model_fields, (Any, None))
    return create_model(str(tp.__name__), **fields)


def outcome(read: Read, doc: Document, text: str, want: BaseModel) -> str:
    """What a reader makes of a damaged text: "right", "wrong", or "refused"."""
    try:
        value = read(doc.model, text)
    except Exception:  # noqa: BLE001 - whatever a rival raises is a refusal
        return "refused"
    return "right" if value == want else "wrong"


def rates(readers: dict[str, Read], texts: int) -> Iterator[str]:
    """The first table: of texts with one damage each, how many are read as what they were."""
    yield f"| damage | {' | '.join(readers)} |"
    yield f"|---|{'---:|' * len(readers)}"
    total = {name: Counter[str]() for name in readers}
    for kind, damage in DAMAGES.items():
        chance = random.Random(kind)
        counts = {name: Counter[str]() for name in readers}
        made = 0
        while made < texts:
            doc = document(chance)
            text = damage(chance, doc)
            if text is None or text == doc.text:
                continue
            made += 1
            want = doc.model.model_validate_json(doc.text)
            for name, read in readers.items():
                counts[name][outcome(read, doc, text, want)] += 1
        for name in readers:
            total[name] += counts[name]
        cells = (_cell(counts[name]) for name in readers)
        yield f"| `{kind}`{' *' if kind in OPEN else ''} | {' | '.join(cells)} |"
    yield f"| all | {' | '.join(_cell(total[name]) for name in readers)} |"


def _cell(counts: Counter[str]) -> str:
    every = counts.total()
    wrong = counts["wrong"] / every
    return f"{counts['right'] / every:.1%}" + (f" ({wrong:.1%} wrong)" if wrong else "")


def costs() -> Iterator[str]:
    """The second table: CPU per delta of an invoice in a fence and single quotes, a value in hand after each."""
    yield "| deltas | instar | jsonmend | json_repair | BAML |"
    yield "|---:|---:|---:|---:|---:|"
    baml = Baml(Invoice)
    for items, every in ((20, 20), (80, 200)):
        text, _ = make(items)
        mended = "```json\n" + text.replace("'", r"\'").replace('"', "'") + "\n```"
        deltas = [mended[at : at + 4] for at in range(0, len(mended), 4)]
        ways = (
            (partial(_live, deltas), 1),
            (partial(_jsonmend, deltas), 1),
            (partial(_again, deltas, json_repair.loads, every), every),
            (partial(_again, deltas, lambda text: baml(Invoice, text, is_partial=True), every), every),
        )
        cells = [f"{best(run) / (len(deltas) / each) * 1e6:.2f} µs" for run, each in ways]
        yield f"| {len(deltas):,} | {' | '.join(cells)} |"


def ratios() -> Iterator[str]:
    """The third table: the CPU of a stream that is mended, over that of a clean one that is not to be."""
    text, _ = make(80)
    bare = re.sub(r'"(\w+)":', r"\1:", text)
    single = text.replace("'", r"\'").replace('"', "'")
    clean = partial(_stream, text, "none")
    yield "| a stream of 5,512 deltas | `repair=` | of a clean one |"
    yield "|---|---|---:|"
    ways: list[tuple[str, str, Repairs]] = [
        ("clean", text, "around"),
        ("in a fence, behind prose", f"Sure:\n```json\n{text}\n```", "around"),
        ("clean", text, "all"),
        ("no key in quotes", bare, "all"),
        ("all strings in single quotes", single, "all"),
    ]
    for what, damaged, repair in ways:
        yield f'| {what} | `"{repair}"` | {ratio(partial(_stream, damaged, repair), clean):.2f}x |'


def _stream(text: str, repair: Repairs) -> object:
    stream = instar.partials((text[at : at + 4] for at in range(0, len(text), 4)), Invoice, repair=repair)
    for _ in stream:
        pass
    return stream.final()


def _live(deltas: list[str]) -> object:
    parser = Parser(Invoice, live=True, repair="all")
    snapshot = None
    for delta in deltas:
        parser.feed(delta)
        snapshot = parser.snapshot
    return snapshot


def _jsonmend(deltas: list[str]) -> object:
    mender: Any = jsonmend.Mender()  # type: ignore[no-untyped-call]  # it has no types
    value = None
    for delta in deltas:
        value = mender.feed(delta)
    return value


def _again(deltas: list[str], read: Callable[[str], object], every: int) -> object:
    """Read all of the text anew: at one of so many deltas, since each costs as much as the text is long."""
    value = None
    for end in range(every, len(deltas) + 1, every):
        try:
            value = read("".join(deltas[:end]))
        except Exception:  # noqa: BLE001, PERF203 - whatever a rival raises on the way
            value = None
    return value


def tables(texts: int) -> str:
    """Both tables."""
    baml = Baml(Order, Article, Measures)
    readers: dict[str, Read] = {"instar": ours, "json_repair": by_json_repair, "jsonmend": by_jsonmend, "BAML": baml}
    versions = ", ".join(f"{name} {version(name)}" for name in ("json_repair", "jsonmend", "baml-py"))
    return "\n".join([*rates(readers, texts), "", *costs(), "", *ratios(), "", f"({machine()}, {versions})"])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("texts", type=int, nargs="?", default=1000)
    told = arguments.parse_args()
    page = tables(told.texts)
    if not told.write:
        print(page)
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n\n{page}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
