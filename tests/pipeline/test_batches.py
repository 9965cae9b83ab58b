"""`curate annotate --batch` and `curate batches`: submit, leave, come back, collect; nothing is paid twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_server import BatchServer, Row, batch_server, line_of, unanswered
from command_line import curate, curate_json
from language_model_server import Reply, completion

pytestmark = pytest.mark.long

WITH = ("annotate", "--with", "llm:m", "--batch")
COUGH = {"entities": [{"text": "Husten", "category": "signs_symptoms", "assertion": "present"}]}


def coughs(**more: object) -> Reply:
    """An answer with one entity that every report has."""
    return completion(json.dumps(COUGH), **more)


@pytest.fixture
def provider() -> Iterator[BatchServer]:
    with batch_server() as server:
        server.respond = lambda body: coughs()
        yield server


@pytest.fixture
def folder(tmp_path: Path, provider: BatchServer) -> Path:
    """A workspace with six reports and a model that has prices and batches."""
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    rows = [{"id": str(number), "text": f"Bericht {number}. Kein Fieber, Husten seit Tagen."} for number in range(6)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "de", "--workspace", folder)
    settings(folder, provider)
    return folder


def settings(folder: Path, provider: BatchServer, more: str = "") -> None:
    """The settings of the workspace's model."""
    (folder / "curate.toml").write_text(
        f'[models.m]\nurls = ["{provider.url}"]\nbackoff = 0.0\n'
        f"prices = {{input = 1000.0, output = 10000.0}}\n[models.m.batch]\npoll = 0.05\n{more}\n",
        encoding="utf-8",
    )


def text_of(question: Row) -> str:
    """The report that a question is about."""
    return str(question["body"]["messages"][-1]["content"])


def about(number: int, question: Row) -> bool:
    """Whether a question is about a report."""
    return f"Bericht {number}." in text_of(question)


def test_a_batch_is_sent_left_and_collected_and_its_files_are_deleted(folder: Path, provider: BatchServer) -> None:
    provider.is_quick = False
    first = curate_json(*WITH, "--workspace", folder)
    assert (first["done"], first["batches"]["sent"], first["batches"]["questions_lying"]) == (0, 1, 6)
    (batch,) = provider.batches.values()
    ((*questions,),) = provider.uploads
    assert {question["url"] for question in questions} == {"/v1/chat/completions"}
    assert all(len(question["custom_id"]) == 64 and "stream" not in question["body"] for question in questions)
    status = curate_json("status", "--workspace", folder)["batches"]
    assert [(row["batch"], row["state"], row["open"]) for row in status] == [(batch["id"], "sent", 6)]
    again = curate_json(*WITH, "--workspace", folder)
    assert (again["done"], again["batches"]["sent"], len(provider.uploads)) == (0, 0, 1)
    provider.finish(batch)
    last = curate_json(*WITH, "--workspace", folder)
    assert (last["done"], last["failed"], last["batches"]["lying"]) == (6, 0, 0)
    assert last["batches"]["lines"] == {"answered": 6}
    assert provider.files == {}
    assert provider.requests == []
    # Half of the price of 11 tokens in and 7 out.
    assert last["spending"]["cost"] == pytest.approx(6 * (11 * 1000 + 7 * 10000) / 1e6 / 2)
    (row,) = curate_json("status", "--workspace", folder)["spending"]
    assert (row["answers"], row["attempts"]) == (6, {"stop": 6})
    assert curate_json(*WITH, "--workspace", folder)["batches"]["sent"] == 0
    assert "no batch lies" in curate("batches", "list", "--workspace", folder).stderr
    (ended,) = curate_json("batches", "list", "--all", "--workspace", folder)["batches"]
    assert (ended["state"], ended["lines"], ended["files"]) == ("ended", {"answered": 6}, [])


