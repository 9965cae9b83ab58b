"""Patterns over kinds."""

from __future__ import annotations

import pytest

from annotation.rules.grammar import Alphabet, matches
from curation.errors import ConfigError

ALPHABET = Alphabet.of(
    ["break", "stop", "severity", "symptom", "site", "of", "cue"],
    {"mod": "severity|site", "phrase": "mod* symptom", "loop": "loop"},
)


@pytest.mark.parametrize(
    ("pattern", "kinds", "expected"),
    [
        ("symptom", "severity symptom stop", [(1, 2)]),
        ("mod* symptom (of site)?", "severity site symptom of site", [(0, 5)]),
        ("phrase", "symptom stop severity symptom", [(0, 1), (2, 4)]),
        ("cue of [phrase]", "cue of severity symptom", [(2, 4)]),
        ("severity{2}", "severity severity severity", [(0, 2)]),
        ("cue any* ", "cue of site stop site", [(0, 3)]),
        ("^ symptom", "symptom break symptom symptom", [(0, 1), (2, 3)]),
        ("symptom?", "site", []),
    ],
)
def test_a_pattern_finds_its_stretches(pattern: str, kinds: str, expected: list[tuple[int, int]]) -> None:
    expression = ALPHABET.compile(pattern, name="test")
    assert list(matches(expression, ALPHABET.spell(kinds.split()))) == expected


@pytest.mark.parametrize("pattern", ["nosuch", "(symptom", "symptom & site", "loop", "symptom{2,1}"])
def test_a_wrong_pattern_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(ConfigError, match="pattern category/one"):
        ALPHABET.compile(pattern, name="category/one")
