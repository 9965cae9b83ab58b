"""The assertion of an entity in a model's answer, in whatever words the model gives it."""

from __future__ import annotations

from collections.abc import Mapping

from annotation.llm.reading import Reading, value_of
from curation.record import Assertion
from curation.text.assertion_words import NEGATION_FIELDS, assertion_of_word

#: Other names under which models give the assertion.
FIELDS = ("assertion", "assertion_status", "status", "polarity", "certainty", "presence")


def assertion_of(entity: Mapping[str, object], reading: Reading | None = None) -> tuple[Assertion | None, str]:
    """The assertion of an entity in an answer, None where it is not understood; and what was read otherwise, if any.

    What was read otherwise names words of the tables here only.
    """
    for field in FIELDS:
        if (value := value_of(entity, field, reading)) is not None:
            return _of_word(value)
    for field in NEGATION_FIELDS:
        if (value := value_of(entity, field, reading)) is not None:
            known = Assertion.NEGATED if value is True else Assertion.PRESENT if value is False else None
            return known, f"{field} {str(value).lower()} as {known}" if known else ""
    return Assertion.PRESENT, "no assertion as present"


def _of_word(value: object) -> tuple[Assertion | None, str]:
    assertion, word = assertion_of_word(value)
    return assertion, "" if assertion in (None, word) else f"{word} as {assertion}"
