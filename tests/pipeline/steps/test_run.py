"""`curate run` on reports without gold: it ends well, goes on after the review, and does nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate, curate_json
from verdicts import given

from curation.author import human
from curation.decision import Decision, DecisionKind, Verdict
from curation.errors import UsageError
from curation.store import Store
from pipeline.steps.run import LeftOut, StepResult, Waiting, reference_layers, run_steps
from pipeline.workspace import Workspace

TEXTS = (
    "A 54-year-old man presented with fever and cough. He was diagnosed with pneumonia.",
    "A 31-year-old woman was admitted with chest pain. Aspirin 100 mg was given.",
    "A 70-year-old man complained of headache. Blood pressure was 180/95 mmHg.",
    "A 12-year-old girl had a rash for two days. She recovered fully.",
    "A 45-year-old woman was seen for fatigue. Haemoglobin was 7.9 g/dL.",
    "A 66-year-old man had a history of stroke. He was treated with clopidogrel 75 mg.",
    "A 28-year-old woman had abdominal pain. An ultrasound showed gallstones.",
    "A 39-year-old man was brought in with seizures. Levetiracetam was started.",
)
SETTINGS: dict[str, object] = {
    "run.sources": ("letters",),
    "run.language": "en",
    "run.annotators": ("rules",),
    "run.review": False,
    "run.verdicts": ("accepted", "needs_review"),
    "curation.split.train": 0.5,
    "curation.split.validation": 0.25,
    "curation.split.test": 0.25,
    "training.epochs": 1,
    "training.window": 32,
    "training.stride": 8,
    "training.rank": 2,
    "training.threads": 1,
    "validation.similarity.enabled": False,
}


def results(workspace: Workspace) -> dict[str, StepResult]:
    with workspace.open_store() as store:
        return {step.name: step.result for step in run_steps(workspace, store)}


def unchanged(workspace: Workspace) -> list[str]:
    with workspace.open_store() as store:
        return [step.name for step in run_steps(workspace, store) if step.unchanged]


def review(workspace: Workspace, person: str, *, records: slice = slice(None)) -> None:
    """What a pull brings: the rules' layers, accepted by a person."""
    with workspace.open_store() as store:
        items = list(store.items(["rules"]))[records]
        name = human(person)
        store.add_layers(item.layers["rules"].model_copy(update={"name": name, "author": name}) for item in items)
        store.decide(
            Decision(record_id=item.record.id, verdict=Verdict.ACCEPTED, by=name, kind=DecisionKind.LAYER, layer=name)
            for item in items
        )


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters").mkdir()
    for number, text in enumerate(TEXTS):
        (tmp_path / "letters" / f"{number}.txt").write_text(text, encoding="utf-8")
    return Workspace.make(tmp_path / "w", SETTINGS)


@pytest.mark.model
@pytest.mark.expectations
def test_a_run_without_gold_ends_well_goes_on_after_the_review_and_does_nothing_twice(workspace):
    first = results(workspace)
    assert list(first) == ["import", "generate", "annotate rules", "translate", "validate", "waiting"]
    assert isinstance(waiting := first["waiting"], Waiting)
    assert waiting.reason == "nobody has reviewed a record yet, and there is no gold"
    with workspace.open_store() as store:
        assert store.count_decisions(DecisionKind.LAYER).keys() == {"rules"}, "the annotators' layer is checked"
    shown = curate("run", "--workspace", workspace.folder)
    assert "validation report: " in shown.stdout
    assert "then run `curate run` again" in shown.stderr

    review(workspace, "anna")
    again = results(workspace)
    steps = ["freeze", "train", "annotate adapter", "evaluate", "export"]
    assert list(again) == ["import", "generate", "annotate rules", "translate", "validate", *steps]
    with workspace.open_store() as store:
        manifest = store.curated_set("curated").manifest
    assert manifest["layer"] == "human:anna"

    assert unchanged(workspace) == ["train", "evaluate", "export"]
    told = curate_json("run", "--workspace", workspace.folder)
    assert told["unchanged"] == ["train", "evaluate", "export"]
    assert set(told["scores"]) == {"rules", "adapter"}
    assert Path(told["ends"]["exported set (hf)"]).is_dir()
    assert told["next"] is None

    (workspace.folder / "exports" / "curated-1-chat" / "train.jsonl").unlink()
    assert unchanged(workspace) == ["train", "evaluate"], "what is gone is made again"


@pytest.mark.model
@pytest.mark.expectations
def test_only_what_has_changed_is_done_again(workspace):
    results(workspace)
    review(workspace, "anna", records=slice(6))
    results(workspace)
    review(workspace, "anna")
    assert unchanged(workspace) == [], "more reviewed records are another set"
    config = workspace.folder / "curate.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("epochs = 1", "epochs = 2", 1), encoding="utf-8")
    changed = Workspace.at(workspace.folder)
    assert "train" not in unchanged(changed)
    assert unchanged(changed) == ["train", "evaluate", "export"]


