"""Random types of the wider kind (unions, tuples, sets, keys, root models, aliases), held against Pydantic."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from oracle import deep
from support.monotone import grows_and_stays
from support.runs import follow, is_told, lines_of, pydantic_error, same, singly
from support.strategies import WIDE_SHAPES, Case, cases, cuts, spoiled


@given(st.data(), cases(WIDE_SHAPES))
def test_a_document_that_fits_grows_and_ends_as_pydantic_ends(data: st.DataObject, case: Case) -> None:
    expected = TypeAdapter(case.tp).validate_json(case.text)
    run = follow(case.tp, singly(case.text), judged=True)
    assert run.failure is None
    assert run.final == deep(expected)
    assert deep(run.parser.snapshot, ordered=False) == deep(expected, ordered=False)
    same(run, follow(case.tp, data.draw(cuts(case.text)), judged=True))
    same(run, follow(case.tp, [case.text], judged=True))
    grows_and_stays(case.tp, case.text, remade=True)


@given(st.data(), spoiled(WIDE_SHAPES))
def test_a_document_that_does_not_fit_is_refused_as_pydantic_refuses_it(data: st.DataObject, case: Case) -> None:
    expected = pydantic_error(case.tp, case.text)
    run = follow(case.tp, singly(case.text), judged=True)
    event(f"{expected and expected.errors()[0]['type']}")
    same(run, follow(case.tp, data.draw(cuts(case.text)), judged=True))
    if expected is None:
        assert run.failure is None
        return
    assert run.failure
    theirs = lines_of(expected)
    for line in run.failure.lines:
        assert is_told(line, theirs), (line, theirs)
    if run.parser.offset == len(case.text):
        assert run.failure.lines == theirs
