"""What people have reviewed, and how much they had to change of what they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.queue.record_summary import shown_layer
from curation.record import Layer
from curation.scoring.changes import Changes, changes, said, what
from curation.stage import Item
from curation.store import Store

#: Layers by people, and what was made of several of them, best first.
HUMAN = "human:"
CONSENSUS = "consensus"

#: A person's word that a record is of no use.
REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A record that somebody reviewed."""

    changes: Changes
    #: Of each shown entity that has a score: the score, and whether it was kept as it was.
    kept: tuple[tuple[float, bool], ...] = ()
    rejected: bool = False

    @property
    def needed_change(self) -> bool:
        """Whether the record could not stay as it was."""
        return self.rejected or self.changes.errors > 0


def reviewed_records(store: Store, layers: Sequence[str]) -> dict[str, Reviewed]:
    """The records that have a layer by a person, with what was changed of the layer that was shown."""
    people = [name for name in store.layer_names() if name.startswith(HUMAN)]
    if not people:
        return {}
    ids = store.record_ids(having=people)
    found: dict[str, Reviewed] = {}
    for item in store.items([*layers, CONSENSUS, *people], ids=ids):
        final = final_layer(item)
        if final is not None:
            found[item.record.id] = compare(_shown(store, item, layers, final), final)
    return found


def final_layer(item: Item) -> Layer | None:
    """What people agreed on, or what the first of them said last."""
    people = (layer for name, layer in sorted(item.layers.items()) if name.startswith(HUMAN))
    return item.layers.get(CONSENSUS) or next(people, None)


def compare(shown: Layer | None, final: Layer) -> Reviewed:
    """What became of a shown layer."""
    kept = said(final)
    entities = shown.entities if shown else ()
    scored = ((entity.score, what(entity) in kept) for entity in entities if entity.fragments)
    return Reviewed(
        changes=changes(shown, final),
        kept=tuple((score, held) for score, held in scored if score is not None),
        rejected=final.provenance.get("verdict") == REJECT,
    )


def _shown(store: Store, item: Item, layers: Sequence[str], final: Layer) -> Layer | None:
    """The version that the person began with: annotators may have been run again since."""
    author, newest = final.provenance.get("model_version"), shown_layer(item, layers)
    if author is None or (newest is not None and newest.author == author and newest.created <= final.created):
        return newest
    history = store.layer_history(item.record.id)
    before = [layer for layer in history if layer.author == author and layer.created <= final.created]
    return before[-1] if before else newest
