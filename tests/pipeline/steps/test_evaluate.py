"""An evaluation says what it was measured against, and measures nothing on what was learnt from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import curate, curate_json
from verdicts import given

from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record, Relation
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.steps.evaluate import Evaluation, evaluate_layer
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

MARKED = (
    "The patient of [{age} years]{{age}} in room {room} had [fever]{{signs_symptoms}} and a [cough]{{signs_symptoms}}."
)
FOUND = "The patient of [{age} years]{{age}} in room {room} had [fever]{{signs_symptoms}} and a cough."
ADAPTER = "adapter:cases@0123abcd"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.make(tmp_path)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Twelve records with gold and a layer of rules that lacks one entity of each."""
    with workspace.open_store() as store:
        add(store, 12)
        yield store


def add(store: Store, count: int, *, prefix: str = "r") -> list[str]:
    ids = []
    for number in range(count):
        values = {"age": 20 + number, "room": f"{prefix}{number}" * 3}
        text, _ = parse_markup(MARKED.format(**values))
        id = f"{prefix}{number:02d}"
        ids.append(id)
        store.add_records([Record(id=id, group=id, source="test", language="en", text=text)])
        layer(store, id, "gold", "gold", MARKED.format(**values))
        layer(store, id, "rules", "rules@1", FOUND.format(**values))
    return ids


def layer(store: Store, id: str, name: str, author: str, marked: str) -> None:
    store.add_layers([Layer(record_id=id, name=name, author=author, entities=parse_markup(marked)[1])])


def frozen(workspace: Workspace, store: Store, *layers: str) -> str:
    store.decide(given(store.record_ids(), *layers))
    return freeze(store, workspace.scheme, name="cases", layers=layers, split=SplitSettings(seed=1)).digest


def measured(workspace: Workspace, store: Store, **options: object) -> Evaluation:
    return evaluate_layer(workspace, store, **{"gold": "gold", "predicted": "rules", **options})  # type: ignore[arg-type]


def test_the_reference_of_a_set_is_the_layer_that_is_asked_for_not_the_one_it_was_frozen_with(
    workspace: Workspace, store: Store
) -> None:
    frozen(workspace, store, "rules")
    found = measured(workspace, store, curated="cases", split="train")
    assert found.report.entities.strict.micro.recall == pytest.approx(2 / 3)
    assert found.reference.as_json() == {
        "layers": {"gold": 10},
        "of": "cases@1, split train",
        "records": 10,
        "frozen": 0,
        "without": 0,
    }
    assert (
        found.report.notes[0] == "Reference: layer gold (10 records), the newest in the store, of cases@1, split train."
    )


def test_a_layer_that_was_frozen_is_taken_as_it_was_frozen(workspace: Workspace, store: Store) -> None:
    frozen(workspace, store, "gold")
    for id in store.record_ids():
        layer(store, id, "gold", "gold", "The [patient]{gender}")
    found = measured(workspace, store, curated="cases", split="train")
    assert found.report.entities.strict.micro.recall == pytest.approx(2 / 3)
    assert found.report.notes[0].startswith("Reference: layer gold (10 records), as frozen")


