"""Sentences with places: agreement in number, and who may be told of as speaking."""

from __future__ import annotations

import re

import pytest

from curation.errors import SchemeError
from curation.generate.phrase import Wording
from curation.generate.template import SPEAKS, Template, Verb, load_sentences

ONE, MANY = Wording("", "fever"), Wording("", "chills", "p")


def agreed(sentence: str, *words: Wording) -> str:
    verb = next(part for part in Template.parse(sentence).parts if isinstance(part, Verb))
    return verb.agreeing(words)


def test_a_verb_agrees_with_all_items_or_with_the_nearest_beside_or() -> None:
    assert agreed("{signs:a} {verb:signs:was/were} found.", ONE) == "was"
    assert agreed("{signs:a} {verb:signs:was/were} found.", MANY) == "were"
    assert agreed("{signs:a} {verb:signs:was/were} found.", ONE, ONE) == "were"
    assert agreed("There {verb:absent:was/were} no {absent:or}.", ONE, MANY) == "was"
    assert agreed("There {verb:absent:was/were} no {absent:or}.", MANY, ONE) == "were"
    assert agreed("{absent:or} {verb:absent:was/were} absent.", ONE, MANY) == "were"


def test_a_verb_without_its_items_is_named() -> None:
    with pytest.raises(SchemeError, match="signs"):
        Template.parse("There {verb:signs:was/were} {symptoms}.")


def templates(language: str) -> list[tuple[str, str, tuple[Template, ...]]]:
    return [
        (block, register, found)
        for block, registers in load_sentences(language).templates[0].items()
        for register, found in registers.items()
    ]


def spoken(template: Template) -> str:
    return "".join(part for part in template.parts if isinstance(part, str))


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_block_can_be_told_of_a_patient_who_does_not_speak(language: str) -> None:
    for block, register, found in templates(language):
        needs = min((one.needs for one in found if SPEAKS not in one.needs), key=len, default=None)
        assert needs is not None, (block, register)
        assert len(needs) <= (2 if block.startswith("test_") else 1) + (block == "test_both"), (block, register)


@pytest.mark.parametrize("language", ["en", "de"])
def test_sentences_in_which_the_patient_speaks_say_so(language: str) -> None:
    words = re.compile(
        r"denie|complained|reported|Reports|not report|told us|own account|verneint|[Kk]lagt|berichtete|eigenen Angaben"
    )
    others = re.compile(r"[Pp]arents|Eltern|laboratory reported")
    for block, register, found in templates(language):
        for template in found:
            if words.search(spoken(template)) and not others.search(spoken(template)):
                assert SPEAKS in template.needs, (block, register, spoken(template))


@pytest.mark.parametrize("language", ["de", "en"])
def test_telegrams_with_a_verb_agree_with_plural_subjects(language: str) -> None:
    verbs = re.compile(r"\b(?:erfolgt|zeigt|ergibt|shows|reveals)\b")
    for block, _, found in templates(language):
        assert not [spoken(one) for one in found if verbs.search(spoken(one))], block
