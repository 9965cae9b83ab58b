"""Which records an annotator has learnt from, as far as the workspace knows it: they measure nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from annotation.few_shot.example_sentences import load_examples
from curation.author import AuthorKind, author_name, layer_kind
from curation.record import Layer, Record
from curation.sets.duplicates import normalised
from curation.store import Store
from curation.tagging.folder import revision_of
from pipeline.retrieval import taught_sentences
from pipeline.runs import LEFT_OUT, sets_of
from pipeline.workspace import Workspace

#: A shorter example is wording that any record may have.
LEAST_WORDS = 6


@dataclass
class SeenRecords:
    """Of some records, those that the authors of layers know; ids with the author, in the order of the records."""

    taught: dict[str, str] = field(default_factory=dict)  # learnt from: the record, its text, or sentences of it
    chose: dict[str, str] = field(default_factory=dict)  # its score chose the checkpoint
    related: dict[str, str] = field(default_factory=dict)  # of a group (patient) that was learnt from
    unknown: tuple[str, ...] = ()  # adapters whose training this workspace does not know


def seen_records(workspace: Workspace, store: Store, layers: Iterable[Layer], records: Iterable[Record]) -> SeenRecords:
    """What the authors of these layers have seen of these records, which are iterated once for each author."""
    kinds = {layer.author: layer_kind(layer.name, layer.author) for layer in layers}
    adapters = sorted(author for author, kind in kinds.items() if kind is AuthorKind.ADAPTER)
    sets = training_sets(store) if adapters else {}
    seen = SeenRecords(unknown=tuple(author for author in adapters if author not in sets))
    for author in adapters:
        if author in sets:
            for digest, left_out in sets[author].items():
                _add_training(seen, store, author, digest, left_out, records)
    if AuthorKind.FEW_SHOT in kinds.values():
        seen.taught |= dict.fromkeys(_with_examples(workspace, store, records), str(AuthorKind.FEW_SHOT))
    return seen


def _add_training(
    seen: SeenRecords, store: Store, author: str, digest: str, left_out: frozenset[str], records: Iterable[Record]
) -> None:
    """Note the records that were in the training set of an adapter, by id or by text, and those of its groups."""
    ids, texts, groups, choosing = set(), set(), set(), set()
    for split, record, _ in store.set_members(digest):
        if record.id in left_out and split != "test":
            continue
        if split == "train":
            ids.add(record.id)
            texts.add(normalised(record.text))
            groups.add(record.group)
        elif split == "validation":
            choosing.add(record.id)
    for record in records:
        if record.id in ids or normalised(record.text) in texts:
            seen.taught[record.id] = author
        elif record.id in choosing:
            seen.chose[record.id] = author
        elif record.group in groups:
            seen.related[record.id] = author


def training_sets(store: Store) -> dict[str, dict[str, frozenset[str]]]:
    """The digests of the sets that each adapter was trained on here, by the adapter's author name, with the ids of the
    records of each that it has not learnt from."""
    known = {curated.digest for curated in store.curated_sets()}
    found: dict[str, dict[str, frozenset[str]]] = {}
    for run in store.runs():
        inputs, outcome = run.manifest.get("inputs"), run.manifest.get("outcome")
        if run.command == "train" and isinstance(inputs, dict) and isinstance(outcome, dict):
            adapter, digests = outcome.get("manifest"), sets_of(inputs)
            if isinstance(adapter, dict) and digests and known.issuperset(digests):
                learnt = {digest: _ids(outcome.get(LEFT_OUT), digest) for digest in digests}
                found |= dict.fromkeys(_authors(adapter), learnt)
    return found


def _authors(adapter: Mapping[str, JsonValue]) -> set[str]:
    """How an adapter signs: by all that its answers depend on, and before that by its first weights alone."""
    weights, details = str(adapter.get("weights_digest")), adapter.get("details")
    revisions = {revision_of(weights, details if isinstance(details, dict) else {}), revision_of(weights, {})}
    return {author_name(AuthorKind.ADAPTER, str(adapter.get("name")), revision=revision) for revision in revisions}


def _ids(left_out: JsonValue, digest: str) -> frozenset[str]:
    ids = left_out.get(digest) if isinstance(left_out, dict) else None
    return frozenset(map(str, ids)) if isinstance(ids, list) else frozenset()


def _with_examples(workspace: Workspace, store: Store, records: Iterable[Record]) -> Iterator[str]:
    """The ids of the records that hold an example of few-shot word for word: a sentence or a labelled text."""
    folder = workspace.config.annotation.few_shot.examples
    taught = taught_sentences(workspace, store)
    sentences: dict[str, list[str]] = {}
    for record in records:
        if record.language not in sentences:
            examples = taught.get(record.language) or load_examples(record.language, folder=folder)
            texts = [sentence.text for sentence in examples.sentences] if examples else []
            texts += [document.text for document in examples.documents] if examples else []
            sentences[record.language] = [normalised(text) for text in texts if len(text.split()) >= LEAST_WORDS]
        text = normalised(record.text)
        if any(sentence in text for sentence in sentences[record.language]):
            yield record.id
