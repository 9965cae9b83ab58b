"""Whose word an annotation is when others saved it, from exports made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from annotation.label_studio.api.client import Client, Json, Project
from annotation.label_studio.exchange.pull import Pulled, collect
from annotation.label_studio.settings import LabelStudioSettings
from curation.author import is_human
from curation.decision import Verdict, on_layer
from curation.record import Record
from curation.scheme import Scheme
from curation.store import Store

TEXT = "Fever and cough."
ANNA, BEN, STEWARD, GONE = 1, 2, 3, 9
USERS = {ANNA: "anna@clincurate.local", BEN: "ben@clincurate.local", STEWARD: "ruth@hospital.example"}
FEVER, COUGH = (0, 5), (10, 15)


def answer(id: int, *spans: tuple[int, int], by: object, saved_by: object, at: int, verdict: str = "accept") -> Json:
    """An annotation of an export: who made it, who saved it last, and in which minute."""
    marks = [
        {
            "id": f"r{start}",
            "type": "labels",
            "from_name": "label",
            "to_name": "text",
            "value": {"start": start, "end": end, "labels": ["signs_symptoms"]},
        }
        for start, end in spans
    ]
    chosen = {"id": "v", "type": "choices", "from_name": "verdict", "to_name": "text", "value": {"choices": [verdict]}}
    return {
        "id": id,
        "completed_by": by,
        "updated_by": saved_by,
        "updated_at": f"2026-01-05T10:{at:02}:00.000000Z",
        "result": [*marks, chosen],
    }


class ExportedTask:
    """A server that has one task, and shows it as an export does."""

    def __init__(self) -> None:
        self.task: dict[str, Any] = {"id": 7, "data": {"record_id": "r", "text": TEXT}, "annotations": []}

    def users(self) -> dict[int, str]:
        return USERS

    def own_id(self) -> int:
        return STEWARD

    def annotation_history(self, id: int) -> list[Json]:
        return []

    def last_update(self, project: int) -> str:
        return "2026-01-06T00:00:00.000000Z"

    def annotated_since(self, project: int, since: str | None, *, broken: object = None) -> Iterator[Json]:
        yield self.task


@pytest.fixture
def pulled(sqlite_store: Store, scheme: Scheme) -> Callable[..., Pulled]:
    """Pull the task as it is with these annotations."""
    server = ExportedTask()
    project = Project(1, "By hand", "2026-01-01", 1, 0, 0, "", "")
    sqlite_store.add_records([Record(id="r", group="r", source="test", language="en", text=TEXT)])

    def pull(*annotations: Json, **task: Any) -> Pulled:
        server.task |= {"annotations": list(annotations), **task}
        names = [name for name in sqlite_store.layer_names() if is_human(name)]
        client, settings = cast(Client, server), LabelStudioSettings()
        return collect(sqlite_store, client, scheme, settings, project, names=names)

    return pull


def said(store: Store) -> dict[str, list[list[str]]]:
    """The wordings in each version of each person's layer."""
    found: dict[str, list[list[str]]] = {}
    for layer in store.layer_history("r"):
        assert layer.author == layer.name
        found.setdefault(layer.name, []).append([entity.text for entity in layer.entities])
    return found


def test_a_draft_is_nobodys_word(pulled, sqlite_store: Store) -> None:
    draft = {"id": 4, "user": "ben@clincurate.local", "result": answer(5, COUGH, by=BEN, saved_by=BEN, at=2)["result"]}
    found = answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1)
    done = pulled(found | {"drafts": [draft]}, drafts=[draft])
    assert (done.layers, done.taken_over) == (1, 0)
    assert said(sqlite_store) == {"human:anna": [["Fever"]]}


def test_somebody_who_saves_an_answer_twice_has_two_versions_and_the_author_one(pulled, sqlite_store: Store) -> None:
    pulled(answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1))
    pulled(answer(5, FEVER, COUGH, by=ANNA, saved_by=BEN, at=2))
    done = pulled(answer(5, COUGH, by=ANNA, saved_by=BEN, at=3))
    assert (done.layers, done.taken_over, done.overwritten) == (1, 1, [])
    assert said(sqlite_store) == {"human:anna": [["Fever"]], "human:ben": [["Fever", "cough"], ["cough"]]}
    assert pulled(answer(5, COUGH, by=ANNA, saved_by=BEN, at=3)).unchanged == 1


def test_an_unpulled_answer_that_is_changed_twice_is_told_of_once(pulled, sqlite_store: Store) -> None:
    assert len(pulled(answer(5, FEVER, by=ANNA, saved_by=BEN, at=2)).overwritten) == 1
    done = pulled(answer(5, COUGH, by=ANNA, saved_by=BEN, at=3))
    assert (done.taken_over, done.overwritten) == (1, [])
    assert said(sqlite_store) == {"human:ben": [["Fever"], ["cough"]]}


