"""People against the model they were shown, against another layer, and against themselves."""

from __future__ import annotations

import pytest

from annotation.agreement.model_and_self import layer_agreement, with_layer, with_repeat, with_shown
from annotation.agreement.results import measure
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord, Study

PLAIN = AgreementSettings(minimum_records=1, minimum_entities=1, resamples=0)


@pytest.fixture
def reviewed(reviews):
    """A record that two people marked, one of them twice, with what they were shown and a layer of an adapter."""
    one = reviews(
        anna="[fever]{diagnosis} and [cough]{diagnosis}",
        ben="[fever]{diagnosis} and cough",
        again="[fever]{diagnosis} and [cough]{pathology}",
        shown="[fever]{diagnosis} and [cough]{diagnosis}",
        adapter="fever and [cough]{diagnosis}",
    )
    names = {"again": "repeat:anna", "shown": "shown:human:anna", "adapter": "adapter"}
    layers = {names.get(name.removeprefix("human:"), name): layer for name, layer in one.layers.items()}
    return ReviewedRecord(one.record, layers)


@pytest.mark.parametrize(
    ("pairing", "values"),
    [
        (with_shown, {"human:anna": 1}),
        (with_repeat, {"human:anna": 2 * 1 / 4}),
        (with_layer("adapter"), {"human:anna": 2 * 1 / 3, "human:ben": 0}),
    ],
)
def test_each_person_is_compared_with_the_other(reviewed, scheme, pairing, values):
    found = layer_agreement(Study.of([reviewed], scheme.names, PLAIN), pairing)
    assert {name: one.strict.value for name, one in found.per_person.items()} == values
    assert found.overall.records == 1


def test_nobody_to_compare_with_is_no_figure(reviewed, scheme):
    assert layer_agreement(Study.of([reviewed], scheme.names, PLAIN), with_layer("rules")) is None


def test_all_figures_come_from_one_reading(reviewed, scheme):
    found = measure(iter([reviewed]), scheme, PLAIN, others=["adapter", "rules"])
    assert (found.records, found.by_people, found.people) == (1, {2: 1}, {"human:anna": 1, "human:ben": 1})
    assert found.pairs.per_pair["human:anna & human:ben"].strict.value == 2 * 1 / 3
    assert found.everybody.overall.alpha.value < 1
    assert list(found.layers) == ["adapter"]
    assert found.shown.overall.strict.value == 1
    assert found.repeats.per_person["human:anna"].strict.value == 1 / 2
    assert list(found.weekly) == ["all", "human:anna", "human:ben"]
    assert found.drift["human:anna"].slope.note == "withheld: all at one time"
    assert (found.choices, found.gamma) == ({}, None)
    behind = found.drill_down
    assert [(one.one, one.other, one.same, len(one.differences)) for one in behind.people] == [
        ("human:anna", "human:ben", 1, 1)
    ]
    assert [(one.other, one.same) for one in behind.shown] == [("shown:human:anna", 2)]
    assert [(one.other, [each.kind for each in one.differences]) for one in behind.repeats] == [
        ("repeat:anna", ["category"])
    ]


def test_where_an_annotation_came_from_is_kept(reviewed, scheme):
    source = {"project": "Clinical review #3 2026", "task": 17}
    layers = dict(reviewed.layers)
    layers["human:anna"] = layers["human:anna"].model_copy(update={"provenance": source})
    found = measure([ReviewedRecord(reviewed.record, layers)], scheme, PLAIN).drill_down.tasks
    assert {name: (one.project, one.task) for name, one in found[reviewed.record.id].items()} == {
        "human:anna": ("Clinical review #3 2026", 17)
    }
