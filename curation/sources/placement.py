"""Annotations put where they belong in a draft's text, before they become entities: by what their offsets count,
and one by one where a single wording is not at its offsets. What is not certain is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from curation.record import Alignment, wording
from curation.sources.draft import Draft, DraftEntity, Span
from curation.sources.offset_units import (
    CODE_POINTS,
    SettledOffsets,
    cuts_words,
    mostly_cut,
    same_words,
    settle_offsets,
)
from curation.sources.reading import Notice
from curation.text.alignment import MINIMUM, Aligned, align, is_faithful
from curation.text.folding import fold

#: Another passage this much less similar than the best one is another place that the wording could mean.
AS_GOOD = 0.1


def place(draft: Draft) -> Iterator[Notice]:
    """Settles the spans of a draft's entities in place; says what the offsets count, and which cut words."""
    settled = settle_offsets(draft.text, draft.entities)
    if settled.name != CODE_POINTS:
        names = " or ".join((settled.name, *settled.rivals))
        draft.notes = {**draft.notes, "offsets": names}
        yield Notice(draft.where, f"counted in {names}")
    fitting = _fitting(draft, settled)
    trusted = draft.normalised and 2 * len(fitting) >= sum(map(_states, draft.entities)) > 0
    for index, entity in enumerate(draft.entities):
        if entity.refused:
            continue
        if entity.spans and index not in fitting:
            _place_misfit(draft.text, entity, settled, index, trusted=trusted)
        elif entity.spans:
            entity.spans = settled.spans[index]
    if any(entity.moved for entity in draft.entities):
        _refuse_again(draft)
    yield from _cut_words(draft)
    if differing := sum(entity.alignment is Alignment.FUZZY and not entity.moved for entity in draft.entities):
        yield Notice(draft.where, f"kept at their offsets though the text says it otherwise: {differing} entities")


def _refuse_again(draft: Draft) -> None:
    """Refuses what stands again at the place of another of its type, where others were not at their offsets and its
    wording has more places: the offsets may count from the start of a sentence or a section.
    """
    seen: set[tuple[str, tuple[Span, ...]]] = set()
    for entity in draft.entities:
        if not entity.spans or entity.refused:
            continue
        key = (entity.type, entity.spans)
        if key in seen and not entity.moved and draft.text.count((entity.wording or "").strip() or "\0") > 1:
            entity.refused = (
                f"expected one annotation of a type at a place, got it again at {shown_spans(entity.spans)}, while "
                "others are not at their offsets: do these count from the start of a sentence?"
            )
        seen.add(key)


def _states(entity: DraftEntity) -> bool:
    return bool(entity.wording and entity.wording.strip())


def _fitting(draft: Draft, settled: SettledOffsets) -> set[int]:
    """The annotations whose wording stands at their settled spans."""
    return {
        index
        for index, spans in settled.spans.items()
        if spans
        and index not in settled.undecided
        and _states(draft.entities[index])
        and same_words(wording(draft.text, spans), draft.entities[index].wording or "")
    }


def _place_misfit(text: str, entity: DraftEntity, settled: SettledOffsets, index: int, *, trusted: bool) -> None:
    """Puts an annotation of which no wording is at its offsets where it belongs, if that is certain."""
    spans = None if index in settled.undecided else settled.spans[index]
    if spans is None and settled.name == CODE_POINTS:
        return  # out of the text or in disorder, which assembly says
    if not _states(entity):
        entity.spans = spans or entity.spans
        entity.refused = "" if spans else _no_place(entity, settled, index)
    elif spans and (score := _at_offsets(text, entity.wording or "", spans, trusted=trusted)) is not None:
        entity.spans, entity.alignment, entity.alignment_score = spans, Alignment.FUZZY, score
    else:
        _move(text, entity, spans)
        if entity.refused and index in settled.undecided:
            entity.refused = _no_place(entity, settled, index)


def _no_place(entity: DraftEntity, settled: SettledOffsets, index: int) -> str:
    """Why the settled countings give an annotation no place."""
    if index in settled.undecided:
        return f"its offsets may be counted in {' or '.join((settled.name, *settled.rivals))}: expected one that fits"
    return f"expected offsets counted in {settled.name}, got {shown_spans(entity.spans or ())}"


def _move(text: str, entity: DraftEntity, spans: Sequence[Span] | None) -> None:
    """Puts an annotation where its wording is beside its offsets or nowhere else; refuses it otherwise."""
    stated = (entity.wording or "").strip()
    found = _beside(text, stated, spans) or _only(text, stated)
    if isinstance(found, str):
        given = shown_spans(entity.spans or ())
        entity.refused = f"expected its wording ({len(stated)} characters) at {given}, got other text there, {found}"
        return
    entity.spans, entity.moved = found.spans, True
    entity.alignment, entity.alignment_score = Alignment.FUZZY, found.score


def _at_offsets(text: str, stated: str, spans: Sequence[Span], *, trusted: bool) -> float | None:
    """How similar the whole words at the offsets are to a wording that is not quite theirs; None when they are not
    meant. trusted: the source normalises wordings and its other offsets fit, so that these count.
    """
    if cuts_words(text, spans):
        return None
    words, there = fold(stated).text.strip(), fold(wording(text, spans)).text
    score = fuzz.ratio(there, words) / 100
    return score if trusted or (score >= MINIMUM and is_faithful(words, there, score)) else None


def _beside(text: str, stated: str, spans: Sequence[Span] | None) -> Aligned | None:
    """The wording where it stands one character beside its offsets."""
    if not spans or len(spans) > 1:
        return None
    start, end = spans[0]
    for span in ((start + 1, end + 1), (start - 1, end - 1), (start, end + 1), (start - 1, end)):
        if span[0] >= 0 and text[slice(*span)] == stated and not cuts_words(text, [span]):
            return Aligned((span,), Alignment.EXACT, 1.0)
    return None


def _only(text: str, stated: str) -> Aligned | str:
    """The one place in the text that the wording can mean; or why there is none."""
    found = align(stated, text)
    if not found.spans:
        return "and nothing like it elsewhere"
    other = align(stated, text, taken=found.spans)
    if other.spans and other.score > found.score - AS_GOOD:
        return "and its wording elsewhere more than once"
    return found


def _cut_words(draft: Draft) -> Iterator[Notice]:
    """Says which offsets without a wording cut words; refuses them where they are most of a document's."""
    unstated = [entity for entity in draft.entities if entity.spans and not _states(entity) and not entity.refused]
    length = len(draft.text)
    inside = [entity for entity in unstated if all(0 <= start < end <= length for start, end in entity.spans or ())]
    cut = [entity for entity in inside if cuts_words(draft.text, entity.spans or ())]
    if mostly_cut(len(cut), len(unstated)):
        for entity in cut:
            entity.refused = f"expected offsets of whole words, got {shown_spans(entity.spans or ())} within words"
    elif cut:
        yield Notice(draft.where, f"offsets that cut words in {len(cut)} of {len(unstated)} entities without a wording")


def shown_spans(spans: Sequence[Span]) -> str:
    """Offsets as a message names them."""
    return ", ".join(f"{start} to {end}" for start, end in spans)
