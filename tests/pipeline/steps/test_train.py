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
from curation.record import Entity, Layer, Record
from curation.scheme import load_scheme
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.config import commented_config
from pipeline.progress import no_progress
from pipeline.steps.run import LeftOut, trained_or_left_out
from pipeline.steps.train import check_views, train
from pipeline.workspace import CONFIG_FILE, Workspace

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
    weights = workspace.folder / "adapters" / "a" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert not train(changed, store, name="a").unchanged, "a damaged one is made again"


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
