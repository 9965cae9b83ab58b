"""From a failed record to a person's decision, by the commands alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import command_line
import pytest

pytestmark = pytest.mark.expectations


def curate(workspace: Path, *words: str, code: int = 0) -> dict[str, Any]:
    return command_line.curate_json(*words, "--workspace", workspace, code=code)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a sound record and one that is too short, validated."""
    folder = tmp_path_factory.mktemp("quarantine") / "w"
    command_line.curate("init", "--workspace", folder)
    (folder / "curate.toml").write_text("[validation.similarity]\nenabled = false\n", encoding="utf-8")
    texts = {
        "sound": "A 54-year-old woman came with a fever and a dry cough that had begun a week before.",
        "short": "No.",
    }
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in texts.items()), "utf-8")
    curate(folder, "import", str(rows), "--language", "en")
    curate(folder, "annotate", "--with", "rules")
    assert curate(folder, "validate")["counts"] == {"accepted": 1, "needs_review": 0, "quarantined": 1}
    return folder


def test_what_if_counts_who_would_change_sides(workspace: Path) -> None:
    found = curate(workspace, "validate", "--what-if", "validation.length.minimum=100")
    assert found["moves"][0] | {"ids": None} == {"from": "accepted", "to": "quarantined", "records": 1, "ids": None}
    assert found["expectations"] == [{"expectation": "text_length", "failed": 1, "would_fail": 2}]
    words = ("validate", "--what-if", "validation.lenght.minimum=1", "--workspace", workspace)
    assert "did you mean validation.length?" in command_line.curate(*words, code=1).stderr


def test_what_if_looks_at_the_layer_that_was_validated(workspace: Path) -> None:
    words = ("validate", "--what-if", "validation.length.minimum=100", "--layer", "gold", "--workspace", workspace)
    assert "expected --what-if without --layer" in command_line.curate(*words, code=2).stderr


def test_a_layer_that_there_is_not_is_refused(workspace: Path) -> None:
    words = ("validate", "--layer", "nosuch", "--workspace", workspace)
    assert "expected a layer of the store, got 'nosuch'; there are: rules" in command_line.curate(*words, code=2).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("validate", "--layer", "rulez"), "got 'rulez'; did you mean rules? there are: rules"),
        (("freeze", "--layer", "gold"), "expected a layer of the store, got 'gold'; there are: rules"),
        (("freeze", "--layer", "rules", "--layer", "Rule"), "got 'Rule'; did you mean rules?"),
        (("evaluate", "--gold", "rules", "--predicted", "rule"), "got 'rule'; did you mean rules?"),
        (("review", "push", "--layer", "ruels"), "got 'ruels'; did you mean rules?"),
        (("review", "list", "--layer", "ruels"), "got 'ruels'; did you mean rules?"),
        (("freeze", "--layer", "rules", "--verdict", "acepted"), "did you mean accepted?"),
        (("review", "list", "--verdict", "need_review"), "did you mean needs_review?"),
        (("review", "list", "--of", "txt"), "did you mean text?"),
        (("quarantine", "list", "--expectation", "text_lenght"), "did you mean text_length?"),
        (("review", "list", "--expectation", "lengh"), "expected an expectation, got 'lengh'"),
        (("quarantine", "show", "nobody"), "expected a record, got 'nobody'"),
        (("quarantine", "release", "short", "--reason", "why"), "say who you are once with `curate whoami NAME`"),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(workspace: Path, monkeypatch, tmp_path, words, message):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    done = command_line.curate(*words, "--workspace", workspace, code=2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_validate_says_what_was_not_measured_and_why(workspace: Path) -> None:
    done = command_line.curate("validate", "--workspace", workspace)
    said = " ".join((done.stdout + done.stderr).split())
    assert "not measured (nothing applies: no record translates another): translated, nothing_added," in said
    assert "not measured (nothing applies: no set is frozen): no_leakage" in said
    told = {finding["expectation"]: finding for finding in curate(workspace, "validate")["expectations"]}
    assert told["no_leakage"]["not_measured"] == "nothing applies: no set is frozen"
    assert (told["no_leakage"]["success"], told["text_present"]["success"]) == (False, True)


def test_a_release_is_signed_and_stays(workspace: Path) -> None:
    (set_aside,) = curate(workspace, "quarantine", "list")["quarantined"]
    id = set_aside["record_id"]
    assert set_aside["source_id"] == "short"
    assert curate(workspace, "quarantine", "show", "short")["record"] == id
    assert curate(workspace, "quarantine", "show", id, "--text")["text"] == "No."
    answer = curate(
        workspace, "quarantine", "release", id[:6], "nobody", "--reason", "short but whole", "--by", "ruth", code=1
    )
    assert [decision["by"] for decision in answer["decided"]] == ["human:ruth"]
    assert [refusal[0] for refusal in answer["refused"]] == ["nobody"]
    assert curate(workspace, "quarantine", "list")["quarantined"] == []
    again = curate(workspace, "validate")
    assert again["counts_by_kind"]["text"] == {"accepted": 1, "needs_review": 0, "quarantined": 0}
    assert (again["counts"], again["decided_by_others"]) == ({"accepted": 1, "needs_review": 1, "quarantined": 0}, {})
    (logged,) = curate(workspace, "quarantine", "log")["decisions"]
    assert (logged["record_id"], logged["reason"], logged["verdict"]) == (id, "short but whole", "accepted")
