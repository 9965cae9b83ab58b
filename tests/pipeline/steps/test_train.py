"""A training in a workspace: not twice, not from the start after a kill, and checked before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import curate, curate_json
from verdicts import given

from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Entity, Layer, Record, Relation
from curation.scheme import Scheme, load_scheme
from curation.scheme_change import scheme_names
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from curation.tagging.folder import write_manifest
from pipeline.config import commented_config
from pipeline.progress import no_progress
from pipeline.seen_records import seen_records
from pipeline.steps.evaluate import evaluate_layer
from pipeline.steps.run import LeftOut, trained_or_left_out
from pipeline.steps.train import check_views, train
from pipeline.training_material import training_material
from pipeline.workspace import CONFIG_FILE, Workspace
from training.trained import former_fingerprints
from training.trainers import chosen, trainer

pytestmark = pytest.mark.model

TEXT = "Case {}: a [54-year-old]{{age}} woman had [fever]{{signs_symptoms}} and [cough]{{signs_symptoms}}."
SETTINGS: dict[str, object] = {
    "training.epochs": 2,
    "training.window": 32,
    "training.stride": 8,
    "training.rank": 2,
    "training.threads": 1,
    "training.batch_size": 2,
    "training.checkpoint_steps": 2,
}


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def workspace(tmp_path: Path, said: list[str]) -> Workspace:
    return replace(Workspace.make(tmp_path / "w", SETTINGS), notify=said.append)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Eight frozen records, four of them for training."""
    with workspace.open_store() as store:
        for number in range(8):
            text, entities = parse_markup(TEXT.format(number))
            store.add_records([Record(id=f"r{number}", group=f"r{number}", source="t", language="en", text=text)])
            store.add_layers([Layer(record_id=f"r{number}", name="gold", author="gold", entities=entities)])
        store.decide(given(store.record_ids(), "gold"))
        split = SplitSettings(seed=1, train=0.5, validation=0.25, test=0.25)
        freeze(store, load_scheme(), name="cases", layers=["gold"], split=split)
        yield store


def with_settings(workspace: Workspace, changes: dict[str, object]) -> Workspace:
    """The workspace with other settings in its file."""
    (workspace.folder / CONFIG_FILE).write_text(commented_config(SETTINGS | changes), encoding="utf-8")
    return Workspace.at(workspace.folder, notify=workspace.notify)


@pytest.fixture
def notes(workspace: Workspace, store: Store) -> str:
    """A set of another scheme in the same store: its findings are signs and symptoms, its sources nothing here."""
    scheme = Scheme.model_validate(
        {
            "name": "notes",
            "categories": [
                {"name": name, "label": {"en": name}, "colour": "#123456", "hotkey": key}
                for name, key in (("Finding", "1"), ("Source", "2"))
            ],
        }
    )
    for number in range(8):
        text, entities = parse_markup(
            f"Note {number} of [an uncle]{{Source}}: strong [back pain]{{Finding}} since May."
        )
        store.add_records([Record(id=f"n{number}", group=f"n{number}", source="t", language="en", text=text)])
        store.add_layers([Layer(record_id=f"n{number}", name="notes", author="notes", entities=entities)])
    # The first one of the cases' test, under another id.
    (_, tested, _) = next(store.set_members(store.curated_set("cases").digest, split="test"))
    again = tested.model_copy(update={"id": "again", "group": "again"})
    store.add_records([again])
    store.add_layers([Layer(record_id="again", name="notes", author="notes")])
    store.decide(given([*(f"n{number}" for number in range(8)), "again"], "notes"))
    split = SplitSettings(seed=1, train=1, validation=0, test=0)
    freeze(store, scheme, name="notes", layers=["notes"], split=split)
    file = workspace.folder / "mapping.yaml"
    file.write_text("notes: {Finding: signs_symptoms, Source: '-'}", encoding="utf-8")
    return str(file)


