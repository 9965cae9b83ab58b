"""Assertion by context, in tables of sentences; the entity stands in square brackets."""

from __future__ import annotations

import pytest

from annotation.rules.assertion import assert_entities
from curation.record import Alignment, Assertion, Entity

SYMPTOM = "signs_symptoms"

ENGLISH = [
    ("He had [fever].", SYMPTOM, "present"),
    ("No [fever] was noted.", SYMPTOM, "negated"),
    ("She denied chest pain, dizziness or [syncope].", SYMPTOM, "negated"),
    ("There was no evidence of [pulmonary embolism].", "diagnosis", "negated"),
    ("She had no fever but complained of [cough].", SYMPTOM, "present"),
    ("The patient was without [pain] at rest.", SYMPTOM, "negated"),
    ("[Meningitis] was ruled out by lumbar puncture.", "diagnosis", "negated"),
    ("[Oedema] was absent.", SYMPTOM, "negated"),
    ("[Surgery] was not required.", "interventional_therapy", "negated"),
    ("[Cyclophosphamide] was avoided.", "pharmacological_therapy", "negated"),
    ("There was no increase in [pain].", SYMPTOM, "present"),
    ("Gram negative [sepsis] was treated.", "diagnosis", "present"),
    ("Not only [fever] but also chills were present.", SYMPTOM, "present"),
    ("Suspected [appendicitis].", "diagnosis", "possible"),
    ("[Tuberculosis] could not be excluded.", "diagnosis", "possible"),
    ("A lesion suggestive of [melanoma].", "diagnosis", "possible"),
    ("Possible [pneumonia] in the left lower lobe.", "diagnosis", "possible"),
    ("[Vasculitis] was suspected.", "diagnosis", "possible"),
    ("Return if [fever] recurs.", SYMPTOM, "conditional"),
    ("Heparin was given to prevent [thrombosis].", "diagnosis", "conditional"),
    ("History of [stroke].", "diagnosis", "historical"),
    ("He had [hepatitis] ten years ago.", "diagnosis", "historical"),
    ("Previous [myocardial infarction].", "diagnosis", "historical"),
    ("No history of [seizures].", SYMPTOM, "negated"),
    ("His mother had [breast cancer].", "diagnosis", "family"),
    ("[Diabetes] was known in her sister.", "diagnosis", "family"),
    ("[Father died of stroke].", "family_history", "family"),
    ("There was [no family history of cancer].", "family_history", "negated"),
    ("She was a [non-smoker].", "life_style", "negated"),
    ("He [never smoked].", "life_style", "negated"),
    ("He [smokes ten cigarettes a day].", "life_style", "present"),
    ("No fever. [Cough] since Monday.", SYMPTOM, "present"),
    ("A [54-year-old] without complaints.", "age", "present"),
    ("No complaints in this [man].", "gender", "present"),
    ("[Appendectomy in 2009].", "medical_surgical_history", "present"),
]

