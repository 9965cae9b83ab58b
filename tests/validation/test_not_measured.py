"""What an expectation looks at is measured, and what looked at no record is no success."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from planted_errors import KEPT, SOUND, fill, story

from curation.decision import DecisionKind
from curation.scheme import Scheme
from curation.sources.sample import read_sample
from curation.store import Store
from validation.findings import Finding
from validation.frame import not_taken, rows, whole_of
from validation.gx.checkpoint import OpenSuite
from validation.measures.measure import Columns, Level, MeasureSpec, Scope, Whole
from validation.measures.table import COLUMNS, KINDS, MEASURES
from validation.rules import BY_NAME, RULES
from validation.settings import Engine, Severity, SimilaritySettings, ValidationSettings
from validation.verdict import Verdicts, judge

pytestmark = pytest.mark.expectations

Steward = Callable[[str, str], None]
NO_VALUE = "nothing applies: no record has a value in {}"
EMBEDDINGS_OFF = "embeddings are switched off (validation.similarity.enabled)"


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory, scheme: Scheme, settings: ValidationSettings) -> Path:
    """A workspace with two sound records, judged once; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("judged")
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        fill(store, [KEPT, story("s0", SOUND)], scheme, settings)
        judge(store, scheme, settings, folder)
    return folder


@pytest.fixture
def store(judged_once: Path, tmp_path: Path) -> Iterator[Store]:
    """The store of a copy of that workspace, in `tmp_path`."""
    shutil.copytree(judged_once, tmp_path, dirs_exist_ok=True)
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        yield store


@pytest.fixture
def steward(tmp_path: Path) -> Steward:
    """Adds an expectation on a column to the suite, as a person does."""

    def add(column: str, kind: str = "expect_column_values_to_be_between") -> None:
        file = tmp_path / "gx" / "expectations" / "curated.json"
        suite = json.loads(file.read_text())
        bounds = {"max_value": 0} if kind.endswith("between") else {}
        kwargs = {"column": column, **bounds}
        suite["expectations"].append({"type": kind, "kwargs": kwargs, "meta": {}, "severity": "warning"})
        file.write_text(json.dumps(suite))

    return add


def findings_on(verdicts: Verdicts) -> Mapping[str, Finding]:
    return {finding.column: finding for finding in verdicts.per_expectation}


def test_an_expectation_that_a_steward_adds_is_really_checked(tmp_path: Path, scheme: Scheme, steward: Steward) -> None:
    settings = ValidationSettings(similarity=SimilaritySettings(enabled=True))
    pairs = list(read_sample(("en",)))[:12]
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, pairs, scheme, settings)
        judge(store, scheme, settings, tmp_path)
        for column in ("doubtful_categories", "likely_omissions", "category_outliers"):
            steward(column, "expect_column_values_to_be_between")
        steward("semantic_duplicate_of", "expect_column_values_to_be_null")
        found = findings_on(judge(store, scheme, settings, tmp_path))
    for column in ("doubtful_categories", "likely_omissions", "category_outliers", "semantic_duplicate_of"):
        assert (found[column].checked, found[column].not_measured) == (len(pairs), ""), column
    assert found["category_outliers"].failed


@pytest.mark.parametrize("column", ["doubtful_categories", "category_outliers"])
def test_a_set_that_teaches_nothing_about_categories_does_not_pass(
    store: Store, tmp_path: Path, scheme: Scheme, steward: Steward, column: str
) -> None:
    steward(column, "expect_column_values_to_be_between")
    settings = ValidationSettings(similarity=SimilaritySettings(enabled=True))
    found = findings_on(judge(store, scheme, settings, tmp_path))[column]
    assert (found.checked, found.success, found.not_measured) == (0, False, NO_VALUE.format(column))


#: What a steward adds, and why it cannot be measured here.
UNMEASURED = {
    ("doubtful_categories", "expect_column_values_to_be_between"): EMBEDDINGS_OFF,
    ("semantic_duplicate_of", "expect_column_values_to_be_null"): EMBEDDINGS_OFF,
    ("category_outliers", "expect_column_max_to_be_between"): EMBEDDINGS_OFF,
    ("agreement_kappa", "expect_column_mean_to_be_between"): "nothing applies: no record has a second layer",
    ("fuzzy_least", "expect_column_values_to_be_between"): NO_VALUE.format("fuzzy_least"),
    ("dates_read", "expect_column_mean_to_be_between"): NO_VALUE.format("dates_read"),
}


