"""Disagreements settled in a real Label Studio."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from annotation.adjudication.exchange import pull_decisions, push_disputes
from annotation.adjudication.settings import AdjudicationSettings
from curation.decision import Verdict, on_layer
from curation.markup import parse_markup
from curation.record import Layer, Record, record_id
from curation.scheme import Scheme
from curation.store import Store

SPLIT = {
    "clara": "[high fever]{signs_symptoms}, [sepsis]{diagnosis} 🌡",
    "deniz": "high [fever]{signs_symptoms}, [sepsis]{diagnosis} 🌡",
}
AGREED = dict.fromkeys(SPLIT, "[rash]{signs_symptoms} only")


@pytest.fixture
def settings(settings):
    """Settings with an adjudication project of the test's own."""
    own = AdjudicationSettings(project=f"Settle {uuid.uuid4().hex[:12]}")
    return settings.model_copy(update={"adjudication": own})


@pytest.fixture
def said(sqlite_store: Store):
    """Stores a record as several have marked it, and gives its id."""

    def store(marked: dict[str, str]) -> str:
        texts = {name: parse_markup(one) for name, one in marked.items()}
        (text,) = {text for text, _ in texts.values()}
        id = record_id(text, language="en")
        sqlite_store.add_records([Record(id=id, group=id, source="test", language="en", text=text)])
        sqlite_store.add_layers(
            Layer(record_id=id, name=f"human:{name}", author=f"human:{name}", entities=entities)
            for name, (_, entities) in texts.items()
        )
        return id

    return store


@pytest.fixture
def task(sqlite_store: Store, client, settings):
    """A record's task in the adjudication project."""

    def find(id: str) -> dict[str, Any]:
        project = client.find_project(settings.adjudication.project)
        entry = sqlite_store.review_tasks(project.key)[id]
        (found,) = client.tasks_by_id(project.id, [entry.task_id])
        return found

    return find


def test_a_dispute_goes_out_is_decided_and_comes_back_as_gold(
    sqlite_store: Store, client, scheme: Scheme, settings, said, task, anna
) -> None:
    split, agreed = said(SPLIT), said(AGREED)
    pushed = push_disputes(sqlite_store, client, scheme, settings, settings.adjudication)
    assert (pushed.exchanged.created, pushed.settled.gold, pushed.refused) == (1, 1, [])
    assert sqlite_store.layer(agreed, "gold") is not None
    shown = task(split)
    assert sorted(one["model_version"] for one in shown["predictions"]) == ["clara", "deniz", "to decide"]
    assert "clara" in shown["data"]["differences"]
    assert client.find_project(settings.adjudication.project).model_version == "to decide"

    again = push_disputes(sqlite_store, client, scheme, settings, settings.adjudication)
    assert (again.exchanged.created, again.exchanged.unchanged, again.settled.gold) == (0, 1, 0)

    first = next(one for one in shown["predictions"] if one["model_version"] == "to decide")
    kept = [part for part in first["result"] if part["value"].get("text") != "fever"]
    verdict = {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": ["fix"]}}
    anna.annotate(shown["id"], [*kept, verdict], parent_prediction=first["id"])
    pulled = pull_decisions(sqlite_store, client, scheme, settings, settings.adjudication)
    assert (pulled.exchanged.layers, pulled.exchanged.decisions, pulled.refused) == (1, 1, [])
    gold = sqlite_store.layer(split, "gold")
    assert (gold.author, gold.provenance["adjudicator"]) == ("human:anna", "human:anna")
    assert [(one.text, one.category, one.score) for one in gold.entities] == [
        ("high fever", "signs_symptoms", None),
        ("sepsis", "diagnosis", None),
    ]
    assert gold.provenance["votes"] == {"E1": ["human:clara"], "E3": ["human:clara", "human:deniz"]}
    assert sqlite_store.verdicts(subject=on_layer("gold")) == {split: Verdict.ACCEPTED}
    assert split not in sqlite_store.verdicts()
    assert sqlite_store.layer(split, "consensus").author == "human:anna"
    assert sqlite_store.layer(split, "human:anna") is None

    once_more = pull_decisions(sqlite_store, client, scheme, settings, settings.adjudication, full=True)
    assert (once_more.exchanged.layers, once_more.exchanged.unchanged) == (0, 1)
    assert (once_more.settled.gold, once_more.settled.consensus) == (0, 0)


def test_a_review_that_changes_is_shown_anew_in_the_same_task(
    sqlite_store: Store, client, scheme: Scheme, settings, said, task
) -> None:
    id = said(SPLIT)
    push_disputes(sqlite_store, client, scheme, settings, settings.adjudication)
    before = task(id)
    said({"deniz": SPLIT["clara"]})
    again = push_disputes(sqlite_store, client, scheme, settings, settings.adjudication)
    assert (again.exchanged.created, again.exchanged.refreshed, again.settled.gold) == (0, 1, 1)
    after = task(id)
    assert after["id"] == before["id"]
    assert after["data"]["differences"] != before["data"]["differences"]
    assert {one["id"] for one in after["predictions"]} == {one["id"] for one in before["predictions"]}


def test_what_an_adjudicator_says_never_hides_imported_gold(
    sqlite_store: Store, client, scheme: Scheme, settings, said, task, anna
) -> None:
    id = said(SPLIT)
    push_disputes(sqlite_store, client, scheme, settings, settings.adjudication)
    anna.annotate(task(id)["id"], [])
    sqlite_store.add_layers([Layer(record_id=id, name="gold", author="gold")])
    pulled = pull_decisions(sqlite_store, client, scheme, settings, settings.adjudication)
    assert pulled.exchanged.layers == 0
    assert any("review.adjudication.gold" in why for _, why in pulled.refused)
    assert sqlite_store.layer(id, "gold").author == "gold"
