"""An adapter's folder: a manifest that describes it, its weights, and the tokenizer.

The manifest is written last: a folder without one is not finished and does not load. Weights are
safetensors; the encoder is named, not copied, and its digest is checked, because an adapter on
another encoder gives nonsense without an error.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, JsonValue, ValidationError

from curation.author import AuthorKind, author_name
from curation.errors import MissingExtraError, UsageError
from curation.file_digest import file_digest
from curation.model_config import check_config
from curation.quiet_libraries import quiet
from curation.record import Frozen, digest
from curation.tagging.encoder import (
    PACKAGED,
    TOKENIZER,
    WEIGHTS,
    base_folder,
    device,
    splitter,
    with_head,
)
from curation.tagging.mean_model import MeanModel
from curation.tagging.tagger import Tagger
from curation.tagging.words import Splitter
from curation.trusted import allows_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MANIFEST = "clincurate.json"
#: The common scheme of several sets that an adapter has learnt from: `curation.scheme` may name it.
COMMON_SCHEME = "scheme.yaml"
#: Where the further models of an adapter are that is several, by their number.
MEMBERS = "members"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
FORMAT: Literal[1] = 1
#: What every workspace has at its top.
WORKSPACE_FILE = "curate.toml"
#: The files beside the weights that are loaded from a folder of each kind; its encoder's have ENCODER before them.
ENCODER = "encoder/"
LOADED = {
    "lora": ("adapter_config.json", TOKENIZER, f"{ENCODER}config.json"),
    "full": ("config.json", TOKENIZER),
    "prompt": ("adapter_config.json",),
}

#: What the hub calls the packaged encoder, for who loads an adapter with peft alone.
ON_HUB = {PACKAGED: f"sentence-transformers/{PACKAGED}"}

#: What an adapter gives.
Task = Literal["entities", "labels", "relations"]


class AdapterManifest(Frozen):
    """What an adapter is and where it comes from."""

    format: Literal[1] = FORMAT
    name: str
    kind: Literal["lora", "full", "prompt"]
    #: What it gives, and how: an entry of the trainers' table. Those of before it are taggers.
    task: Task = "entities"
    model: str = "tagger"
    scheme: str
    scheme_digest: str
    labels: tuple[str, ...]
    #: What the model needs besides, such as its questions.
    details: dict[str, JsonValue] = Field(default_factory=dict)
    languages: tuple[str, ...]
    window: int
    stride: int
    base_model: str
    base_digest: str
    weights_digest: str
    #: Digests of the other files that are loaded, by name; an encoder's file has ENCODER before it.
    files: dict[str, str] = Field(default_factory=dict)
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
        return author_name(AuthorKind.ADAPTER, self.name, revision=revision_of(self.weights_digest, self.details))

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The files that are loaded, and of which an earlier version has written no digest."""
        return tuple(name for name in LOADED[self.kind] if name not in self.files)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the adapter can give."""
        if isinstance(asked := self.details.get("categories"), list):
            return tuple(map(str, asked))
        return tuple({label[2:]: None for label in self.labels if label.startswith("B-")})

    @property
    def members(self) -> tuple[str, ...]:
        """The digests of the weights of the further models whose scores are averaged with its own."""
        found = self.details.get("members")
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def biases(self) -> dict[str, float]:
        """What is added to the scores of each category's labels, where thresholds were chosen (training.thresholds)."""
        return _biases(self.details)

    @property
    def transitions(self) -> tuple[NDArray[np.float32], ...]:
        """What a tagger's CRF has learnt, for each head; empty without one."""
        import numpy as np

        heads: Any = self.details.get("transitions") or ()
        return tuple(np.array(steps, dtype=np.float32) for steps in heads)

    @property
    def document_labels(self) -> dict[str, tuple[str, ...]]:
        """The document labels that the adapter can give, with their values."""
        values = self.details.get("values")
        return {label: tuple(found) for label, found in values.items()} if isinstance(values, dict) else {}  # type: ignore[arg-type]


def revision_of(weights: str, details: Mapping[str, JsonValue]) -> str:
    """The revision in an adapter's author: the digest of its weights, and of the other weights, the thresholds and the
    steps of a CRF that its answers depend on where there are any."""
    further = [details.get("members") or [], _biases(details), details.get("transitions") or []]
    return digest([weights, *further])[:8] if any(further) else weights[:8]


def _biases(details: Mapping[str, JsonValue]) -> dict[str, float]:
    thresholds: Any = details.get("thresholds") or {}
    return {str(name): float(bias) for name, bias in thresholds.get("biases", {}).items()}


def weights_file(folder: Path, kind: str) -> Path:
    """The one file of weights in a folder of this kind."""
    return folder / (WEIGHTS if kind == "full" else ADAPTER_WEIGHTS)


def save_weights(model: Any, splitter: Splitter, folder: Path, *, base_model: str, kind: str) -> str:
    """The digest of the weights, now in the folder beside the tokenizer's file."""
    options: dict[str, Any] = {}
    if kind == "lora":  # the encoder by the name that others know: this machine's path means nothing elsewhere
        model.peft_config["default"].base_model_name_or_path = ON_HUB.get(base_model, base_model)
        options["save_embedding_layers"] = False  # "auto" would ask the hub
    with quiet():
        model.save_pretrained(folder, **options)
    shutil.copyfile(splitter.file, folder / TOKENIZER)
    return file_digest(weights_file(folder, kind))


def file_digests(folder: Path, kind: str, base: Path) -> dict[str, str]:
    """The digest of each file beside the weights that is loaded from a folder and from its encoder's."""
    return {name: file_digest(_file(name, folder, base)) for name in LOADED[kind]}


