"""The words of the report: all of them in every language that it has."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import chain

import pytest
import yaml

from annotation.label_studio.editor.task_summary import FINDINGS
from curation.decision import Verdict
from curation.deidentify.identifiers.identifier import IdentifierKind
from curation.scheme import Scheme
from curation.store import Store
from validation.leakage import LeakKind
from validation.measures.columns import Holds
from validation.measures.measure import Scope, Whole
from validation.measures.table import COLUMNS, MEASURES
from validation.report.wording import FOLDER, ReportWording, report_wording
from validation.rules import RULES
from validation.settings import Severity, SimilaritySettings, ValidationSettings

OTHERS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "en")
GAP = re.compile(r"\{\w+\}")


@pytest.fixture(params=OTHERS)
def wording(request: pytest.FixtureRequest) -> ReportWording:
    return report_wording(request.param)


def test_each_language_has_every_word_of_the_page_and_fills_in_the_same(wording: ReportWording) -> None:
    gaps = {name: sorted(GAP.findall(words)) for name, words in report_wording("en").page.items()}
    assert {name: sorted(GAP.findall(words)) for name, words in wording.page.items()} == gaps


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_the_page_names_every_verdict_and_severity(language: str) -> None:
    words = report_wording(language).page
    assert {*(verdict.value for verdict in Verdict), *(severity.value for severity in Severity)} <= words.keys()


def test_every_rule_has_a_sentence_for_stewards_and_words_for_annotators(wording: ReportWording) -> None:
    names = {rule.name for rule in RULES}
    assert wording.rules.keys() == names
    for_annotators = yaml.safe_load(FINDINGS.read_text(encoding="utf-8"))
    assert for_annotators.keys() == names
    assert all({"en", wording.language} <= words.keys() for words in for_annotators.values())


@pytest.mark.parametrize("kinds", [LeakKind, IdentifierKind])
def test_every_kind_has_a_name(wording: ReportWording, kinds: type[StrEnum]) -> None:
    assert [kind.value for kind in kinds if kind.value not in wording.phrases] == []


def test_every_distribution_and_every_blamed_stretch_has_a_name(wording: ReportWording) -> None:
    plotted = {column.says for column in COLUMNS.values() if column.plotted}
    stretches = {column.kind for column in COLUMNS.values() if column.holds is Holds.SPANS and column.kind}
    assert (plotted | stretches) - wording.phrases.keys() == set()


@pytest.mark.parametrize("expected", ["between 0 and 120", "at least 0.8", "at most 2", "one of en, de", "none"])
def test_what_a_rule_expects_is_said(wording: ReportWording, expected: str) -> None:
    assert wording.phrase(expected) != expected
    under = wording.phrase(f"{expected}, where language == de")
    assert under == f"{wording.phrase(expected)}, wo language == de"


def test_every_reason_why_nothing_was_measured_is_said(wording: ReportWording, scheme: Scheme) -> None:
    off = ValidationSettings(similarity=SimilaritySettings(enabled=False))
    with Store.open("sqlite://") as store:
        whole = Whole(store, Scope(scheme, off), frozenset(), {}, frozenset(COLUMNS))
        lacks = (column.lacks for column in COLUMNS.values() if column.lacks)
        reasons = set(chain((spec.why_not(whole) for spec in MEASURES), (why(whole) for why in lacks))) - {""}
    assert len(reasons) >= 4
    assert [reason for reason in reasons if wording.phrase(reason) == reason] == []


def test_what_has_no_words_stays_as_it_is(wording: ReportWording) -> None:
    assert wording.phrase("a note of a steward: at least nothing") == "a note of a steward: at least nothing"


def test_an_unknown_language_is_shown_in_english() -> None:
    assert report_wording("xx") == report_wording("en")
    assert report_wording("../wording/de") == report_wording("en")
