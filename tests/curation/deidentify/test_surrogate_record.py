"""What is said about a record's surrogates comes to stand over its true text; what only they can have told does not."""

from __future__ import annotations

import re

import pytest

from curation.deidentify.identifiers.analyzer import identifiers_of
from curation.deidentify.identifiers.identifier import COUNTED
from curation.deidentify.key import Key
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogate_record import (
    DOUBLE,
    DOUBTFUL,
    LEFT_OUT,
    OVER,
    RELATION,
    WIDENED,
    SurrogateRecord,
)
from curation.deidentify.surrogate_records import SurrogateRecords
from curation.record import Alignment, Entity, Fragment, Layer, Record, Relation

KEY = Key(b"k" * 32)
SCOPE = DeidentifyScope(frozenset(COUNTED))
TEXTS = {
    "en": "Fever before. Mrs. Karin Lindemann, born 04/12/1927, aged 93 years, of 12 Baker Street, phone 217-555-8832, "
    "came on March 3, 2020 with fever. Dr. Jon Li saw her on 3/5/2020 after a stroke in 2018.",
    "de": "Fieber vorher. Frau Karin Lindemann, geb. 04.12.1927, 93 Jahre alt, wohnhaft Goethestraße 12, 50667 Köln, "
    "Tel. 0221 4781234, kam am 03.03.2020 mit Fieber. Dr. Ida Ott sah Frau Lindemann am 5.3.2020 nach Schlaganfall "
    "2018.",
    # Decomposed letters, an emoji and a soft hyphen before and within what is replaced.
    "odd": "🙂 Frau Ju\u0308lide Mu\u0308ller-Lu\u00addenscheidt, geb. 04.12.1927, kam am 03.03.2020 mit Fie\u00adber.",
}


def made(text: str, language: str = "en", id: str = "r") -> SurrogateRecord:
    return SurrogateRecord.of(record(text, language, id), KEY, SCOPE)


def record(text: str, language: str = "en", id: str = "r") -> Record:
    return Record(id=id, group="g", source="test", language=language, text=text)


def over(found: SurrogateRecord, *wordings: str, **more: object) -> Layer:
    """A layer over the shown text with these wordings; those that do not stand there have no place."""
    entities = []
    for number, wording in enumerate(wordings, 1):
        at = found.record.text.find(wording)
        spans = (Fragment(start=at, end=at + len(wording)),) if at >= 0 else ()
        alignment = Alignment.EXACT if spans else Alignment.NONE
        entities.append(
            Entity(
                id=f"T{number}",
                category=str(more.get("category", "diagnosis")),
                text=wording,
                fragments=spans,
                alignment=alignment,
                alignment_score=float(bool(spans)),
            )
        )
    return Layer(record_id=found.record.id, name="llm", author="llm:m", entities=tuple(entities))


def shown_for(found: SurrogateRecord, true: str) -> str:
    """What stands in the shown text for a wording of the true one that is replaced as a whole."""
    return found.replacement.surrogate_of[true]


@pytest.mark.parametrize("name", TEXTS)
def test_every_word_comes_back_to_its_place(name):
    text = TEXTS[name]
    found = made(text, "en" if name == "en" else "de")
    assert found.back((0, len(found.record.text))) == (0, len(text))
    assert not identifiers_of(found.record, COUNTED)
    words = [match.span() for match in re.finditer(r"\w+", found.record.text)]
    for start, end in words:
        wording = found.record.text[start:end]
        true = text[slice(*found.back((start, end)))]
        if not any(edited.start < end and start < edited.end for edited in found._edited):
            assert true == wording
        else:
            assert true not in ("", wording)
    # In order, and what is between words stays between them.
    backs = [found.back(span) for span in words]
    assert backs == sorted(backs)


