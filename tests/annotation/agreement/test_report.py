"""The report: one file that asks nobody for anything, shows no wording unless told to, and leads to the tasks."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from annotation.agreement import plots
from annotation.agreement.drill_down import about, between, record_counts
from annotation.agreement.estimate import Figure
from annotation.agreement.report import shown_records, task_address, write_report
from annotation.agreement.results import TaskReference, measure
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord

pytestmark = pytest.mark.long

SETTINGS = AgreementSettings(minimum_records=1, minimum_entities=1, resamples=20)
ADDRESS = "http://127.0.0.1:8099"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)

#: A name that would be a script, a formula and an entity if it were not told as it is.
HOSTILE = "<script>alert(1)</script>$x_1$&amp;"


class Reader(HTMLParser):
    """Collects tags, addresses and ids."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses, self.ids = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src", "xlink:href", "action")]
        self.ids += [value for name, value in attrs if name == "id"]


@pytest.fixture(scope="module")
def study(simulated):
    """Reviews with tasks, verdicts and weeks; the third person has a hostile name, and the first a second try."""
    changed = []
    for number, one in enumerate(simulated(9)):
        layers = {}
        for name, layer in one.layers.items():
            source = {
                "project": "Clinical review #3 2026",
                "task": 100 + number,
                "verdict": "fix" if number % 2 else name,
            }
            created = START + timedelta(days=3 * number)
            layers[name] = layer.model_copy(update={"provenance": source, "created": created})
        layers["human:" + HOSTILE] = layers.pop("human:clara")
        layers["repeat:anna"] = layers["shown:human:ben"] = layers["human:ben"]
        changed.append(ReviewedRecord(one.record, layers))
    return changed


@pytest.fixture(scope="module")
def measured(study, scheme):
    return measure(study, scheme, SETTINGS)


@pytest.fixture(scope="module")
def page(measured, tmp_path_factory):
    """The page as text, without excerpts, though the texts are at hand."""
    path = tmp_path_factory.mktemp("report") / "index.html"
    texts = {one.record_id: "never to be seen" for one in measured.drill_down.people}
    assert write_report(measured, path, address=ADDRESS, texts=texts) == {
        "report": path,
        "data": path.with_suffix(".json"),
    }
    return path.read_text(encoding="utf-8")


def test_the_page_is_whole_and_asks_nobody_for_anything(page):
    read = Reader(page)
    assert page.startswith("<!DOCTYPE html>")
    assert not {"script", "link", "iframe", "img", "object", "form"} & set(read.tags)
    allowed = ("#", f"{ADDRESS}/projects/3/data?task=", "index.json")
    assert [one for one in read.addresses if not one.startswith(allowed)] == []
    assert "default-src 'none'" in page
    assert not re.search(r"url\((?!#)|@import", page)
    assert read.tags.count("svg") == 8


def test_names_are_told_as_they_are(page):
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$x_1$&amp;amp;" in page


def test_no_wording_leaves_the_store_unless_the_settings_say_so(study, scheme, measured, page, tmp_path):
    assert "never to be seen" not in page
    wordings = {entity.text for one in study for layer in one.layers.values() for entity in layer.entities}
    long = {wording for wording in wordings if len(wording) > 12}
    data = measured.model_dump_json()
    assert len(long) > 20
    assert [wording for wording in long if wording in page or wording in data] == []
    told = measured.model_copy(update={"settings": SETTINGS.model_copy(update={"excerpts": True})})
    texts = {one.record.id: one.record.text for one in study}
    write_report(told, tmp_path / "told.html", address=ADDRESS, texts=texts)
    assert sum(wording in (tmp_path / "told.html").read_text(encoding="utf-8") for wording in long) > 20


def test_every_link_within_leads_somewhere_and_every_record_to_its_tasks(page, measured):
    read = Reader(page)
    within = {one[1:] for one in read.addresses if one.startswith("#")}
    assert within <= set(read.ids)
    shown = shown_records(measured)
    assert {f"r-{id}" for id in shown} <= within
    assert {one for one in read.addresses if "task=" in one} == {
        f"{ADDRESS}/projects/3/data?task={measured.drill_down.tasks[id]['human:anna'].task}" for id in shown
    }


def test_only_so_many_records_are_shown_and_the_json_has_all(study, scheme, tmp_path):
    few = measure(study, scheme, SETTINGS.model_copy(update={"report_records": 2}))
    write_report(few, tmp_path / "few.html", address=ADDRESS)
    page = (tmp_path / "few.html").read_text(encoding="utf-8")
    assert page.count('<details class="record">') == 2
    assert "more are in the JSON" in page
    data = json.loads((tmp_path / "few.json").read_text(encoding="utf-8"))
    assert len({one["record_id"] for one in data["behind"]["people"]}) == len(study)
    assert data["pairs"]["per_pair"]["human:anna & human:ben"]["records"] == len(study)


def test_the_figures_of_the_page_are_those_of_the_measure(page, measured):
    for one in (measured.pairs.overall.strict, measured.everybody.overall.unitised, measured.everybody.overall.fleiss):
        low, high = one.interval
        assert f"{one.value:.3f} <small>[{low:.3f}, {high:.3f}]</small>" in page


def test_a_review_by_one_person_alone_has_a_page_too(reviews, scheme, tmp_path):
    one = reviews(anna="[fever]{diagnosis}")
    write_report(measure([one], scheme, SETTINGS), tmp_path / "one.html", address=ADDRESS)
    assert "No two people have marked the same record yet" in (tmp_path / "one.html").read_text(encoding="utf-8")


def test_records_stand_behind_figures_by_category_and_confusion(reviews, scheme):
    found = measure(
        [
            reviews(anna="A [fever]{diagnosis} b", ben="A [fever]{pathology} b"),
            reviews(anna="C [cough]{diagnosis} [rash]{age}", ben="C cough [rash]{age}"),
        ],
        scheme,
        SETTINGS,
    ).drill_down.people
    first, second = (one.record_id for one in found)
    assert record_counts(found, about("diagnosis")) == sorted([(first, 1), (second, 1)])
    assert record_counts(found, about("age")) == []
    assert record_counts(found, between("pathology", "diagnosis")) == [(first, 1)]
    assert record_counts(found, between("diagnosis", "")) == [(second, 1)]


def test_a_task_has_its_address_if_its_project_has_a_number():
    found = task_address(ADDRESS, TaskReference(project="Study #2 of #7 2026-01-01", task=5))
    assert found == f"{ADDRESS}/projects/7/data?task=5"
    assert task_address(ADDRESS, TaskReference(project="by hand", task=5)) is None


def test_plots_leave_out_what_is_withheld_and_hold_values_below_nought():
    figures = [Figure(value=-0.2, interval=(-0.4, 0.1), records=6), Figure(note="withheld"), None]
    drawn = plots.forest(["a", "b", "c"], {"kappa": figures})
    assert drawn.startswith("<svg")
    assert "−0.4" in drawn
    assert plots.matrix(["a"], ["a", "b"], [[None, None]], counts=True).startswith("<svg")
    assert plots.courses(["2026-W10"], {"anna": {"kappa": [None]}}).startswith("<svg")
    assert plots.bars({}).startswith("<svg")
