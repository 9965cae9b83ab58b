"""All sets but one teach; the one that is left out is measured by its own names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json
from experiment_workspace import SETTINGS, WORDING, filled

from curation.errors import UsageError
from curation.store import Store
from pipeline.steps.experiment.leave_one_out import leave_one_out
from pipeline.workspace import Workspace

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Workspace:
    """A workspace with three sets."""
    import shutil

    folder = tmp_path_factory.mktemp("sets") / "w"
    shutil.copytree(tiny_encoder, folder / "models" / "tiny")
    made = Workspace.make(folder, SETTINGS)
    with made.open_store() as store:
        for number, name in enumerate(("first", "second", "third")):
            filled(store, 12, name=name, first=20 * number)
    return made


@pytest.fixture
def store(three: Workspace) -> Iterator[Store]:
    with three.open_store() as store:
        yield store


def test_each_set_is_left_out_in_turn_at_several_shots(three: Workspace, store: Store) -> None:
    done = leave_one_out(three, store, ["first", "second", "third"], shots=[0, 2, 100, None])
    content: Any = done.result.content
    assert list(content["left_out"]) == ["first@1", "second@1", "third@1"]
    keys = [cell["key"] for cell in content["cells"] if cell["parameters"]["left out"] == "first@1"]
    assert keys == [*(f"first-1-{way}-seed-0" for way in ("0", "2", "6", "single"))]
    records = [cell["parameters"]["records"] for cell in content["cells"][:4]]
    assert records == [12, 14, 18, 6]
    assert "first@1 has 6 training records: 100 are left out" in done.result.about
    assert [row["shots"] for row in content["left_out"]["first@1"]["against_single"]] == ["0", "2", "6"]
    folder = three.folder / "experiments" / "leave-one-out"
    for path in (*folder.glob("*.json*"), *folder.glob("documents/*"), *folder.glob("result/*")):
        assert not any(word in path.read_bytes() for word in WORDING), path


def test_names_that_the_mapping_leaves_out_are_counted_and_not_measured(
    three: Workspace, store: Store, tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("first: {age: '-', signs_symptoms: finding}\nsecond: {signs_symptoms: finding}\n")
    done = leave_one_out(three, store, ["first", "second"], name="mapped", mapping=mapping, only=["first"], shots=[0])
    content: Any = done.result.content
    (first, _) = content["harmonisation"]["sets"]
    assert first["dropped"] == {"age": 6}
    assert first["renamed"]
    zero = content["cells"][0]
    assert set(zero["categories"]) <= {"finding"}


def test_what_sets_have_in_common_is_left_out_and_counted_or_refused(three: Workspace, store: Store) -> None:
    filled(store, 12, name="copy", first=0, seed=2)  # the records of the first set, divided otherwise
    done = leave_one_out(three, store, ["first", "copy"], name="leaks", shots=[0], only=["copy"])
    assert any("the same record" in line and "left out of training" in line for line in done.result.about)
    content: Any = done.result.content
    assert 0 < content["cells"][0]["parameters"]["records"] < 6  # those that are left out are not counted
    with pytest.raises(UsageError, match="expected sets that have nothing in common with what others are measured by"):
        leave_one_out(three, store, ["first", "copy"], name="refused", refuse_leaks=True)


@pytest.mark.parametrize(
    ("sets", "options", "message"),
    [
        (["first"], {}, "expected two sets or more to leave one out, each once, got first@1"),
        (["first", "first"], {}, "expected two sets or more .* got first@1"),
        (["first", "second", "first@1"], {}, "each once, got first@1, second@1, first@1"),
        (["first", "none"], {}, "expected a curated set, got 'none'"),
        (["first", "second"], {"only": ["third"]}, "expected a set to leave out, got 'third'"),
        (["first", "second"], {"shots": [-1]}, "numbers of records from 0"),
        (["first", "second"], {"split": "train"}, "expected a split to measure on, got 'train'"),
        (["first", "second"], {"mapping": Path("none.yaml")}, "expected a YAML file with a mapping at none.yaml"),
    ],
)
def test_what_does_not_fit_is_refused(
    three: Workspace, store: Store, sets: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        leave_one_out(three, store, sets, name="wrong", **options)
    assert not (three.folder / "experiments" / "wrong").exists()


def test_the_command_prints_what_carries_over(three: Workspace) -> None:
    sets = ("--set", "first", "--set", "second", "--leave-out", "second", "--shots", "0")
    words = ("experiment", "leave-one-out", *sets, "--name", "printed", "--workspace", three.folder)
    printed = curate(*words)
    assert "second@1 left out, strict: 0 of its records: " in printed.stdout
    assert curate_json(*words)["left_out"]["second@1"]["figures"]["0"]