@pytest.mark.parametrize(("language", "before", "after"), [("en", "Fever", "stroke"), ("de", "Fieber", "Schlaganfall")])
def test_entities_before_within_and_behind_surrogates_are_right(language, before, after):
    text = TEXTS[language]
    found = made(text, language)
    date = {"en": "March 3, 2020", "de": "03.03.2020"}[language]
    name, admitted = shown_for(found, "Karin Lindemann"), shown_for(found, date)
    given, surname = name.split()
    # Before any, a whole name, its parts, a date, its year alone, behind all of them.
    layer = over(found, before, name, surname, given, admitted, re.findall(r"\d{4}", admitted)[0], after)
    restored, done = found.restored(layer)
    said = [entity.text for entity in restored.entities]
    assert said == [before, "Karin Lindemann", "Lindemann", "Karin", date, "2020", after]
    for entity in restored.entities:
        assert " ".join(text[start:end] for start, end in entity.spans) == entity.text
    assert done == {OVER: 5}
    assert restored.provenance["surrogates"]["over an identifier"] == 5
    assert restored.provenance["surrogates"]["replaced"]["NAME"] >= 2


def test_what_cuts_a_surrogate_gets_the_whole_identifier_and_is_counted():
    found = made(TEXTS["en"])
    restored, done = found.restored(over(found, "89", "89 years", "than 89 years, of", category="age"))
    assert [entity.text for entity in restored.entities] == ["93", "93 years", "93 years, of"]
    assert done == {OVER: 3, WIDENED: 3}


@pytest.mark.parametrize(
    ("category", "wording", "kept"),
    [
        ("age", "90", None),
        ("age", "89 years old", None),
        ("diagnosis", "sepsis", "sepsis"),
        ("diagnosis", "sepsis in {year}", None),
        ("diagnosis", "sepsis on {date}", "sepsis on March 3, 2020"),
        ("diagnosis", "sepsis since {month}", None),
        ("diagnosis", "sepsis of {NAME}", "sepsis of Karin Lindemann"),
        ("diagnosis", "Mr. {surname}", "Mr. Lindemann"),
        ("diagnosis", "{date} and {day}th", None),
        ("gender", "female", "female"),
    ],
)
def test_what_stands_nowhere_gets_true_words_or_is_left_out(category, wording, kept):
    found = made(TEXTS["en"])
    date, name = shown_for(found, "March 3, 2020"), shown_for(found, "Karin Lindemann")
    month, day, year = date.replace(",", "").split()
    words = {"date": date, "month": month, "day": day, "year": year, "NAME": name.upper(), "surname": name.split()[1]}
    restored, done = found.restored(over(found, wording.format(**words), category=category))
    assert [entity.text for entity in restored.entities] == ([] if kept is None else [kept])
    assert done == ({LEFT_OUT: 1} if kept is None else {DOUBTFUL: 1} if category == "gender" else {})


def test_a_relation_of_what_is_left_out_goes_with_it():
    found = made(TEXTS["en"])
    layer = over(found, "Fever", "fever", shown_for(found, "March 3, 2020")[-4:] + " sepsis")
    relations = (Relation(id="R1", type="t", head="T1", tail="T2"), Relation(id="R2", type="t", head="T1", tail="T3"))
    layer = layer.model_copy(update={"relations": relations})
    restored, done = found.restored(layer)
    assert [relation.id for relation in restored.relations] == ["R1"]
    assert done[RELATION] == 1


def test_parts_that_have_become_the_same_identifier_are_one():
    found = made(TEXTS["en"])
    street = shown_for(found, "12 Baker Street")
    layer = over(found, *street.split(), "fever", "fever")
    relations = tuple(
        Relation(id=f"R{number}", type="t", head=head, tail=tail)
        for number, (head, tail) in enumerate([("T1", "T4"), ("T2", "T4"), ("T3", "T5"), ("T1", "T2")])
    )
    restored, done = found.restored(layer.model_copy(update={"relations": relations}))
    assert [entity.text for entity in restored.entities] == ["12 Baker Street", "fever", "fever"]
    assert [(relation.head, relation.tail) for relation in restored.relations] == [("T1", "T4"), ("T1", "T5")]
    assert (done[DOUBLE], done[WIDENED]) == (2, 3)


