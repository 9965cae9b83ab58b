"""Noise as hurried writers make it: typos, ``ae`` for ``ä``, missing blanks, headings in capitals.

It works on spans before offsets are counted, so the gold stays exact. Digits are never touched.
"""

from __future__ import annotations

import random
import re

from curation.generate.spans import Paragraph, Sentence, TextSpan

WORD = re.compile(r"[^\W\d_]{5,}")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
#: Shares at full noise: words with a typo, blanks lost after a stop or comma, records without umlauts.
TYPOS, BLANKS, PLAIN = 0.05, 0.04, 0.3


def noisy(paragraphs: list[Paragraph], *, noise: float, rng: random.Random) -> list[Paragraph]:
    """The paragraphs with as much noise as asked for, from 0 (none) to 1."""
    if noise <= 0:
        return paragraphs
    plain = rng.random() < PLAIN * noise
    capitals = rng.random() < noise
    return [
        Paragraph(
            _heading(paragraph.heading, capitals=capitals, plain=plain),
            [_sentence(sentence, noise, plain, rng) for sentence in paragraph.sentences],
            paragraph.lined,
        )
        for paragraph in paragraphs
    ]


def _heading(heading: str, *, capitals: bool, plain: bool) -> str:
    text = heading.translate(UMLAUTS) if plain else heading
    return text.upper() if capitals and not heading.endswith(",") else text


def _sentence(sentence: Sentence, noise: float, plain: bool, rng: random.Random) -> Sentence:
    return [_noisy(span, noise, plain, rng) for span in sentence]


def _noisy(span: TextSpan, noise: float, plain: bool, rng: random.Random) -> TextSpan:
    text = span.text.translate(UMLAUTS) if plain else span.text
    text = WORD.sub(lambda word: typo(word[0], rng) if rng.random() < TYPOS * noise else word[0], text)
    if not span.category and rng.random() < BLANKS * noise:
        text = text.replace(", ", ",", 1)
    return span._replace(text=text)


def typo(word: str, rng: random.Random) -> str:
    """The word with one slip inside: two letters swapped, one lost or one doubled."""
    index = rng.randint(1, len(word) - 3)
    slip = rng.randrange(3)
    if slip == 0:
        return f"{word[:index]}{word[index + 1]}{word[index]}{word[index + 2 :]}"
    return f"{word[:index]}{word[index + 1 :]}" if slip == 1 else f"{word[:index]}{word[index]}{word[index:]}"