def test_waiting_goes_through_repairs_until_nothing_is_left(folder: Path, provider: BatchServer) -> None:
    provider.respond = lambda body: (
        completion("no JSON at all") if len(body["messages"]) == 2 and "Bericht 3." in str(body) else coughs()
    )
    found = curate_json(*WITH, "--wait", "--workspace", folder)
    assert (found["done"], found["failed"], found["batches"]["sent"]) == (6, 0, 2)
    assert [len(upload) for upload in provider.uploads] == [6, 1]
    assert provider.files == {}


def test_a_plain_run_beside_it_says_what_lies_there_and_leaves_it_out(folder: Path, provider: BatchServer) -> None:
    provider.is_quick = False
    curate(*WITH, "--workspace", folder)
    rows = [{"id": "new", "text": "Bericht 9. Husten."}]
    (folder / "more.jsonl").write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    curate("import", folder / "more.jsonl", "--language", "de", "--workspace", folder)
    ended = curate("annotate", "--with", "llm:m", "--json", "--workspace", folder)
    assert json.loads(ended.stdout)["done"] == len(provider.requests) == 1
    assert "6 records are left out" in ended.stderr
    planned = curate_json(*WITH, "--dry-run", "--workspace", folder)
    assert (planned["records"], planned["in_batches"]) == (0, 6)
    # Another layer of the same questions has its answers in the same batch: they are not sent again.
    other = curate_json(*WITH, "--layer", "other", "--workspace", folder)
    assert (other["done"], other["batches"]["sent"], len(provider.uploads)) == (1, 0, 1)


def test_a_dry_run_prices_batches_and_sends_nothing(folder: Path, provider: BatchServer) -> None:
    plain = curate_json("annotate", "--with", "llm:m", "--dry-run", "--workspace", folder)
    batches = curate_json(*WITH, "--dry-run", "--workspace", folder)
    assert batches["cost"] == pytest.approx(plain["cost"] / 2)
    assert (plain["price_factor"], batches["price_factor"]) == (None, 0.5)
    assert "0.5 of the price" in curate(*WITH, "--dry-run", "--workspace", folder).stdout
    assert provider.done == []


@pytest.mark.parametrize(("cap", "most"), [(("--max-cost", "{}"), 2), (("--max-tokens", "{}"), 2)])
def test_caps_bound_what_is_sent(folder: Path, provider: BatchServer, cap: tuple[str, str], most: int) -> None:
    planned = curate_json(*WITH, "--dry-run", "--workspace", folder)
    total = planned["cost"] if cap[0] == "--max-cost" else planned["tokens_in"] + planned["tokens_out"]
    limit = cap[1].format(total * most / 6 * 1.1 if cap[0] == "--max-cost" else round(total * most / 6 * 1.1))
    ended = curate(*WITH, cap[0], limit, "--json", "--workspace", folder)
    found = json.loads(ended.stdout)
    assert cap[0] in found["stopped"]
    assert cap[0] in ended.stderr
    assert len(provider.uploads[0]) == most == found["batches"]["questions_sent"]


def test_batches_are_split_by_number_and_by_bytes(folder: Path, provider: BatchServer) -> None:
    settings(folder, provider, "requests = 4")
    found = curate_json(*WITH, "--wait", "--workspace", folder)
    assert (found["done"], [len(upload) for upload in provider.uploads]) == (6, [4, 2])
    size = max(len(json.dumps(question, ensure_ascii=False).encode()) for question in provider.uploads[0]) + 1
    settings(folder, provider, f"bytes = {2 * size + 10}")
    curate("answers", "forget", "--model", "m", "--workspace", folder)
    found = curate_json(*WITH, "--layer", "other", "--wait", "--workspace", folder)
    assert (found["done"], [len(upload) for upload in provider.uploads[2:]]) == (6, [2, 2, 2])
    settings(folder, provider, f"bytes = {size - 200}")
    curate("answers", "forget", "--model", "m", "--workspace", folder)
    found = curate_json(*WITH, "--layer", "third", "--workspace", folder, code=1)
    assert (found["failed"], len(provider.uploads)) == (6, 5)


