"""Texts that repeat one thing cost as much as they are long, counted in calls and not in seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest
from presidio_analyzer import PatternRecognizer

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.matching import seeker


def calls(text: str, language: str) -> int:
    """Functions that are entered while the text is searched."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        find_identifiers(text, language=language)
    finally:
        sys.setprofile(None)
    return count


REPEATED = {
    "e-mail": "a@b.de ",
    "date": "12.03.2015 ",
    "telephone": "Tel. 0341/9723456 ",
    "title": "Dr. A. ",
    "name": "Anna Lindner, ",
    "town": "04103 Leipzig ",
    "link": "https://www.example.org/a ",
    "digits": "1234567890",
    "account": "DE89370400440532013000 ",
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("unit", REPEATED.values(), ids=REPEATED)
def test_twice_the_text_is_twice_the_work(unit: str, language: str) -> None:
    find_identifiers(unit, language=language)
    # Within one of the pieces that long texts are read in, and beyond it.
    for length in (2_500, 10_500):
        short, long = ((unit * (size // len(unit) + 1))[:size] for size in (length, 2 * length))
        assert calls(long, language) < 2.5 * calls(short, language)


def test_many_towns_are_no_more_work_than_one() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    towns = [f"Ort{one}{two}hausen" for one in letters for two in letters]
    said = " ".join(f"wohnt in 04103 {town}\n" for town in towns)
    assert calls(said * 2, "de") < 2.5 * calls(said, "de")
    again = find_identifiers(f"{said} Sie fuhr nach {towns[7]} zurück.", language="de")
    assert again[-1].kind == "CITY"
    assert again[-1].end - again[-1].start == len(towns[7])


def test_a_find_has_the_score_that_a_check_gives_it() -> None:
    class Even(PatternRecognizer):
        def validate_result(self, pattern_text: str) -> bool | None:
            return None if pattern_text == "7" else int(pattern_text) % 2 == 0

        def invalidate_result(self, pattern_text: str) -> bool | None:
            return pattern_text == "4"

    from presidio_analyzer import Pattern

    even = Even(supported_entity="ID", patterns=[Pattern("digit", r"\d", 0.6)])
    assert list(seeker(even)("1 2 4 7")) == [(2, 3, "ID", 1.0), (6, 7, "ID", 0.6)]


def told(script: str) -> str:
    """What a process of its own prints: here Presidio was read long ago."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


SEARCH = """
from curation.deidentify.identifiers.analyzer import find_identifiers
print([one.place for one in find_identifiers("Mail: a@b.de", language="en")], bool(sys.modules.get("transformers")))
"""


def test_presidio_is_read_without_the_models_that_it_brings_along() -> None:
    assert told("import sys" + SEARCH) == "['6-12:EMAIL'] False"


def test_presidio_is_read_as_a_whole_where_it_wants_another_class_of_the_module() -> None:
    other = "presidio_analyzer.predefined_recognizers.ner.gliner_recognizer"
    # Models stay out for the test's sake: Presidio does without them.
    script = f"""
import sys
sys.modules["transformers"] = sys.modules["torch"] = None
from curation.deidentify.identifiers import presidio
presidio.UNREAD = {other!r}
"""
    assert told(script + SEARCH) == "['6-12:EMAIL'] False"
