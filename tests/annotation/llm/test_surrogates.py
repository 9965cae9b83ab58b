"""A model elsewhere sees surrogates only, and what it says of them stands over the true text, in every style."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from held_conversations import ScriptedModel, hold, record

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.examples import Example
from annotation.llm.surrogates import SurrogateAnnotator
from annotation.llm.votes import VotingAnnotator
from annotation.settings import LlmSettings
from curation.deidentify.identifiers.identifier import COUNTED
from curation.deidentify.identifiers.surrogate_marks import surrogates_within
from curation.deidentify.key import Key
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogate_records import SurrogateRecords
from curation.egress.outgoing import Outgoing
from curation.record import Alignment
from curation.scheme import Category, RelationType, Scheme, load_scheme

#: What identifies somebody in each of the texts, and must not go out.
IDENTIFYING = {
    "en": (
        "Karin",
        "Lindemann",
        "04/12/1927",
        "93",
        "Baker Street",
        "217-555-8832",
        "March 3",
        "Jon",
        "3/5/2020",
        "2018",
    ),
    "de": ("Karin", "Lindemann", "04.12.1927", "93", "Goethestraße", "50667", "Köln", "4781234", "03.03.2020", "2018"),
}
TEXTS = {
    "en": "Fever before. Mrs. Karin Lindemann, born 04/12/1927, aged 93 years, of 12 Baker Street, phone 217-555-8832, "
    "came on March 3, 2020 with cough. Dr. Jon Li saw her on 3/5/2020 after a stroke in 2018. Rash behind.",
    "de": "Fieber vorher. Frau Karin Lindemann, geb. 04.12.1927, 93 Jahre alt, wohnhaft Goethestraße 12, 50667 Köln, "
    "Tel. 0221 4781234, kam am 03.03.2020 mit Husten. Dr. Ida Ott sah Frau Lindemann nach Schlaganfall 2018. "
    "Ausschlag danach.",
}


def surrogates() -> SurrogateRecords:
    return SurrogateRecords(Key(b"k" * 32), DeidentifyScope(frozenset(COUNTED)))


def scheme(**more: object) -> Scheme:
    names = ("symptom", "date")
    categories = tuple(Category(name=name, label={"en": name}, colour="#112233", hotkey=None) for name in names)
    return Scheme(name="s", categories=categories, **more)


def annotator(model: ScriptedModel, prompt: str = "entities.v1", *, known: Scheme | None = None, **more: object):
    settings = LlmSettings(prompt=prompt, **{name: more.pop(name) for name in ("window", "overlap") if name in more})
    return SurrogateAnnotator(
        known or load_scheme(), settings, {"m": model}, surrogates=surrogates(), layer="llm", **more
    )


def sent(model: ScriptedModel) -> str:
    return "\n".join(message.content for request in model.requests for message in request.messages)


def test_the_true_record_is_known_as_long_as_it_is_in_work(monkeypatch):
    """Else examples would be chosen by the text with surrogates: in another run, that would be another question."""
    monkeypatch.setattr("curation.deidentify.surrogate_records.MADE", 2)
    made = surrogates()
    given = [record(f"Mrs. Karin Lindemann, born {day:02}/12/1927.", id=str(day)) for day in range(1, 5)]
    for before, now in pairwise(given):
        shown = [made.of(each).record for each in (before, now)]
        assert shown[0].text != before.text
        assert [made.original(each) for each in shown] == [before, now]
    assert len(made._made) + len(made._made_before) <= 4


def text_in(request) -> str:
    """The text between the tags of the last message."""
    return re.search(r"<(report-\w+)>\n(.*)\n</\1>", request.messages[1].content, re.DOTALL)[2]


def quoting_all(request) -> str:
    """Each word of the text as an entity, in order."""
    words = re.findall(r"[\w/.-]*\w", text_in(request))
    return json.dumps({"entities": [{"text": word, "category": "diagnosis", "assertion": "present"} for word in words]})


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_that_identifies_goes_out_and_every_word_comes_back_to_its_place(language):
    model = ScriptedModel(respond=quoting_all)
    given = record(TEXTS[language], language=language)
    result = hold(annotator(model), given)
    assert not [word for word in IDENTIFYING[language] if word in text_in(model.requests[0])]
    assert given.id not in re.findall(r"\w+", model.requests[0].messages[1].content)
    (layer,) = result.layers
    assert (layer.record_id, result.record_id, layer.name) == ("r", "r", "llm")
    assert len(layer.entities) > 25
    for entity in layer.entities:
        assert entity.alignment is Alignment.EXACT
        assert entity.text == " ".join(given.text[start:end] for start, end in entity.spans)
    said = {entity.text for entity in layer.entities}
    assert {"Lindemann", "93", "2018"} <= said
    assert result.notes["surrogates: over an identifier"] >= 8


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_the_gate_looks_at_holds_no_identifier(language):
    """Surrogates are recognised in the whole of what is sent, also in windows and in answers of examples."""
    model = ScriptedModel(respond=quoting_all)
    given = record(TEXTS[language] + " Frau Li und Hr. Ott, 3.5." * 40, language=language)
    annotate = annotator(model, window=50, overlap=0.2)
    hold(annotate, given)
    assert len(model.requests) > 3
    for request in model.requests:
        assert [about.id for about in request.about] == ["r"]
        texts = tuple(message.content for message in request.messages)
        assert not list(Outgoing(texts, request.about).identifiers(COUNTED))


def test_a_window_may_cut_a_surrogate():
    """A window of a text without sentences is cut at a blank, also within a name."""
    given = record("Frau Karin Lindemann " * 60, language="de")
    model = ScriptedModel(respond=quoting_all)
    (layer,) = hold(annotator(model, window=50, overlap=0.0), given).layers
    assert len({text_in(request).split()[0] for request in model.requests}) > 1
    for request in model.requests:
        texts = tuple(message.content for message in request.messages)
        assert not list(Outgoing(texts, request.about).identifiers(COUNTED))
    assert {entity.text for entity in layer.entities} == {"Frau", "Karin", "Lindemann"}


def test_a_rerun_pays_nothing_and_another_key_asks_otherwise():
    model = ScriptedModel(respond=quoting_all)
    hold(annotator(model), record(TEXTS["de"], language="de"))
    hold(annotator(model), record(TEXTS["de"], language="de"))
    assert (model.paid, len(model.requests)) == (1, 2)
    plain = LlmAnnotator(load_scheme(), LlmSettings(), {"m": model})
    assert len({annotator(model).fingerprint, annotator(model).fingerprint, plain.fingerprint}) == 2


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("prompt", ["naive", "evidence", "advanced"])
def test_flat_values_of_surrogates_are_true_ones_or_none(language, prompt):
    shown = surrogates().of(record(TEXTS[language], language=language)).replacement.surrogate_of
    date = shown["March 3, 2020" if language == "en" else "03.03.2020"]
    year = re.search(r"\d{4}", date)[0]
    values = {"age": "90", "diagnosis": f"{date}; sepsis {year}; cough since {date}", "gender": "female"}

    def respond(request):
        if prompt != "evidence":
            return json.dumps(values)
        whole = re.search(r"(more than|über) 89", text_in(request))[0]
        proofs = {"age": [{"value": "89", "quote": whole}]}
        return json.dumps(proofs | {"diagnosis": [{"value": date, "quote": date}]})

    result = hold(annotator(ScriptedModel(respond=respond), prompt), record(TEXTS[language], language=language))
    (layer,) = result.layers
    said = {(entity.category, entity.text) for entity in layer.entities}
    true = ("diagnosis", "March 3, 2020" if language == "en" else "03.03.2020")
    assert true in said
    assert not [text for _, text in said if year in text or "89" in text or "90" in text]
    if prompt == "evidence":
        assert ("age", "93") in said
    else:
        assert ("gender", "female") in said
        assert result.notes["surrogates: left out: told by a surrogate"] == 2
        assert result.notes["surrogates: without a place, may be told by a surrogate"] == 1


def test_relations_hold_between_what_came_back():
    linked = scheme(relations=(RelationType(name="on", heads=("symptom",), tails=("date",)),))

    def respond(request):
        date = re.search(r"came on ([^w]+) with", text_in(request))[1]
        entities = [
            {"id": 1, "text": "cough", "category": "symptom", "assertion": "present"},
            {"id": 2, "text": date, "category": "date", "assertion": "present"},
        ]
        return json.dumps({"entities": entities, "relations": [{"type": "on", "head": 1, "tail": 2}]})

    (layer,) = hold(annotator(ScriptedModel(respond=respond), known=linked), record(TEXTS["en"])).layers
    texts = {entity.id: entity.text for entity in layer.entities}
    assert [(texts[relation.head], texts[relation.tail]) for relation in layer.relations] == [
        ("cough", "March 3, 2020")
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_long_texts_come_back_from_their_windows(language):
    long = " ".join(f"{TEXTS[language]} Nr. {number} Husten{number}." for number in range(12))
    given = record(long, language=language)
    model = ScriptedModel(respond=quoting_all)
    (layer,) = hold(annotator(model, window=150, overlap=0.2), given).layers
    assert len(model.requests) > 4
    assert layer.provenance["windows"][0][0] == 0
    assert layer.provenance["windows"][-1][1] == len(long)
    assert not [word for word in IDENTIFYING[language] if any(word in text_in(request) for request in model.requests)]
    for entity in layer.entities:
        assert entity.text == " ".join(long[start:end] for start, end in entity.spans)
    assert {f"Husten{number}" for number in range(12)} <= {entity.text for entity in layer.entities}


class Fixed:
    """The same examples for every record; what they were chosen for is kept."""

    digest = "d"

    def __init__(self, *examples: Example) -> None:
        self.examples = examples
        self.seen: list[str] = []

    def for_record(self, record):
        self.seen.append(record.text)
        return self.examples

    def provenance(self, chosen):
        return {"ids": [example.record.id for example in chosen]}


@pytest.mark.parametrize("prompt", ["entities.v1", "naive", "advanced", "evidence", "per-category"])
def test_examples_are_shown_without_identifiers_and_chosen_by_the_true_text(annotated, prompt):
    marked = "[Ms. Ida Ott]{diagnosis}, born 1/5/1950: [stroke in 2011]{diagnosis}, [pain on May 7, 2019]{diagnosis}."
    example, layer = annotated(marked)
    fixed = Fixed(Example(example, layer, 0.5))
    model = ScriptedModel(respond=lambda request: '{"entities": []}' if "per" in prompt else quoting_all(request))
    given = record(TEXTS["en"])
    result = hold(annotator(model, prompt, examples=fixed), given)
    assert set(fixed.seen) == {given.text}
    shown = sent(model)
    assert "stroke" in shown
    true = ("Ida", "Ott", "1/5/1950", "in 2011", "May 7", *IDENTIFYING["en"])
    assert not [word for word in true if re.search(rf"\b{word}\b", shown)]
    for request in model.requests:
        texts = tuple(message.content for message in request.messages)
        assert [about.id for about in request.about] == ["r", example.id]
        assert not list(Outgoing(texts, request.about).identifiers(COUNTED))
    for made in result.layers:
        assert made.provenance["examples"] == {"ids": [example.id]}


def test_a_record_without_identifiers_is_asked_about_as_by_any_annotator():
    model = ScriptedModel(respond=quoting_all)
    given = record("A man had fever and cough.")
    (layer,) = hold(annotator(model), given).layers
    (plain,) = hold(LlmAnnotator(load_scheme(), LlmSettings(), {"m": model}), given).layers
    assert model.paid == 1
    assert (layer.entities, layer.provenance) == (plain.entities, plain.provenance)
    assert hold(annotator(model), record(" ")).layers[0].entities == ()


def test_short_surrogates_are_known_by_what_stands_beside_them():
    text = "Seit Wochen krank. Pat. Ida Ott, Zi. 12, hat Fieber. Auch ein 64. Satz."
    made = surrogates().of(record(text, language="de"))
    shown = made.record.text
    (place,) = [place for place in made.replacement.surrogates if place.end - place.start < 5]
    for start, end in ((0, place.end), (place.start, len(shown)), (5, place.end + 10)):
        sent = f"x {shown[start:end]} y"
        assert (place.start - start + 2, place.end - start + 2) in surrogates_within(sent, [made.record])
    assert surrogates_within(f"Zimmer {shown[slice(*place.span)]}, Satz 64", [made.record]) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_vote_notes_which_of_its_models_saw_surrogates(language):
    given, settings = record(TEXTS[language], language=language), LlmSettings(samples=2)
    away = annotator(ScriptedModel(respond=quoting_all))
    here = LlmAnnotator(load_scheme(), settings, {"here": ScriptedModel(respond=quoting_all, name="here")}, layer="llm")
    result = hold(VotingAnnotator([away, here], load_scheme(), settings), given)
    (layer,) = result.layers
    alone = hold(annotator(ScriptedModel(respond=quoting_all)), given).layers[0].provenance["surrogates"]
    counted = {what: 2 * count for what, count in alone.items() if what != "replaced"}
    assert counted
    assert layer.provenance["models"]["m"]["surrogates"] == {"replaced": alone["replaced"], **counted}
    assert "surrogates" not in layer.provenance["models"]["here"]
    assert {"Lindemann", "2018"} <= {entity.text for entity in layer.entities}