def test_each_line_is_counted_and_what_may_pass_is_asked_again(folder: Path, provider: BatchServer) -> None:
    asked: list[str] = []

    def lines(question: Row) -> list[Row]:
        is_first = text_of(question) not in asked
        asked.append(text_of(question))
        fine = line_of(question, coughs())
        if not is_first or about(0, question):
            return [fine]
        if about(1, question):
            return [line_of(question, Reply(b'{"error": {"message": "words of a text"}}', 400))]
        if about(2, question):
            return [line_of(question, Reply(b"{}", 429))]
        if about(3, question):
            return [fine, fine, {**fine, "custom_id": "0" * 64}]
        if about(4, question):
            return [unanswered(question, "request_timeout")]
        return []

    provider.lines = lines
    provider.rest = b"{not JSON\n[]\n"
    first = curate(*WITH, "--wait", "--json", "--workspace", folder, code=1)
    found = json.loads(first.stdout)
    assert found["batches"]["lines"] == {
        "answered": 5,
        "busy": 1,
        "doubled": 1,
        "missing": 1,
        "rejected": 1,
        "timeout": 1,
        "unknown": 1,
        "unreadable": 4,
    }
    assert (found["done"], found["failed"], found["batches"]["sent"]) == (5, 1, 2)
    assert [len(upload) for upload in provider.uploads] == [6, 3]
    assert "words" not in first.stdout + first.stderr
    (failure,) = curate_json("status", "--workspace", folder)["failures"]
    assert (failure["kind"], failure["may_pass"]) == ("rejected", False)
    # Failed, it is asked again where it is said so, and what came is looked at by any later run.
    assert curate_json(*WITH, "--workspace", folder, code=1)["batches"]["sent"] == 0
    provider.rest = b""
    curate(*WITH, "--retry-failed", "--workspace", folder)
    assert curate_json(*WITH, "--workspace", folder)["done"] == 1
    assert len(provider.uploads) == 3
    assert len(asked) == 10


@pytest.mark.parametrize("code", ["batch_expired", "server_error"])
def test_what_never_comes_is_given_up_after_so_many_batches(folder: Path, provider: BatchServer, code: str) -> None:
    provider.lines = lambda question: (
        [unanswered(question, code)] if about(2, question) else [line_of(question, coughs())]
    )
    settings(folder, provider)
    section = folder / "curate.toml"
    section.write_text(section.read_text(encoding="utf-8").replace("backoff = 0.0", "attempts = 3"), encoding="utf-8")
    found = curate_json(*WITH, "--wait", "--workspace", folder, code=0)
    # The second batch has nothing but that question: nothing came of it, so no further one is sent.
    assert (found["done"], found["batches"]["sent"]) == (5, 2)
    assert "nothing came of batch" in found["stopped"]


def test_an_expired_batch_keeps_what_it_brought_and_the_rest_is_sent_anew(folder: Path, provider: BatchServer) -> None:
    provider.is_quick, provider.ends_as = False, "expired"
    curate(*WITH, "--workspace", folder)
    (batch,) = provider.batches.values()
    provider.lines = lambda question: (
        [line_of(question, coughs())] if about(0, question) else [unanswered(question, "batch_expired")]
    )
    provider.finish(batch)
    found = curate_json(*WITH, "--workspace", folder)
    assert (found["done"], found["batches"]["lines"]) == (1, {"answered": 1, "expired": 5})
    assert [len(upload) for upload in provider.uploads] == [6, 5]


def test_a_failed_batch_costs_nothing_and_is_not_sent_again_by_itself(folder: Path, provider: BatchServer) -> None:
    provider.ends_as, provider.errors = "failed", ("token_limit_exceeded", "Der Patient hustet")
    ended = curate(*WITH, "--wait", "--json", "--workspace", folder)
    found = json.loads(ended.stdout)
    assert "token_limit_exceeded" in found["stopped"]
    assert "Patient" not in ended.stdout + ended.stderr
    assert (found["batches"]["sent"], found["spending"]["attempts"], provider.files) == (1, 0, {})
    provider.ends_as = "completed"
    assert curate_json(*WITH, "--wait", "--workspace", folder)["done"] == 6


