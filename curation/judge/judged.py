"""What a judge has found, as it counts afterwards: counted over a workspace, and laid upon the layers that people see.

A judgement is of one version of a layer. On a newer one it says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field, JsonValue

from curation.batches import batched
from curation.judge.verdicts import EntityJudgement, JudgeOutcome, not_judged
from curation.record import Entity, Frozen, Layer
from curation.stage import Item
from curation.store import Store

#: Items whose judgements are read together.
PAGE = 500
#: Why an entity has no judgement where nobody has judged this version of the layer.
NOT_ASKED = "not asked yet"
#: Where a layer says what the scores of its entities were made from, who judged them, and what was found.
SCORES, JUDGED_BY, OUTCOMES = "scores", "judged_by", "judged"


class JudgedLayer(Frozen):
    """What was judged about one version of a record's layer; no words of the text.

    version: the digest of the layer. by: the model and the prompt's version. entities: by their ids.
    """

    layer: str
    version: str
    by: str
    entities: dict[str, EntityJudgement] = Field(default_factory=dict)


@dataclass(slots=True)
class JudgedCounts:
    """Entities of the newest layers by what was found, by category too; those that were not judged by the reason."""

    records: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    by_category: dict[str, Counter[str]] = field(default_factory=dict)
    not_judged: Counter[str] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "records": self.records,
            "entities": self.outcomes.total(),
            "outcomes": _all(self.outcomes),
            "by_category": {name: _all(counts) for name, counts in sorted(self.by_category.items())},
            "not_judged": dict(sorted(self.not_judged.items())),
            "judged_by": dict(sorted(self.by.items())),
        }

    def add(self, layer: Layer, judged: JudgedLayer | None) -> None:
        """Count the entities of a layer."""
        self.records += 1
        if judged is not None:
            self.by[judged.by] += 1
        for entity, judgement in judgements(layer, judged):
            self.outcomes[judgement.outcome] += 1
            self.by_category.setdefault(entity.category, Counter())[judgement.outcome] += 1
            if judgement.why is not None:
                self.not_judged[judgement.why] += 1


def judging(layer: str) -> str:
    """The name of the stage that judges a layer; what it found is stored under it."""
    return f"judge:{layer}"


def read_judged(store: Store, layer: str, ids: Sequence[str]) -> dict[str, JudgedLayer]:
    """What was judged about a layer of these records, by their ids."""
    stage = judging(layer)
    return {
        id: JudgedLayer.model_validate(found[stage]) for id, found in store.measures(ids, stage=stage) if stage in found
    }


def judgements(layer: Layer, judged: JudgedLayer | None) -> Iterator[tuple[Entity, EntityJudgement]]:
    """Each entity of a layer with its judgement; of another version, none is known."""
    known = judged.entities if judged is not None and judged.version == layer.digest else {}
    for entity in layer.entities:
        yield entity, known.get(entity.id) or not_judged(NOT_ASKED)


def count_judged(store: Store, layer: str) -> JudgedCounts:
    """The counts over all records that have the layer."""
    counts = JudgedCounts()
    for items in batched(store.items([layer]), PAGE):
        there = [item for item in items if layer in item.layers]
        found = read_judged(store, layer, [item.record.id for item in there])
        for item in there:
            counts.add(item.layers[layer], found.get(item.record.id))
    return counts


def with_judgements(store: Store, items: Iterable[Item], names: Iterable[str]) -> Iterator[Item]:
    """The items; what a judge says of the layers of these names is in their provenance and their scores.

    Nothing is stored: the layers stay as their authors wrote them.
    """
    layers = tuple(dict.fromkeys(names))
    for page in batched(items, PAGE):
        ids = [item.record.id for item in page]
        found = {name: read_judged(store, name, ids) for name in layers}
        for item in page:
            judged = {name: found[name].get(item.record.id) for name in layers if name in item.layers}
            yield replace(item, layers={**item.layers, **_laid_on(item.layers, judged)})


def _laid_on(layers: Mapping[str, Layer], judged: Mapping[str, JudgedLayer | None]) -> dict[str, Layer]:
    return {name: with_scores(layers[name], found) for name, found in judged.items() if found is not None}


def with_scores(layer: Layer, judged: JudgedLayer) -> Layer:
    """The layer with the judge's probability in `provenance.scores`, and in the score of each entity that has one: the
    mean of both where the author gave a score too.
    """
    if judged.version != layer.digest:
        return layer
    noted = layer.provenance.get(SCORES)
    scores: dict[str, Any] = dict(noted) if isinstance(noted, dict) else {}
    entities = []
    for entity, judgement in judgements(layer, judged):
        probability = judgement.probability
        if probability is not None:
            before = scores.get(entity.id)
            scores[entity.id] = {**(before if isinstance(before, dict) else {}), "judge": probability}
            score = probability if entity.score is None else round((entity.score + probability) / 2, 6)
            entity = entity.model_copy(update={"score": score})
        entities.append(entity)
    outcomes = {id: judgement.outcome.value for id, judgement in judged.entities.items()}
    provenance = {**layer.provenance, SCORES: scores, JUDGED_BY: judged.by, OUTCOMES: outcomes}
    return layer.model_copy(update={"entities": tuple(entities), "provenance": provenance})


def scored_by(layer: Layer) -> str:
    """Who gives the scores of a layer as people see it: its author, alone or with the judge of its entities.

    The agreement of several samples is another score than that of one.
    """
    judge, samples = layer.provenance.get(JUDGED_BY), layer.provenance.get("samples")
    author = f"{layer.author} ({samples} samples)" if isinstance(samples, int) and samples > 1 else layer.author
    return f"{author} + judge {judge}" if judge else author


def judged_outcomes(layer: Layer) -> dict[str, JudgeOutcome]:
    """What a judge found about the entities of a layer as people see it, by their ids."""
    noted = layer.provenance.get(OUTCOMES)
    return {id: JudgeOutcome(str(word)) for id, word in noted.items()} if isinstance(noted, dict) else {}


def _all(counts: Mapping[str, int]) -> dict[str, JsonValue]:
    """Every outcome, those that nothing came to with 0."""
    return {outcome.value: counts.get(outcome, 0) for outcome in JudgeOutcome}
