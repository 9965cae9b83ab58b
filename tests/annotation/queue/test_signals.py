"""Each signal gives a number and a reason in words."""

from __future__ import annotations

import pytest

from annotation.queue.reviewed import ReviewOutcome
from annotation.queue.settings import MixSettings
from annotation.queue.signals import EXPECTED, SIGNALS, RecordPool, measure_signals
from curation.error_detection.label_errors import Suspicion
from curation.scoring.calibration import calibrate
from curation.scoring.changes import Changes


def loudest(pool: RecordPool, signal: str) -> str:
    reasons = measure_signals(pool)[signal]
    number = max(range(len(reasons)), key=lambda number: reasons[number].value)
    return pool.summaries[number].id


def test_every_signal_has_a_share_in_the_mix():
    assert {EXPECTED, *(signal.name for signal in SIGNALS)} == set(MixSettings.model_fields)


def test_low_scores_are_uncertain_and_say_how_they_were_read(summary):
    pool = RecordPool([summary("sure", scores=(0.9, 0.9)), summary("unsure", scores=(0.4, 0.3))], {})
    assert loudest(pool, "uncertainty") == "unsure"
    assert "1.3 of 2 scored entities" in measure_signals(pool)["uncertainty"][1].why
    assert "too few reviewed entities" in measure_signals(pool)["uncertainty"][1].why


def test_scores_are_calibrated_by_what_reviewers_kept(summary):
    """An author whose 0.9 is right half of the time is as uncertain as 0.5 says."""
    kept = tuple((0.9, number % 2 == 0) for number in range(60)) + tuple((0.3, False) for _ in range(20))
    pool = RecordPool(
        [summary("new", scores=(0.9, 0.9)), summary("seen", scores=(0.9,))],
        {"seen": ReviewOutcome(Changes(kept=30, changed=50), score_outcomes=kept)},
    )
    reason = measure_signals(pool)["uncertainty"][0]
    assert reason.value == pytest.approx(1.0, abs=0.1)
    assert "calibrated (temperature) by 80 reviewed entities" in reason.why


def test_many_reviewed_entities_calibrate_by_a_curve():
    found = calibrate([(0.2 + 0.6 * (number % 2), number % 4 == 3) for number in range(600)])
    assert (found.kind, found.read([0.2, 0.8])) == ("isotonic", pytest.approx([0.0, 0.5]))


def test_other_layers_that_differ_are_named(summary):
    apart = {"rules": Changes(kept=1, changed=2, removed=1), "few-shot": Changes(kept=4)}
    pool = RecordPool(
        [summary("same", differences={"rules": Changes(kept=4)}), summary("apart", differences=apart)], {}
    )
    reason = measure_signals(pool)["disagreement"][1]
    assert (reason.value, reason.why) == (1.5, "rules differs in 3 of 4, few-shot differs in 0 of 4 entities")


def test_what_is_lost_in_a_translation_or_in_doubt_there_is_counted(summary):
    pool = RecordPool([summary("sound"), summary("lost", lost=2, doubtful=1)], {})
    sound, lost = measure_signals(pool)["translation"]
    assert (sound.value, lost.value) == (0.0, 3.0)
    assert lost.why == "of the original's marks 2 are lost in the translation, and two ways disagree on 1"


def test_soft_findings_are_named(summary):
    pool = RecordPool([summary("a"), summary("b", findings=("ages_agree", "language_unmixed"))], {})
    reason = measure_signals(pool)["soft_checks"][1]
    assert (reason.value, reason.why) == (2.0, "validation asks for a person: ages_agree, language_unmixed")


def test_an_author_who_needed_many_changes_is_looked_at_first(summary, review):
    summaries = [summary(f"{who}{number}", author=who) for who in ("careful", "careless") for number in range(6)]
    reviews = {
        f"{who}{number}": review(errors) for who, errors in (("careful", 0), ("careless", 5)) for number in (0, 1)
    }
    found = dict(
        zip((one.id for one in summaries), measure_signals(RecordPool(summaries, reviews))["history"], strict=True)
    )
    assert found["careless4"].value > 1.5 * found["careful4"].value
    assert "10 of 20 entities needed a change" in found["careless4"].why


def test_the_text_that_is_unlike_all_others_is_the_most_diverse(summary):
    same = [summary(f"s{number}", text="stable angina after exertion with dyspnoea") for number in range(5)]
    pool = RecordPool(
        [*same, summary("other", text="psoriasis vulgaris treated topically")], {"s0": ReviewOutcome(Changes(kept=1))}
    )
    assert loudest(pool, "diversity") == "other"
    assert measure_signals(pool)["diversity"][0].value == 0


def test_expected_corrections_learn_which_signal_to_trust(summary, review):
    """Reviews show that suspicion means errors and that soft findings do not."""
    summaries = [
        summary(f"{number:02}", suspicion=Suspicion(50.0 * (number % 2), number % 2), findings=("x",) * (number % 3))
        for number in range(40)
    ]
    reviews = {one.id: review(6 * (number % 2)) for number, one in enumerate(summaries[:30])}
    reasons = measure_signals(RecordPool(summaries, reviews))[EXPECTED]
    suspected, found_soft = reasons[33], reasons[32]
    assert suspected.value > 4 > 2 > found_soft.value
    assert "learned from 30 reviews" in suspected.why


def test_nothing_known_gives_no_reason():
    assert all(reasons == [] for reasons in measure_signals(RecordPool([], {})).values())
