"""A LoRA adapter merged into its base: a folder of plain weights that answers as the adapter did, or none at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.adapters.predictors import check_model
from curation.atomic_file import refilled
from curation.errors import MissingExtraError, UsageError
from curation.file_digest import file_digest
from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import model_source
from curation.models.local.weights import load_model
from curation.quiet_libraries import quiet
from curation.record import Frozen
from curation.tagging.encoder import TOKENIZER, WEIGHTS, base_folder, splitter, with_head
from curation.tagging.folder import (
    COMMON_SCHEME,
    AdapterManifest,
    base_of,
    check_weights,
    check_whole,
    file_digests,
    read_manifest,
    write_manifest,
)
from training.card import write_card

#: The largest difference of the outputs that rounding explains, as a share of the largest output, by the numbers that
#: the weights are kept in (docs/trainers.md has what was measured).
TOLERANCE: Mapping[str, float] = {"float32": 1e-4, "bfloat16": 5e-2, "float16": 1e-2}
#: Word pieces or tokens of a text that are compared, at most.
COMPARED = 256
#: Files of an encoder's folder that its tokenizer is described by.
TOKENIZER_FILES = ("tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt")


class MergeComparison(Frozen):
    """How far the outputs after merging, saving and loading again are from those before.

    largest_difference: as a share of the largest output; places: outputs compared; same_choice: of how many the highest
    output is the same.
    """

    dtype: str
    texts: int
    places: int
    same_choice: int
    largest_difference: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class MergedAdapter:
    """A merged model in its folder."""

    folder: Path
    manifest: AdapterManifest
    comparison: MergeComparison


def merge_adapter(adapter: Path, texts: Sequence[str], to: Path, *, tolerance: float | None = None) -> MergedAdapter:
    """The merged model in a folder that transformers loads as it is, and that annotates as the adapter does.

    texts: what the outputs before and after are compared on. Raises UsageError, and leaves no folder, where they differ
    by more than the tolerance, for an adapter that has nothing to merge or is not whole, a base in fewer bits, and a
    folder that is not empty.
    """
    manifest = read_manifest(adapter)
    if manifest.model != "decoder":
        check_model(manifest)
    if manifest.kind != "lora":
        raise UsageError(f"expected a LoRA adapter to merge, {manifest.name} is {manifest.kind}")
    if manifest.members:
        raise UsageError(
            f"expected one LoRA adapter to merge, {manifest.name} is {len(manifest.members) + 1} (training.members), "
            "whose scores are averaged: train it with members = 1"
        )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"expected a new or empty folder for the merged model, got {to}")
    if not any(text.strip() for text in texts):
        raise UsageError("expected texts to compare the outputs on, got none; name a set by --set")
    parts = _DECODER if manifest.model == "decoder" else _ENCODER
    with refilled(to) as inside:
        model, rows, dtype = parts.opened(adapter, manifest, texts)
        before = _outputs(model, rows)
        merged = model.merge_and_unload().to(dtype)
        with quiet():
            merged.save_pretrained(inside, max_shard_size="1TB")
        parts.tokenizer(adapter, manifest, inside)
        after = _outputs(parts.loaded(inside, manifest), rows)
        compared = _compared(before, after, dtype=str(dtype).removeprefix("torch."), tolerance=tolerance)
        if compared.largest_difference > compared.tolerance:
            raise UsageError(
                f"expected outputs of the merged model within {compared.tolerance:g} of those of the adapter "
                f"{manifest.name}, got a difference of {compared.largest_difference:.2e} (share of the largest output, "
                f"{compared.places} places in {compared.texts} texts): nothing was written"
            )
        found = manifest.model_copy(
            update={
                "name": to.name,
                "kind": "full",
                "weights_digest": file_digest(inside / WEIGHTS),
                "files": file_digests(inside, "full", inside),
                "details": {
                    **manifest.details,
                    "merged": {"adapter": manifest.author, **compared.model_dump(mode="json")},
                },
            }
        )
        if (adapter / COMMON_SCHEME).is_file():  # the common one of several sets
            shutil.copyfile(adapter / COMMON_SCHEME, inside / COMMON_SCHEME)
        write_card(found, inside)
        write_manifest(found, inside)
    return MergedAdapter(to, found, compared)


def _outputs(model: Any, rows: Sequence[Sequence[int]]) -> list[Any]:
    """The outputs for each row alone, shape (places, outputs), in full precision."""
    import torch

    model = model.float().eval()
    with torch.inference_mode():
        return [model(input_ids=torch.tensor([row], device=model.device)).logits[0].cpu() for row in rows]


def _compared(
    before: Sequence[Any], after: Sequence[Any], *, dtype: str, tolerance: float | None = None
) -> MergeComparison:
    largest = max(float(outputs.abs().max()) for outputs in before)
    apart = max(float((old - new).abs().max()) for old, new in zip(before, after, strict=True))
    return MergeComparison(
        dtype=dtype,
        texts=len(before),
        places=sum(len(outputs) for outputs in before),
        same_choice=sum(int((old.argmax(-1) == new.argmax(-1)).sum()) for old, new in zip(before, after, strict=True)),
        largest_difference=apart / largest if largest else apart,
        tolerance=TOLERANCE[dtype] if tolerance is None else tolerance,
    )


def _with_adapter(model: Any, adapter: Path) -> Any:
    """The model with the adapter beside its weights, in full precision: fewer bits would add their own error."""
    try:
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtraError("peft", "train") from error
    try:
        with quiet():
            found = PeftModel.from_pretrained(model.float(), adapter, local_files_only=True)
    except (RuntimeError, ValueError, KeyError) as error:
        raise UsageError(
            f"adapter {adapter.name}: expected weights that fit their base ({type(error).__name__})"
        ) from error
    if not hasattr(found, "merge_and_unload") or found.peft_config["default"].is_prompt_learning:
        raise UsageError(
            f"adapter {adapter.name}: expected LoRA matrices to merge, got prompt vectors, which stay apart"
        )
    return found


def _refuse_quantised(folder: Path, name: str) -> None:
    """Raises UsageError for a base whose weights stand for more precise ones."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("quantization_config"):
        raise UsageError(
            f"expected the base {name} in its own precision, got quantised weights, into which nothing can be merged "
            "without loss: name the unquantised base in the adapter's manifest and train on it"
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What differs between encoders and language models.

    opened: the adapter beside its base, the rows to compare on, and the numbers that the base is kept in; tokenizer:
    puts its files into the folder; loaded: the merged model from its folder, by transformers alone.
    """

    opened: Callable[[Path, AdapterManifest, Sequence[str]], tuple[Any, list[list[int]], Any]]
    tokenizer: Callable[[Path, AdapterManifest, Path], None]
    loaded: Callable[[Path, AdapterManifest], Any]


def _open_encoder(adapter: Path, manifest: AdapterManifest, texts: Sequence[str]) -> tuple[Any, list[list[int]], Any]:
    base = base_folder(base_of(adapter, manifest))
    check_whole(adapter, manifest, base)
    _refuse_quantised(base, manifest.base_model)
    model = with_head(base, manifest.labels)
    dtype = model.dtype
    split = splitter(adapter)
    room = min(COMPARED, manifest.window) - len(split.before) - len(split.after)
    rows = [[*split.before, *pieces.ids[:room].tolist(), *split.after] for pieces in split(texts)]
    return _with_adapter(model, adapter), rows, dtype


def _copy_tokenizer(adapter: Path, manifest: AdapterManifest, to: Path) -> None:
    base = base_folder(base_of(adapter, manifest))
    shutil.copyfile(adapter / TOKENIZER, to / TOKENIZER)
    for name in TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, to / name)


def _plain_encoder(folder: Path, manifest: AdapterManifest) -> Any:
    return with_head(folder, manifest.labels)


def _base_decoder(adapter: Path, manifest: AdapterManifest) -> Path:
    source = model_source(base_of(adapter, manifest))
    if source.revision != manifest.base_digest:
        raise UsageError(
            f"adapter {manifest.name}: expected the model {manifest.base_model} with the digest "
            f"{manifest.base_digest}, got {source.revision}; restore the model it was trained with"
        )
    return source.prepared()


def _open_decoder(adapter: Path, manifest: AdapterManifest, texts: Sequence[str]) -> tuple[Any, list[list[int]], Any]:
    from transformers import AutoConfig

    check_weights(adapter, manifest)
    base = _base_decoder(adapter, manifest)
    _refuse_quantised(base, manifest.base_model)
    loaded = load_model(base, LocalModelSettings(path=str(base), dtype="float32", device="cpu"))
    dtype = AutoConfig.from_pretrained(base, local_files_only=True).dtype or loaded.model.dtype
    rows = [loaded.tokenizer(text)["input_ids"][: min(COMPARED, loaded.context)] for text in texts if text.strip()]
    return _with_adapter(loaded.model, adapter), rows, dtype


def _save_tokenizer(adapter: Path, manifest: AdapterManifest, to: Path) -> None:
    from transformers import AutoTokenizer

    with quiet():
        AutoTokenizer.from_pretrained(_base_decoder(adapter, manifest), local_files_only=True).save_pretrained(to)


def _plain_decoder(folder: Path, manifest: AdapterManifest) -> Any:
    from transformers import AutoModelForCausalLM

    with quiet():
        return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, use_safetensors=True)


_ENCODER = _Parts(_open_encoder, _copy_tokenizer, _plain_encoder)
_DECODER = _Parts(_open_decoder, _save_tokenizer, _plain_decoder)
