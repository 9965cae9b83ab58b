"""An adapter's folder: a manifest that describes it, its weights, and the tokenizer.

The manifest is written last: a folder without one is not finished and does not load. Weights are
safetensors; the encoder is named, not copied, and its digest is checked, because an adapter on
another encoder gives nonsense without an error.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, ValidationError

from curation.author import AuthorKind, author_name
from curation.errors import MissingExtraError, UsageError
from curation.record import Frozen
from curation.tagging.encoder import (
    TOKENIZER,
    WEIGHTS,
    base_folder,
    device,
    file_digest,
    quiet,
    splitter,
    with_head,
)
from curation.tagging.tagger import Tagger
from curation.tagging.words import Splitter

MANIFEST = "clincurate.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
FORMAT: Literal[1] = 1


class AdapterManifest(Frozen):
    """What an adapter is and where it comes from."""

    format: Literal[1] = FORMAT
    name: str
    kind: Literal["lora", "full"]
    scheme: str
    scheme_digest: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    window: int
    stride: int
    base_model: str
    base_digest: str
    weights_digest: str
    #: Digest of the training records and their layers, with how many there were.
    training: dict[str, JsonValue] = Field(default_factory=dict)
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0

    @property
    def author(self) -> str:
        """The author of layers that this adapter writes."""
        return author_name(AuthorKind.ADAPTER, self.name, revision=self.weights_digest[:8])

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the adapter can give."""
        return tuple(label[2:] for label in self.labels if label.startswith("B-"))


def weights_file(folder: Path, kind: str) -> Path:
    """The one file of weights in a folder of this kind."""
    return folder / (ADAPTER_WEIGHTS if kind == "lora" else WEIGHTS)


def save_weights(model: Any, splitter: Splitter, folder: Path, *, base_model: str, kind: str) -> str:
    """The digest of the weights, now in the folder beside the tokenizer's file."""
    options: dict[str, Any] = {}
    if kind == "lora":  # the encoder by name: this machine's path means nothing elsewhere
        model.peft_config["default"].base_model_name_or_path = base_model
        options["save_embedding_layers"] = False  # "auto" would ask the hub
    with quiet():
        model.save_pretrained(folder, **options)
    shutil.copyfile(splitter.file, folder / TOKENIZER)
    return file_digest(weights_file(folder, kind))


def write_manifest(manifest: AdapterManifest, folder: Path) -> None:
    """The manifest in the folder."""
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> AdapterManifest:
    """The manifest in a folder; UsageError when there is none, or it is of another shape."""
    file = folder / MANIFEST
    if not file.is_file():
        raise UsageError(f"expected an adapter with {MANIFEST} in {folder}, found none; train one with `curate train`")
    try:
        return AdapterManifest.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: expected the manifest of an adapter, format {FORMAT}: {error}") from error


def load_tagger(folder: Path, *, batch_size: int = 16) -> tuple[Tagger, AdapterManifest]:
    """The tagger in a folder, ready to predict, once it is shown to be whole and on its own encoder.

    A LoRA's weights are merged into the encoder: the same answers, without the extra products.
    """
    manifest = read_manifest(folder)
    weights = weights_file(folder, manifest.kind)
    if not weights.is_file():
        raise UsageError(f"adapter {manifest.name}: expected its weights at {weights}, found none")
    _check(manifest, "weights", file_digest(weights), manifest.weights_digest)
    model = _merged(folder, manifest) if manifest.kind == "lora" else with_head(folder, manifest.labels)
    tagger = Tagger(
        model=model.to(device()).eval(),
        splitter=splitter(folder),
        labels=manifest.labels,
        window=manifest.window,
        stride=manifest.stride,
        batch_size=batch_size,
    )
    return tagger, manifest


def _merged(folder: Path, manifest: AdapterManifest) -> Any:
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtraError("peft", "train") from error

    base = base_folder(manifest.base_model)
    _check(manifest, f"encoder {manifest.base_model}", file_digest(base / WEIGHTS), manifest.base_digest)
    with quiet():
        model = PeftModel.from_pretrained(with_head(base, manifest.labels), folder)
        return model.merge_and_unload()


def _check(manifest: AdapterManifest, what: str, found: str, expected: str) -> None:
    if found != expected:
        raise UsageError(
            f"adapter {manifest.name}: expected {what} with the digest {expected}, got {found}; "
            "train it again or restore the file it was trained with"
        )
