"""Likely omissions: stretches like those that other records have in entities, and that no entity of this one meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from curation.error_detection.omission_model import Mention, Mentions
from curation.errors import MissingExtraError
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.settings import Severity

if TYPE_CHECKING:
    from pydantic import JsonValue

#: The rule that reads this; what it learns costs seconds and is not learnt for nobody.
RULE = "likely_facts_covered"


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The likely omissions of each record with a layer; nothing where the rule is off."""
    settings = whole.scope.settings
    if settings.severity.get(RULE, Severity.OFF) is Severity.OFF:
        return {}
    try:
        mentions = Mentions((one.record, one.layer) for one in whole.subjects() if one.layer)
    except ImportError as error:
        raise MissingExtraError(error.name or "scikit-learn", "validate") from error
    return {
        one.record.id: _row(mentions(one.record, one.layer), settings.omission.likely)
        for one in whole.subjects()
        if one.layer
    }


def _row(found: Sequence[Mention], likely: float) -> Columns:
    sure = [one for one in found if one.chance >= likely]
    open_ = [one for one in sure if not one.met]
    places: list[JsonValue] = [[one.start, one.end] for one in open_]
    return {
        "likely_omissions": len(open_),
        "likely_omitted_share": round(len(open_) / len(sure), 4) if sure else None,
        "likely_omission_places": places,
    }


MENTIONS = MeasureSpec(
    name="mentions",
    version=1,
    over=measure,
    lists=frozenset({"likely_omission_places"}),
    columns={
        "likely_omissions": "stretches that other records would have in an entity and no entity meets",
        "likely_omitted_share": "their share of all such stretches",
        "likely_omission_places": "where they stand",
    },
)
