"""Adequacy: whether a language model finds that a translation says what its original says.

It is asked on request (`curate translate --judge`), segment by segment, and read here.
"""

from __future__ import annotations

from collections.abc import Mapping

from curation.decision import DecisionKind
from curation.translate.adequacy import ADEQUACY, JudgedTranslation
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.measures.rule import Rule
from validation.measures.translation import translated_pairs
from validation.settings import Severity

WRONG = MeasureColumn("judged_wrong", "segments of the translation that do not say what the original says, by a judge")
WRONG_PLACES = MeasureColumn("judged_wrong_places", "where they stand", Holds.SPANS, kind="judged_wrong")
FAULTS = MeasureColumn("judged_faults", "what is wrong with them", Holds.WORDS)
UNCLEAR = MeasureColumn("judged_unclear", "segments of which the judge is not sure")
NOT_JUDGED = MeasureColumn("not_judged", "segments without a verdict that could be read")
JUDGED_BY = MeasureColumn("translation_judged_by", "who judges the translation", Holds.WORD)
JUDGES_ITSELF = MeasureColumn("judges_itself", "whether the judge is the translator (1)")


def row_of(judged: JudgedTranslation) -> Columns:
    """The columns of a translation that was judged."""
    wrong = judged.wrong
    return {
        WRONG: len(wrong) if judged.verdicts else None,
        WRONG_PLACES: [list(verdict.span) for verdict in wrong],
        FAULTS: [*sorted({verdict.fault.value for verdict in wrong})],
        UNCLEAR: judged.unclear,
        NOT_JUDGED: sum(judged.not_judged.values()),
        JUDGED_BY: judged.by,
        JUDGES_ITSELF: int(judged.judges_itself),
    }


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each translation that was judged."""
    ids = [id for id, _ in translated_pairs(whole)]
    stored = whole.store.measures(ids, stage=ADEQUACY)
    return {id: row_of(JudgedTranslation.model_validate(found[ADEQUACY])) for id, found in stored if ADEQUACY in found}


def none_judged(whole: Whole) -> str:
    """That no translation was judged, "" when one was."""
    found = next(whole.store.measures((id for id, _ in translated_pairs(whole)), stage=ADEQUACY), None)
    asked = "`curate translate --to LANGUAGE --judge --with llm:NAME` does it"
    return "" if found else f"nothing was asked: no translation was judged; {asked}"


TRANSLATION_ADEQUACY = MeasureSpec(
    name="adequacy",
    version=1,
    of=DecisionKind.TEXT,
    columns=(WRONG, WRONG_PLACES, FAULTS, UNCLEAR, NOT_JUDGED, JUDGED_BY, JUDGES_ITSELF),
    rules=(
        Rule(
            "judged_adequate",
            WRONG,
            "A judge finds no sentence of the translation that says something else than its original.",
            severity=Severity.SOFT,
            beside=(WRONG_PLACES, FAULTS, UNCLEAR, NOT_JUDGED, JUDGED_BY, JUDGES_ITSELF),
        ),
    ),
    lacks=none_judged,
    over=measure,
)
