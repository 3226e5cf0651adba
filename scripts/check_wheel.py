#!/usr/bin/env python3
"""Check the wheel that is installed here: what it carries, and that no path of its builder's stands in it.

Arguments are folders of the builder's.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, PackagePath
from pathlib import Path

CARRIED = ["LICENSE", "THIRD_PARTY_LICENSES.txt", "py.typed", "_core.pyi"]


def wrong(folders: list[str]) -> list[str]:
    """Return what is wrong."""
    distribution = Distribution.from_name("instar")
    files: list[PackagePath] = distribution.files or []
    found = [f"it carries no {name}" for name in CARRIED if not any(file.name == name for file in files)]
    sboms = [file for file in files if "sboms" in file.parts]
    found += [] if sboms else ["it carries no SBOM"]
    for file in files:
        path = Path(str(distribution.locate_file(file)))
        if file.suffix in {".so", ".pyd"} or file in sboms:
            data = path.read_bytes()
            found += [f"{folder} stands in {file}" for folder in folders if folder.encode() in data]
    named = {each["name"] for file in sboms for each in json.loads(file.read_text(encoding="utf-8"))["components"]}
    found += [f"the SBOM does not name {name}" for name in ("pyo3", "regex-automata", "memchr") if name not in named]
    if any(
        file.parts[0] != "instar" and ".dist-info" not in file.parts[0] and ".." not in file.parts for file in files
    ):
        found.append("it installs what is neither instar nor about it")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(wrong(sys.argv[1:])) or 0)
