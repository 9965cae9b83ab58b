"""The stretch of a text whose meaning is nearest to a wording, by sentence embeddings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.embeddings.encoder import Encoder
from curation.record import Record
from curation.text.folding import fold
from curation.text.meaning_guard import changes_meaning
from curation.text.sentences import sentence_texts

#: Sentences, the likest first, whose stretches are looked at; and stretches of them at most.
SENTENCES, STRETCHES = 2, 40
#: How much longer or shorter than the wording a stretch may be, in words.
LENGTHS = (0.7, 1.0, 1.4)
WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class WordingQuery:
    """A wording and the record that it should stand in."""

    record: Record
    wording: str


def nearest(queries: Sequence[WordingQuery], encoder: Encoder) -> list[float]:
    """The cosine of each wording and its nearest stretch (-1 to 1); 0 where no stretch has the same numbers,
    negations and sides.
    """
    sentences = [sentence_texts(query.record.text, query.record.language) for query in queries]
    likest = _likest(queries, sentences, encoder)
    stretches = [list(_stretches(query.wording, found)) for query, found in zip(queries, likest, strict=True)]
    return _best([query.wording for query in queries], stretches, encoder)


def _likest(queries: Sequence[WordingQuery], sentences: Sequence[Sequence[str]], encoder: Encoder) -> list[list[str]]:
    texts = list(dict.fromkeys(text for found in sentences for text in found))
    vectors = encoder.encode([*texts, *(query.wording for query in queries)])
    row = {text: index for index, text in enumerate(texts)}
    likest: list[list[str]] = []
    for number, found in enumerate(sentences):
        cosines = vectors[[row[text] for text in found]] @ vectors[len(texts) + number]
        likest.append([found[index] for index in cosines.argsort()[::-1][:SENTENCES]])
    return likest


def _best(wordings: Sequence[str], stretches: Sequence[Sequence[str]], encoder: Encoder) -> list[float]:
    texts = list(dict.fromkeys(text for found in stretches for text in found))
    vectors = encoder.encode([*texts, *wordings])
    row = {text: index for index, text in enumerate(texts)}
    return [
        float((vectors[[row[text] for text in found]] @ vectors[len(texts) + number]).max()) if found else 0.0
        for number, found in enumerate(stretches)
    ]


def _stretches(wording: str, sentences: Sequence[str]) -> Iterator[str]:
    """Runs of words about as long as the wording that do not contradict it."""
    folded = fold(wording).text
    count = max(1, len(wording.split()))
    lengths = sorted({max(1, round(count * length)) for length in LENGTHS})
    seen = 0
    for sentence in sentences:
        words = [found.span() for found in WORD.finditer(sentence)]
        for length in lengths:
            for first in range(max(1, len(words) - length + 1)):
                if not words or seen >= STRETCHES:
                    return
                start, end = words[first][0], words[min(first + length, len(words)) - 1][1]
                stretch = sentence[start:end].strip(".,;:()")
                if stretch and not changes_meaning(folded, fold(stretch).text):
                    seen += 1
                    yield stretch