GERMAN = [
    ("Er hatte [Fieber].", SYMPTOM, "present"),
    ("Kein [Fieber].", SYMPTOM, "negated"),
    ("[Fieber] bestand nicht.", SYMPTOM, "negated"),
    ("[Schüttelfrost] wurde verneint.", SYMPTOM, "negated"),
    ("[Übelkeit] und Erbrechen verneint die Patientin.", SYMPTOM, "negated"),
    ("Er kam mit [Husten], Fieber bestand nicht.", SYMPTOM, "present"),
    ("[Husten], Fieber und Dyspnoe bestanden nicht.", SYMPTOM, "negated"),
    ("Die Patientin verneinte [Synkopen].", SYMPTOM, "negated"),
    ("Es fanden sich keine [Ödeme].", SYMPTOM, "negated"),
    ("Ohne [Schmerzen] in Ruhe.", SYMPTOM, "negated"),
    ("Ausschluss von [Thrombose].", "diagnosis", "negated"),
    ("Eine [Lungenembolie] wurde ausgeschlossen.", "diagnosis", "negated"),
    ("Eine Myokarditis wurde durch [ein MRT] ausgeschlossen.", "diagnostic_techniques_procedures", "present"),
    ("Kein Hinweis auf [Metastasen].", "diagnosis", "negated"),
    ("Weder Fieber noch [Husten].", SYMPTOM, "negated"),
    ("Eine [Operation] war nicht nötig.", "interventional_therapy", "negated"),
    ("Auf [Kortikosteroide] wurde verzichtet.", "pharmacological_therapy", "negated"),
    ("[Metastasen] waren nicht nachweisbar.", "diagnosis", "negated"),
    ("Kein Fieber, aber [Husten].", SYMPTOM, "present"),
    ("Nicht nur [Fieber], sondern auch Husten.", SYMPTOM, "present"),
    ("Keine Besserung der [Dyspnoe].", SYMPTOM, "present"),
    ("V.a. [Pneumonie].", "diagnosis", "possible"),
    ("Verdacht auf [Appendizitis].", "diagnosis", "possible"),
    ("Am ehesten [Migräne].", "diagnosis", "possible"),
    ("Eine [Tuberkulose] wurde vermutet.", "diagnosis", "possible"),
    ("Ein [Karzinom] ist nicht auszuschließen.", "diagnosis", "possible"),
    ("Wiedervorstellung bei [Fieber].", SYMPTOM, "conditional"),
    ("Falls [Atemnot] auftritt, Notruf.", SYMPTOM, "conditional"),
    ("Z.n. [Schlaganfall].", "diagnosis", "historical"),
    ("Zustand nach [Herzinfarkt].", "diagnosis", "historical"),
    ("[Hepatitis] vor zehn Jahren.", "diagnosis", "historical"),
    ("Die Mutter hatte [Brustkrebs].", "diagnosis", "family"),
    ("[Diabetes] ist bei der Schwester bekannt.", "diagnosis", "family"),
    ("[Vater an Herzinfarkt verstorben].", "family_history", "family"),
    ("[Keine Krebserkrankungen in der Familie].", "family_history", "negated"),
    ("Sie ist [Nichtraucherin].", "life_style", "negated"),
    ("Er hat [nie geraucht].", "life_style", "negated"),
    ("Er [raucht zehn Zigaretten täglich].", "life_style", "present"),
    ("Kein Fieber. [Husten] seit Montag.", SYMPTOM, "present"),
    ("Eine [54-jährige] ohne Beschwerden.", "age", "present"),
]


def asserted(marked: str, category: str, language: str) -> str:
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")
    (entity,) = assert_entities(text, language, [Entity.at(text, start, end, category, id="T1")])
    return entity.assertion.value


@pytest.mark.parametrize(("marked", "category", "expected"), ENGLISH)
def test_english_context_gives_the_assertion(marked: str, category: str, expected: str) -> None:
    assert asserted(marked, category, "en") == expected


@pytest.mark.parametrize(("marked", "category", "expected"), GERMAN)
def test_german_context_gives_the_assertion(marked: str, category: str, expected: str) -> None:
    assert asserted(marked, category, "de") == expected


def test_entities_without_a_place_and_unknown_languages_stay_as_they_are() -> None:
    lost = Entity(id="T1", category=SYMPTOM, text="fever", alignment=Alignment.NONE)
    found = Entity.at("no fever", 3, 8, SYMPTOM, id="T2")
    assert assert_entities("no fever", "en", [lost, found]) == (
        lost,
        found.model_copy(update={"assertion": Assertion.NEGATED}),
    )
    assert assert_entities("no fever", "xx", [found]) == (found,)


def test_only_the_assertion_changes() -> None:
    entity = Entity.at("no fever", 3, 8, SYMPTOM, id="T2", score=0.5, attributes={"pattern": "symptom"})
    (after,) = assert_entities("no fever", "en", [entity])
    assert after.model_copy(update={"assertion": entity.assertion}) == entity
