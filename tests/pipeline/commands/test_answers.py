"""`curate answers`: what came about a record is shown and forgotten, and goes with the record wherever that goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate, curate_json
from full_workspace import traces

from curation.models.contract import Answer, Attempt, Finish
from curation.record import Record, record_id
from pipeline.workspace import Workspace

LETTERS = {
    "brief-1": "Frau Annegret Ziegenbalg, geboren am 3.4.1961, klagt über Übelkeit seit dem 2.5.2021.",
    "brief-2": "Die Patientin hat seit gestern Fieber und Husten.",
}
QUOTES = ("Ziegenbalg", "Übelkeit")
KEY = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with two letters, about each of which a model was asked."""
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        for number, (name, text) in enumerate(LETTERS.items()):
            id = record_id(text, language="de", source_id=name)
            meta = {"source_id": name}
            store.add_records([Record(id=id, group=id, source="letters", language="de", text=text, meta=meta)])
            said = Answer(f"\x1b[31m{text}\ud83d", Finish.STOP, "big-7b", "schema", 1_200, 30, 0.0025, 1.25)
            store.note_attempts(
                [
                    Attempt(KEY, "big", "annotate:llm", (id,), 1, number, "unreachable", "2021-05-01T12:00:00Z"),
                    Attempt(KEY, "big", "annotate:llm", (id,), 2, number, "stop", "2021-05-01T12:00:09Z", said),
                ]
            )
    return folder


def kept(folder: Path) -> int:
    with Workspace.at(folder).open_store() as store:
        return sum(spending.kept for spending in store.spending())


def test_attempts_are_shown_without_words_unless_they_are_asked_for(folder: Path) -> None:
    plain, full = (curate("answers", "show", "brief-1", *words, "--workspace", folder) for words in ((), ("--text",)))
    assert "Attempts about" in plain.stdout
    assert [quote for quote in QUOTES if quote in plain.stdout + plain.stderr] == []
    assert [quote for quote in QUOTES if quote in full.stdout] == list(QUOTES)
    assert "\\x1b[31m" in full.stdout, "what a terminal obeys is written out"
    shown = curate_json("answers", "show", "brief-1", "--workspace", folder)
    first, second = shown["attempts"]
    assert (first["state"], first["answer"], second["number"], second["key"]) == ("unreachable", None, 2, KEY)
    assert second["answer"] == {
        "finish": "stop",
        "model": "big-7b",
        "form": "schema",
        "tokens_in": 1200,
        "tokens_out": 30,
        "cost": 0.0025,
        "seconds": 1.25,
    }
    with_text = curate_json("answers", "show", "brief-1", "--text", "--workspace", folder)
    assert with_text["attempts"][1]["answer"]["text"] == f"\x1b[31m{LETTERS['brief-1']}\ud83d"
    assert curate_json("records", "show", "brief-1", "--workspace", folder)["answers"] == 2


def test_a_record_without_answers_and_one_that_is_not_there(folder: Path) -> None:
    curate("answers", "forget", "--record", "brief-2", "--workspace", folder)
    assert curate_json("answers", "show", "brief-2", "--workspace", folder)["attempts"] == []
    assert "no language model was asked about" in curate("answers", "show", "brief-2", "--workspace", folder).stderr
    assert "brief-3" in curate("answers", "show", "brief-3", "--workspace", folder, code=2).stderr


def test_answers_are_forgotten_with_all_their_words(folder: Path) -> None:
    words = ("--record", "brief-1", "--model", "llm:big", "--older-than", "30", "--workspace", folder)
    planned = curate_json("answers", "forget", *words, "--dry-run")
    assert planned == {
        "dry_run": True,
        "attempts": 2,
        "answers": 1,
        "records": 1,
        "cost": 0.0025,
        "scrubbed": False,
    }
    assert kept(folder) == 4
    assert curate_json("answers", "forget", *words) == planned | {"dry_run": False, "scrubbed": True}
    assert kept(folder) == 2
    assert "pays again" in curate("answers", "forget", "--record", "brief-2", "--dry-run", "--workspace", folder).stderr
    with Workspace.at(folder).open_store() as store:
        (spending,) = store.spending()
        store.delete_records(
            list(store.records([store.find_record("brief-1")])),
            by="human:ruth",
            reason="asked",
            counts={id: {} for id in store.record_ids()},
        )
        store.scrub()
    assert (spending.cost, spending.forgotten) == (0.005, 2)
    assert traces(folder, QUOTES) == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected which answers to forget; give --model NAME, --record RECORD or --older-than DAYS"),
        (["--model", "bug"], "expected a model of which there are answers, got 'bug'; did you mean big?"),
        (["--record", "brief-9"], "brief-9"),
        (["--older-than", "-1"], "--older-than"),
    ],
)
def test_nothing_is_forgotten_by_guess(folder: Path, words: list[str], message: str) -> None:
    done = curate("answers", "forget", *words, "--workspace", folder, code=2)
    assert message in " ".join((done.stdout + done.stderr).split())
    assert kept(folder) == 4


def test_what_was_asked_lately_stays(folder: Path) -> None:
    for days in ("100000", "1000000", "999999999999"):
        assert curate_json("answers", "forget", "--older-than", days, "--workspace", folder)["attempts"] == 0
    assert curate_json("answers", "forget", "--older-than", "0", "--workspace", folder)["attempts"] == 4


def test_a_deleted_record_takes_its_answers_along(folder: Path) -> None:
    words = ("records", "delete", "brief-1", "--reason", "asked", "--by", "ruth", "--workspace", folder)
    assert curate_json(*words, "--dry-run")["counts"]["answers"] == 2
    deleted = curate_json(*words)
    assert (deleted["counts"]["answers"], kept(folder)) == (2, 2)
    (line,) = curate_json("audit", "--workspace", folder)["deletions"]
    assert line["counts"]["answers"] == 2
    assert traces(folder, QUOTES) == {}


def test_what_is_de_identified_has_its_answers_forgotten(folder: Path) -> None:
    done = curate_json("deidentify", "--kinds", "NAME,DATE", "--workspace", folder)
    assert (done["made"], done["answers_forgotten"], kept(folder)) == (1, 2, 2)
    again = curate("deidentify", "--kinds", "NAME,DATE", "--workspace", folder)
    assert "forgotten" not in again.stderr
    erased = curate_json("records", "erase-originals", "--yes", "--by", "ruth", "--workspace", folder)
    assert erased["counts"].get("answers", 0) == 0
    assert traces(folder, ("Ziegenbalg",)) == {}
