"""`curate doctor` has a row for each language model, and for the answers that are kept."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from chat_server import chat_server, extraction
from command_line import curate
from listing_server import ListingServer, listing_server

from curation.models.local.packaged import PACKAGED
from pipeline.model_checks import checked_models
from pipeline.steps.doctor import examine_store
from pipeline.workspace import Workspace

Rows = Callable[[str], dict[str, tuple[str, str, str]]]


@pytest.fixture
def server() -> Iterator[ListingServer]:
    with listing_server() as running:
        yield running


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """The rows about models of a workspace with these settings, by what they are about."""
    folder = tmp_path / "w"
    Workspace.make(folder)

    def found(settings: str) -> dict[str, tuple[str, str, str]]:
        (folder / "curate.toml").write_text(settings, encoding="utf-8")
        return {row.what: (row.state, row.found, row.do) for row in checked_models(Workspace.at(folder))}

    return found


def test_a_server_that_answers_and_has_the_model_is_good(server, rows, monkeypatch):
    monkeypatch.delenv("CLINCURATE_LLM_KEY", raising=False)
    host = server.url.split("/")[2]
    section = f'[models.m]\nurls = ["{server.url}/"]\n'
    assert rows(section)["model m"] == ("good", f"answers without a key at {host}", "")
    assert server.seen == [("/v1/models", None)]
    monkeypatch.setenv("CLINCURATE_LLM_KEY", "k1")
    assert rows(section)["model m"] == ("good", f"answers with a key at {host}", "")
    assert server.seen[-1] == ("/v1/models", "Bearer k1")
    assert rows(section)["annotation.llm"] == ("good", "asks with the prompt entities.v1", "")


def test_a_server_without_the_model_is_told_with_those_that_it_has(server, rows):
    found = rows(f'[models.m]\nurls = ["{server.url}"]\nmodel = "qwen9"\n')["model m"]
    assert (found[0], "lists no model 'qwen9'" in found[1]) == ("warning", True)
    assert found[2] == "name one of its models in models.m.model: m, other"


@pytest.mark.parametrize("answer", [(404, b"not found"), (200, b"<html>"), (200, b'{"data": 3}'), (200, b"[]")])
def test_a_server_that_lists_no_models_may_still_answer(server, rows, answer):
    server.answer = answer
    assert rows(f'[models.m]\nurls = ["{server.url}"]\n')["model m"][0] == "good"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('urls = ["http://127.0.0.1:9/v1"]', "http://127.0.0.1:9/v1: unreachable"),
        ('urls = ["URL", "http://127.0.0.1:9/v1"]', "http://127.0.0.1:9/v1: unreachable"),
        ('urls = ["URL"]\ntokenizer = "nowhere.json"', "expected a tokenizer.json"),
        ('kind = "local"\npath = "folder/nowhere"', "nowhere"),
        ('kind = "scripted"\nscript = "nowhere.jsonl"', "expected a script of JSON lines"),
    ],
)
def test_what_cannot_be_asked_is_bad_with_the_reason(server, rows, more, said):
    state, found, do = rows(f"[models.m]\n{more.replace('URL', server.url)}\n")["model m"]
    assert (state, found) == ("bad", "cannot be asked")
    assert said in do


def test_a_key_that_is_not_set_or_not_taken_is_told_and_not_shown(server, rows, monkeypatch):
    # Bound to the host, it may be named by the settings.
    monkeypatch.setenv("MY_KEY_HOST", "127.0.0.1")
    section = f'[models.m]\nurls = ["{server.url}"]\nkey_env = "MY_KEY"\n'
    for value in (None, "", "  "):
        monkeypatch.delenv("MY_KEY", raising=False) if value is None else monkeypatch.setenv("MY_KEY", value)
        assert "expected a key in the variable MY_KEY" in rows(section)["model m"][2]
    assert server.seen == []
    monkeypatch.setenv("MY_KEY", "hunter2")
    server.answer = (401, b"your key hunter2")
    state, _, do = rows(section)["model m"]
    assert (state, "the key in MY_KEY, got HTTP 401" in do, "hunter2" in do) == ("bad", True, False)


def test_the_model_and_the_prompt_that_are_asked_are_looked_at(server, rows):
    section = f'[models.m]\nurls = ["{server.url}"]\n'
    state, _, do = rows(f'[annotation.llm]\nmodel = "mm"\n{section}')["annotation.llm"]
    assert (state, "did you mean m?" in do) == ("bad", True)
    state, _, do = rows(f'[annotation.llm]\nprompt = "naive.v9"\n{section}')["annotation.llm"]
    assert (state, "got 'naive.v9'" in do) == ("bad", True)


def test_without_models_only_the_packaged_ones_have_a_row(rows):
    found = rows("")
    assert set(found) == {f"model {name}" for name in PACKAGED}
    assert {state for state, _, _ in found.values()} == {"good"}


DAMAGE = {
    "words that are no UTF-8": "UPDATE answers SET text = X'ff'",
    "words of another type": "UPDATE answers SET text = 'x'",
    "an unknown end": "UPDATE answers SET finish = 'done'",
    "probabilities that are none": "UPDATE answers SET logprobs = X'0100'",
    "tokens that are words": "UPDATE answers SET tokens_in = 'many'",
    "a time that is none": "UPDATE answers SET time = 'noon'",
    "a key that is none": "UPDATE answers SET key = 'k'",
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three answers of a language model and that to a canary, and a copy of its database."""
    folder = tmp_path_factory.mktemp("answered") / "w"
    curate("init", folder)
    rows = [{"id": str(number), "text": f"Bericht {number}: Husten."} for number in range(3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "de", "--workspace", folder)
    with chat_server() as server:
        server.respond = lambda body: extraction(("Husten", "signs_symptoms"))
        (folder / "curate.toml").write_text(f'[models.m]\nurls = ["{server.url}"]\n', encoding="utf-8")
        curate("annotate", "--with", "llm", "--workspace", folder)
    (folder / "curate.toml").write_text("", encoding="utf-8")
    shutil.copy(folder / "records.db", folder / "copy.db")
    return folder


def test_answers_that_can_be_read_are_counted(answered):
    assert answers_row(answered) == ("good", "4 attempts of language models, all readable", "")


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_answers_that_cannot_be_read_are_counted_and_named(answered, damage):
    with closing(sqlite3.connect(answered / "records.db")) as database, database:
        database.execute(f"{damage} WHERE seq = 2")
    state, found, do = answers_row(answered)
    shutil.copy(answered / "copy.db", answered / "records.db")
    assert state == "bad"
    assert found == "1 of 4 attempts of language models cannot be read: rows 2 of answers"
    assert "curate answers forget" in do


def answers_row(folder: Path) -> tuple[str, str, str]:
    (row,) = [row for row in examine_store(Workspace.at(folder)) if row.what == "answers"]
    return row.state, row.found, row.do
