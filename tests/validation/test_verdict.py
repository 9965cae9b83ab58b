from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from planted_errors import GERMAN, KEPT, PLANTED, SOUND, Pair, fill, story
from verdicts import gravest

from curation.decision import TEXT, Decision, DecisionKind, Verdict, on_layer, on_privacy
from curation.errors import ConfigError, UsageError
from curation.scheme import Scheme
from curation.store import Store
from validation.gx.checkpoint import OpenSuite
from validation.quarantine import release
from validation.settings import EntitySettings, LengthSettings, Severity, ValidationSettings
from validation.verdict import Verdicts, judge

pytestmark = pytest.mark.expectations

Filled = Callable[[Iterable[Pair]], Store]


@pytest.fixture
def filled(tmp_path: Path, scheme: Scheme, settings: ValidationSettings) -> Iterator[Filled]:
    """A store with these records, measured."""
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:

        def with_records(pairs: Iterable[Pair]) -> Store:
            fill(store, pairs, scheme, settings)
            return store

        yield with_records


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def store(workspace: Path, scheme: Scheme, settings: ValidationSettings) -> Iterator[Store]:
    with Store.open(f"sqlite:///{workspace / 'records.db'}") as store:
        sound = [KEPT, story("s0", SOUND), story("s2", GERMAN, language="de")]
        fill(store, [*sound, *(pair for pair, _, _ in PLANTED.values())], scheme, settings)
        yield store


