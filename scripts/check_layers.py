#!/usr/bin/env python3
"""Check that no module imports one above it, and that no modules import each other in a circle.

Rust is read here, line by line; `lint-imports` does the same for Python, by the contracts in pyproject.toml. Crates may
import what `CRATES` allows. Within a crate the arrows are found, and only a circle is wrong: among files, and among
folders. A mod.rs or lib.rs that only declares and re-exports is no module of its own: what it re-exports counts as
imported from where it is defined. Tests do not count.

Arguments name the crates to check; without them all are, and Python too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]

CRATES: dict[str, set[str]] = {
    "json": set(),
    "core": {"json"},
    "repair": {"json"},
    "wire": {"json"},
    "python": {"core", "json", "repair", "wire"},
}
"""Which crates of the workspace a crate may import."""

IGNORED = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(\#*)".*?"\1 | b?"(?:\\.|[^"\\])*" | b?'(?:\\[^\n]+?|[^'\\\n])'""",
    re.DOTALL | re.VERBOSE,
)
"""Comments, strings and characters, in which braces and paths mean nothing."""
TESTS = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?")
MODULE = re.compile(r"\bmod\s+(\w+)\s*;")
INLINE = re.compile(r"\bmod\s+\w+\s*(?=\{)")
USE = re.compile(r"(?P<public>\bpub(?:\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")
PATH = re.compile(r"(?<![\w:])(?:\w+::)+\w+")
DECLARATION = re.compile(
    r"#!?\[[^\]]*\]|(?:\bpub(?:\([^)]*\))?\s+)?\b(?:mod\s+\w+|use\s[^;]+|extern\s+crate\s+\w+)\s*;|\s+"
)

Name = tuple[str, ...]
"""A module by its path from the crate: () is the crate itself."""


class Import(NamedTuple):
    """One name that a file imports: the segments of its path, what it is called here, and where that is written."""

    path: Name
    alias: str
    public: bool
    line: int


class Module:
    """One file of a crate."""

    def __init__(self, file: Path, name: Name) -> None:
        self.file = file.relative_to(ROOT)
        self.name = name
        text = without_tests(blanked(file.read_text(encoding="utf-8")))
        self.children = set(MODULE.findall(text))
        self.is_facade = bool(self.children) and not DECLARATION.sub("", text)
        self.text = super_of_inline_modules(text)
        self.imports = list(imports(self.text))

    def paths(self) -> Iterator[tuple[Name, int]]:
        """Yield the paths that the code writes out, besides the imports."""
        for found in PATH.finditer(USE.sub(lambda use: blank(use[0]), self.text)):
            yield tuple(found[0].split("::")), line_of(self.text, found.start())


class Edge(NamedTuple):
    """One file imports from another, and in which line of it."""

    source: Module
    target: Module
    line: int


def blank(text: str) -> str:
    """Return as many lines of nothing."""
    return re.sub(r"[^\n]", " ", text)


def blanked(text: str) -> str:
    """Return Rust code with blanks for what is not code."""
    return IGNORED.sub(lambda match: blank(match[0]), text)


def without_tests(text: str) -> str:
    """Return code with blanks for what is compiled for tests alone."""
    while match := TESTS.search(text):
        end = end_of_item(text, match.end())
        text = text[: match.start()] + blank(text[match.start() : end]) + text[end:]
    return text


