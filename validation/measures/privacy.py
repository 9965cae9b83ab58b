"""Privacy: whether a text identifies a person: kinds and offsets of identifiers, never words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from curation.decision import DecisionKind
from curation.deidentify.identifiers.analyzer import identifiers_of
from curation.deidentify.identifiers.identifier import Identifier
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import FREE_OF_IDENTIFIERS, Rule
from validation.settings import Severity

#: The rule that the privacy policy is about.
RULE = "free_of_identifiers"
#: Places that are listed of one text; all are counted.
MOST_PLACES = 500


IDENTIFIER_COUNT = MeasureColumn("identifiers", "stretches of the text that would tell who somebody is")
IDENTIFIER_KINDS = MeasureColumn("identifier_kinds", "how many of each kind", Holds.WORDS)
IDENTIFIER_PLACES = MeasureColumn(
    "identifier_places", "where they stand, as start-end:KIND", Holds.SPANS, kind="identifier"
)


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The identifiers in each text, of the kinds that the settings count."""
    privacy = scope.settings.privacy
    kinds = frozenset(privacy.kinds)
    return [_row(identifiers_of(subject.record, kinds, privacy.recognisers)) for subject in subjects]


def _row(found: Sequence[Identifier]) -> Columns:
    kinds = Counter(str(identifier.kind) for identifier in found)
    return {
        IDENTIFIER_COUNT: len(found),
        IDENTIFIER_KINDS: [f"{kind}: {count}" for kind, count in sorted(kinds.items())],
        IDENTIFIER_PLACES: [identifier.offsets for identifier in found[:MOST_PLACES]],
    }


PRIVACY = MeasureSpec(
    name="privacy",
    version=6,
    of=DecisionKind.PRIVACY,
    columns=(IDENTIFIER_COUNT, IDENTIFIER_KINDS, IDENTIFIER_PLACES),
    rules=(
        Rule(
            RULE,
            IDENTIFIER_COUNT,
            "The text holds nothing that would tell who somebody is.",
            expects=FREE_OF_IDENTIFIERS,
            parameters=lambda settings, scheme: {"max_value": settings.privacy.maximum},
            severity=Severity.SOFT,
            beside=(IDENTIFIER_KINDS, IDENTIFIER_PLACES),
            by_setting=lambda settings: settings.privacy_severity,
        ),
    ),
    settings=("privacy.kinds", "privacy.recognisers"),
    measure=measure,
)