def test_a_batch_can_be_called_off_and_what_came_is_kept(folder: Path, provider: BatchServer) -> None:
    provider.is_quick = False
    curate(*WITH, "--workspace", folder)
    (id,) = provider.batches
    provider.lines = lambda question: (
        [line_of(question, coughs())] if about(0, question) else [unanswered(question, "batch_cancelled")]
    )
    assert "did you mean" in curate("batches", "cancel", "batch_", "--workspace", folder, code=2).stderr
    assert "got none" in curate("batches", "cancel", "--workspace", folder, code=2).stderr
    found = curate_json("batches", "cancel", id, "--workspace", folder)
    assert found["lines"] == {"answered": 1, "cancelled": 5}
    assert provider.files == {}
    plain = curate_json("annotate", "--with", "llm:m", "--workspace", folder)
    assert (plain["done"], len(provider.requests)) == (6, 5)


def test_collect_keeps_answers_for_any_later_run(folder: Path, provider: BatchServer) -> None:
    curate(*WITH, "--workspace", folder)
    found = curate_json("batches", "collect", "--workspace", folder)
    assert (found["collected"], found["lines"], provider.files) == (1, {"answered": 6}, {})
    assert curate_json("annotate", "--with", "llm:m", "--workspace", folder)["done"] == 6
    assert provider.requests == []


def test_a_file_that_cannot_be_deleted_is_said_and_deleted_later(folder: Path, provider: BatchServer) -> None:
    curate(*WITH, "--workspace", folder)
    provider.refuse = lambda method, path: Reply(b"{}", 500) if method == "DELETE" else None
    ended = curate(*WITH, "--workspace", folder)
    assert "may still be at the provider" in ended.stderr
    assert curate_json("status", "--workspace", folder)["batches"][0]["state"] == "collected"
    provider.refuse = lambda method, path: None
    curate("batches", "collect", "--workspace", folder)
    assert provider.files == {}


@pytest.mark.parametrize(
    ("path", "status"), [("files", 401), ("files", 500), ("batches", 400), ("batches", 404), ("batches", 429)]
)
def test_a_provider_that_takes_nothing_ends_the_run_with_one_line(
    folder: Path, provider: BatchServer, path: str, status: int
) -> None:
    provider.refuse = lambda method, asked: (
        Reply(b'{"error": {"message": "Husten"}}', status) if (method, asked) == ("POST", path) else None
    )
    ended = curate(*WITH, "--workspace", folder, code=1)
    assert f"HTTP {status}" in ended.stderr
    assert "Husten" not in ended.stderr
    assert provider.batches == {}
    if status < 429:
        assert provider.files == {}
        assert curate_json("batches", "list", "--workspace", folder)["batches"] == []
    provider.refuse = lambda method, asked: None
    assert curate_json(*WITH, "--wait", "--workspace", folder)["done"] == 6
    assert len(provider.batches) == 1
    assert provider.files == {}


