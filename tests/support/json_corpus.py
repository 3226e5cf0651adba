"""The JSON corpus: short texts, good and bad, for every rule of the grammar. `python -m support.json_corpus` writes it.

No text carries a verdict: whether it is JSON, and what it means, `pydantic_core.from_json` says when a test asks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.material import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = DATA / "json_corpus.jsonl"

INTEGERS = ("", "0", "7", "10", "00", "012", "1_0", "1 0", "\N{FULLWIDTH DIGIT ONE}", "0x1F", "1" * 40)
FRACTIONS = ("", ".", ".0", ".25", ".2.5", ".-1", ".\u0665", "." + "3" * 40)
EXPONENTS = ("", "e", "E1", "e+2", "e-3", "e+", "e 1", "e1.5", "ee1", "e007", "e400", "e-400")
SIGNS = ("", "-", "+", "--", "-+", "- ")
WORDS = (
    "null",
    "true",
    "false",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "None",
    "inf",
    "nan",
    "-NaN",
    "+Infinity",
)

SPACES = {
    "blank": " ",
    "tab": "\t",
    "line feed": "\n",
    "carriage return": "\r",
    "all four": " \t\r\n ",
    "form feed": "\f",
    "vertical tab": "\v",
    "nul": "\0",
    "no-break": "\u00a0",
    "line separator": "\u2028",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "next line": "\u0085",
    "block comment": "/**/",
    "line comment": "//\n",
    "hash": "#\n",
    "escape": "\x1b",
}

ARRAYS = (
    *("[]", "[1]", "[1,2]", "[[]]", "[[],[]]", "[[1],[2,[3]]]", '["a",1,null,true,{}]', "[0,0.5,-1]", "[{},{}]"),
    *("[,]", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1;2]", "[1:2]", '["a":1]', "[", "[1", "[1,", "[[]", "[[1],", '["a'),
    *("]", "[]]", "[1]]", "[}", "[1}", "[(]", "[1)", "[...]", "[*]", "<[]>", "[]x", "[],", "[][]", "[] []", "[]0"),
    *("x[]", "1[]", "[tru]", "[nul", "[-]", "[1,-", '[""', '["",', "[a]", "['a']", '["a"b]', "[1]//", "[1]#", "[1e]"),
)
OBJECTS = (
    *("{}", '{"a":1}', '{"a":1,"b":2}', '{"":0}', '{"a":{}}', '{"a":{"b":[{"c":null}]}}', '{"a":[],"b":{}}'),
    *('{"a":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"a":{"b":1},"a":{"c":2}}', '{"a":null,"a":[1]}'),
    *('{"a\\nb":1}', '{"\\ud83d\\ude00":1}', '{"\U0001f600":1}', '{"\\u0000":1}', '{"a b":1}', '{"\\"":1}'),
    *("{,}", '{,"a":1}', '{"a":1,}', '{"a":1,,}', '{"a":1,,"b":2}', '{"a" 1}', '{"a"}', '{"a",1}', '{"a"::1}'),
    *('{"a":}', '{"a":,}', "{:1}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{[]:1}", "{{}:1}", "{true:false}"),
    *("{", '{"', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,"', '{"a":"b', '{"a":[', '{"a":{'),
    *("}", "{}}", '{"a":1}}', "{]", '{"a":1]', '{"a":[}]', '{"a":{]}', "{}{}", "{} {}", "{},", '{"a":1}x', '{"a"=1}'),
    *('{"a":1;"b":2}', '{"a":1 "b":2}', '{"a":"b":"c"}', '{"a"b:1}', '{"a":1/**/}', '{"a":1}//', '{"a":1}#', "{...}"),
)
ROOTS = (
    "",
    " ",
    "\n",
    "a",
    '"',
    "'a'",
    '""',
    "1 2",
    "null null",
    "*",
    "!",
    "@",
    "$",
    "`a`",
    "é",
    "\U0001f600",
    ",",
    ":",
)

ESCAPES = (
    *(rf"\{letter}" for letter in "\"\\/bfnrtuavex0'U1 \n"),
    *(r"\u0041", r"\u00e9", r"\uFFFF", r"\ufffe", r"\u0000", r"\u001f", r"\u007F", r"\u2028", r"\uABCD", r"\uabcd"),
    *(r"\u", r"\u0", r"\u00", r"\u004", r"\u004g", r"\uG000", r"\u+041", r"\u 041", r"\u{41}", r"\x41", r"\101"),
    *(r"\ud83d\ude00", r"\uD83D\uDE00", r"\ud800\udc00", r"\udbff\udfff", r"\ud83d\ude00\ud83d\ude00"),
    *(r"\ud800", r"\udbff", r"\udc00", r"\udfff", r"\ud800x", r"\ud800\n", r"\ud800\ud800", r"\ude00\ud83d"),
    *(
        r"\ud800\u",
        r"\ud800\udc",
        r"\ud800\u0041",
        r"\ud800\udc0g",
        r"\ud800\\udc00",
        r"\\ud800",
        r"\ud800\udc00\udc00",
    ),
    *(r"\\", r"\\\\", r"\"", r"\\\"", r"a\tb", r"\/\/", r"\b\f\n\r\t"),
)
CHARACTERS = (
    *(chr(code) for code in range(0x20)),
    *("\x7f", "\x80", "\u0085", "\u00a0", "é", "\u07ff", "\u0800", "\u200b", "\u2028", "\u2029", "\ufdd0", "\ufeff"),
    *("\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0001f600", "\U0001fffe", "\U0010ffff", "e\u0301", "/", "'"),
)
BYTES = {
    "a continuation alone": "80",
    "two continuations": "bf bf",
    "a lead alone": "c3",
    "a lead before a letter": "c3 41",
    "two of three": "e2 82",
    "two of three before a letter": "e2 82 41",
    "three of four": "f0 9f 98",
    "three of four before a letter": "f0 9f 98 41",
    "one byte too many": "e2 82 ac 80",
    "overlong in two": "c0 af",
    "overlong nul": "c0 80",
    "overlong in three": "e0 80 af",
    "overlong in three, the last": "e0 9f bf",
    "overlong in four": "f0 80 80 af",
    "overlong in four, the last": "f0 8f bf bf",
    "the first surrogate": "ed a0 80",
    "the last surrogate": "ed bf bf",
    "a pair of surrogates": "ed a0 bd ed b8 80",
    "behind the last character": "f4 90 80 80",
    "a lead of what does not exist": "f5 80 80 80",
    "five bytes": "f8 88 80 80 80",
    "six bytes": "fc 84 80 80 80 80",
    "fe": "fe",
    "ff": "ff",
    "latin-1": "e9",
    "the first of three": "e0 a0 80",
    "the last before the surrogates": "ed 9f bf",
    "the first behind the surrogates": "ee 80 80",
    "the first of four": "f0 90 80 80",
    "the last character": "f4 8f bf bf",
}


def texts() -> dict[str, bytes]:
    """Return the corpus: texts by their names."""
    named = {
        **{f"number {text}": text.encode() for text in numbers()},
        **{f"word {text}": text.encode() for word in WORDS for text in words(word)},
        **{f"array {text}": text.encode() for text in ARRAYS},
        **{f"object {text}": text.encode() for text in OBJECTS},
        **{f"root {text}": text.encode() for text in ROOTS},
        **{f"escape {text}": f'["{text}"]'.encode() for text in ESCAPES},
        **{f"escape in a key {text}": f'{{"{text}":0}}'.encode() for text in ESCAPES},
        **{f"character {text}": f'"{text}"'.encode() for text in CHARACTERS},
        **dict(spaces()),
        **dict(utf8()),
        **dict(encodings()),
        **dict(deep()),
    }
    return {ascii(name)[1:-1]: text for name, text in named.items()}


def numbers() -> Iterator[str]:
    """Yield numbers that differ from a good one in one part, or in two."""
    for integer in INTEGERS:
        for fraction in FRACTIONS:
            yield integer + fraction
        for exponent in EXPONENTS:
            yield integer + exponent
        for sign in SIGNS:
            yield sign + integer
    for fraction in FRACTIONS:
        for exponent in EXPONENTS:
            yield "-1" + fraction + exponent


def words(word: str) -> Iterator[str]:
    """Yield a literal, or what resembles one: whole, in other cases, cut short, gone on with, and between others."""
    yield from (
        word,
        word.upper(),
        word.title(),
        word + "x",
        word + "1",
        f"[{word}]",
        f'{{"a":{word}}}',
        f"{word} {word}",
    )
    yield from (word[:n] for n in range(1, len(word)))
    yield from (f"[{word[:n]}]" for n in range(1, len(word)))


def spaces() -> Iterator[tuple[str, bytes]]:
    """Yield every kind of white space, and what is none, in every place between tokens."""
    for name, space in SPACES.items():
        for form in (
            "{}1",
            "1{}",
            "[{}]",
            "[{}1]",
            "[1{}]",
            "[1{},2]",
            "[1,{}2]",
            "{{{}}}",
            '{{"a"{}:1}}',
            '{{"a":{}1}}',
        ):
            yield f"space, {name} in {form.format('_')}", form.format(space).encode()


def utf8() -> Iterator[tuple[str, bytes]]:
    """Yield bytes that are UTF-8 at its limits, or are not, in a string, a key, and outside of both."""
    for name, digits in BYTES.items():
        found = bytes.fromhex(digits)
        yield f"bytes, {name} in a string", b'["' + found + b'"]'
        yield f"bytes, {name} in a key", b'{"' + found + b'":0}'
        yield f"bytes, {name} outside", b"[" + found + b"]"
        yield f"bytes, {name} at the end", b'"' + found


def encodings() -> Iterator[tuple[str, bytes]]:
    """Yield texts in encodings that JSON on a wire does not have."""
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"):
        yield f"encoding {encoding}", '["é"]'.encode(encoding)
    for mark in (b"\xef\xbb\xbf", b"\xef\xbb", b"\xff\xfe", b"\xfe\xff"):
        yield f"mark {mark.hex()} alone", mark
        yield f"mark {mark.hex()} before {{}}", mark + b"{}"


def deep() -> Iterator[tuple[str, bytes]]:
    """Yield containers within containers: closed, open, and closed by what does not fit."""
    for depth in (2, 30, 100):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"":', b"}]")):
            name = f"depth, {depth} times {opening.decode()}"
            yield name, opening * depth + b"0" + closing * depth
            yield f"{name} open", opening * depth
            yield f"{name} less one", opening * depth + b"0" + closing * (depth - 1)
            yield f"{name} and one more", opening * depth + b"0" + closing * (depth + 1)
            yield f"{name} ended by a brace", opening * depth + b"0" + b"}" * depth


def dumped() -> str:
    """Return the corpus as JSON lines: a name with a text, or with the bytes of what is not UTF-8."""
    lines = []
    for name, text in texts().items():
        try:
            line = {"name": name, "text": text.decode()}
        except UnicodeDecodeError:
            line = {"name": name, "bytes": text.hex(" ")}
        lines.append(json.dumps(line) + "\n")
    return "".join(lines)


def load(file: Path = FILE) -> dict[str, bytes]:
    """Return the corpus as it is on disk."""
    found = map(json.loads, file.read_text(encoding="ascii").splitlines())
    return {line["name"]: line["text"].encode() if "text" in line else bytes.fromhex(line["bytes"]) for line in found}


if __name__ == "__main__":
    FILE.write_text(dumped(), encoding="ascii")