@pytest.mark.parametrize("engine", [Engine.PANDAS, Engine.SQL])
def test_what_looked_at_no_record_is_not_measured_and_no_success(
    store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, steward: Steward, engine: Engine
) -> None:
    for column, kind in UNMEASURED:
        steward(column, kind)
    verdicts = judge(store, scheme, settings.model_copy(update={"engine": engine}), tmp_path)
    by_hand = {finding.column: finding for finding in verdicts.per_expectation if finding.by_hand}
    told = {entry["column"]: entry for entry in verdicts.as_json()["expectations"] if entry["by_hand"]}  # type: ignore
    page = verdicts.report.read_text()
    for (column, _), reason in UNMEASURED.items():
        finding = by_hand[column]
        assert (finding.checked, finding.success, finding.note, finding.not_measured) == (0, False, "", reason)
        assert (told[column]["success"], told[column]["not_measured"]) == (False, reason)
        assert finding.expectation in verdicts.not_measured[reason]
        assert f"not measured: {reason}" in page
    # Nobody is judged by it.
    assert verdicts.counts["needs_review"] == 0


def test_data_docs_show_it_as_neither_met_nor_failed(
    store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, steward: Steward
) -> None:
    steward("semantic_duplicate_of", "expect_column_values_to_be_null")
    verdicts = judge(store, scheme, settings, tmp_path)
    page = max(verdicts.data_docs.parent.glob("validations/**/*.html")).read_text()
    rows = [row for row in page.split("<tr>") if "fa-check-circle" in row or "not-measured" in row]
    (leaks,) = (row for row in rows if "gives a held-out record away" in row)
    assert 'not-measured" ></i>' in leaks
    assert "not measured: nothing applies: no set is frozen" in leaks
    assert "fa-times" not in leaks
    assert "NaN" not in page
    measured = [finding for finding in verdicts.per_expectation if not finding.not_measured]
    assert page.count("fa-check-circle") >= len(measured)
    stored = json.loads(max((tmp_path / "gx" / "uncommitted" / "validations").rglob("*.json")).read_text())
    assert stored["statistics"]["evaluated_expectations"] == len(measured)
    failed = [finding.expectation for finding in measured if not finding.success]
    assert failed == ["no_near_duplicate"]
    assert stored["statistics"]["unsuccessful_expectations"] == len(failed)


def test_a_workspace_of_before_gets_the_action_that_tells(
    store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    (file,) = (tmp_path / "gx" / "checkpoints").glob("*")
    checkpoint = json.loads(file.read_text())
    checkpoint["actions"] = [{"name": "data docs", "site_names": [], "type": "update_data_docs"}]
    file.write_text(json.dumps(checkpoint))
    verdicts = judge(store, scheme, settings, tmp_path)
    page = max(verdicts.data_docs.parent.glob("validations/**/*.html")).read_text()
    assert "not measured: nothing applies: no set is frozen" in page
    assert [action["type"] for action in json.loads(file.read_text())["actions"]] == ["document_measured"]


def test_what_takes_the_whole_set_is_measured_where_an_expectation_looks(
    store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(spec: MeasureSpec) -> MeasureSpec:
        def over(whole: Whole) -> dict[str, Columns]:
            asked.append(spec.name)
            return {}

        return replace(spec, over=over, lacks=None) if spec.level is Level.SET else spec

    monkeypatch.setattr("validation.frame.MEASURES", [counted(spec) for spec in MEASURES])
    scope = Scope(scheme, settings)
    list(rows(whole_of(store, scope, {}, {"near_duplicate_of", "words"})))
    assert asked == ["duplicates"]
    list(rows(whole_of(store, scope, {}, OpenSuite(scheme, settings, tmp_path).columns)))
    assert asked[1:] == ["translation", "back_translation", "adequacy", "duplicates", "leakage"]
    assert not_taken(whole_of(store, scope, {}, {"words"})) == {}


def test_a_set_without_translations_says_that_their_rules_do_not_apply(
    store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    severity = {"original_present": Severity.SOFT}
    verdicts = judge(store, scheme, settings.model_copy(update={"severity": severity}), tmp_path)
    names = verdicts.not_measured["nothing applies: no record translates another"]
    assert {"translated", "numbers_translated", "entities_translated", "original_present"} <= set(names)
    assert verdicts.counts["accepted"] == 2 - verdicts.counts["quarantined"]


def test_every_rule_and_column_says_what_its_verdict_is_of() -> None:
    assert {rule.name: rule.of for rule in RULES} == {name: KINDS[rule.column] for name, rule in BY_NAME.items()}
    assert KINDS.keys() == {"record_id", *COLUMNS}
    expected = {
        "text_length": DecisionKind.TEXT,
        "unique_ids": DecisionKind.TEXT,
        "entities_grounded": DecisionKind.LAYER,
        "numbers_translated": DecisionKind.TEXT,
        "entities_translated": DecisionKind.LAYER,
        "projections_exact": DecisionKind.LAYER,
        "free_of_identifiers": DecisionKind.PRIVACY,
    }
    assert {name: BY_NAME[name].of for name in expected} == expected


def test_each_rule_reads_columns_of_its_own_measure_and_names_are_given_once() -> None:
    columns = [column for spec in MEASURES for column in spec.columns]
    assert len(columns) == len(set(columns))
    assert len({rule.name for rule in RULES}) == len(RULES)
    for spec in MEASURES:
        for rule in spec.rules:
            assert rule.column in spec.columns or rule.column == "record_id"
