"""The styles of asking: what is asked for is what is read, and what cannot be read is not absent."""

from __future__ import annotations

import json
import re

import pytest
from held_conversations import ScriptedModel, answer, extraction, hold, record

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.examples import Example
from annotation.llm.styles.styles import STYLES, style_of
from annotation.settings import LlmSettings
from curation.errors import ConfigError
from curation.models.contract import Finish
from curation.models.prompt import Prompt, prompt_file, shipped_prompts
from curation.record import Alignment, Entity, Layer, Relation
from curation.scheme import Category, DocumentLabel, EntityAttribute, RelationType, Scheme


def small_scheme(**more: object) -> Scheme:
    categories = tuple(
        Category(name=name, label={"en": label, "de": german}, definition={"en": "d"}, colour="#112233", hotkey=None)
        for name, label, german in (
            ("drug", "Drug", "Medikament"),
            ("adverse_effect", "Adverse effect", "Nebenwirkung"),
        )
    )
    return Scheme(name="s", categories=categories, **more)


#: Prompts that ask about a record as an annotator; others are for judges, translators and tellers.
ASKING = [
    name
    for name in shipped_prompts()
    if name.split(".")[0] not in ("classify", "extract") and Prompt(name, small_scheme()).style in STYLES
]
SMOKING = DocumentLabel(name="smoking", values=("current smoker", "never"))
SCHEMES = {
    "categories": small_scheme(),
    "labels": Scheme(name="l", labels=(SMOKING,)),
    "all": small_scheme(
        labels=(SMOKING,),
        relations=(RelationType(name="causes", heads=("drug",), tails=("adverse_effect",)),),
        attributes=(EntityAttribute(name="route", values=("oral", "other"), categories=("drug",)),),
    ),
}


def asked(scheme: Scheme, prompt: str, respond: object, **settings: object) -> tuple[ScriptedModel, LlmAnnotator]:
    model = ScriptedModel(respond=respond if callable(respond) else lambda request: respond)
    return model, LlmAnnotator(scheme, LlmSettings(prompt=prompt, **settings), {"m": model})


def found(layer: Layer) -> list[tuple[str, str, str]]:
    return [(entity.category, entity.text, entity.alignment.value) for entity in layer.entities]


@pytest.mark.parametrize("prompt", ASKING)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_prompt_asks_for_what_its_schema_holds_in_the_same_order(prompt, scheme, language):
    model, annotate = asked(scheme, prompt, lambda request: filled(request.schema))
    hold(annotate, record("Rash after penicillin.", language=language))
    for request in model.requests:
        system = request.messages[0].content
        shown = json.loads(re.findall(r"^\{.*\}$", system, re.MULTILINE)[-1])
        assert list(shown) == list(request.schema["properties"])
        assert_closed(request.schema, shown)
        assert ("klinischen Bericht" in system) == (language == "de")
        assert "penicillin" not in system
        assert request.messages[1].content.splitlines()[1:-1] == ["Rash after penicillin."]


def assert_closed(schema, shown):
    """All objects closed, all strings and lists bounded, and nested properties as in the shown form."""
    if schema["type"] == "object":
        assert schema["required"] == list(schema["properties"])
        assert schema["additionalProperties"] is False
        if isinstance(shown, dict):
            assert list(shown) == list(schema["properties"])
        for name, part in schema["properties"].items():
            assert_closed(part, shown[name] if isinstance(shown, dict) else None)
    elif schema["type"] == "array":
        assert schema["maxItems"] > 0
        assert_closed(schema["items"], shown[0] if isinstance(shown, list) else None)
    elif schema["type"] == "string":
        assert "enum" in schema or schema["maxLength"] > 0


def filled(schema):
    """The least answer that a schema allows, as text."""

    def least(part):
        if part["type"] == "object":
            return {name: least(inner) for name, inner in part["properties"].items()}
        return [] if part["type"] == "array" else part.get("enum", ["N/A"])[-1]

    return json.dumps(least(schema))


