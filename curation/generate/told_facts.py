"""The facts of a case looked for in a text: where each stands, and what is missing, contradicted or in no fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.generate.told_case import OrderedFact
from curation.record import Assertion, Entity, Fragment
from curation.text.alignment import SURE, Aligned, align
from curation.text.drugs import find_drugs
from curation.text.folding import Span, fold
from curation.text.meaning_guard import changes_meaning, covers
from curation.text.numbers import FIGURES, IN_TEXT, number, numbers_in_words
from curation.text.sentences import sentence_spans

#: The assertions that a text gives entities, whatever they have: the same entities in the same order.
Assert = Callable[[str, str, Sequence[Entity]], Sequence[Entity]]

#: What says the same of a patient, as far as words around a fact can tell.
POLARITY = {Assertion.HISTORICAL: Assertion.PRESENT, Assertion.CONDITIONAL: Assertion.PRESENT}
#: Signs of an assertion that cue phrases do not know: where one is in the sentence of a fact, the text may say so.
SIGNS = {
    Assertion.NEGATED: re.compile(
        r"Ø|exclu|ruled out|r/o\b|avoid|refrain|not given|ausgeschlossen|ausschluss|abgesehen|vermieden|verzichtet|"
        r"ergab(?:en)? sich kein|(?:denied|verneint) (?:by|von)|von den eltern verneint|negativ:|: negativ|"
        r"\b(?:nicht|verneint|denied)(?: (?:vor|auf|angegeben|nachweisbar|berichtet|gegeben|bekannt))?[\s.;]*$",
        re.IGNORECASE,
    ),
    Assertion.POSSIBLE: re.compile(
        r"susp|possib|initial|working diagnosis|consider|differential|likely|r/o\b|verd(?:acht|ächtig)|gedacht|erwogen|"
        r"möglich|fraglich|wahrscheinlich|vermut|arbeitsdiagnose",
        re.IGNORECASE,
    ),
    Assertion.FAMILY: re.compile(
        r"mother|father|sister|brother|famil|parent|aunt|uncle|grand|mutter|vater|schwester|bruder|eltern|tante|onkel",
        re.IGNORECASE,
    ),
}
#: By whom it is told: parents who have noticed something do not have it.
REPORTED = re.compile(r"aufgefallen|bemerk|bericht|beobachtet|notice|report|observed|according", re.IGNORECASE)
#: The part of a fact's letters whose words other words have that a model names for it.
COVERED = 0.5
#: The number of an item in a list.
BULLET = re.compile(r"^[ \t]*(?:[-*•][ \t]*)?\d{1,2}[.)](?=\s)", re.MULTILINE)
WORD = re.compile(r"[^\W\d_]{4,}")
DIGITS = re.compile(FIGURES)


class FindingKind(StrEnum):
    """What is not as it was ordered."""

    MISSING = "missing"
    NUMBER = "another number"
    TURNED = "asserted otherwise"
    DOUBTED = "not confirmed by the judge"
    ADDED_NUMBER = "number that is in no fact"
    ADDED_DRUG = "drug that is in no fact"
    COPIED = "words of a record of the store"


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """Something that is not as it was ordered: the fact's number, and the words of the text that are too much."""

    kind: FindingKind
    fact: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PlacedFact:
    """A fact and where the text says it. is_asked: the model was asked for the words."""

    number: int
    at: Aligned
    is_asked: bool = False


def placed_facts(facts: Sequence[OrderedFact], text: str) -> dict[int, PlacedFact]:
    """Where the facts stand by their own words or nearly, by their numbers from 1; longer ones take places first."""
    taken: list[Span] = []
    found: dict[int, PlacedFact] = {}
    order = sorted(range(len(facts)), key=lambda index: (-len(facts[index].text), index))
    for index in order:
        at = align(facts[index].text, text, taken=taken, minimum=SURE)
        # A shorter fact may be said within a longer one.
        at = at if at.spans else align(facts[index].text, text, minimum=SURE)
        if at.spans:
            taken += at.spans
            found[index + 1] = PlacedFact(index + 1, at)
    return found


def named_fact(fact: OrderedFact, number_: int, words: str, text: str, language: str) -> PlacedFact | None:
    """Where the text has the words that a model names for a fact; None where it has not, or they say another thing."""
    at = align(words, text)
    if not at.spans:
        return None
    start, end = at.spans[0]
    wording, said = fold(fact.text).text, fold(text[start:end]).text
    required = {number(digits, language) for digits in DIGITS.findall(fact.text)}
    if not required <= numbers_said(text[start:end], language):
        return None
    bare = DIGITS.sub(" ", wording), DIGITS.sub(" ", said)
    if changes_meaning(*bare) or not covers(*bare, least=COVERED):
        return None
    return PlacedFact(number_, at, is_asked=True)


