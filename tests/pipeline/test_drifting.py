"""`curate drift`, from a frozen set to a verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CURATE = Path(sys.executable).with_name("curate")


def curate(workspace: Path, *words: str, code: int = 0) -> dict:
    done = subprocess.run(
        [CURATE, *words, "--json", "--workspace", workspace], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout else {}


def import_texts(workspace: Path, name: str, texts: list[str]) -> None:
    rows = workspace / f"{name}.jsonl"
    rows.write_text("".join(json.dumps({"id": f"{name}{at}", "text": text}) + "\n" for at, text in enumerate(texts)))
    curate(workspace, "import", str(rows), "--language", "en", "--source-name", name)


def test_new_records_are_held_against_a_frozen_set(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    subprocess.run([CURATE, "init", "--workspace", folder], check=True, capture_output=True)
    (folder / "curate.toml").write_text("[validation.similarity]\nenabled = false\n", encoding="utf-8")
    import_texts(folder, "old", [f"A {20 + at}-year-old woman had a fever on day {at} at home." for at in range(12)])
    curate(folder, "annotate", "--with", "rules")
    curate(folder, "validate")
    frozen = curate(folder, "freeze", "--name", "first", "--layer", "rules")
    assert frozen
    words = "stent valve graft lumen scan shunt".split()
    import_texts(folder, "new", [f"The {words[at % 6]} was placed and the {words[-at % 6]} held." for at in range(12)])
    found = curate(folder, "drift", "--against", "first", "--source", "new")
    assert (found["before"], found["after"], found["drifted"]) == (12, 12, True)
    assert next(one for one in found["features"] if one["feature"] == "vocabulary")["drifted"]
    assert curate(folder, "drift", "--against", "none", code=2) == {}
    told = json.loads(Path(curate(folder, "validate")["report"]).with_name("validation.json").read_text())
    assert (told["drift"]["against"], told["drift"]["found"]) == ("first@1", found)
