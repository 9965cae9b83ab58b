"""A language model as a translator: what it is asked, what is asked once more, and that every span is accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from held_conversations import ScriptedModel, answer, hold, record
from scripted_translation import ParallelTranslator

from curation.errors import LanguageModelError, UsageError
from curation.models.contract import Finish, Request
from curation.record import Alignment, Entity, Layer, Record, check_layer
from curation.scheme import Scheme
from curation.settings import TranslateSettings
from curation.stage import Result
from curation.text.folding import fold
from curation.translate.asking import AskingTranslator
from curation.translate.termbase import GlossaryTerm
from curation.translate.translated import MadeTranslation, StandingTranslation
from curation.translate.translator import missing_numbers

TEXT = "Findings:\n- Fever of 38.5 °C\n- No cough\n\nShe was given aspirin."
GERMAN = {
    "Findings:": "Befunde:",
    "<e0>Fever</e0> of 38.5 °C": "<e0>Fieber</e0> von 38,5 °C",
    "No <e0>cough</e0>": "Kein <e0>Husten</e0>",
    "She was given aspirin.": "Sie erhielt Aspirin.",
}


def asked_of(request: Request) -> dict[str, dict[str, str]]:
    return json.loads(request.messages[1].content.partition("\n")[2].rpartition("\n")[0])


def says(german: dict[str, str]) -> Callable[[Request], str]:
    """Answers by sentence; those that are not in it are left out."""

    def respond(request: Request) -> str:
        sentences = asked_of(request).get("sentences", {})
        return json.dumps({key: german[text] for key, text in sentences.items() if text in german})

    return respond


def gold(of: Record, *words: str) -> Layer:
    entities = [
        Entity.at(of.text, of.text.index(word), of.text.index(word) + len(word), "signs_symptoms", id=word)
        for word in words
    ]
    return Layer(record_id=of.id, name="gold", author="gold", entities=tuple(entities))


@pytest.fixture
def make(scheme: Scheme) -> Callable[..., AskingTranslator]:
    def made(model: ScriptedModel, *, terms: tuple[GlossaryTerm, ...] = (), **settings: object) -> AskingTranslator:
        return AskingTranslator(
            scheme, TranslateSettings(**settings), {"m": model}, to="de", layers=("gold",), terms=terms
        )

    return made


def translation(result: Result) -> Record:
    assert result.error is None
    (made,) = result.records
    for layer in result.layers:
        check_layer(made, layer)
    return made


def test_a_record_is_translated_with_its_lines_and_its_layer(make):
    report = record(TEXT).model_copy(update={"licence": "CC0", "meta": {"ward": "3"}})
    model = ScriptedModel(says(GERMAN))
    result = hold(make(model), report, gold(report, "Fever", "cough"))
    german = translation(result)
    assert german.text == "Befunde:\n- Fieber von 38,5 °C\n- Kein Husten\n\nSie erhielt Aspirin."
    assert (german.translation_of, german.group, german.source, german.language) == ("r", "r", "test", "de")
    assert (german.licence, german.meta["ward"]) == ("CC0", "3")
    (layer,) = result.layers
    assert [(entity.id, entity.text) for entity in layer.entities] == [("Fever", "Fieber"), ("cough", "Husten")]
    assert layer.provenance["carried_from"]["author"] == "gold"
    assert layer.author == "llm:m@translate.v1"
    made = MadeTranslation.of(german, report)
    assert made is not None
    assert [german.text[slice(*target)] for _, target in made.segments] == [
        "Befunde:",
        "Fieber von 38,5 °C",
        "Kein Husten",
        "Sie erhielt Aspirin.",
    ]
    assert len(model.requests) == 1
    assert asked_of(model.requests[0])["to"] == "German"
    assert list(model.requests[0].schema["properties"]) == ["1", "2", "3", "4"]


def test_a_sentence_without_an_answer_is_asked_once_more_alone(make):
    report = record(TEXT)
    first = {text: said for text, said in GERMAN.items() if "cough" not in text}
    answers = iter([first, GERMAN])
    model = ScriptedModel(lambda request: says(next(answers))(request))
    assert "Kein Husten" in translation(hold(make(model), report, gold(report, "Fever", "cough"))).text
    again = asked_of(model.requests[1])
    assert (list(again["sentences"]), again["lacking"]) == (["3"], {"3": ["a translation of the whole sentence"]})


def test_a_question_that_had_no_answer_is_another_one_when_it_is_asked_again(make):
    model = ScriptedModel(lambda request: json.dumps({"1": "Fieber."} if len(model.rounds) > 1 else {}))
    assert translation(hold(make(model), record("Fever."))).text == "Fieber."


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("I'm sorry, but I cannot help with that.", "refused"),
        ("Das kann ich leider nicht übersetzen.", "refused"),
        ('{"translation": "Kein Husten"}', "unparsable"),
        ('["Kein Husten"]', "unparsable"),
    ],
)
def test_a_refusal_or_json_in_place_of_one_sentence_is_no_translation(make, words: str, kind: str):
    report = record(TEXT)
    worse = GERMAN | {"No <e0>cough</e0>": words}
    layer = gold(report, "Fever", "cough")
    result = hold(make(ScriptedModel(says(worse))), report, layer)
    assert (result.kind, result.records) == (kind, ())
    answers = iter([worse, GERMAN])
    again = hold(make(ScriptedModel(lambda request: says(next(answers))(request))), report, layer)
    assert "Kein Husten" in translation(again).text


@pytest.mark.parametrize(
    ("text", "german"),
    [("At night I cannot sleep.", "Nachts kann ich nicht schlafen."), ("[x] smoker", "[x] Raucher"), ("[1]", "[1]")],
)
def test_a_patient_who_cannot_do_something_and_brackets_of_the_report_are_no_refusal_and_no_json(make, text, german):
    assert translation(hold(make(ScriptedModel(lambda _: json.dumps({"1": german}))), record(text))).text == german


def test_a_sentence_that_came_back_as_it_was_is_asked_once_more_and_counted_where_it_stays(make):
    report = record("She was given aspirin.\nAspirin 100 mg, Ramipril 5 mg")
    first = {"1": "She was given aspirin.", "2": "Aspirin 100 mg, Ramipril 5 mg"}
    answers = iter([first, {"1": "Sie erhielt Aspirin."}])
    model = ScriptedModel(lambda request: json.dumps(next(answers)))
    made = hold(make(model), report)
    assert translation(made).text == "Sie erhielt Aspirin.\nAspirin 100 mg, Ramipril 5 mg"
    assert asked_of(model.requests[1])["lacking"] == {"1": ["words in German: it is in the words of the original"]}
    assert "sentences in the words of the original still" not in made.notes
    stays = hold(make(ScriptedModel(lambda _: json.dumps({"1": "SHE was given aspirin", "2": "Aspirin"}))), report)
    assert stays.notes["sentences in the words of the original still"] == 1


def test_what_a_server_said_that_gave_no_answer_is_told(make):
    model = ScriptedModel(lambda _: LanguageModelError("unreachable", "expected an answer, got HTTP 502"))
    result = hold(make(model), record("Fever."))
    assert (result.kind, result.may_pass) == ("unreachable", True)
    assert result.error.endswith("got 1 without one (unreachable); unreachable: expected an answer, got HTTP 502")


def test_what_stays_without_an_answer_fails_the_record_and_nothing_is_cut_in_silence(make):
    report = record(TEXT)
    less = {text: said for text, said in GERMAN.items() if "cough" not in text}
    result = hold(make(ScriptedModel(says(less))), report, gold(report, "Fever", "cough"))
    assert (result.kind, result.records, result.layers) == ("unparsable", (), ())
    assert result.error == "unparsable: expected a translation of each of 4 sentences, got 1 without one (unparsable)"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer("", Finish.STOP), "empty"),
        (answer("I cannot help with that.", Finish.STOP), "refused"),
        (answer('{"1": "Bef', Finish.TRUNCATED), "truncated"),
        (LanguageModelError("unreachable", "expected a server, got none"), "unreachable"),
    ],
)
def test_a_failure_has_its_kind(make, said, kind):
    model = ScriptedModel(lambda request: said)
    result = hold(make(model), record(TEXT))
    assert (result.kind, result.may_pass) == (kind, kind == "unreachable")
    assert len(model.rounds) == (1 if kind == "unreachable" else 2)
    assert (kind == "truncated") == bool(model.requests[-1].sampling)


def test_a_lost_marker_is_named_and_asked_for_once_more(make):
    report = record(TEXT)
    first = GERMAN | {"<e0>Fever</e0> of 38.5 °C": "Fieber von 38,5 °C"}
    answers = iter([first, GERMAN])
    model = ScriptedModel(lambda request: says(next(answers))(request))
    result = hold(make(model), report, gold(report, "Fever", "cough"))
    assert asked_of(model.requests[1])["lacking"] == {"2": ["the tags <e0> and </e0>, once"]}
    assert [entity.text for entity in result.layers[0].entities] == ["Fieber", "Husten"]


def test_a_marker_that_stays_lost_is_found_by_asking_for_the_wording(make):
    report = record(TEXT)
    lost = GERMAN | {"<e0>Fever</e0> of 38.5 °C": "Erhöhte Temperatur von 38,5 °C"}

    def respond(request: Request) -> str:
        asked = asked_of(request)
        if "sentences" in asked:
            return says(lost)(request)
        assert asked == {
            "1": {
                "sentence": "Fever of 38.5 °C",
                "translation": "Erhöhte Temperatur von 38,5 °C",
                "wording": "Fever",
            }
        }
        return json.dumps({"1": "Erhöhte Temperatur"})

    result = hold(make(ScriptedModel(respond)), report, gold(report, "Fever", "cough"))
    fever = result.layers[0].entities[0]
    assert fever.text == "Erhöhte Temperatur"
    assert result.layers[0].provenance["projection"]["Fever"]["method"] == "mention"
    assert result.notes["markers lost"] == 1


def test_a_server_that_fails_before_the_last_question_fails_the_record_for_now(make):
    report = record(TEXT)
    lost = GERMAN | {"<e0>Fever</e0> of 38.5 °C": "Fieber von 38,5 °C"}
    failure = LanguageModelError("unreachable", "expected a server, got none")
    model = ScriptedModel(lambda request: says(lost)(request) if "sentences" in asked_of(request) else failure)
    result = hold(make(model), report, gold(report, "Fever", "cough"))
    assert (result.kind, result.may_pass, result.records) == ("unreachable", True, ())
    paid = model.paid
    model.respond = lambda request: json.dumps({"1": "Fieber"})
    assert translation(hold(make(model), report, gold(report, "Fever", "cough")))
    assert model.paid == paid + 1


def test_a_term_and_a_number_that_lack_are_asked_for_and_counted(make):
    report = record("He had a stroke at 54.")
    term = GlossaryTerm(source="stroke", target="Schlaganfall")
    model = ScriptedModel(says({report.text: "Er hatte einen Hirninfarkt mit 45."}))
    result = hold(make(model, terms=(term,)), report)
    assert asked_of(model.requests[0])["terms"] == {"stroke": "Schlaganfall"}
    assert asked_of(model.requests[1])["lacking"] == {"1": ['"Schlaganfall" for "stroke"', "the number 54"]}
    assert result.notes["terms of the glossary not obeyed"] == 1
    assert result.notes["numbers that the translation lacks"] == 1


@pytest.mark.parametrize(
    ("english", "german", "missing"),
    [
        ("1,240.5 and 3", "1.240,5 und 3", []),
        ("2 tablets", "zwei Tabletten", []),
        ("on 03/04/2020", "am 4.3.2020", []),
        ("Hb 12.3", "Hb 13,2", ["12.3"]),
        ("5 and 5", "5", ["5"]),
    ],
)
def test_numbers_are_missed_however_they_are_written(english, german, missing):
    assert missing_numbers(english, german, "de") == missing


def test_a_long_text_is_asked_for_in_parts_with_what_stands_before(make):
    report = record("First part here. Second part here. Third part here.")
    german = {"First part here.": "Eins.", "Second part here.": "Zwei.", "Third part here.": "Drei."}
    model = ScriptedModel(says(german))
    assert translation(hold(make(model, characters=20, before=1), report)).text == "Eins. Zwei. Drei."
    assert [asked_of(request).get("before") for request in model.requests] == [
        None,
        "First part here.",
        "Second part here.",
    ]


def test_an_answer_that_reaches_its_bound_was_cut(make):
    report = record("Fever.")
    model = ScriptedModel(says({"Fever.": "Fieber " * 60}))
    assert hold(make(model), report).kind == "truncated"


@pytest.mark.parametrize("text", ["", "   ", "---"])
def test_a_text_without_words_asks_nothing(make, text):
    model = ScriptedModel(says({}))
    assert translation(hold(make(model), record(text))).text == text
    assert model.requests == []


def test_line_ends_in_an_answer_do_not_change_the_lines(make):
    report = record("Fever.\nCough.")
    model = ScriptedModel(says({"Fever.": "Fieber\n\nhoch.\n", "Cough.": "\tHusten."}))
    assert translation(hold(make(model), report)).text == "Fieber hoch.\nHusten."


def test_a_layer_that_changes_is_carried_to_the_translation_that_is_there(make):
    report = record(TEXT)
    model = ScriptedModel(says(GERMAN | {"No cough": "Kein Husten"}))
    stage = make(model)
    german = translation(hold(stage, report, gold(report, "Fever")))
    asked = len(model.requests)
    stage.standing = lambda found: StandingTranslation(german)
    result = hold(stage, report, gold(report, "Fever", "cough"))
    assert result.records == ()
    (layer,) = result.layers
    check_layer(german, layer)
    assert {entity.id: entity.text for entity in layer.entities} == {"Fever": "Fieber", "cough": "Husten"}
    assert layer.provenance["projection"]["Fever"]["method"] == "marker"
    assert ["sentences" in asked_of(request) for request in model.requests[asked:]] == [False]


def test_a_layer_that_the_translation_has_of_its_own_stays(make):
    report = record(TEXT)
    stage = make(ScriptedModel(says(GERMAN)))
    german = translation(hold(stage, report, gold(report, "Fever", "cough")))
    stage.standing = lambda found: StandingTranslation(german, frozenset({"gold"}))
    result = hold(stage, report, gold(report, "Fever", "cough"))
    assert result.layers == ()
    assert result.notes["layers that the translation has of its own, left"] == 1


def test_a_mention_that_goes_over_segments_is_one_place(make):
    report = record("Pain in the\tleft knee. No fever.")
    start = report.text.index("Pain")
    layer = Layer(
        record_id="r",
        name="gold",
        author="gold",
        entities=(Entity.at(report.text, start, report.text.index("."), "signs_symptoms", id="T1"),),
    )
    german = {
        "<e0>Pain in the</e0>": "<e0>Schmerz im</e0>",
        "<e0>left knee</e0>.": "<e0>linken Knie</e0>.",
        "No fever.": "Kein Fieber.",
    }
    (carried,) = hold(make(ScriptedModel(says(german))), report, layer).layers
    assert carried.entities[0].text == "Schmerz im\tlinken Knie"


def test_surrogates_keep_their_mark_in_the_translation(make):
    report = record("Mr. Miller had fever.").model_copy(
        update={"meta": {"deidentified": {"mode": "surrogate", "places": ["4-10:name"]}}}
    )
    model = ScriptedModel(says({"Mr. <e0>Miller</e0> had fever.": "Herr <e0>Miller</e0> hatte Fieber."}))
    mark = translation(hold(make(model), report)).meta["deidentified"]
    assert mark["mode"] == "surrogate"
    assert [place.partition(":")[0] for place in mark["places"]] == ["5-11"]


def test_more_than_one_model_or_a_prompt_of_another_style_is_refused(make, scheme):
    model = ScriptedModel()
    with pytest.raises(UsageError, match="one language model"):
        AskingTranslator(scheme, TranslateSettings(), {"a": model, "b": model}, to="de", layers=())
    with pytest.raises(UsageError, match="style translate"):
        make(model, prompt="judge.v1")


@pytest.mark.parametrize(
    "rates",
    [
        {},
        {"dropped": 0.2, "opened": 0.1, "doubled": 0.1, "exchanged": 0.1, "mention": 0.1, "left_out": 0.1},
        {"dropped": 1.0, "mention": 1.0},
    ],
    ids=["whole", "damaged", "none"],
)
def test_every_span_of_generated_records_is_accounted_for(make, rates):
    """None stands on a wrong place where two methods agree."""
    translator = ParallelTranslator(rates)
    translator.told(70, seed=23)
    stage = make(ScriptedModel(translator.respond))
    states: Counter[str] = Counter()
    wrong = []
    for english, layer in translator.records:
        result = hold(stage, english, layer)
        german = translation(result)
        made = MadeTranslation.of(german, english)
        (carried,) = result.layers
        assert [entity.id for entity in carried.entities] == [entity.id for entity in layer.entities]
        projection = carried.provenance["projection"]
        for before, after in zip(layer.entities, carried.entities, strict=True):
            state = projection[before.id]["state"]
            states[state] += 1
            assert (state == "lost") == (after.alignment is Alignment.NONE)
            assert state != "lost" or after.text == before.text
            assert (after.category, after.assertion) == (before.category, before.assertion)
            if state == "agreed" and not _stands(translator, english, german, made, before, after):
                wrong.append((before.text, after.text))
    assert wrong == []
    assert states.total() == sum(len(layer.entities) for _, layer in translator.records)
    if not rates:
        assert states["lost"] == 0


def _stands(
    translator: ParallelTranslator,
    english: Record,
    german: Record,
    made: MadeTranslation,
    before: Entity,
    after: Entity,
) -> bool:
    """Whether an entity stands where the translator put its words."""
    for source, target in made.segments:
        if source[0] <= before.start and before.end <= source[1]:
            sentence = english.text[slice(*source)]
            start, end = translator.place(sentence, (before.start - source[0], before.end - source[0]))
            expected = (target[0] + start, target[0] + end)
            return any(start < expected[1] and expected[0] < end for start, end in after.spans)
    return bool(fold(after.text).text)