@pytest.mark.parametrize("path", ["files", "batches"])
@pytest.mark.parametrize("lists", [True, False])
def test_a_lost_reply_leads_to_one_batch_all_the_same(
    folder: Path, provider: BatchServer, path: str, lists: bool
) -> None:
    provider.lose = lambda method, asked: (method, asked) == ("POST", path)
    provider.lists = lists
    curate(*WITH, "--workspace", folder, code=1)
    provider.lose = lambda method, asked: False
    ended = curate(*WITH, "--wait", "--max-time", "1", "--json", "--workspace", folder)
    found = json.loads(ended.stdout)
    assert len(provider.batches) == 1
    if lists:
        assert found["done"] == 6
        assert (len(provider.uploads), provider.files) == (1, {})
    elif path == "files":
        assert "does not list files" in ended.stderr
        assert (found["done"], len(provider.uploads), len(provider.files)) == (6, 2, 1)
    else:
        # Nobody can know whether there is one: it is not made again.
        (problem,) = found["batches"]["problems"].values()
        assert "does not list batches" in problem
        (row,) = curate_json("batches", "list", "--workspace", folder)["batches"]
        curate("batches", "cancel", row["mark"], "--workspace", folder)
        assert curate_json(*WITH, "--wait", "--workspace", folder)["done"] == 6


def test_a_file_that_may_be_there_is_not_forgotten_while_nobody_may_look(folder: Path, provider: BatchServer) -> None:
    provider.lose = lambda method, asked: (method, asked) == ("POST", "files")
    curate(*WITH, "--workspace", folder, code=1)
    provider.lose = lambda method, asked: False
    provider.refuse = lambda method, asked: Reply(b"{}", 401)
    assert "HTTP 401" in curate(*WITH, "--workspace", folder).stderr
    provider.refuse = lambda method, asked: None
    assert curate_json(*WITH, "--wait", "--workspace", folder)["done"] == 6
    assert (len(provider.uploads), provider.files) == (1, {})


def test_a_server_that_knows_no_schema_is_asked_in_a_simpler_form(folder: Path, provider: BatchServer) -> None:
    provider.respond = lambda body: (
        Reply(b'{"error": {"message": "no"}}', 400) if "response_format" in body else coughs()
    )
    found = curate_json(*WITH, "--wait", "--workspace", folder)
    assert (found["done"], found["failed"], found["batches"]["sent"]) == (6, 0, 3)
    forms = [upload[0]["body"].get("response_format", {}).get("type") for upload in provider.uploads]
    assert forms == ["json_schema", "json_object", None]
    curate("answers", "forget", "--model", "m", "--workspace", folder)
    again = curate_json(*WITH, "--layer", "other", "--wait", "--workspace", folder)
    assert (again["done"], again["batches"]["sent"]) == (6, 1)


def test_what_a_canary_has_shown_before_holds_for_batches_too(folder: Path, provider: BatchServer) -> None:
    provider.holds = False
    curate("models", "probe", "m", "--workspace", folder)
    found = curate_json(*WITH, "--wait", "--workspace", folder)
    assert (found["done"], found["schemas"]) == (6, {"m": "ignored"})
    assert {row["body"]["response_format"]["type"] for row in provider.uploads[0]} == {"json_object"}


def test_what_is_deleted_while_it_lies_there_is_told_and_not_kept(folder: Path, provider: BatchServer) -> None:
    provider.is_quick = False
    curate(*WITH, "--workspace", folder)
    (batch,) = provider.batches.values()
    ended = curate("records", "delete", "3", "--reason", "asked for", "--by", "Kim", "--workspace", folder)
    assert f"{batch['id']} at {provider.url} (1)" in ended.stderr
    assert "curate batches cancel" in ended.stderr
    provider.finish(batch)
    found = curate_json(*WITH, "--workspace", folder)
    assert (found["done"], found["batches"]["lines"]) == (5, {"answered": 5, "unknown": 1})
    assert provider.files == {}
    # What it cost stays in the sums.
    (row,) = curate_json("status", "--workspace", folder)["spending"]
    assert (row["answers"], row["forgotten"]) == (6, 1)
    with sqlite3.connect(folder / "records.db") as store:
        assert store.execute("SELECT count(*) FROM batch_requests").fetchone() == (0,)


