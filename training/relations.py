"""An encoder learns relations: each pair of entities that may have one, with marks around both, and all the pairs that
have none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from curation.adapters.relation_pairs import PairMarker, RelationKind, allowed_pairs
from curation.adapters.relations import (
    NONE,
    FoundRelation,
    RelationReader,
    allowed_types,
    outputs_for,
    to_relations,
)
from curation.downloads import downloads_allowed
from curation.errors import NothingToGoByError
from curation.record import Layer
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.scoring.entities import Resampling
from curation.scoring.relations import relation_counts, relation_scores
from curation.scoring.tally import DocumentTally
from curation.tagging.encoder import base_folder, splitter
from curation.tagging.tagger import padded
from curation.tagging.words import Splitter
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of
from training.examples import CHUNK, Pair, chunks
from training.loop import learn, seeded_torch
from training.mixing import mixed
from training.prepared_encoder import prepared
from training.row_file import RowFile
from training.scope import asked_scheme, scope_of, within
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
from training.view_check import ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The figure of an epoch needs none.
WITHOUT_INTERVALS = Resampling(minimum_records=sys.maxsize)
#: Relations that no model learns, by the views of relations.
FURTHER_APART = "further apart than a window"
NOT_ALLOWED = "between categories that the scheme does not allow, or of what was not found"


def kinds_of(scheme: Scheme) -> tuple[RelationKind, ...]:
    """The scheme's relation types."""
    return tuple(RelationKind(relation.name, relation.heads, relation.tails) for relation in scheme.relations)


@dataclass(frozen=True, slots=True)
class PairRows:
    """The pairs of a training set on disk, each with its type's number (0: none) and which types it may have."""

    file: RowFile
    check: ViewCheck

    def read(self, number: int) -> tuple[NDArray[np.int64], int, int, int, list[bool]]:
        """A pair's pieces, where the marks of head and tail begin, its type's number, and the types it may have."""
        ids, (head, tail, target), allowed = self.file.read(number)
        return ids, int(head), int(tail), int(target), allowed.astype(bool).tolist()


def pair_rows(
    pairs: Iterable[Pair], scheme: Scheme, *, splitter: Splitter, window: int, folder: Path | None = None
) -> PairRows:
    """All pairs of entities that a relation of the scheme may lead from and to, on disk.

    Raises UsageError for layers that use what the scheme does not have.
    """
    import numpy as np

    kinds = kinds_of(scheme)
    names = [NONE, *(kind.name for kind in kinds)]
    file = RowFile(folder)
    room = window - len(splitter.before) - len(splitter.after)
    count = ViewCount("pairs of entities with marks", room)
    mark = PairMarker(splitter, room=room)
    for chunk in chunks(pairs, CHUNK):
        check_foreign((layer for _, layer in chunk), scheme)
        for (record, layer), text in zip(chunk, splitter([record.text for record, _ in chunk]), strict=True):
            count.read(record.id, len(text.ids))
            left = _types(layer)
            count.annotations += len(layer.relations)
            count.seen.update(relation.type for relation in layer.relations)
            scope = scope_of(layer)
            own = [kind for kind in kinds if scope is None or kind.name in scope.relations]
            for head, tail in allowed_pairs(layer, own):
                types = left.pop((head.id, tail.id), [])
                pair = mark(text, head, tail)
                if pair is None:
                    count.lost[FURTHER_APART] += len(types)
                    continue
                links = zip(allowed_types(kinds, head, tail), (None, *kinds), strict=True)
                allowed = [may and (kind is None or kind in own) for may, kind in links]
                fitting = [name for name in types if name in names and allowed[names.index(name)]]
                count.lost["between categories that the scheme does not allow"] += len(types) - len(fitting)
                count.lost["beside another one of the same pair"] += max(0, len(fitting) - 1)
                count.rows += 1
                count.negatives += not fitting
                count.given_back += bool(fitting)
                target = names.index(fitting[0]) if fitting else 0
                ends = np.array([pair.head_at, pair.tail_at, target])
                file.append((pair.ids, ends, np.array(allowed, dtype=np.int64)), scope)
            for types in left.values():
                count.lost[NOT_ALLOWED] += len(types)
    return PairRows(file, count.check(tuple(kind.name for kind in kinds)))


def _types(layer: Layer) -> dict[tuple[str, str], list[str]]:
    """The types of relations by head and tail."""
    found: dict[tuple[str, str], list[str]] = {}
    for relation in layer.relations:
        found.setdefault((relation.head, relation.tail), []).append(relation.type)
    return found


def train_relations(job: TrainingJob) -> Trained:
    """A reader of relations trained on the layers of some records; with validation records the epoch with the best
    micro F1 on gold entities is kept.

    Raises NothingToGoByError when no record has a relation, and UsageError where some would be lost that may not be.
    """
    settings, kinds = job.settings, kinds_of(job.scheme)
    base = base_folder(settings.base_model, download=downloads_allowed())
    split = splitter(base)
    rows = pair_rows(job.learnt_from, job.scheme, splitter=split, window=settings.window, folder=job.work)
    if rows.check.rows == rows.check.negatives:
        raise NothingToGoByError(
            f"expected training records with relations, got {rows.check.records} without any that can be learnt; "
            "annotate some first"
        )
    rows.check.require(settings)
    learnt = tuple(kind for kind in kinds if kind.name not in rows.check.never_seen)
    with seeded_torch(settings):
        model = prepared(base, outputs_for(kinds), settings)
        reader = RelationReader(model, split, kinds, settings.window)
        learner = RelationLearner(reader, rows, job.validation, job.scheme, settings)
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    return job.saved(
        model,
        split,
        course,
        base=base,
        check=rows.check,
        labels=outputs_for(kinds),
        head="pairs",
        task="relations",
        details={"relations": told_kinds(kinds), "learnt": [kind.name for kind in learnt]},
    )