@pytest.fixture(scope="module")
def verdicts(store: Store, workspace: Path, scheme: Scheme, settings: ValidationSettings) -> Verdicts:
    return judge(store, scheme, settings, workspace)


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory, scheme: Scheme, settings: ValidationSettings) -> Path:
    """A workspace with one sound record, judged; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("judged")
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        fill(store, [KEPT], scheme, settings)
        judge(store, scheme, settings, folder)
    return folder


@pytest.fixture
def judged(judged_once: Path, tmp_path: Path) -> Iterator[Store]:
    """The store of a workspace in `tmp_path` with one sound record that was judged once."""
    shutil.copytree(judged_once, tmp_path, dirs_exist_ok=True)
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        yield store


@pytest.mark.parametrize("kind", PLANTED)
def test_each_planted_error_is_named(kind: str, store: Store, verdicts: Verdicts) -> None:
    (record, _), expectation, verdict = PLANTED[kind]
    decision = gravest(store)[record.id]
    assert (decision.verdict, decision.details["expectation"]) == (verdict, expectation)
    assert decision.reason.startswith(f"{expectation}: observed ")
    assert decision.by == "policy:validate@1"


def test_sound_records_are_accepted(store: Store, verdicts: Verdicts) -> None:
    decided = gravest(store)
    assert {id: decided[id].verdict for id in ("s1", "s2")} == dict.fromkeys(("s1", "s2"), Verdict.ACCEPTED)


def test_quarantine_keeps_what_was_observed_and_where_the_threshold_lay(store: Store, verdicts: Verdicts) -> None:
    decision = gravest(store)["p16"]
    assert decision.reason == "entities_grounded: observed 0.6667, expected at least 0.8"
    assert decision.details == {
        "expectation": "entities_grounded",
        "severity": "hard",
        "column": "grounding_ratio",
        "observed": 0.6667,
        "threshold": {"min_value": 0.8},
        "beside": {"ungrounded": 1, "ungrounded_entities": ["T8"]},
        "failures": [
            {
                "expectation": "entities_grounded",
                "severity": "hard",
                "column": "grounding_ratio",
                "observed": 0.6667,
                "threshold": {"min_value": 0.8},
                "beside": {"ungrounded": 1, "ungrounded_entities": ["T8"]},
            }
        ],
    }


def test_a_duplicate_names_the_record_that_is_kept(store: Store, verdicts: Verdicts) -> None:
    decided = gravest(store)
    assert decided["p21"].reason == "no_near_duplicate: observed s1, expected none"
    assert decided["p20"].reason == "no_duplicate: observed s0, expected none"


def test_every_record_is_on_one_side(store: Store, verdicts: Verdicts) -> None:
    assert sum(verdicts.counts.values()) == len(gravest(store)) == len(PLANTED) + 3
    assert verdicts.unmeasured == 0
    assert verdicts.decided_by_others == {}


def test_data_docs_and_the_json_report_hold_ids_but_no_text(workspace: Path, store: Store, verdicts: Verdicts) -> None:
    pages = [*verdicts.data_docs.parent.rglob("*.html"), *verdicts.report.parent.glob("*.json")]
    written = "".join(page.read_text() for page in (*pages, *(workspace / "gx").rglob("*.json")))
    assert "p16" in verdicts.report.read_text()
    assert any("p16" in page.read_text() for page in verdicts.data_docs.parent.rglob("validations/**/*.html"))
    wordings = {
        entity.text for item in store.items(["rules"]) for layer in item.layers.values() for entity in layer.entities
    }
    assert len(wordings) > 10
    assert [wording for wording in wordings if len(wording) > 5 and wording in written] == []
    assert not any(phrase in written for phrase in ("potter", "emergency room", "Schwindel"))


def test_data_docs_call_nobody(verdicts: Verdicts) -> None:
    for page in verdicts.data_docs.parent.rglob("*.html"):
        content = page.read_text()
        assert "<script" not in content
        assert 'src="http' not in content
        assert '<link rel="stylesheet" href="http' not in content
        assert "Content-Security-Policy" in content
    assert "validations/curated/" in verdicts.data_docs.read_text()


def test_the_report_is_one_file_and_the_same_as_json(verdicts: Verdicts) -> None:
    page = verdicts.report.read_text()
    told = json.loads((verdicts.report.parent / "validation.json").read_text())
    assert page.count("<svg") >= 4
    assert "<script" not in page
    assert told["counts"] == verdicts.counts
    assert (verdicts.report.parent / told["data_docs"]).resolve() == verdicts.data_docs.resolve()
    assert {one["record_id"] for one in told["failed"]} == {
        record_id for finding in verdicts.per_expectation for record_id in finding.failed
    }


def test_a_second_run_adds_nothing(
    store: Store, workspace: Path, scheme: Scheme, settings: ValidationSettings, verdicts: Verdicts
) -> None:
    suite = (workspace / "gx" / "expectations" / "curated.json").read_bytes()
    again = judge(store, scheme, settings, workspace)
    assert again.changed == 0
    assert again.counts == verdicts.counts
    assert (workspace / "gx" / "expectations" / "curated.json").read_bytes() == suite
    assert [one.subject for one in store.decision_history("p16")] == [TEXT, on_layer("rules"), on_privacy()]


def test_a_person_is_not_overruled_and_her_record_is_the_one_that_is_kept(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    store = filled([KEPT, story("shorter", SOUND), story("lost", SOUND.replace("54", "540"))])
    person = Decision(record_id="shorter", verdict=Verdict.ACCEPTED, by="human:anna", reason="read it")
    store.decide([person])
    verdicts = judge(store, scheme, settings, tmp_path)
    assert gravest(store)["shorter"] == person
    assert verdicts.decided_by_others == {"accepted": 1}
    assert gravest(store)["s1"].reason == "no_near_duplicate: observed shorter, expected none"


def test_a_released_record_that_fails_something_new_is_told(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    store = filled([story("old", SOUND.replace("54", "540"))])
    judge(store, scheme, settings, tmp_path)
    release(store, "old", by="ruth", reason="a slip of the pen")
    assert judge(store, scheme, settings, tmp_path).failing_anew == {}
    more = settings.model_copy(
        update={"entities": EntitySettings(minimum=500), "severity": {"entities_found": Severity.HARD}}
    )
    verdicts = judge(store, scheme, more, tmp_path)
    assert verdicts.failing_anew == {"old": ("entities_found",)}
    assert "failing something new (1)" in verdicts.report.read_text()
    assert store.decisions(subject=on_layer("rules"))["old"].by == "human:ruth"
    long = settings.model_copy(update={"length": LengthSettings(minimum=500)})
    assert judge(store, scheme, long, tmp_path).failing_anew == {}, "she decided about the layer, not the text"
    assert store.verdicts()["old"] is Verdict.QUARANTINED


def test_text_layer_and_privacy_have_verdicts_of_their_own(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    named = story("named", f"{SOUND} Mrs. Karin Lindemann was seen on March 3, 2020.")
    store = filled([KEPT, story("short", "No."), story("old", GERMAN.replace("61", "610"), language="de"), named])
    verdicts = judge(store, scheme, settings, tmp_path)
    found = {id: {} for id in ("s1", "short", "old", "named")}
    for decision in store.latest_decisions():
        found[decision.record_id][decision.subject] = (decision.verdict, decision.details.get("expectation"))
    passed, layer = (Verdict.ACCEPTED, None), on_layer("rules")
    assert found["s1"] == {TEXT: passed, layer: passed, on_privacy(): passed}
    assert found["short"][TEXT] == (Verdict.QUARANTINED, "text_length")
    assert found["short"][layer] == (Verdict.NEEDS_REVIEW, "entities_found")
    assert found["old"] == {TEXT: passed, layer: (Verdict.QUARANTINED, "age_not_too_high"), on_privacy(): passed}
    assert found["named"][on_privacy()] == (Verdict.NEEDS_REVIEW, "free_of_identifiers")
    assert verdicts.by_kind["privacy"] == {"accepted": 3, "needs_review": 1, "quarantined": 0}
    assert (verdicts.by_kind["text"]["quarantined"], verdicts.by_kind["layer"]["quarantined"]) == (1, 1)
    assert verdicts.counts["quarantined"] == 2
    assert sum(verdicts.counts.values()) == 4
    assert verdicts.as_json()["counts_by_kind"] == verdicts.by_kind


def test_another_layer_gets_a_verdict_of_its_own_and_the_first_stays(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    record, layer = story("r", SOUND.replace("54", "540"))
    store = filled([(record, layer)])
    judge(store, scheme, settings, tmp_path)
    store.add_layers([layer.model_copy(update={"name": "gold", "author": "gold", "entities": layer.entities[1:]})])
    on_gold = settings.model_copy(update={"layer": "gold"})
    fill(store, [], scheme, on_gold)
    judge(store, scheme, on_gold, tmp_path)
    assert store.count_decisions(DecisionKind.LAYER) == {"gold": {"accepted": 1}, "rules": {"quarantined": 1}}
    assert len([one for one in store.decision_history("r") if one.subject == TEXT]) == 1


def test_a_persons_word_on_a_layer_stays_and_says_nothing_of_the_text(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    store = filled([story("r", "No.")])
    anna = {"by": "human:anna", "kind": DecisionKind.LAYER, "layer": "rules"}
    store.decide([Decision(record_id="r", verdict=Verdict.ACCEPTED, **anna)])
    verdicts = judge(store, scheme, settings, tmp_path)
    assert store.decisions(subject=on_layer("rules"))["r"].by == "human:anna"
    assert store.verdicts()["r"] is Verdict.QUARANTINED
    assert (verdicts.counts["quarantined"], verdicts.decided_by_others) == (1, {})
    assert verdicts.by_kind["text"] == {"accepted": 0, "needs_review": 0, "quarantined": 1}


def test_of_a_record_whose_text_others_turned_away_nothing_else_is_decided(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    store = filled([story("r", SOUND)])
    store.decide([Decision(record_id="r", verdict=Verdict.REJECTED, by="policy:deidentify@1")])
    verdicts = judge(store, scheme, settings, tmp_path)
    assert [one.subject for one in store.latest_decisions()] == [TEXT]
    assert verdicts.decided_by_others == {"rejected": 1}
    assert sum(sum(counts.values()) for counts in verdicts.by_kind.values()) == 0


def test_what_no_expectation_looked_at_is_not_accepted(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    store = filled([KEPT])
    off = settings.model_copy(update={"severity": {"free_of_identifiers": Severity.OFF}})
    verdicts = judge(store, scheme, off, tmp_path)
    assert store.verdicts(subject=on_privacy()) == {"s1": Verdict.NEEDS_REVIEW}
    assert verdicts.by_kind["privacy"] == {"accepted": 0, "needs_review": 1, "quarantined": 0}
    assert verdicts.counts == {"accepted": 1, "needs_review": 0, "quarantined": 0}
    assert judge(store, scheme, settings, tmp_path).by_kind["privacy"]["accepted"] == 1


def test_counts_are_made_before_anything_is_stored(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that looks at no decision changes none of the figures."""
    store = filled([KEPT, story("short", "No.")])
    monkeypatch.setattr(store, "decide_on", lambda ids, make: 0 * len(make()))
    verdicts = judge(store, scheme, settings, tmp_path)
    assert (verdicts.counts["quarantined"], sum(verdicts.counts.values()), verdicts.changed) == (1, 2, 0)


