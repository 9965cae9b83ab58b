"""Damaged files of Great Expectations are one line; what is ours is made anew, what a steward wrote stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import curate
from verdicts import gravest

from curation.errors import ConfigError
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.store import Store
from pipeline.workspace import Workspace
from validation.gx.remake import remake
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation.verdict import judge
from validation.what_if import what_if

pytestmark = pytest.mark.expectations

SUITE = "gx/expectations/curated.json"
HAND = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "words", "min_value": 2},
    "meta": {},
    "severity": "critical",
}


def filled(store: Store, scheme: Scheme, settings: ValidationSettings) -> None:
    text, entities = parse_markup("Die [54-jährige]{age} Patientin kam mit [Fieber]{signs_symptoms} auf die Station.")
    store.add_records([Record(id="r1", group="r1", source="test", language="de", text=text)])
    store.add_layers([Layer(record_id="r1", name="rules", author="rules@1", entities=entities)])
    stage = Measure.over(store, scheme, settings)
    store.put_measures(stage.name, {found.record_id: found.measures for found in stage(list(store.items(stage.reads)))})


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory, scheme: Scheme, settings: ValidationSettings) -> Path:
    """A workspace that was judged, with an expectation of a steward and one of ours deleted; to be copied."""
    folder = tmp_path_factory.mktemp("judged")
    with Workspace.make(folder).open_store() as store:
        filled(store, scheme, settings)
        judge(store, scheme, settings, folder)
        content = json.loads((folder / SUITE).read_text())
        content["expectations"] = [*content["expectations"][1:], HAND]
        (folder / SUITE).write_text(json.dumps(content))
        judge(store, scheme, settings, folder)
    return folder


@pytest.fixture
def folder(judged_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(judged_once, tmp_path / "workspace"))


def half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "half": half,
    "other JSON": lambda file: file.write_text("{}"),
    "no text": lambda file: file.write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("gx/great_expectations.yml", True),
        (SUITE, False),
        ("gx/checkpoints/validate.json", True),
        ("gx/validation_definitions/curated.json", True),
    ],
)
def test_a_damaged_file_is_one_line_and_ours_is_made_anew(
    folder: Path, scheme: Scheme, settings: ValidationSettings, name: str, by_hand: bool, damage: str
) -> None:
    before = (folder / SUITE).read_bytes()
    DAMAGES[damage](folder / name)
    damaged = (folder / name).read_bytes()
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        with pytest.raises(ConfigError, match=r"cannot be read.*--remake-suite") as refused:
            judge(store, scheme, settings, folder)
        assert "\n" not in str(refused.value)
        assert (folder / name).read_bytes() == damaged, "nothing is made anew unasked"
        assert (folder / SUITE).read_bytes() == (damaged if name == SUITE else before)
        lines = remake(folder)
        assert any(Path(name).name in line for line in lines)
        verdicts = judge(store, scheme, settings, folder)
        assert verdicts.by_hand == (("words_be_between",) if by_hand else ())
        assert verdicts.deleted == ()
        assert set(gravest(store)) == {"r1"}
    assert (folder / f"{name}.aside-1").read_bytes() == damaged


def test_an_intact_suite_loses_only_what_is_ours_and_gets_it_back(
    folder: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        first = judge(store, scheme, settings, folder)
        assert (len(first.deleted), first.by_hand) == (1, ("words_be_between",))
        (line,) = remake(folder)
        assert line.endswith("expectations of ours are made anew, 1 that were added or changed by hand stay")
        second = judge(store, scheme, settings, folder)
    assert (second.deleted, second.by_hand) == ((), ("words_be_between",))
    assert not list(folder.rglob("*.aside-*"))


def test_a_file_of_an_own_checkpoint_that_is_damaged_is_none_of_ours(
    folder: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    own = folder / "gx" / "checkpoints" / "nightly.json"
    own.write_text('{"name": "nigh')
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        judge(store, scheme, settings, folder)
    remake(folder)
    assert own.read_text() == '{"name": "nigh'


#: Writes the suite, and is killed before the new one takes the place of the old one.
KILLED = """
import os, signal, sys
from pathlib import Path
from validation.gx.checkpoint import file_context, library
with library() as gx:
    context = file_context(gx, Path(sys.argv[1]))
    suite = context.suites.get("curated")
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    suite.save()
"""


@pytest.mark.server
def test_a_kill_while_the_suite_is_written_leaves_it_as_it_was(
    folder: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    before = (folder / SUITE).read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert (folder / SUITE).read_bytes() == before
    assert list(folder.rglob("*.unfinished"))
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        judge(store, scheme, settings, folder)
    assert not list(folder.rglob("*.unfinished"))


@pytest.mark.server
def test_two_first_validations_at_once_end_as_one_does(
    tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    for name in ("alone", "together"):
        workspace = Workspace.make(tmp_path / name)
        (tmp_path / name / "curate.toml").write_text("[validation.similarity]\nenabled = false\n")
        with workspace.open_store() as store:
            filled(store, scheme, settings)
    curate("validate", "--workspace", tmp_path / "alone")
    command = [sys.executable, "-c", "from pipeline.command import main; main()", "validate"]
    both = [
        subprocess.Popen(
            [*command, "--workspace", str(tmp_path / "together")], stdout=-1, stderr=-1, text=True, cwd=Path.cwd()
        )
        for _ in range(2)
    ]
    ended = [(process.communicate(), process.returncode) for process in both]
    assert [code for _, code in ended] == [0, 0], ended
    assert any("another validation of this workspace is at work" in errors for (_, errors), _ in ended)
    found = [expectations(tmp_path / name) for name in ("alone", "together")]
    assert found[0] == found[1]


def expectations(folder: Path) -> list[object]:
    content = json.loads((folder / SUITE).read_text())
    return sorted(json.dumps([entry["type"], entry["kwargs"]], sort_keys=True) for entry in content["expectations"])


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name", ["gx/plugins/clincurate_expectations.py", "reports/validation/findings.json", "results"]
)
def test_what_each_validation_makes_again_needs_nobody(
    folder: Path, scheme: Scheme, settings: ValidationSettings, name: str, damage: str
) -> None:
    results = next((folder / "gx" / "uncommitted" / "validations").rglob("*.json"))
    DAMAGES[damage](results if name == "results" else folder / name)
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        asked = what_if(store, scheme, settings, settings, folder)
        assert (asked.records, asked.moved) == (1, 0)
        verdicts = judge(store, scheme, settings, folder)
    assert ("the results cannot be read" in verdicts.data_docs.read_text()) is (name == "results")