def told_kinds(kinds: Iterable[RelationKind]) -> list[JsonValue]:
    """The relation types for a manifest."""
    return [{"name": kind.name, "heads": [*kind.heads], "tails": [*kind.tails]} for kind in kinds]


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What the view of marked pairs holds of some records' relations."""
    base = base_folder(settings.base_model, download=downloads_allowed())
    return pair_rows(pairs, scheme, splitter=splitter(base), window=settings.window, folder=folder).check


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterator[ShownRow]:
    """Each record's pairs, with their type as the answer: clinical text."""
    for record, layer in pairs:
        types = _types(layer)
        for head, tail in allowed_pairs(layer, kinds_of(asked_scheme(layer, scheme))):
            answer = "; ".join(types.get((head.id, tail.id), [NONE]))
            ends = ((head.text, "head", False), (tail.text, "tail", False))
            yield ShownRow(record.id, (*ends, ("relation", answer, True)), title=f"{head.category}, {tail.category}")


def relation_validation(found: Iterable[tuple[Layer, Sequence[FoundRelation]]], scheme: Scheme) -> Validation | None:
    """The strict micro F1 of the relations that were found between the entities of gold layers; None where these have
    none. Relations of negated entities count too, as they are learnt."""
    tally = DocumentTally()
    for number, (layer, relations) in enumerate(found):
        predicted = layer.model_copy(update={"relations": to_relations(relations)})
        counts = relation_counts(layer, within(predicted, layer), scheme=scheme, everything=True)
        tally.add(str(number), counts)
    scores = relation_scores(tally, scheme=scheme, resampling=WITHOUT_INTERVALS)
    if scores is None or not scores.strict.micro.gold:
        return None
    micro = scores.strict.micro
    told: dict[str, JsonValue] = {
        "f1": micro.f1,
        "matched": micro.matched,
        "gold": micro.gold,
        "predicted": micro.predicted,
    }
    return Validation(micro.f1 or 0.0, {"relations": told})


class RelationLearner:
    """Marked pairs with their types, for the loop."""

    def __init__(
        self,
        reader: RelationReader,
        rows: PairRows,
        validation: Iterable[Pair],
        scheme: Scheme,
        settings: TrainingSettings,
    ) -> None:
        import torch

        self.model = reader.model
        self._reader = reader
        self._rows = rows
        self._validation = validation
        self._scheme = scheme
        self._settings = settings
        self._outputs = len(reader.kinds) + 1
        importance = torch.ones(self._outputs, device=self.model.device)
        importance[0] = settings.outside_weight
        self._criterion = torch.nn.CrossEntropyLoss(weight=importance)

    def epoch(self, random: Random) -> EpochBatches:
        """All pairs once."""
        import numpy as np

        lengths = np.array(self._rows.file.lengths, dtype=np.int32)
        whole = np.stack([np.arange(len(lengths), dtype=np.int32), np.zeros_like(lengths), lengths], axis=1)
        settings = self._settings
        whole = mixed(whole, self._rows.file.owners, temperature=settings.mixing, random=random)
        return batches_of(whole, settings.batch_size, random=random, batch_tokens=settings.batch_tokens)

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean cross entropy of the pairs' types among those that they may have."""
        import torch

        split, where = self._reader.splitter, self.model.device
        rows = [self._rows.read(number) for number, *_ in batch]
        ids, mask = padded([row[0] for row in rows], split)
        first, count = len(split.before), torch.arange(len(rows))
        heads, tails, targets = (torch.tensor([row[column] for row in rows]) for column in (1, 2, 3))
        hidden = (torch.rand(ids.shape) < self._settings.masking) & mask.bool()
        for places in (heads, tails):
            hidden[count, first + places] = False
        hidden[:, :first] = False
        ids = ids.masked_fill(hidden, split.mask_id)
        logits = self.model(input_ids=ids.to(where), attention_mask=mask.to(where)).logits.float()
        scores = logits[count, first + heads, : self._outputs] + logits[count, first + tails, self._outputs :]
        allowed = torch.tensor([row[4] for row in rows], device=where)
        return self._criterion(scores.masked_fill(~allowed, -1e4), targets.to(where))

    def validate(self) -> Validation | None:
        """Micro F1 of the relations between gold entities."""

        def found() -> Iterator[tuple[Layer, Sequence[FoundRelation]]]:
            for chunk in chunks(self._validation, CHUNK):
                layers = [layer for _, layer in chunk]
                yield from zip(layers, self._reader([record.text for record, _ in chunk], layers), strict=True)

        return relation_validation(found(), self._scheme)
