from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.exchange.verdicts import WITHDRAWN
from curation.decision import TEXT, Decision, Verdict, on_layer
from curation.record import Assertion, Entity, Fragment, Layer, Record, Relation, record_id
from curation.scheme import Scheme
from curation.store import Store

#: What moves offsets when somebody counts in other units, folds blanks or normalises.
TEXTS = {
    "plain": "The patient had high fever today.",
    "emoji": "👩‍⚕️ saw 🤒 with high fever 🌡️ 39.5 °C.",
    "umlauts": "Die Ärztin maß über Ödeme high fever, Größe 1,80 m.",
    "combining": unicodedata.normalize("NFD", "Ärztin für Café: ") + "high fever.",
    "windows": "First line.\r\nSecond:\r\n\r\nhigh fever\r\nend.",
    "tabs": "Sign:\t\thigh fever\t  (twice)  ",
    "leading blanks": "   \n  high fever",
    "nbsp": "39\u00a0°C\u202fand\u200bhigh fever\u00a0!",
    "astral": "𝐁𝐨𝐥𝐝 𝔣𝔢𝔳𝔢𝔯 then high fever 𠜎.",
    "right to left": "المريض حمى שלום high fever سعال",
    "markup": "<b>&amp; high fever</b> ${text} \\n \"'",
}

Person = Any


def mark(start: int, end: int, label: str, *, id: str = "r1", **fields: Any) -> dict[str, Any]:
    """A region as the editor saves it, with a wording that is not to be trusted."""
    value = {"start": start, "end": end, "text": "not what stands there", "labels": [label]}
    return {"id": id, "from_name": "label", "to_name": "text", "type": "labels", "value": value, **fields}


def choose(name: str, *values: str, id: str = "c1") -> dict[str, Any]:
    """A choice as the editor saves it."""
    value = {"choices": list(values)}
    return {"id": id, "from_name": name, "to_name": "text", "type": "choices", "value": value}


def make_record(text: str) -> Record:
    id = record_id(text, language="en")
    return Record(id=id, group=id, source="test", language="en", text=text)


@pytest.fixture
def pushed(client, settings, sqlite_store: Store, scheme: Scheme, tasks) -> Callable[..., dict[str, int]]:
    """Adds texts as records with the layers that are given, pushes, and gives each record's task."""

    def send(*texts: str, layers: Callable[[Record], list[Layer]] = lambda record: []) -> dict[str, int]:
        records = [make_record(text) for text in texts]
        sqlite_store.add_records(records)
        sqlite_store.add_layers(layer for record in records for layer in layers(record))
        push(sqlite_store, client, scheme, settings)
        return {record.id: tasks()[record.id].task_id or 0 for record in records}

    return send


@pytest.fixture
def pulled(client, settings, sqlite_store: Store, scheme: Scheme) -> Callable[..., dict[str, Any]]:
    """Pulls, and gives what is not nothing."""

    def read(**options: Any) -> dict[str, Any]:
        done = pull(sqlite_store, client, scheme, settings, **options)
        names = ("layers", "unchanged", "skipped", "decisions", "taken_over", "refused", "deleted", "overwritten")
        return {name: getattr(done, name) for name in names if getattr(done, name)}

    return read


def test_offsets_are_exact_in_every_text(pushed, pulled, sqlite_store: Store, anna: Person) -> None:
    tasks = pushed(*TEXTS.values())
    for text in TEXTS.values():
        start = text.index("high fever")
        end = start + len("high fever")
        parts = [mark(start, end, "signs_symptoms"), mark(0, len(text), "diagnosis", id="whole")]
        anna.annotate(tasks[make_record(text).id], parts)
    assert pulled() == {"layers": len(TEXTS)}
    for text in TEXTS.values():
        start = text.index("high fever")
        layer = sqlite_store.layer(make_record(text).id, "human:anna")
        assert layer is not None
        assert layer.entities == (
            Entity.at(text, 0, len(text), "diagnosis", id="whole"),
            Entity.at(text, start, start + 10, "signs_symptoms", id="r1"),
        )


