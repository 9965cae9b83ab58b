"""Duplicates: records that say the same, over the whole set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from curation.duplicates import Match, find_duplicates
from validation.measures.measure import Columns, Level, MeasureSpec


def measure_set(texts: Iterable[tuple[str, str]], *, threshold: float, prefer: Mapping[str, int]) -> dict[str, Columns]:
    """The columns of each record that is a duplicate of a kept one; of the others nothing is said.

    texts: (record id, text) pairs, read once. prefer: which record of a cluster is kept, before the longest.
    """
    matches = find_duplicates(texts, threshold=threshold).matches(prefer)
    return {record_id: _row(match) for record_id, match in matches.items()}


def _row(match: Match) -> Columns:
    column = "duplicate_of" if match.exact else "near_duplicate_of"
    return {**DUPLICATES.nothing, column: match.keeper, "duplicate_similarity": match.similarity}


DUPLICATES = MeasureSpec(
    name="duplicates",
    version=1,
    level=Level.SET,
    columns={
        "duplicate_of": "kept record that has the same text, but for case and white space",
        "near_duplicate_of": "kept record that has nearly the same text",
        "duplicate_similarity": "share of three-word runs in common (estimated Jaccard)",
    },
)
