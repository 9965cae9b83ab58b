"""One layer measured against another, over the store or over a frozen split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.author import GOLD
from curation.errors import UsageError, unknown_name
from curation.path_name import folder_name
from curation.record import Layer, Record
from curation.scheme_change import check_foreign
from curation.sets.split import SPLITS
from curation.store import Store
from pipeline.adapters import with_layer
from pipeline.runs import recorded
from pipeline.seen_records import SeenRecords, seen_records
from pipeline.steps.freeze import split_pairs
from pipeline.workspace import Workspace
from training.evaluate import EvaluationReport, evaluate
from training.report import write_report

#: The split to measure on where none is named.
MEASURED = "test"


@dataclass(frozen=True, slots=True)
class Reference:
    """What is measured against: a layer on each record."""

    pairs: list[tuple[Record, Layer]]
    where: str  # "all records", or the set and its split
    frozen: frozenset[str] = frozenset()  # records whose layer is as it was frozen; the others have the store's newest
    without: int = 0  # records that have none of the layers: not measured

    @property
    def layers(self) -> dict[str, int]:
        """How many records each layer is the reference of."""
        return dict(Counter(layer.name for _, layer in self.pairs))

    def without_records(self, ids: Mapping[str, object]) -> Reference:
        """The reference on the other records."""
        pairs = [(record, layer) for record, layer in self.pairs if record.id not in ids]
        return Reference(pairs, self.where, self.frozen - ids.keys(), self.without)

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts and the manifest."""
        return {
            "layers": dict(self.layers),
            "of": self.where,
            "records": len(self.pairs),
            "frozen": len(self.frozen),
            "without": self.without,
        }

    def __str__(self) -> str:
        layers = ", ".join(f"layer {name} ({count} records)" for name, count in self.layers.items())
        newest = len(self.pairs) - len(self.frozen)
        which = (
            "as frozen" if not newest else "the newest in the store" if not self.frozen else f"{newest} not as frozen"
        )
        return f"{layers}, {which}, of {self.where}"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures, the page that shows them, and what they rest on."""

    report: EvaluationReport
    html: Path
    reference: Reference
    seen: SeenRecords = field(default_factory=SeenRecords)
    left_out: int = 0  # records that the measured layer's author had learnt from

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts."""
        found: dict[str, JsonValue] = self.report.to_json()
        return found | {
            "report": str(self.html),
            "reference": self.reference.as_json(),
            "training_records": _seen_json(self.seen, self.left_out),
        }


def evaluate_layer(
    workspace: Workspace,
    store: Store,
    *,
    gold: str | Sequence[str] = GOLD,
    predicted: str,
    curated: str | None = None,
    split: str | None = None,
    training_records: bool = False,
) -> Evaluation:
    """The latest predicted layers against gold: the layer of that name, of several the first that a record has.

    With a set, over the records of one split, by default MEASURED; a layer that is the frozen one is taken as it was
    frozen. Records that the predicted layer's author has learnt from are left out, unless ``training_records`` asks for
    them. Raises UsageError for unknown layers and splits, for a split without a set, and where nothing is left.
    """
    if split is not None and split not in SPLITS:
        raise unknown_name("a split", split, SPLITS)
    if split is not None and curated is None:
        raise UsageError(f"expected --set NAME with --split {split}: only curated sets are split")
    split = split or MEASURED if curated else None
    predicted = with_layer(store, predicted)
    references = (gold,) if isinstance(gold, str) else tuple(gold)
    inputs: dict[str, JsonValue] = {"gold": list(references), "predicted": predicted, "set": curated, "split": split}
    with recorded(workspace, store, "evaluate", **inputs) as outcome:
        store.require_layers((*references, predicted))
        with store.snapshot() as known:
            reference = (
                _of_set(known, curated, split, references) if curated and split else _of_store(known, references)
            )
            predictions = _layers(known, [record.id for record, _ in reference.pairs], predicted)
        if not predictions:
            raise UsageError(f"expected a layer {predicted} on these records, none of them has it")
        seen = seen_records(workspace, store, predictions, [record for record, _ in reference.pairs])
        left_out = 0 if training_records else len(seen.taught)
        _require_unlearnt(predicted, seen, left_out, of=len(reference.pairs))
        reference = reference.without_records(seen.taught if left_out else {})
        measured = {record.id for record, _ in reference.pairs}
        predictions = [layer for layer in predictions if layer.record_id in measured]
        check_foreign([*(layer for _, layer in reference.pairs), *predictions], workspace.scheme)
        report = evaluate(
            reference.pairs,
            predictions,
            workspace.scheme,
            minimum_records=workspace.config.review.agreement.minimum_records,
            notes=(f"Reference: {reference}.", *_notes(reference, predictions, seen, left_out)),
        )
        name = folder_name(f"evaluation-{predicted}-{outcome.run:05d}")
        files = write_report(report, workspace.subfolder("reports") / name, scheme=workspace.scheme)
        outcome |= {
            "report": str(files.page),
            "reference": reference.as_json(),
            "training_records": _seen_json(seen, left_out),
            "scores": report.entities.to_json(),
        }
        if report.labels:
            outcome["labels"] = {name: scores.model_dump(mode="json") for name, scores in report.labels.items()}
    return Evaluation(report, files.page, reference, seen, left_out)


