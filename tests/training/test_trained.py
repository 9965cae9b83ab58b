"""What a training's fingerprint depends on: every setting has one part in it, and the same training has one."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from training.prepared_encoder import encoder_identity, tagger_identity
from training.settings import TrainingSettings
from training.trained import (
    LATER,
    LATER_BEFORE,
    OPERATIONAL,
    changed_settings,
    former_fingerprints,
    lasting_settings,
    training_fingerprint,
)

#: Settings that every fingerprint has had from the start. A new setting is none of them: it belongs into LATER, or
#: into OPERATIONAL where it does not change what comes out.
FIRST = frozenset(
    "task model base_model epochs batch_size batch_tokens learning_rate warmup weight_decay clip outside_weight rank "
    "alpha targets rslora dora masking dropout full window stride patience negatives precision seed".split()
)


def test_each_setting_is_in_one_class() -> None:
    classes = (FIRST, LATER, OPERATIONAL)
    assert frozenset().union(*classes) == TrainingSettings.model_fields.keys()
    assert sum(map(len, classes)) == len(TrainingSettings.model_fields)
    assert LATER_BEFORE <= LATER


def test_a_later_setting_counts_once_it_is_not_at_its_default() -> None:
    plain = training_fingerprint(TrainingSettings(), ["set"])
    other = training_fingerprint(TrainingSettings(thresholds=True), ["set"])
    assert plain != other
    assert not LATER & lasting_settings(TrainingSettings()).keys()
    assert training_fingerprint(TrainingSettings(threads=1, excerpts=3), ["set"]) == plain


@pytest.mark.parametrize(
    ("given", "before"),
    [
        ({}, "967b9881d9b63671"),
        ({"full": True}, "2a3dc25aa7fb69a3"),
        ({"tuning": "full"}, "ad75bbdbfcf12764"),
        ({"tuning": "lora"}, "f31daed6e47c17a3"),
        ({"crf": True, "heads": "category"}, "ecd2f6cc85e8a10f"),
        ({"model": "decoder", "tuning": "prompt", "virtual_tokens": 4}, "dd6d5d03f8ee5cf9"),
    ],
    ids=str,
)
def test_what_an_earlier_version_has_trained_is_found(given: dict[str, object], before: str) -> None:
    """The digests are those that the version before wrote."""
    assert before in former_fingerprints(TrainingSettings.model_validate(given), ["set"])
    other = TrainingSettings.model_validate(given | {"epochs": 11})
    assert before not in former_fingerprints(other, ["set"])


def test_one_tuning_told_in_two_ways_is_one_training() -> None:
    by_full, by_tuning = TrainingSettings(full=True), TrainingSettings(tuning="full")
    assert training_fingerprint(by_full, []) == training_fingerprint(by_tuning, [])
    assert training_fingerprint(by_full, []) != training_fingerprint(TrainingSettings(), [])
    assert training_fingerprint(TrainingSettings(), []) == training_fingerprint(TrainingSettings(tuning="lora"), [])


def test_what_was_trained_otherwise_is_told_by_setting() -> None:
    before: dict[str, JsonValue] = {"epochs": 3, "full": True, "threads": 7}  # of a manifest without later settings
    assert changed_settings(before, TrainingSettings(tuning="full", crf=True)) == [
        "epochs was 3, now 10",
        "crf was false, now true",
    ]
    assert changed_settings({"tuning": "lora", "full": False}, TrainingSettings(threads=1)) == []


@pytest.mark.parametrize(
    ("settings", "rate"),
    [
        ({}, 0.002),
        ({"full": True}, 0.0002),
        ({"full": True, "crf": True}, 0.0002),
        ({"crf": True}, 0.0007),
        ({"crf": True, "heads": "category"}, 0.0014),
        ({"heads": "category"}, 0.002),
        ({"crf": True, "learning_rate": 0.01}, 0.01),
        ({"model": "questions"}, 0.0007),
        ({"model": "questions", "full": True}, 0.0002),
    ],
)
def test_a_rate_that_is_not_named_is_that_of_what_is_learnt(settings: dict[str, object], rate: float) -> None:
    chosen = TrainingSettings.model_validate(settings)
    assert chosen.rate == rate
    assert ("head" in encoder_identity(chosen)) == (chosen.tuned == "full"), "trained anew, since the head learns more"
    differs = tagger_identity(chosen) != encoder_identity(chosen)
    assert differs == (chosen.crf and rate in (0.0007, 0.0014)), "such an adapter of an earlier version is trained anew"
