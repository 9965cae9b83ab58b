"""Translations that were made here, examined: each planted error is found by its check, and made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import curate, curate_json
from translation_server import SPECIAL, WRONG, TranslationServer, add_model, add_reports, reports, translation_server

from curation.decision import Decision, Verdict
from curation.record import Record
from curation.text.revision import Revision
from curation.translate.corrected import corrected_record
from curation.translate.translated import MADE
from pipeline.workspace import Workspace
from validation.last_findings import FILE
from validation.measures.translation import TRANSLATION

RECORDS = len(SPECIAL) + 1


@dataclass
class Workplace:
    """A workspace with reports, the server of its models `m` and `other`, and the reports' ids by their check."""

    folder: Path
    server: TranslationServer
    ids: dict[str, str]

    def translate(self, *words: object, code: int = 0) -> dict:
        return curate_json("translate", "--to", "de", *words, "--workspace", self.folder, code=code)

    def printed(self, *words: object) -> str:
        return curate("translate", "--to", "de", *words, "--workspace", self.folder).stdout

    def standing(self) -> dict[str, Record]:
        """The translations that stand, by the check of their original."""
        checks = {id: check for check, id in self.ids.items()}
        with Workspace.at(self.folder).open_store() as store:
            away = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
            found = [record for record in store.records(language="de") if record.id not in away]
        assert len(found) == len({record.translation_of for record in found})
        return {checks[str(record.translation_of)]: record for record in found}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    made = reports()
    with translation_server() as server:
        config = folder / "curate.toml"
        said = config.read_text(encoding="utf-8")
        section = "[validation.translation]\n"
        assert section in said
        config.write_text(said.replace(section, f'{section}encoder = "off"\n'), encoding="utf-8")
        for name in ("m", "other"):
            add_model(folder, name, server)
        add_reports(folder, made.values())
        yield Workplace(folder, server, {check: record.id for check, (record, _) in made.items()})


SOUND = "He recovered well and went home after three days."
WITH = ("--with", "llm:m")
OTHER = ("--with", "llm:other")


def test_sound_translations_have_no_findings_and_nothing_is_asked_again(place: Workplace) -> None:
    place.translate(*WITH)
    report = place.translate("--retry-findings", *WITH)
    assert report["before"] == report["after"] == {"translations": 0, "failing": {}}
    assert (report["done"], report["set_aside"], report["spending"]["answers"]) == (0, 0, 0)


def test_what_fails_a_check_is_made_again_and_the_better_one_stands(place: Workplace) -> None:
    place.server.wrong = dict(WRONG)
    place.translate(*WITH)
    before = place.standing()
    report = place.translate("--retry-findings", *WITH)
    assert report["before"]["translations"] == len(SPECIAL)
    assert set(SPECIAL) <= set(report["before"]["failing"])
    assert report["after"] == {"translations": 0, "failing": {}}
    assert (report["done"], report["set_aside"]) == (len(SPECIAL), len(SPECIAL))
    after = place.standing()
    assert {check for check in after if after[check].id != before[check].id} == set(SPECIAL)
    for check, (_, german, _) in SPECIAL.items():
        assert german in after[check].text
        assert after[check].meta[MADE]["replaces"] == before[check].id
    with Workspace.at(place.folder).open_store() as store:
        layers = [store.layer(record.id, "gold") for record in after.values()]
    assert all(layer is not None and layer.entities for layer in layers)


def test_what_is_no_better_replaces_nothing_and_is_asked_once(place: Workplace) -> None:
    place.server.wrong, place.server.always = dict(WRONG), True
    place.translate(*WITH)
    before = place.standing()
    place.server.server.requests.clear()
    report = place.translate("--retry-findings", "--best-of", "2", *WITH)
    sent = {(body["seed"], body["temperature"]) for body in place.server.server.requests}
    assert sent == {(1000, 0.7), (2000, 0.7)}
    assert report["before"] == report["after"]
    assert (report["done"], report["set_aside"]) == (len(SPECIAL), 0)
    assert report["notes"]["candidates with the wording of one that is there already"] == 2 * len(SPECIAL)
    assert report["notes"]["not better, the earlier one stays"] == len(SPECIAL)
    assert place.standing() == before
    asked = len(place.server.asked)
    again = place.translate("--retry-findings", "--best-of", "2", *WITH)
    assert (again["unchanged"], again["spending"]["answers"]) == (len(SPECIAL), 0)
    assert len(place.server.asked) == asked


