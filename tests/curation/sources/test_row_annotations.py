"""Annotations inside rows: offsets, nested events, marks, facts, labels."""

from __future__ import annotations

import json

from curation.record import Alignment, Entity
from curation.sources import ReadOptions

TEXT = "No fever, but chest pain and fever later."


def rows(*values) -> str:
    return "".join(json.dumps({"language": "en", "text": TEXT, **value}) + "\n" for value in values)


def test_offsets_come_as_objects_or_lists(written, outcome):
    objects = {"entities": [{"id": "e1", "label": "sign", "start": 3, "end": 8, "text": "fever", "score": 0.5}]}
    lists = {"label": [[14, 24, "sign"]]}
    result = outcome(written("x.jsonl", rows(objects, lists)))
    assert [layer.entities for layer in result.layers] == [
        (Entity.at(TEXT, 3, 8, "sign", id="e1", score=0.5),),
        (Entity.at(TEXT, 14, 24, "sign", id="T1"),),
    ]


def test_a_row_with_no_annotations_in_its_list_says_so_and_one_without_a_list_says_nothing(written, outcome):
    result = outcome(written("x.jsonl", rows({"entities": []}, {})))
    assert [layer.entities for layer in result.layers] == [()]
    assert len(result.records) == 2


def test_a_bad_annotation_is_refused_and_its_relations_with_it(written, outcome):
    entities = [
        {"id": "a", "label": "sign", "start": 3, "end": 8},
        {"id": "b", "label": "sign", "start": 35, "end": 99},
        {"id": "c", "label": "sign", "start": 8, "end": 8},
        {"id": "a", "label": "sign", "start": 14, "end": 24},
        {"id": "d", "label": None, "start": 14, "end": 24},
        {"id": "e", "label": "sign", "start": "x", "end": 24},
        {"id": "f", "label": "sign"},
    ]
    links = [{"id": "r1", "type": "t", "head": "a", "tail": "b"}, {"id": "r2", "type": "t", "head": "a", "tail": "z"}]
    mapping = {"entities": [{"path": "entities.*"}], "links": [{"path": "links.*"}]}
    result = outcome(written("x.jsonl", rows({"entities": entities, "links": links})), mapping=mapping)
    assert result.entities == [("sign", "fever", ((3, 8),))]
    assert result.said == [
        "x.jsonl:1: entity b: expected offsets within the text of 41 characters, got 35 to 99",
        "x.jsonl:1: entity c: expected an end after the start, got 8 to 8",
        "x.jsonl:1: entity a: expected each id once, got it again",
        "x.jsonl:1: entity d: expected a type, got none",
        "x.jsonl:1: entity e: expected whole numbers from 0 as offsets, got something else",
        "x.jsonl:1: entity f: expected offsets or a wording, got neither",
        "x.jsonl:1: relation r1: its entity b was refused",
        "x.jsonl:1: relation r2: expected an entity z, got none of that id",
    ]


def test_a_wording_that_is_not_at_its_offsets_is_put_where_it_is(written, outcome):
    entities = [
        {"label": "sign", "start": 28, "end": 33, "text": "fever"},  # off by one
        {"label": "sign", "start": 13, "end": 23, "text": "chest pian"},
        {"label": "sign", "start": 3, "end": 8, "text": "Fever"},  # there, but for its case
        {"label": "sign", "start": 0, "end": 5, "text": "jaundice"},
    ]
    result = outcome(written("x.jsonl", rows({"entities": entities})))
    assert [(one.text, one.spans, one.alignment) for one in result.layers[0].entities] == [
        ("fever", ((29, 34),), Alignment.FUZZY),
        ("chest pian", ((14, 24),), Alignment.FUZZY),
        ("fever", ((3, 8),), Alignment.EXACT),
    ]
    assert result.layers[0].provenance["realigned"] == result.realigned == 2
    assert result.said == [
        "x.jsonl:1: entity T4: expected its wording (8 characters) at 0 to 5, got other text there, "
        "and nothing like it elsewhere"
    ]


def test_the_layer_is_named_by_option_or_not_read(written, outcome):
    path = written("x.jsonl", rows({"entities": [[3, 8, "sign"]]}))
    (named,) = outcome(path, options=ReadOptions(layer="human:anna")).layers
    assert (named.name, named.author, named.provenance["format"]) == ("human:anna", "human:anna", "jsonl")
    assert outcome(path, options=ReadOptions(layer=None)).layers == []


EVENTS = {
    "path": [],
    "events": [
        {"kind": "Adverse", "Trigger": {"text": [["later"]], "start": [[35]], "id": ["T1"]},
         "Effect": {"text": [["chest pain"], ["fever", "No"]], "start": [[14], [3, 0]], "id": ["T2", "T3"]}},
        {"kind": "Adverse", "Trigger": {"text": [["but"]], "start": [[10]], "id": ["T4"]},
         "Effect": {"text": [["chest pain"]], "start": [[14]], "id": ["T2"]},
         "Cause": {"text": [["chest pain"]], "start": [[14]], "id": ["T2"]}},
    ],
}  # fmt: skip
EVENT_MAPPING = {
    "entities": [
        {"path": "events.*.Trigger", "category": "^.kind", "many": True, "id": "id"},
        {"path": "events.*.Effect", "type": "Effect", "many": True, "id": "id"},
        {"path": "events.*.Cause", "type": "Cause", "many": True, "id": "id"},
    ],
    "pairs": [
        {"type": "has", "head": "events.*.Trigger", "tail": "events.*.Effect"},
        {"type": "from", "head": "events.*.Trigger", "tail": "events.*.Cause"},
    ],
}


