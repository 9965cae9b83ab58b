"""The annotator of this moment: the one that was named, or the newest adapter as soon as it is finished."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from annotation.adapter import AdapterAnnotator
from annotation.annotators import annotator
from annotation.label_studio.backend.prediction_queue import Ready
from annotation.label_studio.settings import BackendSettings
from annotation.settings import AnnotationSettings
from curation.egress.gate import Gate
from curation.errors import CurateError, UsageError
from curation.record import Record, record_id
from curation.scheme import Scheme
from curation.stage import Item, Stage
from curation.tagging.folder import MANIFEST, AdapterManifest, read_manifest

log = logging.getLogger(__name__)

ADAPTER = "adapter"


class Current:
    """Gives the annotator of this moment; `look` takes a newer adapter in once it is whole.

    Whoever has asked already is answered by the annotator that was there then.
    """

    def __init__(
        self,
        scheme: Scheme,
        annotation: AnnotationSettings,
        settings: BackendSettings,
        *,
        adapters: Path,
        language: str = "en",
        gate: Gate | None = None,
    ) -> None:
        self._gate = gate
        self._scheme = scheme
        self._annotation = annotation
        self._settings = settings
        self._language = language
        name, _, path = settings.annotator.partition(":")
        self._follows = name == ADAPTER
        self._pinned = Path(path) if path else annotation.adapter.path
        self._adapters = adapters
        self._digest: str | None = None
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        found = self._newest() if self._follows else None
        if found is not None:
            self._ready = self._load(*found)
        else:
            self._ready = self._first()

    def __call__(self) -> Ready:
        """The annotator of this moment."""
        return self._ready

    @property
    def stage(self) -> Stage:
        """Its stage."""
        return self._ready.stage

    @property
    def versions(self) -> list[str]:
        """The version in use, then those of the other finished adapters that could be."""
        others = [manifest.author for _, manifest in self._finished()] if self._follows else []
        return list(dict.fromkeys([self._ready.version, *others]))

    def look(self) -> bool:
        """Whether a newer adapter has been taken in; one that cannot be read leaves the old one where it is."""
        found = self._newest() if self._follows else None
        if found is None or found[1].weights_digest == self._digest:
            return False
        try:
            self._ready = self._load(*found)
        except CurateError as error:
            log.warning("%s", error)
            return False
        log.warning("predictions are made by %s from now on", self._ready.version)
        return True

    def watch(self) -> None:
        """Look again and again, until `close`."""
        if self._follows and self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="adapters", daemon=True)
            self._watcher.start()

    def close(self) -> None:
        """No more looking."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._settings.watch):
            self.look()

    def _first(self) -> Ready:
        spoken = self._settings.until if self._follows and self._pinned is None else self._settings.annotator
        if spoken.partition(":")[0] == ADAPTER and self._pinned is None:
            raise UsageError(f"expected another annotator than an adapter in review.backend.until, got {spoken!r}")
        return _warm(annotator(spoken, self._scheme, self._annotation, gate=self._gate), self._language)

    def _newest(self) -> tuple[Path, AdapterManifest] | None:
        return max(self._finished(), key=lambda one: one[1].created, default=None)

    def _finished(self) -> list[tuple[Path, AdapterManifest]]:
        """The adapters with a manifest, which is written last."""
        folders = [self._pinned] if self._pinned else sorted(one.parent for one in self._adapters.glob(f"*/{MANIFEST}"))
        found = []
        for folder in folders:
            try:
                found.append((folder, read_manifest(folder)))
            except UsageError:
                continue  # being written just now, or of another version
        return found

    def _load(self, folder: Path, manifest: AdapterManifest) -> Ready:
        stage = AdapterAnnotator(folder, self._scheme, self._annotation.adapter)
        ready = _warm(stage, self._language)
        self._digest = manifest.weights_digest
        return ready


def _warm(stage: Stage, language: str) -> Ready:
    """The annotator once it has been asked about an empty text: all is loaded, and the author is known.

    Predictions carry one version for all languages, since Label Studio asks again for whatever is of another.
    """
    record = Record(id=record_id("", language=language), group="-", source="-", language=language, text="")
    layers = [layer for result in stage([Item(record)]) for layer in result.layers]
    return Ready(stage, layers[0].author if layers else stage.name, stage.fingerprint)
