"""A learning curve in a workspace: nothing is trained twice, and a killed one ends as if it had not been."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json
from experiment_workspace import SETTINGS, WORDING
from verdicts import given

from curation.errors import UsageError
from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.config import commented_config
from pipeline.steps.experiment.learning_curve import learning_curve
from pipeline.workspace import CONFIG_FILE, Workspace

pytestmark = [pytest.mark.model, pytest.mark.server]


#: In a process of its own, which is killed by the system at its third step.
KILLED = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from pipeline.steps.experiment.learning_curve import learning_curve
from pipeline.workspace import Workspace

steps = []

@contextmanager
def shown(title, total):
    def advance(records, failed=0, *, note="", **rest):
        steps.extend([note] if "step" in note else [])
        if len(steps) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    yield advance

workspace = Workspace.at(Path(sys.argv[1]))
with workspace.open_store() as store:
    learning_curve(workspace, store, name="ended", sizes=[2, 4, None], seeds=1, progress=shown)
"""


class Killed:
    """A progress that ends the process, as a signal does, once it was told so often."""

    def __init__(self, after: int) -> None:
        self.left = after

    @contextmanager
    def __call__(self, title: str, total: int | None) -> Iterator[object]:
        def advance(records: int, failed: int = 0, *, note: str = "", **rest: object) -> None:
            self.left -= "step" in note
            if self.left < 0:
                raise KeyboardInterrupt

        yield advance


def test_a_killed_curve_goes_on_and_ends_the_same(workspace: Workspace, store: Store) -> None:
    whole = learning_curve(workspace, store, name="whole", sizes=[2, 4, None], seeds=1, reach=[0.99])
    for after in (1, 4):
        with pytest.raises(KeyboardInterrupt):
            learning_curve(workspace, store, name="ended", sizes=[2, 4, None], seeds=1, progress=Killed(after))  # type: ignore[arg-type]
    lines = (KILLED, workspace.folder)
    killed = subprocess.run([sys.executable, "-c", *map(str, lines)], check=False, capture_output=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    seen: list[str] = []

    @contextmanager
    def watched(title: str, total: int | None) -> Iterator[object]:
        yield lambda records, failed=0, note="", **rest: seen.append(note)

    done = learning_curve(
        workspace,
        store,
        name="ended",
        sizes=[2, 4, None],
        seeds=1,
        reach=[0.99],
        progress=watched,  # type: ignore[arg-type]
    )
    assert seen[0].startswith("cell ")
    assert done.result.content["curve"] == whole.result.content["curve"]
    folder = workspace.folder / "experiments" / "ended"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("documents", "ledger.jsonl", "lock", "plan.json", "result"),
    ]
    cells = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert [cell["key"] for cell in cells] == ["size-2-seed-0", "size-4-seed-0", "size-12-seed-0"]
    weights = [cell["details"]["weights"] for cell in cells]
    kept = (workspace.folder / "experiments" / "whole" / "ledger.jsonl").read_text()
    assert all(digest in kept for digest in weights)
    spent = cells[-1]["spent"]
    assert spent["tokens"] > 0
    assert spent["training_seconds"] > 0
    assert set(cells[-1]["languages"]) == {"de", "en"}
    # Again: nothing is trained, and the same comes out.
    assert learning_curve(workspace, store, name="ended", sizes=[2], seeds=1).result.content["curve"]["seeds"] == 1  # type: ignore[call-overload, index]


def test_a_cell_that_was_trained_and_not_yet_scored_tells_all_its_epochs(workspace: Workspace, store: Store) -> None:
    class EndsInScoring(Killed):
        @contextmanager
        def __call__(self, title: str, total: int | None) -> Iterator[object]:
            def advance(records: int, failed: int = 0, *, note: str = "", **rest: object) -> None:
                if "scoring" in note:
                    raise KeyboardInterrupt

            yield advance

    with pytest.raises(KeyboardInterrupt):
        learning_curve(workspace, store, name="scored", sizes=[4], seeds=1, progress=EndsInScoring(0))  # type: ignore[arg-type]
    assert (workspace.folder / "experiments" / "scored" / "adapters" / "size-4-seed-0").is_dir()
    content: Any = learning_curve(workspace, store, name="scored", sizes=[4], seeds=1).result.content
    assert content["cells"][0]["details"]["epochs"] == 2
    assert content["cells"][0]["spent"]["tokens"] > 0


def test_patients_are_not_cut_and_no_word_of_theirs_is_in_the_files(workspace: Workspace, store: Store) -> None:
    done = learning_curve(workspace, store, name="odd", sizes=[3], seeds=1, keep=True)
    (cell,) = done.result.content["cells"]  # type: ignore[misc, union-attr]
    assert cell["parameters"] == {"size": 3, "records": 4, "seed": 0}  # type: ignore[index, call-overload]
    folder = workspace.folder / "experiments" / "odd"
    assert (folder / "adapters" / "size-3-seed-0" / "clincurate.json").is_file()
    for path in (*folder.glob("*.json*"), *folder.glob("documents/*"), *folder.glob("result/*")):
        content = path.read_bytes()
        assert not any(word in content for word in WORDING), path