@pytest.mark.expectations
def test_records_of_several_people_go_together_unless_they_share_one(workspace):
    results(workspace)
    review(workspace, "anna", records=slice(0, 4))
    review(workspace, "ben", records=slice(3, 8))
    assert isinstance(waiting := results(workspace)["waiting"], Waiting)
    assert waiting.reason == "1 records were reviewed by several people"
    assert "curate review adjudicate settle" in waiting.next_step


def test_the_layers_to_freeze_are_the_best_that_there_are(tmp_path, annotated):
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        assert reference_layers(workspace, store) == ()
        record, layer = annotated("A [fever]{signs_symptoms}.")
        store.add_records([record])
        for name in ("rules", "human:ben", "human:anna", "repeat:anna"):
            store.add_layers([layer.model_copy(update={"name": name})])
        assert reference_layers(workspace, store) == ("human:anna", "human:ben")
        store.add_layers([layer, layer.model_copy(update={"name": "consensus"})])
        assert reference_layers(workspace, store) == ("gold", "consensus", "human:anna", "human:ben")
        chosen = Workspace.make(tmp_path / "v", {"run.layer": "human:carl"})
        assert reference_layers(chosen, store) == ()


@pytest.mark.expectations
def test_a_layer_of_the_settings_that_is_not_there_is_named(workspace):
    config = workspace.folder / "curate.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[run]", '[run]\nlayer = "human:carl"'), encoding="utf-8")
    assert isinstance(waiting := results(Workspace.at(workspace.folder))["waiting"], Waiting)
    assert waiting.reason == "no record has the layer human:carl that run.layer names (layers: rules)"


def test_a_run_over_nothing_says_what_to_name(tmp_path):
    workspace = Workspace.make(tmp_path / "w", {"run.annotators": ()})
    with pytest.raises(UsageError, match=r"run\.sources"):
        results(workspace)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"training.task": "relations"}, r"annotation\.adapter\.reads .* got none"),
        ({"training.task": "relations", "annotation.adapter.reads": "adapter"}, "another one than adapter"),
        ({"training.task": "labels"}, "expected a scheme with document labels"),
        ({"training.model": "taggre"}, "taggre"),
    ],
)
def test_a_training_that_cannot_be_is_refused_before_any_step(tmp_path, settings, message):
    workspace = Workspace.make(tmp_path / "w", {"run.sources": ("sample",), **settings})
    scheme = "name: s\ncategories: [drug, dose]\nrelations: [{name: dose, heads: [drug], tails: [dose]}]\n"
    (workspace.folder / "scheme.yaml").write_text(scheme, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        results(Workspace.at(workspace.folder))
    with Workspace.at(workspace.folder).open_store() as store:
        assert store.count_records() == {}


@pytest.mark.expectations
def test_an_annotator_that_cannot_serve_the_scheme_is_left_out_of_a_run(workspace):
    (workspace.folder / "scheme.yaml").write_text("name: fish\ncategories: [fin]\n", encoding="utf-8")
    found = results(workspace)
    assert isinstance(left_out := found["annotate rules"], LeftOut)
    assert left_out.reason.startswith("rules has no patterns for anything in the scheme fish (en)")
    with workspace.open_store() as store:
        assert store.layer_names() == {}
    assert isinstance(found["waiting"], Waiting)


@pytest.mark.expectations
def test_a_set_without_test_records_is_not_measured_and_says_so(workspace):
    (workspace.folder / "scheme.yaml").write_text("name: tone\nlabels: {tone: [kind, harsh]}\n", encoding="utf-8")
    results(workspace)
    with workspace.open_store() as store:
        _label_first(store)
    found = results(workspace)
    assert isinstance(train := found["train"], LeftOut)
    assert "two values of a document label" in train.reason
    assert isinstance(evaluate := found["evaluate"], LeftOut)
    assert evaluate.reason.startswith("nothing to measure with curated@1: no annotator has a layer")
    assert list(found)[-1] == "export"


def _label_first(store: Store) -> None:
    from curation.record import Layer

    (first, *_) = store.record_ids()
    name = human("anna")
    store.add_layers([Layer(record_id=first, name=name, author=name, labels={"tone": "kind"})])
    store.decide(given([first], name))


@pytest.mark.expectations
def test_where_all_records_are_set_aside_the_way_on_is_the_quarantine_not_the_review(tmp_path, annotated):
    workspace = Workspace.make(tmp_path, {"run.annotators": (), "run.review": False})
    (tmp_path / "scheme.yaml").write_text("name: smoking\nlabels: {smoking: [smoker, other]}\n", encoding="utf-8")
    with workspace.open_store() as store:
        store.add_records([annotated("Sie raucht seit vielen Jahren nicht mehr.", language="de")[0]])
    assert isinstance(waiting := results(Workspace.at(tmp_path))["waiting"], Waiting)
    assert "curate quarantine list" in waiting.next_step
