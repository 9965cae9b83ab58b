"""The sentences of a text as they are put beside those of a translation: each heading with what follows it."""

from __future__ import annotations

import re

from curation.text.folding import Span
from curation.text.sentences import MOST_SENTENCES, sentence_spans

ENDS = ".!?;"
#: Words of a line without a full stop that may be a heading.
HEADING_WORDS = 4
LETTER = re.compile(r"\w")


def segments(text: str, language: str) -> list[Span]:
    """Where the sentences are, from left to right, those without letters left out; of a longer text its beginning only.

    A heading and the sentence after it are one: languages put the same heading on a line of its own, or not.
    """
    found: list[Span] = []
    headed = False
    for start, end in sentence_spans(text, language):
        if not LETTER.search(text, start, end):
            continue
        if headed:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        headed = is_heading(text[start:end])
    return found[:MOST_SENTENCES]


def is_heading(line: str) -> bool:
    """Whether a line announces what follows: "Befunde:", "Discharge", "Dear colleague,"."""
    return line[-1] in ":," or (line[-1] not in ENDS and len(line.split()) <= HEADING_WORDS)