def test_attributes_get_true_words_or_are_left_out():
    found = made(TEXTS["en"])
    date = shown_for(found, "March 3, 2020")
    layer = over(found, "fever")
    said = {"since": date, "by": f"in {date[-4:]}", "dose": "5 mg"}
    layer = layer.model_copy(update={"entities": (layer.entities[0].model_copy(update={"attributes": said}),)})
    restored, done = found.restored(layer)
    assert restored.entities[0].attributes == {"since": "March 3, 2020", "dose": "5 mg"}
    assert done == {f"attribute {LEFT_OUT}": 1}


def test_a_surrogate_of_two_wordings_is_undone_by_its_place_only():
    found = made("A man aged 93 years and his wife aged 95 years had fever.")
    restored, _ = found.restored(over(found, "more than 89 years and", "more than 89 y.", category="diagnosis"))
    assert [entity.text for entity in restored.entities] == ["93 years and"]


def test_offsets_in_the_provenance_come_back_too():
    found = made(TEXTS["en"])
    shown, true = len(found.record.text), len(TEXTS["en"])
    layer = over(found, "fever").model_copy(
        update={
            "provenance": {"windows": [[0, shown]], "unread": [{"window": [5, shown], "asked": [], "kind": "empty"}]}
        }
    )
    restored, _ = found.restored(layer)
    assert restored.provenance["windows"] == [[0, true]]
    assert restored.provenance["unread"] == [{"window": [5, true], "asked": [], "kind": "empty"}]


def test_what_holds_no_identifier_stays_as_it_is():
    found = made("A man had fever.")
    layer = over(found, "fever", "elsewhere in 2017")
    assert found.record is found.original
    assert found.restored(layer) == (layer, {})
    assert found.shown(layer) is layer


def test_surrogates_of_a_record_that_is_de_identified_stay():
    once = made(TEXTS["en"]).record
    again = SurrogateRecord.of(once.model_copy(update={"group": "other"}), KEY, SCOPE)
    assert again.record.text == once.text


def test_a_layer_is_shown_over_the_surrogates():
    text = TEXTS["de"]
    found = made(text, "de")
    start = text.index("Lindemann am 5.3.2020")
    entity = Entity(
        id="T1",
        category="diagnosis",
        text="Lindemann am 5.3.2020",
        fragments=(Fragment(start=start, end=start + 21),),
        alignment=Alignment.EXACT,
        alignment_score=1.0,
        attributes={"by": "Ida Ott"},
    )
    layer = Layer(record_id="r", name="gold", author="gold", entities=(entity,))
    (shown,) = found.shown(layer).entities
    assert shown.text == found.record.text[slice(*shown.spans[0])]
    assert not {"Lindemann", "5.3.2020", "Ida Ott"} & {shown.text, shown.attributes["by"]}
    assert found.restored(found.shown(layer))[0].entities == layer.entities


def test_the_same_record_has_the_same_surrogates_under_the_same_key_only():
    one, same = (SurrogateRecords(KEY, SCOPE) for _ in range(2))
    other = SurrogateRecords(Key(b"o" * 32), SCOPE)
    given = record(TEXTS["en"])
    assert one.of(given).record == same.of(given).record != other.of(given).record
    assert one.digest == same.digest != other.digest
    assert one.digest != SurrogateRecords(KEY, DeidentifyScope(frozenset(COUNTED[:1]))).digest
    assert one.original(one.of(given).record) is given
    assert one.original(given) is given


def test_what_a_person_has_released_is_shown_as_it_is():
    released = SurrogateRecords(KEY, SCOPE, lambda id: id == "r")
    assert released.of(record(TEXTS["en"])).record.text == TEXTS["en"]
    assert released.of(record(TEXTS["en"], id="s")).record.text != TEXTS["en"]
