"""Synthetic reports with marks, as long and as dense as real ones; the same at every run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

from curation.record import Entity, Layer, Record, record_id

WORDS = (
    "the patient presented with fever cough and chest pain after two days of nausea laboratory values showed raised "
    "creatinine 1.8 mg/dl computed tomography revealed a lesion in the left lung biopsy confirmed adenocarcinoma she "
    "was given cisplatin for six weeks without improvement Übelkeit Größe Ödeme besserten sich nach Gabe von Heparin"
).split()

#: What moves offsets when a program counts in other units, folds blanks, normalises or mirrors.
STRANGE = (
    "🤒",
    "👩‍⚕️",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "🇩🇪",
    "👍🏽",
    "A\u0308rztin",
    "Cafe\u0301",
    "q\u0307\u0323",
    "39\u00a0°C",
    "2\u202fmg",
    "zero\u200bwidth",
    "soft\u00adhyphen",
    "𝐁𝐨𝐥𝐝",
    "𝔣𝔢𝔳𝔢𝔯",
    "𠜎𠜱",
    "المريض",
    "حُمّى",
    "שלום",
    "\u202bסימן\u202c",
    "<b>&amp;</b>",
    "\\n",
    "${text}",
    "\"'`",
    "ﬁbrosis",
    "Ⅳ",
)

#: What stands between words there.
GAPS = (" ", "  ", "\n", "\r\n", "\r\n\r\n", "\t", "\t\t", "\u00a0", "\u2028", " \u200b", "\v", "\r")

WORD = re.compile(r"\S+")

Pair = tuple[Record, Layer]


def plain(count: int, *, categories: Sequence[str], words: int = 350, spans: int = 15, seed: int = 0) -> Iterator[Pair]:
    """Reports of so many words, each with so many scored marks."""
    for number in range(count):
        random = Random(f"{seed}:{number}")
        text = f"Report {seed}-{number}: " + " ".join(random.choice(WORDS) for _ in range(words)) + "."
        offsets = [match.span() for match in WORD.finditer(text)]
        yield _pair(text, sorted(random.sample(offsets, spans)), categories, random)


def strange(count: int, *, categories: Sequence[str], spans: int = 25, seed: int = 0) -> Iterator[Pair]:
    """Texts of all that moves offsets, with marks that begin and end anywhere: also within what looks like one sign."""
    for number in range(count):
        random = Random(f"strange {seed}:{number}")
        words = [random.choice(STRANGE if random.random() < 0.6 else WORDS) for _ in range(4 * spans)]
        text = f"{seed}-{number}" + "".join(random.choice(GAPS) + word for word in words)
        offsets: set[tuple[int, int]] = set()
        while len(offsets) < spans:
            start = random.randrange(len(text))
            end = min(len(text), start + random.randint(1, 12))
            if text[start:end].strip():
                offsets.add((start, end))
        yield _pair(text, sorted(offsets), categories, random)


def _pair(text: str, offsets: Sequence[tuple[int, int]], categories: Sequence[str], random: Random) -> Pair:
    id = record_id(text, language="en")
    record = Record(id=id, group=id, source="benchmark", language="en", text=text)
    entities = tuple(
        Entity.at(text, start, end, random.choice(categories), id=f"T{n}", score=round(random.random(), 4))
        for n, (start, end) in enumerate(offsets)
    )
    return record, Layer(record_id=id, name="rules", author="rules@1", entities=entities)


def marks(layer: Layer) -> list[tuple[str, tuple[tuple[int, int], ...], str]]:
    """What a layer marks: categories, spans and wordings, in order."""
    return sorted((entity.category, entity.spans, entity.text) for entity in layer.entities)