def _file(name: str, folder: Path, base: Path) -> Path:
    return base / name.removeprefix(ENCODER) if name.startswith(ENCODER) else folder / name


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


def load_tagger(folder: Path, *, batch_size: int = 16, base: Path | None = None) -> tuple[Tagger, AdapterManifest]:
    """The tagger in a folder, ready to predict, once it is shown to be whole and on its own encoder.

    A LoRA's weights are merged into the encoder: the same answers, without the extra products. base: the encoder's
    folder; without it, the one that the manifest names is looked for on this machine, where the user allows it.
    """
    model, words, manifest = load_encoder(folder, base=base)
    return tagger_of(model, words, manifest, batch_size), manifest


def tagger_of(model: Any, words: Splitter, manifest: AdapterManifest, batch_size: int) -> Tagger:
    """The tagger that a manifest describes. Raises UsageError where its transitions or thresholds do not fit its
    labels.
    """
    tagger = Tagger(
        model=model,
        splitter=words,
        labels=manifest.labels,
        window=manifest.window,
        stride=manifest.stride,
        batch_size=batch_size,
        transitions=manifest.transitions,
        biases=manifest.biases,
    )
    sizes = [head.stop - head.start for head in tagger.heads]
    if tagger.transitions and [steps.shape for steps in tagger.transitions] != [(size + 1, size) for size in sizes]:
        raise UsageError(f"adapter {manifest.name}: expected transitions for its labels in {MANIFEST}, got others")
    if others := tagger.biases.keys() - {*tagger.categories}:
        raise UsageError(
            f"adapter {manifest.name}: expected thresholds of its categories in {MANIFEST}, got some of "
            f"{', '.join(sorted(others))}"
        )
    return tagger


def load_encoder(folder: Path, *, base: Path | None = None) -> tuple[Any, Splitter, AdapterManifest]:
    """The model in a folder on its device, ready to predict, with its splitter and its manifest, as `load_tagger`."""
    manifest = read_manifest(folder)
    check_weights(folder, manifest)
    encoder = (base or _encoder(folder, manifest)) if manifest.kind == "lora" else folder
    _check_files(folder, manifest, encoder)
    model = _merged(folder, manifest, encoder) if manifest.kind == "lora" else with_head(folder, manifest.labels)
    if manifest.members:
        model = MeanModel([model, *_members(folder, manifest, encoder)])
    return model.to(device()).eval(), splitter(folder), manifest


def check_weights(folder: Path, manifest: AdapterManifest) -> None:
    """Raises UsageError where the weights are not those of the manifest."""
    weights = weights_file(folder, manifest.kind)
    if not weights.is_file():
        raise UsageError(f"adapter {manifest.name}: expected its weights at {weights}, found none")
    _check(manifest, "weights", file_digest(weights), manifest.weights_digest)


def check_whole(folder: Path, manifest: AdapterManifest, base: Path) -> None:
    """Raises UsageError where an encoder's adapter, or the encoder in its folder, is not the one of the training."""
    check_weights(folder, manifest)
    _check_files(folder, manifest, base)
    _check(manifest, f"encoder {manifest.base_model}", file_digest(base / WEIGHTS), manifest.base_digest)


def _members(folder: Path, manifest: AdapterManifest, encoder: Path) -> Iterator[Any]:
    """The further models of an adapter that is several, each shown to be the one that was trained."""
    for number, expected in enumerate(manifest.members, start=1):
        model, _, member = load_encoder(folder / MEMBERS / str(number), base=encoder)
        _check(manifest, f"{MEMBERS}/{number}", member.weights_digest, expected)
        yield model


def _encoder(folder: Path, manifest: AdapterManifest) -> Path:
    """The encoder that an adapter was trained on."""
    return base_folder(base_of(folder, manifest))


def base_of(folder: Path, manifest: AdapterManifest) -> str:
    """The name or folder of the model that an adapter was trained on; it may come from somebody else, so nothing is
    fetched for it.

    Raises UsageError when it names a folder that is neither in its workspace nor allowed by the user.
    """
    name = manifest.base_model
    if name == PACKAGED or not (Path(name).is_dir() or Path(name).is_absolute() or ".." in Path(name).parts):
        return name
    workspace, encoder = _workspace_of(folder.resolve()), Path(name).resolve()
    if not (encoder.is_relative_to(workspace) or allows_path(encoder)):
        raise UsageError(
            f"adapter {manifest.name}: expected an encoder in its workspace or in a folder that you have allowed, got "
            f"{encoder}; if you trust it, allow it once on this machine: curate trust {shlex.quote(str(encoder))}"
        )
    return str(encoder)


def _workspace_of(folder: Path) -> Path:
    """The workspace that an adapter's folder lies in: adapters of experiments lie deeper than others."""
    above = list(folder.parents)[:4]
    return next((path for path in above if (path / WORKSPACE_FILE).is_file()), folder.parent.parent)


def _check_files(folder: Path, manifest: AdapterManifest, base: Path) -> None:
    """Raises UsageError for a file that is not the one of the training, is missing, or names code."""
    check_config(folder, f"adapter {manifest.name}")
    for name in LOADED[manifest.kind]:
        path = _file(name, folder, base)
        if not path.is_file():
            raise UsageError(f"adapter {manifest.name}: expected {name} at {path}, found none")
        if name in manifest.files:
            _check(manifest, name, file_digest(path), manifest.files[name])


def _merged(folder: Path, manifest: AdapterManifest, base: Path) -> Any:
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtraError("peft", "train") from error

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
