"""Types as people write them: what each of their texts shows at every byte, and that it ends as Pydantic ends."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import instar
from instar import Parser
from models import CALLS, CASES, Case
from models.aliases import WEIGHT
from oracle import Object, Reader, deep, is_class
from support.monotone import grows_and_stays, snapshots
from support.runs import follow, is_told, lines_of, pydantic_error, refusal, same, singly

if TYPE_CHECKING:
    from collections.abc import Callable


def each(texts: Callable[[Case], tuple[str, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test by a case and one of its texts."""
    pairs = [(case, text) for case in CASES for text in texts(case)]
    ids = [f"{case.name}-{text}".encode("ascii", "replace").decode()[:60] for case, text in pairs]
    return pytest.mark.parametrize(("case", "text"), pairs, ids=ids)


def cut(text: bytes) -> list[bytes]:
    """Cut a text at a few places that depend on nothing but the text."""
    dice = random.Random(text)  # noqa: S311 - no secret depends on it
    points = sorted(dice.choices(range(len(text) + 1), k=4))
    return [text[i:j] for i, j in zip([0, *points], [*points, len(text)], strict=True)]


def is_model(tp: Any) -> bool:
    return is_class(tp) and issubclass(tp, BaseModel)


def is_record(tp: Any) -> bool:
    return is_model(tp) or (is_class(tp) and dataclasses.is_dataclass(tp))


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 70
    assert len({case.name for case in CASES}) >= 70


# ---------------------------------------------------------------------------------------------------------
# The end


@each(lambda case: case.valid)
def test_a_text_that_fits_ends_as_pydantic_ends(case: Case, text: str) -> None:
    raw = text.encode()
    expected = TypeAdapter(case.tp).validate_json(raw)
    run = follow(case.tp, singly(raw))
    assert run.failure is None
    assert run.final == deep(expected)
    assert deep(run.parser.snapshot, ordered=False) == deep(expected, ordered=False)
    same(run, follow(case.tp, cut(raw)))
    same(run, follow(case.tp, [raw]))


@each(lambda case: case.wrong)
def test_a_text_that_does_not_fit_is_refused_as_pydantic_refuses_it(case: Case, text: str) -> None:
    raw = text.encode()
    expected = pydantic_error(case.tp, raw)
    assert expected
    run = follow(case.tp, singly(raw))
    assert run.failure
    assert run.failure.kind == "ValidationError"
    assert run.failure.message == expected.title
    if run.parser.offset == len(raw):
        assert run.failure.lines == lines_of(expected)
    for line in run.failure.lines:
        assert is_told(line, lines_of(expected)), line
    same(run, follow(case.tp, cut(raw)))
    same(run, follow(case.tp, [raw]))


# ---------------------------------------------------------------------------------------------------------
# The end, put off


@each(lambda case: case.valid)
def test_a_text_that_fits_has_no_violations(case: Case, text: str) -> None:
    run = follow(case.tp, cut(text.encode()), on_violation="defer")
    assert run.final == deep(TypeAdapter(case.tp).validate_json(text))
    assert run.parser.violations == ()


@each(lambda case: case.wrong)
def test_deferred_violations_are_pydantics_and_the_end_is_too(case: Case, text: str) -> None:
    raw = text.encode()
    expected = pydantic_error(case.tp, raw)
    assert expected
    parser, whole = (Parser(case.tp, on_violation="defer") for _ in range(2))
    for delta in singly(raw):
        parser.feed(delta)
        assert parser.snapshot is parser.snapshot
    whole.feed(raw)
    assert parser.violations == whole.violations
    with pytest.raises(ValidationError) as caught:
        parser.finish()
    assert lines_of(caught.value) == lines_of(expected)
    for violation in parser.violations:
        assert 0 <= violation.offset <= len(raw)
        assert is_told(violation, lines_of(expected)), violation


@each(lambda case: case.wrong)
def test_the_first_violation_is_the_one_that_would_have_been_raised(case: Case, text: str) -> None:
    raising, deferring = Parser(case.tp), Parser(case.tp, on_violation="defer")
    error = refusal(raising, text)
    deferring.feed(text)
    if error:
        assert isinstance(error, ValidationError)
        assert deferring.violations[0].offset == raising.offset
        assert deferring.violations[0][:2] in [line[:2] for line in lines_of(error)]
    else:
        assert deferring.violations == ()


