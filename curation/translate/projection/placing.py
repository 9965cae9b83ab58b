"""Where the spans of a text stand in its translation, by all that is known: markers, mentions, words and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from curation.translate.projection.assignment import Assignment
from curation.translate.projection.links import Side
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.projected import (
    STRAY,
    Fragments,
    Placement,
    ProjectedSpan,
    ProjectionMethod,
    ProjectionState,
    placement,
)

#: For spans by their numbers, the places that a method found.
Found = Mapping[int, Fragments]


def placed(
    source: Side,
    target: Side,
    spans: Sequence[Fragments],
    found: Mapping[ProjectionMethod, Found],
    *,
    starts: Mapping[int, int] = MappingProxyType({}),
    meanings: WordMeanings | None = None,
) -> list[Placement]:
    """For each span of the source its place in the target.

    found: what other methods found; starts: where spans begin of which nothing else is known. The assignment looks for
    all spans, and once more for those that no other method found, with the places of the others as known.
    """
    whole = Assignment(source, target, spans, meanings=meanings)
    others = [_scored(whole, fragments, number, found) for number, fragments in enumerate(spans)]
    known = [
        (fragments, best.fragments)
        for fragments, places in zip(spans, others, strict=True)
        if places and (best := next(iter(places.values()))).score >= STRAY
    ]
    rest = whole
    if known and len(known) < len(spans):
        rest = Assignment(source, target, spans, known=known, meanings=meanings)
    placements = []
    for number, (fragments, places) in enumerate(zip(spans, others, strict=True)):
        begun = rest.place_from(fragments, starts[number]) if number in starts and not places else None
        own = begun or (whole if places else rest).place(fragments)
        assigned = {ProjectionMethod.ASSIGNMENT: own} if own else {}
        placements.append(placement(places | assigned, target.text, target.language))
    if any(chosen.state is ProjectionState.DISAGREEING for chosen in placements):
        return [_doubted(whole, fragments, chosen) for fragments, chosen in zip(spans, placements, strict=True)]
    return placements


def _doubted(assignment: Assignment, fragments: Fragments, chosen: Placement) -> Placement:
    """A place in a text in which methods contradict each other elsewhere, as where markers were exchanged: what the
    assignment says without a word that it knows, only by where things stand, confirms nothing there."""
    agrees = ProjectionMethod.ASSIGNMENT in chosen.agreeing
    if chosen.place is None or not agrees or assignment.is_evident(fragments, chosen.place.fragments):
        return chosen
    rest = tuple(method for method in chosen.agreeing if method is not ProjectionMethod.ASSIGNMENT)
    return replace(chosen, agreeing=rest, state=ProjectionState.AGREED if rest else ProjectionState.SINGLE)


def _scored(
    assignment: Assignment, fragments: Fragments, number: int, found: Mapping[ProjectionMethod, Found]
) -> dict[ProjectionMethod, ProjectedSpan]:
    """The places that other methods found for a span, the method that knows most first."""
    places = {method: found[method][number] for method in ProjectionMethod if number in found.get(method, {})}
    return {method: ProjectedSpan(place, assignment.score(fragments, place)) for method, place in places.items()}