def test_nested_events_become_entities_and_the_relations_between_what_stands_together(written, outcome):
    result = outcome(written("x.jsonl", rows(EVENTS)), mapping=EVENT_MAPPING)
    assert result.problems == []
    assert result.entities == [
        ("Adverse", "later", ((35, 40),)),
        ("Adverse", "but", ((10, 13),)),
        ("Effect", "chest pain", ((14, 24),)),
        ("Effect", "No fever", ((0, 2), (3, 8))),
        ("Cause", "chest pain", ((14, 24),)),
    ]
    assert result.relations == [
        ("has", "T1", "T2"), ("has", "T1", "T3"), ("has", "T4", "T2"), ("from", "T4", "T2.2"),
    ]  # fmt: skip


def test_marks_are_taken_out_of_the_text(written, outcome):
    text = "Give << aspirin >> to stop [[ COX-1 ]] now."
    mapping = {
        "marks": [
            {"open": "<< ", "close": " >>", "type": "first"},
            {"open": "[[ ", "close": " ]]", "type": "second"},
        ],
        "mark_relation": {"type": "label", "head": "first", "tail": "second"},
        "group": {"columns": "_text", "digest": True},
        "id": {"columns": ["_stem", "_line"], "join": ":"},
    }
    result = outcome(written("x.jsonl", rows({"text": text, "label": "INHIBITOR"})), mapping=mapping)
    assert result.texts == ["Give aspirin to stop COX-1 now."]
    assert result.entities == [("first", "aspirin", ((5, 12),)), ("second", "COX-1", ((21, 26),))]
    assert result.relations == [("INHIBITOR", "T1", "T2")]
    assert result.records[0].meta["source_id"] == "x:1"


def test_facts_are_split_and_each_is_found_or_said_not_to_be(written, outcome):
    patient = {
        "patient_id": 1,
        "patient_uid": "11-1",
        "PMID": "11",
        "language": "en",
        "report": "A 54-year-old man had crushing chest pain and FEVER. He recovered.",
        "summary": {
            "age": "54",
            "signs_symptoms": "fever; crushing chest pian; jaundice",
            "diagnosis": "N/A",
            "pathology": "",
            "patient_outcome_assessment": "recovered",
        },
    }
    path = written("patients.json", json.dumps([patient]))
    result = outcome(path)  # recognised by its shape
    assert [(e.category, e.text, e.spans, e.alignment) for e in result.layers[0].entities] == [
        ("age", "54", ((2, 4),), Alignment.EXACT),
        ("signs_symptoms", "fever", ((46, 51),), Alignment.FOLDED),
        ("signs_symptoms", "crushing chest pian", ((22, 41),), Alignment.FUZZY),
        ("signs_symptoms", "jaundice", (), Alignment.NONE),
        ("patient_outcome_assessment", "recovered", ((56, 65),), Alignment.EXACT),
    ]
    fuzzy = result.layers[0].entities[2].alignment_score
    assert 0.9 < fuzzy < 1
    (record,) = result.records
    assert (record.group, record.meta["source_id"], record.meta["PMID"]) == ("11", "11-1", "11")
    assert result.layers[0].provenance["format"] == "elmtex"


def test_the_same_fact_twice_takes_two_places(written, outcome):
    patient = {"report": "pain, then pain", "language": "en", "summary": {"signs_symptoms": "pain; pain; pain"}}
    result = outcome(written("x.json", json.dumps(patient)), format="elmtex")
    assert [entity.spans for entity in result.layers[0].entities] == [((0, 4),), ((11, 15),), ()]


def test_fields_that_are_a_place_in_long_wordings_are_one_in_short_wordings(written, outcome):
    text = "Hb 9, Hb 12, metastases in the liver, jaundice"
    words = [("metastases", 13), ("jaundice", 38), ("Hb", 6), ("9", 3)]
    spans = [{"label": "X", "text": word, "a": start, "z": start + len(word)} for word, start in words]
    result = outcome(written("x.jsonl", json.dumps({"text": text, "language": "en", "entities": spans})))
    assert (result.entities, len(result.problems)) == ([], 4)
    assert all("got a, z, which look like a place" in line for line in result.said)


def test_numbers_that_are_a_word_apart_by_chance_refuse_only_their_own_annotation(written, outcome):
    text = "aspirin, ramipril, heparin"
    numbers = [("aspirin", 93, 100), ("ramipril", 5, 30), ("heparin", 40, 10)]
    spans = [{"label": "X", "text": word, "strength": one, "count": other} for word, one, other in numbers]
    result = outcome(written("x.jsonl", json.dumps({"text": text, "language": "en", "entities": spans})))
    assert [word for _, word, _ in result.entities] == ["ramipril", "heparin"]
