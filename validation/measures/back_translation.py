"""Back-translation: whether a translation that was translated back is like its original.

It is measured on request (`curate translate --back-translate`), and read here.
"""

from __future__ import annotations

from collections.abc import Mapping

from curation.decision import DecisionKind
from curation.translate.back_translated import BACK, BackTranslation
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.measures.rule import Rule
from validation.measures.translation import translated_pairs
from validation.settings import Severity

CHRF = MeasureColumn(
    "back_chrf", "chrF of the translation translated back, against its original, 0 to 100", plotted=True
)
CHRF_WORDS = MeasureColumn("back_chrf_words", "the same by words too (chrF++)")
BACK_BY = MeasureColumn("back_translated_by", "who translated back", Holds.WORD)
LEAST = MeasureColumn("back_least_chrf", "chrF of the sentence that is least like its original")
LEAST_PLACES = MeasureColumn("back_least_places", "where its translation stands", Holds.SPANS, kind="least_like")


def row_of(found: BackTranslation) -> Columns:
    """The columns of a translation that was translated back."""
    return {
        CHRF: found.chrf,
        CHRF_WORDS: found.chrf_words,
        BACK_BY: found.by,
        LEAST: found.least,
        LEAST_PLACES: [list(found.least_span)] if found.least_span else [],
    }


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each translation that was translated back."""
    ids = [id for id, _ in translated_pairs(whole)]
    stored = whole.store.measures(ids, stage=BACK)
    return {id: row_of(BackTranslation.model_validate(found[BACK])) for id, found in stored if BACK in found}


def none_back(whole: Whole) -> str:
    """That no translation was translated back, "" when one was."""
    found = next(whole.store.measures((id for id, _ in translated_pairs(whole)), stage=BACK), None)
    asked = "`curate translate --to LANGUAGE --back-translate` does it"
    return "" if found else f"nothing was asked: no translation was translated back; {asked}"


BACK_TRANSLATION = MeasureSpec(
    name="back_translation",
    version=1,
    of=DecisionKind.TEXT,
    columns=(CHRF, CHRF_WORDS, BACK_BY, LEAST, LEAST_PLACES),
    rules=(
        Rule(
            "alike_translated_back",
            CHRF,
            "A translation that is translated back is like its original.",
            parameters=lambda settings, scheme: {"min_value": settings.translation.back},
            severity=Severity.SOFT,
            beside=(CHRF_WORDS, BACK_BY, LEAST, LEAST_PLACES),
        ),
    ),
    lacks=none_back,
    over=measure,
)
