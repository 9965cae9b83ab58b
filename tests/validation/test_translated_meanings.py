"""Whether another side, another part of the body or another denial is seen in a translation, and sound ones are not."""

from __future__ import annotations

import re

import pytest

from curation.generate import generate
from curation.record import Record
from curation.sources.sample import read_sample
from curation.translate.translated import MADE, MadeTranslation
from validation.translation.pair import TranslationPair, measured
from validation.translation.senses import BODY_PARTS, NEGATION, SIDES, mentions_of

CHECKS = ("sides_changed", "body_parts_changed", "denials_changed")


def _record(id: str, text: str, language: str) -> Record:
    return Record(id=id, group="g", source="test", language=language, text=text)


def _pair(english: str, german: str, *, into: str = "de") -> TranslationPair:
    two = {"en": _record("en", english, "en"), "de": _record("de", german, "de")}
    return TranslationPair(two["en" if into == "de" else "de"], two[into])


def _found(pair: TranslationPair) -> dict[str, object]:
    found = measured(pair, aligned=0.5)
    return {name: found[name] for name in CHECKS if found[name]}


SOUND = [
    ("The left kidney was removed.", "Die linke Niere wurde entfernt."),
    ("He left the hospital on day 3 and felt all right.", "Er verließ am 3. Tag das Krankenhaus und fühlte sich wohl."),
    ("Bilateral pleural effusions were drained.", "Beidseitige Pleuraergüsse wurden drainiert."),
    ("Effusion on the left and right side.", "Erguss beidseits."),
    ("The L kidney was small, LV function normal.", "Die linke Niere war klein, die LV-Funktion normal."),
    ("Pain in the left arm and the right leg.", "Schmerzen im rechten Bein und im linken Arm."),
    ("Both kidneys were enlarged.", "Beide Nieren waren vergrößert."),
    ("Renal failure with hepatic congestion.", "Nierenversagen mit Leberstauung."),
    ("Pneumonia of the right lower lobe.", "Rechtsseitige Unterlappenpneumonie."),
    ("He had a heart attack.", "Er hatte einen Myokardinfarkt."),
    ("Swellings and treatments of the arm.", "Schwellungen und Behandlungen am Arm."),
    ("He denied fever, cough or chest pain.", "Fieber, Husten oder Brustschmerzen wurden verneint."),
    ("There was no evidence of metastases.", "Ein Anhalt für Metastasen ergab sich nicht."),
    ("Without fever or dyspnoea.", "Dyspnoe oder Fieber bestanden nicht."),
    ("The patient was afebrile and not in pain.", "Der Patient war fieberfrei und schmerzfrei."),
    ("Not only the liver but also the spleen was enlarged.", "Sowohl die Leber als auch die Milz waren vergrößert."),
    ("He was unable to walk.", "Er konnte nicht gehen."),
    ("She had no chest pain, no seizures.", "Sie hatte keine Brustschmerzen oder Krampfanfälle."),
    ("No further relapse, and he is no longer ill.", "Kein weiterer Schub, und er ist nicht mehr krank."),
    ("No fever, but cough was reported.", "Berichtet wurde über Husten, jedoch kein Fieber."),
]


@pytest.mark.parametrize("into", ["de", "en"])
@pytest.mark.parametrize(("english", "german"), SOUND)
def test_the_same_in_other_words_is_no_change(english: str, german: str, into: str) -> None:
    assert _found(_pair(english, german, into=into)) == {}


CHANGED = [
    ("The left kidney was removed.", "Die rechte Niere wurde entfernt.", "sides_changed"),
    ("The L kidney was small.", "Die rechte Niere war klein.", "sides_changed"),
    ("Bilateral pleural effusions were drained.", "Linksseitige Pleuraergüsse wurden drainiert.", "sides_changed"),
    ("Pain in the left arm and the right leg.", "Schmerzen im rechten Arm und im linken Bein.", "sides_changed"),
    ("A cyst of the left kidney was seen.", "Eine Zyste der Niere links und rechts wurde gesehen.", "sides_changed"),
    ("The kidney was enlarged.", "Die Leber war vergrößert.", "body_parts_changed"),
    ("Renal failure was treated.", "Das Leberversagen wurde behandelt.", "body_parts_changed"),
    ("Kidney stones, later kidney failure.", "Nierensteine, später Leberversagen.", "body_parts_changed"),
    ("Pain in the knee after a fall.", "Schmerzen in der Schulter nach einem Sturz.", "body_parts_changed"),
    ("There was no fever on admission.", "Bei Aufnahme bestand Fieber.", "denials_changed"),
    ("Fever on admission was reported.", "Bei Aufnahme wurde kein Fieber berichtet.", "denials_changed"),
    ("He denied chest pain.", "Er berichtete über Brustschmerzen.", "denials_changed"),
    ("No dyspnoea and no fever was reported.", "Dyspnoe und kein Fieber wurde berichtet.", "denials_changed"),
    ("The wound healed without infection.", "Die Wunde heilte mit Infektion.", "denials_changed"),
    ("She had no chest pain, no seizures.", "Sie hatte keine Brustschmerzen, Krampfanfälle.", "denials_changed"),
]


@pytest.mark.parametrize("into", ["de", "en"])
@pytest.mark.parametrize(("english", "german", "check"), CHANGED)
def test_another_meaning_is_seen(english: str, german: str, check: str, into: str) -> None:
    assert _found(_pair(english, german, into=into)).keys() == {check}


