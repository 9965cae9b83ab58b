"""What the benchmarks of training compute from what they measured."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.generate import generate
from curation.record import Layer
from training.thresholds import ChosenThresholds

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the benchmarks."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    return importlib.import_module


def test_a_ratio_is_the_median_over_the_rounds(part: Any) -> None:
    pacing = part("training_parts.pacing")
    found = {"ours": [10.0, 30.0, 12.0], "bare": [10.0, 10.0, 10.0]}
    assert pacing.ratio(found, "ours", "bare") == 1.2
    counted: list[str] = []
    paces = pacing.paces({name: lambda name=name: len(counted.append(name) or "abc") for name in "ab"}, rounds=2)
    assert counted == ["a", "b"] * 3
    assert {name: len(each) for name, each in paces.items()} == {"a": 2, "b": 2}


def test_a_difference_of_runs_is_that_of_their_mean_f1_and_lies_in_its_interval(part: Any) -> None:
    runs = part("tagger_parts.runs")
    generator = np.random.default_rng(0)
    gold = np.full((2, 30), 20.0)
    worse, better = (
        [
            runs.MeasuredRun(np.stack([found, gold, gold], axis=2), 1.0)
            for found in generator.integers(*range_, (3, 2, 30))
        ]
        for range_ in ((8, 12), (11, 15))
    )
    gain, (low, high) = runs.difference(better, worse, "strict")
    mean = [sum(run.f1("strict") for run in each) / 3 for each in (better, worse)]
    assert gain == pytest.approx(mean[0] - mean[1])
    assert 0 < low < gain < high
    assert runs.difference(worse, worse, "lenient") == (0.0, (0.0, 0.0))


def test_what_is_screened_and_what_the_best_changes_are_settings_of_the_tagger(part: Any, tmp_path: Path) -> None:
    variants, runs = part("tagger_parts.variants"), part("tagger_parts.runs")
    pairs = list(generate(4, languages=("en",), seed=0))
    rows = part("study_parts.measured_rows").MeasuredRows(tmp_path / "rows.jsonl")
    ledger = runs.RunLedger(tmp_path / "runs", rows, pairs[:2], pairs[2:], {})
    every = [*variants.SCREENED.values(), variants.BEST]
    for settings in every:
        assert set(settings.items()) <= set(ledger._settings(settings).model_dump().items())
        assert ledger.known(settings) is None
    assert len({ledger.adapter(settings) for settings in variants.SCREENED.values()}) == len(variants.SCREENED)
    assert variants.SCREENED[variants.TODAY] == {}


@pytest.mark.model
def test_what_was_counted_of_a_tagger_is_known_without_its_adapter(part: Any, tmp_path: Path) -> None:
    runs, pairs = part("tagger_parts.runs"), list(generate(4, languages=("en",), seed=0))
    rows = part("study_parts.measured_rows").MeasuredRows(tmp_path / "rows.jsonl")
    fixed = {"epochs": 1}
    ledger = runs.RunLedger(tmp_path / "here", rows, pairs[:2], pairs[2:], fixed)
    found = ledger.trained({})
    assert found.counts.shape == (2, 2, 3)
    elsewhere = runs.RunLedger(tmp_path / "elsewhere", rows, pairs[:2], pairs[2:], fixed)
    assert np.array_equal(elsewhere.trained({}).counts, found.counts)
    assert not [*(tmp_path / "elsewhere").iterdir()]
    # Read in another way, it is made again where it is not there.
    assert elsewhere.known({}, "another") is None
    assert np.array_equal(elsewhere.read_otherwise({}, "another", lambda tagger: tagger).counts, found.counts)
    assert elsewhere.known({"seed": 1}) is None


@pytest.mark.model
def test_no_report_is_measured_by_thresholds_that_it_has_chosen(
    part: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, pairs = part("tagger_parts.runs"), list(generate(7, languages=("en",), seed=0))
    rows = part("study_parts.measured_rows").MeasuredRows(tmp_path / "rows.jsonl")
    ledger = runs.RunLedger(tmp_path / "here", rows, pairs[:2], pairs[2:], {"epochs": 1})
    chosen: list[list[str]] = []
    measured: dict[str, int] = {}

    def thresholds(tagger: Any, choosing: Any, scheme: Any) -> ChosenThresholds:
        chosen.append([record.id for record, _ in choosing])
        return ChosenThresholds({"age": float(len(chosen))})

    def found(tagger: Any, some: Any) -> list[Layer]:
        measured.update({record.id: int(tagger.biases["age"]) for record, _ in some})
        return [layer for _, layer in some]

    monkeypatch.setattr(runs, "chosen_thresholds", thresholds)
    monkeypatch.setattr(runs, "predictions", found)
    run = ledger.cross_fitted({}, "thresholds")
    assert (
        sorted(id for ids in chosen for id in ids) == sorted(measured) == sorted(record.id for record, _ in pairs[2:])
    )
    assert not any(id in chosen[number - 1] for id, number in measured.items())
    assert run.f1("strict") == 1.0, "each report is measured by its own gold"
    assert np.array_equal(ledger.known({}, "thresholds").counts, run.counts)
