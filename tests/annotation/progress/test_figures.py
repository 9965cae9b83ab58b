from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from annotation.progress.export import COLUMNS, write_csv
from annotation.progress.figures import IDLE, AnnotatorProgress, WorkProgress, work_progress
from annotation.review_settings import ReviewSettings
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.store import ReviewTask, Store
from pipeline.command import app
from pipeline.workspace import Workspace

TEXT = "fever cough rash"
PLACES = ((0, 5), (6, 11), (12, 16))
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = "Clinical review #1 2026-03-01"

Save = Callable[..., None]


def fill(store: Store, records: int = 6) -> None:
    """Records of three words, each a task of the project."""
    ids = [f"r{number}" for number in range(records)]
    store.add_records(Record(id=id, group=id, source="t", language="en", text=TEXT) for id in ids)
    store.put_review_tasks(KEY, [ReviewTask(record_id=id, project=KEY, task_id=n) for n, id in enumerate(ids, 1)])


def saved(
    name: str,
    record: int,
    *,
    lead: float | None = 60.0,
    marks: int = 3,
    day: int = 0,
    layer: str = "",
    **source: object,
) -> Layer:
    """An answer as a pull brings it."""
    return Layer(
        record_id=f"r{record}",
        name=layer or f"human:{name}",
        author=f"human:{name}",
        entities=tuple(Entity.at(TEXT, *place, "signs_symptoms", id=f"T{n}") for n, place in enumerate(PLACES[:marks])),
        created=MONDAY + timedelta(days=day),
        provenance={"lead_time": lead, "annotation": f"{name} {record}", **source},
    )


@pytest.fixture
def worked(sqlite_store: Store, scheme: Scheme) -> Callable[..., WorkProgress]:
    """The progress after the answers."""

    def work(*answers: Layer, **options: object) -> WorkProgress:
        fill(sqlite_store)
        for answer in answers:
            sqlite_store.add_layers([answer])
        return work_progress(sqlite_store, ReviewSettings(), zone=UTC, **options)

    return work


def person(progress: WorkProgress, name: str) -> AnnotatorProgress:
    return next(one for one in progress.people if one.name == name)


def test_speed_comes_from_medians_and_a_page_left_open_does_not_move_it(worked) -> None:
    leads = (50.0, 60.0, 70.0, 60.0, 50_000.0)
    found = worked(*(saved("anna", number, lead=lead) for number, lead in enumerate(leads)))
    anna = person(found, "anna")
    assert (anna.done, anna.left, anna.entities) == (5, 1, 15)
    assert anna.seconds_per_record == 60
    assert anna.records_per_hour == pytest.approx(60)
    assert anna.entities_per_hour == pytest.approx(180)
    assert anna.left_open == 1
    assert anna.hours == pytest.approx(sum(leads) / 3600)
    assert anna.hours_at_work == pytest.approx((240 + IDLE * 60) / 3600)


def test_an_edit_adds_only_the_seconds_since_the_saving_before(worked) -> None:
    found = worked(
        saved("anna", 0, lead=60, day=0),
        saved("anna", 0, lead=90, marks=2, day=1),
        saved("anna", 1, lead=30, day=1),
    )
    anna = person(found, "anna")
    assert (anna.done, anna.edits, anna.days) == (2, 1, 2)
    assert anna.hours == pytest.approx(120 / 3600)
    assert [(one.day, one.records, one.edits, one.entities, one.minutes) for one in found.days] == [
        (date(2026, 3, 2), 1, 0, 3, 1.0),
        (date(2026, 3, 3), 1, 1, 3, 1.0),
    ]


def test_what_is_left_is_what_still_wants_a_review_and_was_not_seen(worked) -> None:
    found = worked(saved("anna", 0), saved("anna", 1), saved("ben", 0), required={"r1": 2, "r2": 2})
    assert (found.records, found.reviewed) == (6, 2)
    assert person(found, "anna").left == 4
    assert person(found, "ben").left == 5


def test_agreement_is_the_f1_with_the_others(worked) -> None:
    answers = [saved("anna", number) for number in range(5)]
    answers += [saved("ben", number, marks=1 if number == 0 else 3) for number in range(5)]
    found = worked(*answers, saved("clara", 5))
    assert person(found, "anna").strict.value == pytest.approx(2 * 13 / 28)
    assert person(found, "ben").strict.value == pytest.approx(2 * 13 / 28)
    assert person(found, "clara").strict.value is None
    assert person(found, "clara").strict.note


def test_settling_is_work_of_its_own_and_no_review(worked) -> None:
    settled = {"method": "adjudicated", "adjudicator": "human:clara"}
    found = worked(
        saved("anna", 0),
        saved("clara", 0, layer="gold", lead=120, **settled),
        saved("anna", 1, layer="repeat:anna", lead=30),
        Layer(record_id="r2", name="gold", author="consensus@1", provenance={"method": "unanimous"}),
    )
    clara, anna = person(found, "clara"), person(found, "anna")
    assert (clara.done, clara.adjudicated, clara.hours) == (0, 1, pytest.approx(120 / 3600))
    assert (anna.done, anna.repeats) == (2, 1)
    assert [(one.name, one.work.value) for one in found.days] == [
        ("anna", "repeat"),
        ("anna", "review"),
        ("clara", "adjudication"),
    ]


def test_answers_without_a_time_are_work_all_the_same(worked) -> None:
    anna = person(worked(saved("anna", 0, lead=None), saved("anna", 1, lead=0)), "anna")
    assert (anna.done, anna.records_per_hour, anna.hours) == (2, None, 0)


def test_a_store_without_answers_has_no_people(worked) -> None:
    assert worked().people == ()


def test_the_csv_has_a_row_for_each_day_and_no_formula(worked, tmp_path) -> None:
    write_csv(worked(saved("anna", 0), saved("=1+1", 1)), tmp_path / "work.csv")
    with (tmp_path / "work.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert [row[:6] for row in rows] == [
        ["'=1+1", "2026-03-02", "review", "1", "0", "3"],
        ["anna", "2026-03-02", "review", "1", "0", "3"],
    ]


@pytest.mark.parametrize("name", ["=1", "+1", "-1", "@a", " =1", "\uff1d1", "\t=1", "\r=1", "a\n=1", "\x1b[31m"])
def test_no_name_in_the_csv_is_a_formula_or_a_line(worked, tmp_path, name: str) -> None:
    write_csv(worked(saved(name, 0)), tmp_path / "work.csv")
    with (tmp_path / "work.csv").open(encoding="utf-8-sig", newline="") as file:
        _, (shown, *_) = csv.reader(file)
    assert shown.isprintable()
    assert shown[0] not in "=+-@\uff1d "


def test_the_command_shows_and_writes_it(tmp_path) -> None:
    place = Workspace.make(tmp_path / "workspace")
    with place.open_store() as store:
        fill(store)
        store.add_layers([saved("anna", 0)])
    words = ["review", "progress", "--workspace", str(place.folder), "--csv", str(tmp_path / "work.csv")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "anna" in done.stdout
    assert (tmp_path / "work.csv").read_text(encoding="utf-8-sig").count("\n") == 2