def test_sizes_with_the_same_whole_patients_are_trained_once(workspace: Workspace, store: Store) -> None:
    content: Any = learning_curve(workspace, store, name="same", sizes=[3, 4, None], seeds=1).result.content
    first, second, _ = content["cells"]
    assert (first["parameters"]["records"], second["parameters"]["records"]) == (4, 4)
    assert second["details"]["same_as"] == "size-3-seed-0"
    assert (second["spent"]["seconds"], second["scores"]) == (0, first["scores"])
    assert [size["records"] for size in content["curve"]["sizes"]] == [4, 4, 12]
    assert content["curve"]["no_fit"] == "too few sizes to fit: 2, a fit needs 3"


def test_more_sizes_and_seeds_join_and_other_settings_are_refused(workspace: Workspace, store: Store) -> None:
    learning_curve(workspace, store, name="grows", sizes=[2], seeds=1)
    done = learning_curve(workspace, store, name="grows", sizes=[2, 4], seeds=1)
    assert len(done.result.content["cells"]) == 2  # type: ignore[arg-type]
    path = workspace.folder / CONFIG_FILE
    before = path.read_text()
    path.write_text(commented_config(SETTINGS | {"training.epochs": 3}))
    try:
        with pytest.raises(UsageError, match=r"training\.epochs was 2, now 3; choose another --name"):
            learning_curve(Workspace.at(workspace.folder), store, name="grows", sizes=[2], seeds=1)
        path.write_text(commented_config(SETTINGS | {"curation.scoring.rouge": "unicode-v1"}))
        with pytest.raises(UsageError, match=r"curation\.scoring\.rouge was snowball-v1, now unicode-v1"):
            learning_curve(Workspace.at(workspace.folder), store, name="grows", sizes=[2], seeds=1)
    finally:
        path.write_text(before)
    plan = workspace.folder / "experiments" / "grows" / "plan.json"
    kept = json.loads(plan.read_text())
    # The plan of an earlier version, which had no settings of scoring, and settings of training at their defaults.
    kept["fixed"] = {key: value for key, value in kept["fixed"].items() if not key.startswith("curation.scoring")}
    kept["fixed"] |= {"training.heads": "one", "training.crf": False, "training.members": 1}
    plan.write_text(json.dumps(kept))
    assert len(learning_curve(workspace, store, name="grows", sizes=[2, 4], seeds=1).result.content["cells"]) == 2  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="split was test, now validation"):
        learning_curve(workspace, store, name="grows", sizes=[2], seeds=1, split="validation")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": [100]}, "expected sizes from 1 to the 12 records of the training side of cases@1, got 100"),
        ({"sizes": [0, 2]}, "expected sizes from 1 to the 12 records .*, got 0"),
        ({"seeds": 0}, "expected at least one seed, got 0"),
        ({"reach": [1.5]}, "expected a figure above 0 and at most 1 to reach, got 1.5"),
        ({"sizes": [2, 4], "gains": [(2, 3)]}, "expected the gain between .* got 2:3"),
        ({"split": "tset"}, "expected a split to measure on, got 'tset'; did you mean test"),
        ({"curated": "none"}, "expected a curated set, got 'none'"),
        ({"name": "../x"}, "expected the name of an experiment in letters"),
        ({"figure": "strickt"}, "expected a figure, got 'strickt'; did you mean strict"),
        ({"figure": "bertscore f1"}, "expected a figure, got 'bertscore f1'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    workspace: Workspace, store: Store, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        learning_curve(workspace, store, **options)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    assert not (workspace.folder / "experiments" / "learning-curve").exists()


def test_records_without_anything_to_learn_are_told(tmp_path: Path, tiny_encoder: Path) -> None:
    shutil.copytree(tiny_encoder, tmp_path / "w" / "models" / "tiny")
    workspace = Workspace.make(tmp_path / "w", SETTINGS)
    with workspace.open_store() as store:
        for number in range(6):
            id, text = f"r{number}", f"Report {number} {number} {number} tells nothing."
            store.add_records([Record(id=id, group=id, source="t", language="en", text=text)])
            store.add_layers([Layer(record_id=id, name="gold", author="gold")])
        store.decide(given(store.record_ids(), "gold"))
        freeze(store, load_scheme(), name="n", layers=["gold"], split=SplitSettings(train=0.5, test=0.5, validation=0))
        with pytest.raises(UsageError, match=r"expected figures of at least one cell, there are none: .* without any"):
            learning_curve(workspace, store, sizes=[2], seeds=1)


def test_the_command_prints_its_answers_and_one_object(workspace: Workspace) -> None:
    at = ("--seeds", "1", "--sizes", "2,4,all", "--reach", "0.99", "--gain", "2:4", "--workspace", workspace.folder)
    words = ("experiment", "learning-curve", "--name", "whole", *at)
    printed = curate(*words)
    assert "0.99" in printed.stdout
    assert "One seed: the intervals are over test documents alone" in printed.stderr
    content = curate_json(*words)
    assert content["experiment"] == "whole"
    assert content["curve"]["gains"][0]["larger"] == 4
    refused = curate("experiment", "learning-curve", "--sizes", "2,x", "--workspace", workspace.folder, code=2)
    assert refused.stderr == "error: expected --sizes as whole numbers and all, such as 25,50,all, got '2,x'\n"
    curate("experiment", "learning-curve", "--gain", "2", "--workspace", workspace.folder, code=2)
