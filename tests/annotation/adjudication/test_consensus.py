from __future__ import annotations

import pytest

from annotation.adjudication.consensus import CONSENSUS, Method, Settled, adjudication_cases, method_of, settle
from annotation.adjudication.exchange import adjudicated
from annotation.adjudication.settings import AdjudicationSettings
from curation.record import Layer
from curation.scheme import Scheme
from curation.store import Store

AGREED = dict.fromkeys(("anna", "ben"), "[fever]{signs_symptoms} today")
SPLIT = {"anna": "[cough]{signs_symptoms} now", "ben": "[cough]{diagnosis} now"}


@pytest.fixture
def said(sqlite_store: Store, reviews):
    """Stores a record with its reviews, and gives its id."""

    def store(**marked) -> str:
        record, layers = reviews(**marked)
        sqlite_store.add_records([record])
        sqlite_store.add_layers(layers.values())
        return record.id

    return store


def decide(store: Store, id: str, marked: Layer, settings: AdjudicationSettings) -> None:
    """What a pull from the adjudication project stores."""
    (one,) = adjudication_cases(store, settings, ids=[id])
    store.add_layers([adjudicated(marked, one.ballot, name=settings.gold)])


def test_records_on_which_all_agree_are_gold_without_an_adjudicator(sqlite_store: Store, scheme: Scheme, said) -> None:
    agreed, split = said(**AGREED), said(**SPLIT)
    done = settle(sqlite_store, scheme, AdjudicationSettings())
    assert dict(done.states) == {"agreed": 1, "to adjudicate": 1}
    assert (done.consensus, done.gold, done.refused) == (2, 1, [])
    gold = sqlite_store.layer(agreed, "gold")
    assert gold is not None
    assert [(one.text, one.category) for one in gold.entities] == [("fever", "signs_symptoms")]
    assert gold.provenance["method"] == "unanimous"
    assert gold.provenance["votes"] == {"E1": ["human:anna", "human:ben"]}
    versions = {(one["layer"], one["digest"]) for one in gold.provenance["reviews"]}
    assert versions == {(name, sqlite_store.layer(agreed, name).digest) for name in ("human:anna", "human:ben")}
    assert sqlite_store.layer(split, "gold") is None
    assert sqlite_store.layer(split, CONSENSUS).provenance["ties"] == 2


def test_settling_twice_adds_nothing(sqlite_store: Store, scheme: Scheme, said) -> None:
    said(**AGREED)
    said(**SPLIT)
    first = settle(sqlite_store, scheme, AdjudicationSettings())
    again = settle(sqlite_store, scheme, AdjudicationSettings())
    assert (first.consensus, first.gold) == (2, 1)
    assert (again.consensus, again.gold, again.states) == (0, 0, first.states)


def test_a_single_review_settles_nothing_unless_one_is_enough(sqlite_store: Store, scheme: Scheme, said) -> None:
    said(anna="[fever]{signs_symptoms}")
    assert settle(sqlite_store, scheme, AdjudicationSettings()) == Settled()
    assert settle(sqlite_store, scheme, AdjudicationSettings(minimum_reviews=1)).gold == 1


def test_an_adjudicators_word_is_gold_and_stands_when_a_review_changes_later(
    sqlite_store: Store, scheme: Scheme, said, reviews
) -> None:
    settings = AdjudicationSettings()
    id = said(**SPLIT)
    settle(sqlite_store, scheme, settings)
    _, decided = reviews(clara=SPLIT["anna"])
    decide(sqlite_store, id, decided["human:clara"], settings)
    assert dict(settle(sqlite_store, scheme, settings).states) == {"adjudicated": 1}
    gold, joint = (sqlite_store.layer(id, name) for name in ("gold", CONSENSUS))
    assert gold.author == joint.author == "human:clara"
    assert method_of(gold) is method_of(joint) is Method.ADJUDICATED
    assert gold.provenance["votes"] == {"T1": ["human:anna"]}
    assert gold.entities == joint.entities == decided["human:clara"].entities
    _, changed = reviews(anna=SPLIT["ben"])
    sqlite_store.add_layers(changed.values())
    assert dict(settle(sqlite_store, scheme, settings).states) == {"reviews changed since": 1}
    assert sqlite_store.layer(id, "gold").entities == decided["human:clara"].entities
    history = [layer.provenance.get("method") for layer in sqlite_store.layer_history(id) if layer.name == CONSENSUS]
    assert history == ["majority", "adjudicated"]


def test_the_majority_is_gold_where_only_ties_go_to_an_adjudicator(sqlite_store: Store, scheme: Scheme, said) -> None:
    voted, tied = said(**SPLIT, clara=SPLIT["anna"]), said(**{"anna": "[rash]{diagnosis}", "ben": "rash"})
    done = settle(sqlite_store, scheme, AdjudicationSettings(send="ties"))
    assert dict(done.states) == {"by majority": 1, "to adjudicate": 1}
    gold = sqlite_store.layer(voted, "gold")
    assert [(one.text, one.category) for one in gold.entities] == [("cough", "signs_symptoms")]
    assert gold.provenance["votes"] == {"E2": ["human:anna", "human:clara"]}
    assert sqlite_store.layer(tied, "gold") is None


def test_gold_that_was_imported_is_never_replaced(sqlite_store: Store, scheme: Scheme, said) -> None:
    id = said(**AGREED)
    sqlite_store.add_layers([Layer(record_id=id, name="gold", author="gold")])
    done = settle(sqlite_store, scheme, AdjudicationSettings())
    ((refused, why),) = done.refused
    assert refused == id
    assert "review.adjudication.gold" in why
    assert sqlite_store.layer(id, "gold").entities == ()
    other = AdjudicationSettings(gold="gold-by-review")
    assert settle(sqlite_store, scheme, other).refused == []
    assert len(sqlite_store.layer(id, "gold-by-review").entities) == 1


def test_a_record_that_all_reject_gets_no_gold(sqlite_store: Store, scheme: Scheme, said) -> None:
    id = said(verdicts=dict.fromkeys(AGREED, "reject"), **AGREED)
    assert dict(settle(sqlite_store, scheme, AdjudicationSettings()).states) == {"rejected": 1}
    assert sqlite_store.layer(id, "gold") is None