def test_a_stewards_edit_deletion_and_addition_survive_while_the_rest_follows_the_settings(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    file = tmp_path / "gx" / "expectations" / "curated.json"
    suite = json.loads(file.read_text())
    by_rule = {one["meta"]["clincurate"]["rule"]: one for one in suite["expectations"]}
    by_rule["entities_found"]["kwargs"]["min_value"] = 40
    suite["expectations"].remove(by_rule["language_unmixed"])
    suite["expectations"].append(
        {
            "type": "expect_column_mean_to_be_between",
            "kwargs": {"column": "words", "min_value": 1000},
            "meta": {},
            "severity": "warning",
        }
    )
    file.write_text(json.dumps(suite))

    changed = settings.model_copy(
        update={"severity": {"no_hidden_characters": Severity.OFF, "age_not_too_high": Severity.SOFT}}
    )
    verdicts = judge(judged, scheme, changed, tmp_path)
    assert verdicts.by_hand == ("entities_found", "words_column_mean_to_be_between")
    assert verdicts.deleted == ("language_unmixed",)
    found = {finding.expectation: finding for finding in verdicts.per_expectation}
    assert found["entities_found"].failed == {"s1": 8}
    assert found["words_column_mean_to_be_between"].note.startswith("observed ")
    assert found["age_not_too_high"].severity is Severity.SOFT
    assert not {"language_unmixed", "no_hidden_characters"} & set(found)
    assert gravest(judged)["s1"].reason == "entities_found: observed 8, expected at least 40"

    back = judge(judged, scheme, settings, tmp_path)
    assert "no_hidden_characters" in {finding.expectation for finding in back.per_expectation}
    assert back.by_hand == verdicts.by_hand


def test_an_expectation_that_cannot_be_evaluated_is_told_and_quarantines_nobody(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    file = tmp_path / "gx" / "expectations" / "curated.json"
    suite = json.loads(file.read_text())
    suite["expectations"].append(
        {
            "type": "expect_column_values_to_be_null",
            "kwargs": {"column": "mood"},
            "meta": {},
            "severity": "critical",
        }
    )
    file.write_text(json.dumps(suite))
    verdicts = judge(judged, scheme, settings, tmp_path)
    (mood,) = (one for one in verdicts.per_expectation if one.column == "mood")
    assert mood.not_measured.startswith("could not be evaluated")
    assert (mood.checked, mood.success) == (0, False)
    assert verdicts.counts == {"accepted": 1, "needs_review": 0, "quarantined": 0}

    file.write_text("{")
    with pytest.raises(ConfigError, match=r"curated\.json"):
        judge(judged, scheme, settings, tmp_path)


def added(folder: Path, *expectations: dict[str, object]) -> None:
    """Write expectations into the suite's file, as a steward does."""
    file = folder / "gx" / "expectations" / "curated.json"
    suite = json.loads(file.read_text())
    suite["expectations"] += expectations
    file.write_text(json.dumps(suite))


def test_a_copy_of_an_expectation_with_its_id_is_one_of_its_own(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    suite = json.loads((tmp_path / "gx" / "expectations" / "curated.json").read_text())
    copied = next(one for one in suite["expectations"] if one["meta"]["clincurate"]["rule"] == "text_present")
    added(tmp_path, {**copied, "kwargs": {"column": "words", "min_value": 1000}, "meta": {}})
    for _ in range(2):
        verdicts = judge(judged, scheme, settings, tmp_path)
        found = {finding.expectation: finding for finding in verdicts.per_expectation}
        assert set(found["words_be_between"].failed) == {"s1"}
        assert not found["text_present"].failed
        assert verdicts.by_hand == ("words_be_between",)


@pytest.mark.parametrize(
    ("unreadable", "says"),
    [
        (
            {"type": "expect_column_values_to_be_lovely", "kwargs": {"column": "words"}},
            "cannot read: expect_column_values_to_be_lovely",
        ),
        (
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "words", "min_value": "lots"}},
            "a parameter or a severity in it cannot be read",
        ),
    ],
)
def test_an_expectation_that_great_expectations_cannot_read_is_not_left_out_in_silence(
    judged: Store,
    tmp_path: Path,
    scheme: Scheme,
    settings: ValidationSettings,
    unreadable: dict[str, object],
    says: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    added(tmp_path, {**unreadable, "meta": {}, "severity": "critical"})
    with pytest.raises(ConfigError, match=says):
        judge(judged, scheme, settings, tmp_path)
    assert caplog.text == ""


def test_a_suite_edited_with_great_expectations_is_kept_and_a_deleted_one_made_anew(
    judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations

        suite = great_expectations.get_context(mode="file", project_root_dir=tmp_path).suites.get("curated")
        for expectation in suite.expectations:
            if expectation.meta["clincurate"]["rule"] == "entities_found":
                expectation.min_value = 40
        suite.save()
    assert judge(judged, scheme, settings, tmp_path).by_hand == ("entities_found",)
    assert gravest(judged)["s1"].verdict is Verdict.NEEDS_REVIEW

    (tmp_path / "gx" / "expectations" / "curated.json").unlink()
    verdicts = judge(judged, scheme, settings, tmp_path)
    assert not verdicts.suite_kept
    assert gravest(judged)["s1"].verdict is Verdict.ACCEPTED


def test_old_runs_leave_the_pages(judged: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings) -> None:
    few = settings.model_copy(update={"keep_runs": 2})
    for _ in range(2):
        verdicts = judge(judged, scheme, few, tmp_path)
    assert len(list(verdicts.data_docs.parent.glob("validations/**/*.html"))) == 2
    assert verdicts.data_docs.read_text().count("validations/curated/") == 2


def test_nothing_measured_is_said_so(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    with pytest.raises(UsageError, match="expected measured records"):
        judge(filled([]), scheme, settings, tmp_path)


def test_an_unknown_expectation_in_the_settings_names_the_nearest(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    wrong = settings.model_copy(update={"severity": {"text_lenght": Severity.SOFT}})
    with pytest.raises(ConfigError, match="did you mean text_length"):
        judge(filled([KEPT]), scheme, wrong, tmp_path)


def test_a_record_without_measures_gets_no_decision(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    store = filled([KEPT])
    late, _ = story("late", GERMAN, language="de")
    store.add_records([late])
    verdicts = judge(store, scheme, settings, tmp_path)
    assert verdicts.unmeasured == 1
    assert set(gravest(store)) == {"s1"}


def test_a_person_who_decides_while_a_validation_is_under_way_is_not_overruled(
    filled: Filled, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled([KEPT, story("r", GERMAN, language="de"), story("lost", SOUND.replace("54", "540"))])
    check = OpenSuite.check

    def beside_a_person(self: OpenSuite, measured: Any) -> Any:
        with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as other:
            marks = {"by": "human:anna", "kind": DecisionKind.LAYER, "layer": "rules"}
            other.decide([Decision(record_id="r", verdict=Verdict.REJECTED, by="human:anna", reason="no report")])
            other.decide([Decision(record_id="lost", verdict=Verdict.ACCEPTED, **marks)])
        return check(self, measured)

    monkeypatch.setattr(OpenSuite, "check", beside_a_person)
    verdicts = judge(store, scheme, settings, tmp_path)
    (only,) = store.decision_history("r")
    assert (only.by, only.verdict) == ("human:anna", Verdict.REJECTED)
    assert store.decisions(subject=on_layer("rules"))["lost"].by == "human:anna"
    assert store.decisions()["lost"].by.startswith("policy:validate@")
    assert verdicts.decided_by_others == {"accepted": 1, "rejected": 1}
    assert (sum(verdicts.counts.values()), verdicts.changed) == (1, 5)
