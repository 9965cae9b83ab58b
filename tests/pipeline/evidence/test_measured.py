"""Every figure on the card of a set stands in a row of the store, and a changed row changes the card."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from figure_sources import FigureSources

from curation.decision import Decision, DecisionKind, Verdict
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.store import Store
from exports.card import dataset_card
from exports.counted import evidence_of
from exports.evidence import SetEvidence, TracedFigure, in_markdown
from exports.formats import export_format
from exports.settings import ExportSettings
from pipeline.steps.drift import drift
from pipeline.steps.evaluate import evaluate_layer
from pipeline.steps.export import export, export_view
from pipeline.steps.freeze import freeze
from pipeline.steps.leakage import leakage
from pipeline.steps.review.agreement import measure_agreement
from pipeline.steps.train import train
from pipeline.steps.validate import validate
from pipeline.workspace import Workspace

pytestmark = [pytest.mark.model, pytest.mark.expectations]

ENGLISH = (
    "Case {}: a [{} year old]{{age}} woman had [fever]{{signs_symptoms}} and [cough with sputum]{{signs_symptoms}}."
)
GERMAN = "Fall {}: Eine [{}-jährige]{{age}} Frau hatte [Fieber]{{signs_symptoms}} und [Übelkeit]{{signs_symptoms}}."
SETTINGS: dict[str, object] = {
    "validation.similarity.enabled": False,
    "curation.split.train": 0.5,
    "curation.split.validation": 0.25,
    "curation.split.test": 0.25,
    "curation.workers": 1,
    "review.agreement.minimum_records": 2,
    "review.agreement.minimum_entities": 1,
    "training.epochs": 1,
    "training.window": 32,
    "training.stride": 8,
    "training.rank": 2,
    "training.threads": 1,
}
#: Words of the texts and names of people, of which no card may hold any.
UNSAID = ("Fieber", "Übelkeit", "sputum", "anna", "Ben", "ruth")


def add(store: Store, number: int) -> str:
    """The id of one more record with gold, rules that find less, and two people's words; every third is German."""
    text, entities = parse_markup((GERMAN if number % 3 == 0 else ENGLISH).format(f"{number:03}" * 3, 20 + number))
    id = f"r{number:02d}"
    record = Record(
        id=id,
        group=id,
        source="clinic" if number % 2 else "journal",
        language="de" if number % 3 == 0 else "en",
        text=text,
        licence="MIT" if number % 2 else "CC BY 4.0",
    )
    store.add_records([record])
    authors = {"gold": "gold", "rules": "rules@1", "human:anna": "human:anna", "human:Ben": "human:Ben"}
    for name, author in authors.items() if number % 4 else list(authors.items())[:2]:
        found = entities if name in ("gold", "human:anna") else entities[: 2 - number % 2]
        store.add_layers([Layer(record_id=id, name=name, author=author, entities=found)])
    return id


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which everything was measured that a card tells of."""
    workspace = Workspace.make(tmp_path_factory.mktemp("evidence") / "w", SETTINGS)
    with workspace.open_store() as store:
        ids = [add(store, number) for number in range(24)]
        validate(workspace, store, layer="gold")
        failures: list[Any] = [{"expectation": "text_present"}, {"expectation": "of_a_steward"}]
        people = {"by": "human:ruth", "verdict": Verdict.ACCEPTED, "details": {"failures": failures}}
        store.decide(Decision(record_id=id, **people) for id in ids[:3])  # type: ignore[arg-type]
        store.decide(
            Decision(record_id=id, kind=DecisionKind.LAYER, layer="gold", **people)  # type: ignore[arg-type]
            for id in ids[:16]
        )
        frozen = freeze(workspace, store, name="cases", layers=["gold"])
        assert frozen.records >= 8
        for number in range(40, 52):
            add(store, number)
        leakage(workspace, store, "cases")
        drift(workspace, store, "cases")
        measure_agreement(workspace, store)
        train(workspace, store, name="first")
        with store.snapshot() as known:
            author = next(run for run in known.runs() if run.command == "train").manifest["outcome"]
        weights = author["manifest"]["weights_digest"][:8]  # type: ignore[index,call-overload]
        for id in ids:
            (item,) = store.items(["gold"], ids=[id])
            found = item.layers["gold"].entities[:1]
            store.add_layers([Layer(record_id=id, name="first", author=f"adapter:first@{weights}", entities=found)])
        evaluate_layer(workspace, store, predicted="first", curated="cases", training_records=True)
        evaluate_layer(workspace, store, predicted="first", training_records=True)
        evaluate_layer(workspace, store, predicted="rules", gold=["human:anna", "gold"])
    return workspace.folder


@pytest.fixture(scope="module")
def card(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the set."""
    to = tmp_path_factory.mktemp("card") / "out"
    exported(made, to)
    return to


def exported(folder: Path, to: Path, **options: Any) -> SetEvidence:
    workspace = Workspace.at(folder)
    with workspace.open_store() as store:
        export(workspace, store, "hf", to, **options)
    return SetEvidence.model_validate_json((to / "evidence.json").read_text(encoding="utf-8"))


def known(folder: Path, layer: str | None = None) -> tuple[str, SetEvidence]:
    """The card of the set, or of a layer, and what it rests on; nothing is exported."""
    workspace = Workspace.at(folder)
    with workspace.open_store() as store, store.snapshot() as snapshot:
        view = export_view(
            workspace, snapshot, export_format("hf"), None if layer else snapshot.curated_set("cases").digest, layer
        )
        evidence = evidence_of(view)
        return dataset_card(view, ExportSettings(), evidence=evidence), evidence


