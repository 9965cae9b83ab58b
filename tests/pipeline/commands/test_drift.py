"""`curate drift`, from a frozen set to a verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import curate, curate_json


def import_texts(workspace: Path, name: str, texts: list[str]) -> None:
    rows = workspace / f"{name}.jsonl"
    rows.write_text("".join(json.dumps({"id": f"{name}{at}", "text": text}) + "\n" for at, text in enumerate(texts)))
    curate("import", rows, "--language", "en", "--source-name", name, "--workspace", workspace)


@pytest.mark.model
def test_new_records_are_held_against_a_frozen_set(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    (folder / "curate.toml").write_text("[validation.similarity]\nenabled = false\n", encoding="utf-8")
    import_texts(folder, "old", [f"A {20 + at}-year-old woman had a fever on day {at} at home." for at in range(12)])
    here = ("--workspace", folder)
    curate("annotate", "--with", "rules", *here)
    curate("validate", *here)
    assert curate_json("freeze", "--name", "first", "--layer", "rules", *here)
    words = "stent valve graft lumen scan shunt".split()
    import_texts(folder, "new", [f"The {words[at % 6]} was placed and the {words[-at % 6]} held." for at in range(12)])
    found = curate_json("drift", "--against", "first", "--source", "new", *here, code=1)
    assert found["not_measured"] == ["entities a record", "categories", "embeddings"]
    assert (found["before"], found["after"], found["drifted"]) == (12, 12, True)
    assert next(feature for feature in found["features"] if feature["feature"] == "vocabulary")["drifted"]
    said = curate("drift", "--against", "first", "--source", "new", *here, code=1)
    assert "not measured, for a side has too little of it: entities a record, categories, embeddings" in said.stderr
    import_texts(
        folder, "same", [f"A {20 + at}-year-old woman had a fever on day {11 - at} at home." for at in range(12)]
    )
    found = curate_json("drift", "--against", "first", "--source", "same", *here)
    assert not found["drifted"]
    assert curate_json("drift", "--against", "none", *here, code=2) == {}
    told = curate("drift", "--against", "first", "--source", "sane", *here, code=2).stderr
    assert "expected a source of a record, got 'sane'; did you mean same?" in told
    import_texts(folder, "few", ["A man had a fever for a day and went home well."])
    told = curate("drift", "--against", "first", "--source", "few", *here, code=2).stderr
    assert "got 12 in the set and 1 to compare; import and annotate more" in told
    misspelt = curate("drift", "--against", "first", "--source", "nwe", *here, code=2)
    assert "got 'nwe'; did you mean new?" in misspelt.stderr
    both = ("--source", "new", "--batch", "first")
    assert "--batch, got both" in curate("drift", "--against", "first", *both, *here, code=2).stderr
    report = json.loads(Path(curate_json("validate", *here)["report"]).with_name("validation.json").read_text())
    assert (report["drift"]["against"], report["drift"]["found"]) == ("first@1", found)
