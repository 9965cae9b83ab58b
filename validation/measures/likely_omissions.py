"""Likely omissions: stretches like those that other records have in entities, and that no entity of this one meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from curation.decision import DecisionKind
from curation.error_detection.omission_model import Mention, Mentions
from curation.errors import MissingExtraError
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.measures.rule import Rule
from validation.settings import Severity

if TYPE_CHECKING:
    from pydantic import JsonValue


LIKELY_OMISSIONS = MeasureColumn(
    "likely_omissions", "stretches that other records would have in an entity and no entity meets"
)
LIKELY_OMITTED_SHARE = MeasureColumn("likely_omitted_share", "their share of all such stretches")
LIKELY_OMISSION_PLACES = MeasureColumn(
    "likely_omission_places", "where they stand", Holds.SPANS, kind="likely_omission"
)


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The likely omissions of each record with a layer."""
    settings = whole.scope.settings
    try:
        mentions = Mentions((subject.record, subject.layer) for subject in whole.subjects() if subject.layer)
    except ImportError as error:
        raise MissingExtraError(error.name or "scikit-learn", "validate") from error
    return {
        subject.record.id: _row(mentions(subject.record, subject.layer), settings.omission.likely)
        for subject in whole.subjects()
        if subject.layer
    }


def _row(found: Sequence[Mention], likely: float) -> Columns:
    sure = [mention for mention in found if mention.chance >= likely]
    open_ = [mention for mention in sure if not mention.met]
    spans: list[JsonValue] = [[mention.start, mention.end] for mention in open_]
    return {
        LIKELY_OMISSIONS: len(open_),
        LIKELY_OMITTED_SHARE: round(len(open_) / len(sure), 4) if sure else None,
        LIKELY_OMISSION_PLACES: spans,
    }


MENTIONS = MeasureSpec(
    name="mentions",
    version=1,
    of=DecisionKind.LAYER,
    columns=(LIKELY_OMISSIONS, LIKELY_OMITTED_SHARE, LIKELY_OMISSION_PLACES),
    rules=(
        Rule(
            "likely_facts_covered",
            LIKELY_OMITTED_SHARE,
            "What other records would have in an entity is in one.",
            parameters=lambda settings, scheme: {"max_value": settings.omission.share},
            severity=Severity.OFF,
            beside=(LIKELY_OMISSION_PLACES,),
        ),
    ),
    settings=("omission.likely",),
    over=measure,
)
