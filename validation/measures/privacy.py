"""Privacy: whether a text tells who somebody is, in kinds and places, never in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from validation.identifiers.analyzer import find_identifiers
from validation.identifiers.identifier import Identifier
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: Places that are listed of one text; all are counted.
MOST_PLACES = 500


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The identifiers in each text, of the kinds that the settings count."""
    kinds = frozenset(scope.settings.privacy.kinds)
    found = (find_identifiers(subject.record.text, language=subject.record.language) for subject in subjects)
    return [_row([one for one in places if one.kind in kinds]) for places in found]


def _row(found: Sequence[Identifier]) -> Columns:
    kinds = Counter(str(one.kind) for one in found)
    return {
        "identifiers": len(found),
        "identifier_kinds": [f"{kind}: {count}" for kind, count in sorted(kinds.items())],
        "identifier_places": [one.place for one in found[:MOST_PLACES]],
    }


PRIVACY = MeasureSpec(
    name="privacy",
    version=1,
    measure=measure,
    lists=frozenset({"identifier_kinds", "identifier_places"}),
    columns={
        "identifiers": "stretches of the text that would tell who somebody is",
        "identifier_kinds": "how many of each kind",
        "identifier_places": "where they stand, as start-end:KIND",
    },
)
