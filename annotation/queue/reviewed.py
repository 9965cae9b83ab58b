"""The records that people have reviewed, and how much they changed of the layer that they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.queue.record_summary import shown_layer
from curation.author import CONSENSUS, is_human
from curation.decision import REJECT
from curation.judge.judged import with_judgements
from curation.record import Layer
from curation.scoring.changes import Changes, changes, marking_of, markings
from curation.stage import Item
from curation.store import Store


@dataclass(frozen=True, slots=True)
class ReviewOutcome:
    """How a reviewed record came out of its review."""

    changes: Changes
    #: Of each shown entity that has a score: the score, and whether it was kept as it was.
    score_outcomes: tuple[tuple[float, bool], ...] = ()
    rejected: bool = False

    @property
    def needed_change(self) -> bool:
        """Whether the reviewer rejected the record or changed an entity."""
        return self.rejected or self.changes.errors > 0


def reviewed_records(store: Store, layers: Sequence[str]) -> dict[str, ReviewOutcome]:
    """The records that have a layer by a person, with what was changed of the layer that was shown."""
    people = [name for name in store.layer_names() if is_human(name)]
    if not people:
        return {}
    ids = store.record_ids(having=people)
    found: dict[str, ReviewOutcome] = {}
    for item in with_judgements(store, store.items([*layers, CONSENSUS, *people], ids=ids), layers):
        final = final_layer(item)
        if final is not None:
            found[item.record.id] = compare(_shown(store, item, layers, final), final)
    return found


def final_layer(item: Item) -> Layer | None:
    """The consensus layer, or else the newest layer of the first person in order of names."""
    people = (layer for name, layer in sorted(item.layers.items()) if is_human(name))
    return item.layers.get(CONSENSUS) or next(people, None)


def compare(shown: Layer | None, final: Layer) -> ReviewOutcome:
    """The outcome of a review that began with the shown layer."""
    final_entities = markings(final)
    entities = shown.entities if shown else ()
    scored = ((entity.score, marking_of(entity) in final_entities) for entity in entities if entity.fragments)
    return ReviewOutcome(
        changes=changes(shown, final),
        score_outcomes=tuple((score, was_kept) for score, was_kept in scored if score is not None),
        rejected=final.provenance.get("verdict") == REJECT,
    )


def _shown(store: Store, item: Item, layers: Sequence[str], final: Layer) -> Layer | None:
    """The version that the person began with; annotators may have run again since then."""
    author, newest = final.provenance.get("model_version"), shown_layer(item, layers)
    if author is None or (newest is not None and newest.author == author and newest.created <= final.created):
        return newest
    history = store.layer_history(item.record.id)
    before = [layer for layer in history if layer.author == author and layer.created <= final.created]
    return before[-1] if before else newest