def test_sets_of_two_schemes_train_together(workspace: Workspace, store: Store, notes: str) -> None:
    mapping = Path(notes)
    trained = train(workspace, store, name="both", curated=["cases", "notes@1"], mapping=mapping)
    assert trained.manifest.categories == ("age", "signs_symptoms")
    cases, other = trained.manifest.training["sets"]  # type: ignore[misc]
    assert (cases["name"], other["name"]) == ("cases@1", "notes@1")  # type: ignore[index,call-overload]
    assert other["digest"] == store.curated_set("notes").digest  # type: ignore[index,call-overload]
    assert other["left_out"] == {"train": {"nearly the same text": 1}}  # type: ignore[index,call-overload]
    assert other["renamed"] == {"Finding -> signs_symptoms": 8}  # type: ignore[index,call-overload]
    assert train(workspace, store, name="both", curated=["cases", "notes"], mapping=mapping).unchanged
    assert load_scheme(trained.folder / "scheme.yaml").names == load_scheme().names
    layer = Layer(record_id="r0", name="both", author=trained.manifest.author)
    records = [record for _, record, _ in store.set_members(store.curated_set("notes").digest)]
    seen = seen_records(workspace, store, [layer], records)
    # The one that was left out, since the other set is measured by its text, has taught nothing.
    assert (len(seen.taught), "again" in seen.taught) == (8, False)
    cases = [record for _, record, _ in store.set_members(store.curated_set("cases").digest, split="test")]
    assert seen_records(workspace, store, [layer], cases).taught == {}
    mapping.write_text("notes: {Finding: signs_symptoms, Sourse: '-'}", encoding="utf-8")
    with pytest.raises(UsageError, match="did you mean Source"):
        train(workspace, store, name="both", curated=["cases", "notes"], mapping=mapping)


def test_an_adapter_without_validation_that_finds_nothing_is_told(
    workspace: Workspace, store: Store, said: list[str]
) -> None:
    split = SplitSettings(seed=1, train=1, validation=0, test=0)
    freeze(store, load_scheme(), name="whole", layers=["gold"], split=split)
    silence = "it finds nothing in 8 of the records that it has learnt from (there are none for validation)"
    deaf = with_settings(workspace, {"training.learning_rate": 0.02, "training.outside_weight": 1000.0})
    train(deaf, store, name="silent", curated="whole")
    assert [silence in line for line in said] == [True]
    said.clear()
    assert train(deaf, store, name="silent", curated="whole").unchanged
    train(with_settings(workspace, {}), store, name="speaks", curated="whole")
    assert not any("finds nothing" in line for line in said)


def test_two_processes_train_one_model_and_one_of_them_writes(workspace: Workspace, store: Store) -> None:
    two = with_settings(workspace, {"training.processes": 2, "training.batch_size": 1, "training.epochs": 1})
    trained = train(two, store, name="two", curated="cases")
    assert trained.manifest.settings["processes"] == 2
    assert [run.command for run in store.runs()].count("train") == 1
    assert sorted(folder.name for folder in (workspace.folder / "adapters").iterdir()) == ["two"]
    assert train(two, store, name="two", curated="cases").unchanged
    nested(store)
    with pytest.raises(UsageError, match=r"2 processes that train together, number \d ended with code"):
        train(two, store, name="lossy", curated="nested")


def test_each_set_is_measured_by_its_own_names(workspace: Workspace, store: Store, notes: str) -> None:
    for item in store.items(["notes"]):
        if item.record.id.startswith("n"):
            start = item.record.text.index("back pain")
            symptom = Entity.at(item.record.text, start, start + 9, "signs_symptoms", id="T1")
            beside = Entity.at(item.record.text, 0, 4, "age", id="T2")
            layer = Layer(record_id=item.record.id, name="rules", author="rules@1", entities=(symptom, beside))
            store.add_layers([layer])
    given = {"gold": "notes", "predicted": "rules", "curated": "notes", "split": "train"}
    found = evaluate_layer(workspace, store, mapping=Path(notes), **given)  # type: ignore[arg-type]
    micro = found.report.entities.strict.micro
    assert (micro.gold, micro.predicted, micro.f1) == (8, 8, 1.0)
    said = "Measured by what notes@1 annotates: signs_symptoms. Predicted beside it and left out: 8 age."
    assert said in found.report.notes
    with pytest.raises(UsageError, match="they use Finding, Source"):
        evaluate_layer(workspace, store, **given)  # type: ignore[arg-type]
    other = workspace.folder / "other.yaml"
    other.write_text("caes: {age: years}\n")
    with pytest.raises(UsageError, match=r"expected a curated set in .*other\.yaml, got 'caes'; did you mean cases"):
        evaluate_layer(workspace, store, mapping=other, **given)  # type: ignore[arg-type]
    told: list[str] = []
    other.write_text("cases: {age: years}\n")
    heard = Workspace.at(workspace.folder, notify=told.append)
    evaluate_layer(heard, store, mapping=other, **given)  # type: ignore[arg-type]
    assert f"{other} has no names of notes@1: it is measured by its own ones" in told
    with pytest.raises(UsageError, match="--set NAME with --mapping"):
        evaluate_layer(workspace, store, gold="notes", predicted="rules", mapping=Path(notes))


