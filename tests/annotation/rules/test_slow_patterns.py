"""A steward's patterns that take too long on a text cost that record, and are named."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from annotation.rules.annotator import RulesAnnotator
from annotation.settings import RulesSettings
from curation.record import Record
from curation.scheme import load_scheme
from curation.stage import Item
from pipeline.runner import attempt

pytestmark = pytest.mark.long

WORD = "Fieberschmerzhustenschnupfenübelkeiterbrechendurchfallschwindel!"
SLOW = r"^(\w|\w\w)+$"

FILES = {
    "of kinds": 'categories: {diagnosis: {patterns: [{id: slow, score: 1, match: "(word|word word)+ [ unit ]"}]}}',
    "of tokens": (
        "categories: {diagnosis: {patterns: [{id: slow, score: 1, tokens: [{LOWER: {REGEX: '" + SLOW + "'}}]}]}}"
    ),
    "of lists": (
        "categories: {diagnosis: {patterns: [{id: slow, score: 1, tokens: [{LOWER: {REGEX: {IN: [x, '"
        + SLOW
        + "']}}}]}]}}"
    ),
    "of shapes": (
        "kinds: {slow: {shapes: ['" + SLOW + "']}}\n"
        'categories: {diagnosis: {patterns: [{id: slow, score: 1, match: "[ slow ]"}]}}'
    ),
}
TEXTS = {"of kinds": "lorem ipsum dolor " * 60, "of shapes": WORD.replace("!", "1!x")}


@pytest.mark.parametrize("kind", FILES)
def test_a_slow_pattern_of_a_user_costs_its_record_by_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / "en.yaml").write_text(FILES[kind], encoding="utf-8")
    stage = RulesAnnotator(load_scheme(), RulesSettings(patterns=tmp_path))
    long = TEXTS.get(kind, f"Seen for {WORD[:-1]}€, again.")
    texts = ["Fever.", long, "Cough."]
    items = [
        Item(Record(id=str(number), group=str(number), source="s", language="en", text=text), {})
        for number, text in enumerate(texts)
    ]
    started = time.monotonic()
    results = attempt(stage, items)
    assert time.monotonic() - started < 60
    errors = [result.error for result in results]
    assert (errors[0], errors[2]) == (None, None)
    name = "kinds.slow.shapes" if kind == "of shapes" else "diagnosis/slow"
    assert errors[1] is not None
    assert f"expected the pattern {name} to need less than a second" in errors[1]


def test_lists_of_expressions_match_as_spacy_has_them(tmp_path: Path) -> None:
    for operator, marked in (("IN", ["fever", "cough"]), ("NOT_IN", ["and", "pain"])):
        token = f"{{LOWER: {{REGEX: {{{operator}: [^fev, gh$]}}}}}}"
        file = f"categories: {{diagnosis: {{patterns: [{{id: p, score: 1, tokens: [{token}]}}]}}}}"
        (tmp_path / "en.yaml").write_text(file, encoding="utf-8")
        record = Record(id="1", group="1", source="s", language="en", text="fever and cough pain")
        (result,) = RulesAnnotator(load_scheme(), RulesSettings(patterns=tmp_path))([Item(record, {})])
        assert [entity.text for entity in result.layers[0].entities] == marked
