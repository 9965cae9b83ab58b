"""The table of what adapters of encoders say about records, by the task and the model of their manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.adapters.document_labels import LabelClassifier
from curation.adapters.questions import AskedPieces, QuestionReader
from curation.adapters.relation_pairs import RelationKind
from curation.adapters.relation_questions import HeadAsker, TailReader
from curation.adapters.relations import FoundRelation, RelationReader
from curation.errors import UsageError, unknown_name
from curation.record import Layer
from curation.stage import Item
from curation.tagging.folder import AdapterManifest, load_encoder, read_manifest, tagger_of
from curation.tagging.labels import TaggedSpan
from curation.tagging.words import Splitter
from curation.views.relation_questions import RelationQuestions


@dataclass(frozen=True, slots=True)
class AdapterFindings:
    """What an adapter says about a record: entities, the value of each document label with its probability, and
    relations between the entities of the one layer that it was given; left_out: what gave none of these, by reason."""

    spans: Sequence[TaggedSpan] = ()
    labels: dict[str, tuple[str, float]] = field(default_factory=dict)
    relations: Sequence[FoundRelation] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


#: From items to what is found in each of them.
Predictor = Callable[[Sequence[Item]], list[AdapterFindings]]


def load_predictor(folder: Path, *, batch_size: int = 16) -> Predictor:
    """What the adapter in a folder says about records, once it is shown to be whole and on its own encoder."""
    manifest = read_manifest(folder)
    check_model(manifest)
    model, splitter, _ = load_encoder(folder)
    return PREDICTORS[manifest.task, manifest.model](model, splitter, manifest, batch_size)


def check_model(manifest: AdapterManifest) -> None:
    """Raises UsageError for an adapter of a kind that is not known, as one of a later version may be."""
    if not is_read(manifest):
        raise unknown_name(
            f"a task and model of adapters that this version reads, in {manifest.name}",
            f"{manifest.task} by {manifest.model}",
            [f"{task} by {model}" for task, model in PREDICTORS],
        )


def is_read(manifest: AdapterManifest) -> bool:
    """Whether an encoder says what the adapter has learnt, by a line of the table."""
    return (manifest.task, manifest.model) in PREDICTORS


def _tagger(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    tagger = tagger_of(model, splitter, manifest, batch_size)
    return lambda items: [AdapterFindings(spans) for spans in tagger([item.record.text for item in items])]


def _classifier(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    classifier = LabelClassifier(model, splitter, manifest.document_labels, manifest.window, batch_size)
    return lambda items: [AdapterFindings(labels=labels) for labels in classifier([item.record.text for item in items])]


def _questions(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    asked = AskedPieces(splitter, _asked(manifest), manifest.categories, window=manifest.window)
    reader = QuestionReader(model, splitter, manifest.categories, asked, manifest.stride, batch_size)
    return lambda items: [
        AdapterFindings(spans)
        for spans in reader([item.record.text for item in items], [item.record.language for item in items])
    ]


def _asked(manifest: AdapterManifest) -> Mapping[str, Mapping[str, str]]:
    """The questions of an adapter by language. Raises UsageError where its manifest has none."""
    questions: Any = manifest.details.get("questions")
    if not isinstance(questions, dict) or not questions:
        raise UsageError(f"adapter {manifest.name}: expected its questions in the manifest, found none")
    return questions


def _relations(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    reader = RelationReader(model, splitter, relation_kinds(manifest), manifest.window, batch_size)

    def found(items: Sequence[Item]) -> list[AdapterFindings]:
        read = reader([item.record.text for item in items], _given(items))
        return [AdapterFindings(relations=relations) for relations in read]

    return found


def _relations_asked(model: Any, splitter: Splitter, manifest: AdapterManifest, batch_size: int) -> Predictor:
    kinds = relation_kinds(manifest)
    labels: Any = manifest.details.get("category_labels", {})
    ask = HeadAsker(splitter, RelationQuestions(_asked(manifest), labels), kinds, window=manifest.window)
    reader = TailReader(model, splitter, kinds, ask, batch_size)

    def found(items: Sequence[Item]) -> list[AdapterFindings]:
        texts, languages = [item.record.text for item in items], [item.record.language for item in items]
        read = reader(texts, languages, _given(items))
        return [AdapterFindings(relations=relations, left_out=left_out) for relations, left_out in read]

    return found


def _given(items: Sequence[Item]) -> list[Layer]:
    """The one layer of each item whose entities are linked."""
    return [next(iter(item.layers.values())) for item in items]


def relation_kinds(manifest: AdapterManifest) -> tuple[RelationKind, ...]:
    """The relation types that an adapter chooses from. Raises UsageError where its manifest does not tell them."""
    try:
        given: Any = manifest.details["relations"]
        return tuple(RelationKind(kind["name"], tuple(kind["heads"]), tuple(kind["tails"])) for kind in given)
    except (KeyError, TypeError) as error:
        raise UsageError(f"adapter {manifest.name}: expected its relations in the manifest, found none") from error


#: By task and model, as in the table of trainers.
PREDICTORS: dict[tuple[str, str], Callable[[Any, Splitter, AdapterManifest, int], Predictor]] = {
    ("entities", "tagger"): _tagger,
    ("entities", "questions"): _questions,
    ("labels", "classifier"): _classifier,
    ("relations", "pairs"): _relations,
    ("relations", "questions"): _relations_asked,
}