def test_the_command_says_what_each_set_gives(workspace: Workspace, store: Store, notes: str) -> None:
    folder = str(workspace.folder)
    options = ("--set", "cases", "--set", "notes", "--mapping", notes, "--workspace", folder)
    said = curate("train", "check", *options).stderr
    assert "left out of train, as another set is measured by the like: 1 with nearly the same text" in said
    assert "not annotated, so that nothing is learnt about it here: age, " in said
    told = curate_json("train", "check", *options)
    assert told["set"] == "cases@1 + notes@1"
    assert [curated["name"] for curated in told["joined"]["sets"]] == ["cases@1", "notes@1"]


def nested(store: Store) -> None:
    """One more set, in which an entity lies within another one."""
    for id in store.record_ids():
        (layer,) = (item.layers["gold"] for item in store.items(["gold"]) if item.record.id == id)
        text = next(item.record.text for item in store.items() if item.record.id == id)
        inner = Entity.at(text, text.index("ever"), text.index("ever") + 4, "pathology", id="T9")
        store.add_layers([layer.model_copy(update={"entities": (*layer.entities, inner)})])
    store.decide(given(store.record_ids(), "gold"))
    split = SplitSettings(seed=1, train=0.5, validation=0.25, test=0.25)
    freeze(store, load_scheme(), name="nested", layers=["gold"], split=split)


@contextmanager
def killed(title: str, total: int | None) -> Iterator[object]:
    """A progress bar in front of which somebody presses Ctrl-C at the third step."""
    count = 0

    def advance(records: int, failed: int = 0, **rest: object) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt

    yield advance


def test_what_is_trained_is_not_trained_again(workspace: Workspace, store: Store, said: list[str]) -> None:
    first = train(workspace, store, name="a")
    assert not first.unchanged
    again = train(workspace, store, name="a")
    assert (again.unchanged, again.manifest) == (True, first.manifest)
    assert said[-1] == "train a: trained on this set with these settings before; --again trains it anew"
    anew = train(workspace, store, name="a", again=True)
    assert (anew.unchanged, anew.manifest.weights_digest) == (False, first.manifest.weights_digest)
    changed = with_settings(workspace, {"training.seed": 5})
    assert not train(changed, store, name="a").unchanged
    assert said[-1] == "train a: the adapter that is there was trained otherwise: seed was 0, now 5"
    weights = workspace.folder / "adapters" / "a" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert not train(changed, store, name="a").unchanged, "a damaged one is made again"


def test_what_an_earlier_version_has_trained_and_one_tuning_told_in_two_ways_are_found(
    workspace: Workspace, store: Store
) -> None:
    by_full = with_settings(workspace, {"training.full": True, "training.rank": 32})
    made = train(by_full, store, name="a")
    by_tuning = with_settings(workspace, {"training.tuning": "full", "training.rank": 32})
    assert train(by_tuning, store, name="a").unchanged
    settings, scheme = by_tuning.config.training, by_tuning.scheme
    material = training_material(by_tuning, store)
    identity = trainer(settings, scheme).identity(settings)
    content = [*material.content, *chosen(settings, scheme), identity]
    former, *_ = former_fingerprints(settings, content)
    before = made.manifest.model_copy(update={"training": {**made.manifest.training, "fingerprint": former}})
    write_manifest(before, made.folder)
    assert train(by_tuning, store, name="a").unchanged


