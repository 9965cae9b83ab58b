"""Words that models, tools and corpora use for an assertion, and the assertion of the record that each means."""

from __future__ import annotations

import re
from functools import lru_cache

from curation.record import Assertion

#: By assertion: words of the field in English and German, such as those of the i2b2 and ShARe corpora.
SYNONYMS: dict[Assertion, tuple[str, ...]] = {
    Assertion.PRESENT: (
        *("positive", "pos", "affirmed", "affirmative", "asserted", "confirmed", "factual"),
        *("vorhanden", "bejaht", "bestätigt", "positiv", "gegenwärtig", "gesichert"),
    ),
    Assertion.NEGATED: (
        *(
            "absent",
            "negative",
            "neg",
            "denied",
            "denies",
            "negation",
            "not present",
            "ruled out",
            "excluded",
            "refuted",
        ),
        *("verneint", "negiert", "negativ", "nicht vorhanden", "abwesend", "ausgeschlossen", "fehlend", "fehlt"),
    ),
    Assertion.POSSIBLE: (
        *("negativepossible", "neutralpossible", "positivepossible"),
        *("suspected", "uncertain", "unsure", "probable", "likely", "speculated", "speculative", "questionable"),
        *("möglich", "vermutet", "verdacht", "verdächtig", "wahrscheinlich", "unsicher", "fraglich"),
    ),
    Assertion.CONDITIONAL: ("hypothetical", "bedingt", "hypothetisch"),
    Assertion.HISTORICAL: (
        *("history", "history of", "past", "previous", "status post"),
        *("historisch", "früher", "vergangen", "anamnestisch", "zustand nach", "z.n.", "z. n."),
    ),
    Assertion.FAMILY: ("familial", "family history", "family member", "familie", "familiär", "familienanamnese"),
}

BY_WORD = {word: assertion for assertion, words in SYNONYMS.items() for word in (assertion.value, *words)}
#: Names under which true means negated.
NEGATION_FIELDS = ("negated", "is_negated", "negation")


def assertion_of_word(value: object) -> tuple[Assertion | None, str]:
    """The assertion that a word means, None where it is none; and the word in its plain form."""
    return _of_word(value) if isinstance(value, str) else (None, "")


@lru_cache(maxsize=256)
def _of_word(value: str) -> tuple[Assertion | None, str]:
    word = re.sub(r"[\s_-]+", " ", value).strip().casefold()
    return BY_WORD.get(word), word
