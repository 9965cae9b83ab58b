"""Semantic duplicates: records that tell the same case in other words, over the whole set."""

from __future__ import annotations

from collections.abc import Mapping

from curation.embeddings.vector_store import VectorStore
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.measures.semantic.duplicates import find_repeats
from validation.settings import Severity

#: The rule that reads this; the measure encodes every sentence and is not taken for nobody.
RULE = "no_semantic_duplicate"


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each record that repeats a kept one; nothing without embeddings, or where the rule is off.

    What is a duplicate or near-duplicate already is left out. Of a cluster the record that a person accepted is
    kept, else the longest.
    """
    scope, settings = whole.scope, whole.scope.settings
    if not settings.similarity.enabled or settings.severity.get(RULE, Severity.OFF) is Severity.OFF:
        return {}
    found = find_repeats(
        (record for record in whole.records() if record.id not in whole.duplicates),
        whole.store.records,
        scope.encoder,
        minimum=settings.duplicates.semantic,
        kept=VectorStore(scope.vectors) if scope.vectors else None,
    )
    return {
        record_id: {"semantic_duplicate_of": match.keeper, "semantic_similarity": match.similarity}
        for record_id, match in found.matches(whole.prefer).items()
    }


SEMANTIC_DUPLICATES = MeasureSpec(
    name="semantic_duplicates",
    version=2,
    over=measure,
    words=frozenset({"semantic_duplicate_of"}),
    columns={
        "semantic_duplicate_of": "kept record that tells the same case in other words",
        "semantic_similarity": "mean cosine of its sentences with the nearest ones of the kept record",
    },
)
