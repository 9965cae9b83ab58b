"""The current annotator of the back end: the one of the settings, or the newest finished adapter."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from annotation.adapter import AdapterAnnotator
from annotation.annotators import annotator
from annotation.label_studio.backend.prediction_queue import LoadedAnnotator
from annotation.label_studio.settings import BackendSettings
from annotation.llm.examples import Examples
from annotation.settings import AnnotationSettings
from curation.adapters.predictors import is_read
from curation.author import AuthorKind, kind_of, own_name
from curation.egress.gate import Gate
from curation.errors import CurateError, UsageError
from curation.models.asked_stage import AskedStage
from curation.models.asking_stage import asks
from curation.models.settings import ModelSettings
from curation.record import Record, record_id
from curation.scheme import Scheme
from curation.stage import Item, Stage
from curation.store import Store
from curation.tagging.folder import MANIFEST, AdapterManifest, read_manifest

log = logging.getLogger(__name__)


class ActiveAnnotator:
    """Returns the current annotator; `look` replaces it by a newer adapter that is finished.

    Requests that were made before are answered by the annotator of that time.
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
        models: Mapping[str, ModelSettings] | None = None,
        examples: Examples | None = None,
        store: Store | None = None,
    ) -> None:
        self._gate = gate
        self._models = models
        self._examples = examples
        self._store = store
        self._scheme = scheme
        self._annotation = annotation
        self._settings = settings
        self._language = language
        self._follows = kind_of(settings.annotator) is AuthorKind.ADAPTER
        path = own_name(settings.annotator)
        self._pinned = Path(path) if path else annotation.adapter.path
        self._adapters = adapters
        self._author: str | None = None
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        found = self._newest() if self._follows else None
        if found is not None:
            self._ready = self._load(*found)
        else:
            self._ready = self._first()

    def __call__(self) -> LoadedAnnotator:
        """The current annotator."""
        return self._ready

    @property
    def stage(self) -> Stage:
        """Its stage."""
        return self._ready.stage

    @property
    def versions(self) -> list[str]:
        """The version in use, then those of the other finished adapters."""
        finished = [manifest.author for _, manifest in self._finished()] if self._follows else []
        return list(dict.fromkeys([self._ready.version, *finished]))

    def look(self) -> bool:
        """Whether a newer adapter is used now; one that cannot be read changes nothing."""
        found = self._newest() if self._follows else None
        if found is None or found[1].author == self._author:
            return False
        try:
            self._ready = self._load(*found)
        except CurateError as error:
            log.warning("%s", error)
            return False
        log.warning("predictions are made by %s from now on", self._ready.version)
        return True

    def watch(self) -> None:
        """Call `look` regularly until `close`."""
        if self._follows and self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="adapters", daemon=True)
            self._watcher.start()

    def close(self) -> None:
        """Stop looking for newer adapters, and store what a language model has answered."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()
        if isinstance(self._ready.stage, AskedStage):
            self._ready.stage.close()

    def _watch(self) -> None:
        while not self._stopped.wait(self._settings.watch):
            self.look()

    def _first(self) -> LoadedAnnotator:
        spoken = self._settings.until if self._follows and self._pinned is None else self._settings.annotator
        if kind_of(spoken) is AuthorKind.ADAPTER and self._pinned is None:
            raise UsageError(f"expected another annotator than an adapter in review.backend.until, got {spoken!r}")
        stage = annotator(
            spoken,
            self._scheme,
            self._annotation,
            gate=self._gate,
            models=self._models,
            examples=self._examples,
        )
        if not asks(stage):
            return _loaded(stage, self._language)
        if self._store is None:
            raise UsageError(f"expected a store that keeps what {spoken} answers, got none")
        return _loaded(AskedStage(stage, self._store), self._language)

    def _newest(self) -> tuple[Path, AdapterManifest] | None:
        return max(self._finished(), key=lambda adapter: adapter[1].created, default=None)

    def _finished(self) -> list[tuple[Path, AdapterManifest]]:
        """The adapters with a manifest, which training writes last; of those that nobody has named, the ones that give
        what the scheme asks for first: entities, else document labels."""
        folders = (
            [self._pinned]
            if self._pinned
            else sorted(manifest.parent for manifest in self._adapters.glob(f"*/{MANIFEST}"))
        )
        task = "entities" if self._scheme.categories else "labels"
        found = []
        for folder in folders:
            try:
                manifest = read_manifest(folder)
            except UsageError:
                continue  # being written just now, or of another version
            if self._pinned or (manifest.task == task and is_read(manifest)):
                found.append((folder, manifest))
        return found

    def _load(self, folder: Path, manifest: AdapterManifest) -> LoadedAnnotator:
        if manifest.task == "relations" or not is_read(manifest):
            raise UsageError(
                f"adapter {manifest.name}: expected one that an encoder reads texts with, alone, got "
                f"{manifest.task} by {manifest.model}; `curate annotate --with adapter:{manifest.name}` and "
                "`curate review push` show people what it says"
            )
        stage = AdapterAnnotator(folder, self._scheme, self._annotation.adapter)
        ready = _loaded(stage, self._language)
        self._author = manifest.author
        return ready


def _loaded(stage: Stage, language: str) -> LoadedAnnotator:
    """The annotator after it has annotated an empty text: its models are loaded, and its author is known.

    Predictions have one version for all languages, because Label Studio asks again for tasks of another version.
    """
    record = Record(id=record_id("", language=language), group="-", source="-", language=language, text="")
    layers = [layer for result in stage([Item(record)]) for layer in result.layers]
    return LoadedAnnotator(stage, layers[0].author if layers else stage.name, stage.fingerprint)
