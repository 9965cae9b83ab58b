"""Settings that only some models have: the table, and the refusal of one that the chosen model would pass over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curation.errors import UsageError
from training.settings import TrainingSettings, Tuning

_TAGGER, _QUESTIONS, _PAIRS, _DECODER = ("tagger",), ("questions",), ("pairs",), ("decoder",)
_ENCODERS = (*_TAGGER, *_QUESTIONS, *_PAIRS, "classifier")

#: The models that have a setting, for those that not all have. A stride is below its window: where a window has to be
#: set, so has the stride, though pairs and whole texts have no use for it.
MODELS_OF: Mapping[str, Sequence[str]] = {
    "heads": _TAGGER,
    "crf": _TAGGER,
    "replacement": _TAGGER,
    "members": _TAGGER,
    "thresholds": _TAGGER,
    "questions": _QUESTIONS,
    "negatives": _QUESTIONS,
    "form": _DECODER,
    "virtual_tokens": _DECODER,
    "outside_weight": (*_TAGGER, *_QUESTIONS, *_PAIRS),
    "head_rate": _ENCODERS,
    "masking": _ENCODERS,
    "window": _ENCODERS,
    "stride": _ENCODERS,
}
#: What an encoder's training can tune; a language model can be tuned in all ways.
OF_ENCODERS: Sequence[Tuning] = ("lora", "full")


def check_own(settings: TrainingSettings, model: str) -> None:
    """Raises UsageError for a setting that the model does not have and that is not at its default."""
    passed_over = [
        name
        for name, models in MODELS_OF.items()
        if model not in models and getattr(settings, name) != TrainingSettings.model_fields[name].default
    ]
    if passed_over:
        first, *_ = passed_over
        raise UsageError(
            f"expected training.model = {_either(MODELS_OF[first])} with training.{first}, got {model}: leave out "
            f"{', '.join(passed_over)}"
        )
    if model in _ENCODERS:
        check_tuning(settings)


def check_tuning(settings: TrainingSettings) -> None:
    """Raises UsageError for a tuning that encoders do not have."""
    if settings.tuned not in OF_ENCODERS:
        raise UsageError(
            f"expected training.tuning = {_either(OF_ENCODERS)} with an encoder, got "
            f'"{settings.tuned}", which is for training.model = "decoder"'
        )


def _either(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return " or ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)
