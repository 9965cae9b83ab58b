"""The sentences of a text: one splitter for rules, measures and the checks of translations."""

from __future__ import annotations

from functools import lru_cache

from curation.text.folding import Span
from curation.text.tokens import read

#: A sentence is cut to this many characters for an encoder: beyond it encoders cut anyway.
SENTENCE_CHARACTERS = 1_000
#: What is looked for in all sentences of a text is looked for in this many at most.
MOST_SENTENCES = 200


@lru_cache(maxsize=256)
def sentence_spans(text: str, language: str) -> tuple[Span, ...]:
    """Where the sentences are (code points, end-exclusive), without blanks around them; those without a visible
    character are left out. Kept for a batch of records: several readers ask for the same text.
    """
    words = read(text, language)
    spans = ((words.starts[first], words.ends[after - 1]) for first, after in words.sentences)
    return tuple((start, end) for start, end in spans if any(map(_is_visible, text[start:end])))


def sentence_texts(text: str, language: str) -> list[str]:
    """The sentences, each cut to the length that an encoder reads, up to a maximum number."""
    return [text[start:end][:SENTENCE_CHARACTERS] for start, end in sentence_spans(text, language)[:MOST_SENTENCES]]


def _is_visible(character: str) -> bool:
    return character.isprintable() and not character.isspace()
