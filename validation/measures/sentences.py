"""Where the sentences of a text are."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from curation.errors import MissingExtraError
from curation.record import Record
from curation.text.bounded_tokenizer import without_long_runs

#: A sentence is cut to this many characters for an encoder: beyond it encoders cut anyway.
SENTENCE_CHARACTERS = 1_000
#: What is looked for in all sentences of a text is looked for in this many at most.
MOST_SENTENCES = 200
#: Pieces of the text that are split into sentences at once; texts are longer only when something is wrong.
PIECE = 100_000


def sentence_texts(record: Record) -> list[str]:
    """The sentences of a text, cut to what an encoder sees, up to a bound."""
    return [record.text[start:end][:SENTENCE_CHARACTERS] for start, end in sentence_bounds(record)[:MOST_SENTENCES]]


def sentence_bounds(record: Record) -> list[tuple[int, int]]:
    """Where the sentences of a text are, by punctuation; sentences without a visible character are left out."""
    return list(_bounds(record.language, record.text))


@lru_cache(maxsize=64)
def _bounds(language: str, text: str) -> tuple[tuple[int, int], ...]:
    """Kept for a batch of records: several measures ask for the same text."""
    nlp = _sentencizer(language)
    bounds: list[tuple[int, int]] = []
    for offset in range(0, len(text), PIECE):
        piece = text[offset : offset + PIECE]
        bounds += [
            (offset + found.start_char, offset + found.end_char) for found in nlp(piece).sents if found.text.strip()
        ]
    return tuple(bounds)


@lru_cache(maxsize=8)
def _sentencizer(language: str) -> Any:
    """A pipeline that only parts sentences; the one for any language where spaCy does not have this one."""
    try:
        import spacy
    except ImportError as error:
        raise MissingExtraError("spacy", "annotate") from error
    try:
        nlp = spacy.blank(language)
    except ImportError:
        nlp = spacy.blank("xx")
    nlp.tokenizer = without_long_runs(nlp.tokenizer, nlp.vocab)
    nlp.add_pipe("sentencizer")
    return nlp