def test_what_changed_is_shown_in_both_texts() -> None:
    pair = _pair(
        "She came with cough. The left kidney was small. No fever was seen on admission.",
        "Sie kam mit Husten. Die rechte Niere war klein. Bei Aufnahme bestand Fieber.",
    )
    found = measured(pair, aligned=0.5)

    def shown(column: str) -> list[str]:
        text = (pair.original if column.endswith("original") else pair.translation).text
        return [text[slice(*place)] for place in found[column]]  # type: ignore[arg-type, union-attr, misc]

    assert shown("sides_changed_places") == ["rechte"]
    assert shown("sides_changed_in_original") == ["left"]
    assert shown("denials_changed_places") == ["Bei Aufnahme bestand Fieber."]
    assert shown("denials_changed_in_original") == ["No"]


def test_a_side_that_stands_in_the_next_sentence_has_moved() -> None:
    english = "The mass was found on the left side of the neck yesterday. It was resected by the surgeon."
    german = "Der Tumor wurde gestern am Hals gefunden. Er wurde links vom Chirurgen reseziert."
    assert "sides_changed" not in _found(_pair(english, german))


def test_offsets_are_those_of_the_text_as_it_is() -> None:
    decomposed = "Die Nachbehandlung der Hu\u0308fte und der linken Niere."
    (hip, kidney) = mentions_of(decomposed, "de", BODY_PARTS)
    assert [decomposed[each.start : each.end] for each in (hip, kidney)] == ["Hu\u0308fte", "Niere"]


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("Behandlungen vorhandener Schwellungen mit warmem Wasser", "de", BODY_PARTS),
        ("epinephrine was given; discarding the rest", "en", BODY_PARTS),
        ("Rechtsmedizin, rechtzeitig, sein gutes Recht", "de", SIDES),
        ("und unter unserem Dach", "de", NEGATION),
    ],
)
def test_words_that_look_alike_say_nothing(text: str, language: str, kind: str) -> None:
    assert mentions_of(text, language, kind) == []


def test_a_language_without_words_is_not_measured() -> None:
    original, translation = _record("en", "The left kidney.", "en"), _record("fr", "Le foie droit.", "fr")
    found = measured(TranslationPair(original, translation), aligned=0.5)
    assert [found.get(name) for name in CHECKS] == [None] * 3


def test_a_text_told_anew_is_not_measured() -> None:
    english = "The left kidney was removed. Fever of 38.2 °C. Sodium was 131 mmol/L."
    german = "Natrium lag bei 131 mmol/l. Gestern bestand Fieber von 38,2 °C. Entfernt wurde die Niere rechts."
    assert _found_or_nothing(_pair(english, german)) == [None] * 3


def test_what_was_made_here_is_compared_sentence_by_sentence_however_far_it_is_from_its_original() -> None:
    english, german = "Left kidney.", "Am rechten Arm zeigte sich bei der Aufnahme eine kleine und blasse alte Narbe."
    pair = _pair(english, german)
    assert measured(pair, aligned=0.5)["dropped_sentences"] == 0
    translation = made_translation(pair.original, pair.translation)
    found = measured(TranslationPair(pair.original, translation), aligned=0.5)
    assert (found["dropped_sentences"], found["added_sentences"]) == (1, 1)


def made_translation(original: Record, translation: Record) -> Record:
    """The translation with the note that it was made here, in one segment."""
    made = MadeTranslation(
        by="digest",
        author="llm:m@1",
        text=MadeTranslation.digest_of(translation),
        original=MadeTranslation.digest_of(original),
        segments=(((0, len(original.text)), (0, len(translation.text))),),
    )
    return translation.model_copy(update={"translation_of": original.id, "meta": {MADE: made.model_dump(mode="json")}})


def _found_or_nothing(pair: TranslationPair) -> list[object]:
    found = measured(pair, aligned=0.5)
    return [found.get(name) for name in CHECKS]


@pytest.mark.parametrize("text", ["", "left", "kein", "no. 3", "L", "n't", "'t", "-", "links " * 2_000])
def test_any_text_can_be_compared(text: str) -> None:
    for into in ("de", "en"):
        measured(_pair(text, "Die linke Niere schmerzte nicht.", into=into), aligned=0.5)
        measured(_pair("The left kidney did not hurt.", text, into=into), aligned=0.5)


@pytest.mark.long
def test_the_shipped_translations_mean_the_same() -> None:
    told = {record.id: record for record, _ in read_sample()}
    for record in told.values():
        if record.translation_of is not None:
            assert _found(TranslationPair(told[record.translation_of], record)) == {}, record.meta["source_id"]
            assert _found(TranslationPair(record, told[record.translation_of])) == {}, record.meta["source_id"]


@pytest.mark.long
def test_cases_told_alike_mean_the_same_and_a_planted_side_is_seen() -> None:
    records = [record for record, _ in generate(12, seed=3, parallel=True)]
    for original, translation in zip(records[::2], records[1::2], strict=True):
        assert _found(TranslationPair(original, translation)) == {}
        turned = re.sub(r"\blink(?=en?\b|s)", "recht", translation.text, count=1)
        if turned != translation.text:
            changed = translation.model_copy(update={"text": turned})
            assert "sides_changed" in _found(TranslationPair(original, changed))
