"""Plausibility: whether the patient's age and gender can be, agree, and agree with the words around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from curation.decision import DecisionKind
from curation.record import Assertion, Entity, Frozen, Layer
from curation.text.ages import parse_age
from curation.text.folding import compose
from curation.text.terms import any_of, listed
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.knowledge import read_knowledge
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

#: The categories that hold the patient's age and gender; a scheme without them has nothing to measure here.
AGE = "age"
GENDER = "gender"
#: What belongs to a relative, or to the patient at another time, is not compared.
OTHERS = frozenset({Assertion.FAMILY, Assertion.NEGATED, Assertion.HISTORICAL})
#: How far after an age the noun stands that it belongs to, in characters.
NOUN = 24
#: So many pronouns, and so many times those of the other sex, tell a sex.
PRONOUNS, TIMES = 2, 4
#: Relatives and mothers-to-be: their pregnancies are not the patient's.
SPOKEN_OF = frozenset({"family_history", "social_history"})
#: From this age on a report's pronouns are the patient's.
SPEAKS = 3
MALE, FEMALE = "male", "female"


AGE_LOWEST = MeasureColumn("age_lowest", "lowest age given for the patient, in years")
AGE_HIGHEST = MeasureColumn("age_highest", "highest age given for the patient, in years")
AGE_SPREAD = MeasureColumn("age_spread", "years between the two")
AGES_UNREAD = MeasureColumn("ages_unread", "entities of the category age that no age can be read from")
AGES_CONTRADICTED = MeasureColumn(
    "ages_contradicted", "ages of which the noun beside them is not said (a 4-year-old man)"
)
AGE_CONTRADICTED_ENTITIES = MeasureColumn("age_contradicted_entities", "their ids", Holds.ENTITY_IDS)
GENDERS_CONTRADICTED = MeasureColumn(
    "genders_contradicted", "genders that pronouns, nouns or organs of one sex contradict"
)
GENDER_CONTRADICTED_ENTITIES = MeasureColumn("gender_contradicted_entities", "their ids", Holds.ENTITY_IDS)


class AgeWords(Frozen):
    """Words that are said of people of some ages."""

    words: str
    years: tuple[int, int]


class SexWords(Frozen):
    """Words for people of a sex: nouns of the category gender, and by language words elsewhere in the text."""

    nouns: str
    en: str
    de: str


class PersonWords(Frozen):
    """The file of words about persons."""

    ages: tuple[AgeWords, ...]
    female: SexWords
    male: SexWords
    only_female: str
    only_male: str
    not_meant: str


@cache
def _person() -> PersonWords:
    return read_knowledge("person", PersonWords)


@cache
def _ages_by_word() -> dict[str, tuple[int, int]]:
    return {word: ages.years for ages in _person().ages for word in listed(ages.words)}


@cache
def _words(terms: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(listed(terms))})\b")


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The ages in years that each layer gives for the patient, and what contradicts age and gender."""
    return [_row(subject.record.text, subject.record.language, subject.layer) for subject in subjects if subject.layer]


def _row(text: str, language: str, layer: Layer) -> Columns:
    patient_entities = [entity for entity in layer.entities if entity.assertion not in OTHERS]
    aged = [(entity, parse_age(entity.text)) for entity in patient_entities if entity.category == AGE]
    ages = [age for _, age in aged if age is not None]
    genders = [entity for entity in patient_entities if entity.category == GENDER]
    wrong_ages = [
        entity.id for entity, age in aged if age is not None and not _fits(age, _nouns(entity, genders, text))
    ]
    # A report of an infant mentions the mother as well.
    small = bool(ages) and min(ages) < SPEAKS
    wrong_genders = [] if small else _wrong_genders(genders, patient_entities, text, language)
    return {
        AGE_LOWEST: min(ages, default=None),
        AGE_HIGHEST: max(ages, default=None),
        AGE_SPREAD: max(ages) - min(ages) if ages else None,
        AGES_UNREAD: len(aged) - len(ages),
        AGES_CONTRADICTED: len(wrong_ages) if ages else None,
        AGE_CONTRADICTED_ENTITIES: list(wrong_ages),
        GENDERS_CONTRADICTED: len(wrong_genders) if genders else None,
        GENDER_CONTRADICTED_ENTITIES: list(wrong_genders),
    }


