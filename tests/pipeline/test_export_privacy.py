"""An export of a set with identifiers: said under `report`, refused under `block`, in every format."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from verdicts import given

from curation.errors import EgressBlockedError
from curation.record import Entity, Layer, Record
from exports.formats import FORMATS
from pipeline.config import with_overrides
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.workspace import Workspace

HOW = ("gut", "tief", "kaum")
TEXTS = [
    unicodedata.normalize("NFD", "Frau Öztürk hatte seit drei Tagen Fieber und Husten."),
    *(f"Befund {number}: der Patient schlief {how} und hatte kein Fieber." for number, how in enumerate(HOW)),
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def workspace(tmp_path: Path, said: list[str]) -> Workspace:
    """One that has frozen four records, one of which names somebody in decomposed letters."""
    made = replace(Workspace.make(tmp_path / "workspace"), notify=said.append)
    records = [
        Record(id=f"r{number}", group=f"g{number}", source="test", language="de", text=text)
        for number, text in enumerate(TEXTS)
    ]
    layers = [
        Layer(
            record_id=record.id,
            name="gold",
            author="gold",
            entities=(Entity.at(record.text, at := record.text.index("Fieber"), at + 6, "signs_symptoms", id="T1"),),
        )
        for record in records
    ]
    with made.open_store() as store:
        store.add_records(records)
        store.add_layers(layers)
        store.decide(given([record.id for record in records], "gold"))
        freeze(made, store, name="curated", layers=("gold",))
    return made


def under(workspace: Workspace, *settings: str) -> Workspace:
    changed = replace(workspace)
    changed.__dict__["config"] = with_overrides(workspace.config, list(settings))
    return changed


@pytest.mark.parametrize("format", FORMATS)
def test_under_report_the_command_says_how_many_records_hold_identifiers(workspace, said, tmp_path, format):
    with workspace.open_store() as store:
        assert export(under(workspace, "validation.privacy.policy=report"), store, format, tmp_path / "out").files
    assert [line for line in said if line.startswith("warning: 1 of 4 records")]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "settings",
    [
        ["validation.privacy.policy=block"],
        ["validation.privacy.policy=report", "validation.privacy.destinations.export=block"],
    ],
)
def test_under_block_nothing_is_written(workspace, tmp_path, format, settings):
    with workspace.open_store() as store, pytest.raises(EgressBlockedError, match="1 of 4 texts hold 1"):
        export(under(workspace, *settings), store, format, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_another_destinations_policy_does_not_count(workspace, tmp_path, format):
    settings = ["validation.privacy.policy=block", "validation.privacy.destinations.export=allow"]
    with workspace.open_store() as store:
        assert export(under(workspace, *settings), store, format, tmp_path / "out").files