def test_what_a_run_that_ended_early_has_is_kept_and_nothing_is_asked_twice(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_model(place.folder, "slow", place.server, concurrency=1)
    slow = ("--with", "llm:slow")
    place.server.wrong = dict(WRONG)
    place.translate(*slow)
    place.server.asked.clear()
    assert place.translate("--retry-findings", *slow, "--max-tokens", "1")["done"] < len(SPECIAL)
    # A process that is killed has set nothing aside.
    with monkeypatch.context() as killed:
        killed.setattr("pipeline.steps.translations.retries.set_older_aside", lambda *_: 0)
        place.translate("--retry-findings", *slow)
    with Workspace.at(place.folder).open_store() as store:
        assert len(list(store.records(language="de"))) == RECORDS + len(SPECIAL)
    report = place.translate("--retry-findings", *slow)
    assert report["after"]["translations"] == 0
    assert len(place.standing()) == RECORDS
    assert place.server.asked.count("translate") == len(SPECIAL)


def test_another_model_makes_it_again_and_translating_later_keeps_the_better_ones(place: Workplace) -> None:
    place.server.wrong = dict(WRONG)
    place.translate(*WITH)
    place.server.wrong = {}
    report = place.translate("--retry-findings", *OTHER)
    assert report["after"]["translations"] == 0
    after = place.standing()
    assert {check for check in after if after[check].meta[MADE]["author"].startswith("llm:other@")} == set(SPECIAL)
    # What stands in place of the first model's translations stays when that one translates on.
    again = place.translate(*WITH)
    assert (again["done"], again["set_aside"]) == (0, 0)
    assert place.standing() == after
    with Workspace.at(place.folder).open_store() as store:
        layers = [store.layer(id, "gold") for id in place.ids.values()]
        store.add_layers([layer.model_copy(update={"name": "rules", "author": "rules@1"}) for layer in layers if layer])
    assert place.translate(*WITH)["done"] == RECORDS
    assert place.standing() == after
    with Workspace.at(place.folder).open_store() as store:
        assert all(store.layer(record.id, "rules") for record in after.values())
    # Of a whole set by the other model the better ones are there already; the first model brings its own one back.
    place.server.wrong = {SOUND: "Er erholte sich gut und wurde nach drei Tagen nach Hause entlassen."}
    assert place.translate(*OTHER)["set_aside"] == 1
    assert {check for check, record in place.standing().items() if record != after[check]} == {""}
    place.translate(*WITH)
    assert place.standing() == after


def test_what_a_person_has_reviewed_or_somebody_else_translated_is_left_and_said(place: Workplace) -> None:
    place.server.wrong = dict(WRONG)
    place.translate(*WITH)
    standing = place.standing()
    decided, annotated, aside = standing["sides_translated"], standing["numbers_translated"], place.ids["translated"]
    before = standing["denials_translated"]
    with Workspace.at(place.folder).open_store() as store:
        store.decide(
            [
                Decision(record_id=decided.id, verdict=Verdict.ACCEPTED, by="human:anna"),
                Decision(record_id=aside, verdict=Verdict.REJECTED, by="human:anna", reason="no report"),
            ]
        )
        layer = store.layer(annotated.id, "gold")
        assert layer is not None
        store.add_layers([layer.model_copy(update={"name": "human:anna", "author": "human:anna", "provenance": {}})])
        # What is wrong with it the person has not seen: it is theirs all the same.
        revision = Revision.of(before.text, f"{before.text} Soweit.")
        new = corrected_record(before, revision, by="human:anna", at=datetime(2026, 11, 30, tzinfo=UTC))
        store.add_records([new])
        store.decide([Decision(record_id=before.id, verdict=Verdict.REJECTED, by="policy:correction@1")])
    report = place.translate("--retry-findings", *WITH)
    assert report["left_out"] == {
        "translations of records that are set aside or rejected": 1,
        "translations that a person has reviewed": 3,
    }
    assert report["set_aside"] == len(SPECIAL) - 4
    after = place.standing()
    assert all(after[check].id == standing[check].id for check in ("sides_translated", "numbers_translated"))
    assert after["denials_translated"].id == new.id


def test_translations_are_compared_with_their_originals_when_translated_back(place: Workplace) -> None:
    place.translate(*WITH)
    assert "Back-translation: not measured" in place.printed("--report")
    place.server.back = {SPECIAL["translated"][1]: "All else is quite another thing that nobody had ever said before."}
    report = place.translate("--back-translate", *OTHER)
    found = report["quality"]["back_translation"]
    assert (report["done"], found["translations"], found["by"]) == (
        RECORDS,
        RECORDS,
        {"llm:other@translate.v1": RECORDS},
    )
    assert (found["below_limit"], found["limit"]) == (0, 40)
    assert 60 < found["chrf"] < 100
    asked = len(place.server.asked)
    assert place.translate("--back-translate", *OTHER)["spending"]["answers"] == 0
    assert len(place.server.asked) == asked
    with Workspace.at(place.folder).open_store() as store:
        scores = {id: found["back-translate"] for id, found in store.measures(stage="back-translate")}
    standing = place.standing()
    like, unlike = scores[standing[""].id], scores[standing["translated"].id]
    assert (like["chrf"], like["chrf_words"], like["least"]) == (100, 100, 100)
    assert unlike["least"] < 40 < unlike["chrf"] < 100
    span = unlike["least_span"]
    assert standing["translated"].text[slice(*span)] == SPECIAL["translated"][1]
    assert "by llm:other@translate.v1" in place.printed("--report")


def test_a_judge_names_what_is_wrong_and_one_that_judges_itself_is_told_of(place: Workplace) -> None:
    place.server.wrong = dict(WRONG)
    place.translate(*WITH)
    place.server.faults = {
        WRONG[english]: "side" for english, _, _ in SPECIAL.values() if "kidney was removed" in english
    }
    report = place.translate("--judge")
    judged = report["quality"]["judged"]
    assert judged["by"] == {"llm:other@adequacy.v1": RECORDS}
    assert (judged["translations"], judged["with_wrong_segments"], judged["by_their_translator"]) == (RECORDS, 1, 0)
    assert (judged["faults"], judged["segments"]["no"]) == ({"side": 1}, 1)
    assert judged["segments"]["yes"] == 2 * RECORDS + len(SPECIAL) - 1
    done = curate("translate", "--to", "de", "--judge", *WITH, "--workspace", place.folder)
    assert f"{RECORDS} translations are judged by the model that made them" in done.stderr
    assert f"{RECORDS} by the model that made them" in " ".join(done.stdout.split())


def test_findings_of_the_judge_are_made_again_and_judged_as_before(place: Workplace) -> None:
    place.server.wrong = {english: german.replace(".", ", sagt er.") for english, german, _ in SPECIAL.values()}
    place.translate(*WITH)
    place.server.faults = dict.fromkeys(place.server.wrong.values(), "addition")
    place.translate("--judge", *OTHER)
    report = place.translate("--retry-findings", "--best-of", "2", *WITH)
    assert report["before"]["failing"] == {"judged_adequate": len(SPECIAL)}
    assert report["after"] == {"translations": 0, "failing": {}}
    quality = place.translate("--report")["quality"]
    assert (quality["judged"]["translations"], quality["judged"]["with_wrong_segments"]) == (RECORDS, 0)


def test_what_is_not_understood_is_refused_in_a_line(place: Workplace) -> None:
    def refused(*words: object) -> str:
        done = curate("translate", "--to", "de", *words, "--workspace", place.folder, code=2)
        return " ".join(done.stderr.split())

    modes = ("--back-translate", "--judge", "--retry-findings")
    for mode in modes:
        assert "expected translations into de, got none" in refused(mode, *WITH)
    place.translate(*WITH)
    assert "expected one of" in refused("--back-translate", "--judge")
    assert "expected --judge without --layer" in refused("--judge", *WITH, "--layer", "gold")
    assert "expected --best-of with --retry-findings" in refused("--best-of", "2", *WITH)
    assert "nobody" in refused("--retry-findings", "--with", "llm:nobody")
    for mode in modes:
        assert "expected a language model (llm:NAME)" in refused(mode, "--with", "rules")
    for mode in ("--back-translate", "--retry-findings"):
        assert "expected a translator, got none" in refused(mode)
    add_model(place.folder, "third", place.server)
    assert "name one with --with: llm:other, llm:third" in refused("--judge")


def test_a_dry_run_shows_a_question_and_writes_nothing(place: Workplace) -> None:
    place.server.wrong = dict(WRONG)
    place.translate(*WITH)
    asked = len(place.server.asked)
    for mode, records in (("--back-translate", RECORDS), ("--judge", RECORDS), ("--retry-findings", len(SPECIAL))):
        planned = place.translate(mode, *WITH, "--dry-run")
        assert planned["questions"] == planned["records"] == records
        assert planned["prompt"][1]["content"].startswith("<report-")
    assert len(place.server.asked) == asked
    with Workspace.at(place.folder).open_store() as store:
        assert not list(store.measures(stage="translation"))


@pytest.mark.expectations
def test_validation_finds_each_planted_error_by_its_check_and_no_other(place: Workplace) -> None:
    place.server.wrong = dict(WRONG)
    place.translate(*WITH)
    place.translate("--judge", *OTHER)
    verdicts = curate_json("validate", "--workspace", place.folder)
    found = {finding["expectation"]: finding for finding in verdicts["expectations"]}
    assert found["alike_translated_back"]["not_measured"]
    assert (found["judged_adequate"]["not_measured"], found["judged_adequate"]["failed"]) == ("", 0)
    standing = place.standing()
    kept = json.loads((place.folder / FILE).read_text(encoding="utf-8"))
    failed = {finding["expectation"]: set(finding["failed"]) for finding in kept["findings"]}
    for check in SPECIAL:
        assert failed[check] == {standing[check].id}, check
    assert not any(standing[""].id in failed.get(rule.name, ()) for rule in TRANSLATION.rules)
