"""An annotator that lacks patterns, examples or training says so once, before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate, curate_json

from curation.errors import NothingToGoByError
from curation.store.tables import jobs
from pipeline.steps.annotate import annotate
from pipeline.workspace import Workspace

PATTERNS = "categories:\n  fin:\n    patterns:\n      - {id: a, score: 0.9, tokens: [{LOWER: fin}]}\n"


def workspace_of(folder: Path, scheme: str, lines: list[str], settings: dict[str, object] | None = None) -> Workspace:
    workspace = Workspace.make(folder, settings, notify=lines.append)
    (folder / "scheme.yaml").write_text(scheme, encoding="utf-8")
    return workspace


@pytest.fixture
def records(annotated):
    return [annotated("A fin.")[0], annotated("Another fin.")[0], annotated("Une fin.", language="fr")[0]]


CATEGORY, LABEL = "categories: [fin]", "labels: {fins: [one, two]}"


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [
        ("rules", CATEGORY, "rules has no patterns for anything in the scheme fish"),
        # No pattern that could be written would give a label to a text.
        (
            "rules",
            LABEL,
            "rules give no document labels, and the scheme fish has nothing else: annotate --with few-shot",
        ),
        ("few-shot", CATEGORY, "few-shot has no examples for anything in the scheme fish"),
        ("few-shot", LABEL, "few-shot has no examples for anything in the scheme fish"),
    ],
)
def test_nothing_is_written_where_there_is_nothing_to_go_by(tmp_path, records, name, asked, told):
    lines: list[str] = []
    workspace = workspace_of(tmp_path / "w", f"name: fish\n{asked}\n", lines)
    with workspace.open_store() as store:
        store.add_records(records)
        with pytest.raises(NothingToGoByError, match=f"^{told}"):
            annotate(workspace, store, name)
        assert store.layer_names() == {}
        assert store.runs() == []
    assert lines == []
    refused = curate("annotate", "--with", name, "--workspace", workspace.folder, code=1)
    assert len(refused.stderr.splitlines()) == 1


def test_what_is_lacking_is_said_once_for_each_language(tmp_path, records):
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "en.yaml").write_text(PATTERNS, encoding="utf-8")
    lines: list[str] = []
    settings: dict[str, object] = {"annotation.rules.patterns": tmp_path / "patterns"}
    workspace = workspace_of(tmp_path / "w", "name: fish\ncategories: [fin, gill]\n", lines, settings)
    with workspace.open_store() as store:
        store.add_records(records)
        assert annotate(workspace, store, "rules").done == 3
    assert lines == [
        "rules has no patterns for gill in en: 2 records get none of these from it; write some in "
        "annotation.rules.patterns",
        "rules has no patterns for anything in fr: 1 records get none of these from it; write some in "
        "annotation.rules.patterns",
    ]


def test_the_shipped_annotators_have_something_for_all_of_the_default_scheme(tmp_path, annotated):
    lines: list[str] = []
    workspace = Workspace.make(tmp_path / "w", notify=lines.append)
    with workspace.open_store() as store:
        store.add_records([annotated("Fever.")[0], annotated("Fieber.", language="de")[0]])
        assert annotate(workspace, store, "rules").failed == 0
    assert lines == []


@pytest.mark.parametrize(
    "words",
    [("annotate", "--with", "rules"), ("annotate", "--with", "few-shot"), ("deidentify",), ("deidentify", "--dry-run")],
)
def test_a_command_that_has_no_records_to_work_on_says_so(tmp_path, words):
    curate("init", "--workspace", tmp_path)
    assert "expected records, there are none yet" in curate(*words, "--workspace", tmp_path, code=2).stderr
    assert "expected records" in curate(*words, "--workspace", tmp_path, "--json", code=2).stderr


def test_records_that_failed_before_are_not_passed_over_in_silence(tmp_path, records):
    workspace = workspace_of(tmp_path, "name: age\ncategories: [age]\n", [])
    here = ("--workspace", tmp_path)
    with workspace.open_store() as store:
        store.add_records(records)
        annotate(workspace, store, "rules")
        with store.write() as connection:
            connection.execute(jobs.update().where(jobs.c.record_id == records[0].id).values(state="failed"))
    again = curate("annotate", "--with", "rules", *here, code=1)
    assert "1 records failed before and were not tried again; --retry-failed does" in again.stderr
    found = curate_json("annotate", "--with", "rules", *here, code=1)
    assert (found["done"], found["unchanged"], found["failed_before"]) == (0, 2, 1)
    assert curate_json("annotate", "--with", "rules", "--retry-failed", *here)["done"] == 1


UNREADABLE = {
    "no YAML": "categories: [age",
    "another shape": "categories:\n  fin:\n    patterns: 3\n",
    "an unknown kind": "categories:\n  fin:\n    patterns:\n      - {id: a, score: 0.9, match: 'no_such_kind'}\n",
    "no token pattern": "categories:\n  fin:\n    patterns:\n      - {id: a, score: 0.9, tokens: [{NO_SUCH: fin}]}\n",
    "no text": "\udcff\udcfe",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=list(UNREADABLE))
@pytest.mark.parametrize(("name", "setting"), [("rules", "rules.patterns"), ("few-shot", "few_shot.examples")])
def test_a_file_that_cannot_be_loaded_stops_before_the_first_record(tmp_path, records, name, setting, content):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "en.yaml").write_text(content, encoding="utf-8", errors="surrogateescape")
    _stops(tmp_path, records, name, {f"annotation.{setting}": str(folder)})


PROMPTS = {
    "no blocks": "{{ text }}",
    "no jinja": "{% block system %}{{ text",
    "an unknown name": "{% block system %}{{ no_such }}{% endblock %}{% block user %}{{ text }}{% endblock %}",
    "no text": "\udcff\udcfe",
}


@pytest.mark.parametrize("content", PROMPTS.values(), ids=list(PROMPTS))
def test_a_prompt_that_cannot_be_filled_stops_before_the_first_record(tmp_path, records, content):
    prompt = tmp_path / "prompt.jinja"
    prompt.write_text(content, encoding="utf-8", errors="surrogateescape")
    settings = {"models.none.urls": "http://127.0.0.1:9/v1", "annotation.llm.prompt": str(prompt)}
    _stops(tmp_path, records, "llm", settings)


@pytest.mark.model
def test_an_encoder_that_is_not_there_stops_before_the_first_record(tmp_path, records):
    _stops(tmp_path, records, "few-shot", {"annotation.few_shot.encoder": str(tmp_path / "nowhere")})


def _stops(tmp_path, records, name, settings):
    workspace = workspace_of(tmp_path / "w", f"name: fish\n{CATEGORY}\n", [], settings)
    with workspace.open_store() as store:
        store.add_records(records)
    refused = curate("annotate", "--with", name, "--workspace", workspace.folder, code=1)
    assert "Traceback" not in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("error: ")
    with workspace.open_store() as store:
        assert (store.failures(), store.count_jobs(), store.layer_names()) == ([], {}, {})


def test_a_server_that_is_not_there_is_asked_again_by_the_next_run(tmp_path, records):
    settings = {"urls": "http://127.0.0.1:9/v1", "attempts": 1, "backoff": 0}
    overrides = {f"models.none.{name}": value for name, value in settings.items()}
    workspace = workspace_of(tmp_path / "w", f"name: fish\n{CATEGORY}\n", [], overrides)
    with workspace.open_store() as store:
        store.add_records(records)
    here = ("--workspace", workspace.folder)
    for _ in range(2):
        ended = curate("annotate", "--with", "llm", *here, code=1)
        assert "3 records failed by no fault of theirs" in ended.stderr
    shown = curate("status", *here)
    assert "Failures (3); the next run tries 3 again by itself" in shown.stdout
    assert [(row["may_pass"], row["attempts"]) for row in curate_json("status", *here)["failures"]] == [(True, 0)] * 3
