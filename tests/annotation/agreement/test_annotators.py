"""The scripted annotators make the errors that they say they make, at the rates they are given."""

from __future__ import annotations

from collections import Counter

import pytest
from review_parts.scripted_annotators import HASTY, Habits, annotate, reports

from curation.record import check_layer


def test_errors_come_at_the_known_rates(scheme):
    habits = Habits(drop=0.2, category=0.1, boundary=0.1, assertion=0.1, invent=0.2)
    counted: Counter[str] = Counter()
    marks = 0
    for record, gold in reports(real=False):
        made = annotate(record, gold, habits, name="anna", categories=scheme.names)
        check_layer(record, made.layer, categories=scheme.by_name)
        counted.update(error.kind for error in made.errors)
        marks += len(gold.entities)
    assert marks > 800
    for kind, rate in {**habits.changes, "invent": habits.invent}.items():
        assert counted[kind] / marks == pytest.approx(rate, abs=0.035), kind


def test_the_same_seed_makes_the_same_errors_and_another_person_others(scheme):
    record, gold = reports(1, real=False)[0]

    def made(name, seed=0):
        return annotate(record, gold, HASTY, name=name, categories=scheme.names, seed=seed).layer

    assert made("anna").digest == made("anna").digest
    assert len({made("anna").digest, made("ben").digest, made("anna", 1).digest}) == 3


def test_without_errors_the_layer_is_gold(scheme):
    record, gold = reports(1, real=False)[0]
    made = annotate(record, gold, Habits(), name="anna", categories=scheme.names)
    assert (made.layer.digest, made.errors) == (gold.digest, ())


def test_each_kind_of_error_is_what_it_says(scheme):
    record, gold = reports(1, real=False)[0]
    before = {entity.id: entity for entity in gold.entities}

    def after(**rates):
        made = annotate(record, gold, Habits(**rates), name="anna", categories=scheme.names)
        return made, {entity.id: entity for entity in made.layer.entities}

    assert after(drop=1)[1] == {}
    _, changed = after(category=1)
    assert all(changed[id].category != one.category and changed[id].spans == one.spans for id, one in before.items())
    _, changed = after(assertion=1)
    assert all(changed[id].assertion != one.assertion for id, one in before.items())
    made, changed = after(boundary=1)
    assert {error.entity for error in made.errors} == {id for id in before if changed[id].spans != before[id].spans}
    made, changed = after(invent=1)
    invented = [changed[id] for id in changed.keys() - before.keys()]
    assert len(invented) == len(made.errors) > 0
    assert not any(new.start < old.end and old.start < new.end for new in invented for old in gold.entities)


def test_probabilities_that_exceed_one_are_refused():
    with pytest.raises(ValueError, match="add up to at most 1"):
        Habits(drop=0.7, boundary=0.4)
