"""After a command, people read what comes next; scripts read nothing more."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import curate
from typer.main import get_command

from curation.author import human
from curation.decision import Decision, DecisionKind, Verdict
from curation.record import Layer
from pipeline.command import app
from pipeline.commands.next_steps import NEXT, FinishedCommand, with_workspace
from pipeline.workspace import Workspace

#: Options that the suggestions look at, for the commands that have them.
OPTIONS = {
    "annotator": "rules",
    "gold": "gold",
    "name": "mine",
    "stop": False,
    "push": False,
    "dry_run": True,
    "kinds": ["NAME", "DATE"],
    "mode": "mask",
}


def commands(group: Any, *words: str) -> dict[str, Any]:
    """Every command by its words."""
    found = {}
    for name, command in group.commands.items():
        nested = hasattr(command, "commands")
        found |= commands(command, *words, name) if nested else {" ".join((*words, name)): command}
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("next") / "w"
    curate("init", folder)
    rows = [{"id": str(number), "text": f"Report {number}: fever and cough."} for number in range(2)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def next_line(stderr: str) -> str:
    (line,) = [line for line in stderr.splitlines() if line.startswith("next: ")]
    return line.removeprefix("next: ")


def test_every_suggestion_is_a_command_with_its_options(workspace: Path) -> None:
    known = commands(get_command(app))
    assert set(NEXT) <= set(known)
    for path, suggest in NEXT.items():
        line = suggest(FinishedCommand({"folder": workspace, **OPTIONS}))
        words = shlex.split((line or "status").partition(", ")[0])
        length = next(count for count in (3, 2, 1) if " ".join(words[:count]) in known)
        command = known[" ".join(words[:length])]
        # Raises for an option that the command does not have, or an argument that it lacks.
        command.make_context(path, words[length:], resilient_parsing=False)


def test_the_way_from_an_empty_workspace_to_a_verdict(workspace: Path) -> None:
    here = ("--workspace", workspace)
    told = curate("import", workspace / "rows.jsonl", "--language", "en", *here).stderr
    assert next_line(told) == f"curate annotate --with rules --workspace {workspace}"
    told = curate("annotate", "--with", "rules", *here).stderr
    assert next_line(told) == f"curate validate --layer rules --workspace {workspace}"
    assert "next:" not in curate("annotate", "--with", "rules", "--json", *here).stderr
    assert "next:" not in curate("status", *here).stderr


def test_part_of_a_source_is_enough_to_go_on_and_nothing_of_it_is_not(tmp_path: Path) -> None:
    here = ("--workspace", tmp_path / "w")
    assert next_line(curate("init", tmp_path / "w").stderr).startswith("curate import FILE --language en --workspace")
    bad, good = "{broken\n", json.dumps({"id": "1", "text": "A report."}) + "\n"
    (tmp_path / "bad.jsonl").write_text(bad, encoding="utf-8")
    (tmp_path / "some.jsonl").write_text(good + bad, encoding="utf-8")
    assert "next:" not in curate("import", tmp_path / "bad.jsonl", "--language", "en", *here, code=1).stderr
    told = curate("import", tmp_path / "some.jsonl", "--language", "en", *here, code=1).stderr
    assert next_line(told).startswith("curate annotate --with rules")


def test_document_labels_alone_are_not_annotated_by_rules(tmp_path: Path) -> None:
    curate("init", tmp_path)
    (tmp_path / "scheme.yaml").write_text("name: tone\nlabels: {tone: [kind, harsh]}\n", encoding="utf-8")
    (tmp_path / "one.jsonl").write_text(json.dumps({"id": "1", "text": "A report."}) + "\n", encoding="utf-8")
    here = ("--workspace", tmp_path)
    told = curate("import", tmp_path / "one.jsonl", "--language", "en", *here).stderr
    assert next_line(told) == f"curate annotate --with few-shot --workspace {tmp_path}"
    assert curate("annotate", "--with", "rules", *here, code=1).stderr.splitlines() == [
        "error: rules give no document labels, and the scheme tone has nothing else: annotate --with few-shot, which "
        "learns them from a few labelled texts (annotation.few_shot.examples), or with llm:MODEL"
    ]
    done = FinishedCommand({"folder": tmp_path, **OPTIONS})
    assert NEXT["freeze"](done) == "train --set mine"
    checked = FinishedCommand({"folder": tmp_path, **OPTIONS, "action": "check", "curated": ["mine"]})
    # Whoever only looks has made nothing that a next step could be about.
    for looked in ("report_only", "dry"):
        assert NEXT["generate"](FinishedCommand({"folder": tmp_path, looked: True})) is None
    assert NEXT["train"](checked) == "train --set mine"
    assert NEXT["train"](done) == f"annotate --with adapter:{OPTIONS['name']}"
    adapter = tmp_path / "adapters" / str(OPTIONS["name"])
    adapter.mkdir(parents=True)
    shutil.copy(tmp_path / "scheme.yaml", adapter)
    assert NEXT["train"](done) == f"annotate --with adapter:{OPTIONS['name']}"
    (adapter / "scheme.yaml").write_text("name: both\nlabels: {tone: [kind, harsh], urgency: [low, high]}\n")
    expected = f"adapter:{OPTIONS['name']}, once curation.scheme names adapters/{OPTIONS['name']}/scheme.yaml"
    assert NEXT["train"](done) == f"annotate --with {expected}"
    assert NEXT["validate"](done) == "annotate --with few-shot"


def test_what_people_made_is_validated_then_frozen(workspace: Path) -> None:
    opened = Workspace.at(workspace)
    with opened.open_store() as store:
        record = next(iter(store.records()))
        store.add_layers([Layer(record_id=record.id, name=human("ann o"), author=human("ann o"))])
    assert NEXT["review pull"](FinishedCommand({"folder": workspace})) == "validate --layer 'human:ann o'"
    with opened.open_store() as store:
        accepted = Decision(
            record_id=record.id, verdict=Verdict.ACCEPTED, by="p", kind=DecisionKind.LAYER, layer=human("ann o")
        )
        store.decide([accepted])
    assert NEXT["review pull"](FinishedCommand({"folder": workspace})) == "freeze --layer 'human:ann o'"
    done = FinishedCommand({"folder": workspace, "layer": human("ann o")})
    assert NEXT["validate"](done) == "freeze --layer 'human:ann o'"


def test_a_failed_annotation_is_tried_again_not_validated() -> None:
    done = FinishedCommand({"annotator": "llm:m", "layer": "mine"}, failed=True)
    assert str(NEXT["annotate"](done)).startswith("annotate --with llm:m --layer mine --retry-failed")


def test_after_a_dry_run_comes_the_same_command_in_earnest(workspace: Path) -> None:
    here = ("--workspace", workspace)
    told = curate("deidentify", "--dry-run", "--kinds", "NAME", "--mode", "mask", *here).stderr
    assert next_line(told) == f"curate deidentify --kinds NAME --mode mask --workspace {workspace}"
    assert next_line(curate("deidentify", *here).stderr) == f"curate validate --workspace {workspace}"


def test_the_folder_stands_before_words_for_people() -> None:
    line = "curate review pull, once people have submitted"
    assert with_workspace(line, Path("a b")) == "curate review pull --workspace 'a b', once people have submitted"
    assert with_workspace(line, Path()) == line
