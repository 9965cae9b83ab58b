"""The worked examples of docs/schemes.md, word for word: their files are written, their commands are run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from command_line import curate, curate_json

from curation.record import Layer
from pipeline.workspace import Workspace

PAGE = Path(__file__).parents[1] / "docs" / "schemes.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w./]+)`[^\n]*:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)```", flags=re.M | re.S)

Run = Callable[[str], list[CompletedProcess[str]]]

pytestmark = [pytest.mark.model, pytest.mark.expectations]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Does what a section of the page says, in an empty folder or where the last section ended."""
    monkeypatch.chdir(tmp_path)

    def done(section: str) -> list[CompletedProcess[str]]:
        text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
        blocks = [match.groupdict() for match in BLOCK.finditer(text)]
        for block in blocks:
            if block["file"]:
                path = tmp_path / block["file"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block["text"], encoding="utf-8")
        settings = [block["text"] for block in blocks if block["kind"] == "toml"]
        lines = [line for block in blocks if block["kind"] == "sh" for line in block["text"].splitlines()]
        ran = []
        for line in lines:
            command, *words = shlex.split(line)
            assert command == "curate"
            ran.append(curate(*words))
            if words == ["init"]:
                _set(tmp_path / "curate.toml", *settings)
        return ran

    return done


def _set(config: Path, *settings: str) -> None:
    """Write what the page says under its section's head into the config."""
    text = config.read_text(encoding="utf-8")
    for setting in settings:
        head, line = setting.strip().splitlines()
        assert head in text
        text = text.replace(head, f"{head}\n{line}", 1)
    config.write_text(text, encoding="utf-8")


def layers(folder: Path, name: str) -> list[Layer]:
    with Workspace.at(folder).open_store() as store:
        return [item.layers[name] for item in store.items([name]) if name in item.layers]


def test_medication(run: Run, tmp_path: Path) -> None:
    ran = run("Example: medication")
    assert "label, colour, hotkey" in ran[1].stdout
    assert "0 things to mend" in ran[1].stderr
    found = [[(entity.category, entity.text) for entity in layer.entities] for layer in layers(tmp_path, "rules")]
    assert found == [
        [("drug", "lisinopril"), ("dose", "10 mg")],
        [("drug", "amoxicillin"), ("dose", "500 mg")],
        [],
        [("drug", "warfarin"), ("dose", "3 mg")],
    ]
    refused = curate("annotate", "--with", "few-shot", code=1).stderr.splitlines()
    assert len(refused) == 1
    assert refused[0].startswith("error: few-shot has no examples for anything in the scheme medication (en)")
    assert set(curate_json("status")["layers"]) == {"rules"}


def test_smoking_status_and_its_change(run: Run, tmp_path: Path) -> None:
    ran = run("Example: smoking status")
    assert "smoking_status: accuracy" in ran[4].stdout
    report = curate_json("evaluate", "--predicted", "few-shot")
    scores = report["labels"]["smoking_status"]
    assert scores["records"] == 8
    assert scores["accuracy"] >= 0.75
    assert set(scores["per_value"]) == {"current", "past", "never", "unknown"}
    verdicts = curate_json("validate", "--layer", "gold")
    expectations = {found["expectation"] for found in verdicts["expectations"]}
    assert "labels_given" in expectations
    assert "entities_found" not in expectations
    import datasets

    loaded = datasets.load_dataset("exports/hf", cache_dir=str(tmp_path / "hf-cache"))
    rows = [row for split in loaded.values() for row in split]
    assert {row["labels"][0]["value"] for row in rows} == {"current", "past", "never", "unknown"}
    assert all(row["summary"] == {"smoking_status": row["labels"][0]["value"]} for row in rows)
    lines = [
        line for path in Path("exports/chat").glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    answers = [json.loads(json.loads(line)["messages"][2]["content"]) for line in lines]
    assert {answer["smoking_status"] for answer in answers} == {"current", "past", "never", "unknown"}
    trained = curate_json("train")
    assert trained["manifest"]["task"] == "labels"
    assert set(curate_json("annotate", "--with", "adapter")) >= {"done", "failed"}

    before = layers(tmp_path, "gold")
    diffed, planned, migrated = run("When a scheme changes")
    assert "only in the old one" in diffed.stdout
    assert "Would change" in planned.stdout
    assert "frozen sets of another scheme: curated@1" in migrated.stderr
    after = layers(tmp_path, "gold")
    values = ["smoker", "non-smoker", "non-smoker", "unknown", "smoker", "non-smoker", "non-smoker", "unknown"]
    assert [layer.labels["smoking_status"] for layer in after] == values
    assert {layer.author for layer in after} == {layer.author for layer in before}
    with Workspace.at(tmp_path).open_store() as store:
        assert store.layer_history(before[0].record_id)[0].labels == before[0].labels
    assert Workspace.at(tmp_path).scheme.version == 2
    (kept,) = tmp_path.glob("scheme-*.yaml")
    assert "[current, past, never, unknown]" in kept.read_text(encoding="utf-8")
    refused = curate("export", "chat", "--to", tmp_path / "late", code=2).stderr
    assert "was frozen with smoking_status.current, smoking_status.never, smoking_status.past" in refused