@pytest.mark.parametrize("prompt", [*ASKING, "extract.v1", "classify.v1"])
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_the_right_answer_that_an_example_shows_is_read_as_the_layer_it_came_from(prompt, scheme):
    text = "Penicillin caused a rash."
    both = (Entity.at(text, 0, 10, "drug", id="a", attributes={"route": "oral"} if scheme.attributes else {}),)
    layer = Layer(
        record_id="x",
        name="gold",
        author="gold",
        entities=(*both, Entity.at(text, 20, 24, "adverse_effect", id="b")) if scheme.categories else (),
        relations=(Relation(id="r", type="causes", head="a", tail="b"),) if scheme.relations else (),
        labels={"smoking": "never"} if scheme.labels else {},
    )
    style = style_of(Prompt(prompt, scheme).style, prompt)
    readings = [style.read(style.answer(layer, scheme, part), scheme, part) for part in style.parts(scheme)]
    wanted = [(entity.category, entity.text) for entity in layer.entities]
    assert [(quote.category, quote.text) for reading in readings for quote in reading.quotes] == wanted
    assert {name: value for reading in readings for name, value in reading.labels.items()} == layer.labels
    assert not any(reading.unread or reading.dropped or reading.repaired for reading in readings)
    linked = style is STYLES["linked-entities"] and bool(scheme.relations)
    assert [(link.head, link.tail) for reading in readings for link in reading.links] == [(0, 1)] * linked


@pytest.mark.parametrize(
    ("given", "facts", "read_as"),
    [
        ({"drug": "N/A", "adverse_effect": "rash"}, [("adverse_effect", "rash")], {}),
        ({"drug": "n/a", "adverse_effect": "Keine Angabe"}, [], {"another word for N/A": 2}),
        ({"drug": None, "adverse_effect": "rash"}, [("adverse_effect", "rash")], {"no value as N/A": 1}),
        ({"drug": "", "adverse_effect": "rash"}, [("adverse_effect", "rash")], {"no value as N/A": 1}),
        ({"drug": "a; b;c", "adverse_effect": "N/A"}, [("drug", "a"), ("drug", "b"), ("drug", "c")], {}),
        (
            {"drug": ["a", "b; c"], "adverse_effect": []},
            [("drug", "a"), ("drug", "b"), ("drug", "c")],
            {},
        ),
        ({"drug": "- a\n- b", "adverse_effect": "N/A"}, [("drug", "a"), ("drug", "b")], {"lines as facts": 1}),
        ({"drug": 54, "adverse_effect": "N/A"}, [("drug", "54")], {"a number as a wording": 1}),
        (
            {"Drug": "a", "adverse-effect": "b"},
            [("drug", "a"), ("adverse_effect", "b")],
            {"another name of a category": 2},
        ),
        (
            {"Medikament": "a", "Adverse Effect": "b"},
            [("drug", "a"), ("adverse_effect", "b")],
            {"another name of a category": 2},
        ),
    ],
)
def test_a_flat_answer_is_read_in_its_usual_variants_and_each_is_counted(given, facts, read_as):
    reading = STYLES["flat"].read(json.dumps(given), SCHEMES["categories"], None)
    assert [(quote.category, quote.text) for quote in reading.quotes] == facts
    assert (dict(reading.read_as), reading.unread) == (read_as, [])


@pytest.mark.parametrize(
    ("given", "unread", "dropped"),
    [
        ({"drug": "a"}, ["adverse_effect"], {}),
        ({"drug": "a", "adverse_effect": {"text": "b"}}, ["adverse_effect"], {}),
        ({"drug": "a", "adverse_effect": True}, ["adverse_effect"], {}),
        ({"drug": "a", "adverse_effect": [{"x": 1}]}, ["adverse_effect"], {}),
        ({"drug": "a", "adverse_effect": ["b", {"x": 1}]}, [], {"without wording": 1}),
        ({"drug": "a", "adverse_effect": "b; N/A"}, [], {"N/A beside facts": 1}),
        ({"drug": "a", "adverse_effect": "N/A", "id": "7", "Drug": "z"}, [], {"unknown key": 1, "key given twice": 1}),
    ],
)
def test_a_flat_value_that_cannot_be_read_is_not_absent(given, unread, dropped):
    reading = STYLES["flat"].read(json.dumps(given), SCHEMES["categories"], None)
    assert (reading.unread, dict(reading.dropped)) == (unread, dropped)
    assert ("drug", "a") in [(quote.category, quote.text) for quote in reading.quotes]


