"""What is made with a list of words is made anew when the list changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.few_shot import annotator as few_shot
from annotation.few_shot.annotator import FewShotAnnotator
from annotation.rules import annotator as rules
from annotation.rules.annotator import RulesAnnotator
from curation.errors import ConfigError
from curation.scheme import load_scheme
from curation.text.word_lists import FOLDER, read_word_list, word_lists_digest
from validation.measures import knowledge
from validation.measures.knowledge import knowledge_digest


def test_the_digest_covers_each_list_by_name_and_content(tmp_path: Path) -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} >= {
        "abbreviations",
        "ages",
        "dates",
        "drugs",
        "number_words",
        "units",
    }
    (tmp_path / "one.yaml").write_text("- fever", encoding="utf-8")
    before = word_lists_digest(tmp_path)
    word_lists_digest.cache_clear()
    (tmp_path / "two.yaml").write_text("- cough", encoding="utf-8")
    assert word_lists_digest(tmp_path) != before


@pytest.mark.model
def test_measures_rules_and_few_shot_depend_on_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = load_scheme()
    before = knowledge_digest(), RulesAnnotator(scheme).fingerprint, FewShotAnnotator(scheme).fingerprint
    for module in (knowledge, rules, few_shot):
        monkeypatch.setattr(module, "word_lists_digest", lambda folder=FOLDER: "other")
    knowledge_digest.cache_clear()
    after = knowledge_digest(), RulesAnnotator(scheme).fingerprint, FewShotAnnotator(scheme).fingerprint
    knowledge_digest.cache_clear()
    assert not {*before} & {*after}


def test_a_list_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "months.yaml"
    path.write_text("[1, 2", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"months\.yaml"):
        read_word_list(path, tuple[str, ...])
