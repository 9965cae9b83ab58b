"""Text: its language, length and characters, without its meaning."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from curation.decision import DecisionKind
from curation.record import Record
from validation.measures.columns import RECORD_ID, Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import IN_SET, UNIQUE, Rule, no_parameters
from validation.settings import Severity

LINE_MARKS = frozenset("\t\n\r")
#: Invisible characters that people write on purpose: soft hyphen, joiners in emoji and scripts.
LEGITIMATE = frozenset("\u00ad\u200c\u200d")

LANGUAGE = MeasureColumn("language", "language that the record names", Holds.WORD)
CHARACTERS = MeasureColumn("characters", "characters, without white space around the text")
WORDS = MeasureColumn("words", "words, parted by white space", plotted=True)
CONTROL_CHARACTERS = MeasureColumn(
    "control_characters", "control characters, lone surrogates and replacement characters"
)
HIDDEN_CHARACTERS = MeasureColumn("hidden_characters", "invisible marks: text direction, zero width, byte order")


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """Lengths and characters of each text."""
    return [_row(subject.record) for subject in subjects]


def _row(record: Record) -> Columns:
    kinds = Counter(map(unicodedata.category, odd := _odd(record.text)))
    return {
        LANGUAGE: record.language,
        CHARACTERS: len(record.text.strip()),
        WORDS: len(record.text.split()),
        CONTROL_CHARACTERS: kinds["Cc"] + kinds["Cs"] + odd.count("\ufffd"),
        HIDDEN_CHARACTERS: kinds["Cf"],
    }


def _odd(text: str) -> str:
    """The characters that are neither printable, nor blanks, nor there on purpose."""
    if text.isascii() and text.isprintable():
        return ""
    expected = LINE_MARKS | LEGITIMATE
    odd = {sign for sign in set(text) if (not sign.isprintable() and sign not in expected) or sign == "\ufffd"}
    return "".join(sign for sign in text if sign in odd) if odd else ""


TEXT = MeasureSpec(
    name="text",
    version=1,
    of=DecisionKind.TEXT,
    columns=(LANGUAGE, CHARACTERS, WORDS, CONTROL_CHARACTERS, HIDDEN_CHARACTERS),
    rules=(
        Rule("unique_ids", RECORD_ID, "No two records have the same id.", expects=UNIQUE, parameters=no_parameters),
        Rule(
            "text_present", CHARACTERS, "The text is not empty.", parameters=lambda settings, scheme: {"min_value": 1}
        ),
        Rule(
            "text_length",
            WORDS,
            "The text is neither a fragment nor far longer than a summary.",
            parameters=lambda settings, scheme: {
                "min_value": settings.length.minimum,
                "max_value": settings.length.maximum,
            },
        ),
        Rule(
            "language_known",
            LANGUAGE,
            "The record names a language of the scheme.",
            expects=IN_SET,
            parameters=lambda settings, scheme: {"value_set": list(scheme.languages)},
        ),
        Rule(
            "no_control_characters",
            CONTROL_CHARACTERS,
            "The text holds no control or replacement characters, which a broken conversion leaves.",
            severity=Severity.SOFT,
        ),
        Rule(
            "no_hidden_characters",
            HIDDEN_CHARACTERS,
            "The text holds no invisible marks such as text direction or zero width.",
            severity=Severity.SOFT,
        ),
    ),
    measure=measure,
)
