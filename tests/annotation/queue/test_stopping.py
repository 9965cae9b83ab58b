"""When it is enough: what a control sample says about the rest."""

from __future__ import annotations

from random import Random

import pytest

from annotation.queue.plan import plan
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import RecordPool
from annotation.queue.stopping import Stopping, stopping
from annotation.queue.wording import SENTENCES, sentence


def reviewed(queue, truth):
    return {id: truth[id] for id in queue.record_ids}


@pytest.mark.long
def test_the_interval_covers_the_truth(summary, review):
    """A hundred reviews in queue order, with errors where the scores are low: 95 % are promised."""
    covered = {"records": 0, "entities": 0}
    for seed in range(100):
        random = Random(seed)
        summaries = [summary(f"{number:03}", scores=(random.random(),)) for number in range(240)]
        truth = {
            one.id: review(random.choice((0, 0, 2, 5)) if random.random() > one.scores[0] else 0) for one in summaries
        }
        settings = QueueSettings(size=80, control=0.5, repeats=0, seed=seed)
        queue = plan(RecordPool(summaries, {}), settings)
        seen = reviewed(queue, truth)
        found = stopping([queue], seen, settings)
        rest = [truth[one.id] for one in summaries if one.id not in seen]
        assert found.rest == len(rest)
        bad = sum(one.needed_change for one in rest) / len(rest)
        wrong = sum(one.changes.errors for one in rest) / sum(one.changes.entities for one in rest)
        covered["records"] += found.records.low <= bad <= found.records.high
        covered["entities"] += found.entities.low <= wrong <= found.entities.high
    assert min(covered.values()) >= 90


@pytest.fixture
def queue(summary):
    return plan(
        RecordPool([summary(f"{number:03}") for number in range(400)], {}), QueueSettings(size=100, control=0.6)
    )


@pytest.mark.parametrize("target", [0.01, 0.05, 0.5])
@pytest.mark.parametrize("records", [1, 2, 3, 40])
def test_a_small_sample_of_which_nothing_is_reviewed_wants_one_review_at_least(summary, records, target):
    pool = RecordPool([summary(f"{number:03}") for number in range(records)], {})
    queue = plan(pool, QueueSettings(control=0.9))
    found = stopping([queue], {}, QueueSettings(target=target))
    assert (found.reached, found.needed_of, found.records) == (False, "control", None)
    assert found.needed is not None
    assert 1 <= found.needed <= records
    assert sentence(found, language="de")


def test_no_error_in_the_sample_reaches_a_target_only_if_it_is_large_enough(queue, review):
    good = {id: review(0) for id in queue.control}
    assert stopping([queue], good, QueueSettings(target=0.1)).reached
    close = stopping([queue], good, QueueSettings(target=0.02))
    assert (close.reached, close.needed_of) == (False, "control")
    # So many more without an error are exactly what it takes.
    from annotation.queue.stopping import record_rate

    size = 60 + close.needed
    assert record_rate(0, size, queue.frame, confidence=0.95).high <= 0.02
    assert record_rate(0, size - 1, queue.frame, confidence=0.95).high > 0.02


def test_a_rest_above_the_target_wants_reviews_in_queue_order(queue, review):
    reviews = {one.record_id: review(0 if one.is_control and one.position % 2 else 1) for one in queue.entries}
    found = stopping([queue], reviews, QueueSettings(target=0.05))
    assert found.needed_of == "queue"
    assert found.records.low < 0.5 < found.records.high
    assert 0 < found.needed <= found.rest


def test_the_newest_queue_speaks_once_enough_of_its_control_is_reviewed(summary, review):
    summaries = [summary(f"{number:03}") for number in range(400)]
    settings = QueueSettings(size=100, control=0.5, repeats=0)
    first = plan(RecordPool(summaries, {}), settings)
    reviews = {id: review(0) for id in first.record_ids}
    second = plan(RecordPool(summaries, reviews), settings, queued=first.record_ids, number=2)
    assert stopping([first, second], reviews, settings).queue == 1
    assert stopping([first, second], reviews, settings).waiting == 100
    reviews |= {id: review(0) for id in second.control[:30]}
    found = stopping([first, second], reviews, settings)
    assert (found.queue, found.control_reviewed, found.rest) == (2, 30, second.frame - 30)


def test_a_record_that_was_rejected_needed_a_change(queue, review):
    from dataclasses import replace

    reviews = {id: replace(review(0), rejected=True) for id in queue.control}
    assert stopping([queue], reviews, QueueSettings()).needed_change == len(queue.control)


def test_before_any_review_the_sentence_says_what_to_do(queue):
    assert "make a queue" in sentence(stopping([], {}, QueueSettings()))
    assert "none of them is reviewed yet" in sentence(stopping([queue], {}, QueueSettings()))


def test_the_sentence_has_the_numbers(queue, review):
    reviews = {id: review(0) for id in queue.control}
    said = sentence(stopping([queue], reviews, QueueSettings(target=0.1)))
    assert "an estimated 0 % still need a change" in said
    assert "0 of 60 control records did" in said
    assert "below the target of 10 %: you can stop" in said


def test_the_languages_say_the_same_things():
    first, *others = (set(words) for words in SENTENCES.values())
    assert all(words == first for words in others)
    found = Stopping(target=0.05, confidence=0.95)
    assert sentence(found, language="fr") == sentence(found)
    assert sentence(found, language="de") != sentence(found)