def _plain(wording: str) -> str:
    """The wording in small letters, composed and without invisible signs."""
    return compose(wording).text.lower()


def _nouns(age: Entity, genders: Sequence[Entity], text: str) -> list[str]:
    """The words that belong to an age: those right after it, and a gender that stands there."""
    after = re.split(r"[.,;()]", _plain(text[age.end : age.end + NOUN]))[0] if age.fragments else ""
    near = [_plain(gender.text) for gender in genders if age.fragments and 0 <= gender.start - age.end <= NOUN]
    return [*re.findall(r"\w+", after), *near]


def _fits(age: int, nouns: Sequence[str]) -> bool:
    """Whether each of the nouns is said of people of that age; words cut off at the end match none."""
    years_of = _ages_by_word()
    return all(years_of[noun][0] <= age <= years_of[noun][1] for noun in nouns if noun in years_of)


def _wrong_genders(
    genders: Sequence[Entity], patient_entities: Sequence[Entity], text: str, language: str
) -> list[str]:
    if not genders:
        return []
    sex_of = {gender.id: sex for gender in genders if (sex := _sex(_plain(gender.text)))}
    words = _sex_in(_plain(text), language)
    parts = _sex_of_parts(patient_entities)
    return [entity for entity, sex in sex_of.items() if {words, parts} - {None, sex}]


def _sex(noun: str) -> str | None:
    female, male = (_words(words.nouns).search(noun) is not None for words in (_person().female, _person().male))
    return None if female == male else FEMALE if female else MALE


def _sex_in(text: str, language: str) -> str | None:
    """The sex that pronouns (English) or nouns (German) tell again and again; None where they do not."""
    if language not in ("en", "de"):
        return None
    female, male = (len(_words(getattr(words, language)).findall(text)) for words in (_person().female, _person().male))
    if female >= PRONOUNS and female >= TIMES * male:
        return FEMALE
    return MALE if male >= PRONOUNS and male >= TIMES * female else None


def _sex_of_parts(patient_entities: Sequence[Entity]) -> str | None:
    """The sex that has what the layer says of the patient; None where both or neither do."""
    wordings = [
        _plain(entity.text)
        for entity in patient_entities
        if entity.assertion is Assertion.PRESENT and entity.category not in SPOKEN_OF
    ]
    meant = [wording for wording in wordings if not _words(_person().not_meant).search(wording)]
    female, male = (
        any(_words(words).search(wording) for wording in meant)
        for words in (_person().only_female, _person().only_male)
    )
    return None if female == male else FEMALE if female else MALE


PLAUSIBILITY = MeasureSpec(
    name="plausibility",
    version=3,
    of=DecisionKind.LAYER,
    columns=(
        AGE_LOWEST,
        AGE_HIGHEST,
        AGE_SPREAD,
        AGES_UNREAD,
        AGES_CONTRADICTED,
        AGE_CONTRADICTED_ENTITIES,
        GENDERS_CONTRADICTED,
        GENDER_CONTRADICTED_ENTITIES,
    ),
    rules=(
        Rule(
            "age_not_too_low",
            AGE_LOWEST,
            "The patient's age is not below what is plausible.",
            parameters=lambda settings, scheme: {"min_value": settings.age.minimum},
        ),
        Rule(
            "age_not_too_high",
            AGE_HIGHEST,
            "The patient's age is not above what is plausible.",
            parameters=lambda settings, scheme: {"max_value": settings.age.maximum},
        ),
        Rule(
            "ages_agree",
            AGE_SPREAD,
            "All mentions of the patient's age agree.",
            parameters=lambda settings, scheme: {"max_value": settings.age.spread},
            severity=Severity.SOFT,
            beside=(AGE_LOWEST, AGE_HIGHEST),
        ),
        Rule(
            "ages_fit_nouns",
            AGES_CONTRADICTED,
            "No age contradicts the noun beside it: no 4-year-old man, no 70-year-old infant.",
            severity=Severity.SOFT,
            beside=(AGE_CONTRADICTED_ENTITIES,),
        ),
        Rule(
            "genders_fit_text",
            GENDERS_CONTRADICTED,
            "Pronouns, nouns and organs are those of the patient's gender.",
            severity=Severity.SOFT,
            beside=(GENDER_CONTRADICTED_ENTITIES,),
        ),
    ),
    measure=measure,
)
