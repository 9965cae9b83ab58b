"""Annotation from a few examples, with the packaged encoder."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from embedding_server import embedding_server

from annotation.few_shot.annotator import FewShotAnnotator
from annotation.few_shot.example_sentences import ExampleSentence, ExampleSentences, examples_from, load_examples
from annotation.settings import FewShotSettings
from curation.embeddings.endpoint import PROBES
from curation.errors import ConfigError
from curation.markup import parse_markup
from curation.record import Layer, Record, check_layer
from curation.scheme import load_scheme
from curation.stage import Item

pytestmark = pytest.mark.model

SCHEME = load_scheme()


def record(text: str, language: str = "en", *, id: str = "r1") -> Record:
    return Record(id=id, group=id, source="test", language=language, text=text)


@pytest.fixture(scope="module")
def annotator() -> FewShotAnnotator:
    return FewShotAnnotator(SCHEME)


def layer_of(annotator: FewShotAnnotator, text: str, language: str = "en") -> Layer:
    (result,) = annotator([Item(record(text, language))])
    (layer,) = result.layers
    return check_layer(record(text, language), layer, categories=SCHEME.by_name)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "A 61-year-old man complained of stabbing abdominal pain and had no cough. He was given amoxicillin.",
            {
                ("age", "61-year-old"),
                ("gender", "man"),
                ("signs_symptoms", "stabbing abdominal pain"),
                ("pharmacological_therapy", "amoxicillin"),
            },
        ),
        (
            "de",
            "Ein 61-jähriger Mann klagte über stechende Bauchschmerzen. Es erfolgte eine Gastroskopie.",
            {
                ("age", "61-jähriger"),
                ("gender", "Mann"),
                ("signs_symptoms", "stechende Bauchschmerzen"),
                ("diagnostic_techniques_procedures", "Gastroskopie"),
            },
        ),
    ],
)
def test_the_shipped_examples_teach_both_languages(
    annotator: FewShotAnnotator, language: str, text: str, expected: set[tuple[str, str]]
) -> None:
    found = {(one.category, one.text) for one in layer_of(annotator, text, language).entities}
    assert expected <= found


def test_assertion_is_told_by_context(annotator: FewShotAnnotator) -> None:
    layer = layer_of(annotator, "She denied chest pain.")
    assert [(one.text, one.assertion.value) for one in layer.entities] == [("chest pain", "negated")]


def test_entities_have_scores_above_the_threshold_and_stand_apart(annotator: FewShotAnnotator) -> None:
    layer = layer_of(annotator, "A 61-year-old woman with fever, chills and a headache was treated with aspirin.")
    assert all(one.score is not None and 0.35 <= one.score <= 1 for one in layer.entities)
    assert all(left.end <= right.start for left, right in pairwise(layer.entities))
    assert layer.author.startswith("few-shot@")
    assert layer.provenance["encoder"] == "all-MiniLM-L6-v2"


def test_results_do_not_depend_on_the_batch(annotator: FewShotAnnotator) -> None:
    texts = ["A man with fever.", "", "Eine Frau mit Fieber.", "He died of sepsis.", "x " * 500]
    items = [Item(record(text, "de" if "Eine" in text else "en", id=f"r{n}")) for n, text in enumerate(texts)]
    together = {result.record_id: result.layers[0].digest for result in annotator(items)}
    alone = {result.record_id: result.layers[0].digest for item in items for result in annotator([item])}
    assert together == alone


@pytest.mark.parametrize("text", ["", " \r\n", "....", "\u202e\u0645\u0631\u0636", "\x01\x02", "a" * 100_000])
def test_odd_texts_do_no_harm(annotator: FewShotAnnotator, text: str) -> None:
    assert layer_of(annotator, text).name == "few-shot"


def test_a_language_without_examples_gets_an_empty_layer(annotator: FewShotAnnotator) -> None:
    assert layer_of(annotator, "Un homme de 54 ans.", "fr").entities == ()


def test_settings_examples_and_layer_change_the_fingerprint(annotator: FewShotAnnotator) -> None:
    others = [
        FewShotAnnotator(SCHEME, FewShotSettings(threshold=0.5)),
        FewShotAnnotator(SCHEME, layer="other"),
        FewShotAnnotator(SCHEME, examples={"en": taught("A [cat]{age} sat there today.")}),
    ]
    assert len({annotator.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert FewShotAnnotator(SCHEME).fingerprint == annotator.fingerprint


def test_what_runs_the_encoder_changes_neither_fingerprint_nor_author(annotator: FewShotAnnotator) -> None:
    other = FewShotAnnotator(SCHEME, FewShotSettings(backend="torch"))
    assert other.fingerprint == annotator.fingerprint
    text = "A 54-year-old man had fever."
    assert layer_of(other, text, "en").author == layer_of(annotator, text, "en").author


def taught(*marked: str, language: str = "en") -> ExampleSentences:
    parsed = [parse_markup(one) for one in marked]
    sentences = tuple(ExampleSentence(text=text, entities=entities) for text, entities in parsed)
    return ExampleSentences(language=language, sentences=sentences)


def test_examples_of_ones_own_teach_another_view() -> None:
    drugs = (
        "aspirin",
        "ibuprofen",
        "paracetamol",
        "metformin",
        "amoxicillin",
        "diclofenac",
        "tramadol",
        "heparin",
    )
    own = taught(*(f"The patient took [{drug}]{{pharmacological_therapy}} in the morning." for drug in drugs))
    annotator = FewShotAnnotator(SCHEME, examples={"en": own})
    layer = layer_of(annotator, "The doctor gave naproxen.")
    assert [(one.category, one.text) for one in layer.entities] == [("pharmacological_therapy", "naproxen")]


def test_examples_without_any_entity_of_the_scheme_are_refused() -> None:
    annotator = FewShotAnnotator(SCHEME, examples={"en": taught("A [cat]{animal} sat there.")})
    with pytest.raises(ConfigError, match="expected marked entities of the scheme clinical-summary"):
        annotator([Item(record("x"))])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_shipped_examples_have_some_of_each_category(language: str) -> None:
    shipped = load_examples(language)
    assert shipped is not None
    assert set(shipped.counts) == set(SCHEME.names)
    assert min(shipped.counts.values()) >= 5


def test_a_wrong_example_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text('sentences: ["a stray ] sign"]', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"en\.yaml.*stray"):
        load_examples("en", folder=tmp_path)


def test_what_an_encoder_at_an_address_gave_is_not_asked_for_again(tmp_path: Path) -> None:
    def annotated(vectors: Path | None) -> list[tuple[object, ...]]:
        results = FewShotAnnotator(SCHEME, settings, vectors=vectors)([Item(record("A 61-year-old man had no cough."))])
        return [(layer.author, layer.entities, layer.provenance) for result in results for layer in result.layers]

    with embedding_server() as server:
        settings = FewShotSettings(encoder=f"{server.url}#counting")
        first = annotated(tmp_path / "vectors.db")
        asked = len(server.texts)
        assert annotated(tmp_path / "vectors.db") == first
        # The five made-up sentences tell whether it is the same model still.
        assert sorted(server.texts[asked:]) == sorted(PROBES)
        assert len(annotated(None)) == 1
        assert len(server.texts) > asked + 2 * len(PROBES)


def gold(marked: str, id: str) -> tuple[Record, Layer]:
    text, entities = parse_markup(marked)
    return record(text, id=id), Layer(record_id=id, name="gold", author="gold", entities=entities)


def test_examples_are_taken_from_gold_layers_until_there_are_enough() -> None:
    annotated = [
        gold(f"He had [fever {n}]{{signs_symptoms}}. Then he left. [Man {n}]{{gender}}.", f"r{n}") for n in range(5)
    ]
    examples = examples_from(annotated, language="en", per_category=2)
    assert examples.counts == {"signs_symptoms": 2, "gender": 2}
    assert all(
        sentence.text[one.start : one.end] == one.text for sentence in examples.sentences for one in sentence.entities
    )
    assert examples_from(annotated[::-1], language="en", per_category=2) == examples
    assert examples_from(annotated, language="de").sentences == ()
