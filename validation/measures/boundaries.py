"""Category boundaries: entities that break what the scheme says about where one category ends and another begins."""

from __future__ import annotations

from collections.abc import Sequence

from validation.boundaries import Boundaries, breaches, load_boundaries
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.settings import BoundarySettings


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The breaches of each layer, with the entities and the rules that they break."""
    rules = chosen_boundaries(scope.settings.boundaries)
    return [_row(subject, scope, rules) for subject in subjects]


def chosen_boundaries(settings: BoundarySettings) -> Boundaries:
    """The rules that the settings ask for; ConfigError where there are none such."""
    return load_boundaries(settings.file).chosen(settings.rules)


def _row(subject: Subject, scope: Scope, rules: Boundaries) -> Columns:
    if subject.layer is None:
        return BOUNDARIES.nothing
    found = breaches(subject.record, subject.layer, scope.scheme, rules)
    return {
        "boundary_breaches": len(found),
        "boundary_breach_entities": list(dict.fromkeys(one.entity_id for one in found)),
        "boundaries_broken": [f"{one.entity_id}: {one.rule}" for one in found],
    }


BOUNDARIES = MeasureSpec(
    name="boundaries",
    version=1,
    measure=measure,
    needs_layer=True,
    lists=frozenset({"boundary_breach_entities", "boundaries_broken"}),
    columns={
        "boundary_breaches": "how often entities break the boundary rules of their categories",
        "boundary_breach_entities": "their ids",
        "boundaries_broken": "which of them breaks which rule",
    },
)
