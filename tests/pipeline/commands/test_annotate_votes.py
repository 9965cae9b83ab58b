"""`curate annotate` with several samples, several models, and the probabilities of tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import curate, curate_json
from language_model_server import Body, MisbehavingServer, Reply, completion, language_model_server

REPORTS = 4
PAIN, GOUT = "Schmerzen", "Gicht"


def said(*words: str) -> str:
    categories = {PAIN: "signs_symptoms", GOUT: "diagnosis"}
    listed = [{"text": word, "category": categories[word], "assertion": "present"} for word in words]
    return json.dumps({"entities": listed}, ensure_ascii=False)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[tuple[Path, MisbehavingServer]]:
    """A workspace with German reports, and two models on one server."""
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    rows = [{"id": str(number), "text": f"Bericht {number}: Schmerzen bei Gicht."} for number in range(REPORTS)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "de", "--workspace", folder)
    with language_model_server() as server:
        server.respond = lambda body: completion(said(PAIN))
        prices = "prices = {input = 1000.0, output = 10000.0}"
        sections = [f'[models.{name}]\nurls = ["{server.url}"]\n{prices}\n' for name in ("a", "b")]
        (folder / "curate.toml").write_text("\n".join(sections), encoding="utf-8")
        yield folder, server


def sample_of(body: Body) -> int:
    return int(body["seed"]) // 10_000


def test_samples_are_drawn_kept_priced_and_resumed(asked) -> None:
    folder, server = asked
    with_a = ("annotate", "--with", "llm:a", "--workspace", folder)
    server.respond = lambda body: completion(said(PAIN, GOUT) if sample_of(body) % 2 else said(PAIN))
    planned = curate_json(*with_a, "--samples", 3, "--dry-run")
    assert (planned["questions"], len(server.requests)) == (3 * REPORTS, 0)
    ended = curate(*with_a, "--samples", 3, "--json")
    assert "3 samples of each question: a at temperature 0.7 (annotation.llm.temperature)" in ended.stderr
    found = json.loads(ended.stdout)
    assert (found["done"], found["failed"], len(server.requests)) == (REPORTS, 0, 3 * REPORTS)
    assert {body["temperature"] for body in server.requests} == {0.7}
    assert found["scores"] == {"agreement of 3 samples": REPORTS}
    assert found["notes"]["left out: entity without enough votes"] == REPORTS
    # Of five samples, three are there.
    more = curate_json(*with_a, "--samples", 5)
    assert (more["done"], len(server.requests)) == (REPORTS, 5 * REPORTS)
    assert "agreement of 5 samples" in curate(*with_a, "--samples", 5, "--layer", "other").stdout
    assert len(server.requests) == 5 * REPORTS
    again = curate_json(*with_a, "--samples", 5, "--again", "100%")
    assert (again["records"], again["changed_records"], again["failed"]) == (REPORTS, 0, 0)
    assert len(server.requests) == 10 * REPORTS
    (manifest,) = (folder / "runs").glob("*00002-annotate.json")
    inputs = json.loads(manifest.read_text(encoding="utf-8"))["inputs"]
    assert (inputs["annotator"], inputs["samples"]) == ("llm:a", 3)


def test_a_sample_that_is_lost_is_counted_and_the_others_decide(asked) -> None:
    folder, server = asked
    server.respond = lambda body: (
        completion('{"entities": [', ended="length") if sample_of(body) == 1 else completion(said(PAIN))
    )
    found = curate_json("annotate", "--with", "llm:a", "--samples", 3, "--workspace", folder)
    assert (found["done"], found["notes"]["sample not read: truncated"]) == (REPORTS, REPORTS)
    assert found["scores"] == {"agreement of 3 samples": REPORTS}


def test_several_models_by_vote_and_one_that_fails_is_asked_again_alone(asked) -> None:
    folder, server = asked
    both = ("annotate", "--with", "llm:a,llm:b", "--workspace", folder)
    server.respond = lambda body: (
        Reply(status=400)
        if body["model"] == "b" and "Bericht 2" in body["messages"][1]["content"]
        else completion(said(PAIN, GOUT) if body["model"] == "a" else said(PAIN))
    )
    planned = curate_json(*both, "--dry-run")
    assert planned["questions"] == 2 * REPORTS
    ended = curate(*both, "--json", code=1)
    assert "of a, b is kept what more than half of the models say" in ended.stderr
    found = json.loads(ended.stdout)
    assert (found["done"], found["failed"]) == (REPORTS - 1, 1)
    assert found["scores"] == {"agreement of 2 models": REPORTS - 1}
    (failure,) = curate_json("status", "--workspace", folder)["failures"]
    assert failure["kind"] == "incomplete"
    assert "too few of b (rejected)" in failure["error"]
    assert {row["model"] for row in curate_json("status", "--workspace", folder)["spending"]} == {"a", "b"}
    server.respond = lambda body: completion(said(PAIN))
    before = len(server.requests)
    retried = curate_json(*both, "--retry", "incomplete")
    assert (retried["done"], retried["unchanged"]) == (1, REPORTS - 1)
    assert [body["model"] for body in server.requests[before:]] == ["b"]
    # Another rule is another layer of the same answers.
    union = curate_json(*both, "--merge", "union", "--layer", "union")
    assert (union["done"], union["scores"]) == (REPORTS, {"agreement of 2 models": 2 * REPORTS})
    assert len(server.requests) == before + 1


def test_probabilities_become_scores_and_a_server_that_gives_none_is_told_of(asked) -> None:
    folder, server = asked
    section = folder / "curate.toml"
    section.write_text(f"{section.read_text(encoding='utf-8')}logprobs = true\n", encoding="utf-8")
    with_b = ("annotate", "--with", "llm:b", "--workspace", folder)
    text = said(PAIN)
    before, word, after = text.partition(PAIN)
    content = [{"token": piece, "logprob": number} for piece, number in ((before, -1), (word, -0.5), (after, -1))]
    server.respond = lambda body: completion(text, logprobs={"content": content})
    found = curate_json(*with_b)
    assert all(body["logprobs"] for body in server.requests)
    assert found["scores"] == {"token probabilities": REPORTS}
    server.respond = lambda body: Reply(status=400) if "logprobs" in body else completion(said(PAIN))
    curate("answers", "forget", "--model", "b", "--workspace", folder)
    assert curate_json(*with_b, "--layer", "other")["scores"] == {"nothing": REPORTS}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--with", "rules", "--samples", "3"), "expected a language model (llm:NAME) with --samples, got rules"),
        (("--with", "llm:a", "--merge", "vote"), "expected several language models (llm:A,llm:B) with --merge"),
        (("--with", "llm:a,llm:b", "--merge", "votes"), "did you mean vote?"),
        (("--with", "llm:a,llm:a"), "got one twice"),
        (("--with", "llm:a,rules"), "expected several language models as llm:A,llm:B"),
        (("--with", "llm:a,b"), "expected several language models as llm:A,llm:B"),
        (("--with", "llm:a,"), "expected several language models as llm:A,llm:B"),
        (("--with", "llm:a,llm:c"), "expected a language model of curate.toml"),
        (("--with", "llm,llm:b"), "expected an annotator of"),
        (("--with", "rules,llm:b"), "expected an annotator of"),
    ],
)
def test_what_cannot_be_merged_is_refused(asked, words, told) -> None:
    folder, server = asked
    assert told in curate("annotate", *words, "--workspace", folder, code=2).stderr
    assert server.requests == []
