"""`curate judge` over a layer whose errors are known: all of them are counted, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from chat_server import Answer, Body, ChatServer, chat_server, completion
from command_line import curate, curate_json

from curation.record import Entity, Layer, Record
from pipeline.workspace import Workspace

#: Records of the layer, by what is planted in them; the others are right.
WRONG_CATEGORY, WRONG_ASSERTION, INVENTED, NOWHERE = range(3), range(3, 8), range(8, 10), range(10, 11)
RECORDS = 20


@dataclass
class Planted:
    """A workspace with a layer of known errors, and a judge that knows the truth."""

    folder: Path
    server: ChatServer
    #: By a record's number: what its entity really is.
    truth: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def run(self, *words: object, code: int = 0) -> dict:
        return curate_json("judge", "llm", *words, "--workspace", self.folder, code=code)

    def respond(self, body: Body) -> Answer:
        """The truth about each claim; every record has a number in its text."""
        lines = [json.loads(line) for line in body["messages"][1]["content"].splitlines()[1:-1]]
        return completion(json.dumps({line["id"]: self.verdict(line) for line in lines}))

    def verdict(self, line: dict[str, str]) -> dict[str, str]:
        if "[[weather]]" in line["text"]:
            return {"says": "no", "category": line["category"], "assertion": line["assertion"]}
        says, category, assertion = ("yes", "signs_symptoms", "negated" if "[[Husten]]" in line["text"] else "present")
        return {"says": says, "category": category, "assertion": assertion}


def layer_of(record: Record, number: int) -> Layer:
    """What the author says of a record: right, but for what is planted."""

    def at(words: str, category: str = "signs_symptoms", **fields: object) -> Entity:
        start = record.text.index(words)
        return Entity.at(record.text, start, start + len(words), category, id=words, score=0.9, **fields)

    fever = at("Fieber", "diagnosis" if number in WRONG_CATEGORY else "signs_symptoms")
    cough = at("Husten", assertion="present" if number in WRONG_ASSERTION else "negated")
    entities = [fever, cough]
    if number in INVENTED:
        entities.append(at("weather", "pathology"))
    if number in NOWHERE:
        entities.append(Entity(id="no", category="age", text="forty", alignment="none", alignment_score=0.0))
    return Layer(record_id=record.id, name="llm", author="llm:other@entities.v1", entities=tuple(entities))


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    rows = [
        {"id": str(number), "text": f"Bericht {number}: seit gestern Fieber. Kein Husten. Schlechtes weather."}
        for number in range(RECORDS)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--language", "de", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        store.add_layers([layer_of(record, number) for number, record in enumerate(store.records())])
    with chat_server() as server:
        found = Planted(folder, server)
        server.respond = found.respond
        prices = "prices = {input = 1000.0, output = 10000.0}"
        (folder / "curate.toml").write_text(f'[models.m]\nurls = ["{server.url}"]\n{prices}\n', encoding="utf-8")
        yield found


WITH = ("--with", "llm:m")
#: What the judge has to find.
OUTCOMES = {
    "confirmed": 2 * RECORDS - len(WRONG_CATEGORY) - len(WRONG_ASSERTION),
    "rejected": len(INVENTED),
    "other_category": len(WRONG_CATEGORY),
    "other_assertion": len(WRONG_ASSERTION),
    "unclear": 0,
    "not_judged": len(NOWHERE),
}


def test_every_planted_error_is_counted_by_category_and_nothing_else(planted: Planted) -> None:
    found = planted.run(*WITH)
    judged = found["judged"]
    assert (found["done"], found["failed"], judged["records"]) == (RECORDS, 0, RECORDS)
    assert judged["outcomes"] == OUTCOMES
    assert judged["entities"] == sum(OUTCOMES.values())
    assert judged["not_judged"] == {"not found in the text": 1}
    assert judged["judged_by"] == {"llm:m@judge.v1": RECORDS}
    by_category = judged["by_category"]
    assert by_category["diagnosis"]["other_category"] == 3
    assert by_category["pathology"] == dict.fromkeys(OUTCOMES, 0) | {"rejected": 2}
    assert by_category["signs_symptoms"]["other_assertion"] == 5
    assert by_category["age"]["not_judged"] == 1
    # One question a record; nothing is asked twice, and the layer is as it was.
    assert len(planted.server.requests) == RECORDS
    again = planted.run(*WITH)
    assert (again["unchanged"], again["judged"], len(planted.server.requests)) == (RECORDS, judged, RECORDS)
    assert planted.run() == judged
    with Workspace.at(planted.folder).open_store() as store:
        assert [len(store.layer_history(id)) for id in store.record_ids()] == [1] * RECORDS
    printed = curate("judge", "llm", "--workspace", planted.folder).stdout
    assert "judged by llm:m@judge.v1" in printed


def test_what_was_found_about_a_record_is_shown_without_its_words(planted: Planted) -> None:
    planted.run(*WITH)
    shown = planted.run("--show", "8")
    assert (shown["judged_by"], shown["is_current"]) == ("llm:m@judge.v1", True)
    first = shown["entities"][0]
    assert (first["category"], first["judgement"]["outcome"]) == ("pathology", "rejected")
    assert (first["judgement"]["probability"], first["judgement"]["is_graded"]) == (0.0, False)
    for printed in (
        json.dumps([{**row, "id": ""} for row in shown["entities"]]),
        *(path.read_text(encoding="utf-8") for path in (planted.folder / "runs").glob("*-judge.json")),
    ):
        assert not any(word in printed for word in ("Fieber", "Husten", "weather", "Bericht"))
    assert "rejected" in curate("judge", "llm", "--show", "8", "--workspace", planted.folder).stdout
    history = curate_json("records", "show", "8", "--workspace", planted.folder)
    assert history["measures"]["judge:llm"]["entities"]["weather"]["outcome"] == "rejected"
    assert "rejected" in curate("records", "show", "8", "--workspace", planted.folder).stdout


def test_a_new_version_of_the_layer_is_judged_anew_and_says_so_until_then(planted: Planted) -> None:
    planted.run(*WITH)
    with Workspace.at(planted.folder).open_store() as store:
        record = next(iter(store.records()))
        layer = layer_of(record, 0)
        store.add_layers([layer.model_copy(update={"entities": layer.entities[:1]})])
    assert planted.run()["not_judged"] == {"not asked yet": 1, "not found in the text": 1}
    shown = planted.run("--show", record.id)
    assert (shown["is_current"], shown["entities"][0]["judgement"]["why"]) == (False, "not asked yet")
    asked = len(planted.server.requests)
    assert planted.run(*WITH)["judged"]["not_judged"] == {"not found in the text": 1}
    assert len(planted.server.requests) == asked + 1


def test_what_failed_is_not_judged_and_retried_by_its_kind(planted: Planted) -> None:
    planted.server.respond = lambda body: (
        completion("no")
        if "Bericht 3:" in body["messages"][1]["content"]
        else completion('{"e1', ended="length")
        if "Bericht 5:" in body["messages"][1]["content"]
        else planted.respond(body)
    )
    first = planted.run(*WITH, code=1)
    assert first["failed"] == 2
    assert first["judged"]["outcomes"]["rejected"] == OUTCOMES["rejected"]
    assert first["judged"]["not_judged"] == {"not found in the text": 1, "truncated": 2, "unparsable": 2}
    status = curate_json("status", "--workspace", planted.folder)
    assert status["failures_by_kind"] == {"judge:llm": {"truncated": 1, "unparsable": 1}}
    planted.server.respond = planted.respond
    asked = len(planted.server.requests)
    second = planted.run(*WITH, "--retry", "truncated", code=1)
    assert (second["done"], len(planted.server.requests)) == (1, asked + 1)
    assert planted.run(*WITH, "--retry-failed")["judged"]["outcomes"] == OUTCOMES


def test_a_dry_run_sends_nothing_and_caps_stop_the_run_with_what_is_done(planted: Planted) -> None:
    planned = planted.run(*WITH, "--dry-run")
    assert (planned["records"], planned["questions"], planned["seconds"]) == (RECORDS, RECORDS, None)
    assert planned["cost"] > 0
    assert "Bericht 0" in planned["prompt"][1]["content"]
    assert planted.server.requests == []
    stopped = planted.run(*WITH, "--max-tokens", "60")
    assert "--max-tokens" in stopped["stopped"]
    assert stopped["judged"]["not_judged"]["not asked yet"] > 0
    assert planted.run(*WITH)["judged"]["outcomes"] == OUTCOMES
    assert planted.run(*WITH, "--dry-run")["records"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", *WITH), "a layer of the store"),
        (("llm", "--with", "rules"), "expected a language model (llm:NAME) as a judge"),
        (("llm", "--with", "llm:nobody"), "a language model of curate.toml"),
        (("llm", "--dry-run"), "expected --with"),
        (("llm", "--max-cost", "1"), "expected --with"),
        (("llm", "--show", "8", "--max-time", "0"), "expected --with"),
        (("llm", *WITH, "--dry-run", "--max-tokens", "0"), "expected --dry-run without --max-tokens"),
        (("llm", "--show", "unknown"), "unknown"),
        (("llm", *WITH, "--retry", "trunkated"), "did you mean truncated?"),
        (("llm", *WITH, "--show", "8"), "got both"),
    ],
)
def test_what_is_not_understood_is_refused(planted: Planted, words: tuple[str, ...], said: str) -> None:
    assert said in curate("judge", *words, "--workspace", planted.folder, code=2).stderr
    assert planted.server.requests == []


def test_what_the_judge_rejects_is_reviewed_first(planted: Planted) -> None:
    planted.run(*WITH)
    queue = curate_json("review", "queue", "--size", "16", "--control", "0", "--workspace", planted.folder)
    picked = [place for place in queue["places"] if place["signal"] == "judge"]
    with Workspace.at(planted.folder).open_store() as store:
        names = store.source_ids(place["record_id"] for place in picked)
    numbers = [int(names[place["record_id"]]) for place in picked]
    assert set(numbers[: len(INVENTED)]) == set(INVENTED)
    assert set(numbers[len(INVENTED) :]) <= {*WRONG_CATEGORY, *WRONG_ASSERTION}
    assert [place["place"] for place in picked] == list(range(1, len(picked) + 1))
    assert picked[0]["why"] == "a judge rejects 1 of 3 entities, and would change 0"
