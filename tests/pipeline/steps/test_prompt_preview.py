"""Another prompt on a sample: what would change is shown, no layer is stored, and nothing is paid twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import curate, curate_json

from pipeline.workspace import Workspace

TEXTS = {"r1": "A 54-year-old man with fever.", "r2": "She had a cough.", "r3": "He had no complaints."}


def entities(*quotes: tuple[str, str]) -> dict[str, object]:
    listed = [{"text": text, "category": name, "assertion": "present"} for text, name in quotes]
    return {"entities": [{"id": number, **entity} for number, entity in enumerate(listed, 1)], "relations": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    here = tmp_path / "w"
    curate("init", here)
    rows = "\n".join(f'{name},"{text}"' for name, text in TEXTS.items())
    (tmp_path / "a.csv").write_text(f"id,text\n{rows}\n", encoding="utf-8")
    curate("import", tmp_path / "a.csv", "--language", "en", "--workspace", here)
    script = [
        {"if": TEXTS["r1"], "answer": entities(("54-year-old", "age"), ("fever", "signs_symptoms"))},
        {"if": TEXTS["r2"], "answer": entities(("cough", "signs_symptoms"))},
        {"if": TEXTS["r3"], "answer": entities()},
    ]
    (here / "script.jsonl").write_text("\n".join(map(json.dumps, script)), encoding="utf-8")
    settings = here / "curate.toml"
    content = settings.read_text(encoding="utf-8")
    settings.write_text(f'{content}\n[models.m]\nkind = "scripted"\nscript = "{here}/script.jsonl"\n', encoding="utf-8")
    own = "{% block system %}WORDS{% endblock %}{% block user %}<{{ tag }}>\n{{ text }}\n</{{ tag }}>{% endblock %}"
    (here / "same.v1.jinja").write_text(own.replace("WORDS", "Find."), encoding="utf-8")
    (here / "other.v1.jinja").write_text(own.replace("WORDS", "Find everything."), encoding="utf-8")
    curate("annotate", "--with", "llm:m", "--layer", "llm", "--workspace", here)
    return here


def test_a_preview_shows_what_would_change_and_stores_no_layer(folder):
    with Workspace.at(folder).open_store() as store:
        before = {item.record.id: item.layers["llm"].digest for item in store.items(["llm"])}
    found = curate_json("prompt", "preview", "--with", folder / "same.v1.jinja", "--workspace", folder)
    assert (found["old_author"], found["author"]) == ("llm:m@entities.v1", "llm:m@same.v1")
    assert (found["differ"], found["failed"], found["spending"]["answers"]) == (0, 0, 3)
    script = [
        {"if": "Find everything.", "answer": entities(("fever", "diagnosis"), ("melanoma", "diagnosis"))},
    ]
    (folder / "script.jsonl").write_text("\n".join(map(json.dumps, script)), encoding="utf-8")
    found = curate_json("prompt", "preview", "--with", folder / "other.v1.jinja", "--workspace", folder)
    assert found["differ"] == 3
    by_text = {tuple(map(tuple, record["added"])) for record in found["records"]}
    assert (("diagnosis", "fever", "present"), ("diagnosis", "melanoma", "present")) in by_text
    printed = curate("prompt", "preview", "--with", folder / "other.v1.jinja", "--workspace", folder)
    assert "melanoma" not in printed.stdout + printed.stderr
    assert "3 of 3 records would change; 0 answers were asked for" in printed.stderr
    with Workspace.at(folder).open_store() as store:
        assert {item.record.id: item.layers["llm"].digest for item in store.items(["llm"])} == before


def test_annotating_with_the_previewed_prompt_pays_only_for_the_rest(folder):
    one = curate_json("prompt", "preview", "--with", folder / "same.v1.jinja", "--sample", "1", "--workspace", folder)
    again = curate_json("prompt", "preview", "--with", folder / "same.v1.jinja", "--sample", "2", "--workspace", folder)
    assert (len(one["records"]), one["spending"]["answers"]) == (1, 1)
    assert (len(again["records"]), again["spending"]["answers"]) == (2, 1)
    assert one["records"][0]["record"] in [record["record"] for record in again["records"]]


def test_a_preview_without_the_layer_or_beyond_a_cap_says_so(folder):
    said = curate("prompt", "preview", "--with", "naive", "--layer", "nothing", "--workspace", folder, code=2).stderr
    assert "expected records with the layer nothing" in said
    capped = ("prompt", "preview", "--with", "naive", "--max-tokens", "1", "--workspace", folder)
    assert curate_json(*capped)["records"] == []
    assert "stopped before the whole sample" in curate(*capped).stderr


def test_a_record_that_fails_is_shown_with_its_error(folder):
    found = curate_json("prompt", "preview", "--with", "naive", "--workspace", folder)
    assert (found["failed"], found["differ"]) == (3, 3)
    assert all(record["error"].startswith("unparsable: ") for record in found["records"])
    # What could not be read is not absent.
    assert all((record["removed"], record["added"]) == ([], []) for record in found["records"])
    printed = curate("prompt", "preview", "--with", "naive", "--workspace", folder)
    assert "3 of these failed" in printed.stderr
