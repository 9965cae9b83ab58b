"""Answers in the flat view: one string a category and document label, several facts joined, "N/A" where absent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from annotation.llm.reading import NotReadError, Quote, Reading, known_name, number, plain, storable, the_only
from annotation.llm.styles.style import longest_quote, longest_value, most_items
from curation.models.bounded_schema import Schema, bounded_list, bounded_string, closed_object, one_of
from curation.models.placed_json import spans_of
from curation.models.tolerant_json import Decode, both, decode_plain, read_object
from curation.record import Layer
from curation.scheme import ABSENT, FACT_JOIN, Category, Scheme
from curation.scoring.flat_shape import facts as facts_of
from curation.text.folding import Span

#: What models write in place of "N/A".
ABSENT_WORDS = frozenset(
    """
    n_a na n.a. none nil null - – — not_available not_applicable not_mentioned not_reported not_specified not_stated
    not_provided not_given no_information unspecified unknown k.a. k._a. keine_angabe keine_angaben nicht_angegeben
    nicht_erwähnt nicht_genannt nicht_verfügbar nicht_zutreffend entfällt unbekannt keine keiner keines keins nichts
    """.split()
)
_PLAIN_ABSENT_WORDS = frozenset(map(plain, ABSENT_WORDS))
#: Values that say nothing, as in the empty template.
UNFILLED: tuple[object, ...] = (None, "", "...", "…", {})
BULLETS = "-•*– \t"


@dataclass(frozen=True, slots=True)
class FlatStyle:
    """One object with a value for each category and document label.

    evidence: whether each fact comes with the passage that proves it.
    """

    evidence: bool = False

    def parts(self, scheme: Scheme) -> Sequence[Category | None]:
        """Everything at once."""
        return (None,)

    def schema(self, scheme: Scheme, category: Category | None, characters: int) -> Schema:
        """One value for each key, in the scheme's order."""
        value: Schema = bounded_string(longest_value(characters))
        if self.evidence:
            quote = bounded_string(longest_quote(characters))
            value = bounded_list(closed_object({"value": quote, "quote": quote}), most_items(characters))
        values = dict.fromkeys(scheme.names, value)
        return closed_object(values | {label.name: one_of([*label.values, ABSENT]) for label in scheme.labels})

    def read(self, text: str, scheme: Scheme, category: Category | None, *, decode: Decode = decode_plain) -> Reading:
        """The facts of all categories, in the scheme's order. Raises NotReadError where there is no value at all."""
        names = flat_names(scheme)
        content, repaired = read_object(text, lambda found: _fits(found, names), list_key="facts", decode=decode)
        reading = Reading(repaired=repaired)
        values = _by_name(content or {}, scheme, reading)
        if not values:
            raise NotReadError("no object", "a JSON object with the categories as its keys")
        if all(value in UNFILLED for value in values.values()):
            raise NotReadError("unfilled", "values in the template")
        for name in scheme.names:
            facts = read_facts(values[name], reading) if name in values else None
            if facts is None:
                reading.unread.append(name)
            for fact in facts or ():
                reading.read_as["a fact as its own proof"] += self.evidence and fact.proof is None
                reading.quotes.append(Quote(fact.word, name, evidence=fact.proof, said=fact.said))
        _read_labels(values, scheme, reading)
        if len(reading.unread) == len(scheme.flat_keys):
            raise NotReadError("missing keys", "values that are strings or facts")
        reading.read_as = +reading.read_as
        return reading

    def answer(self, layer: Layer, scheme: Scheme, category: Category | None) -> str:
        """The layer's flat view; with evidence, each wording as its own proof."""
        flat = scheme.flat(layer)
        if not self.evidence:
            return json.dumps(flat, ensure_ascii=False)
        facts = {
            name: [{"value": fact, "quote": fact} for fact in flat[name].split(FACT_JOIN) if fact != ABSENT]
            for name in scheme.names
        }
        return json.dumps(facts | {label.name: flat[label.name] for label in scheme.labels}, ensure_ascii=False)