def test_a_layer_has_all_that_the_annotator_said(pushed, pulled, sqlite_store: Store, client, anna: Person) -> None:
    text = "No fever, cough since Monday."

    def rules(record: Record) -> list[Layer]:
        fever = Entity.at(text, 3, 8, "signs_symptoms", id="T1", score=0.5)
        return [Layer(record_id=record.id, name="rules", author="rules@1", entities=(fever,))]

    ((record, task),) = pushed(text, layers=rules).items()
    negated = choose("assertion", "negated", id="T1")
    link = {"type": "relation", "from_id": "T1", "to_id": "new", "direction": "right", "labels": ["related_to"]}
    anna.annotate(
        task,
        [
            mark(3, 8, "signs_symptoms", id="T1", score=0.5, origin="prediction-changed"),
            mark(10, 15, "signs_symptoms", id="new", origin="manual"),
            negated,
            link,
            choose("verdict", "fix", id="v"),
            choose("reasons", "omission", "wrong_value", id="w"),
        ],
        parent_prediction=_predictions(client, task)[0]["id"],
    )
    assert pulled() == {"layers": 1, "decisions": 1}
    layer = sqlite_store.layer(record, "human:anna")
    assert layer is not None
    assert (layer.name, layer.author) == ("human:anna", "human:anna")
    assert layer.entities == (
        Entity.at(text, 3, 8, "signs_symptoms", id="T1", score=0.5, assertion=Assertion.NEGATED),
        Entity.at(text, 10, 15, "signs_symptoms", id="new"),
    )
    assert layer.relations == (Relation(id="R1", type="related_to", head="T1", tail="new"),)
    said = {
        "task": task,
        "lead_time": 12.5,
        "origins": {"T1": "prediction-changed", "new": "manual"},
        "verdict": "fix",
        "reasons": ["omission", "wrong_value"],
        "model_version": "rules@1",
        "was_cancelled": False,
        "refused": [],
    }
    assert layer.provenance | said == layer.provenance
    decision = sqlite_store.decisions(subject=on_layer("human:anna"))[record]
    assert (decision.verdict, decision.by) == (Verdict.ACCEPTED, "human:anna")
    assert sqlite_store.decisions() == {}, "her word on the marks says nothing of the text"
    assert (decision.reason, decision.details["verdict"]) == ("omission, wrong_value", "fix")


def test_predictions_accepted_as_they_are_come_back_whole(
    pushed, pulled, sqlite_store: Store, client, anna: Person
) -> None:
    text = "Pain in left 🦵 and right knee, worse at night."
    pain = Entity(
        id="T1",
        category="signs_symptoms",
        text="Pain right knee",
        fragments=(Fragment(start=0, end=4), Fragment(start=19, end=29)),
        codes=("icd10:M25.5",),
        score=0.25,
    )

    def rules(record: Record) -> list[Layer]:
        return [Layer(record_id=record.id, name="rules", author="rules@1", entities=(pain,))]

    ((record, task),) = pushed(text, layers=rules).items()
    shown = _predictions(client, task)[0]["result"]
    anna.annotate(task, [*shown, choose("verdict", "accept", id="v")])
    assert pulled() == {"layers": 1, "decisions": 1}
    layer = sqlite_store.layer(record, "human:anna")
    assert layer is not None
    assert layer.entities == (pain,)


