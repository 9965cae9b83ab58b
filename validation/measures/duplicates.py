"""Duplicates: records with the same text, or nearly the same, over the whole set."""

from __future__ import annotations

from curation.decision import DecisionKind
from curation.sets.duplicates import Match
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.measures.rule import NULL, Rule, no_parameters

DUPLICATE_OF = MeasureColumn(
    "duplicate_of", "kept record that has the same text, but for case and white space", Holds.RECORD_ID
)
NEAR_DUPLICATE_OF = MeasureColumn("near_duplicate_of", "kept record that has nearly the same text", Holds.RECORD_ID)
DUPLICATE_SIMILARITY = MeasureColumn(
    "duplicate_similarity", "share of three-word runs in common (estimated Jaccard)", plotted=True
)


def measure(whole: Whole) -> dict[str, Columns]:
    """The columns of each record that is a duplicate of a kept one; none for the others.

    Of a cluster the record that a person accepted is kept, else the longest.
    """
    return {record_id: _row(match) for record_id, match in whole.duplicates.items()}


def _row(match: Match) -> Columns:
    column = "duplicate_of" if match.exact else "near_duplicate_of"
    return {**DUPLICATES.nothing, column: match.keeper, DUPLICATE_SIMILARITY: match.similarity}


DUPLICATES = MeasureSpec(
    name="duplicates",
    version=1,
    of=DecisionKind.TEXT,
    columns=(DUPLICATE_OF, NEAR_DUPLICATE_OF, DUPLICATE_SIMILARITY),
    rules=(
        Rule(
            "no_duplicate",
            DUPLICATE_OF,
            "No other record, kept in its place, has the same text.",
            expects=NULL,
            parameters=no_parameters,
            beside=(DUPLICATE_SIMILARITY,),
        ),
        Rule(
            "no_near_duplicate",
            NEAR_DUPLICATE_OF,
            "No other record, kept in its place, has nearly the same text.",
            expects=NULL,
            parameters=no_parameters,
            beside=(DUPLICATE_SIMILARITY,),
        ),
    ),
    settings=("duplicates.threshold",),
    over=measure,
)