def flat_names(scheme: Scheme) -> dict[str, Sequence[str]]:
    """The keys of the flat view, each with the other names that people have for it."""
    labels = {category.name: tuple(category.label.values()) for category in scheme.categories}
    return {name: labels.get(name, ()) for name in scheme.flat_keys}


def _fits(content: Mapping[str, object], names: Mapping[str, Sequence[str]]) -> bool:
    """Whether an object is an answer, and no empty template or sketch of one."""
    return any(known_name(key, names) and value not in UNFILLED for key, value in content.items())


@dataclass(frozen=True, slots=True)
class Fact:
    """A wording in a value, where it stands in the answer, and its proof where it has one."""

    word: str
    said: Span | None = None
    proof: str | None = None


def read_facts(value: object, reading: Reading) -> list[Fact] | None:
    """The facts in a value of an answer; none where it says that it is absent, None where it cannot be read."""
    given = value if isinstance(value, list) else [value]
    if any(part in UNFILLED for part in given):
        reading.read_as["no value as N/A"] += 1
    facts: list[Fact] = []
    words = unusable = absent = 0
    for part in given:
        for fact in _facts(part, reading):
            words += 1
            if fact is None:
                unusable += 1
            elif _is_absent(fact.word):
                absent += 1
                reading.read_as["another word for N/A"] += fact.word != ABSENT
            else:
                facts.append(fact)
    if unusable and not facts:
        return None
    reading.dropped.update({"without wording": unusable} if unusable else {})
    reading.dropped.update({"N/A beside facts": absent} if absent and facts else {})
    return facts


def _facts(part: object, reading: Reading) -> Iterator[Fact | None]:
    """The facts in one part of a value; None for what is no wording."""
    if part in UNFILLED:
        return
    if isinstance(part, str):
        words: list[str | None] = []
        for fact in facts_of(part):
            lines = fact.splitlines()
            reading.read_as["lines as facts"] += len(lines) > 1
            words += [storable(line.strip(BULLETS) or line) for line in lines if line.strip()]
        for word, said in zip(words, spans_of(part, words), strict=True):
            yield None if word is None else Fact(word, said)
    elif (digits := number(part)) is not None:
        reading.read_as["a number as a wording"] += 1
        yield Fact(digits, spans_of(part, [digits])[0])
    elif isinstance(part, dict) and "value" in part:
        # Within a pair the value is one fact, as its proof is.
        word = None if part["value"] in UNFILLED else _plain_value(part["value"])
        (said,) = spans_of(part["value"], [word])
        yield None if word is None else Fact(word, said, storable(part.get("quote")))
    else:
        yield None


def _plain_value(value: object) -> str | None:
    return number(value) or storable(value)


def _is_absent(word: str) -> bool:
    return word == ABSENT or plain(word) in _PLAIN_ABSENT_WORDS


def _by_name(content: Mapping[str, object], scheme: Scheme, reading: Reading) -> dict[str, object]:
    """The values by the scheme's keys; unknown keys are left out and counted.

    Of a category that is given under two names, the first counts that says something; of a document label, neither
    does where they differ.
    """
    names = flat_names(scheme)
    found: dict[str, object] = {}
    for key, value in content.items():
        name = known_name(key, names)
        if name is None:
            reading.dropped["unknown key"] += 1
        elif name not in found:
            reading.read_as["another name of a category"] += name != key
            found[name] = value
        else:
            reading.dropped["key given twice"] += 1
            before = found[name]
            if before in UNFILLED or (isinstance(before, str) and _is_absent(before)):
                found[name] = value
            elif name not in scheme.by_name:
                found[name] = both(before, value)
    return found


def _read_labels(values: Mapping[str, object], scheme: Scheme, reading: Reading) -> None:
    for label in scheme.labels:
        value = the_only(values.get(label.name))
        meant = known_name(value, dict.fromkeys(label.values, ()))
        if meant:
            reading.labels[label.name] = meant
        elif label.name not in values or not (value in UNFILLED or (isinstance(value, str) and _is_absent(value))):
            reading.unread.append(label.name)
