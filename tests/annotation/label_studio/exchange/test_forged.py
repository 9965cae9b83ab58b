"""Answers under another's name, saved in a real Label Studio: kept, told, and nobody's until a steward decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from annotation.agreement.judgements import reviewed
from annotation.agreement.settings import AgreementSettings
from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.doubted import count_waiting
from annotation.label_studio.exchange.pull import Pulled, pull
from annotation.label_studio.exchange.push import push
from curation.author import human
from curation.decision import DecisionKind, Verdict, on_layer
from curation.errors import UsageError
from curation.record import Record, record_id
from curation.scheme import Scheme
from curation.store import Store
from pipeline.steps.review.decisions import accept, waiting
from validation.person_decisions import AskedSubjects, reject, reopen

TEXT = "Fieber und Husten seit Montag."
FEVER, COUGH, MONDAY = (0, 6), (11, 17), (23, 29)
STEWARD = "ruth"


def answer(span: tuple[int, int] = FEVER, *, verdict: str = "accept") -> list[dict[str, Any]]:
    """What somebody marks and decides."""
    value = {"start": span[0], "end": span[1], "labels": ["signs_symptoms"]}
    return [
        {"id": "r1", "from_name": "label", "to_name": "text", "type": "labels", "value": value},
        {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [verdict]}},
    ]


@pytest.fixture
def record(sqlite_store: Store) -> Record:
    """One report."""
    id = record_id(TEXT, language="de")
    made = Record(id=id, group=id, source="test", language="de", text=TEXT)
    sqlite_store.add_records([made])
    return made


@pytest.fixture
def task(client: Client, settings, sqlite_store: Store, scheme: Scheme, tasks, record: Record) -> int:
    """Its task."""
    push(sqlite_store, client, scheme, settings)
    found: int = tasks()[record.id].task_id
    return found


@pytest.fixture
def pulled(client: Client, settings, sqlite_store: Store, scheme: Scheme) -> Callable[..., Pulled]:
    """Pulls."""
    return lambda **options: pull(sqlite_store, client, scheme, settings, **options)


@pytest.fixture
def ids(client: Client) -> dict[str, int]:
    """The numbers of the accounts."""
    return {login.partition("@")[0]: id for id, login in client.users().items()}


def said(store: Store, record: Record) -> dict[str, list[str]]:
    """The wordings in the newest layer of each name."""
    return {layer.name: [entity.text for entity in layer.entities] for layer in store.layer_history(record.id)}


def post_as(ben, ids: dict[str, int], task: int, record: Record, project: int) -> None:
    ben.annotate(task, answer(), completed_by=ids["anna"], updated_by=ids["anna"], last_created_by=ids["anna"])


def post_and_edit(ben, ids: dict[str, int], task: int, record: Record, project: int) -> None:
    ben.edit(ben.annotate(task, answer(COUGH), completed_by=ids["anna"]), result=answer())


def give_away(ben, ids: dict[str, int], task: int, record: Record, project: int) -> None:
    ben.edit(ben.annotate(task, answer()), completed_by=ids["anna"])


def post_a_draft_as(ben, ids: dict[str, int], task: int, record: Record, project: int) -> None:
    answered = ben.post(f"/api/tasks/{task}/drafts", json={"result": answer(), "user": "anna@clincurate.local"})
    ben.annotate(task, answer(), completed_by=ids["anna"], draft_id=answered.json()["id"])


def bring_in(ben, ids: dict[str, int], task: int, record: Record, project: int) -> None:
    annotation = {"result": answer(), "completed_by": ids["anna"]}
    data = {"record_id": record.id, "text": TEXT}
    made = ben.post(f"/api/projects/{project}/import", json=[{"data": data, "annotations": [annotation]}])
    assert made.status_code == 201, made.text


def bring_in_by_mail(ben, ids: dict[str, int], task: int, record: Record, project: int) -> None:
    annotation = {"result": answer(), "completed_by": {"email": "anna@clincurate.local"}}
    data = {"record_id": record.id, "text": TEXT}
    made = ben.post(f"/api/projects/{project}/import", json=[{"data": data, "annotations": [annotation]}])
    assert made.status_code == 201, made.text


FORGERIES = [post_as, post_and_edit, give_away, post_a_draft_as, bring_in, bring_in_by_mail]


@pytest.mark.parametrize("forge", FORGERIES)
def test_an_answer_under_anothers_name_counts_for_nobody(
    forge, pulled, sqlite_store: Store, client, settings, task: int, record: Record, ben, ids
) -> None:
    project = client.find_project(settings.project)
    forge(ben, ids, task, record, project.id)
    done = pulled()
    assert (done.layers, done.decisions, done.taken_over, done.overwritten) == (0, 0, 0, [])
    ((where, why),) = done.in_doubt
    assert where.startswith("annotation ")
    assert "anna" in why
    assert "ben" in why
    (name,) = said(sqlite_store, record)
    assert name.startswith("doubted:")
    assert list(reviewed(sqlite_store, AgreementSettings())) == []
    assert sqlite_store.decisions([record.id]) == {}
    (event,) = sqlite_store.review_events(project.key, kind="in_doubt")
    assert event.content is not None
    assert '"completed_by"' in event.content
    assert count_waiting(sqlite_store) == 1
    (open_decision,) = waiting(sqlite_store, "needs_review", of="layer")
    assert (open_decision.subject, open_decision.record_id) == (on_layer(name), record.id)
    for again in (pulled(), pulled(full=True)):
        assert (again.layers, again.in_doubt, again.unchanged) == (0, [], 1)


def test_an_answer_that_was_taken_from_its_author_counts_for_nobody(
    pulled, sqlite_store: Store, task: int, record: Record, anna, ben, ids
) -> None:
    ben.edit(anna.annotate(task, answer()), completed_by=ids["ben"], result=answer(COUGH, verdict="reject"))
    done = pulled()
    assert (done.layers, done.decisions, len(done.in_doubt)) == (0, 0, 1)
    assert "ben made it an answer of ben" in done.in_doubt[0][1]


def test_what_was_pulled_before_stays_when_somebody_takes_the_answer(
    pulled, sqlite_store: Store, task: int, record: Record, anna, ben, ids
) -> None:
    made = anna.annotate(task, answer())
    assert pulled().layers == 1
    ben.edit(made, completed_by=ids["ben"], result=answer(COUGH, verdict="reject"))
    assert len(pulled().in_doubt) == 1
    assert said(sqlite_store, record) == {"human:anna": ["Fieber"], f"doubted:{made}": ["Husten"]}
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {record.id: Verdict.ACCEPTED}


def test_genuine_work_is_left_alone(
    pulled, sqlite_store: Store, client, settings, task: int, record: Record, anna, ben
) -> None:
    made = anna.annotate(task, answer())
    anna.edit(made, result=answer(COUGH))
    own = ben.annotate(task, answer())
    assert (pulled().layers, pulled().in_doubt) == (2, [])
    ben.edit(made, result=answer(MONDAY))  # not forged: it is Ben's word
    client.call("PATCH", f"/api/annotations/{own}/", body={"result": answer(COUGH)})
    done = pulled()
    assert (done.layers, done.taken_over, done.in_doubt) == (2, 2, [])
    assert said(sqlite_store, record) == {
        "human:anna": ["Husten"],
        "human:ben": ["Montag"],
        "human:steward": ["Husten"],
    }
    again = pulled(full=True)
    assert (again.layers, again.in_doubt) == (0, [])


def test_what_the_steward_brings_in_is_left_alone(
    pulled, sqlite_store: Store, client, settings, task: int, record: Record, ids
) -> None:
    project = client.find_project(settings.project).id
    annotations = [{"result": answer(), "completed_by": ids["anna"]}, {"result": answer(COUGH)}]
    client.import_tasks(project, [{"data": {"record_id": record.id, "text": TEXT}, "annotations": annotations}])
    done = pulled()
    assert (done.layers, done.in_doubt) == (2, [])
    assert set(said(sqlite_store, record)) == {"human:anna", "human:steward"}


def test_predictions_that_somebody_takes_in_bulk_are_that_persons(
    pulled, sqlite_store: Store, client, settings, task: int, record: Record, ben
) -> None:
    project = client.find_project(settings.project).id
    client.import_predictions(project, [{"task": task, "result": answer(), "model_version": "rules"}])
    selected = {"selectedItems": {"all": False, "included": [task]}, "project": str(project)}
    made = ben.post(f"/api/dm/actions?id=predictions_to_annotations&project={project}", json=selected)
    assert made.status_code == 200, made.text
    done = pulled()
    assert (done.layers, done.in_doubt) == (1, [])
    assert set(said(sqlite_store, record)) == {"human:ben"}


def test_a_steward_accepts_and_the_answer_counts_from_then_on(
    pulled, sqlite_store: Store, task: int, record: Record, ben, ids
) -> None:
    made = ben.annotate(task, answer(verdict="reject"), completed_by=ids["anna"])
    pulled()
    (decision,) = accept(sqlite_store, record.id, AskedSubjects(), by=STEWARD, reason="Ben wrote for Anna")
    assert (decision.kind, decision.layer) == (DecisionKind.LAYER, f"doubted:{made}")
    assert said(sqlite_store, record) == {f"doubted:{made}": ["Fieber"], "human:ben": ["Fieber"]}
    assert sqlite_store.verdicts(subject=on_layer("human:ben")) == {record.id: Verdict.REJECTED}
    layer = sqlite_store.layer(record.id, "human:ben")
    assert layer is not None
    assert layer.provenance["author_accepted_by"] == human(STEWARD)
    assert count_waiting(sqlite_store) == 0
    assert (pulled().unchanged, pulled(full=True).in_doubt) == (1, [])
    with pytest.raises(UsageError, match="decide about that layer"):
        reopen(sqlite_store, record.id, AskedSubjects(layer=f"doubted:{made}"), by=STEWARD, reason="no")
    ben.edit(made, result=answer(COUGH))  # a new word under the same false name waits again
    assert len(pulled().in_doubt) == 1
    assert count_waiting(sqlite_store) == 1


def test_a_steward_rejects_and_reopens(pulled, sqlite_store: Store, task: int, record: Record, ben, ids) -> None:
    made = ben.annotate(task, answer(), completed_by=ids["anna"])
    pulled()
    asked = AskedSubjects(layer=f"doubted:{made}")
    reject(sqlite_store, record.id, asked, by=STEWARD, reason="not Anna's")
    assert count_waiting(sqlite_store) == 0
    assert pulled(full=True).in_doubt == []
    reopen(sqlite_store, record.id, asked, by=STEWARD, reason="look again")
    assert count_waiting(sqlite_store) == 1
    assert set(said(sqlite_store, record)) == {f"doubted:{made}"}


def test_a_skip_under_anothers_name_is_told_and_counts_for_nobody(pulled, task: int, ben, ids) -> None:
    ben.annotate(task, [], completed_by=ids["anna"], was_cancelled=True)
    done = pulled()
    assert (done.skipped, len(done.in_doubt)) == (0, 1)


def test_without_a_history_the_server_tells_what_its_fields_tell(
    pulled, monkeypatch, sqlite_store: Store, client, settings, task: int, record: Record, anna, ben, ids
) -> None:
    monkeypatch.setattr(client, "annotation_history", lambda id: [])
    project = client.find_project(settings.project).id
    post_as(ben, ids, task, record, project)
    bring_in(ben, ids, task, record, project)
    anna.edit(anna.annotate(task, answer()), result=answer(COUGH))
    done = pulled()
    assert (done.layers, len(done.in_doubt)) == (1, 2)
    assert said(sqlite_store, record)["human:anna"] == ["Husten"]