# ---------------------------------------------------------------------------------------------------------
# On the way


@each(lambda case: case.valid + case.wrong)
def test_what_shows_grows_and_stays(case: Case, text: str) -> None:
    grows_and_stays(case.tp, text.encode(), remade=bool(case.remade))


@pytest.mark.parametrize("case", [case for case in CASES if case.remade], ids=lambda case: case.name)
def test_what_is_said_to_be_remade_is(case: Case) -> None:
    with pytest.raises(AssertionError, match="became"):
        for text in case.valid + case.wrong:
            grows_and_stays(case.tp, text.encode(), remade=False)


@each(lambda case: tuple(text for text in case.valid if is_record(case.tp)))
def test_a_snapshot_is_of_the_type_from_the_first_byte_on(case: Case, text: str) -> None:
    for _, shown in snapshots(case.tp, text.encode()[:-1]):
        assert type(shown) is case.tp


@each(lambda case: tuple(text for text in case.valid if is_model(case.tp)))
def test_fields_set_are_those_that_arrived(case: Case, text: str) -> None:
    final = case.tp.model_validate_json(text)
    names = field_names(case.tp)
    for n, (_, shown) in enumerate(snapshots(case.tp, text.encode())):
        assert shown.model_fields_set <= final.model_fields_set
        root = Reader(text.encode()[:n]).value()
        # What may still come by a name of more weight does not show.
        if isinstance(root, Object) and not case.remade and WEIGHT not in case.late.values():
            arrived = {names[key] for key, node in root.members if node.closed and key in names}
            assert arrived <= shown.model_fields_set


def field_names(tp: type[BaseModel]) -> dict[str, str]:
    """Return the fields of a model by the keys that announce them, without those that are paths or choices."""
    config = tp.model_config
    by_alias = config.get("validate_by_alias", True)
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    names = {}
    for name, info in tp.model_fields.items():
        if info.validation_alias is None or by_name:
            names[name] = name
        if isinstance(info.validation_alias, str) and by_alias:
            names[info.validation_alias] = name
    return names


@each(lambda case: case.valid + case.wrong)
def test_code_of_the_user_runs_once_for_each_value(case: Case, text: str) -> None:
    CALLS.clear()
    pydantic_error(case.tp, text.encode())
    expected = Counter(CALLS)
    CALLS.clear()
    for _ in snapshots(case.tp, text.encode()):
        pass
    too_often = CALLS - expected
    assert not too_often


# ---------------------------------------------------------------------------------------------------------
# What is told of it


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
def test_every_part_is_explained(case: Case) -> None:
    explanation = instar.explain(case.tp)
    rows = list(explanation)
    paths = {row.path for row in rows}
    assert rows[0].path == "$"
    assert len({(row.path, row.type) for row in rows}) == len(rows)
    assert len(str(explanation).splitlines()) == 1 + len(rows)
    for row in rows:
        assert row.type
        assert row.shown
        assert row.decided.keys() <= {"first byte", "prefix", "close", "close of what is around it"}
    if is_model(case.tp) and rows[0].checked.startswith("native") and "root" not in case.tp.model_fields:
        names = field_names(case.tp)
        assert {name for key, name in names.items() if f"$.{key}" in paths} == set(names.values())


def test_rich_gets_a_table_of_it() -> None:
    pytest.importorskip("rich")
    for case in CASES[:10]:
        explanation = instar.explain(case.tp)
        assert explanation.__rich__().row_count == len(explanation.rows)


@each_case
def test_what_shows_before_it_closes_is_explained_to(case: Case) -> None:
    grows = False
    for text in case.valid:
        first, *others = (deep(shown) for _, shown in snapshots(case.tp, text.encode()[:-1]))
        grows |= any(shown != first for shown in others)
    assert not (grows and instar.explain(case.tp)["$"].shown == "when it closes")


@each_case
def test_what_is_refused_at_a_moment_is_explained_to_be(case: Case) -> None:
    decided = {moment for row in instar.explain(case.tp) if row.path == "$" for moment in row.decided}
    for text in case.wrong:
        parser = Parser(case.tp)
        error = refusal(parser, text)
        if error is None:
            assert "close" in decided
        elif parser.offset == 0:
            assert "first byte" in decided
        elif isinstance(error, ValidationError) and any(loc == () for _, loc, *_ in lines_of(error)):
            assert decided & {"prefix", "close"}
