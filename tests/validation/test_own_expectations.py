"""What a steward adds to the suite with Great Expectations' own means is followed as it is written there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from verdicts import gravest

from curation.decision import Verdict, on_layer
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.store import Store
from pipeline.commands.validate import checked_layers, notes
from validation.findings import Finding
from validation.settings import Engine, Severity, ValidationSettings
from validation.stage import Measure
from validation.verdict import Verdicts, judge

pytestmark = pytest.mark.expectations

ENGLISH = "A [{age}-year-old]{{age}} [man]{{gender}} came with [fever]{{signs_symptoms}} to ward {age} on that day."
GERMAN = "Ein [{age} Jahre]{{age}} alter [Mann]{{gender}} kam mit [Fieber]{{signs_symptoms}} auf die Station {age}."
#: Only these are asked for, so that a record fails for nothing else.
QUIET = {"no_duplicate": Severity.OFF, "no_near_duplicate": Severity.OFF}


@pytest.fixture(params=[Engine.PANDAS, Engine.SQL])
def settings(request: pytest.FixtureRequest, settings: ValidationSettings) -> ValidationSettings:
    return settings.model_copy(update={"engine": request.param, "severity": QUIET})


def fill(store: Store, scheme: Scheme, settings: ValidationSettings, *, english: int, german: int) -> None:
    for number in range(english + german):
        language = "en" if number < english else "de"
        marked = (ENGLISH if language == "en" else GERMAN).format(age=20 + number)
        text, entities = parse_markup(marked)
        id = f"{language}{number:02d}"
        store.add_records([Record(id=id, group=id, source="test", language=language, text=text)])
        store.add_layers([Layer(record_id=id, name="rules", author="rules@1", entities=entities)])
    measure(store, scheme, settings)


def measure(store: Store, scheme: Scheme, settings: ValidationSettings) -> None:
    stage = Measure.over(store, scheme, settings)
    store.put_measures(stage.name, {found.record_id: found.measures for found in stage(list(store.items(stage.reads)))})


def judged_with(
    store: Store, scheme: Scheme, settings: ValidationSettings, folder: Path, **expectation: object
) -> Verdicts:
    """The verdicts once the steward's expectation is in the suite's file."""
    judge(store, scheme, settings, folder)
    file = folder / "gx" / "expectations" / "curated.json"
    suite = json.loads(file.read_text())
    suite["expectations"].append({"type": "expect_column_values_to_be_between", "meta": {}, **expectation})
    file.write_text(json.dumps(suite))
    return judge(store, scheme, settings, folder)


def own(verdicts: Verdicts) -> Finding:
    (finding,) = (finding for finding in verdicts.per_expectation if finding.by_hand)
    return finding


def where(language: str) -> dict[str, object]:
    return {"type": "comparison", "column": {"name": "language"}, "operator": "==", "parameter": language}


def test_a_condition_is_followed_and_other_records_are_not_measured_by_it(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    fill(sqlite_store, scheme, settings, english=3, german=2)
    verdicts = judged_with(
        sqlite_store,
        scheme,
        settings,
        tmp_path,
        kwargs={"column": "entities", "min_value": 9, "row_condition": where("de")},
        severity="critical",
    )
    found = own(verdicts)
    assert (set(found.failed), found.checked) == ({"de03", "de04"}, 2)
    assert found.expected == "at least 9, where language == de"
    assert verdicts.counts == {"accepted": 3, "needs_review": 0, "quarantined": 2}


def test_a_condition_that_no_record_meets_is_not_measured(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    fill(sqlite_store, scheme, settings, english=2, german=0)
    kwargs = {"column": "entities", "min_value": 9, "row_condition": where("fr")}
    verdicts = judged_with(sqlite_store, scheme, settings, tmp_path, kwargs=kwargs, severity="critical")
    found = own(verdicts)
    assert (found.checked, found.success) == (0, False)
    assert found.not_measured == "nothing applies: no record meets its condition"


def test_a_record_that_only_a_condition_leaves_out_was_not_checked(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    """Where nothing else looks at layers, a layer outside of the condition has met nothing."""
    fill(sqlite_store, scheme, settings, english=1, german=1)
    first = judge(sqlite_store, scheme, settings, tmp_path)
    off = {finding.expectation: Severity.OFF for finding in first.per_expectation}
    only = settings.model_copy(update={"severity": off})
    kwargs = {"column": "entities", "min_value": 1, "row_condition": where("de")}
    judged_with(sqlite_store, scheme, only, tmp_path, kwargs=kwargs, severity="critical")
    layers = {
        id: (decision.verdict, decision.reason)
        for id, decision in sqlite_store.decisions(subject=on_layer("rules")).items()
    }
    assert layers["de01"][0] is Verdict.ACCEPTED
    assert layers["en00"] == (Verdict.NEEDS_REVIEW, "no expectation looked at it")


@pytest.mark.parametrize(("mostly", "met"), [(0.5, "met"), (0.9, "not met")])
def test_mostly_colours_the_set_and_each_failing_record_has_failed(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, mostly: float, met: str
) -> None:
    fill(sqlite_store, scheme, settings, english=3, german=1)
    kwargs = {"column": "language", "value_set": ["en"], "mostly": mostly}
    verdicts = judged_with(
        sqlite_store,
        scheme,
        settings,
        tmp_path,
        type="expect_column_values_to_be_in_set",
        kwargs=kwargs,
        severity="critical",
    )
    found = own(verdicts)
    assert gravest(sqlite_store)["de03"].verdict is Verdict.QUARANTINED
    assert found.note.startswith(f"1 of 4 fail; mostly {mostly:g} is {met} by the set, and decides about no record")
    assert "mostly" not in found.expected
    assert [line for line in notes(verdicts) if found.expectation in line] == [f"{found.expectation}: {found.note}"]


def test_every_failing_record_is_decided_about_however_many_they_are(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    """In SQL, Great Expectations itself names twenty failing rows and no more."""
    fill(sqlite_store, scheme, settings, english=31, german=0)
    strict = settings.model_copy(update={"entities": settings.entities.model_copy(update={"minimum": 9})})
    verdicts = judge(sqlite_store, scheme, strict, tmp_path)
    assert verdicts.counts == {"accepted": 0, "needs_review": 31, "quarantined": 0}
    stored = max((tmp_path / "gx/uncommitted/validations").rglob("*.json")).read_text()
    results = [found["result"] for found in json.loads(stored)["results"]]
    assert max(len(found.get("partial_unexpected_index_list") or ()) for found in results) == 20


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"column": "grounding_ration"}, "got 'grounding_ration'; did you mean grounding_ratio"),
        ({"column": "wrods"}, "did you mean words"),
    ],
)
def test_a_misspelt_column_is_told_with_the_nearest(
    sqlite_store: Store,
    tmp_path: Path,
    scheme: Scheme,
    settings: ValidationSettings,
    kwargs: dict[str, object],
    message: str,
) -> None:
    fill(sqlite_store, scheme, settings, english=1, german=0)
    kwargs |= {"min_value": 1}
    verdicts = judged_with(sqlite_store, scheme, settings, tmp_path, kwargs=kwargs, severity="critical")
    assert message in own(verdicts).not_measured


def test_records_without_the_layer_are_not_annotated_and_not_accepted(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    fill(sqlite_store, scheme, settings, english=2, german=0)
    text = "A woman of 50 years came with a cough and left the same day with a prescription."
    sqlite_store.add_records([Record(id="bare", group="bare", source="test", language="en", text=text)])
    measure(sqlite_store, scheme, settings)
    verdicts = judge(sqlite_store, scheme, settings, tmp_path)
    assert verdicts.counts == {"accepted": 2, "needs_review": 0, "quarantined": 0}
    assert (verdicts.layers, verdicts.without_layer, verdicts.not_annotated) == ({"rules": 2}, 1, 1)
    assert checked_layers(verdicts) == (
        "layer checked: rules on 2 of 3 records; 1 have no such layer: only their text was checked"
    )
    page = (tmp_path / "reports/validation/index.html").read_text()
    assert "not annotated" in page


def test_a_text_that_fails_is_counted_so_without_a_layer_too(
    sqlite_store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    sqlite_store.add_records([Record(id="bare", group="bare", source="test", language="en", text="Cough.")])
    measure(sqlite_store, scheme, settings)
    verdicts = judge(sqlite_store, scheme, settings, tmp_path)
    assert (sum(verdicts.counts.values()), verdicts.not_annotated) == (1, 0)
    assert verdicts.counts["accepted"] == 0
