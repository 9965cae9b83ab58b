"""Settings that the chosen model would pass over are refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UsageError
from curation.scheme import Scheme
from training.own_settings import MODELS_OF
from training.settings import TrainingSettings
from training.trainers import TRAINERS, chosen

#: Of each setting of the table, a value other than the default.
OTHER: dict[str, object] = {
    "heads": "category",
    "crf": True,
    "replacement": 0.1,
    "members": 2,
    "thresholds": True,
    "questions": Path("questions.yaml"),
    "negatives": 1.0,
    "form": ("tagged",),
    "virtual_tokens": 4,
    "outside_weight": 0.5,
    "head_rate": 0.01,
    "masking": 0.2,
    "window": 300,
    "stride": 64,
}


def asked(model: str, **changes: object) -> TrainingSettings:
    task = next(task for task, known in TRAINERS if known == model)
    return TrainingSettings.model_validate({"task": task, "model": model, **changes})


@pytest.fixture
def whole(scheme: Scheme) -> Scheme:
    """A scheme that every task can be learnt of."""
    given = scheme.model_dump()
    given["labels"] = [{"name": "smoking", "values": ["past", "never"]}]
    given["relations"] = [{"name": "treats", "heads": ["diagnosis"], "tails": ["pathology"]}]
    return Scheme.model_validate(given)


@pytest.mark.parametrize("name", MODELS_OF)
@pytest.mark.parametrize("model", sorted({model for _, model in TRAINERS}))
def test_a_setting_of_other_models_is_refused_with_theirs(name: str, model: str, whole: Scheme) -> None:
    settings = asked(model, **{name: OTHER[name]})
    if model in MODELS_OF[name]:
        assert chosen(settings, whole)[1] == model
        return
    with pytest.raises(UsageError) as refused:
        chosen(settings, whole)
    assert all(f'"{known}"' in str(refused.value) for known in MODELS_OF[name])
    assert str(refused.value).endswith(f"with training.{name}, got {model}: leave out {name}")


def test_all_that_is_passed_over_is_named_at_once(whole: Scheme) -> None:
    with pytest.raises(UsageError, match="leave out crf, form") as refused:
        chosen(asked("questions", crf=True, form=("tagged",)), whole)
    assert str(refused.value).startswith('expected training.model = "tagger" with training.crf, got questions')


@pytest.mark.parametrize("tuning", ["prompt", "qlora"])
@pytest.mark.parametrize("model", ["tagger", "questions", "pairs", "classifier"])
def test_a_tuning_that_encoders_do_not_have_is_refused(tuning: str, model: str, whole: Scheme) -> None:
    expected = f'expected training.tuning = "lora" or "full" with an encoder, got "{tuning}", which is for'
    with pytest.raises(UsageError, match=expected):
        chosen(asked(model, tuning=tuning), whole)
    assert chosen(asked("decoder", tuning=tuning), whole) == ("entities", "decoder")


def test_a_model_of_another_task_says_which_task_it_wants(whole: Scheme) -> None:
    with pytest.raises(UsageError, match=r'training.task = "relations" with training.model = "pairs"'):
        chosen(TrainingSettings(model="pairs"), whole)
    with pytest.raises(UsageError, match="did you mean pairs"):
        chosen(TrainingSettings(task="relations", model="pair"), whole)


@pytest.mark.parametrize("name", ["outside_weight", "learning_rate", "weight_decay", "clip", "negatives", "mixing"])
def test_an_infinite_setting_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}\n.* finite"):
        TrainingSettings(**{name: float("inf")})  # type: ignore[arg-type]
