"""The training of the benchmark's translator: ended at any moment, it goes on as if it had not been."""

from __future__ import annotations

from pathlib import Path

import pytest
from translation_trained_parts import training
from translation_trained_parts.pairs import learnt, lessons, symbols, unseen
from translation_trained_parts.scoring import Projections

from curation.translate.projection.markers import marked

pytestmark = pytest.mark.model

PLAN = training.TrainingPlan(pieces=200, width=16, layers=1, epochs=3, minutes=float("inf"), batch=400)


def test_sentences_to_be_translated_were_not_learnt() -> None:
    known = learnt(30)
    others = unseen(30, known)
    assert len({pair.source for pair in (*known, *others)}) == 60
    marked = [source for source, _ in lessons(known) if "<e0>" in source]
    assert 5 < len(marked) < 25
    assert set(symbols(known)) >= {"<e0>", "</e0>"}


def test_a_training_that_was_ended_goes_on_to_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = learnt(40)
    taught = lessons(known)
    whole = training.train(tmp_path / "whole", taught, symbols(known), PLAN)
    save, saved = training._save, 0

    def interrupted(*given: object) -> None:
        nonlocal saved
        save(*given)  # type: ignore[arg-type]
        saved += 1
        if saved == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training, "SAVED", 0.0)
        patched.setattr(training, "_save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.train(tmp_path / "ended", taught, symbols(known), PLAN)
    ended = training.train(tmp_path / "ended", taught, symbols(known), PLAN)
    assert (ended.steps, ended.epochs) == (whole.steps, 3)
    assert ended.loss == pytest.approx(whole.loss, abs=1e-6)
    weights = [(each.folder / "model.safetensors").read_bytes() for each in (ended, whole)]
    assert weights[0] == weights[1]
    monkeypatch.setattr(training, "_learn", None)
    assert training.train(tmp_path / "ended", taught, symbols(known), PLAN) == ended


def test_places_are_right_where_the_wording_of_the_reference_stands() -> None:
    known = [pair for pair in learnt(60) if len(pair.spans) > 1][:8]
    spans = sum(len(pair.spans) for pair in known)
    whole, bare, foreign = Projections(), Projections(), Projections()
    for pair in known:
        answer = marked(pair.target, [(span,) for span in pair.gold]).text
        whole.add(pair, pair.target, answer)
        bare.add(pair, pair.target, pair.target)
        foreign.add(pair, "Nichts davon.", "Nichts davon.")
    kept, lost = (found.tallies["markers alone"] for found in (whole, bare))
    assert (kept.asked, kept.said, kept.strict, kept.lenient, kept.off) == (spans, spans, spans, spans, 0)
    assert (lost.asked, lost.said, lost.found, lost.strict) == (spans, spans, 0, 0)
    assert (whole.markers["back"], bare.markers["lost"]) == (spans, spans)
    assert whole.tallies["both"].strict == spans
    assert sum(whole.states.values()) == spans
    assert {tally.said for tally in foreign.tallies.values()} == {0}
