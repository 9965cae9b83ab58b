"""`curate annotate` tells what it mended and left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_server import ChatServer, chat_server, completion, extraction
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
    (row,) = status["spending"]
    assert (row["model"], row["purpose"], row["answers"], row["valid"]) == ("m", "annotate:llm", 6, 1.0)
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
    assert curate_json(*WITH, "--workspace", folder)["unchanged"] == 6
    for share in ("0", "200%", "much"):
        assert "expected a share" in curate(*WITH, "--again", share, "--workspace", folder, code=2).stderr
    assert (
        "says the same" in curate("annotate", "--with", "rules", "--again", "5%", "--workspace", folder, code=2).stderr
    )
