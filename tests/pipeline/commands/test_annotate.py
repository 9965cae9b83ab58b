"""`curate annotate` tells what it mended and left out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_server import Answer, ChatServer, chat_server, completion, extraction
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
        (folder / "curate.toml").write_text(f'[models.m]\nurls = ["{server.url}"]\n', encoding="utf-8")
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


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[tuple[Path, ChatServer]]:
    """A workspace with six reports and a model that has prices."""
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    rows = [{"id": str(number), "text": f"Bericht {number}. Kein Fieber, Husten seit Tagen."} for number in range(6)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "de", "--workspace", folder)
    with chat_server() as server:
        server.respond = lambda body: extraction(("Husten", "signs_symptoms"))
        prices = "prices = {input = 1000.0, output = 10000.0}"
        (folder / "curate.toml").write_text(f'[models.m]\nurls = ["{server.url}"]\n{prices}\n', encoding="utf-8")
        yield folder, server


WITH = ("annotate", "--with", "llm:m")


def test_a_dry_run_sends_nothing_and_says_what_the_run_would_ask_and_cost(asked) -> None:
    folder, server = asked
    found = curate_json(*WITH, "--dry-run", "--workspace", folder)
    assert server.requests == []
    assert (found["records"], found["questions"], found["answered"], found["seconds"]) == (6, 6, 0, None)
    assert found["tokens_in_are"] == "estimated"
    assert found["tokens_out_by"].startswith("a guess")
    price = (found["tokens_in"] * 1000 + found["tokens_out"] * 10000) / 1e6
    assert found["cost"] == pytest.approx(price)
    assert [message["role"] for message in found["prompt"]] == ["system", "user"]
    assert "Bericht 0. Kein Fieber" in found["prompt"][1]["content"]
    assert not list((folder / "runs").glob("*annotate.json"))
    printed = curate(*WITH, "--dry-run", "--workspace", folder).stdout
    assert "nothing was sent" in printed
    assert "Bericht 0. Kein Fieber" in printed
    curate(*WITH, "--workspace", folder)
    again = curate_json(*WITH, "--layer", "other", "--dry-run", "--workspace", folder)
    assert (again["records"], again["answered"], again["cost"]) == (6, 6, 0)
    assert again["seconds"] == 0
    assert curate_json(*WITH, "--dry-run", "--workspace", folder)["records"] == 0
    # Each answer has cost 11 tokens in and 7 out.
    status = curate_json("status", "--workspace", folder)
    row, canary = status["spending"]
    assert (row["model"], row["purpose"], row["answers"], row["valid"]) == ("m", "annotate:llm", 6, 1.0)
    assert (canary["purpose"], canary["answers"], len(server.canaries)) == ("probe", 1, 1)
    assert row["cost"] == pytest.approx(6 * (11 * 1000 + 7 * 10000) / 1e6)
    assert "annotate:llm" in curate("status", "--workspace", folder).stdout


@pytest.mark.parametrize("cap", [("--max-tokens", "60"), ("--max-cost", "0.27"), ("--max-time", "0")])
def test_a_cap_ends_the_run_with_what_is_done_and_says_so(asked, cap) -> None:
    folder, server = asked
    section = folder / "curate.toml"
    section.write_text(f"{section.read_text(encoding='utf-8')}concurrency = 1\n", encoding="utf-8")
    ended = curate(*WITH, *cap, "--json", "--workspace", folder)
    found = json.loads(ended.stdout)
    assert cap[0] in found["stopped"]
    assert cap[0] in ended.stderr
    assert "the same command goes on from there" in ended.stderr
    assert found["done"] == len(server.requests) < 6
    rest = curate_json(*WITH, "--workspace", folder)
    assert rest["done"] == 6 - found["done"]
    assert len(server.requests) == 6


def test_what_was_cut_off_is_retried_with_more_room_and_nothing_else(asked) -> None:
    folder, server = asked
    server.respond = lambda body: (
        completion('{"entities": [', ended="length")
        if "Bericht 3" in body["messages"][1]["content"] and body["max_tokens"] == 8192
        else completion(None, refusal="no")
        if "Bericht 4" in body["messages"][1]["content"]
        else extraction(("Husten", "signs_symptoms"))
    )
    first = curate_json(*WITH, "--workspace", folder, code=1)
    assert (first["failed"], len(server.requests)) == (2, 6)
    status = curate_json("status", "--workspace", folder)
    assert status["failures_by_kind"] == {"annotate:llm": {"refused": 1, "truncated": 1}}
    assert status["spending"][0]["valid"] == pytest.approx(4 / 6, abs=1e-4)
    retried = curate_json(*WITH, "--retry", "truncated", "--workspace", folder, code=1)
    assert (retried["done"], retried["failed_before"], len(server.requests)) == (1, 1, 7)
    assert [failure["kind"] for failure in curate_json("status", "--workspace", folder)["failures"]] == ["refused"]


def test_words_that_are_no_kind_and_caps_on_what_costs_nothing_are_refused(asked) -> None:
    folder, server = asked
    assert "did you mean truncated?" in curate(*WITH, "--retry", "trunkated", "--workspace", folder, code=2).stderr
    for more in (("--max-cost", "1"), ("--retry", "truncated"), ("--dry-run",)):
        ended = curate("annotate", "--with", "rules", *more, "--workspace", folder, code=2)
        assert "expected a language model" in ended.stderr
    section = folder / "curate.toml"
    section.write_text(section.read_text(encoding="utf-8").rpartition("prices")[0], encoding="utf-8")
    assert "models.m.prices" in curate(*WITH, "--max-cost", "1", "--workspace", folder, code=2).stderr
    assert server.requests == []


def test_what_a_model_says_otherwise_the_second_time_is_measured_on_a_share(asked) -> None:
    folder, server = asked
    curate(*WITH, "--workspace", folder)
    server.respond = lambda body: (
        extraction(("Fieber", "signs_symptoms", "negated"))
        if "Bericht 2" in body["messages"][1]["content"]
        else extraction(("Husten", "signs_symptoms"))
    )
    found = curate_json(*WITH, "--again", "100%", "--workspace", folder)
    assert (found["records"], found["changed_records"], found["failed"]) == (6, 1, 0)
    assert (found["entities"], found["flipped_entities"], found["entity_flip_rate"]) == (7, 2, 0.2857)
    assert found["engine"]["m"]["model"] == "m"
    assert len(server.requests) == 12
    assert {body["seed"] for body in server.requests[6:]} == {1000}
    # The same share again is the same records, whose answers are there.
    assert curate_json(*WITH, "--again", "0.5", "--workspace", folder)["records"] == 3
    assert len(server.requests) == 12
    said = curate(*WITH, "--again", "0.5", "--workspace", folder).stderr
    assert "0 answers came now, the others are those of an earlier time" in " ".join(said.split())
    assert curate_json(*WITH, "--workspace", folder)["unchanged"] == 6
    for share in ("0", "200%", "much"):
        assert "expected a share" in curate(*WITH, "--again", share, "--workspace", folder, code=2).stderr
    assert (
        "says the same" in curate("annotate", "--with", "rules", "--again", "5%", "--workspace", folder, code=2).stderr
    )


IGNORES = "takes schemas and ignores them"


def test_what_a_server_makes_of_schemas_is_found_out_once_said_noted_and_listed(asked) -> None:
    folder, server = asked
    server.holds = False
    listed = ("models", "list", "--workspace", folder)
    assert curate_json(*listed)["models"][0]["schemas"] == "not probed"
    done = curate(*WITH, "--json", "--workspace", folder)
    assert [line for line in done.stderr.splitlines() if IGNORES in line] == [
        "llm:m: its server takes schemas and ignores them: the prompt alone asks for the form of answers, which are "
        "read tolerantly and asked for again where they cannot be read"
    ]
    assert json.loads(done.stdout)["schemas"] == {"m": "ignored"}
    assert len(server.requests) == 7
    assert [body.get("response_format", {}).get("type") for body in server.requests[1:]] == ["json_object"] * 6
    (manifest,) = (folder / "runs").glob("*-annotate.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["outcome"]["schemas"] == {"m": "ignored"}
    assert curate_json(*listed)["models"][0]["schemas"] == "ignored"
    # Nothing is pending, so nothing is found out; what was found out holds for other ways of asking.
    assert IGNORES not in curate(*WITH, "--workspace", folder).stderr
    again = curate(*WITH, "--again", "50%", "--workspace", folder)
    assert IGNORES in again.stderr
    assert len(server.requests) == 10
    preview = curate("prompt", "preview", "--with", "naive", "--sample", "2", "--workspace", folder)
    assert IGNORES in preview.stderr
    assert len([body for body in server.requests if "canary" in json.dumps(body)]) == 1
    spending = curate_json("status", "--workspace", folder)["spending"]
    assert [(row["answers"], row["cost"] > 0) for row in spending if row["purpose"] == "probe"] == [(1, True)]


def test_a_server_is_probed_anew_on_demand(asked) -> None:
    folder, server = asked
    server.holds = False
    curate(*WITH, "--workspace", folder)
    server.holds = True
    probe = ("models", "probe", "m", "--workspace", folder)
    assert curate_json(*probe) == {
        "name": "m",
        "schemas": "enforced",
        "said": "llm:m: its server holds answers to the schema that is sent",
    }
    assert "holds answers" in curate(*probe).stdout
    assert len(server.canaries) == 2
    assert curate_json("models", "list", "--workspace", folder)["models"][0]["schemas"] == "enforced"
    curate(*WITH, "--layer", "more", "--again", "100%", "--workspace", folder, code=2)
    assert "expected" in curate("models", "probe", "n", "--workspace", folder, code=2).stderr
    with (folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write('structured = "off"\n')
    assert "nothing is to be found out" in curate("models", "probe", "m", "--workspace", folder, code=2).stderr


@pytest.mark.parametrize("gone", [True, False])
def test_a_server_that_is_down_or_denies_at_the_probe_ends_as_at_any_question(asked, gone) -> None:
    folder, server = asked
    server.holds = False
    server.respond = lambda body: Answer(b"", status=500 if gone else 401)
    section = folder / "curate.toml"
    section.write_text(f"{section.read_text(encoding='utf-8')}attempts = 1\nconcurrency = 4\n", encoding="utf-8")
    ended = curate(*WITH, "--workspace", folder, code=1)
    assert "the same command goes on from there" in ended.stderr
    assert "HTTP 500" in ended.stderr if gone else "HTTP 401" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert all("canary" in json.dumps(body) for body in server.requests)
    server.respond = lambda body: extraction(("Husten", "signs_symptoms"))
    assert curate_json(*WITH, "--workspace", folder)["done"] == 6


def test_failures_are_counted_by_kind_and_answers_that_could_not_be_used(asked) -> None:
    folder, server = asked

    def respond(body):
        text = body["messages"][1]["content"]
        if "Bericht 0" in text:
            return completion('{"entities": [', ended="length")
        if "Bericht 1" in text:
            return completion("I cannot help with that.")
        if "Bericht 2" in text:
            return completion("Fieber: nein" if len(body["messages"]) == 2 else '{"entities": []}')
        return extraction(("Husten", "signs_symptoms"))

    server.respond = respond
    done = json.loads(curate(*WITH, "--json", "--workspace", folder, code=1).stdout)
    assert (done["done"], done["failed"]) == (4, 2)
    assert done["failed_by_kind"] == {"refused": 1, "truncated": 1}
    unusable = {name: count for name, count in done["notes"].items() if name.startswith("answers that could not")}
    assert unusable == {
        "answers that could not be used: refused": 2,
        "answers that could not be used: truncated": 1,
        "answers that could not be used: unparsable": 1,
    }
    assert curate_json("status", "--workspace", folder)["failures_by_kind"]["annotate:llm"] == done["failed_by_kind"]


@pytest.mark.parametrize(
    "options",
    [
        ("--again", "50%", "--dry-run"),
        ("--again", "50%", "--retry", "truncated"),
        ("--again", "50%", "--retry-failed"),
        ("--dry-run", "--max-time", "3"),
        ("--dry-run", "--batch", "--wait"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(asked, options) -> None:
    folder, server = asked
    refused = curate(*WITH, *options, "--workspace", folder, code=2).stderr
    assert f"expected {options[0]} without --" in refused
    assert server.requests == []


@pytest.mark.server
def test_answers_that_came_before_a_kill_of_asking_again_are_kept(asked) -> None:
    """The store is not reached before the kill: the files are what keeps them."""
    folder, _ = asked
    curate(*WITH, "--workspace", folder)
    killed = """
