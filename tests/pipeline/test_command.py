"""The command as scripts see it: forms, exit codes, JSON."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import curate
from typer.main import get_command

from pipeline.command import app, command_for

pytestmark = pytest.mark.server

CURATE = Path(sys.executable).with_name("curate")


def process(*words, code=0):
    """The installed script, in a process of its own."""
    done = subprocess.run([CURATE, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with four reports in it, one of which came in twice, and one bad row beside them."""
    folder = tmp_path_factory.mktemp("command") / "w"
    curate("init", "--workspace", folder)
    rows = [{"id": n, "text": f"A {40 + n}-year-old woman had fever and a cough. She recovered."} for n in range(4)]
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]) + "{broken\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def imported(workspace):
    done = process("import", workspace / "rows.jsonl", "--language", "en", "--json", "--workspace", workspace, code=1)
    return workspace, json.loads(done.stdout)


def test_help_loads_no_heavy_library():
    code = (
        "import sys, pipeline.command; "
        "print(sorted({'torch', 'transformers', 'spacy', 'pandas', 'great_expectations', 'datasets', "
        "'sqlalchemy', 'pydantic', 'numpy', 'label_studio_sdk'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    printed = process("--help").stdout
    for command in (
        "init import generate annotate validate review freeze train evaluate export run status doctor report"
    ).split():
        assert command in printed


def test_a_line_that_begins_with_a_command_builds_that_one_alone():
    whole = get_command(app)
    for word, command in whole.commands.items():
        (alone,) = command_for(word).commands.values()
        assert (alone.name, alone.help) == (word, command.help)
        assert [option.opts for option in alone.params] == [option.opts for option in command.params]
        assert list(getattr(alone, "commands", ())) == list(getattr(command, "commands", ()))
    for other in (None, "", "--help", "--version", "statu"):
        assert list(command_for(other).commands) == list(whole.commands)


def test_a_list_of_what_is_set_aside_loads_no_measure_and_no_gate(imported):
    folder, _ = imported
    code = (
        "import atexit, sys; from pipeline.command import main; "
        "atexit.register(lambda: print(sorted({'numpy', 'validation.measures.table', 'curation.sources', "
        "'curation.egress.gate', 'curation.deidentify.identifiers.analyzer'} & set(sys.modules)), file=sys.stderr)); "
        f"sys.argv = ['curate', 'quarantine', 'list', '--workspace', {str(folder)!r}]; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_version_is_shown():
    assert re.fullmatch(r"clincurate \d+\.\d+\.\d+ \(Python 3\.\d+\.\d+\)\n", curate("--version").stdout)


@pytest.mark.parametrize("words", [["{}"], ["--workspace", "{}"]])
def test_a_workspace_is_made_by_its_name(tmp_path, words):
    curate("init", *(word.format(tmp_path / "w") for word in words))
    assert (tmp_path / "w" / "curate.toml").is_file()


def test_a_workspace_has_one_name(tmp_path):
    done = curate("init", tmp_path / "a", "--workspace", tmp_path / "b", code=2)
    assert "expected one folder" in done.stderr


def test_the_shell_completes_commands_without_a_heavy_library():
    asked = {"_CURATE_COMPLETE": "complete_bash", "COMP_WORDS": "curate va", "COMP_CWORD": "1"}
    done = subprocess.run([CURATE], env=os.environ | asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["validate"]


def test_import_says_what_came_in_and_what_did_not(imported):
    workspace, report = imported
    assert {name: report[name] for name in ("imported", "unchanged", "skipped")} == {
        "imported": 4,
        "unchanged": 1,
        "skipped": 1,
    }
    (problem,) = report["problems"]
    assert problem["where"] == f"{workspace / 'rows.jsonl'}:6"
    assert set(problem) == {"where", "what"}
    assert {"layers", "entities", "relations", "labels", "realigned", "left_out"} <= report.keys()


@pytest.fixture
def empty(tmp_path):
    curate("init", "--workspace", tmp_path / "empty")
    return tmp_path / "empty"


def test_import_says_what_it_read_otherwise_and_what_it_did_not_read(empty, tmp_path):
    text = "Grüße: Übelkeit, Müdigkeit."
    places = [(text.index(words), text.index(words) + len(words)) for words in ("Übelkeit", "Müdigkeit")]
    ann = "".join(
        f"T{number}\tsigns_symptoms {len(text[:start].encode())} {len(text[:end].encode())}\t{text[start:end]}\n"
        for number, (start, end) in enumerate(places)
    )
    folder = tmp_path / "letters"
    folder.mkdir()
    for name, content in (("d.txt", text), ("d.ann", ann), ("e.pdf", "%PDF")):
        (folder / name).write_text(content, encoding="utf-8")
    done = curate("import", folder, "--language", "DE", "--workspace", empty)
    assert f"counted in bytes: {folder / 'd.txt'}:1" in done.stderr
    assert "not read: 1 .pdf (e.pdf)" in done.stderr
    report = json.loads(curate("import", folder, "--language", "de", "--json", "--workspace", empty).stdout)
    assert [notice["what"].partition(" ")[0] for notice in report["notices"]] == ["not", "counted"]
    assert report["problems_in_all"] == 0


def test_a_file_in_another_encoding_is_read_by_the_command_that_is_offered(empty, tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes("id;text\n91;Rückenschmerzen, Größe 182 cm\n".encode("cp1252"))
    offered = curate("import", path, "--workspace", empty, code=1).stderr.partition("read by: curate ")[2]
    done = curate(*shlex.split(offered), "--json", "--workspace", empty)
    assert json.loads(done.stdout)["imported"] == 1


def test_annotate_and_status_as_json(imported):
    workspace, _ = imported
    done = json.loads(curate("annotate", "--with", "rules", "--json", "--workspace", workspace).stdout)
    assert (done["done"], done["failed"]) == (4, 0)
    status = json.loads(curate("status", "--json", "--workspace", workspace).stdout)
    assert status["records"] == {"en": 4}
    assert status["layers"] == {"rules": 4}
    assert status["stages"] == {"annotate:rules": {"done": 4, "failed": 0}}
    assert status["undecided"] == 4
    assert [run["command"] for run in status["runs"]] == ["import", "annotate"]


def test_evaluate_gives_strict_and_lenient_scores(imported):
    workspace, _ = imported
    curate("annotate", "--with", "rules", "--layer", "silver", "--workspace", workspace)
    words = ("--gold", "silver", "--predicted", "silver", "--json", "--workspace", workspace)
    scores = json.loads(curate("evaluate", *words).stdout)
    for mode in ("strict", "lenient"):
        assert scores[mode]["micro"]["f1"] == 1.0
        assert set(scores[mode]["micro"]) >= {"precision", "recall", "f1"}
        assert scores[mode]["macro"]["f1"] == 1.0
        assert scores[mode]["per_category"]["age"]["recall"] == 1.0


def test_tables_for_people(imported):
    workspace, _ = imported
    printed = curate("status", "--workspace", workspace).stdout
    assert "Records by language" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status"], "found no curate.toml; make one with: curate init"),
        (["nonsense"], "No such command"),
        (["import"], "Missing argument"),
        (["annotate", "--with", "magic", "--workspace", "{w}"], "expected an annotator of rules, few-shot, adapter"),
        (["annotate", "--with", "adapter:none", "--workspace", "{w}"], "adapter"),
        (["import", "x.jsonl", "--format", "word", "--workspace", "{w}"], "expected one of the formats auto, jsonl"),
        (
            ["import", "x.jsonl", "--language", "german", "--workspace", "{w}"],
            "expected a language code of two letters",
        ),
        (["import", "x.jsonl", "--encoding", "ansi8", "--workspace", "{w}"], "expected an encoding of text such as"),
        (["export", "word", "--to", "x", "--workspace", "{w}"], "expected"),
        (["freeze", "--layer", "rules", "--workspace", "{w}"], "expected accepted records with a layer rules"),
        (["evaluate", "--predicted", "gold", "--workspace", "{w}"], "got 'gold'; there are: rules, silver"),
    ],
)
def test_wrong_usage_is_code_two(imported, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    done = curate(*(word.format(w=imported[0]) for word in words), code=2)
    assert message in " ".join(done.stderr.split())


def test_a_missing_source_and_a_broken_config_are_code_one(workspace, tmp_path):
    done = curate("import", tmp_path / "none.jsonl", "--workspace", workspace, code=1)
    assert done.stderr.startswith("error: expected a file or folder, got none at")
    (tmp_path / "curate.toml").write_text("[curation]\nbatchsize = 1\n", encoding="utf-8")
    done = curate("status", "--workspace", tmp_path, code=1)
    assert "did you mean curation.batch_size?" in done.stderr


def test_what_stands_in_brackets_is_shown(imported):
    assert "[annotate]" in curate("doctor", "--workspace", imported[0]).stdout


def test_doctor_in_short_is_what_is_missing(imported, tmp_path):
    assert "[annotate]" not in curate("doctor", "--brief", "--workspace", imported[0]).stdout
    done = curate("doctor", "--brief", "--workspace", tmp_path)
    assert "curate init" in " ".join(done.stdout.split())
    assert re.search(r"\d+ of \d+ checked parts are good", done.stderr)


def test_doctor_finds_the_extras_and_the_workspace(imported):
    found = json.loads(curate("doctor", "--json", "--workspace", imported[0]).stdout)["findings"]
    states = {finding["what"]: finding["state"] for finding in found}
    assert states["store"] == states["scheme"] == states["Python"] == states["extra [annotate]"] == "good"