def test_pulling_twice_adds_nothing_and_an_edit_adds_a_version(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    accept = choose("verdict", "accept", id="v")
    annas = anna.annotate(task, [mark(0, 5, "signs_symptoms"), accept])
    assert pulled() == {"layers": 1, "decisions": 1}
    assert pulled() == {"unchanged": 1}
    ben.annotate(task, [choose("verdict", "reject", id="v"), choose("reasons", "identifier", id="w")])
    assert pulled() == {"layers": 1, "unchanged": 1, "decisions": 1}
    assert pulled(full=True) == {"unchanged": 2}
    assert sqlite_store.decisions()[record].verdict is Verdict.REJECTED
    assert sqlite_store.decisions()[record].reason == "identifier"
    anna.edit(annas, result=[mark(10, 15, "signs_symptoms"), accept])
    assert pulled() == {"layers": 1, "unchanged": 1, "decisions": 1}
    assert pulled() == {"unchanged": 2}
    versions = [layer for layer in sqlite_store.layer_history(record) if layer.name == "human:anna"]
    assert [layer.entities[0].text for layer in versions] == ["Fever", "cough"]
    by = [(one.verdict, one.subject, one.by) for one in sqlite_store.decision_history(record)]
    accepted, rejected = Verdict.ACCEPTED, Verdict.REJECTED
    assert by == [
        (accepted, on_layer("human:anna"), "human:anna"),
        (rejected, on_layer("human:ben"), "human:ben"),
        (rejected, TEXT, "human:ben"),
        (accepted, on_layer("human:anna"), "human:anna"),
    ]


def test_a_verdict_that_changes_alone_is_a_decision_without_a_new_layer(
    pushed, pulled, sqlite_store: Store, anna: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    fever = mark(0, 5, "signs_symptoms")
    annotation = anna.annotate(task, [fever, choose("verdict", "accept", id="v")])
    pulled()
    anna.edit(annotation, result=[fever, choose("verdict", "reject", id="v")])
    assert pulled() == {"unchanged": 1, "decisions": 1}
    assert pulled() == {"unchanged": 1}
    assert sqlite_store.decisions()[record].verdict is Verdict.REJECTED


def test_garbage_is_refused_kept_aside_and_keeps_nothing_good_out(
    pushed, pulled, sqlite_store: Store, anna: Person
) -> None:
    (one, task), (other, good) = pushed("Fever and cough.", "Cough and fever.").items()
    first = anna.annotate(
        task,
        [
            mark(0, 5, "signs_symptoms"),
            mark(0, 99, "signs_symptoms", id="beyond"),
            mark(5, 2, "signs_symptoms", id="backwards"),
            mark("0", "5", "signs_symptoms", id="letters"),
            mark(0, 5, "no such label", id="label"),
            {"nonsense": True},
        ],
    )
    second = anna.annotate(good, [mark(0, 5, "signs_symptoms")])
    done = pulled()
    assert (done["layers"], [where for where, _ in done["refused"]]) == (2, [f"annotation {first}"] * 5)
    assert first != second
    layers = [sqlite_store.layer(record, "human:anna") for record in (one, other)]
    assert [[entity.text for entity in layer.entities] for layer in layers if layer] == [["Fever"], ["Cough"]]
    assert layers[0] is not None
    assert layers[0].provenance["refused"] == [reason for _, reason in done["refused"]]


def test_an_annotation_of_another_text_is_refused(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person, client, settings
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    anna.annotate(task, [mark(0, 5, "signs_symptoms")])
    client.call("PATCH", f"/api/tasks/{task}", body={"data": {"text": "Something else.", "record_id": record}})
    stray = client.import_tasks(_project_of(client, task), [{"data": {"text": "Fever", "record_id": "unknown"}}])
    ben.annotate(stray[0], [mark(0, 5, "signs_symptoms")])
    assert sorted(reason for _, reason in pulled()["refused"]) == [
        "its record is not in the store",
        "the task's text is no longer the record's",
    ]
    assert sqlite_store.layer(record, "human:anna") is None


def test_a_rejection_that_is_taken_back_leaves_the_verdict_on_the_text_as_it_was(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    before = Decision(record_id=record, verdict=Verdict.NEEDS_REVIEW, by="policy:validate@1", reason="too short")
    sqlite_store.decide([before])
    reject, accept = choose("verdict", "reject", id="v"), choose("verdict", "accept", id="v")
    annas, bens = anna.annotate(task, [reject]), ben.annotate(task, [reject])
    pulled()
    anna.edit(annas, result=[accept])
    pulled()
    text = sqlite_store.decisions()[record]
    assert (text.verdict, text.by) == (Verdict.REJECTED, "human:ben")
    ben.delete(bens)
    assert pulled()["decisions"] == 1
    assert sqlite_store.decisions()[record].says_the_same_as(before)
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {record: Verdict.ACCEPTED}
    assert sqlite_store.decisions(subject=on_layer("human:ben"))[record].reason == WITHDRAWN


def test_a_skipped_record_is_no_layer(pushed, pulled, sqlite_store: Store, anna: Person) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    anna.annotate(task, [mark(0, 5, "signs_symptoms")], was_cancelled=True)
    assert pulled() == {"skipped": 1}
    assert sqlite_store.layer(record, "human:anna") is None


def test_a_deleted_annotation_is_reported_its_layer_stays_and_its_verdict_falls(
    pushed, pulled, sqlite_store: Store, anna: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    annotation = anna.annotate(task, [mark(0, 5, "signs_symptoms"), choose("verdict", "accept", id="v")])
    pulled()
    anna.delete(annotation)
    assert pulled() == {"deleted": [f"annotation {annotation} of task {task}"], "decisions": 1}
    assert sqlite_store.layer(record, "human:anna") is not None
    decision = sqlite_store.decisions(subject=on_layer("human:anna"))[record]
    assert (decision.verdict, decision.reason) == (Verdict.NEEDS_REVIEW, WITHDRAWN)
    assert "decisions" not in pulled()


def test_deletions_are_kept_and_told_once(
    pushed, pulled, sqlite_store: Store, client, settings, anna: Person, ben: Person
) -> None:
    tasks = list(pushed("Fever and cough.", "Fever alone.", "Cough alone.").values())
    annas = [anna.annotate(task, [mark(0, 5, "signs_symptoms")]) for task in tasks]
    ben.annotate(tasks[0], [mark(0, 5, "signs_symptoms")])
    assert pulled() == {"layers": 4}
    for annotation in annas[:2]:
        anna.delete(annotation)
    anna.delete_task(tasks[2])
    found = pulled(full=True)["deleted"]
    places = [f"annotation {annotation} of task {task}" for annotation, task in zip(annas[:2], tasks, strict=False)]
    assert sorted(found) == sorted([*places, f"task {tasks[2]}"])
    assert "deleted" not in pulled()
    assert "deleted" not in pulled(full=True)
    project = client.find_project(settings.project).key
    events = sqlite_store.review_events(project, kind="deleted")
    assert {(one.task_id, one.annotation_id) for one in events} == {*zip(tasks, [*annas[:2], None], strict=True)}
    assert sqlite_store.layer_names() == {"human:anna": 3, "human:ben": 1}


def test_predictions_that_were_taken_away_are_rejections(
    pushed, pulled, sqlite_store: Store, client, anna: Person, ben: Person
) -> None:
    text = "No fever, cough since Monday."

    def rules(record: Record) -> list[Layer]:
        fever = Entity.at(text, 3, 8, "signs_symptoms", id="T1", score=0.5)
        monday = Entity.at(text, 22, 28, "diagnosis", id="T2", score=0.25)
        return [Layer(record_id=record.id, name="rules", author="rules@1", entities=(fever, monday))]

    ((record, task),) = pushed(text, layers=rules).items()
    (shown,) = _predictions(client, task)
    kept = mark(3, 8, "signs_symptoms", id="T1", origin="prediction")
    anna.annotate(task, [kept, mark(10, 15, "signs_symptoms", id="new")], parent_prediction=shown["id"])
    ben.annotate(task, [mark(10, 15, "signs_symptoms", id="new")])
    assert pulled(full=True) == {"layers": 2}
    said = {layer.name: layer.provenance for layer in sqlite_store.layer_history(record) if layer.name != "rules"}
    assert said["human:anna"]["rejected"] == [{"id": "T2", "category": "diagnosis", "start": 22, "end": 28}]
    assert said["human:anna"]["origins"] == {"T1": "prediction", "new": "unknown"}
    assert said["human:anna"]["model_version"] == "rules@1"
    # Who began with an empty page has rejected nothing.
    assert (said["human:ben"]["rejected"], said["human:ben"]["model_version"]) == ([], None)


def test_a_full_pull_reads_one_snapshot_and_leaves_none_behind(
    pushed, pulled, client, settings, anna: Person, monkeypatch
) -> None:
    tasks = list(pushed("Fever and cough.", "Fever alone.").values())
    anna.annotate(tasks[0], [mark(0, 5, "signs_symptoms")])
    anna.annotate(tasks[1], [], was_cancelled=True)
    listed = []
    monkeypatch.setattr(type(client), "annotated_since", lambda *a, **k: listed.append(a) or iter(()))
    assert pulled(full=True) == {"layers": 1, "skipped": 1}
    assert listed == []
    assert client.get(f"/api/projects/{client.find_project(settings.project).id}/exports/") == []


def test_a_deleted_task_is_found_by_a_full_pull(pushed, pulled, sqlite_store: Store, anna: Person) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    anna.annotate(task, [mark(0, 5, "signs_symptoms"), choose("verdict", "accept", id="v")])
    pulled()
    anna.delete_task(task)
    assert pulled(full=True) == {"deleted": [f"task {task}"], "decisions": 1}
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {record: Verdict.NEEDS_REVIEW}
    assert sqlite_store.layer(record, "human:anna") is not None


def test_pages_leave_nothing_out(pushed, pulled, sqlite_store: Store, anna: Person, monkeypatch) -> None:
    monkeypatch.setattr("annotation.label_studio.api.client.PAGE", 3)
    monkeypatch.setattr("annotation.label_studio.api.client.FILTER", 2)
    tasks = pushed(*(f"Fever number {number}." for number in range(8)))
    for task in tasks.values():
        anna.annotate(task, [mark(0, 5, "signs_symptoms")])
    assert pulled() == {"layers": 8}
    assert sqlite_store.layer_names() == {"human:anna": 8}


def _predictions(client, task: int) -> list[dict[str, Any]]:
    (found,) = client.tasks_by_id(_project_of(client, task), [task])
    predictions: list[dict[str, Any]] = found["predictions"]
    return predictions


def _project_of(client, task: int) -> int:
    project: int = client.get(f"/api/tasks/{task}")["project"]
    return project


FEVER, COUGH, ACCEPT, REJECT = (
    mark(0, 5, "signs_symptoms"),
    mark(10, 15, "signs_symptoms", id="r2"),
    choose("verdict", "accept", id="v"),
    choose("verdict", "reject", id="v"),
)


def words_of(store: Store, record: str, person: str) -> list[list[str]]:
    """The wordings in each version of a person's layer."""
    versions = [layer for layer in store.layer_history(record) if layer.name == f"human:{person}"]
    assert {layer.author for layer in versions} <= {f"human:{person}"}
    return [[entity.text for entity in layer.entities] for layer in versions]


@pytest.mark.parametrize("full", [False, True])
def test_what_another_person_changes_is_that_persons_and_the_authors_stays(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person, full: bool
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    annas = anna.annotate(task, [FEVER, ACCEPT])
    assert pulled(full=full) == {"layers": 1, "decisions": 1}
    ben.edit(annas, result=[FEVER, COUGH, ACCEPT])
    assert pulled(full=full) == {"layers": 1, "decisions": 1, "taken_over": 1}
    assert words_of(sqlite_store, record, "anna") == [["Fever"]]
    assert words_of(sqlite_store, record, "ben") == [["Fever", "cough"]]
    by = [(decision.by, decision.layer) for decision in sqlite_store.decision_history(record)]
    assert by == [("human:anna", "human:anna"), ("human:ben", "human:ben")]
    assert pulled(full=full) == {"unchanged": 1}
    anna.edit(annas, result=[COUGH, ACCEPT])
    assert pulled(full=full) == {"layers": 1, "decisions": 1}
    assert words_of(sqlite_store, record, "anna") == [["Fever"], ["cough"]]
    assert words_of(sqlite_store, record, "ben") == [["Fever", "cough"]]


def test_an_answer_that_was_changed_before_it_was_pulled_is_told(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    annas = anna.annotate(task, [FEVER])
    ben.edit(annas, result=[COUGH])
    done = pulled()
    assert (done["layers"], done["taken_over"]) == (1, 1)
    assert done["overwritten"] == [
        f"annotation {annas} of human:anna was changed by human:ben before it was pulled: what human:anna had said is "
        "not known"
    ]
    assert (words_of(sqlite_store, record, "anna"), words_of(sqlite_store, record, "ben")) == ([], [["cough"]])
    assert pulled() == {"unchanged": 1}, "it is told once"


def test_an_answer_that_another_person_saves_without_a_change_stays_the_authors(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    annas = anna.annotate(task, [FEVER, ACCEPT])
    pulled()
    ben.edit(annas, result=[FEVER, ACCEPT])
    assert pulled() == {"unchanged": 1}
    assert words_of(sqlite_store, record, "ben") == []


def test_another_person_does_not_take_back_the_authors_rejection_of_a_text(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    annas = anna.annotate(task, [FEVER, REJECT])
    pulled()
    ben.edit(annas, result=[FEVER, ACCEPT])
    assert pulled() == {"layers": 1, "decisions": 1, "taken_over": 1}
    assert sqlite_store.decisions()[record].by == "human:anna"
    assert sqlite_store.verdicts() == {record: Verdict.REJECTED}
    assert sqlite_store.verdicts(subject=on_layer("human:ben")) == {record: Verdict.ACCEPTED}


def test_a_change_by_somebody_with_an_answer_of_their_own_is_a_newer_version_of_theirs(
    pushed, pulled, sqlite_store: Store, anna: Person, ben: Person
) -> None:
    ((record, task),) = pushed("Fever and cough.").items()
    annas = anna.annotate(task, [FEVER])
    ben.annotate(task, [COUGH])
    pulled()
    ben.edit(annas, result=[FEVER, COUGH])
    pulled()
    assert words_of(sqlite_store, record, "anna") == [["Fever"]]
    assert words_of(sqlite_store, record, "ben") == [["cough"], ["Fever", "cough"]]
