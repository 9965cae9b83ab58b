"""Words that models use for an assertion, and the assertion of the record that each means."""

from __future__ import annotations

import re
from collections.abc import Mapping

from curation.record import Assertion

#: By assertion: words of the field in English and German, such as those of the i2b2 and ShARe corpora.
SYNONYMS: dict[Assertion, tuple[str, ...]] = {
    Assertion.PRESENT: (
        *("positive", "affirmed", "affirmative", "asserted", "confirmed", "factual"),
        *("vorhanden", "bejaht", "bestätigt", "positiv", "gegenwärtig", "gesichert"),
    ),
    Assertion.NEGATED: (
        *("absent", "negative", "denied", "denies", "negation", "not present", "ruled out", "excluded", "refuted"),
        *("verneint", "negiert", "negativ", "nicht vorhanden", "abwesend", "ausgeschlossen", "fehlend", "fehlt"),
    ),
    Assertion.POSSIBLE: (
        *("suspected", "uncertain", "unsure", "probable", "likely", "speculated", "speculative", "questionable"),
        *("möglich", "vermutet", "verdacht", "verdächtig", "wahrscheinlich", "unsicher", "fraglich"),
    ),
    Assertion.CONDITIONAL: ("hypothetical", "bedingt", "hypothetisch"),
    Assertion.HISTORICAL: ("history", "past", "previous", "historisch", "früher", "vergangen", "anamnestisch"),
    Assertion.FAMILY: ("familial", "family history", "family member", "familie", "familiär", "familienanamnese"),
}

BY_WORD = {word: assertion for assertion, words in SYNONYMS.items() for word in (assertion.value, *words)}

#: Other names under which models give the assertion.
FIELDS = ("assertion", "assertion_status", "status", "polarity", "certainty", "presence")
#: Names under which true means negated.
NEGATION_FIELDS = ("negated", "is_negated", "negation")


def assertion_of(entity: Mapping[str, object]) -> tuple[Assertion | None, str]:
    """The assertion of an entity in an answer, None where it is not understood; and what was read otherwise, if any.

    What was read otherwise names words of the tables here only.
    """
    for field in FIELDS:
        if entity.get(field) is not None:
            return _of_word(entity[field])
    for field in NEGATION_FIELDS:
        if entity.get(field) is not None:
            value = entity[field]
            known = Assertion.NEGATED if value is True else Assertion.PRESENT if value is False else None
            return known, f"{field} {str(value).lower()} as {known}" if known else ""
    return Assertion.PRESENT, "no assertion as present"


def _of_word(value: object) -> tuple[Assertion | None, str]:
    word = re.sub(r"[\s_-]+", " ", value).strip().casefold() if isinstance(value, str) else ""
    assertion = BY_WORD.get(word)
    return assertion, "" if assertion in (None, word) else f"{word} as {assertion}"
