#!/usr/bin/env python3
"""Write THIRD_PARTY_LICENSES.txt: the licences of the crates that the extension module contains.

With `--check` it writes nothing, and fails where the file is not what it would write.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "THIRD_PARTY_LICENSES.txt"

LINKED = ["--package", "instar-python", "--edges", "normal,no-proc-macro", "--target", "all"]
"""Crates that are linked into the extension on some platform: what only builds it is not in it."""

INTRODUCTION = """\
The extension module of instar contains the Rust crates below, under the licences that follow each of them, and the
Rust standard library (https://github.com/rust-lang/rust), copyright The Rust Project Developers, under the MIT license
or the Apache License, Version 2.0.
"""


def cargo(*arguments: str) -> str:
    """Run cargo with the locked crates, and return what it prints."""
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def crates() -> list[dict[str, Any]]:
    """Return the crates of others that are linked, as `cargo metadata` describes them, by name."""
    lines = cargo("tree", *LINKED, "--prefix", "none", "--format", "{p}").splitlines()
    linked = {tuple(line.split()[:2]) for line in lines if line}
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    found = [each for each in packages if each["source"] and (each["name"], f"v{each['version']}") in linked]
    return sorted(found, key=lambda each: (each["name"], each["version"]))


def licences(crate: dict[str, Any]) -> list[Path]:
    """Return the licence files of a crate: of several to choose from MIT's, where it is one."""
    folder = Path(crate["manifest_path"]).parent
    files = sorted(each for each in folder.iterdir() if each.name.upper().startswith(("LICEN", "COPYING", "UNLICENSE")))
    chosen = [each for each in files if "MIT" in each.name.upper()] or files
    if not chosen:
        message = f"{crate['name']} {crate['version']} has no licence file in {folder}: look for its licence by hand"
        raise FileNotFoundError(message)
    return chosen


def written() -> str:
    """Return what the file has to say."""
    parts = [INTRODUCTION]
    for crate in crates():
        head = f"{crate['name']} {crate['version']}\n{crate['repository']}\n{crate['license']}"
        texts = [each.read_text(encoding="utf-8").strip() for each in licences(crate)]
        parts.append("\n\n".join([f"{'=' * 79}\n{head}\n{'=' * 79}", *texts]) + "\n")
    return "\n".join(parts)


def main() -> int:
    """Write the file, or compare it."""
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(written(), encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != written():
        print(f"{FILE.name} is not what the locked crates say: run scripts/licenses.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
