from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.deidentify.edits import Edit, Edits
from curation.deidentify.identifiers.identifier import IdentifierKind

TEXT = st.text(alphabet="ab 👩\r\nß́", min_size=1, max_size=40)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, Edits, list[tuple[int, int]]]:
    """A text, edits of it, and stretches in order and apart."""
    text = draw(TEXT)
    spans = [draw(apart(len(text))) for _ in range(2)]
    edits = Edits([Edit(*span, draw(st.text("XYZ", min_size=1, max_size=6)), IdentifierKind.NAME) for span in spans[0]])
    return text, edits, spans[1]


def apart(length: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    cuts = st.lists(st.integers(0, length), unique=True, max_size=8).map(sorted)
    return cuts.map(lambda at: list(zip(at[::2], at[1::2], strict=False)))


@given(edited())
def test_what_is_not_touched_stays_as_it_is(case):
    text, edits, spans = case
    new = edits.apply(text)
    for start, end in spans:
        if not edits.touch((start, end)):
            assert new[slice(*edits.span((start, end)))] == text[start:end]
    assert len(new) == len(text) + sum(len(edit.text) - edit.end + edit.start for edit in edits.edits)


@given(edited())
def test_an_edit_stands_where_it_says(case):
    text, edits, _ = case
    new = edits.apply(text)
    assert [new[start:end] for start, end in (edits.span((edit.start, edit.end)) for edit in edits.edits)] == [
        edit.text for edit in edits.edits
    ]


@given(edited())
def test_stretches_stay_in_order_apart_and_hold_whole_edits(case):
    text, edits, spans = case
    found, new = edits.spans(spans), edits.apply(text)
    assert all(0 <= start < end <= len(new) for start, end in found)
    assert all(left[1] <= right[0] for left, right in pairwise(found))
    for (start, end), edit in ((edits.span((edit.start, edit.end)), edit) for edit in edits.edits):
        if any(one[0] < edit.end and edit.start < one[1] for one in spans):
            assert any(one[0] <= start and end <= one[1] for one in found)


def test_edits_that_overlap_are_refused():
    with pytest.raises(ValueError, match="apart"):
        Edits([Edit(0, 3, "x", IdentifierKind.NAME), Edit(2, 4, "y", IdentifierKind.NAME)])