@pytest.mark.parametrize("again", [FEVER, COUGH])
def test_an_author_who_saves_after_another_has_the_newest_word(pulled, sqlite_store: Store, again: Any) -> None:
    pulled(answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1))
    pulled(answer(5, by=ANNA, saved_by=BEN, at=2, verdict="reject"))
    done = pulled(answer(5, again, by=ANNA, saved_by=ANNA, at=3))
    assert (done.taken_over, done.refused, done.deleted) == (0, [], [])
    assert sqlite_store.layer("r", "human:anna").entities[0].spans == (again,)
    assert sqlite_store.layer("r", "human:ben").entities == ()
    verdicts = {name: sqlite_store.verdicts(subject=on_layer(name))["r"] for name in ("human:anna", "human:ben")}
    assert verdicts == {"human:anna": Verdict.ACCEPTED, "human:ben": Verdict.REJECTED}


def test_what_a_steward_changes_is_under_the_stewards_login(pulled, sqlite_store: Store) -> None:
    pulled(answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1))
    done = pulled(answer(5, COUGH, by=ANNA, saved_by=STEWARD, at=2))
    assert (done.layers, done.taken_over) == (1, 1)
    assert said(sqlite_store) == {"human:anna": [["Fever"]], "human:ruth@hospital.example": [["cough"]]}


def test_an_answer_without_an_author_is_of_the_person_who_saved_it(pulled, sqlite_store: Store) -> None:
    done = pulled(answer(5, FEVER, by=None, saved_by=BEN, at=1))
    assert (done.layers, done.taken_over, done.overwritten) == (1, 0, [])
    assert said(sqlite_store) == {"human:ben": [["Fever"]]}


@pytest.mark.parametrize("nobody", [None, {}, "anna"])
def test_an_answer_of_nobody_known_is_of_unknown(pulled, sqlite_store: Store, nobody: object) -> None:
    assert pulled(answer(5, FEVER, by=nobody, saved_by=None, at=1)).layers == 1
    assert said(sqlite_store) == {"human:unknown": [["Fever"]]}


def test_an_answer_of_a_deleted_account_stays_what_it_was_when_another_saves_it(pulled, sqlite_store: Store) -> None:
    pulled(answer(5, FEVER, by=None, saved_by=None, at=1))
    done = pulled(answer(5, COUGH, by=None, saved_by=BEN, at=2))
    assert (done.layers, done.taken_over, done.overwritten) == (1, 0, [])
    assert said(sqlite_store) == {"human:unknown": [["Fever"]], "human:ben": [["cough"]]}


@pytest.mark.parametrize(("by", "saved_by"), [(GONE, GONE), (GONE, None), (GONE, BEN), (ANNA, GONE)])
def test_an_answer_of_an_account_that_is_no_member_waits_for_a_steward(
    pulled, sqlite_store: Store, by: int, saved_by: int | None
) -> None:
    done = pulled(answer(5, FEVER, by=by, saved_by=saved_by, at=1))
    assert (done.layers, done.decisions, len(done.in_doubt)) == (0, 0, 1)
    assert [layer.name for layer in sqlite_store.layer_history("r")] == ["doubted:5"]


def test_people_may_be_told_in_full(pulled, sqlite_store: Store) -> None:
    anna, ben = ({"id": id, "email": USERS[id]} for id in (ANNA, BEN))
    pulled(answer(5, FEVER, by=anna, saved_by=anna, at=1))
    pulled(answer(5, COUGH, by=anna, saved_by=ben, at=2))
    assert said(sqlite_store) == {"human:anna": [["Fever"]], "human:ben": [["cough"]]}


@pytest.mark.parametrize("first", [True, False])
def test_both_have_answers_and_one_changes_the_others(pulled, sqlite_store: Store, first: bool) -> None:
    annas, bens = (
        answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1),
        answer(6, COUGH, by=BEN, saved_by=BEN, at=2),
    )
    changed = answer(5, FEVER, COUGH, by=ANNA, saved_by=BEN, at=3)
    if first:
        assert pulled(annas, bens).layers == 2
    done = pulled(changed, bens)
    assert len(done.overwritten) == (0 if first else 1)
    assert said(sqlite_store).get("human:anna") == ([["Fever"]] if first else None)
    assert said(sqlite_store)["human:ben"] == [["cough"], ["Fever", "cough"]]
    again = pulled(changed, bens)
    assert (again.layers, again.decisions, again.unchanged) == (0, 0, 2)


def test_a_skip_of_anothers_answer_leaves_the_answer(pulled, sqlite_store: Store) -> None:
    pulled(answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1))
    done = pulled(answer(5, FEVER, by=ANNA, saved_by=BEN, at=2) | {"was_cancelled": True})
    assert (done.layers, done.skipped, done.taken_over) == (0, 1, 0)
    assert said(sqlite_store) == {"human:anna": [["Fever"]]}


def test_a_changed_answer_that_is_deleted_is_told_once_and_both_verdicts_fall(pulled, sqlite_store: Store) -> None:
    pulled(answer(5, FEVER, by=ANNA, saved_by=ANNA, at=1))
    pulled(answer(5, COUGH, by=ANNA, saved_by=BEN, at=2))
    assert pulled().deleted == ["annotation 5 of task 7"]
    assert said(sqlite_store) == {"human:anna": [["Fever"]], "human:ben": [["cough"]]}
    for name in ("human:anna", "human:ben"):
        assert sqlite_store.verdicts(subject=on_layer(name)) == {"r": Verdict.NEEDS_REVIEW}
