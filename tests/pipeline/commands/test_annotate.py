"""`curate annotate` tells what it mended and left out."""

from __future__ import annotations

import json
from pathlib import Path

from chat_server import chat_server, completion
from command_line import curate, curate_json


def test_what_was_read_otherwise_or_left_out_of_answers_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    here = ("--workspace", folder)
    curate("init", *here)
    rows = [{"id": str(number), "text": f"Report {number}. No fever, no rash."} for number in range(3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "en", *here)
    entities = [
        {"text": "fever", "category": "signs_symptoms", "assertion": "denied"},
        {"text": "rash", "category": "signs_symptoms", "assertion": "wavering"},
    ]
    with chat_server() as server:
        server.respond = lambda body: completion(f"<think>{{...}}</think>{json.dumps({'entities': entities})}")
        (folder / "curate.toml").write_text(f'[annotation.llm]\nurl = "{server.url}"\nmodel = "m"\n', encoding="utf-8")
        found = curate_json("annotate", "--with", "llm", *here)
        printed = curate("annotate", "--with", "llm", "--layer", "again", *here).stdout
    assert found["notes"] == {
        "answers with words around the JSON": 3,
        "left out: unknown assertion": 3,
        "read: denied as negated": 3,
    }
    assert "left out: unknown assertion" in printed
    (manifest,) = (folder / "runs").glob("00002-annotate.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["outcome"]["notes"] == found["notes"]
