"""The queue: who is next, in which mix, and what it never gives away."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from annotation.queue.control_sample import control_sample
from annotation.queue.plan import CONTROL, REPEAT, plan
from annotation.queue.settings import MixSettings, QueueSettings
from annotation.queue.signals import RecordPool


@pytest.fixture
def pool(summary, review):
    """Two hundred records with scores, of which ten are reviewed and one is turned away."""
    summaries = [
        summary(f"{number:03}", scores=(number / 200,), findings=("x",) * (number % 2 == 0), is_excluded=number == 199)
        for number in range(200)
    ]
    return RecordPool(summaries, {f"{number:03}": review(number % 3) for number in range(10)})


def test_the_shares_add_up(pool):
    settings = QueueSettings(
        size=100,
        control=0.2,
        repeats=0.05,
        overlap=0.1,
        mix=MixSettings(
            expected=0.4, uncertainty=0.4, soft_checks=0.2, disagreement=0, label_errors=0, history=0, diversity=0
        ),
    )
    queue = plan(pool, settings)
    counted = Counter(one.signal for one in queue.entries)
    assert counted == {"expected": 30, "uncertainty": 30, "soft_checks": 15, CONTROL: 20, REPEAT: 5}
    assert [one.position for one in queue.entries] == list(range(1, 101))
    assert sum(one.annotators == 2 for one in queue.entries) == 10  # a tenth of the 95 that are not repeats, rounded


def test_a_signal_that_has_nothing_to_say_leaves_its_places_to_the_others(pool):
    mix = MixSettings(expected=0.5, disagreement=0.5, uncertainty=0, label_errors=0, soft_checks=0, diversity=0)
    queue = plan(pool, QueueSettings(size=50, control=0, repeats=0, mix=mix))
    assert Counter(one.signal for one in queue.entries) == {"expected": 50}


def test_reviewed_queued_and_rejected_records_are_left_out(pool):
    settings = QueueSettings(size=60)
    first = plan(pool, settings)
    second = plan(pool, settings, queued=first.record_ids, number=2)
    queued = {*first.record_ids, *second.record_ids}
    assert len(queued) == len(first.record_ids) + len(second.record_ids)
    assert not queued & {*pool.reviews, "199"}
    assert {one.record_id for one in second.entries if one.is_repeat} <= set(pool.reviews)


def test_the_queue_ends_when_every_open_record_is_in_it(pool):
    queue = plan(pool, QueueSettings(size=5000))
    assert sorted(queue.record_ids) == [f"{number:03}" for number in range(10, 199)]


def test_the_same_seed_gives_the_same_queue_and_another_one_another(pool):
    one, again, other = (plan(pool, QueueSettings(size=60, seed=seed)).entries for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_the_order_of_the_store_does_not_matter(pool):
    turned = RecordPool(list(reversed(pool.summaries)), pool.reviews)
    assert plan(pool, QueueSettings(size=60)).entries == plan(turned, QueueSettings(size=60)).entries


def test_the_control_sample_is_drawn_from_what_no_signal_picked(pool):
    queue = plan(pool, QueueSettings(size=60, control=0.5, repeats=0))
    picked = [one for one in queue.entries if not one.is_control]
    assert queue.open == 189
    assert queue.frame == queue.open - len(picked)
    assert len(queue.control) == 30


def test_the_control_sample_has_its_share_of_every_stratum(summary):
    from random import Random

    frame = [summary(f"{number}", language="de" if number % 4 == 0 else "en") for number in range(400)]
    drawn = control_sample(frame, 40, strata=("language", "source", "length"), random=Random(5))
    assert Counter(one.language for one in drawn) == {"en": 30, "de": 10}


def test_every_record_has_the_same_chance_of_being_control(summary):
    from random import Random

    frame = [summary(f"{number}", source="large" if number % 10 else "small") for number in range(30)]
    random = Random(3)
    counted = Counter(
        one.id for _ in range(2000) for one in control_sample(frame, 6, strata=("source",), random=random)
    )
    assert min(counted.values()) > 330  # 400 expected of each; three standard deviations are 54
    assert max(counted.values()) < 470


def test_control_and_repeats_stand_anywhere_in_the_queue(pool):
    """Neither the first nor the last places give away what they are."""
    queue = plan(pool, QueueSettings(size=100, control=0.4, repeats=0.1))
    hidden = [one.position for one in queue.entries if one.is_control or one.is_repeat]
    assert min(hidden) < 20
    assert max(hidden) > 80
    assert 30 < sum(hidden) / len(hidden) < 70


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ValidationError, match="add up to 1, got"):
        MixSettings(expected=0.9)
    with pytest.raises(ValidationError, match="control and repeats to be at most 1"):
        QueueSettings(control=0.8, repeats=0.3)


def test_what_a_judge_rejects_comes_first_then_what_it_would_change_then_the_others(summary):
    summaries = [
        *(summary(f"plain{number}", scores=(0.1,)) for number in range(10)),
        *(summary(f"changed{number}", scored_by="x", changed=number) for number in range(1, 4)),
        *(summary(f"rejected{number}", rejected=number, changed=1) for number in range(1, 3)),
    ]
    queue = plan(RecordPool(summaries, {}), QueueSettings(size=10, control=0, repeats=0))
    first = [entry.record_id for entry in queue.entries[:5]]
    assert first == ["rejected2", "rejected1", "changed3", "changed2", "changed1"]
    assert {entry.signal for entry in queue.entries[:5]} == {"judge"}
    assert queue.entries[0].why == "a judge rejects 2 of 10 entities, and would change 1"
    assert {entry.signal for entry in queue.entries[5:]} <= {"expected", "uncertainty", "diversity"}
    few = plan(RecordPool(summaries, {}), QueueSettings(size=10, control=0, repeats=0, mix=MixSettings(judge=0.2)))
    assert [entry.signal for entry in few.entries].count("judge") == 2
    assert few.entries[0].record_id == "rejected2"
    none = plan(RecordPool(summaries, {}), QueueSettings(size=10, control=0, repeats=0, mix=MixSettings(judge=0)))
    assert "judge" not in {entry.signal for entry in none.entries}


def test_translations_with_lost_or_doubtful_marks_come_before_what_a_judge_doubts(summary):
    summaries = [
        *(summary(f"plain{number}", scores=(0.1,)) for number in range(10)),
        summary("doubtful", doubtful=1),
        summary("lost", lost=2, doubtful=1),
        summary("rejected", rejected=1),
    ]
    queue = plan(RecordPool(summaries, {}), QueueSettings(size=10, control=0, repeats=0))
    assert [(entry.record_id, entry.signal) for entry in queue.entries[:3]] == [
        ("lost", "translation"),
        ("doubtful", "translation"),
        ("rejected", "judge"),
    ]
    assert len(queue.entries) == len(set(queue.record_ids)) == 10
    off = QueueSettings(size=10, control=0, repeats=0, mix=MixSettings(translation=0))
    assert "translation" not in {entry.signal for entry in plan(RecordPool(summaries, {}), off).entries}
    both = QueueSettings(size=2, control=0, repeats=0, mix=MixSettings(translation=1, judge=1))
    assert [entry.record_id for entry in plan(RecordPool(summaries, {}), both).entries] == ["lost", "doubtful"]


def test_without_a_judge_the_shares_are_those_of_the_other_signals(pool):
    with_share = plan(pool, QueueSettings(size=60))
    without = plan(pool, QueueSettings(size=60, mix=MixSettings(judge=0)))
    assert with_share.entries == without.entries
