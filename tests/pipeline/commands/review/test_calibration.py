"""`curate review calibration`: what reviewers kept of scored entities, the plot, and what is learned of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import curate, curate_json

from annotation.queue.calibration_report import learned_calibrations
from curation.record import Entity, Layer
from pipeline.steps.report import find_reports
from pipeline.workspace import Workspace

RECORDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty records with two scored entities each, German and English; people kept every second one."""
    folder = tmp_path / "w"
    curate("init", "--workspace", folder)
    rows = [
        {"id": str(number), "language": "de" if number % 2 else "en", "text": f"Fall {number}: fever and cough."}
        for number in range(RECORDS)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", folder / "rows.jsonl", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        for number, record in enumerate(store.records()):
            entities = [
                Entity.at(
                    record.text, start := record.text.index(word), start + 5, "signs_symptoms", id=word, score=0.9
                )
                for word in ("fever", "cough")
            ]
            unscored = Entity.at(record.text, 0, 4, "age", id="none")
            layer = Layer(record_id=record.id, name="rules", author="rules@1", entities=(*entities, unscored))
            store.add_layers([layer])
            if number < RECORDS - 5:
                kept = entities if number % 4 == 0 else entities[:1] if number % 4 == 1 else []
                store.add_layers(
                    [Layer(record_id=record.id, name="human:anna", author="human:anna", entities=tuple(kept))]
                )
    return folder


def test_scores_are_measured_against_reviews_and_what_was_learned_is_kept(folder: Path) -> None:
    (found,) = curate_json("review", "calibration", "--workspace", folder)["layers"]
    (report,) = found["reports"]
    assert (report["scored_by"], report["records"], report["entities"], report["right"]) == ("rules@1", 55, 110, 42)
    assert found["left_out"] == {"unreviewed": 5, "rejected": 0, "unscored": 55}
    assert report["before"]["ece_equal_width"]["value"] == pytest.approx(0.9 - 42 / 110)
    assert report["before"]["brier"]["value"] > report["after"]["brier"]["value"]
    assert report["before"]["ece_equal_mass"]["interval"] is not None
    assert (report["calibration"]["kind"], report["not_measured"]) == ("temperature", None)
    page = Path(found["report"])
    assert find_reports(Workspace.at(folder))["calibration of rules"] == page.resolve()
    html = page.read_text(encoding="utf-8")
    assert "<svg" in html
    assert "fever" not in html + (page.parent / "calibration.json").read_text(encoding="utf-8")
    assert (page.parent / "reliability.png").read_bytes()[:4] == b"\x89PNG"
    assert (page.parent / "reliability.svg").is_file()
    learned = learned_calibrations(folder / "reports")
    assert learned["rules@1"].read([0.9])[0] == pytest.approx(42 / 110, abs=0.02)
    printed = curate("review", "calibration", "--layer", "rules", "--against", "human:anna", "--workspace", folder)
    assert "ECE" in printed.stdout
    assert "calibrated (temperature) by 110 reviewed entities" in printed.stderr


def test_with_too_few_reviews_that_is_said_and_an_older_plot_does_not_stay(folder: Path) -> None:
    curate("review", "calibration", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        ids = store.record_ids()
        record = next(iter(store.records(ids[-1:])))
        only = Entity.at(record.text, record.text.index("fever"), record.text.index("fever") + 5, "age", id="a")
        store.add_layers([Layer(record_id=ids[-1], name="human:ben", author="human:ben", entities=(only,))])
    found = curate("review", "calibration", "--against", "human:ben", "--workspace", folder)
    assert "not measured" in found.stderr
    assert "got 2, 0 right, on 1" in found.stderr
    files = {path.name for path in (folder / "reports" / "calibration-rules").iterdir()}
    assert files == {"report.html", "calibration.json"}
    assert learned_calibrations(folder / "reports") == {}


def test_layers_without_reviews_or_scores_and_unknown_ones_are_told(tmp_path: Path, folder: Path) -> None:
    curate("init", "--workspace", tmp_path / "empty")
    assert curate_json("review", "calibration", "--workspace", tmp_path / "empty") == {"layers": []}
    assert (
        "a layer of the store"
        in curate("review", "calibration", "--layer", "ruls", "--workspace", folder, code=2).stderr
    )
    with Workspace.at(folder).open_store() as store:
        id = store.record_ids()[0]
        store.add_layers([Layer(record_id=id, name="llm", author="llm:m@entities.v1")])
    (found,) = curate_json("review", "calibration", "--layer", "llm", "--workspace", folder)["layers"]
    (report,) = found["reports"]
    assert (report["entities"], report["before"]) == (0, None)


def test_a_damaged_calibration_is_one_line(folder: Path) -> None:
    curate("review", "calibration", "--workspace", folder)
    path = folder / "reports" / "calibration-rules" / "calibration.json"
    path.write_text('{"layer": "rules", "secret": "fever"}', encoding="utf-8")
    with pytest.raises(Exception, match="expected a calibration in") as raised:
        learned_calibrations(folder / "reports")
    assert "secret" not in str(raised.value)