def figures(evidence: SetEvidence) -> dict[str, TracedFigure]:
    return {
        f"{name}: {row}, {column}": figure
        for name, table in evidence.tables.items()
        for row, columns in table.rows.items()
        for column, figure in columns.items()
    }


@pytest.mark.parametrize("options", [{}, {"layer": "rules"}, {"layer": "human:anna"}, {"layer": "first"}])
def test_every_figure_is_what_its_rows_say(made: Path, tmp_path: Path, options: dict[str, str]) -> None:
    evidence = exported(made, tmp_path / "out", **options)
    sources = FigureSources(made / "records.db")
    found = figures(evidence)
    assert {name: sources.value(figure.source) for name, figure in found.items()} == {
        name: figure.value for name, figure in found.items()
    }
    assert all(figure.run is None or figure.date for figure in found.values())


def test_nothing_is_left_unmeasured_that_was_measured(made: Path) -> None:
    card, evidence = known(made)
    assert {name for name, table in evidence.tables.items() if table.not_measured} == {"layer", "identifiers"}
    rows = {name: list(table.rows) for name, table in evidence.tables.items()}
    assert rows["licences"] == ["CC BY 4.0", "MIT"]
    assert rows["sources"] == ["clinic", "journal"]
    assert rows["languages"] == ["de", "en"]
    failures = evidence.tables["failures"].rows
    assert failures["text_present"]["waived"].value == failures["of_a_steward"]["waived"].value
    assert failures["text_present"]["checked"].value == 24
    assert any("on other records or other sets are left out" in note for note in evidence.tables["evaluations"].notes)
    assert [name.rpartition(" ")[2] for name in rows["evaluations"]] == ["test"] + ["de", "en"] * (
        len(rows["evaluations"]) > 1
    )
    assert "- mit" in card.split("---")[1]


def test_the_card_has_no_number_that_is_no_figure(made: Path) -> None:
    """With every figure replaced by a word, no digit is left but those of names and of fixed words."""
    _, evidence = known(made)
    hidden = json.loads(evidence.model_dump_json())
    for table in hidden["tables"].values():
        for row in table["rows"].values():
            for figure in row.values():
                figure |= {"value": "hidden", "run": None, "date": None}
        table["notes"] = [re.sub(r"\d+", "hidden", note) for note in table["notes"]]
    body = "\n".join(in_markdown(table) for table in SetEvidence.model_validate(hidden).tables.values())
    left = re.sub(r"95 %|\bF1\b|CC BY 4\.0|adapter:first\\@\w+|cases\\?@1|rules\\?@1", "", body)
    assert re.findall(r".*\d.*", left) == []


def test_no_person_and_no_word_of_a_text_is_on_the_card(made: Path, card: Path) -> None:
    for name in ("README.md", "croissant.json", "evidence.json"):
        content = (card / name).read_text(encoding="utf-8")
        assert [word for word in UNSAID if word in content] == [], name
    told, evidence = known(made, "human:anna")
    assert [word for word in UNSAID if word in told + evidence.model_dump_json()] == []
    assert list(evidence.tables["authors"].rows) == ["person 2"]


def test_the_same_store_gives_the_same_cards(made: Path, card: Path, tmp_path: Path) -> None:
    exported(made, tmp_path / "out")
    for path in card.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "out" / path.relative_to(card)).read_bytes(), path.name


@pytest.mark.parametrize(
    ("change", "table"),
    [
        (
            "UPDATE runs SET manifest = replace(manifest, 'held_out\": ', 'held_out\": 7') WHERE command = 'leakage'",
            "leakage",
        ),
        ("UPDATE records SET source = 'elsewhere' WHERE id = 'r00'", "sources"),
        ("UPDATE sets SET manifest = replace(manifest, '\"MIT\": ', '\"MIT\": 9')", "licences"),
        ("DELETE FROM layers WHERE name = 'human:Ben' AND record_id = 'r01'", "reviewed"),
        ("DELETE FROM decisions WHERE content LIKE '%human:ruth%'", "failures"),
    ],
)
def test_a_changed_row_changes_the_card(made: Path, tmp_path: Path, change: str, table: str) -> None:
    card, before = known(made)
    other = tmp_path / "other"
    shutil.copytree(made, other)
    with sqlite3.connect(other / "records.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(change)
    connection.close()
    changed, after = known(other)
    assert after.tables[table] != before.tables[table]
    assert changed != card


def test_a_set_of_one_record_of_which_nothing_is_known_says_so(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w", SETTINGS)
    with workspace.open_store() as store:
        text, entities = parse_markup("Die Patientin hatte [Übelkeit]{signs_symptoms}.")
        store.add_records([Record(id="a", group="a", source="x", language="de", text=text)])
        store.add_layers([Layer(record_id="a", name="rules", author="rules@1", entities=entities)])
    card, evidence = known(workspace.folder, "rules")
    lacking = {name for name, table in evidence.tables.items() if table.not_measured}
    assert lacking == {
        *("agreement", "expectations", "duplicates", "leakage", "drift", "adapters", "layer"),
        *("identifiers", "identifiers by kind"),
    }
    assert evidence.tables["reviewed"].rows["nobody has looked at: unreviewed"]["records"].value == 1
    assert "**Unreviewed: nobody has frozen them**" in card
    assert card.count("Not measured: ") == len(lacking)


def test_figures_of_an_older_version_of_a_layer_are_told_apart(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(made, other)
    workspace = Workspace.at(other)
    with workspace.open_store() as store:
        (item,) = store.items(["gold"], ids=["r01"])
        changed = item.layers["gold"].model_copy(update={"entities": item.layers["gold"].entities[:1]})
        store.add_layers([changed])
    _, evidence = known(other, "gold")
    assert evidence.tables["verdicts"].rows["the layer"]["of another version"].value == 1
