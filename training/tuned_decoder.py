"""How a language model is tuned: LoRA matrices, LoRA on a base in four bits, a soft prompt, or all weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import UsageError
from curation.file_digest import file_digest
from curation.models.local.packaged import PACKAGED as PACKAGED_MODELS
from curation.models.local.settings import LocalModelSettings
from curation.models.local.soft_prompt import put_soft_prompt, save_soft_prompt, soft_tokens
from curation.models.local.source import ADAPTER_CONFIG, ADAPTER_WEIGHTS, model_source
from curation.models.local.weights import LoadedModel, load_model, loaded_model
from curation.quiet_libraries import quiet
from curation.tagging.encoder import PACKAGED, TOKENIZER, WEIGHTS
from training.prepared_encoder import with_lora
from training.settings import TrainingSettings, Tuning

#: The model where the settings name the packaged encoder, and the learning rates where they name none.
PACKAGED_DECODER = "smollm2"
RATES: Mapping[Tuning, float] = {"lora": 5e-4, "qlora": 5e-4, "full": 5e-5, "prompt": 1e-2}
#: Puts what was learnt into a folder; gives the digest of the weights and those of the other files.
Write = Callable[[Path], tuple[str, dict[str, str]]]


def base_model(settings: TrainingSettings) -> str:
    """The language model that is tuned: the packaged one in the place of the packaged encoder."""
    return PACKAGED_DECODER if settings.base_model == PACKAGED else settings.base_model


@dataclass(frozen=True, slots=True)
class TunedDecoder:
    """A language model with what is trained of it, and how that is written."""

    model: Any
    write: Write


def loaded_base(settings: TrainingSettings) -> LoadedModel:
    """The language model that is tuned, and for a soft prompt the tokens that stand for it.

    Raises UsageError where four bits are asked for and cannot be had.
    """
    folder = model_source(base_model(settings)).prepared()
    if settings.tuned == "qlora":
        return _in_four_bits(folder, settings)
    named = LocalModelSettings(path=base_model(settings), dtype="float32", device=settings.device)
    loaded = load_model(folder, named)
    if settings.tuned != "prompt":
        return loaded
    prefix = soft_tokens(loaded.model, settings.virtual_tokens)
    return LoadedModel(loaded.model, loaded.tokenizer, loaded.ends, loaded.context, loaded.device, prefix)


def _in_four_bits(folder: Path, settings: TrainingSettings) -> LoadedModel:
    """The base quantised to four bits (Dettmers et al. 2023)."""
    import torch

    if not torch.cuda.is_available() or settings.device == "cpu":
        raise UsageError(
            'expected a CUDA GPU for training.tuning = "qlora", torch has none to use here: take "lora" instead'
        )
    try:
        import bitsandbytes  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        raise UsageError(
            'expected the package bitsandbytes for training.tuning = "qlora", it is not installed: pip install '
            'bitsandbytes, or take "lora" instead'
        ) from error
    from peft import prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    four_bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(folder, **given)
        model = AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=four_bits, device_map={"": 0}, use_safetensors=True, **given
        )
        # Checkpointing is the loop's, which does it without re-entrance.
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return loaded_model(model, tokenizer, context=None, device="cuda")


def tuned(loaded: LoadedModel, settings: TrainingSettings) -> TunedDecoder:
    """The model with what is trained of it, by the settings' tuning."""
    model, name = loaded.model, base_model(settings)
    if name in PACKAGED_MODELS:  # by the name that others know
        name = PACKAGED_MODELS[name].hub
    if settings.tuned == "full":
        return TunedDecoder(model.requires_grad_(True), lambda folder: _write_whole(model, loaded.tokenizer, folder))
    if settings.tuned == "prompt":
        vectors = _soft_prompt(model, settings)
        return TunedDecoder(model, lambda folder: _write_prompt(vectors, folder, config=model.config, base_model=name))
    adapted = with_lora(model, settings, head=None, task="CAUSAL_LM")
    return TunedDecoder(adapted, lambda folder: _write_lora(adapted, folder, base_model=name))


def _soft_prompt(model: Any, settings: TrainingSettings) -> Any:
    """Vectors that begin as those of tokens drawn by the seed, and alone are trained."""
    import torch

    model.requires_grad_(False)
    known = model.get_input_embeddings().weight
    drawn = torch.randint(len(known), (settings.virtual_tokens,), device="cpu").to(known.device)
    return put_soft_prompt(model, known[drawn].float())


def _write_lora(model: Any, folder: Path, *, base_model: str) -> tuple[str, dict[str, str]]:
    model.peft_config["default"].base_model_name_or_path = base_model
    with quiet():
        model.save_pretrained(folder, save_embedding_layers=False)
    return _adapter_digests(folder)


def _write_prompt(vectors: Any, folder: Path, *, config: Any, base_model: str) -> tuple[str, dict[str, str]]:
    save_soft_prompt(vectors, folder, config=config, base_model=base_model)
    return _adapter_digests(folder)


def _adapter_digests(folder: Path) -> tuple[str, dict[str, str]]:
    return file_digest(folder / ADAPTER_WEIGHTS), {ADAPTER_CONFIG: file_digest(folder / ADAPTER_CONFIG)}


def _write_whole(model: Any, tokenizer: Any, folder: Path) -> tuple[str, dict[str, str]]:
    with quiet():
        model.save_pretrained(folder, max_shard_size="1TB")
        tokenizer.save_pretrained(folder)
    files = {name: file_digest(folder / name) for name in ("config.json", TOKENIZER)}
    return file_digest(folder / WEIGHTS), files
