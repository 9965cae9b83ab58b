"""Plausibility: whether the patient's age can be, and whether several mentions of it agree."""

from __future__ import annotations

from collections.abc import Sequence

from curation.record import Assertion, Layer
from validation.measures.ages import parse_age
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: The category that holds the patient's age; a scheme without it has nothing to measure here.
AGE = "age"
#: An age that is somebody else's, or the patient's at another time, is not compared.
OTHER_AGE = frozenset({Assertion.FAMILY, Assertion.NEGATED, Assertion.HISTORICAL})


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The ages in years that each layer gives for the patient."""
    return [_row(subject.layer) for subject in subjects if subject.layer]


def _row(layer: Layer) -> Columns:
    wordings = [
        entity.text for entity in layer.entities if entity.category == AGE and entity.assertion not in OTHER_AGE
    ]
    read = [parse_age(wording) for wording in wordings]
    ages = [age for age in read if age is not None]
    return {
        "age_lowest": min(ages, default=None),
        "age_highest": max(ages, default=None),
        "age_spread": max(ages) - min(ages) if ages else None,
        "ages_unread": len(read) - len(ages),
    }


PLAUSIBILITY = MeasureSpec(
    name="plausibility",
    version=1,
    measure=measure,
    needs_layer=True,
    columns={
        "age_lowest": "lowest age given for the patient, in years",
        "age_highest": "highest age given for the patient, in years",
        "age_spread": "years between the two",
        "ages_unread": "entities of the category age that no age can be read from",
    },
)