def _require_unlearnt(predicted: str, seen: SeenRecords, left_out: int, *, of: int) -> None:
    if left_out == of:
        authors = ", ".join(sorted(set(seen.taught.values())))
        raise UsageError(
            f"expected records that {predicted} has not learnt from, got {left_out}, all of them training records "
            f"of {authors}; --training-records measures them all the same"
        )


def _of_store(store: Store, names: Sequence[str]) -> Reference:
    pairs, without = [], 0
    for item in store.items(names):
        name = next((name for name in names if name in item.layers), None)
        if name is None:
            without += 1
        else:
            pairs.append((item.record, item.layers[name]))
    return Reference(pairs, "all records", without=without)


def _of_set(store: Store, curated: str, split: str, names: Sequence[str]) -> Reference:
    """The named layers on the members of a split: the frozen one where it has the name, else the store's newest."""
    chosen = store.curated_set(curated)
    where = f"{chosen.name}@{chosen.version}, split {split}"
    members = list(split_pairs(store, chosen, split))
    if not members:
        sizes = ", ".join(f"{name} {count}" for name, count in chosen.splits.items())
        raise UsageError(
            f"expected records in the split {split} of {chosen.name}@{chosen.version}, got none; it has {sizes}"
        )
    newest = {item.record.id: item.layers for item in store.items(names, ids=[record.id for record, _ in members])}
    pairs, frozen = [], set()
    for record, layer in members:
        name = next((name for name in names if name == layer.name or name in newest.get(record.id, {})), None)
        if name is not None:
            frozen |= {record.id} if name == layer.name else set()
            pairs.append((record, layer if name == layer.name else newest[record.id][name]))
    if not pairs:
        layers = ", ".join(sorted({layer.name for _, layer in members}))
        raise UsageError(
            f"expected a layer {' or '.join(names)} on the records of {where}, none of {len(members)} has it; "
            f"they were frozen with {layers}: --gold {layers.split(', ')[0]} measures against that"
        )
    return Reference(pairs, where, frozenset(frozen), len(members) - len(pairs))


def _layers(store: Store, ids: list[str], name: str) -> list[Layer]:
    return [item.layers[name] for item in store.items([name], ids=ids) if name in item.layers]


def _notes(reference: Reference, predictions: Sequence[Layer], seen: SeenRecords, left_out: int) -> list[str]:
    """What a reader of the figures has to know, a sentence each."""
    notes = []
    itself = sum(reference.layers.get(name, 0) for name in {layer.name for layer in predictions})
    if itself:
        notes.append(f"{itself} records are measured against the same layer: the figures say nothing of it.")
    authors = ", ".join(sorted({*seen.taught.values(), *seen.chose.values(), *seen.related.values()}))
    if reference.without:
        notes.append(f"{reference.without} records have no such layer and are not measured.")
    if missing := len(reference.pairs) - len(predictions):
        notes.append(f"{missing} records have no predicted layer: they count as empty.")
    if left_out:
        notes.append(f"{left_out} training records of {authors} are left out.")
    elif seen.taught:
        notes.append(f"{len(seen.taught)} records are training records of {authors}: the figures flatter it.")
    if seen.chose:
        notes.append(f"{len(seen.chose)} records chose the checkpoint of {authors}: the figures flatter it.")
    if seen.related:
        notes.append(f"{len(seen.related)} records are of groups (patients) that {authors} has learnt from.")
    if seen.unknown:
        notes.append(
            f"{', '.join(seen.unknown)} was not trained on a set of this workspace: whether it has seen these "
            "records is not known."
        )
    return notes


def _seen_json(seen: SeenRecords, left_out: int) -> dict[str, JsonValue]:
    return {
        "found": len(seen.taught),
        "left_out": left_out,
        "chose_the_checkpoint": len(seen.chose),
        "of_their_groups": len(seen.related),
        "unknown_training": list(seen.unknown),
    }
