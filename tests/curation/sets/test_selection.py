"""Conditions of `curate freeze --where`, and what they leave out of a set."""

from __future__ import annotations

import unicodedata

import pytest
from verdicts import given

from curation.errors import UsageError
from curation.record import Layer, Record
from curation.scheme import DocumentLabel, Scheme
from curation.sets.freeze import freeze
from curation.sets.selection import Condition, RecordSelection
from curation.settings import SplitSettings

SMOKING = DocumentLabel(name="smoking", values=("current", "past", "never"))
META = {
    "year": 2016,
    "ward": "Intensivstation",
    "seen": "2024-03-01",
    "codes": ["I10", "E11"],
    "open": True,
    "dose": "2.50",
    "year of birth": 1949,
    "ward (first)": "Notaufnahme",
    "meta.kept": "ja",
}


@pytest.fixture(scope="module")
def narrow(scheme: Scheme) -> Scheme:
    return Scheme(name="narrow", languages=("en", "de"), categories=scheme.categories[:2], labels=(SMOKING,))


def failed(written: str, scheme: Scheme, **labels: str) -> str | None:
    record = Record(id="r", group="r", source="t", language="de", text="Bericht.", meta=META)
    layer = Layer(record_id="r", name="g", author="g", labels=labels)
    return Condition.read(written, scheme).failed(record, layer)


@pytest.mark.parametrize(
    "written",
    [
        *("year >= 2015", "year=2016", "year == 2016.0", "year != 2015", "year < 2016.5", "meta.year in (2015, 2016)"),
        *("ward = Intensivstation", "ward in (Notaufnahme, Intensivstation)", "ward = 'Intensivstation'"),
        *("seen >= 2024-02-29", "codes = I10", "codes in [E11]", "open = true", "dose = 2.5", "dose > 2"),
        *('"year of birth" < 1950', "'year of birth'=1949", 'meta."ward (first)" = Notaufnahme', "'meta.kept' = ja"),
        *('"year" >= 2015', '"smoking" = past', 'label."smoking" = past', "meta.'seen' >= 2024-02-29"),
        *("smoking = past", "smoking in (past, never)", "label.smoking not in (never)", "smoking  not  in  never"),
    ],
)
def test_a_condition_that_is_met(narrow: Scheme, written: str) -> None:
    assert failed(written, narrow, smoking="past") is None


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("year > 2016", "not year > 2016"),
        ("codes not in (I10)", "not codes not in (I10)"),
        ("clinic != north", "without clinic"),
        ('"first clinic" != north', "without first clinic"),
        ('"year of birth" > 1950', 'not "year of birth" > 1950'),
        ("smoking != never", "without smoking"),
        ("ward > 3", "ward is not to be compared with 3"),
        ("year > 2024-01-01", "year is not to be compared with 2024-01-01"),
    ],
)
def test_a_condition_that_is_not_met_says_why(narrow: Scheme, written: str, why: str) -> None:
    assert failed(written, narrow) == why


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("year", "a condition in --where"),
        ("year >=", "a condition in --where"),
        ("", "a condition in --where"),
        ("year of birth < 1950", 'or `"year of birth" < 1950`, got'),
        ('"year of birth < 1950', "a condition in --where"),
        ('"" < 1950', "a condition in --where"),
        ("year = 2015, 2016", "one value"),
        ("ward in ()", "a value in --where"),
        ("ward in (a, 'b)", "values with commas"),
        ("year > later", "a number or a date"),
        ("smoking > past", "in or not in with the document label smoking, whose values have no order"),
        ("smoking > 3", "in or not in with the document label smoking, whose values have no order"),
        ("smoking = pastt", "did you mean past"),
        ("label.smokin = past", "did you mean smoking"),
    ],
)
def test_what_is_no_condition_is_refused(narrow: Scheme, written: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Condition.read(written, narrow)


@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("kept", ["NFC", "NFD"])
def test_a_letter_and_its_mark_are_the_same_in_either_form(kept: str, asked: str) -> None:
    former, office, south = (unicodedata.normalize(kept, word) for word in ("früher", "Büro", "Süd"))
    label = DocumentLabel(name=unicodedata.normalize(kept, "Gewöhnung"), values=(former, "nie"))
    scheme = Scheme(name="umlauts", languages=("de",), labels=(label,))
    record = Record(id="r", group="r", source="t", language="de", text="Bericht.", meta={office: [south]})
    layer = Layer(record_id="r", name="g", author="g", labels={label.name: former})

    def found(written: str) -> str | None:
        return Condition.read(unicodedata.normalize(asked, written), scheme).failed(record, layer)

    assert found("Gewöhnung = früher") is None
    assert found("label.Gewöhnung in (nie, früher)") is None
    assert found("Büro = Süd") is None
    assert found("Büro not in (Nord, Süd)") == "not Büro not in (Nord, Süd)"
    assert found("Gewöhnung != früher") == "not Gewöhnung != früher"


def test_a_set_of_selected_records_counts_what_was_left_out(sqlite_store, narrow: Scheme) -> None:
    kinds = [
        ("a", "de", 2014),
        ("a", "de", 2016),
        ("a", "en", 2016),
        ("b", "de", 2016),
        ("a", "de", None),
        ("a", "de", 2017),
    ]
    for number, (source, language, year) in enumerate(kinds):
        id, meta = f"r{number}", {} if year is None else {"year": year}
        text = f"Fall {number} der Aufnahme {number * 17} mit Befund {number * 31}."
        sqlite_store.add_records([Record(id=id, group=id, source=source, language=language, text=text, meta=meta)])
        sqlite_store.add_layers([Layer(record_id=id, name="gold", author="gold")])
    sqlite_store.decide(given(sqlite_store.record_ids(), "gold"))

    def frozen(*, languages: tuple[str, ...] = ("de",), sources: tuple[str, ...] = ("a",), where: str = "year >= 2015"):
        wanted = RecordSelection(sources, languages, [Condition.read(where, narrow)])
        split = SplitSettings(train=1, validation=0, test=0)
        return freeze(sqlite_store, narrow, name="chosen", layers=["gold"], split=split, wanted=wanted)

    first = frozen()
    assert {record.id for _, record, _ in sqlite_store.set_members(first.digest)} == {"r1", "r5"}
    assert first.manifest["dropped"] == {
        "in another language": 1,
        "not year >= 2015": 1,
        "of another source": 1,
        "without year": 1,
    }
    assert first.manifest["selection"] == {"source": ["a"], "language": ["de"], "where": ["year >= 2015"]}
    assert frozen() == first
    assert frozen(where="year >= 2017").version == 2
    for wrong, message in (
        ({"sources": ("c",)}, "a source of a record"),
        ({"languages": ("fr",)}, "a language of a record"),
        ({"where": "yaer = 2016"}, "did you mean year"),
        ({"where": "smokin = past"}, "did you mean smoking"),
        ({"where": "language = de"}, "expected --language VALUE to choose by language, got --where 'language = de'"),
        ({"where": "source != a"}, "expected --source VALUE to choose by source"),
        ({"where": "year = 1999"}, "found none: .*not year = 1999"),
    ):
        with pytest.raises(UsageError, match=message):
            frozen(**wrong)  # type: ignore[arg-type]
