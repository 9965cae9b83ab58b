"""`curate translate` over a workspace: once, again, with another model, killed, and what it leaves out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import curate, curate_json

from curation.decision import Decision, DecisionKind, Verdict
from curation.record import Entity, Layer, Record, record_id
from curation.translate.translated import MADE
from pipeline.steps.freeze import freeze
from pipeline.workspace import Workspace

RECORDS = 6
#: What a model answers about the reports here, whichever they are: one sentence, and one wording that is asked for.
SCRIPT = [
    {"if": '"translation"', "answer": {"1": "Fieber"}},
    {"if": "<e0>fever</e0>", "answer": {"1": "Es bestand <e0>Fieber</e0>."}},
    {"if": "fever", "answer": {"1": "Es bestand Fieber."}},
]


def script(folder: Path, name: str, lines: list[dict[str, object]], **settings: object) -> None:
    """A model of that name."""
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    more = "".join(f"{key} = {value}\n" for key, value in settings.items())
    with (folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[models.{name}]\nkind = "scripted"\nscript = "{file}"\n{more}')


def add(folder: Path, *texts: str, language: str = "en", of: str | None = None) -> list[Record]:
    """Records with their gold, in the store."""
    made = [
        Record(
            id=record_id(text, language=language),
            group=text,
            source="test",
            language=language,
            text=text,
            translation_of=of,
        )
        for text in texts
    ]
    with Workspace.at(folder).open_store() as store:
        store.add_records(made)
        store.add_layers(gold(record) for record in made if "fever" in record.text)
    return made


def gold(record: Record, category: str = "signs_symptoms") -> Layer:
    start = record.text.index("fever")
    entity = Entity.at(record.text, start, start + 5, category, id="T1")
    return Layer(record_id=record.id, name="gold", author="gold", entities=(entity,))


def reports(number: int) -> list[str]:
    return [f"There was fever {'again ' * count}here." for count in range(number)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    script(folder, "m", SCRIPT)
    add(folder, *reports(RECORDS))
    return folder


def translate(folder: Path, *words: object, code: int = 0) -> dict:
    return curate_json("translate", "--to", "de", *words, "--workspace", folder, code=code)


def translations(folder: Path) -> list[Record]:
    with Workspace.at(folder).open_store() as store:
        return list(store.records(language="de"))


def standing(folder: Path) -> list[str]:
    with Workspace.at(folder).open_store() as store:
        away = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
        return [record.id for record in store.records(language="de") if record.id not in away]


def test_records_are_translated_with_their_layers_and_a_second_run_asks_nothing(folder: Path) -> None:
    report = translate(folder, "--with", "llm:m")
    assert (report["done"], report["failed"], report["set_aside"]) == (RECORDS, 0, 0)
    counts = report["carried"]["by_category"]["signs_symptoms"]
    assert (counts["entities"], counts["by marker"]) == (RECORDS, RECORDS)
    made = translations(folder)
    assert {record.text for record in made} == {"Es bestand Fieber."}
    assert len({record.translation_of for record in made}) == RECORDS
    with Workspace.at(folder).open_store() as store:
        layers = [store.layer(record.id, "gold") for record in made]
    assert [entity.text for layer in layers for entity in layer.entities] == ["Fieber"] * RECORDS
    again = translate(folder, "--with", "llm:m")
    assert (again["done"], again["spending"]["answers"], again["carried"]) == (0, 0, report["carried"])
    shown = translate(folder, "--report")
    assert {name: value for name, value in shown.items() if name != "quality"} == report["carried"]
    assert shown["quality"] == {"translations": RECORDS, "back_translation": None, "judged": None, "checks": None}


def test_a_further_layer_is_carried_without_translating_again(folder: Path) -> None:
    translate(folder, "--with", "llm:m")
    before = translations(folder)
    with Workspace.at(folder).open_store() as store:
        store.add_layers(
            gold(record).model_copy(update={"name": "rules", "author": "rules@1"})
            for record in store.records(language="en")
        )
    report = translate(folder, "--with", "llm:m")
    assert (report["done"], report["spending"]["answers"]) == (RECORDS, 0)
    assert translations(folder) == before
    with Workspace.at(folder).open_store() as store:
        assert {store.layer(record.id, "rules").entities[0].text for record in before} == {"Fieber"}


def test_a_layer_that_changed_is_carried_again(folder: Path) -> None:
    translate(folder, "--with", "llm:m")
    with Workspace.at(folder).open_store() as store:
        store.add_layers(gold(record, "diagnosis") for record in store.records(language="en"))
    report = translate(folder, "--with", "llm:m", "--layer", "gold")
    assert list(report["carried"]["by_category"]) == ["diagnosis"]
    assert len(translations(folder)) == RECORDS


def test_another_model_sets_the_older_translations_aside_and_the_first_one_brings_them_back(folder: Path) -> None:
    translate(folder, "--with", "llm:m")
    first = standing(folder)
    other = [{"if": "fever", "answer": {"1": "Der Patient hatte <e0>Fieber</e0>."}}]
    script(folder, "other", other)
    report = translate(folder, "--with", "llm:other")
    assert report["set_aside"] == RECORDS
    second = standing(folder)
    assert not set(first) & set(second)
    assert len(second) == RECORDS
    assert report["carried"]["translators"] == {"llm:other@translate.v1": RECORDS}
    assert translate(folder, "--with", "llm:m")["set_aside"] == RECORDS
    assert standing(folder) == first
    assert len(translations(folder)) == 2 * RECORDS


def test_translations_by_two_models_that_a_killed_run_left_standing_are_warned_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translate(folder, "--with", "llm:m")
    script(folder, "other", [{"if": "fever", "answer": {"1": "Der Patient hatte <e0>Fieber</e0>."}}])
    told: list[str] = []
    with monkeypatch.context() as killed:
        killed.setattr("pipeline.steps.translate.set_older_aside", lambda *_: 0)
        translate(folder, "--with", "llm:other")
    workspace = Workspace.at(folder, notify=told.append)
    with workspace.open_store() as store:
        store.decide(
            Decision(record_id=id, verdict=Verdict.ACCEPTED, by="human:anna", reason="read", **subject)
            for id in store.record_ids()
            for subject in ({}, {"kind": DecisionKind.LAYER, "layer": "gold"})
        )
        freeze(workspace, store, name="both", layers=["gold"])
        assert [line for line in told if f"{RECORDS} records have two translations" in line]
        told.clear()
        translate(folder, "--with", "llm:other")
        freeze(workspace, store, name="one", layers=["gold"])
    assert told == []


def test_another_model_that_says_the_same_again_stands_in_the_place_of_what_was_set_aside(folder: Path) -> None:
    translate(folder, "--with", "llm:m")
    script(folder, "other", [{"if": "fever", "answer": {"1": "Der Patient hatte <e0>Fieber</e0>."}}])
    translate(folder, "--with", "llm:other")
    script(folder, "third", SCRIPT)
    assert translate(folder, "--with", "llm:third")["set_aside"] == RECORDS
    stands = set(standing(folder))
    assert [record.text for record in translations(folder) if record.id in stands] == ["Es bestand Fieber."] * RECORDS


def test_what_is_set_aside_translated_elsewhere_or_german_is_left_out_and_said(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        rejected, parallel, *_ = store.record_ids()
        store.decide([Decision(record_id=rejected, verdict=Verdict.REJECTED, by="human:anna", reason="no report")])
    add(folder, "Von Hand.", language="de", of=parallel)
    add(folder, "Ein deutscher Bericht.", language="de")
    report = translate(folder, "--with", "llm:m")
    assert report["done"] == RECORDS - 2
    assert report["left_out"] == {
        "are set aside or rejected": 1,
        "have a translation that was not made here": 1,
    }


def test_older_translations_are_no_records_that_were_left_out(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        store.decide([Decision(record_id=store.record_ids()[0], verdict=Verdict.REJECTED, by="human:anna", reason="x")])
    add(folder, "Ein deutscher Bericht.", language="de")
    with Workspace.at(folder).open_store() as store:
        german = [record.id for record in store.records(language="de")]
        store.decide([Decision(record_id=german[0], verdict=Verdict.REJECTED, by="human:anna", reason="x")])
    translate(folder, "--with", "llm:m")
    script(folder, "other", [{"if": "fever", "answer": {"1": "Der Patient hatte <e0>Fieber</e0>."}}])
    for _ in range(2):
        assert translate(folder, "--with", "llm:other")["left_out"] == {"are set aside or rejected": 1}


def test_what_another_model_did_does_not_count_as_done_where_a_run_stops(folder: Path) -> None:
    translate(folder, "--with", "llm:m")
    script(folder, "other", SCRIPT, concurrency=1)
    words = ("translate", "--to", "de", "--with", "llm:other", "--max-tokens", 1, "--workspace", folder, "--json")
    stopped = curate(*words)
    done = json.loads(stopped.stdout)["done"]
    assert f"{done} records are done and kept, {RECORDS - done} are left" in stopped.stderr
    assert "nothing to translate" not in stopped.stderr


def test_a_record_that_was_set_aside_since_is_left_out_and_neither_unchanged_nor_failed(folder: Path) -> None:
    add(folder, "Unlike the others.")
    assert translate(folder, "--with", "llm:m", code=1)["failed"] == 1
    with Workspace.at(folder).open_store() as store:
        away = [record.id for record in store.records(language="en") if "fever again here" in record.text]
        away += [failure.record_id for failure in store.failures()]
        store.decide(
            [Decision(record_id=id, verdict=Verdict.REJECTED, by="human:anna", reason="no report") for id in away]
        )
    report = translate(folder, "--with", "llm:m")
    assert (report["unchanged"], report["failed_before"]) == (RECORDS - 1, 0)
    assert report["left_out"] == {"are set aside or rejected": 2}


def test_a_store_without_a_record_in_another_language_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    script(folder, "m", SCRIPT)
    add(folder, "Ein deutscher Bericht.", language="de")
    result = curate("translate", "--to", "de", "--with", "llm:m", "--workspace", folder)
    assert "no record is in another language than de" in result.stderr


@pytest.mark.parametrize("mode", [["--report"], ["--judge"], ["--back-translate", "--dry-run"], ["--retry-findings"]])
def test_a_language_that_is_none_is_refused_in_every_mode(folder: Path, mode: list[str]) -> None:
    result = curate("translate", "--to", "klingon", "--with", "llm:m", *mode, "--workspace", folder, code=2)
    assert "expected a language of" in result.stderr


def test_what_no_judge_could_be_read_about_is_not_told_as_judged(folder: Path) -> None:
    translate(folder, "--with", "llm:m")
    script(folder, "judge", [{"answer": "Sorry, what?"}])
    report = translate(folder, "--judge", "--with", "llm:judge", code=1)
    assert report["quality"]["judged"]["without_verdicts"] == RECORDS
    told = curate("translate", "--to", "de", "--report", "--workspace", folder).stdout
    assert f"Judged 0 of {RECORDS} by llm:judge@adequacy.v1" in told
    assert f"{RECORDS} without a verdict that could be read" in " ".join(told.split())


def test_a_failed_record_is_kept_with_its_kind_and_tried_again_on_request(folder: Path) -> None:
    script(folder, "broken", [{"answer": "Sorry, what?"}])
    report = translate(folder, "--with", "llm:broken", code=1)
    assert (report["failed"], report["failed_by_kind"]) == (RECORDS, {"unparsable": RECORDS})
    assert translations(folder) == []
    assert translate(folder, "--with", "llm:broken", code=1)["failed"] == 0
    assert translate(folder, "--with", "llm:broken", "--retry", "unparsable", code=1)["failed"] == RECORDS


def test_a_dry_run_shows_the_question_and_writes_nothing(folder: Path) -> None:
    planned = translate(folder, "--with", "llm:m", "--dry-run")
    assert (planned["records"], planned["questions"]) == (RECORDS, RECORDS)
    assert "<e0>fever</e0>" in planned["prompt"][1]["content"]
    assert translations(folder) == []


def test_a_run_that_stops_at_a_cap_goes_on_later(folder: Path) -> None:
    first = translate(folder, "--with", "llm:m", "--max-tokens", "1")
    assert first["done"] < RECORDS
    translate(folder, "--with", "llm:m")
    assert len(standing(folder)) == RECORDS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "three ways to one"),
        (("--with", "rules"), "expected a language model (llm:NAME)"),
        (("--with", "llm:nobody"), "nobody"),
        (("--with", "llm:m", "--layer", "golden"), "golden"),
        (("--report", "--dry-run"), "expected --report without"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = curate("translate", "--to", "de", *words, "--workspace", folder, code=2)
    assert said in " ".join(done.stderr.split())


def test_an_unknown_language_is_refused(folder: Path) -> None:
    done = curate("translate", "--to", "german", "--with", "llm:m", "--workspace", folder, code=2)
    assert "expected a language of" in done.stderr


def test_the_setting_names_the_translator_and_the_glossary_is_obeyed(folder: Path) -> None:
    config = folder / "curate.toml"
    section = "[curation.translate]\n"
    said = config.read_text(encoding="utf-8").replace(section, f'{section}translator = "llm:m"\n')
    config.write_text(said, encoding="utf-8")
    (folder / "glossary.yaml").write_text("- {source: fever, target: Fieber}\n", encoding="utf-8")
    report = translate(folder)
    assert report["notes"]["terms of the glossary obeyed"] == RECORDS
    shown = curate("translate", "--to", "de", "--report", "--workspace", folder).stdout
    assert "signs_symptoms" in shown


@pytest.mark.server
@pytest.mark.long
def test_a_run_that_is_killed_leaves_whole_translations_and_is_gone_on_with(folder: Path) -> None:
    number = 60
    add(folder, *reports(number))
    script(folder, "slow", SCRIPT, seconds=0.02, concurrency=2)
    words = ["translate", "--to", "de", "--with", "llm:slow", "--workspace", str(folder)]
    process = subprocess.Popen([sys.executable, "-c", "from pipeline.command import main; main()", *words])
    end = time.monotonic() + 60
    while time.monotonic() < end and len(translations(folder)) < 5 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = translations(folder)
    assert 0 < len(made) < number
    with Workspace.at(folder).open_store() as store:
        assert all(store.layer(record.id, "gold") is not None for record in made)
    translate(folder, "--with", "llm:slow")
    assert len({record.translation_of for record in translations(folder)}) == number
    assert len(translations(folder)) == number
    with Workspace.at(folder).open_store() as store:
        (spent,) = [row for row in store.spending() if row.model == "slow"]
    assert number <= spent.answers <= number + 4  # those that were on their way at the kill
    assert all(record.meta[MADE]["author"] == "llm:slow@translate.v1" for record in translations(folder))
