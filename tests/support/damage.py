"""Valid documents, and the ways in which models damage them: one damage of each kind that `repair=` names.

`document(chance)` gives a type and a value of it as JSON text; `DAMAGES[kind](chance, document)` the text with one
damage of that kind, or None where the document offers no place for one. Each damage determines the original, but for
those in `OPEN`, of which only the rate is of interest.
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional

from pydantic import BaseModel

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

OPEN = {"inner_quote", "missing_comma"}


class Color(str, Enum):
    RED = "red"
    DARK_BLUE = "dark blue"
    MINT = "Mint"


class Person(BaseModel):
    full_name: str
    age: int
    zip_code: str


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: float
    tags: list[str]


class Order(BaseModel):
    order_id: int
    customer: Person
    lines: list[Line]
    priority: Literal["low", "medium", "high"]
    color: Optional[Color]  # noqa: UP045 - as people write it
    is_paid: bool
    note: str


class Article(BaseModel):
    title: str
    body_text: str
    word_count: int
    keywords: list[str]
    source_code: str


class Measures(BaseModel):
    count_total: int
    mean_value: float
    by_name: dict[str, float]
    series: list[float]
    remark: Optional[str]  # noqa: UP045


@dataclass(frozen=True)
class Document:
    """A type, and a value of it as text."""

    model: type[BaseModel]
    value: Any
    text: str

    @property
    def tokens(self) -> list[re.Match[str]]:
        """The tokens of the text: strings, numbers, words, punctuation."""
        return list(TOKEN.finditer(self.text))


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[a-z]+|[{}\[\]:,]')
NAMES = ["Ada Lovelace", "Zed", "Anna-Maria O'Neil", "José Núñez", "李雷", "Bob (Jr.)", "Grace Hopper"]
SAID = "the answer is that a model writes text with care and some of it goes wrong, of course; see below: it's fine"
WORDS = SAID.split()
SIGNS = '""{}[],:\'/\\ab 1“”-#`<'
SNIPPETS = [
    'print("hello")',
    'x = {"a": 1, "b": [2, 3]}',
    "for i in range(3):\n\tprint(i)\n",
    "grep -r 'x' . | wc -l",
    r"\alpha + \gamma",
    r"C:\Users\demo",
    'say("a", "b")',
    "if (a < b && c > d) { return `${a}`; }",
    "```sh\nls\n```",
]


def sentence(chance: random.Random) -> str:
    words = [chance.choice(WORDS) for _ in range(chance.randint(1, 12))]
    if chance.random() < 0.3:
        at = chance.randrange(len(words))
        words[at] = f'"{words[at]}"'
    if chance.random() < 0.1:
        words.append("".join(chance.choice(SIGNS) for _ in range(chance.randint(1, 8))))
    if chance.random() < 0.15:
        words.insert(chance.randrange(len(words)), "\n")
    return " ".join(words).capitalize() + chance.choice([".", "!", "", "\ufffd"])


def document(chance: random.Random) -> Document:
    """A random document of one of the types."""
    person = {
        "full_name": chance.choice(NAMES),
        "age": chance.randint(0, 120),
        "zip_code": str(chance.randint(10000, 99999)),
    }
    kind = chance.randrange(3)
    model: type[BaseModel]
    value: dict[str, Any]
    if kind == 0:
        model = Order
        value = {
            "order_id": chance.randint(1, 5_000_000),
            "customer": person,
            "lines": [
                {
                    "sku": f"SKU-{chance.randint(1, 999)}",
                    "quantity": chance.choice([1, 2, 12, 1500, 20000]),
                    "unit_price": chance.choice([0.5, 1.0, 12.25, 1999.99, 3]),
                    "tags": [chance.choice(WORDS) for _ in range(chance.randint(0, 3))],
                }
                for _ in range(chance.randint(0, 3))
            ],
            "priority": chance.choice(["low", "medium", "high"]),
            "color": chance.choice(["red", "dark blue", "Mint", None]),
            "is_paid": chance.random() < 0.5,
            "note": sentence(chance),
        }
    elif kind == 1:
        model = Article
        value = {
            "title": sentence(chance),
            "body_text": " ".join(sentence(chance) for _ in range(chance.randint(1, 3))),
            "word_count": chance.randint(1, 9000),
            "keywords": [sentence(chance) for _ in range(chance.randint(0, 3))],
            "source_code": chance.choice(SNIPPETS),
        }
    else:
        model = Measures
        value = {
            "count_total": chance.randint(-10, 2_000_000),
            "mean_value": chance.choice([0.25, -0.75, 3.0, 1234.5, 1e-7]),
            "by_name": {chance.choice(NAMES): chance.choice([0.5, 2.0, 7]) for _ in range(chance.randint(0, 3))},
            "series": [chance.choice([1.0, 0.5, -2, 1000]) for _ in range(chance.randint(0, 4))],
            "remark": chance.choice([None, sentence(chance)]),
        }
    indent = chance.choice([None, None, 2])
    separators = chance.choice([None, (",", ":")]) if indent is None else None
    text = json.dumps(value, ensure_ascii=chance.random() < 0.3, indent=indent, separators=separators)
    return Document(model, value, text)


Damage = "Callable[[random.Random, Document], str | None]"
DAMAGES: dict[str, Callable[[random.Random, Document], str | None]] = {}


def damage(
    function: Callable[[random.Random, Document], str | None],
) -> Callable[[random.Random, Document], str | None]:
    DAMAGES[function.__name__] = function
    return function


def put(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def pick(chance: random.Random, places: list[Any]) -> Any:
    return chance.choice(places) if places else None


def keys(document: Document) -> list[re.Match[str]]:
    tokens = document.tokens
    return [a for a, b in itertools.pairwise(tokens) if b.group() == ":"]


def texts(document: Document) -> list[re.Match[str]]:
    """The strings that are values."""
    tokens = document.tokens
    return [
        a
        for a, b in zip(tokens, [*tokens[1:], None], strict=False)
        if a.group()[0] == '"' and (b is None or b.group() != ":")
    ]


def members(document: Document) -> list[tuple[str, re.Match[str]]]:
    """The scalars that are values of keys, with their keys."""
    tokens = document.tokens
    return [
        (json.loads(key.group()), value)
        for key, colon, value in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if colon.group() == ":" and value.group()[0] not in "{["
    ]


@damage
def prose(chance: random.Random, document: Document) -> str | None:
    before = ["", "Sure! Here is the JSON you asked for:\n\n", "The {answer} follows [1]:\n", "**Result** "]
    behind = ["", "\n\nLet me know if you need anything else!", "\nNote: {x} is a placeholder.", "<|im_end|>"]
    a, b = chance.choice(before), chance.choice(behind)
    return f"{a}{document.text}{b}" if a or b else None


@damage
def fence(chance: random.Random, document: Document) -> str | None:
    mark = chance.choice(["```", "```", "````", "~~~"])
    language = chance.choice(["json", "", "JSON", "jsonc"])
    return f"{mark}{language}\n{document.text}\n{mark}{chance.choice(['', chr(10)])}"


@damage
def reasoning(chance: random.Random, document: Document) -> str | None:
    tag = chance.choice(["think", "thinking", "reasoning"])
    thought = chance.choice(["Short.", 'Maybe {"a": 1}?\n', document.text, "It's `{x}` or [y]."])
    opening = chance.choice([f"<{tag}>", f"<{tag}>\n", ""])
    return f"{opening}{thought}</{tag}>{chance.choice(['', chr(10) * 2])}{document.text}"


@damage
def bom(_: random.Random, document: Document) -> str | None:
    return "\ufeff" + document.text


@damage
def extra_value(chance: random.Random, document: Document) -> str | None:
    return (
        document.text
        + chance.choice(["\n", " ", ""])
        + chance.choice([document.text, '{"note": "done"}', '[{"a": 1}]'])
    )


@damage
def control_character(chance: random.Random, document: Document) -> str | None:
    places = list(re.finditer(r"(?<!\\)(?:\\\\)*\\([nt])", document.text))
    place = pick(chance, places)
    if place is None:
        return None
    return put(document.text, place.end() - 2, place.end(), {"n": "\n", "t": "\t"}[place.group(1)])


@damage
def trailing_comma(chance: random.Random, document: Document) -> str | None:
    tokens = document.tokens
    places = [b for a, b in itertools.pairwise(tokens) if b.group() in "}]" and a.group() not in "{["]
    place = pick(chance, places)
    return None if place is None else put(document.text, place.start(), place.start(), ",")


@damage
def missing_comma(chance: random.Random, document: Document) -> str | None:
    place = pick(chance, [token for token in document.tokens if token.group() == ","])
    if place is None:
        return None
    end = place.end()
    # Numbers that touch would be one.
    return put(document.text, place.start(), end, "" if document.text[end] in " \n" else " ")


@damage
def comment(chance: random.Random, document: Document) -> str | None:
    place = chance.choice([token for token in document.tokens if token.group() in ",{[:"])
    new = chance.choice([' // it\'s a note, "really"\n', " /* { */ ", "\n# note: ]\n"])
    return put(document.text, place.end(), place.end(), new)


@damage
def quote(chance: random.Random, document: Document) -> str | None:
    opening, closing = chance.choice([("'", "'"), ("'", "'"), ("“", "”"), ("„", "“")])

    def other(token: re.Match[str]) -> str:
        inside = token.group()[1:-1].replace('\\"', '"')
        if opening == "'":
            inside = inside.replace("'", "\\'")
        elif opening in inside or closing in inside:
            return token.group()
        return f"{opening}{inside}{closing}"

    if chance.random() < 0.5:
        place = chance.choice([token for token in document.tokens if token.group()[0] == '"'])
        return put(document.text, place.start(), place.end(), other(place))
    return TOKEN.sub(lambda token: other(token) if token.group()[0] == '"' else token.group(), document.text)


@damage
def unquoted_key(chance: random.Random, document: Document) -> str | None:
    places = [key for key in keys(document) if re.fullmatch(r'"[A-Za-z_]\w*"', key.group(), re.ASCII)]
    if chance.random() < 0.5:
        place = pick(chance, places)
        return None if place is None else put(document.text, place.start(), place.end(), place.group()[1:-1])
    text = document.text
    for place in reversed(places):
        text = put(text, place.start(), place.end(), place.group()[1:-1])
    return text


@damage
def word(chance: random.Random, document: Document) -> str | None:
    place = pick(chance, [token for token in document.tokens if token.group() in {"true", "false", "null"}])
    if place is None:
        return None
    others = {"true": ["True", "TRUE"], "false": ["False", "FALSE"], "null": ["None", "undefined"]}
    return put(document.text, place.start(), place.end(), chance.choice(others[place.group()]))


@damage
def number(chance: random.Random, document: Document) -> str | None:
    places = [(key, token) for key, token in members(document) if token.group()[0] in "-0123456789"]
    chosen = pick(chance, places)
    if chosen is None:
        return None
    _, token = chosen
    written = token.group()
    sign, digits = ("-", written[1:]) if written[0] == "-" else ("", written)
    whole, point, rest = digits.partition(".")
    forms = [f"{sign or '+'}{digits}", f"{sign}0{digits}"]
    if "e" not in digits:
        if whole == "0" and point:
            forms.append(f"{sign}.{rest}")
        if rest == "0":
            forms.append(f"{sign}{whole}.")
        if len(whole) > 3:
            forms += [f"{sign}{int(whole):,}{point}{rest}", f"{sign}{int(whole):_}{point}{rest}"]
        if not point and not sign:
            forms.append(hex(int(whole)))
    forms = [form for form in forms if form != written]
    return put(document.text, token.start(), token.end(), chance.choice(forms))


@damage
def inner_quote(chance: random.Random, document: Document) -> str | None:
    place = pick(chance, [token for token in texts(document) if '\\"' in token.group()])
    if place is None:
        return None
    inside = re.sub(r'((?:\\\\)*)\\"', r'\1"', place.group()[1:-1])
    return put(document.text, place.start(), place.end(), f'"{inside}"')


@damage
def escape(chance: random.Random, document: Document) -> str | None:
    places = list(re.finditer(r"\\\\(?=[^\"\\/bfnrtu'])", document.text))
    place = pick(chance, places)
    if place is None:
        quoted = pick(chance, list(re.finditer("'", document.text)))
        return None if quoted is None else put(document.text, quoted.start(), quoted.end(), "\\'")
    return put(document.text, place.start(), place.end(), "\\")


@damage
def surrogate(chance: random.Random, document: Document) -> str | None:
    place = pick(chance, list(re.finditer("\ufffd|\\\\ufffd", document.text)))
    half = chance.choice(["\\ud83d", "\\ude00", "\\uDBFF"])
    return None if place is None else put(document.text, place.start(), place.end(), half)


@damage
def wrapper(chance: random.Random, document: Document) -> str | None:
    name = chance.choice([document.model.__name__, "data", "result", "properties"])
    return chance.choice(
        [
            f'{{"{name}": {document.text}}}',
            f'{{"type": "object", "properties": {document.text}}}',
            f"[{document.text}]",
        ]
    )


@damage
def encoded(chance: random.Random, document: Document) -> str | None:
    value = document.value
    places = [key for key, item in value.items() if isinstance(item, (dict, list)) and item]
    key = pick(chance, places)
    if key is None or chance.random() < 0.2:
        return json.dumps(document.text)
    return json.dumps(value | {key: json.dumps(value[key], indent=chance.choice([None, 2]))}, ensure_ascii=False)


@damage
def name(chance: random.Random, document: Document) -> str | None:
    places = [key for key in keys(document) if re.fullmatch(r'"[a-z]+_[a-z_]+"', key.group())]
    place = pick(chance, places)
    if place is None:
        return None
    first, *rest = place.group()[1:-1].split("_")
    parts = [part.capitalize() for part in rest]
    others = ["".join([first, *parts]), "".join([first.capitalize(), *parts]), "-".join([first, *rest])]
    others += [" ".join([first.capitalize(), *parts]), place.group()[1:-1].upper()]
    return put(document.text, place.start(), place.end(), f'"{chance.choice(others)}"')


@damage
def member(chance: random.Random, document: Document) -> str | None:
    places = [(key, token) for key, token in members(document) if key in {"priority", "color", "zip_code"}]
    places = [(key, token) for key, token in places if token.group() != "null"]
    chosen = pick(chance, places)
    if chosen is None:
        return None
    key, token = chosen
    inside = token.group()[1:-1]
    if key == "zip_code":
        return put(document.text, token.start(), token.end(), inside)
    new = chance.choice([inside.upper(), inside.capitalize(), f" {inside}", f"{inside.lower()} ", f"'{inside}'"])
    return put(document.text, token.start(), token.end(), f'"{new}"')
