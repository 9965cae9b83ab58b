"""What the flat view says, apart from how: its facts and values as they are meant, what was invented or left out, and
whether age and gender are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from curation.record import Frozen
from curation.scheme import ABSENT, Scheme
from curation.scoring.entities import RESAMPLING, Resampling, Score, figures, score_of
from curation.scoring.exact_values import facts_of, values_of
from curation.scoring.flat_shape import facts
from curation.scoring.genders import parse_gender
from curation.scoring.means import mean_interval
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key, in_order
from curation.text.ages import parse_age

FACTS, VALUES, PRESENCE = "facts", "values", "presence"
#: The categories whose content is one word of few: what reads it.
PERSON = ("age", "gender")
READ: dict[str, Callable[[str, str], str | int | None]] = {
    "age": lambda wording, _: parse_age(wording),
    "gender": parse_gender,
}
PERSON_TABLE = "person"


class Presence(Frozen):
    """In how many records both sides have a fact, only the prediction, only gold, or neither; and the rates."""

    both: int
    invented: int
    omitted: int
    neither: int
    #: Of the records in which gold has nothing, those with an invention; of those in which it has something, omissions.
    invention_rate: float | None
    omission_rate: float | None


class PersonScore(Frozen):
    """How often age or gender is right; what is missing or cannot be read is wrong."""

    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    #: Records whose gold can be read; of these, those whose prediction is missing or cannot be read.
    records: int
    unread: int
    #: Records whose gold is absent or cannot be read: not scored.
    without_gold: int
    #: Of ages, in years, where both can be read.
    mean_error: float | None = None


class FactScore(Frozen):
    """One category: its facts whatever their order and case, its values in basic units, and whether it is there."""

    facts: Score
    values: Score
    presence: Presence


class FactScores(Frozen):
    """What the flat view says, over the records of gold."""

    micro: FactScore
    per_category: dict[str, FactScore]
    #: Age and gender, where the scheme has categories of these names.
    person: dict[str, PersonScore]


def fact_counts(
    gold: Mapping[str, str], predicted: Mapping[str, str] | None, *, scheme: Scheme, language: str
) -> DocumentCounts:
    """What a document adds to the figures of `fact_scores`; a prediction that is None says nothing."""
    pairs = {name: (gold.get(name, ABSENT), (predicted or {}).get(name, ABSENT)) for name in scheme.names}
    said = {name: tuple(_facts(side, language) for side in sides) for name, sides in pairs.items()}
    values = {name: tuple(_values(side, language) for side in sides) for name, sides in pairs.items()}
    presence = {
        name: (
            int(ABSENT not in (ours, theirs)),
            int(ours == ABSENT != theirs),
            int(theirs == ABSENT != ours),
            int(ours == theirs == ABSENT),
        )
        for name, (ours, theirs) in pairs.items()
    }
    found: dict[Key, tuple[float, ...]] = {
        **figures(FACTS, {name: (len(a & b), len(a), len(b)) for name, (a, b) in said.items()}),
        **figures(VALUES, {name: ((a & b).total(), a.total(), b.total()) for name, (a, b) in values.items()}),
        **{(PRESENCE, name): counts for name, counts in presence.items()},
        (PRESENCE, TOTAL): tuple(sum(counts) for counts in zip(*presence.values(), strict=True)) or (0, 0, 0, 0),
    }
    for name in PERSON:
        if name in pairs:
            found[PERSON_TABLE, name] = _person(name, *pairs[name], language)
    return found


def _facts(field: str, language: str) -> set[str]:
    return set() if field == ABSENT else facts_of(field, language)


def _values(field: str, language: str) -> Counter[str]:
    return Counter() if field == ABSENT else values_of(field, language)


def _person(name: str, gold: str, predicted: str, language: str) -> tuple[float, ...]:
    """Right, scored, unread, without gold, the error in years, and over how many."""
    expected, given = (_read(name, side, language) for side in (gold, predicted))
    if expected is None:
        return 0, 0, 0, 1, 0, 0
    if given is None:
        return 0, 1, 1, 0, 0, 0
    error = abs(int(expected) - int(given)) if name == "age" else 0
    return expected == given, 1, 0, 0, error, name == "age"


def _read(name: str, field: str, language: str) -> str | int | None:
    """The age or gender of the first fact."""
    first = next(iter(facts(field)), ABSENT)
    return READ[name](first, language) if first != ABSENT else None


def fact_scores(tally: DocumentTally, *, scheme: Scheme, resampling: Resampling = RESAMPLING) -> FactScores:
    """The scores of what was counted; categories that neither side has are not listed."""
    rows = in_order({*tally.rows(FACTS)}, scheme.names)
    return FactScores(
        micro=_score(tally, TOTAL, resampling),
        per_category={name: _score(tally, name, resampling) for name in rows},
        person={name: _person_score(tally, name, resampling) for name in tally.rows(PERSON_TABLE)},
    )


def _score(tally: DocumentTally, row: str, resampling: Resampling) -> FactScore:
    both, invented, omitted, neither = (int(count) for count in tally.total((PRESENCE, row), 4))
    return FactScore(
        facts=score_of(tally, (FACTS, row), resampling),
        values=score_of(tally, (VALUES, row), resampling),
        presence=Presence(
            both=both,
            invented=invented,
            omitted=omitted,
            neither=neither,
            invention_rate=invented / (invented + neither) if invented + neither else None,
            omission_rate=omitted / (omitted + both) if omitted + both else None,
        ),
    )


def _person_score(tally: DocumentTally, name: str, resampling: Resampling) -> PersonScore:
    key = PERSON_TABLE, name
    right, records, unread, without_gold, error, measured = tally.total(key, 6)
    return PersonScore(
        accuracy=right / records if records else None,
        accuracy_interval=mean_interval(tally.counts(key, 6)[:, :2], records, resampling),
        records=int(records),
        unread=int(unread),
        without_gold=int(without_gold),
        mean_error=error / measured if measured else None,
    )