def end_of_item(text: str, start: int) -> int:
    """Return where the item ends that begins here: behind its semicolon, or its block."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0 and text[at] in ";}":
            return at + 1
    return len(text)


def super_of_inline_modules(text: str) -> str:
    """Return code in which `super` of a module within the file is `self`: the file counts as one."""
    for match in INLINE.finditer(text):
        end = end_of_item(text, match.end())
        inside = re.sub(r"(?<!::)\bsuper::", "self ::", text[match.end() : end])
        text = text[: match.end()] + inside + text[end:]
    return text.replace("self ::", "self::")


def imports(text: str) -> Iterator[Import]:
    """Yield what the `use` lines of a file import."""
    for use in USE.finditer(text):
        for path, alias in leaves(re.sub(r"\s+", " ", use["tree"]).strip()):
            yield Import(path, alias, use["public"] is not None, line_of(text, use.start("tree")))


def leaves(tree: str) -> Iterator[tuple[Name, str]]:
    """Yield the paths of a use tree, `a::{b, c::d as e}`, each with the name it gives."""
    stem, brace, rest = tree.partition("{")
    if brace:
        prefix = tuple(part for part in stem.replace(" ", "").split("::") if part)
        for branch in branches(rest.rpartition("}")[0]):
            yield from ((prefix + path, alias) for path, alias in leaves(branch))
        return
    path, _, alias = (part.strip() for part in tree.partition(" as "))
    names = tuple(path.replace(" ", "").split("::"))
    if names[-1] == "self" and len(names) > 1:
        names = names[:-1]
    yield names, alias or names[-1]


def branches(text: str) -> Iterator[str]:
    """Split at the commas that are in no braces."""
    depth, start = 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text[start:].strip():
        yield text[start:].strip()


def line_of(text: str, at: int) -> int:
    """Return the number of the line at an offset."""
    return text.count("\n", 0, at) + 1


class Crate:
    """The files of a crate as modules, and the arrows between them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.modules: dict[Name, Module] = {}
        self.add(ROOT / "rust" / name / "src" / "lib.rs", ())

    def add(self, file: Path, name: Name) -> None:
        """Add a file, and those of the modules that it declares."""
        module = self.modules[name] = Module(file, name)
        folder = file.parent if file.stem in {"lib", "mod"} else file.with_suffix("")
        for child in sorted(module.children):
            beside, within = folder / f"{child}.rs", folder / child / "mod.rs"
            self.add(beside if beside.exists() else within, (*name, child))

    def edges(self) -> Iterator[Edge]:
        """Yield the arrows between files, from the one that imports."""
        for module in self.modules.values():
            if module.is_facade:
                continue
            known = {each.alias: each.path for each in module.imports}
            paths = [(each.path, each.line) for each in module.imports]
            for path, line in module.paths():
                inner = known.get(path[0])
                paths.append(((*inner, *path[1:]) if inner else path, line))
            for path, line in paths:
                for target in self.defining(module.name, path):
                    if target is not module and not target.is_facade:
                        yield Edge(module, target, line)

    def defining(self, here: Name, path: Name, seen: frozenset[tuple[Name, Name]] = frozenset()) -> list[Module]:
        """Return the files that define what a path in module `here` names: none, where it is of another crate."""
        start = self.start(here, path)
        if start is None or (here, path) in seen:
            return []
        name, rest = start
        while rest and rest[0] in self.modules[name].children:
            name, rest = (*name, rest[0]), rest[1:]
        module = self.modules[name]
        if not module.is_facade or not rest:
            return [module]
        seen |= {(here, path)}
        exported = [each.path for each in module.imports if each.alias in (rest[0], "*")]
        return [target for each in exported for target in self.defining(name, each, seen)]

    def start(self, here: Name, path: Name) -> tuple[Name, Name] | None:
        """Return the module that a path begins at, and the rest of the path."""
        if path[0] == "crate":
            return (), path[1:]
        if path[0] in self.modules[here].children:
            return here, path
        if path[0] not in {"self", "super"}:
            return None
        while path[:1] == ("self",) or path[:1] == ("super",):
            here, path = here[:-1] if path[0] == "super" else here, path[1:]
        return here, path

    def circles(self) -> Iterator[tuple[frozenset[str], list[Edge]]]:
        """Yield the sets of modules side by side that reach each other, each with its shortest circle."""
        edges = list(self.edges())
        for folder in sorted({name[:-1] for name in self.modules if name} | {()}):
            arrows: dict[str, dict[str, Edge]] = defaultdict(dict)
            for edge in edges:
                source, target = side_by_side(folder, edge.source.name), side_by_side(folder, edge.target.name)
                if source is not None and target is not None and source != target:
                    arrows[source].setdefault(target, edge)
            for group in circular(arrows):
                yield group, min((shortest(arrows, group, start) for start in sorted(group)), key=len)

    def forbidden(self) -> Iterator[str]:
        """Yield what is wrong with the crates that this one imports."""
        others = {f"instar_{crate}": crate for crate in CRATES}
        for module in self.modules.values():
            written = [*((each.path, each.line) for each in module.imports), *module.paths()]
            for path, line in sorted(written, key=lambda each: each[1]):
                crate = others.get(path[0])
                if crate and crate not in CRATES[self.name]:
                    yield f"{module.file}:{line}: rust/{self.name} may not import rust/{crate}"
        manifest = (ROOT / "rust" / self.name / "Cargo.toml").read_text(encoding="utf-8")
        for crate in re.findall(r"^instar-(\w+)", manifest, re.MULTILINE):
            if crate not in CRATES[self.name]:
                yield f"rust/{self.name}/Cargo.toml: may not depend on rust/{crate}"


def side_by_side(folder: Name, name: Name) -> str | None:
    """Return the child of a folder that a module is, or is in; "mod" for the folder's own file, None outside."""
    if name[: len(folder)] != folder:
        return None
    return name[len(folder)] if len(name) > len(folder) else "mod"


def reached(arrows: dict[str, dict[str, Edge]], start: str) -> set[str]:
    """Return all that can be reached along arrows."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = arrows.get(todo.pop(), {}).keys() - found
        found |= new
        todo += new
    return found


def circular(arrows: dict[str, dict[str, Edge]]) -> list[frozenset[str]]:
    """Return the sets of modules that reach each other."""
    reach = {name: reached(arrows, name) for name in arrows}
    groups = {
        frozenset(other for other in reach[name] if name in reach.get(other, ()))
        for name in reach
        if name in reach[name]
    }
    return sorted(groups, key=sorted)


def shortest(arrows: dict[str, dict[str, Edge]], group: Iterable[str], start: str) -> list[Edge]:
    """Return the shortest circle through one of a group."""
    ways: dict[str, list[Edge]] = {start: []}
    todo = [start]
    for name in todo:
        for target, edge in arrows.get(name, {}).items():
            if target == start:
                return [*ways[name], edge]
            if target in group and target not in ways:
                ways[target] = [*ways[name], edge]
                todo.append(target)
    raise AssertionError(start)


def main(names: list[str]) -> int:
    """Say what is wrong; return how many things are."""
    wrong = 0
    crates = names or [name for name in CRATES if (ROOT / "rust" / name).exists()]
    for crate in map(Crate, crates):
        for line in crate.forbidden():
            print(line)
            wrong += 1
        for group, circle in crate.circles():
            print(f"rust/{crate.name}: {', '.join(sorted(group))} import each other. The shortest circle:")
            for edge in circle:
                print(f"  {edge.source.file}:{edge.line} imports from {edge.target.file}")
            wrong += 1
    return wrong if names else wrong + lint_python()


def lint_python() -> int:
    """Run `lint-imports` of this Python's environment, or of the project's; return 1 where it finds something."""
    folders = [Path(sys.executable).parent, ROOT / ".venv" / "bin"]
    linter = shutil.which("lint-imports", path=os.pathsep.join(map(str, folders)))
    if linter is None:
        print(f"there is no lint-imports in {' or '.join(map(str, folders))}: run scripts/setup")
        return 1
    return subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
