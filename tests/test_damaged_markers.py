"""The benchmark of damaged markers: what it counts of records whose markers are whole, damaged, or all lost."""

from __future__ import annotations

import pytest
from projection_parts import damaged_records
from projection_parts.damaged_records import rates_of, translated_records
from projection_parts.parallel_translator import ParallelTranslator

WAYS = ("dropped", "doubled", "exchanged", "translated")


@pytest.fixture(scope="module")
def known() -> ParallelTranslator:
    translator = ParallelTranslator()
    translator.told(3, 5)
    return translator


def damaging(known: ParallelTranslator, rates: dict[str, float]) -> ParallelTranslator:
    return ParallelTranslator(rates, records=known.records, sentences=known.sentences, mends=False)


@pytest.mark.parametrize("rate", [0.0, 0.4, 1.0])
def test_every_span_is_counted_once_by_what_became_of_it(known, rate):
    translator = damaging(known, rates_of(rate, WAYS))
    counts = translated_records(translator)
    assert counts.spans == sum(len(layer.entities) for _, layer in known.records)
    assert (counts.states.total(), counts.unaccounted, counts.wrong["agreed"]) == (counts.spans, 0, 0)
    assert counts.methods.total() == counts.spans - counts.states["lost"]
    assert bool(translator.damaged.total()) == bool(rate)


def test_a_place_beside_the_truth_is_counted_as_wrong(known, monkeypatch):
    monkeypatch.setattr(damaged_records, "_truth", lambda *given: (100_000, 100_001))
    counts = translated_records(damaging(known, {}))
    assert counts.wrong.total() == counts.spans - counts.states["lost"] > 0


def test_a_record_without_a_translation_is_unaccounted_for(known, monkeypatch):
    translator = damaging(known, {})
    monkeypatch.setattr(translator, "translated", lambda marked, *, is_again: None)
    counts = translated_records(translator)
    assert (counts.failed_records, counts.unaccounted) == (len(known.records), counts.spans)


def test_markers_are_damaged_at_the_rate_that_is_said():
    translator = ParallelTranslator(rates_of(0.4, WAYS), mends=False)
    translator.told(40, 9)
    for english, layer in translator.records:
        tags = "".join(f"<e{number}>word</e{number}> " for number in range(len(layer.entities)))
        translator.translated(english.text[:20] + tags, is_again=False)
    asked = sum(len(layer.entities) for _, layer in translator.records)
    shares = [translator.damaged[way] / asked for way in WAYS]
    assert shares == pytest.approx([0.1] * 4, abs=0.03)
