"""What `curate train` says at its end of the validation."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.tagging.folder import AdapterManifest
from pipeline.commands.train import say_scores
from training.course_figures import COURSE, CourseFigures
from training.trained import Trained


def said(course: CourseFigures, capsys: pytest.CaptureFixture[str]) -> str:
    manifest = AdapterManifest(
        name="a",
        kind="lora",
        scheme="s",
        scheme_digest="0",
        labels=("O",),
        languages=("de",),
        window=64,
        stride=16,
        base_model="b",
        base_digest="0",
        weights_digest="0",
        metrics={COURSE: course.as_json()},
    )
    say_scores(Trained(Path("a"), manifest, unchanged=True))
    return capsys.readouterr().err


def test_a_training_without_validation_records_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    course = CourseFigures(losses=(0.5, 0.25), epochs=2, steps=8)
    assert said(course, capsys) == "validation: none, the set has no records for it; the last of 2 epochs is kept\n"


def test_one_that_was_made_before_tells_its_figures_too(capsys: pytest.CaptureFixture[str]) -> None:
    course = CourseFigures(
        measure="strict F1, micro", losses=(3, 2, 1), validation=(0.25, 0.5, 0.375), best=2, epochs=9, patience=1
    )
    assert said(course, capsys) == (
        "validation: 0.5000, the best of 3 epochs: 2\nended early: 1 epoch brought nothing better\n"
    )


def test_the_loss_of_answers_is_the_lowest(capsys: pytest.CaptureFixture[str]) -> None:
    course = CourseFigures(measure="loss of answers", losses=(3, 2), validation=(0.75, 0.5), best=2, epochs=2)
    assert said(course, capsys) == "validation: loss 0.5000, the lowest of 2 epochs: 2\n"


def test_a_model_that_is_never_right_is_told_with_what_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    course = CourseFigures(measure="strict F1, micro", losses=(3, 2), validation=(0.0, 0.0), best=1, epochs=2)
    assert said(course, capsys) == (
        "validation: 0.0000, the best of 2 epochs: 1\n"
        "nothing that it says there is right: try a lower training.learning_rate, or more training.epochs\n"
    )
