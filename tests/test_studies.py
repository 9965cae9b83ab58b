"""The studies' parts: nested training sets, sentences of documents, cells that are measured once and gone on with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from study_parts.ledger import Deadline, StudyCell, StudyLedger
from study_parts.sentences import sentences
from study_parts.sizes import ordered

from curation.record import Entity, Fragment, Layer, Record, Relation


def labelled(count: int, value: str) -> list[tuple[Record, Layer]]:
    return [
        (
            Record(id=f"{value}-{number}", group=f"{value}-{number}", source="s", language="en", text="x"),
            Layer(record_id=f"{value}-{number}", name="gold", author="gold", labels={"kind": value}),
        )
        for number in range(count)
    ]


def test_every_beginning_of_the_order_has_about_the_shares_of_the_whole():
    pairs = [*labelled(60, "often"), *labelled(30, "sometimes"), *labelled(10, "seldom")]
    order = ordered(pairs, 0)
    assert sorted(record.id for record, _ in order) == sorted(record.id for record, _ in pairs)
    for size in (10, 20, 50):
        counts = Counter(layer.labels["kind"] for _, layer in order[:size])
        for value, share in (("often", 0.6), ("sometimes", 0.3), ("seldom", 0.1)):
            assert abs(counts[value] - share * size) <= 1, (size, value)
    assert ordered(pairs, 0) == order
    assert ordered(pairs, 1)[:10] != order[:10]


def test_a_sentence_keeps_what_lies_whole_within_it():
    text = "The kidney hurts. Größe 4 cm was seen in the scan."
    at = text.index("Größe")
    spans = {"a": (4, 10), "b": (at, at + 10), "c": (text.index("hurts"), at + 5), "d": (at + 11, at + 14)}
    entities = tuple(
        Entity(id=name, category="finding", text=text[start:end], fragments=(Fragment(start=start, end=end),))
        for name, (start, end) in spans.items()
    )
    links = (Relation(id="1", type="of", head="b", tail="d"), Relation(id="2", type="of", head="a", tail="b"))
    record = Record(id="r", group="g", source="s", language="en", text=text)
    layer = Layer(record_id="r", name="gold", author="gold", entities=entities, relations=links)
    found = list(sentences([(record, layer)]))
    assert [cut.text for cut, _ in found] == ["The kidney hurts.", "Größe 4 cm was seen in the scan."]
    assert {cut.group for cut, _ in found} == {"g"}
    assert len({cut.id for cut, _ in found}) == 2
    for cut, kept in found:
        assert kept.record_id == cut.id
        assert all(cut.text[entity.start : entity.end] == entity.text for entity in kept.entities)
    assert [[entity.id for entity in kept.entities] for _, kept in found] == [["a"], ["b", "d"]]
    assert [[link.id for link in kept.relations] for _, kept in found] == [[], ["1"]]


def _ledger(folder: Path, *, quick: bool = False) -> StudyLedger:
    return StudyLedger("study", quick=quick, folder=folder / "cache", measured=folder / "measured")


def test_rows_of_a_quick_form_stay_out_of_the_repository(tmp_path: Path):
    quick = _ledger(tmp_path, quick=True)
    assert quick.measure([StudyCell({}, lambda folder, deadline: {"f1": 1.0})], Deadline()) == 0
    assert len(quick.rows) == 1
    assert not _ledger(tmp_path).rows
    assert not (tmp_path / "measured").exists()


def test_a_cell_is_measured_once_and_one_that_ran_out_of_time_is_gone_on_with(tmp_path: Path):
    def work(folder: Path, deadline: Deadline) -> dict[str, Any]:
        steps = folder / "steps"
        steps.write_text(f"{steps.read_text() if steps.exists() else ''}x")
        if len(steps.read_text()) < 3:
            raise KeyboardInterrupt
        return {"steps": len(steps.read_text())}

    ledger = _ledger(tmp_path)
    cells = [StudyCell({"size": size}, work) for size in (1, 2)]
    assert [ledger.measure(cells, Deadline()) for _ in range(5)] == [2, 2, 1, 1, 0]
    rows = ledger.rows
    assert [rows[cell.digest]["steps"] for cell in cells] == [3, 3]
    assert all(row["peak_mb"] > 0 and row["processor_seconds"] >= 0 for row in rows.values())
    assert not [*ledger.folder.iterdir()]
    # A line that a kill has cut off is no row.
    with (tmp_path / "measured" / "study.jsonl").open("a") as file:
        file.write('{"digest": "abc')
    assert _ledger(tmp_path).rows == rows
    assert ledger.measure([*cells, StudyCell({"size": 3}, lambda folder, deadline: {"steps": 0})], Deadline()) == 0
    assert [*ledger.rows.values()][:2] == [*rows.values()]
    assert len(ledger.rows) == 3


def test_no_cell_is_begun_when_the_time_is_over(tmp_path: Path):
    def work(folder: Path, deadline: Deadline) -> dict[str, Any]:
        raise AssertionError

    assert _ledger(tmp_path).measure([StudyCell({}, work)], Deadline.after(-1)) == 1
