"""The table of what adapters of encoders say about records, by the model of their manifest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.adapters.document_labels import LabelClassifier
from curation.adapters.questions import AskedPieces, QuestionReader
from curation.adapters.relation_pairs import RelationKind
from curation.adapters.relations import FoundRelation, RelationReader
from curation.errors import UsageError, unknown_name
from curation.stage import Item
from curation.tagging.folder import AdapterManifest, load_encoder, read_manifest, tagger_of
from curation.tagging.labels import TaggedSpan
from curation.tagging.words import Splitter


@dataclass(frozen=True, slots=True)
class AdapterFindings:
    """What an adapter says about a record: entities, the value of each document label with its probability, and
    relations between the entities of the one layer that it was given."""

    spans: Sequence[TaggedSpan] = ()
    labels: dict[str, tuple[str, float]] = field(default_factory=dict)
    relations: Sequence[FoundRelation] = ()


#: From items to what is found in each of them.
Predictor = Callable[[Sequence[Item]], list[AdapterFindings]]


def load_predictor(folder: Path, *, batch_size: int = 16) -> Predictor:
    """What the adapter in a folder says about records, once it is shown to be whole and on its own encoder."""
    manifest = read_manifest(folder)
    check_model(manifest)
    model, splitter, _ = load_encoder(folder)
    return PREDICTORS[manifest.model](model, splitter, manifest, batch_size)


def check_model(manifest: AdapterManifest) -> None:
    """Raises UsageError for an adapter of a kind that is not known, as one of a later version may be."""
    if manifest.model not in PREDICTORS:
        raise unknown_name(
            f"a model of adapters that this version reads, in {manifest.name}", manifest.model, PREDICTORS
        )


def _tagger(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    tagger = tagger_of(model, splitter, manifest, batch_size)
    return lambda items: [AdapterFindings(spans) for spans in tagger([item.record.text for item in items])]


def _classifier(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    classifier = LabelClassifier(model, splitter, manifest.document_labels, manifest.window, batch_size)
    return lambda items: [AdapterFindings(labels=labels) for labels in classifier([item.record.text for item in items])]


def _questions(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    questions = manifest.details.get("questions")
    if not isinstance(questions, dict) or not questions:
        raise UsageError(f"adapter {manifest.name}: expected its questions in the manifest, found none")
    asked = AskedPieces(splitter, questions, manifest.categories, window=manifest.window)  # type: ignore[arg-type]
    reader = QuestionReader(model, splitter, manifest.categories, asked, manifest.stride, batch_size)
    return lambda items: [
        AdapterFindings(spans)
        for spans in reader([item.record.text for item in items], [item.record.language for item in items])
    ]


def _relations(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    reader = RelationReader(model, splitter, relation_kinds(manifest), manifest.window, batch_size)

    def found(items: Sequence[Item]) -> list[AdapterFindings]:
        layers = [next(iter(item.layers.values())) for item in items]
        read = reader([item.record.text for item in items], layers)
        return [AdapterFindings(relations=relations) for relations in read]

    return found


def relation_kinds(manifest: AdapterManifest) -> tuple[RelationKind, ...]:
    """The relation types that an adapter chooses from. Raises UsageError where its manifest does not tell them."""
    try:
        given: Any = manifest.details["relations"]
        return tuple(RelationKind(kind["name"], tuple(kind["heads"]), tuple(kind["tails"])) for kind in given)
    except (KeyError, TypeError) as error:
        raise UsageError(f"adapter {manifest.name}: expected its relations in the manifest, found none") from error


PREDICTORS: dict[str, Callable[[Any, Splitter, AdapterManifest, int], Predictor]] = {
    "tagger": _tagger,
    "classifier": _classifier,
    "questions": _questions,
    "pairs": _relations,
}