def test_a_provider_at_another_address_is_not_asked_and_a_lost_batch_is_forgotten(
    folder: Path, provider: BatchServer
) -> None:
    curate(*WITH, "--workspace", folder)
    (id,) = provider.batches
    section = folder / "curate.toml"
    kept = section.read_text(encoding="utf-8")
    section.write_text(kept.replace("127.0.0.1", "localhost"), encoding="utf-8")
    before = len(provider.done)
    ended = curate("batches", "collect", "--workspace", folder, code=1)
    assert "put it back" in ended.stderr
    assert len(provider.done) == before
    ended = curate("batches", "forget", id, "--workspace", folder)
    assert "6 questions are open again" in ended.stderr
    assert "these files may lie at" in ended.stderr
    section.write_text(kept, encoding="utf-8")
    assert curate_json(*WITH, "--wait", "--workspace", folder)["done"] == 6


def test_only_models_at_an_address_are_asked_by_batches(folder: Path, provider: BatchServer) -> None:
    assert (
        "expected a language model"
        in curate("annotate", "--with", "rules", "--batch", "--workspace", folder, code=2).stderr
    )
    script = folder / "script.jsonl"
    script.write_text('{"if": "", "answer": "{}"}\n', encoding="utf-8")
    (folder / "curate.toml").write_text(f'[models.m]\nkind = "scripted"\nscript = "{script}"\n', encoding="utf-8")
    for more in ((), ("--dry-run",)):
        assert "kind endpoint" in curate(*WITH, *more, "--workspace", folder, code=2).stderr
    for words in (("annotate", "--with", "llm:m", "--wait"), (*WITH, "--again", "5%")):
        assert "expected --wait with --batch" in curate(*words, "--workspace", folder, code=2).stderr


def test_an_empty_set_is_refused_and_a_set_of_one_is_a_batch_of_one(folder: Path, provider: BatchServer) -> None:
    for number in range(1, 6):
        curate("records", "delete", str(number), "--reason", "test", "--by", "Kim", "--workspace", folder)
    assert curate_json(*WITH, "--wait", "--workspace", folder)["done"] == 1
    assert [len(upload) for upload in provider.uploads] == [1]


def test_an_answer_that_repeats_itself_or_is_refused_is_a_failure_of_its_kind(
    folder: Path, provider: BatchServer
) -> None:
    def respond(body: Row) -> Reply:
        if "Bericht 1." in str(body):
            return completion(None, refusal="no")
        if "Bericht 2." in str(body):
            return completion('{"entities": [', ended="length")
        if "Bericht 3." in str(body):
            return Reply(b'{"error": {"code": "content_filter"}}', 400)
        return coughs()

    provider.respond = respond
    found = curate_json(*WITH, "--wait", "--workspace", folder, code=1)
    assert (found["done"], found["failed"]) == (3, 3)
    assert found["failed_by_kind"] == {"refused": 2, "truncated": 1}
    kinds = curate_json("status", "--workspace", folder)["failures_by_kind"]
    assert kinds == {"annotate:llm": {"refused": 2, "truncated": 1}}
    # One attempt more for each time that it is asked for, also where it fails again.
    retried = curate_json(*WITH, "--wait", "--retry", "truncated", "--workspace", folder, code=1)
    assert (retried["batches"]["sent"], [len(upload) for upload in provider.uploads]) == (1, [6, 1])
    assert provider.uploads[-1][0]["body"]["max_tokens"] != 8192
    provider.is_quick = False
    curate(*WITH, "--retry", "truncated", "--workspace", folder, code=1)
    provider.finish(list(provider.batches.values())[-1])
    again = curate_json(*WITH, "--retry", "truncated", "--workspace", folder, code=1)
    assert (again["failed"], again["batches"]["sent"], len(provider.uploads)) == (1, 0, 3)


