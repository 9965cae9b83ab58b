"""Parse: a reply becomes quotes, without a look at the record; what was mended or left out is told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.errors import LanguageModelError
from curation.record import Assertion
from curation.scheme import Scheme

#: A comma before a closing bracket, which people and models write and JSON does not know.
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

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
    """What a reply says: quotes in the model's order, document labels, how it was mended, and what was left out."""

    quotes: list[Quote] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    repaired: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def parse(text: str, scheme: Scheme) -> Answer:
    """The answer in a reply's text.

    Raises LanguageModelError when there is none, or when nothing of a non-empty one can be used: that is
    another thing than a record without information.
    """
    answer = Answer()
    content = _load(text, answer.repaired)
    entities = content.get("entities")
    if not isinstance(entities, list):
        raise _unparsable("a list of entities")
    for entity in entities:
        if (quote := _quote(entity, scheme, answer.dropped)) is not None:
            answer.quotes.append(quote)
    if entities and not answer.quotes:
        raise _unparsable("entities with a text and a category of the scheme")
    answer.labels = _labels(content.get("labels"), scheme, answer.dropped)
    return answer


def _load(text: str, repaired: list[str]) -> Mapping[str, Any]:
    """The object in the text; each repair is noted by its name."""
    content = _json(text)
    if content is None:
        # Models put fences and friendly words around what was asked for.
        start, end = text.find("{"), text.rfind("}") + 1
        if 0 <= start < end and text.strip() != text[start:end]:
            text = text[start:end]
            repaired.append("words around the JSON")
            content = _json(text)
    if content is None:
        repaired.append("trailing commas")
        content = _json(_without_trailing_commas(text))
    if not isinstance(content, dict):
        raise _unparsable("a JSON object")
    return content


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _without_trailing_commas(text: str) -> str:
    """The text without them, what stands in strings left as it is."""
    pieces, after = [], 0
    for string in STRING.finditer(text):
        pieces += [TRAILING_COMMA.sub("", text[after : string.start()]), string[0]]
        after = string.end()
    return "".join(pieces) + TRAILING_COMMA.sub("", text[after:])


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
    known = {label.name: label.values for label in scheme.labels}
    for name, value in values.items() if isinstance(values, dict) else ():
        if value in known.get(name, ()):
            found[name] = value
        else:
            dropped["unknown document label"] += 1
    return found


def _unparsable(expected: str) -> LanguageModelError:
    return LanguageModelError("unparsable", f"expected {expected} as the answer, got something else")
