"""Numbers with units, in figures that can be compared."""

from __future__ import annotations

import re

import pytest

from curation.text import quantities as module
from curation.text.quantities import measured_spans, quantities, unit


@pytest.mark.parametrize(
    ("wording", "language", "value", "kind"),
    [
        ("Hb 7.9 g/dL", "en", 79.0, "g/L"),
        ("Hb 7,9 g/dl", "de", 79.0, "g/L"),
        ("platelets 58 × 10⁹/L", "en", 58e9, "1/L"),
        ("platelets 69 × 109/L", "en", 69e9, "1/L"),
        ("Leukozyten 12,1 G/l", "de", 12.1e9, "1/L"),
        ("Leukos 12 Tsd./µl", "de", 12e9, "1/L"),
        ("WBC 12,000/mm3", "en", 12e9, "1/L"),
        ("troponin T 1,240 ng/L", "en", 1.24e-6, "g/L"),
        ("Troponin T 1.240 ng/l", "de", 1.24e-6, "g/L"),
        ("20 000 IE wöchentlich", "de", 20_000.0, "U"),
        ("0,125 mg", "de", 1.25e-4, "g"),
        ("1.234,5 mg", "de", 1.2345, "g"),
        ("pulse 52 bpm", "en", 52.0, "1/min"),
        ("BP 92 mm\u2009Hg", "en", 92.0, "mmHg"),
        ("1 g/kg IV", "en", 1e-3, "g/g"),
        ("pH 7.36", "en", 7.36, ""),
    ],
)
def test_a_quantity_is_read_as_its_language_writes_it(wording: str, language: str, value: float, kind: str) -> None:
    (found,) = quantities(wording, language)
    assert found.unit is not None
    assert (found.value * found.unit.factor, found.unit.kind) == (pytest.approx(value), kind)


def test_both_numbers_of_a_pair_have_its_unit() -> None:
    found = quantities("blood pressure 92/54 mmHg", "en")
    assert [(one.value, one.unit) for one in found] == [(92.0, unit("mmHg")), (54.0, unit("mmHg"))]


def test_measured_amounts_of_a_text_are_found_with_their_units() -> None:
    text = "RR 120/80 mmHg, Hb 7,9 g/dl, 3 Kinder, 5 Tage, SpO2 95 %"
    assert [text[start:end] for start, end in measured_spans(text)] == ["120/80 mmHg", "7,9 g/dl", "95 %"]


def test_a_long_text_is_not_copied_for_each_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pattern is asked where the number ends, and never for a rest of the text."""
    asked: list[int] = []

    class Asked:
        def __init__(self, pattern: re.Pattern[str]) -> None:
            self.pattern = pattern

        def match(self, text: str, start: int = 0) -> re.Match[str] | None:
            asked.append(len(text))
            return self.pattern.match(text, start)

    text = "Hb 7,9 g/dl, RR 92/54 mm Hg. " * 200
    for name in ("PAIR", "PARTS", "NUMBER", "UNIT"):
        monkeypatch.setattr(module, name, Asked(getattr(module, name)))
    assert len(quantities(text, "de")) == 600
    assert {*asked} == {len(text)}
    assert len(asked) < 600 * 4
