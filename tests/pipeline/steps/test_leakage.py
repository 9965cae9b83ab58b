"""`curate leakage`: does a curated set give its own test set away, or somebody else's?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verdicts import given

from curation.errors import UsageError
from curation.record import Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.command import app
from pipeline.steps.leakage import leakage
from pipeline.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, annotated):
    """A workspace with a frozen set of twenty cases, two of each patient."""
    workspace = Workspace.make(tmp_path / "workspace", {"run.sources": ()})
    cases = [annotated(f"A [{n + 30}-year-old]{{age}}. {story(n)}", group=f"p{n // 2}") for n in range(20)]
    with workspace.open_store() as store:
        store.add_records(record for record, _ in cases)
        store.add_layers(layer for _, layer in cases)
        store.decide(given((record.id for record, _ in cases), "gold"))
        split = SplitSettings(train=0.5, validation=0.2, test=0.3)
        freeze(store, workspace.scheme, name="cases", layers=["gold"], split=split)
    return workspace


def story(number: int) -> str:
    return " ".join(f"word{number}x{at}" for at in range(40))


def outside(store: Store, *texts: str) -> None:
    store.add_records(
        Record(id=f"out{n}", group=f"out{n}", source="elsewhere", language="en", text=text)
        for n, text in enumerate(texts)
    )


def asked(workspace: Workspace, *arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
    done = CliRunner().invoke(app, ["leakage", "--json", "--workspace", str(workspace.folder), *arguments])
    return done.exit_code, json.loads(done.stdout)


def test_a_frozen_set_gives_nothing_away(workspace: Workspace) -> None:
    code, found = asked(workspace)
    assert code == 0
    assert {question: answer["leaked"] for question, answer in found.items()} == {
        "validation against train": 0,
        "test against train and validation": 0,
    }
    assert found["test against train and validation"]["held_out"] == 6


def test_an_external_test_set_that_was_seen_is_told_with_exit_code_1(workspace: Workspace) -> None:
    with workspace.open_store() as store:
        section = " ".join(story(3).split()[:20])
        outside(store, section, story(99))
    code, found = asked(workspace, "--test-source", "elsewhere")
    assert code == 1
    (answer,) = found.values()
    assert (answer["leaked"], answer["held_out"], answer["against"]) == (1, 2, 20)
    (leak,) = answer["leaks"]
    assert (leak["record"], leak["way"]) == ("out0", "passages")


def test_a_set_divided_without_care_for_patients_leaks_them(workspace: Workspace) -> None:
    with workspace.open_store() as store:
        careful = store.curated_set("cases")
        keys = store.latest_layer_keys("gold")
        splits = ("train", "test")
        members = {id: (splits[at % 2], keys[id]) for at, id in enumerate(store.record_ids())}
        store.put_set("careless", "c" * 32, careful.manifest, members)
        found = leakage(workspace, store, "careless")["test against train and validation"]
        assert found.ways == {
            "same text": 0,
            "near-duplicate": 0,
            "passages": 0,
            "other words": "not asked",
            "translation": 0,
            "group": 10,
        }
        # Another set's records are all there already.
        other = leakage(workspace, store, "cases", test="careless")
        assert [len(found.leaked) for found in other.values()] == [20]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"test_source": "nowhere"}, "found none of the source 'nowhere'"),
        ({"test": "a", "test_source": "b"}, "got both"),
        ({"test": "unknown"}, "expected a curated set, got 'unknown'"),
        ({"passages": 0.0}, "above 0 and at most 1, got 0"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    workspace: Workspace, options: dict[str, object], says: str
) -> None:
    with workspace.open_store() as store, pytest.raises(UsageError, match=says):
        leakage(workspace, store, **options)


def test_people_get_a_table_and_lines(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.open_store() as store:
        outside(store, story(3))
    done = CliRunner().invoke(app, ["leakage", "--test-source", "elsewhere", "--workspace", str(workspace.folder)])
    assert done.exit_code == 1
    assert "1 of 1 leaked" in done.stdout
    assert "passages, 1.000" in done.stderr


def test_what_was_not_asked_for_is_no_zero(workspace: Workspace) -> None:
    code, found = asked(workspace)
    assert (code, {answer["ways"]["other words"] for answer in found.values()}) == (0, {"not asked"})
    done = CliRunner().invoke(app, ["leakage", "--workspace", str(workspace.folder)])
    assert "other words" in done.stdout
    assert "not asked" in done.stdout
    assert "were not looked for: --semantic does" in done.stderr


def test_a_set_that_holds_nothing_out_was_not_looked_at(workspace: Workspace) -> None:
    with workspace.open_store() as store:
        careful = store.curated_set("cases")
        keys = store.latest_layer_keys("gold")
        ids = store.record_ids()
        store.put_set("learn", "d" * 32, careful.manifest, {id: ("train", keys[id]) for id in ids})
        with pytest.raises(UsageError, match="expected held-out records"):
            leakage(workspace, store, "learn")
        half = {id: ("test" if at == 0 else "train", keys[id]) for at, id in enumerate(ids)}
        store.put_set("half", "e" * 32, careful.manifest, half)
    done = CliRunner().invoke(app, ["leakage", "--set", "half", "--workspace", str(workspace.folder)])
    assert "validation against train: not measured, nothing is held out there" in done.stderr
