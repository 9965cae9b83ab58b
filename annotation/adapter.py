"""A trained adapter as an annotator: from curated layers back to pre-annotations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from annotation.settings import AdapterSettings
from curation.author import AuthorKind, layer_name
from curation.errors import UsageError
from curation.record import Layer, digest
from curation.scheme import Scheme
from curation.stage import Item, Result
from curation.tagging.folder import AdapterManifest, load_tagger, read_manifest
from curation.tagging.labels import TaggedSpan
from curation.tagging.tagger import Tagger, to_entities

#: Raised when the same adapter would say something else.
VERSION = 1


class AdapterAnnotator:
    """Writes the entities that an adapter finds, with their scores, as a layer.

    The manifest is read at once, so that a wrong folder is reported before any work; the weights on
    first use. Raises UsageError when the adapter gives categories that the scheme does not have.
    """

    kind = AuthorKind.ADAPTER
    reads: Sequence[str] = ()

    def __init__(
        self, path: Path, scheme: Scheme, settings: AdapterSettings | None = None, *, layer: str = layer_name(kind)
    ) -> None:
        self.path = Path(path)
        self.settings = settings or AdapterSettings()
        self.layer = layer
        self.manifest: AdapterManifest = read_manifest(self.path)
        self._scheme_digest, self._scheme_keys = scheme.digest, scheme.flat_keys
        if unknown := sorted(set(self.manifest.categories) - set(scheme.names)):
            raise UsageError(
                f"adapter {self.manifest.name}: expected categories of the scheme {scheme.name}, "
                f"got {', '.join(unknown)}; use the scheme {self.manifest.scheme} that it was trained on"
            )

    def load(self, languages: Sequence[str]) -> None:
        """Load the weights. Raises UsageError where they or the encoder are not those of the manifest."""
        _ = self.tagger

    def unserved(self, language: str) -> tuple[str, ...]:
        """The categories and document labels of the scheme that the adapter has not learnt."""
        return tuple(name for name in self._scheme_keys if name not in self.manifest.categories)

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
            ]
        )

    @cached_property
    def tagger(self) -> Tagger:
        """The adapter's tagger, loaded on first use."""
        return load_tagger(self.path, batch_size=self.settings.batch_size)[0]

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One layer for each record."""
        found = self.tagger([item.record.text for item in items])
        return [self._result(item, spans) for item, spans in zip(items, found, strict=True)]

    def _result(self, item: Item, spans: Sequence[TaggedSpan]) -> Result:
        confident = [span for span in spans if span.score >= self.settings.threshold]
        layer = Layer(
            record_id=item.record.id,
            name=self.layer,
            author=self.manifest.author,
            entities=to_entities(item.record.text, confident),
            provenance={
                "adapter": self.manifest.name,
                "weights": self.manifest.weights_digest,
                "base_model": self.manifest.base_model,
                "scheme_as_trained": self.manifest.scheme_digest == self._scheme_digest,
            },
        )
        return Result(item.record.id, layers=(layer,))