def test_a_precision_that_is_slow_here_is_said_before_the_first_step_and_by_the_check(
    workspace: Workspace, store: Store, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.slow_precision.computes_bf16", lambda: False)
    half = with_settings(workspace, {"training.precision": "bf16", "training.device": "cpu"})
    with pytest.raises(KeyboardInterrupt):
        train(half, store, name="a", progress=killed)  # type: ignore[arg-type]
    line, *_ = said
    assert line.startswith('training.precision = "bf16" is many times slower than "fp32" on this processor')
    said.clear()
    check_views(half, store)
    assert said == [line]


def test_an_interval_over_few_validation_records_is_in_no_file(workspace: Workspace, store: Store) -> None:
    few = train(workspace, store, name="few").manifest.metrics["validation"]["strict"]  # type: ignore[index, call-overload]
    assert (few["micro"]["records"], few["micro"]["f1_interval"]) == (2, None)  # type: ignore[index, call-overload]
    both = with_settings(workspace, {"review.agreement.minimum_records": 2})
    enough = train(both, store, name="enough").manifest.metrics["validation"]["strict"]  # type: ignore[index, call-overload]
    assert enough["micro"]["f1_interval"] is not None  # type: ignore[index, call-overload]
    assert {**enough["micro"], "f1_interval": None} == few["micro"]  # type: ignore[index, dict-item, call-overload]


def test_a_training_that_was_ended_goes_on(workspace: Workspace, store: Store, said: list[str]) -> None:
    whole = train(workspace, store, name="whole")
    with pytest.raises(KeyboardInterrupt):
        train(workspace, store, name="a", progress=killed)  # type: ignore[arg-type]
    assert said[-1] == "train a: ended with a checkpoint; the same command goes on from it"
    assert not (workspace.folder / "adapters" / "a").exists()
    done = train(workspace, store, name="a")
    assert said[-1] == "train a: goes on from the checkpoint of a training that was ended"
    assert done.manifest.weights_digest == whole.manifest.weights_digest
    assert done.manifest.metrics == whole.manifest.metrics
    assert list((workspace.folder / "training").iterdir()) == []


def test_a_checkpoint_of_other_settings_is_left_and_said(workspace: Workspace, store: Store, said: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(workspace, store, name="a", progress=killed)  # type: ignore[arg-type]
    changed = with_settings(workspace, {"training.seed": 5})
    train(changed, store, name="a")
    assert "begins at the start" in said[-1]
    assert "settings" in said[-1]


def test_a_check_counts_and_a_training_that_would_lose_something_is_refused(workspace: Workspace, store: Store) -> None:
    found = check_views(workspace, store, show=1)
    assert not found.refused
    assert {split: check.records for split, check in found.by_split.items()} == {"train": 4, "validation": 2, "test": 2}
    assert found.by_split["train"].oracle == 1.0
    (example,) = found.examples
    assert ("fever", "B-signs_symptoms", True) in example.words
    assert ("woman", "O", False) in example.words
    nested(store)
    found = check_views(workspace, store)
    assert (found.of, found.refused, found.by_split["train"].lost) == ("nested@1", True, {"overlapped": 4})
    with pytest.raises(UsageError, match=r"4 would be lost \(4 overlapped\): see `curate train check`"):
        train(workspace, store, name="a")
    step = trained_or_left_out(workspace, store, store.curated_set("nested"), no_progress)
    assert isinstance(step.result, LeftOut)
    assert "training.allow_lost = true" in step.result.reason
    allowed = with_settings(workspace, {"training.allow_lost": True})
    assert train(allowed, store, name="a").manifest.training["lost"] == {"overlapped": 4}
    card = (workspace.folder / "adapters" / "a" / "README.md").read_text(encoding="utf-8")
    assert "oracle recall of the view (no model gets above it): 0.750" in card


def test_a_run_leaves_out_a_training_that_has_nothing_to_learn_from(workspace: Workspace, store: Store) -> None:
    for item in list(store.items(["gold"])):
        store.add_layers([item.layers["gold"].model_copy(update={"entities": ()})])
    store.decide(given(store.record_ids(), "gold"))
    freeze(store, load_scheme(), name="empty", layers=["gold"], split=SplitSettings(seed=1))
    step = trained_or_left_out(workspace, store, store.curated_set("empty"), no_progress)
    assert isinstance(step.result, LeftOut)
    assert "without any" in step.result.reason
    checked = curate("train", "check", "--set", "empty", "--workspace", str(workspace.folder), code=1)
    assert "refused: no record of the split train has an annotation to learn from" in checked.stderr
    assert "next:" not in checked.stderr


def test_what_a_set_does_not_annotate_is_told_before_it_teaches_that_there_is_none(
    workspace: Workspace, store: Store, said: list[str]
) -> None:
    check_views(workspace, store, curated="cases")
    assert not [line for line in said if "was frozen with the scheme" in line]
    old = load_scheme()
    fewer = old.model_copy(update={"name": "fewer", "categories": old.categories[:8]})
    freeze(store, fewer, name="fewer", layers=["gold"], split=SplitSettings(seed=1))
    check_views(workspace, store, curated="fewer")
    (line,) = [line for line in said if "was frozen with the scheme" in line]
    lacking = sorted({*scheme_names(old)} - {*scheme_names(fewer)})
    assert (
        f"scheme fewer {fewer.version}, which does not have {', '.join(lacking[:5])} and {len(lacking) - 5} more"
        in line
    )


def test_the_command_checks_and_shows_wording_only_when_asked(workspace: Workspace, store: Store) -> None:
    where = ("--workspace", str(workspace.folder))
    told = curate_json("train", "check", *where)
    assert (told["set"], told["task"], told["model"], told["refused"]) == ("cases@1", "entities", "tagger", False)
    done = curate("train", "check", *where)
    assert "oracle recall" in done.stdout
    assert "fever" not in done.stdout + done.stderr
    shown = curate("train", "check", "--show", "2", *where)
    assert shown.stdout.count("[fever|B-signs_symptoms]") == 2
    curate("train", "--show", "2", *where, code=2)
    curate("train", "check", "--again", *where, code=2)
    trained = curate("train", "--name", "a", *where)
    assert "oracle recall" in trained.stderr
    assert "validation: 0." in trained.stderr
    assert "the best of 2 epochs" in trained.stderr
    nested(store)
    refused = curate("train", "check", *where, code=1)
    assert "refused: 4 of 16 annotations would be lost" in refused.stderr


def test_relations_are_checked_shown_and_learnt_by_questions(workspace: Workspace, store: Store) -> None:
    for item in list(store.items(["gold"])):
        link = Relation(id="R1", type="related_to", head="T2", tail="T3")
        store.add_layers([item.layers["gold"].model_copy(update={"relations": (link,)})])
    store.decide(given(store.record_ids(), "gold"))
    split = SplitSettings(seed=1, train=0.5, validation=0.25, test=0.25)
    freeze(store, load_scheme(), name="linked", layers=["gold"], split=split)
    asked: dict[str, object] = {"training.task": "relations", "training.model": "questions", "training.window": 128}
    changed = with_settings(workspace, asked)
    where = ("--workspace", str(workspace.folder), "--set", "linked")
    told = curate_json("train", "check", *where)
    counts = told["splits"]["train"]
    assert (told["task"], told["model"], told["refused"]) == ("relations", "questions", False)
    assert [counts[name] for name in ("rows", "negatives", "annotations", "oracle")] == [12, 8, 4, 1.0]
    shown = curate("train", "check", "--show", "1", *where).stdout
    assert 'For Signs and symptoms "fever", find all that belongs to it (related to)' in shown
    assert "had @ fever @ and [cough|B]" in shown
    trained = train(changed, store, name="links", curated=["linked"])
    assert (trained.manifest.task, trained.manifest.model) == ("relations", "questions")
    assert trained.page is not None
    assert "related_to" in trained.page.read_text(encoding="utf-8")


def test_the_page_of_a_training_has_words_only_where_they_are_asked_for(
    workspace: Workspace, store: Store, said: list[str]
) -> None:
    def with_words() -> set[str]:
        names = {"reports", "adapters", "runs"}
        paths = [path for name in names for path in (workspace.folder / name).rglob("*") if path.is_file()]
        return {path.name for path in paths if b"woman had" in path.read_bytes()}

    first = train(workspace, store, name="a")
    assert first.page == workspace.folder / "reports" / "training-a" / "report.html"
    page = first.page.read_text(encoding="utf-8")
    assert "Training of a" in page
    assert "cases@1" in page
    assert with_words() == set()
    shown = train(with_settings(workspace, {"training.excerpts": 3}), store, name="a")
    assert shown.unchanged
    assert shown.page == first.page
    assert with_words() == {"report.html"}
    train(with_settings(workspace, {"training.excerpts": 0}), store, name="a")
    assert with_words() == set()
    card = (first.folder / "README.md").read_text(encoding="utf-8")
    assert f"- set cases\\@1: {store.curated_set('cases').digest}" in card
    assert "| on 2 validation records, all languages | strict F1 | 95 % |" in card