def test_several_layers_may_be_the_reference_and_each_is_counted(workspace: Workspace, store: Store) -> None:
    layer(store, "r03", "human:anna", "human:anna", FOUND.format(age=23, room="r3r3r3"))
    found = measured(workspace, store, gold=["human:anna", "gold"])
    assert found.reference.layers == {"gold": 11, "human:anna": 1}
    assert measured(workspace, store, gold="human:anna").reference.without == 11


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gold": "glod"}, "expected a layer of the store, got 'glod'; did you mean gold\\? there are: gold, rules"),
        ({"predicted": "Rule"}, "did you mean rules"),
        ({"split": "tset"}, "expected a split, got 'tset'; did you mean test"),
    ],
)
def test_names_that_there_are_not_are_refused_with_the_nearest(
    workspace: Workspace, store: Store, options: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        measured(workspace, store, **options)


def test_a_layer_measured_against_itself_is_said(workspace: Workspace, store: Store) -> None:
    found = measured(workspace, store, gold="rules")
    assert "12 records are measured against the same layer: the figures say nothing of it." in found.report.notes


def test_whose_entities_an_adapter_has_linked_is_said(workspace: Workspace, store: Store) -> None:
    """Its entities are gold's own, so that their figures would praise it for nothing."""
    for item in store.items(["gold"]):
        changed = {"name": "linked", "author": ADAPTER, "provenance": {"entities_of": "gold"}}
        store.add_layers([item.layers["gold"].model_copy(update=changed)])
    found = measured(workspace, store, predicted="linked")
    assert found.report.entities.strict.micro.f1 == 1.0
    said = f"{ADAPTER} has linked the entities of gold: only its figures of relations count."
    assert said in found.report.notes
    assert not any("linked" in note for note in measured(workspace, store).report.notes)


def test_relations_are_kept_with_the_run(workspace: Workspace, store: Store) -> None:
    first = next(iter(store.items(["gold", "rules"])))
    for name, found in first.layers.items():
        age, fever, *_ = found.entities
        linked = (Relation(id="R1", type="has", head=fever.id, tail=age.id),)
        store.add_layers([found.model_copy(update={"relations": linked, "name": f"{name}-linked"})])
    measured(workspace, store, gold="gold-linked", predicted="rules-linked")
    outcome = store.runs()[-1].manifest["outcome"]
    assert outcome["relations"]["strict"]["micro"]["matched"] == 1  # type: ignore[index, call-overload]
    measured(workspace, store)
    assert "relations" not in store.runs()[-1].manifest["outcome"]  # type: ignore[operator]


def test_a_set_without_the_layer_is_refused_and_the_frozen_one_offered(workspace: Workspace, store: Store) -> None:
    frozen(workspace, store, "gold")
    add(store, 1, prefix="z")
    layer(store, "z00", "human:anna", "human:anna", "fever")
    with pytest.raises(UsageError, match="none of 10 has it; they were frozen with gold: --gold gold"):
        measured(workspace, store, gold="human:anna", curated="cases", split="train")


def trained(store: Store, digest: str) -> None:
    """The note that `curate train` leaves of an adapter trained on a set."""
    outcome = {"manifest": {"name": "cases", "weights_digest": "0123abcd" + "0" * 56}}
    store.end_run(store.start_run("train"), state="done", manifest={"inputs": {"set": digest}, "outcome": outcome})


@pytest.fixture
def annotated(workspace: Workspace, store: Store) -> Store:
    """The same with the layer of an adapter that was trained on a frozen set of the twelve, and five new records."""
    trained(store, frozen(workspace, store, "gold"))
    add(store, 5, prefix="n")
    for id in store.record_ids():
        layer(store, id, "cases", ADAPTER, "fever")
    return store


def test_records_that_an_adapter_was_trained_on_are_left_out_and_said(workspace: Workspace, annotated: Store) -> None:
    found = measured(workspace, annotated, predicted="cases")
    assert (found.left_out, found.report.entities.records, len(found.seen.chose)) == (10, 7, 1)
    assert f"10 training records of {ADAPTER} are left out." in found.report.notes
    assert f"1 records chose the checkpoint of {ADAPTER}: the figures flatter it." in found.report.notes
    assert found.report.entities.unscored == 0


def test_a_copy_of_a_training_record_and_a_record_of_its_patient_are_known(
    workspace: Workspace, annotated: Store
) -> None:
    [first, second] = [
        record for _, record, _ in annotated.set_members(annotated.curated_sets()[-1].digest, split="train")
    ][:2]
    copy = Record(id="copy", group="copy", source="test", language="en", text=first.text.upper())
    later = Record(id="later", group=second.group, source="test", language="en", text="The fever has gone.")
    annotated.add_records([copy, later])
    for record in (copy, later):
        layer(annotated, record.id, "gold", "gold", "fever")
        layer(annotated, record.id, "cases", ADAPTER, "fever")
    found = measured(workspace, annotated, predicted="cases")
    assert (found.left_out, set(found.seen.related)) == (11, {"later"})


def test_training_records_are_measured_where_they_are_asked_for(workspace: Workspace, annotated: Store) -> None:
    found = measured(workspace, annotated, predicted="cases", training_records=True)
    assert (found.left_out, found.report.entities.records) == (0, 17)
    assert f"10 records are training records of {ADAPTER}: the figures flatter it." in found.report.notes
    with pytest.raises(UsageError, match="has not learnt from, got 10"):
        measured(workspace, annotated, predicted="cases", curated="cases", split="train")
    assert measured(workspace, annotated, predicted="cases", curated="cases", split="test").left_out == 0


def test_an_adapter_from_elsewhere_is_said_to_be_unknown(workspace: Workspace, store: Store) -> None:
    layer(store, "r00", "other", "adapter:other@99999999", "fever")
    found = measured(workspace, store, predicted="other")
    assert any("whether it has seen these records is not known" in note for note in found.report.notes)
    assert "11 records have no predicted layer: they count as empty." in found.report.notes


def test_records_with_an_example_sentence_of_few_shot_are_left_out(workspace: Workspace, store: Store) -> None:
    examples = workspace.subfolder("examples")
    sentence = MARKED.format(age=25, room="r5r5r5").replace("{{", "{").replace("}}", "}")
    (examples / "en.yaml").write_text(json.dumps({"sentences": [sentence, "[Fever]{signs_symptoms}."]}))
    settings = workspace.config.annotation
    few_shot = settings.few_shot.model_copy(update={"examples": examples})
    workspace.__dict__["config"] = workspace.config.model_copy(
        update={"annotation": settings.model_copy(update={"few_shot": few_shot})}
    )
    for id in store.record_ids():
        layer(store, id, "few-shot", "few-shot@1", "fever")
    found = measured(workspace, store, predicted="few-shot")
    assert (set(found.seen.taught), found.left_out) == ({"r05"}, 1)


def test_few_records_have_no_interval_and_the_report_says_why(workspace: Workspace, store: Store) -> None:
    frozen(workspace, store, "gold")
    few = measured(workspace, store, curated="cases", split="test").report
    assert few.entities.strict.micro.f1_interval is None
    assert few.notes[-1] == "No intervals: 1 records with entities, fewer than 5."
    many = measured(workspace, store).report
    assert many.entities.strict.micro.f1_interval is not None
    assert len(many.notes) == 1


def test_a_category_of_few_records_has_no_interval(workspace: Workspace, store: Store) -> None:
    layer(
        store,
        "r00",
        "gold",
        "gold",
        MARKED.format(age=20, room="r0r0r0").replace("fever]{signs_symptoms", "fever]{diagnosis"),
    )
    found = measured(workspace, store).report
    assert found.entities.strict.per_category["diagnosis"].f1_interval is None
    assert found.entities.strict.per_category["age"].f1_interval is not None
    assert found.notes[-1] == "No interval for categories that fewer than 5 records have: diagnosis."


def test_every_evaluation_keeps_its_own_folder(workspace: Workspace, store: Store) -> None:
    pages = {measured(workspace, store).html for _ in range(2)}
    assert len(pages) == 2
    assert all("Reference: layer gold (12 records)" in page.read_text() for page in pages)


def test_the_command_shows_precision_recall_and_f1_of_both_ways_and_the_reference(
    workspace: Workspace, store: Store
) -> None:
    done = curate("evaluate", "--predicted", "rules", "--workspace", workspace.folder)
    assert "Strict: rules against gold, 12 records" in done.stdout
    assert "Lenient: rules against gold, 12 records" in done.stdout
    row = [cell.strip() for cell in next(line for line in done.stdout.splitlines() if "all (micro)" in line).split("│")]
    assert row[1:-1] == ["all (micro)", "36", "24", "1.000", "0.667", "0.800"]
    assert "Reference: layer gold (12 records)" in done.stderr
    found = curate_json("evaluate", "--predicted", "rules", "--workspace", workspace.folder)
    assert found["reference"]["layers"] == {"gold": 12}
    manifest = store.runs()[-1].manifest["outcome"]
    assert isinstance(manifest, dict)
    assert manifest["reference"] == found["reference"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_without_a_set_is_refused_not_overlooked(workspace: Workspace, store: Store, split: str) -> None:
    with pytest.raises(UsageError, match=f"expected --set NAME with --split {split}"):
        measured(workspace, store, split=split)
