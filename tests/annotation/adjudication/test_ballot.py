from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.adjudication.consensus import majority
from annotation.agreement.ballot import VoteOutcome, ballot, outcome
from curation.record import Entity, Layer, Record, Relation

TEXT = "No fever, cough and pain since Monday."
RECORD = Record(id="r", group="r", source="test", language="en", text=TEXT)


def said(layer: Layer) -> list[tuple[str, str, str]]:
    return [(entity.text, entity.category, entity.assertion.value) for entity in layer.entities]


def test_what_more_than_half_mark_is_in(reviews) -> None:
    record, layers = reviews(
        anna="No [fever]{signs_symptoms negated}, [cough]{signs_symptoms}, [sepsis]{diagnosis}.",
        ben="No [fever]{signs_symptoms negated}, [cough]{diagnosis}, sepsis.",
        clara="No [fever]{signs_symptoms negated}, [cough]{signs_symptoms}, sepsis.",
    )
    vote = ballot(record, layers)
    assert said(majority(vote)) == [
        ("fever", "signs_symptoms", "negated"),
        ("cough", "signs_symptoms", "present"),
    ]
    assert [(mark.category, len(mark.votes), mark.is_disputed) for mark in vote.marks] == [
        ("signs_symptoms", 3, False),
        ("diagnosis", 1, True),
        ("signs_symptoms", 2, True),
        ("diagnosis", 1, True),
    ]
    assert (vote.is_disputed, vote.is_tied) == (True, False)


def test_just_half_is_a_tie_and_not_in(reviews) -> None:
    record, layers = reviews(anna="[fever]{signs_symptoms} today", ben="fever today")
    vote = ballot(record, layers)
    assert [mark.outcome for mark in vote.marks] == [VoteOutcome.TIE]
    assert vote.is_tied
    assert majority(vote).entities == ()
    assert majority(vote).provenance["ties"] == 1


def test_a_finding_on_which_assertions_differ_is_in_and_its_assertion_is_voted_on(reviews) -> None:
    record, layers = reviews(
        anna="[fever]{signs_symptoms}", ben="[fever]{signs_symptoms negated}", clara="[fever]{signs_symptoms negated}"
    )
    vote = ballot(record, layers)
    assert said(majority(vote)) == [("fever", "signs_symptoms", "negated")]
    assert (vote.is_disputed, vote.is_tied) == (True, False)
    two = ballot(record, {name: layers[name] for name in ("human:anna", "human:ben")})
    assert two.is_tied


def test_lenient_matching_counts_overlapping_marks_as_one_and_votes_on_the_boundary(reviews) -> None:
    record, layers = reviews(
        anna="[high fever]{signs_symptoms} today",
        ben="[high fever]{signs_symptoms} today",
        clara="high [fever today]{signs_symptoms}",
    )
    exact = ballot(record, layers)
    assert [(mark.spans, len(mark.votes)) for mark in exact.marks] == [(((0, 10),), 2), (((5, 16),), 1)]
    lenient = ballot(record, layers, matching="lenient")
    assert [(mark.spans, len(mark.votes)) for mark in lenient.marks] == [(((0, 10),), 3)]
    assert lenient.is_disputed
    assert not lenient.is_tied
    assert said(majority(lenient)) == [("high fever", "signs_symptoms", "present")]


def test_lenient_matching_never_gives_a_reviewer_two_voices_in_one_mark(reviews) -> None:
    record, layers = reviews(anna="[high]{signs_symptoms} [fever]{signs_symptoms}", ben="[high fever]{signs_symptoms}")
    marks = ballot(record, layers, matching="lenient").marks
    assert sorted(sorted(mark.votes) for mark in marks) == [["human:anna"], ["human:anna", "human:ben"]]


