"""The page for the meeting: what it tells, and what it leaves out when told to."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from planted_errors import KEPT, PLANTED, SOUND, fill, story

from curation.decision import Decision, Verdict
from curation.embeddings.encoder import Encoder
from curation.record import Fragment
from curation.scheme import Scheme
from curation.store import Store
from validation.measures.measure import Subject
from validation.report.embedding_map import embedding_map
from validation.report.examples import AROUND, examples
from validation.report.failure_locations import FailureLocations, by_category, failure_locations
from validation.report.plots import histogram
from validation.report.wording import report_wording
from validation.rules import RULES
from validation.settings import ReportSettings, SimilaritySettings, ValidationSettings
from validation.verdict import judge

pytestmark = pytest.mark.expectations

#: What is filled into words of the page.
GAP = re.compile(r"\{\w+\}")
#: Tags, and what is named or written in no language of ours: code, excerpts, settings.
NOT_OURS = re.compile(r"<(style|svg|code|p class=.excerpt.).*?</(style|svg|code|p)>|<[^>]+>", re.DOTALL)
WITH_MAP = ValidationSettings(similarity=SimilaritySettings(enabled=True))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, scheme: Scheme) -> Path:
    """A workspace that was validated, embeddings included."""
    folder = tmp_path_factory.mktemp("reported")
    with Store.open(f"sqlite:///{folder / 'records.db'}") as store:
        invented = PLANTED["an invention"][0]
        fill(store, [KEPT, story("copy", SOUND), story("again", SOUND), invented], scheme, WITH_MAP)
        store.decide([Decision(record_id="again", verdict=Verdict.REJECTED, by="human:ruth", reason="twice")])
        judge(store, scheme, WITH_MAP, folder)
    return folder


@pytest.fixture(scope="module")
def told(workspace: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((workspace / "reports" / "validation" / "validation.json").read_text())
    return found


def test_failures_come_first_named_by_the_broken_rule_in_words(workspace: Path) -> None:
    page = (workspace / "reports" / "validation" / "index.html").read_text()
    failed, met = page.index("What failed ("), page.index("Met: ")
    sentence = page.index("The entities stand in the text; what does not may be invented.")
    assert failed < sentence < met < page.index("Through the pipeline")
    assert page.index("quarantines the record") < met
    assert 'class="key" style="--colour:' in page


def test_boundary_rules_and_categories_are_named_in_the_language_of_the_report(
    tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    german = settings.model_copy(update={"report": ReportSettings(language="de")})
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        marked = (
            "A [54-year-old]{age} [woman]{gender} came. [No fever at home]{patient_outcome_assessment}. "
            "She got [ibuprofen]{pharmacological_therapy}."
        )
        fill(store, [story("one", marked)], scheme, german)
        page = judge(store, scheme, german, tmp_path).report.read_text()
    assert "Das Ergebnis ist der Zustand am Ende, nach Diagnose und Behandlung." in page
    assert scheme.by_name["patient_outcome_assessment"].label["de"] in page


def test_a_german_report_says_everything_in_german(
    tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    german = settings.model_copy(update={"report": ReportSettings(language="de")})
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, [KEPT, story("copy", SOUND), *(planted for planted, *_ in PLANTED.values())], scheme, german)
        page = judge(store, scheme, german, tmp_path).report.read_text()
    shown = unescape(NOT_OURS.sub(" ", page))
    english = {rule.says for rule in RULES} | {words for words in report_wording("en").page.values() if " " in words}
    assert [words for words in english if GAP.sub("", words) in shown] == []
    assert re.findall(r"\b(?:the|of|and|is|are|records?|entities|review|checked|none|nothing)\b", shown) == []
    assert '<html lang="de">' in page
    assert "Die Angaben stehen im Text; was nicht dort steht, ist vielleicht erfunden." in page
    assert "In Quarantäne (" in page


@pytest.mark.parametrize(
    ("values", "thresholds", "labels"),
    [
        ([1.0, 2.0, 3.0], [2.0], ["2"]),
        ([100.0, 200.0], [5.0, 5000.0], ["\u2190 5", "5000 \u2192"]),
        ([1.0, 1.0], [0.8], ["0.8"]),
        ([0.91, 0.95], [0.3], ["\u2190 0.3"]),
    ],
)
def test_each_threshold_is_drawn_and_counts_are_whole(
    values: list[float], thresholds: list[float], labels: list[str]
) -> None:
    drawn = histogram(values, thresholds)
    texts = [text.strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", drawn)]
    assert set(labels) <= set(texts)
    whole = [text for text in texts[texts.index("records") - 8 :] if re.fullmatch(r"[012]\.5", text)]
    assert whole == []


def test_counts_are_told_along_the_pipeline(told: dict[str, object]) -> None:
    assert told["flow"] == {
        "imported": 4,
        "by_language": {"en": 4},
        "layers": {"rules": 4},
        "measured": 4,
        "decisions": {"accepted": 1, "quarantined": 2, "rejected": 1},
        "reviewed": 0,
        "sets": [],
    }


def test_failures_are_counted_by_the_category_of_what_is_blamed(told: dict[str, object]) -> None:
    by_category = told["by_category"]
    assert isinstance(by_category, dict)
    assert by_category["entities_grounded"] == {"diagnosis": 1}
    assert by_category["no_near_duplicate"] == {"": 1}


def test_duplicates_stand_under_the_record_that_is_kept(told: dict[str, object]) -> None:
    duplicates = told["duplicates"]
    assert isinstance(duplicates, dict)
    assert duplicates["s1"] == {"copy": "near_duplicate_of"}


def test_the_map_names_its_encoder_and_places_every_entity(told: dict[str, object], workspace: Path) -> None:
    drawn = told["map"]
    assert isinstance(drawn, dict)
    assert drawn["encoder"].startswith("all-MiniLM-L6-v2, ")
    assert 0 < drawn["shown"] <= 1
    assert {(point[0], point[1]) for point in drawn["points"]} >= {("s1", "T1"), ("p16", "T8")}
    assert "Map of the entities" in (workspace / "reports" / "validation" / "index.html").read_text()


def test_the_manifest_tells_what_the_verdict_rests_on(told: dict[str, object], scheme: Scheme) -> None:
    manifest = told["manifest"]
    assert isinstance(manifest, dict)
    assert manifest["scheme"]["digest"] == scheme.digest
    assert manifest["encoder"]["name"] == "all-MiniLM-L6-v2"
    assert manifest["versions"]["great-expectations"]
    assert manifest["settings"] == json.loads(WITH_MAP.model_dump_json())


def test_the_page_shows_excerpts_and_calls_nobody(workspace: Path) -> None:
    page = (workspace / "reports" / "validation" / "index.html").read_text()
    assert '<mark class="absent" title="Diagnosis">Diagnosis: lupus nephritis</mark>' in page
    assert "boy fell off a" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert 'href="http' not in page
    assert 'src="http' not in page


def test_a_setting_leaves_all_text_out(tmp_path: Path, scheme: Scheme, settings: ValidationSettings) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, [PLANTED["an invention"][0]], scheme, settings)
        quiet = settings.model_copy(update={"report": ReportSettings(examples=0)})
        page = judge(store, scheme, quiet, tmp_path).report.read_text()
    assert "p16" in page
    assert "lupus" not in page
    assert "boy" not in page


def test_leakage_privacy_and_drift_have_sections(tmp_path: Path, scheme: Scheme, settings: ValidationSettings) -> None:
    letter = "Dr. Anna Muster saw [a woman]{gender} with [fever]{signs_symptoms} on 12 March 2021; phone 030 1234567."
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        records = [KEPT, story("letter", letter), story("other", SOUND.replace("54", "61"))]
        fill(store, records, scheme, settings)
        keys = store.latest_layer_keys("rules")
        members = {"s1": ("train", keys["s1"]), "letter": ("train", keys["letter"]), "other": ("test", keys["other"])}
        store.put_set("first", "f" * 32, {"splits": {"train": 2, "validation": 0, "test": 1}}, members)
        run = store.start_run("drift")
        feature = {"feature": "length", "test": "Kolmogorov-Smirnov", "corrected": 0.002, "effect": "Cliff's delta"}
        found = {"before": 20, "after": 30, "drifted": True}
        found |= {"features": [feature | {"size": 0.4, "magnitude": "medium", "drifted": True}]}
        store.end_run(run, state="done", manifest={"outcome": {"against": "first@1", "drift": found}, "inputs": {}})
        store.start_run("drift")
        page = judge(store, scheme, settings, tmp_path).report
    told = json.loads((page.parent / "validation.json").read_text())
    assert told["leakage"]["held_out"] == {"first@1 test": 1}
    assert told["leakage"]["ways"]["near-duplicate"] == 1
    assert list(told["leakage"]["records"]) == ["other"]
    assert told["privacy"]["looked_at"] == 3
    assert list(told["privacy"]["records"]) == ["letter"]
    assert told["privacy"]["kinds"]["NAME"] == {"identifiers": 1, "records": 1}
    assert "Muster" not in json.dumps(told)
    assert (told["drift"]["against"], told["drift"]["is_newest"], told["drift"]["found"]) == ("first@1", True, found)
    drawn = page.read_text()
    assert "near-duplicate: s1" in drawn
    assert "Cliff&#39;s delta 0.400 (medium)" in drawn
    assert "1 of 3 texts hold something" in drawn


def test_what_nobody_looked_for_is_said_so(workspace: Path, told: dict[str, object]) -> None:
    assert told["leakage"] is None
    assert told["drift"] is None
    page = (workspace / "reports" / "validation" / "index.html").read_text()
    assert "no set is frozen" in page
    assert "curate drift --against SET" in page


def test_an_excerpt_is_cut_around_what_is_blamed_and_marks_it() -> None:
    before, after = "Nothing of note. " * 30, " All was well." * 30
    record, layer = story("one", f"{before}She had [fever]{{signs_symptoms}} for days.{after}")
    assert layer is not None
    (fever,) = layer.entities
    ((example,),) = examples([FailureLocations(record, layer, {"some": (fever,)})], 1).values()
    assert "".join(piece.text for piece in example.pieces) in record.text
    assert [piece.text for piece in example.pieces if piece.blamed] == ["fever"]
    assert len("".join(piece.text for piece in example.pieces)) < 2 * AROUND + 60
    beyond = fever.model_copy(update={"fragments": (Fragment(start=10_000, end=10_005),)})
    ((example,),) = examples([FailureLocations(record, layer, {"some": (beyond,)})], 1).values()
    assert [piece.text for piece in example.absent] == ["fever"]


class Planes:
    """Words on two axes, by their first letter; one of them turned away."""

    name, revision = "planes", "1"

    def encode(self, texts: list[str]) -> np.ndarray:
        angles = np.array([0.0 if text[0] == "f" else 1.5 for text in texts]) + 0.01 * np.arange(len(texts))
        return np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1).astype(np.float32)


def test_what_lies_far_from_its_category_is_ringed() -> None:
    marked = " ".join(f"[f{word}]{{signs_symptoms}}" for word in "abcdefghij") + " [odd]{signs_symptoms}"
    record, layer = story("one", marked)
    encoder: Encoder = Planes()  # type: ignore[assignment]
    drawn = embedding_map([Subject(record, layer)], encoder)
    assert drawn is not None
    assert [point.entity_id for point in drawn.outliers] == ["T11"]
    assert drawn.shown == pytest.approx(1.0, abs=1e-3)


def test_places_in_the_text_are_blamed_by_their_kind(
    store: Store, scheme: Scheme, settings: ValidationSettings
) -> None:
    record, layer = story("one", "Dr. Anna Muster saw her. She took [aspirin]{pharmacological_therapy} daily.")
    assert layer is not None
    store.add_records([record])
    store.add_layers([layer])
    beside = {"identifier_places": ["4-15:NAME", "900-910:NAME", "junk"], "uncovered_places": [[34, 41], [3]]}
    failure = {"expectation": "some", "beside": beside}
    decision = Decision(
        record_id="one",
        verdict=Verdict.QUARANTINED,
        by="policy:validate@1",
        reason="x",
        details={"failures": [failure]},
    )
    (found,) = failure_locations(store, [decision], settings)
    assert [(one.text, one.category) for one in found.entities["some"]] == [
        ("Anna Muster", "NAME"),
        ("aspirin", "uncovered"),
    ]
    assert by_category([found]) == {"some": {"NAME": 1, "uncovered": 1}}