import os, signal, sys
from curation.store.answer_journal import AnswerJournal
from pipeline.command import main

note = AnswerJournal.note

def note_and_die(journal, attempt):
    note(journal, attempt)
    os.kill(os.getpid(), signal.SIGKILL)

AnswerJournal.note = note_and_die
sys.argv = ["curate", *sys.argv[1:]]
main()
"""
    words = (*WITH, "--again", "100%", "--workspace", str(folder))
    assert subprocess.run([sys.executable, "-c", killed, *words], check=False).returncode == -signal.SIGKILL
    assert "1 answers came just before a process was killed" in curate("status", "--workspace", folder).stderr
    found = curate_json(*WITH, "--again", "100%", "--workspace", folder)
    assert (found["records"], found["spending"]["answers"]) == (6, 5)
    (manifest,) = (folder / "runs").glob("*-annotate-again.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["inputs"]["sent_to"] is None


def test_after_a_dry_run_the_run_is_next_and_after_nothing_nothing(asked) -> None:
    folder, _ = asked
    here = ("--workspace", folder)
    assert "next: curate annotate --with llm:m " in curate(*WITH, "--dry-run", *here).stderr
    told = curate(*WITH, "--samples", "3", "--layer", "own", "--batch", "--dry-run", *here).stderr
    assert "next: curate annotate --with llm:m --layer own --samples 3 --batch " in " ".join(told.split())
    assert "next: " not in curate(*WITH, "--max-tokens", "0", *here).stderr
    assert "next: curate validate --layer llm " in curate(*WITH, *here).stderr
    assert "next: " not in curate(*WITH, "--again", "50%", *here).stderr


@pytest.mark.parametrize("cap", [("--max-tokens", "60"), ("--max-cost", "0.27"), ("--max-time", "0")])
def test_asking_again_stops_at_caps_and_goes_on_from_there(asked, cap) -> None:
    folder, server = asked
    section = folder / "curate.toml"
    section.write_text(f"{section.read_text(encoding='utf-8')}concurrency = 1\n", encoding="utf-8")
    curate(*WITH, "--workspace", folder)
    ended = curate(*WITH, "--again", "100%", *cap, "--json", "--workspace", folder)
    found = json.loads(ended.stdout)
    assert cap[0] in found["stopped"]
    assert "the same command goes on from there" in " ".join(ended.stderr.split())
    assert found["records"] == found["spending"]["answers"] == len(server.requests) - 6 < 6
    assert found["left"] == 6 - found["records"]
    rest = curate_json(*WITH, "--again", "100%", "--workspace", folder)
    assert (rest["records"], rest["left"], rest["stopped"]) == (6, 0, None)
    assert len(server.requests) == 12


def test_a_dry_run_of_a_retry_counts_what_is_asked_anew(asked) -> None:
    folder, server = asked
    whole = extraction(("Husten", "signs_symptoms"))
    server.respond = lambda body: (
        whole if "Bericht 3" not in body["messages"][1]["content"] else completion("{", ended="length")
    )
    curate(*WITH, "--workspace", folder, code=1)
    for kind in ("--retry-failed", "--retry=truncated"):
        found = curate_json(*WITH, kind, "--dry-run", "--workspace", folder)
        assert (found["records"], found["questions"], found["answered"]) == (1, 2, 1)
        assert found["tokens_in"] > 0
    assert curate_json(*WITH, "--retry", "refused", "--dry-run", "--workspace", folder)["records"] == 0
    assert len(server.requests) == 6
    assert curate_json(*WITH, "--retry-failed", "--workspace", folder, code=1)["spending"]["answers"] == 1


def test_a_dry_run_counts_the_same_question_about_two_records_once(asked) -> None:
    folder, server = asked
    rows = [{"id": f"same-{number}", "text": "Zweimal derselbe Bericht."} for number in range(2)]
    (folder / "same.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "same.jsonl", "--language", "de", "--workspace", folder)
    found = curate_json(*WITH, "--dry-run", "--workspace", folder)
    assert (found["records"], found["questions"]) == (8, 7)
    assert curate_json(*WITH, "--workspace", folder)["done"] == 8
    assert len(server.requests) == 7
