"""A language model with an adapter of ours as an annotator: asked by the prompt that it was trained with, on this
machine, its answers held to the scheme's form."""

from __future__ import annotations

from pathlib import Path

from annotation.llm.annotator import LlmAnnotator
from annotation.settings import LlmSettings
from annotation.trained_scheme import trained_scheme
from curation.author import AuthorKind, layer_name
from curation.errors import UsageError
from curation.models.local.model import LocalModel
from curation.models.local.settings import LocalModelSettings
from curation.scheme import Scheme
from curation.tagging.folder import AdapterManifest, base_of, check_weights, read_manifest


class TunedAnnotator(LlmAnnotator):
    """Writes what a tuned language model extracts as a layer of its adapter.

    Raises UsageError for an adapter of another scheme's categories or labels, and where its model is not on this
    machine, not trusted, or not the one of the training: on another one it gives nonsense without an error.
    """

    kind = AuthorKind.ADAPTER

    def __init__(self, path: Path, scheme: Scheme, settings: LlmSettings, *, layer: str = layer_name(kind)) -> None:
        self.manifest: AdapterManifest = read_manifest(path)
        given = {*self.manifest.categories, *self.manifest.document_labels}
        asked_for = set(scheme.flat_keys)
        # Of several sets it has learnt to answer for parts of what it knows.
        if given != asked_for and not (self.manifest.training.get("sets") and asked_for < given):
            raise UsageError(
                f"adapter {self.manifest.name}: expected the categories and labels of the scheme {scheme.name}, got "
                f"others ({', '.join(sorted(given ^ set(scheme.flat_keys)))}); {trained_scheme(self.manifest, path)}"
            )
        is_whole = self.manifest.kind == "full"  # merged, or tuned in full: the folder is the model
        if is_whole:
            check_weights(path, self.manifest)
        base = str(path) if is_whole else base_of(path, self.manifest)
        local = LocalModelSettings(path=base, adapter=None if is_whole else path)
        asked = settings.model_copy(
            update={"prompt": str(self.manifest.details.get("prompt")), "examples": None, "samples": 1}
        )
        model = LocalModel(self.manifest.name, local)
        if not is_whole and (found := model.identity["revision"]) != self.manifest.base_digest:
            raise UsageError(
                f"adapter {self.manifest.name}: expected the model {self.manifest.base_model} with the digest "
                f"{self.manifest.base_digest}, got {found}; train it again or restore the model it was trained with"
            )
        super().__init__(scheme, asked, {self.manifest.name: model}, layer=layer)

    @property
    def author(self) -> str:
        """The author of the layers: the adapter with its revision."""
        return self.manifest.author
