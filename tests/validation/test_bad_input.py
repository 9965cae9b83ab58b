"""Bad input is measured like any other: a row of columns, never a crash, and in bounded time."""

from __future__ import annotations

from pathlib import Path

import pytest
from validation_parts.bad_input import annotated
from verdicts import gravest

from curation.record import Alignment, Entity, Layer, Record
from curation.scheme import load_scheme
from curation.stage import Item
from curation.store import Store
from validation.quarantine import failures_of
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation.verdict import judge

pytestmark = pytest.mark.long

MEGABYTE = 1 << 20
TEXTS = {
    "empty": "",
    "white space": " \t\n\u00a0" * 50,
    "one word": "x" * MEGABYTE,
    "hyphens": "a-" * (MEGABYTE // 2),
    "fractions": "1/" * (MEGABYTE // 2),
    "digits": "7" * MEGABYTE,
    "marks": ".," * (MEGABYTE // 2),
    "prose": "The patient had a fever of 39.2 °C and was given ramipril 5 mg daily. " * (MEGABYTE // 70),
    "right to left": "\u202eThe wound\u202c healed \u200f\u05d0\u05d1\u05d2 within 4 weeks.",
    "control characters": "The wound\x07 healed\x0c in\x1b 4 weeks.",
    "mixed languages": "The girl was well. Das Mädchen war gesund. 患者は元気でした。",
    "combining marks": "e\u0301" * 2_000 + "\u0301" * 2_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_bad_input_gets_its_row(name: str) -> None:
    record = Record(id="r", group="r", source="test", language="en", text=TEXTS[name])
    lost = Entity(id="T1", category="diagnosis", text="gout", alignment=Alignment.NONE)
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=(lost,))
    settings = ValidationSettings.model_validate({"similarity": {"enabled": False}})
    (result,) = Measure(load_scheme(), settings, reads=("rules",))([Item(record, {"rules": layer})])
    assert result.error is None
    assert result.measures["characters"] == len(TEXTS[name].strip())
    assert result.measures["ungrounded_entities"] == ["T1"]


def test_every_bad_record_gets_a_finding_and_the_report_is_written(tmp_path: Path) -> None:
    cases = annotated(2_000, "en")
    scheme, settings = load_scheme(), ValidationSettings.model_validate({"similarity": {"enabled": False}})
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        store.add_records(record for record, _ in cases)
        store.add_layers(layer for _, layer in cases)
        stage = Measure.over(store, scheme, settings)
        results = stage([Item(record, {layer.name: layer}) for record, layer in cases])
        assert [result.record_id for result in results if result.error] == []
        store.commit(stage, results, seen={id: rows for page in store.pending(stage) for id, rows in page.seen.items()})
        verdicts = judge(store, scheme, settings, tmp_path)
        found = gravest(store)
    assert [record.id for record, _ in cases if not failures_of(found[record.id])] == []
    assert verdicts.report.is_file()
