"""A trained adapter as an annotator: from curated layers back to pre-annotations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from annotation.settings import AdapterSettings
from annotation.trained_scheme import trained_scheme
from curation.adapters.predictors import AdapterFindings, Predictor, check_model, load_predictor, relation_kinds
from curation.adapters.relations import to_relations
from curation.author import AuthorKind, layer_name
from curation.errors import UsageError
from curation.record import Layer, digest
from curation.scheme import Scheme
from curation.stage import Item, Result
from curation.tagging.folder import AdapterManifest, read_manifest
from curation.tagging.tagger import to_entities

#: Raised when the same adapter would say something else.
VERSION = 1


class AdapterAnnotator:
    """Writes the entities that an adapter finds, with their scores, as a layer.

    The manifest is read at once, so that a wrong folder is reported before any work; the weights on
    first use. Raises UsageError when the adapter gives categories that the scheme does not have.
    """

    kind = AuthorKind.ADAPTER

    def __init__(
        self, path: Path, scheme: Scheme, settings: AdapterSettings | None = None, *, layer: str = layer_name(kind)
    ) -> None:
        self.path = Path(path)
        self.settings = settings or AdapterSettings()
        self.layer = layer
        self.manifest: AdapterManifest = read_manifest(self.path)
        check_model(self.manifest)
        self._scheme_digest, self._scheme_keys = scheme.digest, scheme.flat_keys
        check_labels(self.manifest, scheme, self.path)
        self.reads: Sequence[str] = self._layer_to_read(scheme)
        if unknown := sorted(set(self.manifest.categories) - set(scheme.names)):
            raise UsageError(
                f"adapter {self.manifest.name}: expected categories of the scheme {scheme.name}, "
                f"got {', '.join(unknown)}; {trained_scheme(self.manifest, self.path)}"
            )

    def _layer_to_read(self, scheme: Scheme) -> tuple[str, ...]:
        """The layer whose entities are linked, of an adapter of relations. Raises UsageError where none is named, and
        for relations that the scheme does not have."""
        if self.manifest.task != "relations":
            return ()
        given = {kind.name for kind in relation_kinds(self.manifest)}
        if unknown := sorted(given - {relation.name for relation in scheme.relations}):
            raise UsageError(
                f"adapter {self.manifest.name}: expected relations of the scheme {scheme.name}, got "
                f"{', '.join(unknown)}; {trained_scheme(self.manifest, self.path)}"
            )
        if self.settings.reads is None or self.settings.reads == self.layer:
            raise UsageError(
                f"adapter {self.manifest.name} finds relations between given entities: expected their layer in "
                f"annotation.adapter.reads, another one than {self.layer}, got {self.settings.reads or 'none'}"
            )
        return (self.settings.reads,)

    def load(self, languages: Sequence[str]) -> None:
        """Load the weights. Raises UsageError where they or the encoder are not those of the manifest."""
        _ = self.predictor

    def unserved(self, language: str) -> tuple[str, ...]:
        """The categories and document labels of the scheme that the adapter has not learnt."""
        if self.manifest.task == "relations":
            return ()  # it writes what the layer has that it reads
        given = {*self.manifest.categories, *self.manifest.document_labels}
        return tuple(name for name in self._scheme_keys if name not in given)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The files of the adapter that cannot be compared with those of its training."""
        return self.manifest.unchecked

    @property
    def name(self) -> str:
        """The stage's name: one adapter's results do not stand for another's."""
        return f"annotate:{self.layer}"

    @property
    def fingerprint(self) -> str:
        """A digest of the weights, how they are read, and what is kept."""
        manifest = self.manifest
        return digest(
            [
                *(VERSION, manifest.author, manifest.base_digest, manifest.weights_digest, manifest.labels),
                *(manifest.window, manifest.stride, self.settings.threshold, self.layer),
                *([manifest.details, self.reads] if manifest.details else ()),
            ]
        )

    @cached_property
    def predictor(self) -> Predictor:
        """What the adapter says about records, loaded on first use."""
        return load_predictor(self.path, batch_size=self.settings.batch_size)

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One layer for each record."""
        able = [item for item in items if all(layer in item.layers for layer in self.reads)]
        results = [self._result(item, found) for item, found in zip(able, self.predictor(able), strict=True)]
        able_ids = {item.record.id for item in able}
        lacking = f"expected the layer {', '.join(self.reads)} that relations are found in, the record has none"
        return results + [
            Result(item.record.id, error=lacking, kind="no layer") for item in items if item.record.id not in able_ids
        ]

    def _result(self, item: Item, found: AdapterFindings) -> Result:
        threshold = self.settings.threshold
        confident = [span for span in found.spans if span.score >= threshold]
        labels = {label: given for label, given in found.labels.items() if given[1] >= threshold}
        given = item.layers[self.reads[0]] if self.reads else None
        relations = [relation for relation in found.relations if relation.score >= threshold]
        layer = Layer(
            record_id=item.record.id,
            name=self.layer,
            author=self.manifest.author,
            entities=given.entities if given else to_entities(item.record.text, confident),
            relations=to_relations(relations),
            labels=given.labels if given else {label: value for label, (value, _) in labels.items()},
            provenance={
                "adapter": self.manifest.name,
                "weights": self.manifest.weights_digest,
                "base_model": self.manifest.base_model,
                "scheme_as_trained": self.manifest.scheme_digest == self._scheme_digest,
                **({"entities_of": given.author} if given else {}),
                **({"label_scores": {label: score for label, (_, score) in labels.items()}} if labels else {}),
                **({"dropped": dict(found.left_out)} if found.left_out else {}),
            },
        )
        notes = {f"left out: {reason}": count for reason, count in found.left_out.items()}
        return Result(item.record.id, layers=(layer,), notes=notes)


def check_labels(manifest: AdapterManifest, scheme: Scheme, folder: Path) -> None:
    """Raises UsageError for document labels or values of an adapter that a scheme does not have."""
    known = {f"{label.name}={value}" for label in scheme.labels for value in label.values}
    given = {f"{label}={value}" for label, values in manifest.document_labels.items() for value in values}
    if unknown := sorted(given - known):
        raise UsageError(
            f"adapter {manifest.name}: expected document labels of the scheme {scheme.name}, got {', '.join(unknown)}; "
            f"{trained_scheme(manifest, folder)}"
        )
