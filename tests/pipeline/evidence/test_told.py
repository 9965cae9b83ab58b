"""What a card tells of a small set: how it was chosen, who made it, and what was measured of it as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from verdicts import given

from curation.markup import parse_markup
from curation.record import Alignment, Entity, Layer, Record
from curation.store import Store
from exports.evidence import SetEvidence
from exports.writer import ExportedSet
from pipeline.evidence.trained import evaluated, trained
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.make(tmp_path / "w")


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Four German records with rules, one of whose entities was not found in the translation."""
    with workspace.open_store() as store:
        for number in range(4):
            text, entities = parse_markup(f"Bett {number}: der Patient hatte [Fieber]{{signs_symptoms}}.")
            lost = Entity(id="lost", category="age", text="old", alignment=Alignment.NONE, alignment_score=0)
            id = f"r{number}"
            meta = {"year": 2010 + number}
            store.add_records([Record(id=id, group=id, source="clinic", language="de", text=text, meta=meta)])
            store.add_layers(
                [
                    Layer(
                        record_id=id,
                        name="rules",
                        author="rules@1",
                        entities=(*entities, lost),
                        provenance={"projection": {"lost": "none"}},
                    ),
                    Layer(record_id=id, name="repeat:anna", author="repeat:anna", entities=entities),
                ]
            )
        store.decide(given(store.record_ids(), "rules"))
        yield store


def told(workspace: Workspace, store: Store, to: Path, **options: Any) -> tuple[str, SetEvidence]:
    export(workspace, store, "hf", to, **options)
    evidence = SetEvidence.model_validate_json((to / "evidence.json").read_text(encoding="utf-8"))
    return (to / "README.md").read_text(encoding="utf-8"), evidence


@pytest.mark.parametrize("options", [{}, {"layer": "rules"}, {"layer": "repeat:anna", "others": ["rules"]}])
def test_verdicts_on_a_layer_that_leaves_without_what_was_lost_are_on_this_version(
    workspace, store, tmp_path, options
) -> None:
    freeze(workspace, store, name="cases", layers=["rules"])
    _, evidence = told(workspace, store, tmp_path / "out", **options)
    if options.get("others"):
        content = (tmp_path / "out" / "layers" / "rules" / "evidence.json").read_text(encoding="utf-8")
        evidence = SetEvidence.model_validate_json(content)
    verdicts = evidence.tables["verdicts"].rows["the layer"]
    assert "of another version" not in verdicts
    assert verdicts["none"].value == 0
    assert evidence.tables["categories"].rows["age"]["entities"].value == 0


def test_a_card_says_which_records_were_wanted(workspace, store, tmp_path) -> None:
    freeze(workspace, store, name="some", layers=["rules"], sources=["clinic"], where=["year >= 2011", "year<2013"])
    card, _ = told(workspace, store, tmp_path / "out")
    said = "Only records were wanted of the source `clinic`, that meet `year >= 2011` and `year<2013`."
    assert said in card
    freeze(workspace, store, name="all", layers=["rules"])
    card, _ = told(workspace, store, tmp_path / "all")
    assert "were wanted" not in card


def test_second_answers_of_a_person_are_on_no_card_by_name(workspace, store, tmp_path) -> None:
    _, evidence = told(workspace, store, tmp_path / "out", layer="repeat:anna")
    for name in ("README.md", "croissant.json", "evidence.json"):
        assert "anna" not in (tmp_path / "out" / name).read_text(encoding="utf-8"), name
    assert list(evidence.tables["authors"].rows) == ["repeat:person 1"]


def test_the_way_of_an_export_is_told(workspace, store, tmp_path) -> None:
    _, evidence = told(workspace, store, tmp_path / "out", layer="rules")
    ((name, row),) = evidence.tables["identifiers"].rows.items()
    assert (name, row["privacy policy"].source) == ("this export", "egress?destination=export&column=policy")


def view_of(store: Store, workspace: Workspace) -> ExportedSet:
    return ExportedSet(store.curated_set("cases"), workspace.scheme, lambda split: iter(()), people=("human:anna",))


class MadeRuns:
    """Runs with these manifests, by command."""

    def __init__(self, **manifests: dict[str, Any]) -> None:
        self._manifests = manifests

    def of(self, command: str) -> Iterator[Any]:
        if command in self._manifests:
            yield SimpleNamespace(id=7, started="2026-01-01", manifest=self._manifests[command])


def test_an_adapter_of_several_sets_says_how_much_it_learnt_from_this_one(workspace, store) -> None:
    digest = freeze(workspace, store, name="cases", layers=["rules"]).digest
    sets = [{"digest": "of-another", "records": {"train": 5}}, {"digest": digest, "records": {"train": 3}}]
    manifest = {"name": "both", "weights_digest": "0" * 16, "training": {"records": 8, "sets": sets}}
    run = {"inputs": {"sets": ["of-another", digest]}, "outcome": {"manifest": manifest}}
    tables = trained(MadeRuns(train=run), view_of(store, workspace))  # type: ignore[arg-type]
    (row,) = tables["adapters"].rows.values()
    assert (row["training records"].value, row["of this set"].value) == (8, 3)
    assert row["of this set"].source == "runs/7/manifest/outcome/manifest/training/sets/1/records/train"


def test_a_person_whose_layer_is_gone_is_still_without_a_name(workspace, store) -> None:
    freeze(workspace, store, name="cases", layers=["rules"])
    outcome = {"authors": ["rules@1"], "reference": {"of": "4 records"}, "scores": {"records": 4}}
    run = {"inputs": {"predicted": "rules", "gold": ["human:annabel", "human:anna"]}, "outcome": outcome}
    table = evaluated(MadeRuns(evaluate=run), view_of(store, workspace), ["rules@1"])  # type: ignore[arg-type]
    assert list(table.rows) == ["against a person or person 1, 4 records"]
