"""Category boundaries: entities that break the scheme's rules about where one category ends and another begins."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from curation.decision import DecisionKind
from curation.errors import ConfigError, no_such
from validation.boundaries import Boundaries, breaches, load_boundaries
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

BOUNDARY_BREACHES = MeasureColumn(
    "boundary_breaches", "how often entities break the boundary rules of their categories"
)
BOUNDARY_BREACH_ENTITIES = MeasureColumn("boundary_breach_entities", "their ids", Holds.ENTITY_IDS)
BOUNDARIES_BROKEN = MeasureColumn("boundaries_broken", "which of them breaks which rule", Holds.WORDS)


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The breaches of each layer, with the entities and the rules that they break."""
    rules = chosen_boundaries(scope)
    if not any(set(rule.category) & scope.scheme.by_name.keys() for rule in rules.rules):
        return [BOUNDARIES.nothing for _ in subjects]
    return [_row(subject, scope, rules) for subject in subjects]


def chosen_boundaries(scope: Scope) -> Boundaries:
    """The rules that the settings name.

    ConfigError where there are none such, or a file of one's own names a category that the scheme does not have.
    """
    settings, scheme = scope.settings.boundaries, scope.scheme
    rules = load_boundaries(settings.file).chosen(settings.rules)
    for rule in rules.rules if settings.file else ():
        for category in rule.categories:
            if category not in scheme.by_name:
                raise ConfigError(f"{settings.file}: {rule.name}: {no_such('a category', category, scheme.names)}")
    return rules


def boundary_digest(scope: Scope) -> JsonValue:
    """A digest of the rules that apply."""
    return chosen_boundaries(scope).digest


def _row(subject: Subject, scope: Scope, rules: Boundaries) -> Columns:
    if subject.layer is None:
        return BOUNDARIES.nothing
    found = breaches(subject.record, subject.layer, scope.scheme, rules)
    return {
        BOUNDARY_BREACHES: len(found),
        BOUNDARY_BREACH_ENTITIES: list(dict.fromkeys(breach.entity_id for breach in found)),
        BOUNDARIES_BROKEN: [f"{breach.entity_id}: {breach.rule}" for breach in found],
    }


BOUNDARIES = MeasureSpec(
    name="boundaries",
    version=2,
    of=DecisionKind.LAYER,
    columns=(BOUNDARY_BREACHES, BOUNDARY_BREACH_ENTITIES, BOUNDARIES_BROKEN),
    rules=(
        Rule(
            "boundaries_kept",
            BOUNDARY_BREACHES,
            "No entity breaks a boundary rule of its category.",
            severity=Severity.SOFT,
            beside=(BOUNDARY_BREACH_ENTITIES, BOUNDARIES_BROKEN),
        ),
    ),
    settings=("boundaries.file", "boundaries.rules"),
    depends=boundary_digest,
    measure=measure,
)
