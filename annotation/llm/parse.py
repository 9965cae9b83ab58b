"""Parse: a reply becomes quotes, without the record; repairs and omitted parts are listed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

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
    """A reply as values: quotes in the model's order, document labels, its repairs, and what was left out."""

    quotes: list[Quote] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    repaired: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def parse(text: str, scheme: Scheme) -> Answer:
    """The answer in a reply's text.

    Raises LanguageModelError when there is none, or when nothing of a non-empty one can be used: that is
    another thing than a record without information.
    """
    content, repaired = read_object(text)
    if content is None:
        raise _unparsable("a JSON object")
    answer = Answer(repaired=repaired)
    entities = content.get("entities", [] if not scheme.categories else None)
    if not isinstance(entities, list):
        raise _unparsable("a list of entities")
    for entity in entities:
        if (quote := _quote(entity, scheme, answer.dropped)) is not None:
            answer.quotes.append(quote)
    if entities and not answer.quotes:
        raise _unparsable("entities with a text and a category of the scheme")
    answer.labels = _labels(content.get("labels"), scheme, answer.dropped)
    return answer


def _quote(entity: object, scheme: Scheme, dropped: Counter[str]) -> Quote | None:
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
    return Quote(text.strip(), category, _assertion(entity.get("assertion"), dropped))


def _assertion(value: object, dropped: Counter[str]) -> Assertion:
    try:
        return Assertion(value) if isinstance(value, str) else Assertion.PRESENT
    except ValueError:
        # The quote stays: what it says is likelier right than that it is not there.
        dropped["unknown assertion"] += 1
        return Assertion.PRESENT


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