def linked(name: str, *, link: bool, label: str | None = None) -> Layer:
    fever = Entity.at(TEXT, 3, 8, "signs_symptoms", id=f"{name}1")
    cough = Entity.at(TEXT, 10, 15, "signs_symptoms", id=f"{name}2")
    relations = (Relation(id="R", type="related_to", head=f"{name}1", tail=f"{name}2"),) if link else ()
    return Layer(
        record_id="r",
        name=f"human:{name}",
        author=f"human:{name}",
        entities=(fever, cough),
        relations=relations,
        labels={"smoker": label} if label else {},
    )


def test_links_and_document_labels_are_voted_on_whatever_the_marks_are_called() -> None:
    layers = [linked("a", link=True, label="yes"), linked("b", link=True, label="no"), linked("c", link=False)]
    vote = ballot(RECORD, {layer.name: layer for layer in layers})
    joint = majority(vote)
    assert [(one.type, one.head, one.tail) for one in joint.relations] == [("related_to", "E1", "E2")]
    assert joint.labels == {}
    assert vote.is_tied
    agreed = ballot(RECORD, {layer.name: layer for layer in layers[:1] * 2})
    assert not agreed.is_disputed


def test_a_record_that_only_some_reject_is_disputed(reviews) -> None:
    marked = dict.fromkeys(("anna", "ben", "clara"), "[fever]{signs_symptoms}")
    record, layers = reviews(verdicts={"anna": "reject"}, **marked)
    assert ballot(record, layers).is_disputed
    assert not ballot(record, layers).is_rejected
    record, layers = reviews(verdicts=dict.fromkeys(marked, "reject"), **marked)
    assert not ballot(record, layers).is_disputed
    assert ballot(record, layers).is_rejected


SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 8), st.sampled_from(["diagnosis", "pathology"])), max_size=5
)


@settings(deadline=None)
@given(st.lists(SPANS, min_size=2, max_size=4), st.sampled_from(["exact", "lenient"]))
def test_every_mark_is_in_the_ballot_once_whoever_is_named_first(reviewers, matching) -> None:
    layers = {}
    for number, spans in enumerate(reviewers):
        places = sorted({(start, start + width, category) for start, width, category in spans})
        entities = tuple(
            Entity.at(TEXT, start, end, category, id=f"T{place}") for place, (start, end, category) in enumerate(places)
        )
        name = f"human:{number}"
        layers[name] = Layer(record_id="r", name=name, author=name, entities=entities)
    vote = ballot(RECORD, layers, matching=matching)
    votes = [(name, entity.id) for mark in vote.marks for name, entity in mark.votes.items()]
    assert sorted(votes) == sorted((name, entity.id) for name, layer in layers.items() for entity in layer.entities)
    turned = ballot(RECORD, dict(reversed(layers.items())), matching=matching)
    assert said(majority(turned)) == said(majority(vote))
    everybody = [mark for mark in vote.marks if not mark.is_disputed]
    assert {(mark.category, mark.spans) for mark in everybody} == set.intersection(
        *({(entity.category, entity.spans) for entity in layer.entities} for layer in layers.values())
    ) or matching == "lenient"


@pytest.mark.parametrize(("votes", "of"), [(0, 2), (1, 2), (2, 2), (1, 3), (2, 3), (2, 4), (3, 4)])
def test_in_is_more_than_half(votes: int, of: int) -> None:
    wanted = VoteOutcome.TIE if votes * 2 == of else VoteOutcome.IN if votes / of > 0.5 else VoteOutcome.OUT
    assert outcome(votes, of) is wanted


def test_the_order_of_reviewers_does_not_decide_a_boundary(reviews) -> None:
    record, layers = reviews(
        a="[high fever]{diagnosis} now", b="high [fever]{diagnosis} now", c="high [fever now]{diagnosis}"
    )
    found = set()
    for order in permutations(layers):
        vote = ballot(record, {name: layers[name] for name in order}, matching="lenient")
        found.add(tuple((mark.spans, tuple(sorted(mark.votes))) for mark in vote.marks))
    assert len(found) == 1