@pytest.fixture
def named(folder: Path, provider: BatchServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace with a report that names somebody, and a provider that is taken for one elsewhere."""
    monkeypatch.setattr("curation.models.endpoint.model.remote_host", lambda url: "provider.example")
    row = {"id": "named", "text": "Frau Karin Lindemann, geb. 3.3.1950, hat Husten."}
    (folder / "named.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    curate("import", folder / "named.jsonl", "--language", "de", "--workspace", folder)
    return folder


def under(policy: str, folder: Path) -> None:
    section = folder / "curate.toml"
    text = f'{section.read_text(encoding="utf-8")}[validation.privacy]\npolicy = "{policy}"\n'
    section.write_text(text, encoding="utf-8")


def test_every_question_passes_the_gate_before_it_is_put_into_a_file(named: Path, provider: BatchServer) -> None:
    under("block", named)
    found = curate_json(*WITH, "--wait", "--workspace", named, code=1)
    assert (found["done"], found["failed"]) == (6, 1)
    assert "Lindemann" not in json.dumps(provider.uploads)
    (line,) = [line for line in curate_json("audit", "--workspace", named)["egress"] if line["destination"] == "model"]
    assert (line["address"], line["texts"], line["refused"]) == ("provider.example", 6, 1)


def test_under_replace_surrogates_are_sent_of_each_window_and_what_is_said_stands_over_the_true_text(
    named: Path, provider: BatchServer
) -> None:
    under("replace", named)
    with (named / "curate.toml").open("a", encoding="utf-8") as section:
        section.write("[annotation.llm]\nwindow = 50\n")
    days = " ".join(f"Am {day:02}.03.2020 kam Frau Karin Lindemann erneut mit Husten." for day in range(10, 22))
    (named / "long.jsonl").write_text(json.dumps({"id": "long", "text": days}) + "\n", encoding="utf-8")
    curate("import", named / "long.jsonl", "--language", "de", "--workspace", named)
    found = curate_json(*WITH, "--wait", "--workspace", named)
    assert (found["done"], found["failed"]) == (8, 0)
    assert found["batches"]["questions_sent"] > 8
    assert "Lindemann" not in json.dumps(provider.uploads)
    (line,) = [line for line in curate_json("audit", "--workspace", named)["egress"] if line["destination"] == "model"]
    assert (line["policy"], line["refused"]) == ("replace", 0)


def test_what_is_de_identified_while_it_lies_there_is_told_and_not_kept(named: Path, provider: BatchServer) -> None:
    provider.is_quick = False
    curate(*WITH, "--workspace", named)
    assert "questions about originals lie in batches" in curate("deidentify", "--workspace", named).stderr
    provider.finish(next(iter(provider.batches.values())))
    found = curate_json("batches", "collect", "--workspace", named)
    assert found["lines"] == {"answered": 6, "unknown": 1}
    assert "Lindemann" not in json.dumps(curate_json("answers", "show", "named", "--text", "--workspace", named))


def test_records_are_translated_in_batches_and_asked_for_once(folder: Path, provider: BatchServer) -> None:
    provider.respond = lambda body: completion(json.dumps({"1": "Report.", "2": "No fever, cough for days."}))
    words = ("translate", "--to", "en", "--with", "llm:m", "--batch")
    planned = curate_json(*words, "--dry-run", "--workspace", folder)
    assert (planned["records"], planned["price_factor"], provider.uploads) == (6, 0.5, [])
    provider.is_quick = False
    first = curate_json(*words, "--workspace", folder)
    assert (first["done"], first["batches"]["questions_lying"]) == (0, 6)
    plain = curate("translate", "--to", "en", "--with", "llm:m", "--workspace", folder)
    assert "the same command with `--batch` collects" in plain.stderr
    for batch in list(provider.batches.values()):
        provider.finish(batch)
    provider.is_quick = True
    # The number of each report is lacking: it is asked for once more, in a batch too.
    done = curate_json(*words, "--wait", "--workspace", folder)
    assert (done["done"], done["carried"]["records"], len(provider.uploads)) == (6, 6, 2)
    assert done["notes"]["numbers that the translation lacks"] == 6
    again = curate_json(*words, "--workspace", folder)
    assert (again["done"], again["batches"]["sent"], provider.requests) == (0, 0, [])