@pytest.mark.parametrize("prompt", ["naive", "advanced", "evidence", "per-category", "entities"])
@pytest.mark.parametrize(
    "given",
    [
        '{"drug": [{"value": "...", "quote": "..."}]}',
        "Nothing.",
        "{}",
        "[]x",
        '{"drug": "", "adverse_effect": ""}',
        '{"drug": "...", "adverse_effect": "..."}',
        '{"drug": "a',
    ],
)
def test_what_cannot_be_read_is_an_error_and_never_an_empty_layer(prompt, given):
    _, annotate = asked(SCHEMES["categories"], prompt, given)
    result = hold(annotate, record("Rash after penicillin."))
    assert (result.layers, result.kind) == ((), "unparsable")


def test_flat_facts_stand_where_they_are_in_the_text_and_inventions_nowhere():
    given = {"drug": "penicillin; aspirin", "adverse_effect": "RASH; rash"}
    _, annotate = asked(SCHEMES["categories"], "naive", json.dumps(given))
    result = hold(annotate, record("Rash after penicillin."))
    (layer,) = result.layers
    assert found(layer) == [
        ("adverse_effect", "RASH", "folded"),
        ("drug", "penicillin", "exact"),
        ("drug", "aspirin", "none"),
    ]
    assert layer.author == "llm:m@naive.v1"
    assert result.notes == {"left out: repeated": 1}


def test_a_fact_stands_within_its_proof_or_is_worded_like_it_or_has_no_place():
    given = {
        "drug": [{"value": "penicillin", "quote": "second penicillin"}, {"value": "aspirin", "quote": "took aspirin"}],
        "adverse_effect": [{"value": "exanthema", "quote": "a rash"}, "penicillin"],
    }
    _, annotate = asked(SCHEMES["categories"], "evidence", json.dumps(given))
    result = hold(annotate, record("First penicillin, then a second penicillin and a rash."))
    (layer,) = result.layers
    assert [(entity.text, entity.spans) for entity in layer.entities] == [
        ("penicillin", ((32, 42),)),
        ("penicillin", ((32, 42),)),
        ("a rash", ((47, 53),)),
        ("aspirin", ()),
    ]
    assert result.notes["read: a fact as its own proof"] == 1


def test_a_missing_value_is_asked_for_once_more_and_then_the_record_is_incomplete():
    partly = json.dumps({"drug": "penicillin"})
    model, annotate = asked(SCHEMES["categories"], "naive", partly)
    result = hold(annotate, record("Rash after penicillin."))
    assert (result.kind, [found(layer) for layer in result.layers]) == (
        "incomplete",
        [[("drug", "penicillin", "exact")]],
    )
    assert result.layers[0].provenance["unread"] == [
        {"window": [0, 22], "asked": ["adverse_effect"], "kind": "values that cannot be read"}
    ]
    first, second = model.requests
    assert second.messages[:2] == first.messages
    assert [message.role for message in second.messages[2:]] == ["assistant", "user"]
    assert (second.messages[2].content, "(adverse_effect)" in second.messages[3].content) == (partly, True)


