"""Parse: a reply becomes quotes, without the record; repairs and omitted parts are listed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.llm.assertions import assertion_of
from curation.errors import LanguageModelError
from curation.models.tolerant_json import read_object
from curation.record import Assertion
from curation.scheme import Scheme

#: Half of a surrogate pair and NUL, which no store takes.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Quote:
    """A wording that the model gives as standing in the record."""

    text: str
    category: str
    assertion: Assertion


@dataclass(slots=True)
class Answer:
    """A reply as values: quotes in the model's order, document labels, its repairs, and what was left out.

    `read_as` counts the assertions that the model gave in another word of the field.
    """

    quotes: list[Quote] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    repaired: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    read_as: Counter[str] = field(default_factory=Counter)


def parse(text: str, scheme: Scheme) -> Answer:
    """The answer in a reply's text.

    Raises LanguageModelError when there is none, or when nothing of a non-empty one can be used: that is
    another thing than a record without information.
    """
    content, repaired = read_object(text, lambda found: _fits(found, scheme))
    if content is None:
        raise _unparsable("a JSON object")
    answer = Answer(repaired=repaired)
    entities = content.get("entities", [] if not scheme.categories else None)
    if not isinstance(entities, list):
        raise _unparsable("a list of entities")
    for entity in entities:
        if (quote := _quote(entity, scheme, answer)) is not None:
            answer.quotes.append(quote)
    if entities and not answer.quotes:
        raise _unparsable("entities with a text, a category of the scheme and an assertion")
    answer.labels = _labels(content.get("labels"), scheme, answer.dropped)
    return answer


def _fits(content: Mapping[str, object], scheme: Scheme) -> bool:
    """Whether an object is an answer, and no sketch of one such as {"entities": [{"text": "...", ...}]}."""
    entities = content.get("entities")
    return isinstance(entities, list) and (
        not entities
        or any(isinstance(entity, dict) and str(entity.get("category")) in scheme.by_name for entity in entities)
    )


def _quote(entity: object, scheme: Scheme, answer: Answer) -> Quote | None:
    """The quote; None where it is left out and counted."""
    dropped = answer.dropped
    if not isinstance(entity, dict):
        dropped["not an object"] += 1
        return None
    text, category = entity.get("text"), entity.get("category")
    if not isinstance(text, str) or not text.strip() or UNSTORABLE.search(text):
        dropped["without wording"] += 1
        return None
    if not isinstance(category, str) or category not in scheme.by_name:
        dropped["unknown category"] += 1
        return None
    assertion, read_as = assertion_of(entity)
    if assertion is None:
        # Not kept as present: what the model denies in a word that is not known would become a finding.
        dropped["unknown assertion"] += 1
        return None
    answer.read_as.update([read_as] if read_as else [])
    return Quote(text.strip(), category, assertion)


def _labels(values: object, scheme: Scheme, dropped: Counter[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    values_of = {label.name: label.values for label in scheme.labels}
    for name, value in values.items() if isinstance(values, dict) else ():
        if value in values_of.get(name, ()):
            found[name] = value
        else:
            dropped["unknown document label"] += 1
    return found


def _unparsable(expected: str) -> LanguageModelError:
    return LanguageModelError("unparsable", f"expected {expected} as the answer, got something else")
