"""The cases that lie beside the project, run as they stand."""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any

from repair.models import same, schema
from repair.reading import read
from support.material import shared


def test_the_repairs() -> None:
    rows = shared("cases/repairs/open.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = []
    for row in map(json.loads, rows):
        text = bytes.fromhex(row["hex"]) if row["text"] is None else row["text"]
        told = read(schema(row["schema"]), [text], repair=row["repairs"], **row.get("finish", {}))
        if not same(told.value, row["expected"]):
            wrong.append((row["id"], told.value, row["expected"]))
    assert not wrong


def test_the_answers() -> None:
    path = shared("cases/answers.py")
    spec = importlib.util.spec_from_file_location("shared_answers", path)
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    told = {name: module.outcome(function, right) for name, function, right in module.CASES}
    assert not {name: said for name, said in told.items() if said is not None}
