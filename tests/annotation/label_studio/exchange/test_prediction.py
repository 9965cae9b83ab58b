from __future__ import annotations

from annotation.label_studio.exchange.prediction import prediction
from annotation.label_studio.exchange.result_parser import parse_result
from curation.record import Assertion, Entity, Fragment, Layer, Record, Relation, wording
from curation.scheme import DocumentLabel, Scheme

TEXT = "Fever,\r\nno 🤧 cough; pain in left and right knee."
RECORD = Record(id="r1", group="g", source="test", language="en", text=TEXT)


def place(words: str) -> tuple[int, int]:
    start = TEXT.index(words)
    return start, start + len(words)


def test_a_layer_becomes_regions_with_scores_assertions_and_relations(scheme: Scheme) -> None:
    fever = Entity.at(TEXT, *place("Fever"), "signs_symptoms", id="T1", score=0.5)
    cough = Entity.at(TEXT, *place("cough"), "signs_symptoms", id="T2", score=1.0, assertion=Assertion.NEGATED)
    lost = Entity(id="T3", category="age", text="forty", alignment="none", alignment_score=0.0)
    layer = Layer(
        record_id="r1",
        name="rules",
        author="rules@1",
        entities=(fever, cough, lost),
        relations=(
            Relation(id="R1", type="related_to", head="T1", tail="T2"),
            Relation(id="R2", type="unknown_to_the_scheme", head="T1", tail="T2"),
            Relation(id="R3", type="related_to", head="T1", tail="T3"),
        ),
    )
    at = {"from_name": "label", "to_name": "text", "type": "labels"}
    assert prediction(RECORD, layer, scheme) == {
        "model_version": "rules@1",
        "score": 0.75,
        "result": [
            at
            | {
                "id": "T1",
                "score": 0.5,
                "value": {"start": 0, "end": 5, "text": "Fever", "labels": ["signs_symptoms"]},
            },
            at
            | {
                "id": "T2",
                "score": 1.0,
                "value": {"start": 13, "end": 18, "text": "cough", "labels": ["signs_symptoms"]},
            },
            {
                "id": "T2",
                "from_name": "assertion",
                "to_name": "text",
                "type": "choices",
                "value": {"start": 13, "end": 18, "choices": ["negated"]},
            },
            {
                "type": "relation",
                "from_id": "T1",
                "to_id": "T2",
                "direction": "right",
                "labels": ["related_to"],
            },
        ],
    }


def test_a_prediction_that_nobody_touched_reads_back_as_the_same_layer(scheme: Scheme) -> None:
    labelled = scheme.model_copy(update={"labels": (DocumentLabel(name="smoker", values=("never", "now")),)})
    spans = (place("pain in left"), place("knee"))
    knee = Entity(
        id="T1",
        category="signs_symptoms",
        text=wording(TEXT, spans),
        fragments=tuple(Fragment(start=start, end=end) for start, end in spans),
        assertion=Assertion.HISTORICAL,
        attributes={"side": "left"},
        codes=("icd10:M25.5",),
        score=0.25,
    )
    fever = Entity.at(TEXT, *place("Fever"), "signs_symptoms", id="T2")
    layer = Layer(
        record_id="r1",
        name="rules",
        author="rules@1",
        entities=(knee, fever),
        relations=(Relation(id="R1", type="related_to", head="T1", tail="T2"),),
        labels={"smoker": "never", "not of the scheme": "x"},
    )
    sent = prediction(RECORD, layer, labelled)["result"]
    reading = parse_result(sent, RECORD, labelled, shown={"T1": knee, "T2": fever})
    assert (reading.entities, reading.relations) == ([knee, fever], list(layer.relations))
    assert (reading.labels, reading.refused) == ({"smoker": "never"}, [])
