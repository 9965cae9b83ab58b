"""Records that belong to splits are judged by what the earlier splits give away."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_errors import Pair, fill, story
from verdicts import gravest

from curation.decision import Verdict
from curation.scheme import Scheme
from curation.store import Store
from validation.settings import Engine, Severity, ValidationSettings
from validation.verdict import judge

pytestmark = pytest.mark.expectations


def tale(number: int, *, group: str) -> Pair:
    words = " ".join(f"word{number}x{at}" for at in range(20))
    record, layer = story(
        f"r{number}", f"A [{30 + number}-year-old]{{age}} [woman]{{gender}} had [{words}]{{diagnosis}}."
    )
    return record.model_copy(update={"group": group}), layer


@pytest.fixture
def frozen(sqlite_store: Store, scheme: Scheme, settings: ValidationSettings) -> Store:
    """Six records, of which a careless hand put two of one patient on both sides; the last is in no set."""
    lenient = settings.model_copy(update={"severity": {"language_agrees": Severity.OFF}})
    fill(sqlite_store, [tale(number, group=f"p{number % 4}") for number in range(6)], scheme, lenient)
    keys = sqlite_store.latest_layer_keys("rules")
    splits = {"r0": "train", "r1": "train", "r2": "validation", "r3": "test", "r4": "test"}
    members = {id: (split, keys[id]) for id, split in splits.items()}
    sqlite_store.put_set("careless", "c" * 32, {"splits": {"train": 2, "validation": 1, "test": 2}}, members)
    return sqlite_store


@pytest.mark.parametrize("engine", [Engine.PANDAS, Engine.SQL])
def test_a_held_out_record_that_leaked_needs_review(
    frozen: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings, engine: Engine
) -> None:
    severity = {"language_agrees": Severity.OFF}
    verdicts = judge(frozen, scheme, settings.model_copy(update={"severity": severity, "engine": engine}), tmp_path)
    (finding,) = (one for one in verdicts.per_expectation if one.expectation == "no_leakage")
    # r4 is of the patient of r0; r5 is of that of r1, and in no split.
    assert (finding.checked, finding.failed) == (3, {"r4": 1})
    decision = gravest(frozen)["r4"]
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert decision.details["failures"][0]["beside"] == {"held_out_in": "careless@1 test", "leaked_by": ["group: r0"]}
    assert "r5" not in {one.record_id for one in gravest(frozen).values() if one.verdict is Verdict.NEEDS_REVIEW}
    docs = verdicts.data_docs.parent
    assert any("gives a held-out record away" in page.read_text() for page in docs.rglob("*.html"))


def test_with_the_rule_off_nobody_looks(
    frozen: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    severity = {"no_leakage": Severity.OFF, "language_agrees": Severity.OFF}
    verdicts = judge(frozen, scheme, settings.model_copy(update={"severity": severity}), tmp_path)
    assert "no_leakage" not in {one.expectation for one in verdicts.per_expectation}
    assert verdicts.counts["accepted"] == 6
