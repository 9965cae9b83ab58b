"""The encoder that is trained: a head on the packaged or another encoder, with LoRA matrices or in full."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.downloads import downloads_allowed
from curation.errors import MissingExtraError, UsageError
from curation.file_digest import file_digest
from curation.quiet_libraries import quiet
from curation.tagging.encoder import WEIGHTS, base_folder, device, longest_window, with_head
from training.own_settings import check_tuning
from training.settings import TrainingSettings


def encoder_identity(settings: TrainingSettings) -> str:
    """The digest of the encoder's weights and of the file of questions."""
    base = base_folder(settings.base_model, download=downloads_allowed())
    questions = file_digest(settings.questions) if settings.questions and settings.questions.is_file() else ""
    head = f" head {HEAD_VERSION}" if settings.tuned == "full" and settings.head_rate is None else ""
    return file_digest(base / WEIGHTS) + questions + head


#: Raised when the same training by questions, with a CRF at its own rate, or of all weights with a head at its own rate
#: would make another adapter.
QUESTIONS_VERSION = CRF_VERSION = HEAD_VERSION = 2


def tagger_identity(settings: TrainingSettings) -> str:
    """What distinguishes a tagger's training from others with the same settings."""
    own_rate = settings.crf and settings.learning_rate is None and settings.tuned != "full"
    return encoder_identity(settings) + (f" crf {CRF_VERSION}" if own_rate else "")


def question_identity(settings: TrainingSettings) -> str:
    """What distinguishes a training by questions from others with the same settings."""
    return f"{encoder_identity(settings)} questions {QUESTIONS_VERSION}"


#: The least share that a label of a head begins with.
LEAST_SHARE = 1e-4


def prepared(
    base: Path, labels: Sequence[str], settings: TrainingSettings, *, shares: Sequence[float] | None = None
) -> Any:
    """The encoder with a head on its device, and with LoRA matrices on its linear layers unless tuned in full.

    shares: as in `begin_with_shares`.

    Raises UsageError for a tuning that encoders do not have, a window that this one cannot read, and layers that it
    does not have.
    """
    import torch

    check_tuning(settings)
    if settings.window > (longest := longest_window(base)):
        raise UsageError(
            f"expected a window of at most {longest} word pieces with {settings.base_model}, got {settings.window}"
        )
    model = with_head(base, labels)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = settings.dropout
    if shares is not None:
        begin_with_shares(model, base, shares)
    if settings.tuned == "lora":
        model = with_lora(model, settings, head="classifier", task="TOKEN_CLS")
    return model.to(device(settings.device))


def begin_with_shares(model: Any, base: Path, shares: Sequence[float]) -> None:
    """A new head begins with how often each label is right; one that the base brings stays as it is.

    Where "outside" is right nearly always, the encoder would else learn this first, at the price of what it knows: by
    questions, LoRA had a strict F1 of 0.07 on E3C without it, and has 0.59 with it.
    """
    import torch
    from safetensors import safe_open

    with safe_open(base / WEIGHTS, "pt") as weights:
        if "classifier.bias" in weights.keys():  # noqa: SIM118  (it is no dictionary)
            return
    begin = torch.tensor(shares).clamp(min=LEAST_SHARE).log()
    with torch.no_grad():
        # LoRA keeps the head twice: as it was, and as it is learnt.
        for name, weight in model.named_parameters():
            if "classifier" in name and name.endswith("bias"):
                weight.copy_(begin)


def with_lora(model: Any, settings: TrainingSettings, *, head: str | None, task: str) -> Any:
    """The model with LoRA matrices (Hu et al. 2021); only they and the head are trained.

    Raises UsageError where the settings name layers that the model does not have.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtraError("peft", "train") from error
    config = LoraConfig(
        task_type=task,
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.targets) or "all-linear",
        modules_to_save=[head] if head else None,
        use_rslora=settings.rslora,
        use_dora=settings.dora,
    )
    try:
        with quiet():
            tuned = get_peft_model(model, config)
    except ValueError as error:
        raise UsageError(
            f"expected layers of {settings.base_model} in training.targets, got {', '.join(settings.targets)}; leave "
            "it out for all linear ones"
        ) from error
    # peft has found them as a set, which would be written in another order each time.
    learnt = tuned.peft_config["default"]
    learnt.target_modules = sorted(learnt.target_modules)
    return tuned
