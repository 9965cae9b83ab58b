"""A record of which a part was not answered: its layer is kept, and the record is listed until the rest is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import curate, curate_json

from pipeline.workspace import Workspace

TEXT = " ".join(f"On day {number} she had fever{number} again." for number in range(1, 21))


def quote(number: int) -> dict[str, object]:
    return {"id": 1, "text": f"fever{number}", "category": "signs_symptoms", "assertion": "present"}


@pytest.mark.parametrize(
    ("failed", "may_pass"), [({"answer": "", "finish": "refused"}, False), ({"error": "denied"}, True)]
)
def test_what_was_answered_is_stored_and_the_record_is_listed_as_incomplete(tmp_path: Path, failed, may_pass):
    folder = tmp_path / "w"
    curate("init", folder)
    (tmp_path / "a.csv").write_text(f'id,text\nx1,"{TEXT}"\n', encoding="utf-8")
    curate("import", tmp_path / "a.csv", "--language", "en", "--workspace", folder)
    script = [
        {"if": "fever1 ", "answer": {"entities": [quote(1)], "relations": []}},
        {"if": "fever20 ", **failed},
        {"if": "", "answer": {"entities": [], "relations": []}},
    ]
    (folder / "script.jsonl").write_text("\n".join(map(json.dumps, script)), encoding="utf-8")
    settings = folder / "curate.toml"
    content = settings.read_text(encoding="utf-8").replace("# window = 4000", "window = 100")
    settings.write_text(
        f'{content}\n[models.m]\nkind = "scripted"\nscript = "{folder}/script.jsonl"\n', encoding="utf-8"
    )
    done = curate_json("annotate", "--with", "llm:m", "--layer", "llm", "--workspace", folder, code=1)
    assert (done["failed"], done["notes"]["texts in several windows"]) == (1, 1)
    (failure,) = curate_json("status", "--workspace", folder)["failures"]
    assert failure["error"].startswith("incomplete: ")
    assert failure["may_pass"] == may_pass
    with Workspace.at(folder).open_store() as store:
        (item,) = store.items(["llm"])
    layer = item.layers["llm"]
    assert [entity.text for entity in layer.entities] == ["fever1"]
    assert [TEXT[slice(*part["window"])].count("fever20 ") for part in layer.provenance["unread"]] == [1]
