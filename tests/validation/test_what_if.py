"""Another threshold is tried on what was measured: sides are counted, nothing is stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from verdicts import gravest

from curation.decision import Decision, DecisionKind, Verdict
from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Layer, Record
from curation.scheme import Scheme
from curation.store import Store
from validation import what_if as looking
from validation.last_findings import FILE, last_findings
from validation.settings import (
    AgeSettings,
    GroundingSettings,
    LanguageSettings,
    LengthSettings,
    Severity,
    ValidationSettings,
)
from validation.stage import Measure
from validation.verdict import judge
from validation.what_if import what_if

pytestmark = pytest.mark.expectations

INVENTED = Entity(id="X1", category="diagnosis", text="lupus nephritis", alignment=Alignment.NONE)
SAID = {
    "a": "A [40-year-old]{age} [man]{gender} had [fever]{signs_symptoms} and a [cough]{signs_symptoms} for a week.",
    "b": "A [woman]{gender} [aged 51]{age} with [back pain]{signs_symptoms} got [ibuprofen]{pharmacological_therapy}.",
    "c": "This [girl]{gender} of [7 years]{age} broke [her wrist]{signs_symptoms} when she fell off a swing at noon.",
}


@pytest.fixture
def judged(tmp_path: Path, scheme: Scheme, settings: ValidationSettings):
    """Three records, of which the second holds an invention that the settings let pass, all judged."""
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        for id, marked in SAID.items():
            text, entities = parse_markup(marked)
            store.add_records([Record(id=id, group=id, source="test", language="en", text=text)])
            more = (INVENTED,) if id == "b" else ()
            store.add_layers([Layer(record_id=id, name="rules", author="rules@1", entities=(*entities, *more))])
        stage = Measure.over(store, scheme, settings)
        store.put_measures(stage.name, {one.record_id: one.measures for one in stage(list(store.items(stage.reads)))})
        judge(store, scheme, settings, tmp_path)
        yield store


def strict(settings: ValidationSettings) -> ValidationSettings:
    return settings.model_copy(update={"grounding": GroundingSettings(minimum=0.9)})


def test_a_higher_threshold_moves_the_record_below_it_and_stores_nothing(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    before = gravest(judged)
    suite = (tmp_path / "gx/expectations/curated.json").read_bytes()
    found = what_if(judged, scheme, settings, strict(settings), tmp_path)
    assert found.moves == {(Verdict.ACCEPTED, Verdict.QUARANTINED): ("b",)}
    assert found.failures == {"entities_grounded": (0, 1)}
    assert (found.records, found.moved, found.held) == (3, 1, 0)
    assert gravest(judged) == before
    assert (tmp_path / "gx/expectations/curated.json").read_bytes() == suite
    judge(judged, scheme, strict(settings), tmp_path)
    assert gravest(judged)["b"].verdict is Verdict.QUARANTINED


def test_the_answer_comes_from_the_last_findings_and_is_that_of_the_suite(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them, Great Expectations judges the measures again: the same answer."""
    others = [
        strict(settings),
        strict(settings).model_copy(update={"severity": {"entities_grounded": Severity.OFF}}),
        settings.model_copy(update={"severity": {"facts_covered": Severity.HARD, "text_length": Severity.SOFT}}),
        settings.model_copy(update={"length": LengthSettings(minimum=16), "age": AgeSettings(minimum=18)}),
        settings.model_copy(update={"severity": {"no_near_duplicate": Severity.OFF, "no_leakage": Severity.HARD}}),
    ]
    with monkeypatch.context() as patched:
        patched.setattr(looking, "OpenSuite", None)
        quick = [what_if(judged, scheme, settings, other, tmp_path) for other in others]
    (tmp_path / FILE).unlink()
    assert [what_if(judged, scheme, settings, other, tmp_path) for other in others] == quick
    assert any(found.moved for found in quick)


def test_findings_of_other_settings_another_suite_or_other_measures_are_not_used(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    suite = tmp_path / "gx/expectations/curated.json"
    assert last_findings(tmp_path, judged, settings, suite)
    assert last_findings(tmp_path, judged, strict(settings), suite) is None
    before = suite.read_text()
    suite.write_text(before.replace('"min_value": 0.8', '"min_value": 0.7'))
    assert last_findings(tmp_path, judged, settings, suite) is None
    suite.write_text(before)
    judged.put_measures(Measure.name, {"a": {"words": 3}})
    assert last_findings(tmp_path, judged, settings, suite) is None


def test_what_was_not_measured_is_counted(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    judged.add_records([Record(id="late", group="late", source="test", language="en", text="It came later.")])
    found = what_if(judged, scheme, settings, strict(settings), tmp_path)
    assert (found.records, found.unmeasured) == (3, 1)
    assert {"translated", "no_leakage"} <= set(found.not_measured)


def test_a_severity_can_be_tried_as_well(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    soft = strict(settings).model_copy(update={"severity": {"entities_grounded": Severity.SOFT}})
    found = what_if(judged, scheme, settings, soft, tmp_path)
    assert found.moves == {(Verdict.ACCEPTED, Verdict.NEEDS_REVIEW): ("b",)}


def test_what_a_person_has_decided_would_not_move(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    judged.decide([Decision(record_id="b", verdict=Verdict.ACCEPTED, by="human:ruth", reason="read it")])
    found = what_if(judged, scheme, settings, strict(settings), tmp_path)
    assert (found.moved, found.held) == (1, 0), "her word on the text does not hold for the layer"
    on_layer = {"kind": DecisionKind.LAYER, "layer": "rules"}
    judged.decide([Decision(record_id="b", verdict=Verdict.ACCEPTED, by="human:ruth", reason="read it", **on_layer)])
    found = what_if(judged, scheme, settings, strict(settings), tmp_path)
    assert (found.moves, found.held) == ({}, 1)


def test_verdicts_on_privacy_that_would_change_are_told_apart(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    off = settings.model_copy(update={"severity": {"free_of_identifiers": Severity.OFF}})
    found = what_if(judged, scheme, settings, off, tmp_path)
    assert (found.moves, found.failures) == ({}, {})
    assert found.privacy_moves == {(Verdict.ACCEPTED, Verdict.NEEDS_REVIEW): ("a", "b", "c")}


def test_a_setting_that_needs_new_measures_is_refused(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    other = settings.model_copy(update={"language": LanguageSettings(candidates=("en", "fr"))})
    with pytest.raises(UsageError, match="measured anew"):
        what_if(judged, scheme, settings, other, tmp_path)


def test_great_expectations_alone_knows_every_expectation_of_the_suite(judged: Store, tmp_path: Path) -> None:
    """Another process, which has never heard of us, opens the workspace's suite and finds nothing missing."""
    code = (
        "import warnings; warnings.simplefilter('ignore');"
        "import great_expectations as gx;"
        f"suite = gx.get_context(mode='file', project_root_dir={str(tmp_path)!r}).suites.get('curated');"
        "print([one.min_value for one in suite.expectations if 'grounded' in one.expectation_type])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=120
    )
    assert done.stdout.strip().endswith("[0.8]")
