"""What the flat view says: presence, facts, values, age and gender, worked out by hand."""

from __future__ import annotations

import pytest

from curation.scheme import Scheme
from curation.scoring.facts import FactScores, fact_counts, fact_scores
from curation.scoring.genders import parse_gender
from curation.scoring.tally import DocumentTally

View = dict[str, str]


def flat(scheme: Scheme, **facts: str) -> View:
    return {name: facts.get(name, "N/A") for name in scheme.names}


def scored(scheme: Scheme, *pairs: tuple[View, View | None], language: str = "en") -> FactScores:
    tally = DocumentTally()
    for number, (gold, predicted) in enumerate(pairs):
        tally.add(str(number), fact_counts(gold, predicted, scheme=scheme, language=language))
    return fact_scores(tally, scheme=scheme)


def test_inventions_and_omissions_are_counted_by_category(scheme: Scheme) -> None:
    nothing, gout = flat(scheme), flat(scheme, diagnosis="gout")
    found = scored(scheme, (gout, gout), (gout, nothing), (nothing, gout), (nothing, gout), (nothing, nothing))
    presence = found.per_category["diagnosis"].presence
    assert (presence.both, presence.omitted, presence.invented, presence.neither) == (1, 1, 2, 1)
    assert (presence.invention_rate, presence.omission_rate) == (2 / 3, 1 / 2)
    assert found.micro.presence.neither == 1 + 5 * (len(scheme.names) - 1)
    assert found.per_category.keys() == {"diagnosis"}


def test_an_answer_that_is_not_there_leaves_everything_out(scheme: Scheme) -> None:
    found = scored(scheme, (flat(scheme, diagnosis="gout", age="54"), None))
    assert (found.micro.facts.f1, found.micro.presence.omitted) == (0, 2)
    assert (found.person["age"].accuracy, found.person["age"].unread) == (0, 1)


def test_absence_on_both_sides_is_no_success(scheme: Scheme) -> None:
    found = scored(scheme, (flat(scheme), flat(scheme)))
    assert (found.micro.facts.f1, found.micro.presence.omission_rate, found.micro.presence.invention_rate) == (
        None,
        None,
        0,
    )
    assert found.person["age"].accuracy is None


def test_facts_and_values_are_compared_as_they_are_meant(scheme: Scheme) -> None:
    gold = flat(scheme, laboratory_values="Hb 1,2 g/dl; CRP 5 mg/l")
    predicted = flat(scheme, laboratory_values="crp 5 mg/L; Hb 12 g/l; Na 140")
    found = scored(scheme, (gold, predicted), language="de").per_category["laboratory_values"]
    assert (found.facts.matched, found.facts.gold, found.facts.predicted) == (2, 2, 3)
    assert (found.values.matched, found.values.f1) == (2, 4 / 5)


def test_age_in_years_and_gender_in_words(scheme: Scheme) -> None:
    found = scored(
        scheme,
        (flat(scheme, age="54-year-old", gender="woman"), flat(scheme, age="54", gender="female")),
        (flat(scheme, age="3 months", gender="boy"), flat(scheme, age="3", gender="girl")),
        (flat(scheme, age="in his fifties"), flat(scheme, age="very old")),
        (flat(scheme, gender="patient"), flat(scheme, gender="man")),
    )
    age, gender = found.person["age"], found.person["gender"]
    assert (age.accuracy, age.records, age.unread, age.without_gold, age.mean_error) == (1 / 3, 3, 1, 1, 1.5)
    assert (gender.accuracy, gender.records, gender.without_gold) == (1 / 2, 2, 2)


@pytest.mark.parametrize(
    ("wording", "language", "gender"),
    [
        ("Patientin", "de", "female"),
        ("Patient", "de", "male"),
        ("patient", "en", None),
        ("63-jähriger Mann", "de", "male"),
        ("Ma\u0308dchen", "de", "female"),
        ("F", "en", "female"),
        ("divers", "de", "diverse"),
        ("non-binary", "en", "diverse"),
        ("man and woman", "en", None),
        ("", "en", None),
    ],
)
def test_genders_are_read_in_both_languages(wording: str, language: str, gender: str | None) -> None:
    assert parse_gender(wording, language) == gender
