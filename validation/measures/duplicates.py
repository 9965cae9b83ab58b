"""Duplicates: records that say the same, over the whole set."""

from __future__ import annotations

from curation.sets.duplicates import Match
from validation.measures.measure import Columns, MeasureSpec, Whole


def measure(whole: Whole) -> dict[str, Columns]:
    """The columns of each record that is a duplicate of a kept one; of the others nothing is said.

    Of a cluster the record that a person accepted is kept, else the longest.
    """
    return {record_id: _row(match) for record_id, match in whole.duplicates.items()}


def _row(match: Match) -> Columns:
    column = "duplicate_of" if match.exact else "near_duplicate_of"
    return {**DUPLICATES.nothing, column: match.keeper, "duplicate_similarity": match.similarity}


DUPLICATES = MeasureSpec(
    name="duplicates",
    version=1,
    over=measure,
    words=frozenset({"duplicate_of", "near_duplicate_of"}),
    columns={
        "duplicate_of": "kept record that has the same text, but for case and white space",
        "near_duplicate_of": "kept record that has nearly the same text",
        "duplicate_similarity": "share of three-word runs in common (estimated Jaccard)",
    },
)
