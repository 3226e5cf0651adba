"""The check of layers sees the circles that there are, and no others."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from support.material import tree

if TYPE_CHECKING:
    from pathlib import Path

ROOT = tree()


def check() -> Any:
    """Import the script."""
    spec = importlib.util.spec_from_file_location("check_layers", ROOT / "scripts" / "check_layers.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the check, over two crates in a folder of their own."""
    module = check()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "CRATES", {"low": set(), "high": {"low"}})
    for crate in ("low", "high"):
        (tmp_path / "rust" / crate / "src").mkdir(parents=True)
        (tmp_path / "rust" / crate / "Cargo.toml").write_text("[dependencies]\n")
        write(tmp_path, crate, {"lib.rs": ""})
    return module


def write(root: Path, crate: str, files: dict[str, str]) -> None:
    """Write files of a crate."""
    for name, text in files.items():
        path = root / "rust" / crate / "src" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


ITEM = "pub(crate) struct Item;\n"
CIRCLES = {
    "two files": (
        {
            "lib.rs": "mod one;\nmod two;\n",
            "one.rs": "use crate::two::Two;\npub struct One(Two);",
            "two.rs": "use super::one::{self, One};\npub struct Two(Box<one::One>);",
        },
        {"one", "two"},
    ),
    "three files, by a path that is written out": (
        {
            "lib.rs": "mod one; mod two; mod three;",
            "one.rs": "fn f() { crate::two::f() }",
            "two.rs": "use crate::three;\nfn f() { three::f() }",
            "three.rs": "use crate::{\n    one::{f as g},\n};",
        },
        {"one", "two", "three"},
    ),
    "two folders, though no two files": (
        {
            "lib.rs": "mod a; mod b;",
            "a/mod.rs": "mod x; mod y;",
            "a/x.rs": "use crate::b::x::X;",
            "a/y.rs": "pub struct Y;",
            "b/mod.rs": "pub mod x; mod y;",
            "b/x.rs": "pub struct X;",
            "b/y.rs": "use crate::a::y::Y;",
        },
        {"a", "b"},
    ),
    "through what a folder re-exports": (
        {
            "lib.rs": "mod a;",
            "a/mod.rs": "//! Declares.\nmod one;\nmod two;\npub(crate) use self::one::One;\npub use two::*;",
            "a/one.rs": "use super::Two;\npub struct One(Two);",
            "a/two.rs": "use crate::a::One;\npub struct Two(One);",
        },
        {"one", "two"},
    ),
    "a folder's file with items of its own": (
        {
            "lib.rs": "mod a;",
            "a/mod.rs": "mod one;\nuse one::One;\n" + ITEM,
            "a/one.rs": "use super::Item;\npub struct One;",
        },
        {"mod", "one"},
    ),
    "a module within a file": (
        {
            "lib.rs": "mod one; mod two;",
            "one.rs": "use crate::two::T;" + ITEM,
            "two.rs": "mod x { use super::super::one::Item; }",
        },
        {"one", "two"},
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_is_seen(layers: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    files, members = CIRCLES[name]
    write(tmp_path, "low", files)
    ((group, circle),) = layers.Crate("low").circles()
    assert group == members
    assert [edge.target for edge in circle] == [edge.source for edge in [*circle[1:], circle[0]]] or "folders" in name
    assert layers.main(["low", "high"]) == 1
    assert f"rust/low: {', '.join(sorted(members))} import each other" in capsys.readouterr().out


FINE = {
    "what a folder re-exports is of the file that defines it": {
        "lib.rs": "mod a;\nmod b;",
        "a/mod.rs": "mod one;\nmod two;\npub use self::{one::One, two::Two};",
        "a/one.rs": "use super::Two;\npub struct One(Two);",
        "a/two.rs": "pub struct Two;",
        "b.rs": "use crate::a::One;",
    },
    "tests": {
        "lib.rs": "mod one; mod two;",
        "one.rs": "use crate::two::T;\n" + ITEM,
        "two.rs": "pub struct T;\n#[cfg(test)]\nmod tests {\n    use crate::one::Item;\n    fn f() { if true { } }\n}",
    },
    "comments and strings": {
        "lib.rs": "mod one; mod two;",
        "one.rs": "use crate::two::T;\n" + ITEM,
        "two.rs": '// use crate::one::Item;\n/* crate::one::Item */ const T: &str = "{ crate::one::Item";',
    },
    "lifetimes and quotes": {
        "lib.rs": "mod one; mod two;",
        "one.rs": "use crate::two::T;\n" + ITEM,
        "two.rs": """struct T<'a>(&'a T); const Q: char = '"'; // crate::one\nconst P: &str = r#"crate::one"#;""",
    },
    "a file and what is within it": {"lib.rs": "mod one;", "one.rs": ITEM + "mod x { use super::Item; }"},
}


@pytest.mark.parametrize("name", FINE)
def test_where_there_is_no_circle_none_is_seen(layers: Any, tmp_path: Path, name: str) -> None:
    write(tmp_path, "low", FINE[name])
    assert list(layers.Crate("low").edges()) or len(FINE[name]) < 3
    assert layers.main(["low", "high"]) == 0


def test_a_crate_that_imports_one_above_it(layers: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "high", {"lib.rs": "use instar_low::Item;"})
    assert layers.main(["low", "high"]) == 0
    write(tmp_path, "low", {"lib.rs": "//! Low.\nuse instar_high::Item;"})
    (tmp_path / "rust" / "low" / "Cargo.toml").write_text('[dependencies]\ninstar-high = { path = "../high" }\n')
    assert layers.main(["low", "high"]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "rust/low/src/lib.rs:2: rust/low may not import rust/high",
        "rust/low/Cargo.toml: may not depend on rust/high",
    ]


def test_every_crate_is_in_the_table() -> None:
    assert check().CRATES.keys() >= {path.parent.name for path in (ROOT / "rust").glob("*/Cargo.toml")}
