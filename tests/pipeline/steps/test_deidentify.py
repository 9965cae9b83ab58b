"""`curate deidentify`: new records that replace those with identifiers; and what may be exported."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verdicts import given

from curation.decision import ANYWHERE, Decision, DecisionKind, Verdict, on_layer
from curation.deidentify.identifiers.identifier import IdentifierKind
from curation.deidentify.key import KEY_FILE
from curation.deidentify.surrogates import Mode
from curation.errors import EgressBlockedError
from curation.record import Layer, check_layer
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.command import app
from pipeline.config import with_overrides
from pipeline.steps.deidentify import deidentify
from pipeline.steps.export import export
from pipeline.steps.run import LeftOut, run_steps
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

TEXTS = (
    (
        "Mrs. [Karin Lindemann]{gender}, [54]{age}, came on March 3, 2020 with [fever]{signs_symptoms}.",
        "p1",
    ),
    ("Second visit of the patient with [cough]{signs_symptoms} and nothing else to report.", "p1"),
    ("A [30-year-old]{age} with [pain]{signs_symptoms} and no name at all in this report.", "p2"),
)


@pytest.fixture
def workspace(tmp_path, annotated):
    """A workspace with three reports of two patients, one of which names somebody."""
    settings = {"run.annotators": (), "validation.similarity.enabled": False}
    workspace = Workspace.make(tmp_path / "workspace", settings)
    cases = [annotated(text, group=group) for text, group in TEXTS]
    with workspace.open_store() as store:
        store.add_records(record for record, _ in cases)
        store.add_layers(layer for _, layer in cases)
    return workspace


def under(workspace: Workspace, policy: str) -> Workspace:
    changed = Workspace(workspace.folder)
    changed.__dict__["config"] = with_overrides(workspace.config, [f"validation.privacy.policy={policy}"])
    return changed


def frozen(workspace: Workspace, store: Store, *, decided: bool = True) -> None:
    if decided:
        undecided = set(store.record_ids()) - set(store.decisions())
        store.decide(given(sorted(undecided), "gold"))
    split = SplitSettings(train=1, validation=0, test=0)
    freeze(store, workspace.scheme, name="cases", layers=["gold"], split=split)


def curate(workspace: Workspace, *words: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, ["deidentify", "--json", "--workspace", str(workspace.folder), *words])
    return done.exit_code, json.loads(done.stdout or "{}")


def test_a_dry_run_counts_and_leaves_nothing(workspace):
    code, found = curate(workspace, "--dry-run")
    assert code == 0
    assert found["identifiers"] == {"DATE": 1, "NAME": 1}
    assert (found["records"], found["holding_identifiers"], found["made"]) == (3, 1, 0)
    assert not (workspace.folder / KEY_FILE).exists()
    with workspace.open_store() as store:
        assert len(store.record_ids()) == 3


def test_the_records_of_a_patient_are_replaced_together_and_only_once(workspace):
    code, found = curate(workspace)
    assert code == 0
    assert (found["made"], found["layers"], found["unchanged"]) == (2, 2, 0)
    assert stat.S_IMODE((workspace.folder / KEY_FILE).stat().st_mode) == 0o600
    with workspace.open_store() as store:
        ids = store.record_ids()
        old, new = list(store.records(ids[:2])), list(store.records(ids[3:]))
        assert len(new) == 2
        assert len({record.group for record in new} - {"p1"}) == 1
        assert "Lindemann" not in new[0].text
        for record in new:
            layer = store.layer(record.id, "gold")
            assert layer is not None
            check_layer(record, layer)
        assert new[1].text == old[1].text
        decided = store.decisions()
        assert {decided[record.id].verdict for record in old} == {Verdict.REJECTED}
        assert decided[old[0].id].details["replaced_by"] == new[0].id
    code, again = curate(workspace)
    assert code == 0
    assert (again["made"], again["layers"], again["unchanged"]) == (0, 0, 2)
    notes = "".join(path.read_text(encoding="utf-8") for path in (workspace.folder / "runs").glob("*deidentify*"))
    assert "Lindemann" not in notes
    assert (workspace.folder / KEY_FILE).read_text(encoding="ascii").strip() not in notes


def test_a_layer_that_comes_later_comes_along(workspace):
    with workspace.open_store() as store:
        deidentify(workspace, store)
        old = store.record_ids()[0]
        gold = store.layer(old, "gold")
        store.add_layers([Layer(record_id=old, name="rules", author="rules@1", entities=gold.entities[:1])])
        report = deidentify(workspace, store)
        assert (report.made, report.layers) == (0, 1)
        new = str(store.decisions()[old].details["replaced_by"])
        assert store.layer(new, "rules").entities == store.layer(new, "gold").entities[:1]


def test_what_a_person_has_decided_holds_for_the_new_record(workspace):
    with workspace.open_store() as store:
        old = store.record_ids()[0]
        store.decide([Decision(record_id=old, verdict=Verdict.QUARANTINED, by="human:anna", reason="blurred")])
        deidentify(workspace, store)
        carried = store.decisions()[str(store.decisions()[old].details["replaced_by"])]
        assert (carried.verdict, carried.reason, carried.details["decided_by"]) == (
            Verdict.QUARANTINED,
            "blurred",
            "human:anna",
        )


def test_what_a_person_has_decided_about_a_layer_holds_for_the_new_ones_and_a_release_does_not(workspace):
    with workspace.open_store() as store:
        old = store.record_ids()[0]
        marks = Decision(
            record_id=old, verdict=Verdict.ACCEPTED, by="human:anna", kind=DecisionKind.LAYER, layer="gold"
        )
        released = Decision(
            record_id=old, verdict=Verdict.ACCEPTED, by="human:anna", kind=DecisionKind.PRIVACY, destination=ANYWHERE
        )
        store.decide([marks, released])
        deidentify(workspace, store)
        new = str(store.decisions()[old].details["replaced_by"])
        carried = store.decisions(subject=on_layer("gold"))[new]
        assert (carried.verdict, carried.details["decided_by"]) == (Verdict.ACCEPTED, "human:anna")
        assert store.privacy_decisions("export", [new]) == {}
        later = carried.model_copy(update={"verdict": Verdict.REJECTED, "created": datetime.now(UTC)})
        store.decide([later])
        deidentify(workspace, store)
        assert store.decisions(subject=on_layer("gold"))[new] == later


def test_other_kinds_set_the_earlier_record_aside(workspace):
    with workspace.open_store() as store:
        deidentify(workspace, store, kinds=[IdentifierKind.NAME])
        old = store.record_ids()[0]
        first = str(store.decisions()[old].details["replaced_by"])
        report = deidentify(workspace, store, mode=Mode.MASK)
        assert report.superseded == 1
        assert store.decisions()[first].verdict is Verdict.REJECTED


@pytest.mark.parametrize("words", [("--kinds", "NAMES"), ("--mode", "shred")])
def test_unknown_words_are_usage_errors(workspace, words):
    done = CliRunner().invoke(app, ["deidentify", "--workspace", str(workspace.folder), *words])
    assert "expected" in str(done.exception)


def test_under_block_nothing_with_identifiers_is_exported(workspace, tmp_path):
    with workspace.open_store() as store:
        frozen(workspace, store)
        held = store.record_ids()[0]
        with pytest.raises(EgressBlockedError, match=rf"1 of 3 .* hold 2 .*{held} \(2\).*curate deidentify"):
            export(under(workspace, "block"), store, "chat", tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert export(workspace, store, "chat", tmp_path / "reported").files


def test_a_person_who_knew_may_let_a_record_leave(workspace, tmp_path):
    with workspace.open_store() as store:
        frozen(workspace, store)
        held = store.record_ids()[0]
        known = {"failures": [{"expectation": "free_of_identifiers"}]}
        on_text = Decision(record_id=held, verdict=Verdict.ACCEPTED, by="human:anna", details=known)
        on_marks = on_text.model_copy(update={"kind": DecisionKind.LAYER, "layer": "gold"})
        of_policy = Decision(
            record_id=held, verdict=Verdict.ACCEPTED, by="policy@1", kind=DecisionKind.PRIVACY, destination=ANYWHERE
        )
        for silent in (on_text, on_marks, of_policy):
            store.decide([silent])
            with pytest.raises(EgressBlockedError, match="--privacy export"):
                export(under(workspace, "block"), store, "chat", tmp_path / "out")
        store.decide([of_policy.model_copy(update={"destination": "export", "by": "human:anna"})])
        assert export(under(workspace, "block"), store, "chat", tmp_path / "out").files


def test_under_replace_the_new_records_are_exported(workspace, tmp_path):
    replacing = under(workspace, "replace")
    with workspace.open_store() as store:
        assert _first_step(replacing, store) == "deidentify"
        frozen(replacing, store)
        files = export(replacing, store, "chat", tmp_path / "out").files
    texts = {file.name: file.read_text(encoding="utf-8") for file in map(Path, files)}
    assert sum(text.count("\n") for name, text in texts.items() if name.endswith(".jsonl")) == 3
    assert not any("Lindemann" in text for text in texts.values())


def _first_step(workspace, store):
    """The name of the first step of a run that is not left out."""
    return next(step.name for step in run_steps(workspace, store) if not isinstance(step.result, LeftOut))


@pytest.mark.model
@pytest.mark.expectations
def test_without_a_policy_that_replaces_a_run_replaces_nothing(workspace):
    with workspace.open_store() as store:
        assert _first_step(workspace, store) == "validate"
        assert len(store.record_ids()) == 3


@pytest.mark.expectations
def test_validation_does_not_blame_surrogates_nor_call_them_duplicates(workspace):
    blocking = under(workspace, "block")
    blocking.__dict__["config"] = with_overrides(blocking.config, ["validation.similarity.enabled=false"])
    from pipeline.steps.validate import validate

    with workspace.open_store() as store:
        deidentify(workspace, store)
        verdicts = validate(blocking, store)
        failed = {finding.expectation: len(finding.failed) for finding in verdicts.per_expectation if finding.failed}
        decisions = store.decisions().values()
        new = {str(decision.details["replaced_by"]) for decision in decisions if "replaced_by" in decision.details}
        assert {store.decisions()[id].verdict for id in new} <= {Verdict.ACCEPTED, Verdict.NEEDS_REVIEW}
        assert failed.get("free_of_identifiers") == 1
