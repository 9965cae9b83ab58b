"""Text on its way: stretches that are marked or not, in sentences, in paragraphs."""

from __future__ import annotations

from typing import NamedTuple

from curation.record import Assertion


class Stretch(NamedTuple):
    """A stretch of text; unmarked when it has no category."""

    text: str
    category: str = ""
    assertion: Assertion = Assertion.PRESENT


Sentence = list[Stretch]


class Paragraph(NamedTuple):
    """Sentences that stand together, under a heading or none, on one line or on one line each."""

    heading: str
    sentences: list[Sentence]
    lined: bool = False


def capitalised(sentence: Sentence) -> Sentence:
    """The sentence with a capital at its start, unless its first word has a case of its own (pH, eGFR)."""
    for index, stretch in enumerate(sentence):
        if not stretch.text:
            continue
        word = stretch.text.split(" ", 1)[0]
        if word[0].islower() and word == word.lower() and word[:1].isalpha():
            sentence[index] = stretch._replace(text=stretch.text[0].upper() + stretch.text[1:])
        break
    return sentence