@pytest.mark.parametrize("prompt", ["naive", "entities", "per-category", "evidence"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_model_is_told_once_what_was_wrong_in_the_records_language(prompt, language):
    def respond(request):
        return filled(request.schema) if len(request.messages) > 2 else "I see."

    model, annotate = asked(SCHEMES["all"], prompt, respond)
    result = hold(annotate, record("Rash.", language=language))
    assert (result.error, len(result.layers)) == (None, 1)
    asked_again = [request for request in model.requests if len(request.messages) > 2]
    assert len(asked_again) == len(model.requests) / 2
    said = asked_again[0].messages[3].content
    assert ("Diese Antwort ist nicht lesbar" in said) == (language == "de")
    _, never = asked(SCHEMES["all"], prompt, "I see.", repairs=0)
    assert hold(never, record("Rash.", language=language)).kind == "unparsable"


def test_a_repair_that_fails_leaves_what_was_read_before():
    answers = iter([json.dumps({"drug": "penicillin"}), "I am sorry."])
    _, annotate = asked(SCHEMES["categories"], "naive", lambda request: next(answers))
    result = hold(annotate, record("Rash after penicillin."))
    assert (result.kind, found(result.layers[0])) == ("incomplete", [("drug", "penicillin", "exact")])


@pytest.mark.parametrize(
    ("finish", "kind"),
    [
        (Finish.TRUNCATED, "truncated"),
        (Finish.REFUSED, "refused"),
        (Finish.LOOPING, "looping"),
        (Finish.EMPTY, "empty"),
    ],
)
def test_a_record_that_failed_is_asked_in_another_way_and_nothing_is_paid_twice(finish, kind):
    good = extraction(("penicillin", "drug"), relations=[])

    def respond(request):
        again = request.sampling.get("max_tokens", 0) > 100 if finish is Finish.TRUNCATED else request.sample == 2
        return good if again else answer("{", finish, tokens=128)

    model, annotate = asked(SCHEMES["categories"], "entities", respond)
    assert hold(annotate, record("Penicillin.")).kind == kind
    assert hold(annotate, record("Penicillin.")).kind == kind
    assert model.paid == 1
    last = [hold(annotate, record("Penicillin."), attempt=attempt) for attempt in (1, 2)][-1]
    assert (last.error, last.kind) == (None, None)
    assert model.paid == (2 if finish is Finish.TRUNCATED else 3)
    if finish is Finish.TRUNCATED:
        assert model.requests[-1].sampling == {"max_tokens": 256}


def test_the_schema_is_the_same_for_texts_of_like_size():
    style = STYLES["linked-entities"]
    sizes = [json.dumps(style.schema(SCHEMES["all"], None, characters)) for characters in (3, 250, 300, 500, 600)]
    assert len(set(sizes)) == 3


RELATED = {
    "entities": [
        {"id": 1, "text": "penicillin", "category": "drug", "assertion": "present", "attributes": {"route": "oral"}},
        {"id": 2, "text": "rash", "category": "adverse_effect", "assertion": "present", "attributes": {"route": "N/A"}},
    ],
    "labels": {"smoking": "Never"},
}


@pytest.mark.parametrize(
    ("relations", "links", "dropped"),
    [
        ([{"type": "causes", "head": 1, "tail": 2}], 1, {}),
        ([{"type": "Causes", "head": "1", "tail": "2"}] * 2, 1, {}),
        ([{"type": "causes", "head": "penicillin", "tail": "rash"}], 1, {}),
        ([{"type": "causes", "head": 2, "tail": 1}], 0, {"relation between other categories": 1}),
        ([{"type": "cures", "head": 1, "tail": 2}], 0, {"unknown relation": 1}),
        (
            [{"type": "causes", "head": 1, "tail": 3}, {"type": "causes", "head": True, "tail": 2}, "x"],
            0,
            {"relation of unclear entities": 2, "unknown relation": 1},
        ),
        (None, 0, {"no list of relations": 1}),
        ([], 0, {}),
    ],
)
def test_relations_and_attributes_of_the_scheme_land_in_the_layer(relations, links, dropped):
    _, annotate = asked(SCHEMES["all"], "entities", json.dumps({**RELATED, "relations": relations}))
    result = hold(annotate, record("A rash after penicillin."))
    (layer,) = result.layers
    ids = {entity.text: entity.id for entity in layer.entities}
    wanted = [("causes", ids["penicillin"], ids["rash"])] * links
    assert [(relation.type, relation.head, relation.tail) for relation in layer.relations] == wanted
    assert [entity.attributes for entity in layer.entities] == [{}, {"route": "oral"}]
    assert (layer.labels, layer.provenance["dropped"]) == ({"smoking": "never"}, dropped)


@pytest.mark.parametrize(
    ("attributes", "dropped"),
    [
        ({"route": "rectal"}, {"unknown attribute": 1}),
        ({"dose": "oral"}, {"unknown attribute": 1}),
        ({"route": ["oral"]}, {"unknown attribute": 1}),
        ("oral", {}),
    ],
)
def test_an_attribute_that_the_scheme_lacks_is_left_out_and_counted(attributes, dropped):
    entity = {**RELATED["entities"][0], "attributes": attributes}
    given = {"entities": [entity], "relations": [], "labels": {"smoking": "never"}}
    _, annotate = asked(SCHEMES["all"], "entities", json.dumps(given))
    (layer,) = hold(annotate, record("penicillin")).layers
    assert (layer.entities[0].attributes, layer.provenance["dropped"]) == ({}, dropped)


def test_an_answer_that_repeats_an_example_is_caught_and_counted():
    shown = record("He got aspirin.", "other")
    gold = Layer(
        record_id="other", name="gold", author="gold", entities=(Entity.at(shown.text, 7, 14, "drug", id="a"),)
    )

    class Fixed:
        digest = "d"

        def for_record(self, record):
            return [Example(shown, gold, 0.9)]

        def provenance(self, chosen):
            return {"ids": [example.record.id for example in chosen]}

    given = json.dumps({"drug": "aspirin; penicillin", "adverse_effect": "N/A"})
    model = ScriptedModel(respond=lambda request: given)
    annotate = LlmAnnotator(SCHEMES["categories"], LlmSettings(prompt="advanced"), {"m": model}, examples=Fixed())
    result = hold(annotate, record("Penicillin."))
    (request,) = model.requests
    assert request.about == (record("Penicillin."), shown)
    assert "He got aspirin." in request.messages[0].content
    assert '{"drug": "aspirin", "adverse_effect": "N/A"}' in request.messages[0].content
    assert found(result.layers[0]) == [("drug", "penicillin", "folded")]
    assert result.layers[0].provenance["examples"] == {"ids": ["other"]}
    assert result.notes == {"left out: taken from an example": 1}
    plain = LlmAnnotator(SCHEMES["categories"], LlmSettings(prompt="advanced"), {"m": model})
    assert plain.fingerprint != annotate.fingerprint


def test_a_name_without_a_version_is_the_newest_one_and_an_unknown_style_is_named(tmp_path):
    assert prompt_file("naive").name == "naive.v1.jinja"
    for name in ("shared/repair.v1", "../prompt", "", "naive.v9"):
        with pytest.raises(ConfigError, match="expected a prompt of"):
            prompt_file(name)
    own = tmp_path / "own.jinja"
    own.write_text("{#- style: flatt -#}\n{% block system %}x{% endblock %}{% block user %}{{ text }}{% endblock %}")
    with pytest.raises(ConfigError, match="did you mean flat"):
        asked(SCHEMES["categories"], str(own), "")
    with pytest.raises(ConfigError, match=r"expected a prompt of adequacy\.v1, advanced\.v1"):
        prompt_file("nayve")


def test_a_label_without_a_value_is_not_answered():
    _, annotate = asked(SCHEMES["all"], "entities", extraction(("rash", "adverse_effect"), relations=[]))
    result = hold(annotate, record("A rash."))
    assert (result.kind, result.layers[0].provenance["unread"][0]["asked"]) == ("incomplete", ["smoking"])
    assert result.layers[0].entities[0].alignment is Alignment.EXACT


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_more_room_is_asked_for_by_the_parameter_that_the_model_has(name):
    identity = {"kind": "scripted", "parameters": {name: 99}}
    model = ScriptedModel(respond=lambda request: answer("{", Finish.TRUNCATED, tokens=99), identity=identity)
    annotate = LlmAnnotator(SCHEMES["categories"], LlmSettings(prompt="naive"), {"m": model})
    assert hold(annotate, record("Penicillin."), attempt=2).kind == "truncated"
    assert [dict(request.sampling) for request in model.requests] == [{}, {name: 256}, {name: 512}]


RASH = {"text": "rash", "category": "adverse_effect", "assertion": "present"}


@pytest.mark.parametrize(
    ("given", "facts", "notes"),
    [
        ({"Entities": [RASH]}, [("adverse_effect", "rash", "present")], {"a key in other letters": 1}),
        (
            {"ENTITIES": [{"Text": "rash", "Category": "Nebenwirkung", "ASSERTION": "Negated"}]},
            [("adverse_effect", "rash", "negated")],
            {"a key in other letters": 4, "another name of a category": 1},
        ),
        (
            {"entities": [{**RASH, "text": ["rash", "Rash "]}]},
            [("adverse_effect", "rash", "present"), ("adverse_effect", "Rash", "present")],
            {"a list of wordings": 1},
        ),
        ({"entities": [{**RASH, "category": ["adverse_effect"]}]}, [("adverse_effect", "rash", "present")], {}),
    ],
)
def test_keys_in_other_letters_and_lists_for_strings_are_read_and_counted(given, facts, notes):
    reading = STYLES["entities"].read(json.dumps(given), SCHEMES["categories"], None)
    assert [(quote.category, quote.text, str(quote.assertion)) for quote in reading.quotes] == facts
    assert {name: count for name, count in reading.read_as.items() if name in notes} == notes


@pytest.mark.parametrize(
    ("text", "facts", "dropped"),
    [
        # The last of two would have won, and the facts of the other would have looked absent.
        ('{"entities": [%s], "entities": []}', ["rash"], {}),
        ('{"entities": [], "entities": [%s]}', ["rash"], {}),
        ('{"entities": [%s, {"text": "a", "text": "b", "category": "drug"}]}', ["rash", "a", "b"], {}),
        (
            '{"entities": [%s, {"text": "a", "category": "drug", "assertion": "present", "assertion": "negated"}]}',
            ["rash"],
            {"unknown assertion": 1},
        ),
        ('{"entities": [%s, {"text": "a", "category": "drug", "category": "x"}]}', ["rash"], {"unknown category": 1}),
        ('{"entities": [%s, {"text": NaN, "category": "drug"}]}', ["rash"], {"without wording": 1}),
    ],
)
def test_a_key_given_twice_loses_nothing_and_decides_nothing(text, facts, dropped):
    reading = STYLES["entities"].read(text % json.dumps(RASH), SCHEMES["categories"], None)
    assert [quote.text for quote in reading.quotes] == facts
    assert dict(reading.dropped) == dropped


GERMAN = Scheme(
    name="g",
    languages=("de",),
    categories=(
        Category(name="height", label={"de": "Größe"}, definition={"de": "d"}, colour="#112233", hotkey=None),
        Category(name="course", label={"de": "Verläufe"}, definition={"de": "d"}, colour="#112244", hotkey=None),
    ),
    labels=(DocumentLabel(name="smoker", values=("früher", "nie")),),
)


@pytest.mark.parametrize(
    "keys",
    [
        ("Größe", "Verläufe", "früher"),
        ("GRÖSSE", "verlaeufe", "frueher"),
        ("Gro\u0308ße", "Verla\u0308ufe", "fru\u0308her"),
        ("Groesse", "VERLÄUFE", "FRÜHER"),
    ],
)
def test_names_with_umlauts_are_known_in_every_way_of_writing_them(keys):
    height, course, smoker = keys
    given = json.dumps({height: "180 cm", course: "N/A", "smoker": [smoker]}, ensure_ascii=False)
    reading = STYLES["flat"].read(given, GERMAN, None)
    assert [(quote.category, quote.text) for quote in reading.quotes] == [("height", "180 cm")]
    assert (reading.labels, reading.unread) == ({"smoker": "früher"}, [])


@pytest.mark.parametrize(
    ("text", "facts", "unread"),
    [
        ('{"height": "N/A", "height": "180 cm", "course": "N/A", "smoker": "nie"}', ["180 cm"], []),
        ('{"height": "N/A", "Größe": "180 cm", "course": "N/A", "smoker": "nie"}', ["180 cm"], []),
        ('{"height": "180 cm", "Größe": "N/A", "course": "N/A", "smoker": "nie"}', ["180 cm"], []),
        ('{"height": "180 cm", "course": "keine", "smoker": "nie", "Smoker": "früher"}', ["180 cm"], ["smoker"]),
        ('{"height": "180 cm", "course": "nicht erwaehnt", "smoker": "nie", "smoker": "nie"}', ["180 cm"], []),
        ('{"height": NaN, "course": "steady", "smoker": "nie"}', ["steady"], ["height"]),
        ('{"height": [Infinity, "180 cm"], "course": "N/A", "smoker": "nie"}', ["180 cm"], []),
        # Wider than a double, it is read as infinite.
        ('{"height": 1e999, "course": "steady", "smoker": "nie"}', ["steady"], ["height"]),
    ],
)
def test_what_a_second_value_says_is_no_absence(text, facts, unread):
    reading = STYLES["flat"].read(text, GERMAN, None)
    assert ([quote.text for quote in reading.quotes], reading.unread) == (facts, unread)


def test_an_answer_with_only_what_was_missing_completes_the_one_before():
    answers = iter(['{"drug": "penicillin"}', '{"adverse_effect": "rash"}'])
    model, annotate = asked(SCHEMES["categories"], "naive", lambda request: next(answers))
    result = hold(annotate, record("Rash after penicillin."))
    assert (result.error, len(model.requests)) == (None, 2)
    assert {(entity.category, entity.text) for entity in result.layers[0].entities} == {
        ("drug", "penicillin"),
        ("adverse_effect", "rash"),
    }
    assert result.notes["answers that could not be used: incomplete"] == 2


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("I'm sorry, but I cannot help with that.", "refused"),
        ("I’m unable to process medical records.", "refused"),
        ('{"error": "As an AI language model, I must decline."}', "refused"),
        ("Es tut mir leid, dabei kann ich nicht helfen.", "refused"),
        ("Leider kann ich Ihnen diese Anfrage nicht beantworten.", "refused"),
        ("Ich kann das nicht beurteilen.", "refused"),
        ("Als KI darf ich das nicht.", "refused"),
        ("The patient says: I cannot breathe. No JSON today.", "unparsable"),
        ("Der Patient kann nicht schlafen.", "unparsable"),
    ],
)
def test_a_refusal_in_words_is_told_from_an_answer_that_cannot_be_read(said, kind):
    model, annotate = asked(SCHEMES["categories"], "entities", said)
    result = hold(annotate, record("Rash after penicillin."))
    assert (result.kind, result.layers, len(model.requests)) == (kind, (), 2)
    assert result.notes == {f"answers that could not be used: {kind}": 2}


@pytest.mark.parametrize(
    "given", ['{"labels": {}}', '{"labels": {"smoking": "perhaps"}}', '{"labels": null}', "{}", "[]"]
)
@pytest.mark.parametrize(
    ("scheme", "prompt"), [("labels", "entities"), ("labels", "per-category"), ("all", "per-category")]
)
def test_document_labels_that_cannot_be_read_are_no_empty_layer(scheme, prompt, given):
    def respond(request):
        return given if request.schema["properties"].get("labels") else "x"

    _, annotate = asked(SCHEMES[scheme], prompt, respond)
    result = hold(annotate, record("A rash."))
    assert (result.kind, result.layers) == ("unparsable", ())
