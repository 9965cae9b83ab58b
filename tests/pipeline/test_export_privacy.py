"""An export of a set with identifiers: said under `report`, refused under `block`, in every format."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from verdicts import given

from curation.decision import Decision, DecisionKind, Verdict
from curation.egress.settings import Destination
from curation.errors import EgressBlockedError
from curation.record import Entity, Layer, Record
from exports.formats import FORMATS, export_format
from pipeline.config import with_overrides
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.workspace import Workspace

#: Formats of the scheme alone hold no record.
OF_RECORDS = [name for name in FORMATS if not export_format(name).of_scheme]
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


@pytest.mark.parametrize("format", OF_RECORDS)
def test_under_report_the_command_says_how_many_records_hold_identifiers(workspace, said, tmp_path, format):
    with workspace.open_store() as store:
        assert export(under(workspace, "validation.privacy.policy=report"), store, format, tmp_path / "out").files
    assert [line for line in said if line.startswith("warning: 1 of 4 records")]


@pytest.mark.parametrize("format", OF_RECORDS)
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


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in OF_RECORDS])
def test_the_scheme_alone_leaves_under_block_and_quotes_no_record(workspace, said, tmp_path, format):
    changed = under(workspace, "validation.privacy.policy=block")
    with changed.open_store() as store:
        done = export(changed, store, format, tmp_path / "out")
    assert not [line for line in said if line.startswith("warning:") or "texts are written" in line]
    assert all("ztürk" not in path.read_text(encoding="utf-8") for path in done.files)


def test_a_card_says_that_what_identifies_somebody_was_released(workspace, tmp_path):
    changed = under(workspace, "validation.privacy.policy=block")
    to = tmp_path / "out"
    with changed.open_store() as store:
        decided = Decision(
            record_id="r0",
            by="human:ruth",
            verdict=Verdict.ACCEPTED,
            kind=DecisionKind.PRIVACY,
            destination=Destination.EXPORT,
        )
        store.decide([decided])
        export(changed, store, "hf", to)
    card = (to / "README.md").read_text(encoding="utf-8")
    assert "because a person released them" in card
    assert "only reports it" not in card
