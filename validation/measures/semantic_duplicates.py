"""Semantic duplicates: records that describe the same case in other words, over the whole set."""

from __future__ import annotations

from collections.abc import Mapping

from curation.decision import DecisionKind
from curation.embeddings.vector_store import VectorStore
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole, embeddings_off
from validation.measures.rule import NULL, Rule, no_parameters
from validation.measures.semantic.duplicates import find_repeats
from validation.settings import Severity

SEMANTIC_DUPLICATE_OF = MeasureColumn(
    "semantic_duplicate_of", "kept record that tells the same case in other words", Holds.RECORD_ID
)
SEMANTIC_SIMILARITY = MeasureColumn(
    "semantic_similarity", "mean cosine of its sentences with the nearest ones of the kept record", plotted=True
)


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each record that repeats a kept one.

    What is a duplicate or near-duplicate already is left out. Of a cluster the record that a person accepted is
    kept, else the longest.
    """
    scope, settings = whole.scope, whole.scope.settings
    found = find_repeats(
        (record for record in whole.records() if record.id not in whole.duplicates),
        whole.store.records,
        scope.encoder,
        minimum=settings.duplicates.semantic,
        store=VectorStore(scope.vectors) if scope.vectors else None,
    )
    return {
        record_id: {SEMANTIC_DUPLICATE_OF: match.keeper, SEMANTIC_SIMILARITY: match.similarity}
        for record_id, match in found.matches(whole.prefer).items()
    }


SEMANTIC_DUPLICATES = MeasureSpec(
    name="semantic_duplicates",
    version=2,
    of=DecisionKind.TEXT,
    columns=(SEMANTIC_DUPLICATE_OF, SEMANTIC_SIMILARITY),
    rules=(
        Rule(
            "no_semantic_duplicate",
            SEMANTIC_DUPLICATE_OF,
            "No other record, kept in its place, tells the same case in other words.",
            expects=NULL,
            parameters=no_parameters,
            severity=Severity.OFF,
            beside=(SEMANTIC_SIMILARITY,),
        ),
    ),
    settings=("duplicates.semantic", "similarity.enabled", "similarity.encoder"),
    lacks=embeddings_off,
    over=measure,
)
