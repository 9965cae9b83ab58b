"""Noise as hurried writers make it: typos, ``ae`` for ``ä``, missing blanks, headings in capitals.

It works on stretches before offsets are counted, so the gold stays exact. Digits are never touched.
"""

from __future__ import annotations

import random
import re

from curation.generate.spans import Paragraph, Sentence, Stretch

WORD = re.compile(r"[^\W\d_]{5,}")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
#: Shares at full noise: words with a typo, blanks lost after a stop or comma, records without umlauts.
TYPOS, BLANKS, PLAIN = 0.05, 0.04, 0.3


def noisy(paragraphs: list[Paragraph], *, noise: float, chance: random.Random) -> list[Paragraph]:
    """The paragraphs with as much noise as asked for, from 0 (none) to 1."""
    if noise <= 0:
        return paragraphs
    plain = chance.random() < PLAIN * noise
    capitals = chance.random() < noise
    return [
        Paragraph(
            _heading(paragraph.heading, capitals=capitals, plain=plain),
            [_sentence(sentence, noise, plain, chance) for sentence in paragraph.sentences],
            paragraph.lined,
        )
        for paragraph in paragraphs
    ]


def _heading(heading: str, *, capitals: bool, plain: bool) -> str:
    text = heading.translate(UMLAUTS) if plain else heading
    return text.upper() if capitals and not heading.endswith(",") else text


def _sentence(sentence: Sentence, noise: float, plain: bool, chance: random.Random) -> Sentence:
    return [_stretch(stretch, noise, plain, chance) for stretch in sentence]


def _stretch(stretch: Stretch, noise: float, plain: bool, chance: random.Random) -> Stretch:
    text = stretch.text.translate(UMLAUTS) if plain else stretch.text
    text = WORD.sub(lambda word: typo(word[0], chance) if chance.random() < TYPOS * noise else word[0], text)
    if not stretch.category and chance.random() < BLANKS * noise:
        text = text.replace(", ", ",", 1)
    return stretch._replace(text=text)


def typo(word: str, chance: random.Random) -> str:
    """The word with one slip inside: two letters swapped, one lost or one doubled."""
    place = chance.randint(1, len(word) - 3)
    slip = chance.randrange(3)
    if slip == 0:
        return f"{word[:place]}{word[place + 1]}{word[place]}{word[place + 2 :]}"
    return f"{word[:place]}{word[place + 1 :]}" if slip == 1 else f"{word[:place]}{word[place]}{word[place:]}"
