"""Privacy: whether a text tells who somebody is, in kinds and places, never in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from curation.deidentify.identifiers.analyzer import identifiers_of
from curation.deidentify.identifiers.identifier import Identifier
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: Places that are listed of one text; all are counted.
MOST_PLACES = 500


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The identifiers in each text, of the kinds that the settings count."""
    kinds = frozenset(scope.settings.privacy.kinds)
    return [_row(identifiers_of(subject.record, kinds)) for subject in subjects]


def _row(found: Sequence[Identifier]) -> Columns:
    kinds = Counter(str(one.kind) for one in found)
    return {
        "identifiers": len(found),
        "identifier_kinds": [f"{kind}: {count}" for kind, count in sorted(kinds.items())],
        "identifier_places": [one.place for one in found[:MOST_PLACES]],
    }


PRIVACY = MeasureSpec(
    name="privacy",
    version=4,
    measure=measure,
    lists=frozenset({"identifier_kinds", "identifier_places"}),
    columns={
        "identifiers": "stretches of the text that would tell who somebody is",
        "identifier_kinds": "how many of each kind",
        "identifier_places": "where they stand, as start-end:KIND",
    },
)
