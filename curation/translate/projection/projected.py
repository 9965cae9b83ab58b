"""A span's place in a translation by several methods: which one counts, and whether another says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from curation.text.folding import Span
from curation.translate.projection.pieces import words_of

#: A place with less of a span than this is set behind one that has more than that.
STRAY, FITTING = 0.15, 0.6

#: The fragments of one span.
Fragments = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ProjectedSpan:
    """Where a span stands in the other text; how well it fits, 0 to 1; whether it begins or ends inside of a word."""

    fragments: Fragments
    score: float
    is_part_of_word: bool = False


class ProjectionMethod(StrEnum):
    """How a place was found; the earlier ones know more."""

    MARKER = "marker"  # the translator kept the markers around the span
    MENTION = "mention"  # the translator was asked for the wording alone, in its context
    ASSIGNMENT = "assignment"  # by words, spelling and place, without a model


class ProjectionState(StrEnum):
    """What is known of a place."""

    AGREED = "agreed"  # two methods say the same
    SINGLE = "single"  # one method found it, the others nothing
    DISAGREEING = "disagreeing"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a span of the source stands in the target, by which method, and what the other methods say."""

    state: ProjectionState
    method: ProjectionMethod | None = None
    place: ProjectedSpan | None = None
    #: The methods that say the same as the one that counts.
    agreeing: tuple[ProjectionMethod, ...] = ()

    def as_json(self) -> dict[str, JsonValue]:
        """As it stands in the provenance of a layer."""
        return {
            "state": self.state.value,
            "method": self.method.value if self.method else None,
            "score": round(self.place.score, 3) if self.place else None,
            "agreeing": [method.value for method in self.agreeing],
            "part_of_word": self.place.is_part_of_word if self.place else False,
        }


def placement(found: Mapping[ProjectionMethod, ProjectedSpan], text: str, language: str) -> Placement:
    """The place that counts: that of the method which knows most, checked by the others.

    Places say the same when they have the same words, whatever function words and signs are beside them. One that has
    next to nothing of the span (a marker that was put elsewhere) comes behind one that has most of it.
    """
    best = max((place.score for place in found.values()), default=0.0)
    methods = sorted(
        found, key=lambda method: (found[method].score < STRAY <= FITTING <= best, list(ProjectionMethod).index(method))
    )
    if not methods:
        return Placement(ProjectionState.LOST)
    first, *others = methods
    said = _content(found[first], text, language)
    agreeing = tuple(method for method in others if _content(found[method], text, language) == said)
    state = ProjectionState.AGREED if agreeing else ProjectionState.DISAGREEING if others else ProjectionState.SINGLE
    return Placement(state, first, found[first], agreeing)


def _content(place: ProjectedSpan, text: str, language: str) -> Fragments:
    """Where the words of a place stand that carry its meaning; all of them where none does."""
    words = [
        ((start + word.start, start + word.end), word.is_function)
        for start, end in place.fragments
        for word in words_of(text[start:end], language)
    ]
    content = [span for span, is_function in words if not is_function] or [span for span, _ in words]
    return tuple(content) or place.fragments
