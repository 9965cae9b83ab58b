"""Scores of a layer beside what people said of its entities: what calibrations are learned from and measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.queue.reviewed import final_layer
from curation.author import CONSENSUS, is_human
from curation.decision import REJECT
from curation.judge.judged import scored_by, with_judgements
from curation.scoring.changes import marking_of, markings
from curation.scoring.reliability import Scored
from curation.store import Store


@dataclass(slots=True)
class ScoreOutcomes:
    """By who gives the scores, then by record: each scored entity's score, and whether people have it just so.

    unreviewed: records with the layer and no review; rejected: those that people rejected as a whole, which says
    nothing of single entities; unscored: entities of reviewed records without a score, or found nowhere in the text.
    """

    found: dict[str, dict[str, list[Scored]]] = field(default_factory=dict)
    unreviewed: int = 0
    rejected: int = 0
    unscored: int = 0

    def counts(self) -> Mapping[str, int]:
        """What is in none of the outcomes."""
        return {"unreviewed": self.unreviewed, "rejected": self.rejected, "unscored": self.unscored}


def score_outcomes(store: Store, layer: str, *, against: str | None = None) -> ScoreOutcomes:
    """The outcomes of a layer as it is now, with what a judge says of it.

    An entity is right where the reviewed layer has its spans, category and assertion. against: that layer; by default
    the consensus, or what the first person in order of names said.
    """
    outcomes = ScoreOutcomes()
    people = [against] if against else [CONSENSUS, *(name for name in store.layer_names() if is_human(name))]
    items = store.items([layer, *people], ids=store.record_ids(having=[layer]))
    for item in with_judgements(store, items, [layer]):
        shown = item.layers[layer]
        final = item.layers.get(against) if against else final_layer(item)
        if final is None:
            outcomes.unreviewed += 1
        elif final.provenance.get("verdict") == REJECT:
            outcomes.rejected += 1
        else:
            right = markings(final)
            scored = [
                (entity.score, marking_of(entity) in right)
                for entity in shown.entities
                if entity.fragments and entity.score is not None
            ]
            outcomes.unscored += len(shown.entities) - len(scored)
            outcomes.found.setdefault(scored_by(shown), {})[item.record.id] = scored
    return outcomes
