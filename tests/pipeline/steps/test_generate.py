"""`curate generate` over a workspace, with a model behind HTTP: stored once, paid for once, resumed, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chat_server import ChatServer, chat_server, completion
from command_line import curate, curate_json
from telling_models import TellingModel

from curation.decision import Decision, Verdict
from curation.record import Entity, Layer, Record, record_id
from curation.store import Store
from curation.translate.translated import MADE
from pipeline.process_identity import this_process
from pipeline.telling import TRANSLATED
from pipeline.workspace import Workspace

HEAD = "id,age,gender,signs_symptoms,signs_symptoms:negated,laboratory_values\n"
ROW = "a,54-year-old,woman,stabbing chest pain; swollen left ankle,fever,haemoglobin 9.2 g/dL\n"
OTHER = "b,7-year-old,boy,barking cough,rash,CRP 12 mg/L\n"


@dataclass
class Ward:
    """A workspace whose model is a server of the test."""

    folder: Path
    server: ChatServer
    model: TellingModel

    def generate(self, *words: object, code: int = 0) -> dict:
        return curate_json("generate", "--with", "llm:m", *words, "--workspace", self.folder, code=code)

    def refused(self, *words: object) -> str:
        return " ".join(curate("generate", *words, "--workspace", self.folder, code=2).stderr.split())

    def table(self, *rows: str) -> Path:
        file = self.folder / "cases.csv"
        file.write_text(HEAD + "".join(rows), encoding="utf-8")
        return file

    def store(self) -> Store:
        return Workspace.at(self.folder).open_store()

    def told(self) -> list[tuple[Record, Layer]]:
        with self.store() as store:
            records = [record for record in store.records() if "told" in record.meta]
            return [(record, store.layer_history(record.id)[-1]) for record in records]

    def config(self, lines: str) -> None:
        with (self.folder / "curate.toml").open("a", encoding="utf-8") as config:
            config.write(f"\n{lines}\n")

    def add(self, text: str, *facts: tuple[str, str], language: str = "en") -> Record:
        """A real record with its gold."""
        id = record_id(text, language=language)
        record = Record(id=id, group=text[:20], source="ward", language=language, text=text)
        entities = tuple(
            Entity.at(text, text.index(wording), text.index(wording) + len(wording), category, id=f"T{number}")
            for number, (wording, category) in enumerate(facts, 1)
        )
        with self.store() as store:
            store.add_records([record])
            store.add_layers([Layer(record_id=id, name="gold", author="gold", entities=entities)] if facts else [])
        return record


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server() as state:
        yield state


@pytest.fixture
def ward(tmp_path: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Ward:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    model = TellingModel()
    server.respond = lambda body: completion(model.text(body))
    server.requests.clear()
    found = Ward(folder, server, model)
    found.config(f'[models.m]\nurls = ["{server.url}"]\nmodel = "m"')
    return found


def test_cases_are_told_and_paid_for_once(ward: Ward) -> None:
    planned = ward.generate("--records", 3, "--parallel", "--dry-run")
    assert (planned["records"], planned["questions"], planned["record"]) == (3, 3, None)
    assert "Tell every fact" in planned["prompt"][0]["content"]
    assert not ward.server.requests
    report = ward.generate("--records", 3, "--parallel")
    assert (report["done"], report["failed"], len(ward.server.requests)) == (3, 0, 6)
    told = ward.told()
    assert [record.language for record, _ in told] == ["en", "de"] * 3
    for (english, one), (german, other) in zip(told[::2], told[1::2], strict=True):
        assert (german.translation_of, german.group) == (english.id, english.group)
        assert {entity.id for entity in one.entities} == {entity.id for entity in other.entities}
        assert (one.name, one.author) == ("told", "llm:m@tell.v1")
    again = ward.generate("--records", 4, "--parallel")
    assert (again["told_before"], again["done"], len(ward.server.requests)) == (3, 1, 8)
    assert again["diversity"]["told"] == {"texts by llm:m@tell.v1, of generator": 8}
    assert {path.name for path in (ward.folder / "reports" / "generate").iterdir()} == {
        "diversity.png",
        "report.html",
        "report.json",
    }


def test_translations_of_told_texts_are_none_that_were_told(ward: Ward) -> None:
    ward.generate("--records", 1, "--languages", "en")
    ((english, _),) = ward.told()
    german = english.model_copy(
        update={"id": "de", "language": "de", "translation_of": english.id, "meta": english.meta | {MADE: {}}}
    )
    with ward.store() as store:
        store.add_records([german])
    report = curate_json("generate", "--report", "--workspace", ward.folder)
    assert report["told"] == {"texts by llm:m@tell.v1, of generator": 1}
    assert {(group["author"], group["language"]) for group in report["groups"]} == {
        ("llm:m@tell.v1", "en"),
        (TRANSLATED, "de"),
    }


def test_no_name_of_a_row_stands_in_what_is_told_of_it(ward: Ward) -> None:
    ward.generate("--from-table", ward.table(ROW.replace("a,", "Mrs-4711,", 1)))
    ((record, layer),) = ward.told()
    assert record.group == "Mrs-4711"
    assert "4711" not in json.dumps([record.id, record.text, record.meta, layer.provenance])


def test_what_fails_comes_again_without_being_paid_for_until_it_is_retried(ward: Ward) -> None:
    file = ward.table(ROW, OTHER, ",,,N/A,,\n")
    ward.model.instead = ["", ""]
    report = ward.generate("--from-table", file, "--judge", "llm:m", code=1)
    assert (report["done"], report["failed_by_kind"]) == (0, {"empty": 2})
    assert (report["failed_cases"], report["rows_without_a_fact"]) == ({"a": "empty", "b": "empty"}, 1)
    assert report["diversity"] is None
    asked = len(ward.server.requests)
    assert ward.generate("--from-table", file, "--judge", "llm:m", code=1)["failed_by_kind"] == {"empty": 2}
    assert len(ward.server.requests) == asked
    ward.model.instead = []
    assert ward.generate("--from-table", file, "--judge", "llm:m", "--retry", "empty")["done"] == 2
    assert sorted((record.group, layer.name) for record, layer in ward.told()) == [("a", "gold"), ("b", "gold")]
    with ward.store() as store:
        assert [run.manifest["inputs"]["table"] for run in store.runs()] == ["cases.csv"] * 3


def test_a_run_that_was_stopped_goes_on_without_asking_twice(ward: Ward) -> None:
    file = ward.table(ROW, OTHER, ROW.replace("a,", "c,", 1).replace("54", "55"))
    stopped = ward.generate("--from-table", file, "--max-tokens", 1)
    assert stopped["stopped"] is not None
    assert stopped["done"] < 3
    report = ward.generate("--from-table", file)
    assert report["done"] + stopped["done"] == 3
    bodies = [json.dumps(body, sort_keys=True) for body in ward.server.requests]
    assert len(bodies) == len(set(bodies))


def test_the_same_patients_are_told_otherwise_and_only_so_many(ward: Ward) -> None:
    texts = [f"A {age}-year-old man had a cough." for age in (61, 62, 63)]
    records = [ward.add(text, (text[2:13], "age"), ("cough", "signs_symptoms")) for text in texts]
    aside = ward.add("An 80-year-old man had a cough.", ("cough", "signs_symptoms"))
    with ward.store() as store:
        store.decide([Decision(record_id=aside.id, verdict=Verdict.REJECTED, by="human:a", reason="not this one")])
    report = ward.generate("--from-layers", "gold", "--records", 2)
    assert (report["done"], len(ward.server.requests)) == (2, 2)
    told = sorted(ward.told(), key=lambda pair: pair[0].group)
    assert [(record.group, record.source) for record, _ in told] == [(each.group, "ward") for each in records[:2]]
    assert {entity.text for entity in told[0][1].entities} == {"61-year-old", "cough"}
    assert not {record.text for record, _ in told} & set(texts)
    again = ward.generate("--from-layers", "gold")
    assert (again["unchanged"], again["told"], len(ward.server.requests)) == (2, 1, 3)
    assert again["notes"]["left out: told by a model already"] >= 2
    assert again["notes"]["left out: set aside or rejected"] == 1
    left_out = sum(count for note, count in again["notes"].items() if note.startswith("left out: "))
    assert (again["done"], again["left_out"]) == (1, left_out)


def test_longer_reports_are_summarised_and_copies_refused(ward: Ward) -> None:
    days = " ".join(f"Day {day} was calm." for day in range(80))
    long = f"The patient had a cough and was given amoxicillin 500 mg. {days}"
    config = ward.folder / "curate.toml"
    content = config.read_text(encoding="utf-8")
    config.write_text(content.replace("# report_words = 200", "report_words = 100"), encoding="utf-8")
    ward.add(long, ("cough", "signs_symptoms"), ("amoxicillin 500 mg", "pharmacological_therapy"))
    ward.add("A short note about a cough.")
    report = ward.generate("--from-reports", "--from-layers", "gold", code=1)
    assert (report["failed_by_kind"], ward.told()) == ({"copied": 1}, [])
    assert report["notes"]["left out: shorter than 100 words"] == 1
    ward.server.respond = lambda body: completion("He was treated with amoxicillin 500 mg for a cough; calm days.")
    again = ward.generate("--from-reports", "--from-layers", "gold", "--retry", "copied")
    ((record, layer),) = ward.told()
    assert (again["told"], layer.name, record.meta["told"]["origin"]) == (1, "told", "report")
    assert {entity.text for entity in layer.entities} == {"cough", "amoxicillin 500 mg"}


def test_a_model_elsewhere_gets_nothing_that_identifies_a_patient(ward: Ward) -> None:
    ward.config('[models.far]\nurls = ["http://models.example/v1"]\nmodel = "m"')
    curate("trust", ward.folder)
    file = ward.table(ROW.replace("fever", "fever since the visit of Dr. Hannelore Brandt on 12.03.2019"))
    report = curate_json("generate", "--with", "llm:far", "--from-table", file, "--workspace", ward.folder, code=1)
    assert (report["failed"], report["spending"]["answers"]) == (1, 0)


def test_what_does_not_fit_together_is_refused(ward: Ward) -> None:
    ward.add("A cough.", ("cough", "signs_symptoms"))
    asked = ("--with", "llm:m", "--records", 2)
    for words, said in (
        (("--with", "rules", "--records", 2), "expected a language model (llm:NAME) with --with"),
        (("--with", "llm:m"), "expected --records N"),
        ((*asked, "--languages", "fr"), "expected languages of en, de, got fr"),
        ((*asked, "--parallel", "--languages", "en"), "at least two languages"),
        ((*asked, "--parallel", "--from-layers", "gold"), "`curate translate`"),
        ((*asked, "--from-layers", "nobody"), "nobody"),
        ((*asked, "--column", "a=age"), "--from-table"),
        ((*asked, "--noise", 0.1), "--noise"),
        ((*asked, "--from-table", ward.table(ROW.replace("a,", "a,x,"))), "expected 6 cells"),
        (("--records", 2, "--judge", "llm:m"), "expected --with llm:NAME with --judge"),
        (("--report",), "expected generated records"),
    ):
        assert said in ward.refused(*words), words
    with ward.store() as store:
        run = store.start_run("generate", process=this_process())
    assert "no other `curate generate` at work" in ward.refused(*asked)
    with ward.store() as store:
        store.end_run(run, state="done", manifest={})
    assert not ward.server.requests
    config = ward.folder / "curate.toml"
    config.write_text(config.read_text(encoding="utf-8").split("[models.m]")[0], encoding="utf-8")
    assert "curate models install smollm2" in ward.refused("--with", "llm:nobody", "--records", 2)


def test_rules_say_what_a_scheme_has_no_place_for(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    (folder / "scheme.yaml").write_text("name: few\ncategories:\n  diagnosis: a disease\n", encoding="utf-8")
    made = curate("generate", "--records", 2, "--workspace", folder, "--json")
    assert json.loads(made.stdout)["left_out"] > 0
    assert "were left out: the scheme few has no such kind" in made.stderr


def test_the_rules_stay_the_default_and_are_measured_too(ward: Ward) -> None:
    text = "A real report of a real ward about somebody who was not well."
    ward.add(text)
    counts = curate_json("generate", "--records", 3, "--workspace", ward.folder)
    assert (counts, ward.server.requests) == ({"imported": 6, "unchanged": 0}, [])
    found = curate_json("generate", "--report", "--workspace", ward.folder)
    groups = {(group["language"], group["author"]): group for group in found["groups"]}
    assert set(groups) == {("de", "generator@1"), ("en", "generator@1"), ("en", "real")}
    assert (groups["en", "generator@1"]["copied"], groups["de", "generator@1"]["copied"]) == (0, None)
    page = (ward.folder / "reports" / "generate" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert text not in page
    assert json.loads((ward.folder / "reports" / "generate" / "report.json").read_text())["told"] == {}
