"""Spans of text that are marked or not, in sentences, in paragraphs."""

from __future__ import annotations

from typing import NamedTuple

from curation.record import Assertion


class TextSpan(NamedTuple):
    """A span of text; unmarked when it has no category."""

    text: str
    category: str = ""
    assertion: Assertion = Assertion.PRESENT


Sentence = list[TextSpan]


class Paragraph(NamedTuple):
    """Sentences that stand together, under a heading or none, on one line or on one line each."""

    heading: str
    sentences: list[Sentence]
    lined: bool = False


def capitalised(sentence: Sentence) -> Sentence:
    """The sentence with a capital at its start, unless its first word has a case of its own (pH, eGFR)."""
    for index, span in enumerate(sentence):
        if not span.text:
            continue
        word = span.text.split(" ", 1)[0]
        if word[0].islower() and word == word.lower() and word[:1].isalpha():
            sentence[index] = span._replace(text=span.text[0].upper() + span.text[1:])
        break
    return sentence