def entities_of(facts: Sequence[OrderedFact], placed: Mapping[int, PlacedFact], text: str) -> tuple[Entity, ...]:
    """What was found, as entities in the order of the text, with what was ordered of each."""
    found = []
    for number_, place in placed.items():
        fact, spans = facts[number_ - 1], place.at.spans
        found.append(
            Entity(
                id=fact.id,
                category=fact.category,
                text=" ".join(text[start:end] for start, end in spans),
                fragments=tuple(Fragment(start=start, end=end) for start, end in spans),
                assertion=fact.assertion,
                attributes=dict(fact.attributes),
                codes=fact.codes,
            )
        )
    return tuple(sorted(found, key=lambda entity: (entity.spans, entity.id)))


def turned(entities: Sequence[Entity], text: str, language: str, asserted: Assert) -> frozenset[str]:
    """The ids of the entities of which the text says another thing: denied and not found, suspected, a relative's.

    Cue words within the words of other facts ("migraine without aura") say nothing of this one.
    """
    found = asserted(text, language, entities)
    pairs = zip(entities, found, strict=True)
    doubtful = [(entity, said) for entity, said in pairs if not _is_alike(entity, said)]
    if not doubtful:
        return frozenset()
    sentences = sentence_spans(text, language)
    return frozenset(
        entity.id
        for entity, said in doubtful
        if not _is_signed(entity, said, text, sentences)
        and not _is_alike(entity, _alone(entity, entities, text, language, asserted))
    )


def _is_alike(ordered: Entity, found: Entity) -> bool:
    return POLARITY.get(ordered.assertion, ordered.assertion) == POLARITY.get(found.assertion, found.assertion)


def _is_signed(entity: Entity, said: Entity, text: str, sentences: Sequence[Span]) -> bool:
    """Whether its sentence has another sign of what was ordered, which cue phrases do not know."""
    is_of_family = said.assertion is Assertion.FAMILY and entity.assertion is not Assertion.NEGATED
    signs = REPORTED if is_of_family else SIGNS.get(entity.assertion)
    return signs is not None and any(
        signs.search(text, start, end) is not None
        for start, end in sentences
        if start < entity.end and entity.start < end
    )


def _alone(entity: Entity, entities: Sequence[Entity], text: str, language: str, asserted: Assert) -> Entity:
    """The entity as a text asserts it that has a word without meaning in the place of each other fact."""
    for other in entities:
        for start, end in other.spans:
            if end <= entity.start or start >= entity.end:
                text = text[:start] + "x" * (end - start) + text[end:]
    return asserted(text, language, [entity])[0]


def missing(facts: Sequence[OrderedFact], placed: Iterable[int], text: str, language: str) -> Iterator[ToldFinding]:
    """The facts that are nowhere, those told apart whose words stand beside another number."""
    sentences = [text[start:end] for start, end in sentence_spans(text, language)]
    for number_ in sorted(set(range(1, len(facts) + 1)) - set(placed)):
        is_other = _has_other_number(facts[number_ - 1].text, sentences, language)
        yield ToldFinding(FindingKind.NUMBER if is_other else FindingKind.MISSING, number_)


def added(text: str, sources: Iterable[str], language: str) -> Iterator[ToldFinding]:
    """Numbers and drugs that the text has and none of its sources."""
    known = " \n".join(sources)
    numbers = numbers_said(known, language)
    for written in dict.fromkeys(IN_TEXT.findall(BULLET.sub(" ", text))):
        if number(written, language) not in numbers:
            yield ToldFinding(FindingKind.ADDED_NUMBER, words=written)
    folded = fold(known).text
    for word in dict.fromkeys(text[start:end].casefold() for start, end in find_drugs(text)):
        if fold(word).text not in folded:
            yield ToldFinding(FindingKind.ADDED_DRUG, words=word)


def numbers_said(text: str, language: str) -> frozenset[float]:
    """The numbers of a text in digits, and those that its words say or may say."""
    digits = {number(written, language) for written in DIGITS.findall(text)}
    words = {float(value) for found in numbers_in_words(text, language) for value in (*found.always, *found.maybe)}
    return frozenset(digits | words)


def _has_other_number(wording: str, sentences: Sequence[str], language: str) -> bool:
    """Whether a sentence has the words of a wording that has a number, and another number."""
    own = {number(digits, language) for digits in DIGITS.findall(wording)}
    words = set(WORD.findall(fold(wording).text))
    if not own or not words:
        return False
    return any(
        words <= set(WORD.findall(fold(sentence).text))
        and not own <= numbers_said(sentence, language)
        and bool(DIGITS.search(sentence))
        for sentence in sentences
    )
