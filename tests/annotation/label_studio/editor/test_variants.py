"""What people see and answer in each variant of the editor, through the real server."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.label_studio.exchange.flat_answers import fact_entities
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.exchange.result_parser import parse_result
from annotation.label_studio.settings import Variant
from annotation.review_settings import ReviewSettings
from curation.decision import Verdict, on_layer
from curation.record import Alignment, Assertion, Entity, Layer, Record, Relation
from curation.scheme import DocumentLabel, Scheme
from curation.store import Store


def mark(start: int, end: int, label: str, *, id: str) -> dict[str, Any]:
    """A region as the editor saves it."""
    value = {"start": start, "end": end, "text": "", "labels": [label]}
    return {"id": id, "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def choose(name: str, *values: str) -> dict[str, Any]:
    """A choice as the editor saves it."""
    return {"id": name, "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": list(values)}}


ENGLISH = Record(id="e", group="g", source="test", language="en", text="She had fever 🤒 and a cough.")
GERMAN = Record(
    id="d", group="g", source="test", language="de", text="Sie hatte Fieber 🤒 und Husten.", translation_of="e"
)


def rules(record: Record, *found: tuple[str, str], **fields: Any) -> Layer:
    """A layer by the rules, from wordings with their categories."""
    made = []
    for number, (wording, category) in enumerate(found, 1):
        start = record.text.index(wording)
        made.append(Entity.at(record.text, start, start + len(wording), category, id=f"T{number}", score=0.5))
    return Layer(record_id=record.id, name="rules", author="rules@1", entities=tuple(made), **fields)


@pytest.fixture
def shown(settings: ReviewSettings):
    """The settings with a variant."""

    def of(variant: Variant) -> ReviewSettings:
        return settings.model_copy(update={"variant": variant, "unvalidated": True})

    return of


def the_task(client, settings: ReviewSettings, task: int) -> dict[str, Any]:
    (found,) = client.tasks_by_id(client.find_project(settings.project).id, [task])
    return found


def test_a_translation_is_reviewed_beside_its_original(
    client, shown, sqlite_store: Store, scheme: Scheme, tasks, anna
) -> None:
    settings = shown(Variant.SIDE_BY_SIDE)
    sqlite_store.add_records([ENGLISH, GERMAN])
    sqlite_store.add_layers(
        [
            rules(ENGLISH, ("fever", "signs_symptoms"), ("cough", "signs_symptoms")),
            rules(GERMAN, ("Fieber", "signs_symptoms")),
        ]
    )
    # The original is seen with its translation, and nowhere else.
    assert push(sqlite_store, client, scheme, settings).created == 1
    task = the_task(client, settings, tasks()["d"].task_id)
    assert (task["data"]["text"], task["data"]["original"]) == (GERMAN.text, ENGLISH.text)
    (prediction,) = task["predictions"]
    assert {(part["id"], part["to_name"]) for part in prediction["result"]} == {
        ("T1", "text"),
        ("original-T1", "original"),
        ("original-T2", "original"),
    }
    husten = GERMAN.text.index("Husten")
    cough = [part for part in prediction["result"] if part["id"] == "original-T2"]
    negated = {"start": 0, "end": 1, "choices": ["negated"]}
    anna.annotate(
        task["id"],
        [
            *cough,
            {"id": "original-T2", "from_name": "original_assertion", "to_name": "original", "type": "choices"}
            | {"value": negated},
            mark(husten, husten + 6, "signs_symptoms", id="new"),
            choose("verdict", "fix"),
            choose("reasons", "omission", "translation"),
        ],
    )
    done = pull(sqlite_store, client, scheme, settings)
    assert (done.layers, done.decisions, done.refused) == (2, 1, [])
    german, english = (sqlite_store.layer(id, "human:anna") for id in ("d", "e"))
    assert german is not None
    assert english is not None
    assert [(one.id, one.text) for one in german.entities] == [("new", "Husten")]
    assert [(one.id, one.text, one.assertion) for one in english.entities] == [("T2", "cough", Assertion.NEGATED)]
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {"d": Verdict.ACCEPTED}
    again = pull(sqlite_store, client, scheme, settings)
    assert (again.layers, again.decisions) == (0, 0)


def test_the_sides_of_a_result_do_not_mix(scheme: Scheme) -> None:
    parts = [
        mark(10, 16, "signs_symptoms", id="a"),
        mark(8, 13, "signs_symptoms", id="original:a") | {"from_name": "original_label", "to_name": "original"},
        {"type": "relation", "from_id": "a", "to_id": "original:a", "direction": "right", "labels": ["continues"]},
    ]
    ours = parse_result(parts, GERMAN, scheme)
    assert [one.text for one in ours.entities] == ["Fieber"]
    assert ours.refused == ["result 2: expected a relation between two regions, got one to something else"]
    from annotation.label_studio.editor.controls import ORIGINAL

    theirs = parse_result(parts, ENGLISH, scheme, side=ORIGINAL)
    assert ([one.text for one in theirs.entities], theirs.refused) == (["fever"], [])


def test_facts_are_reviewed_as_lines(client, shown, sqlite_store: Store, scheme: Scheme, tasks, anna) -> None:
    settings = shown(Variant.FLAT)
    sqlite_store.add_records([ENGLISH])
    layer = rules(ENGLISH, ("fever", "signs_symptoms"), ("cough", "signs_symptoms"))
    possible = layer.entities[0].model_copy(update={"assertion": Assertion.POSSIBLE, "codes": ("HP:1",)})
    sqlite_store.add_layers([layer.model_copy(update={"entities": (possible, layer.entities[1])})])
    push(sqlite_store, client, scheme, settings)
    task = the_task(client, settings, tasks()["e"].task_id)
    (prediction,) = task["predictions"]
    (lines,) = prediction["result"]
    assert (lines["from_name"], lines["value"]) == ("facts_signs_symptoms", {"text": ["fever", "cough"]})
    written = lines | {"value": {"text": ["fever", "a  Cough; sore throat"]}}
    anna.annotate(task["id"], [written, choose("verdict", "fix"), choose("reasons", "boundary")])
    pull(sqlite_store, client, scheme, settings)
    kept = sqlite_store.layer("e", "human:anna")
    assert kept is not None
    assert [(one.text, one.alignment, one.spans) for one in sorted(kept.entities, key=lambda one: one.text)] == [
        ("a Cough", Alignment.FOLDED, ((20, 27),)),
        ("fever", Alignment.EXACT, ((8, 13),)),
        ("sore throat", Alignment.NONE, ()),
    ]
    (fever,) = (one for one in kept.entities if one.text == "fever")
    assert (fever.assertion, fever.codes) == (Assertion.POSSIBLE, ("HP:1",))


def test_a_fact_twice_in_the_text_has_two_places_and_ids_are_never_given_twice() -> None:
    record = Record(id="r", group="r", source="test", language="en", text="Pain. No pain. Pain in the leg.")
    known = Entity.at(record.text, 0, 4, "signs_symptoms", id="signs_symptoms-1")
    made = list(fact_entities(record, {"signs_symptoms": ["Pain", "Pain in the leg", "N/A", " "]}, {known.id: known}))
    assert [(one.id, one.spans) for one in made] == [
        ("signs_symptoms-1", ((0, 4),)),
        ("signs_symptoms-2", ((15, 30),)),
    ]


@pytest.mark.parametrize("variant", [Variant.CLASSIFICATION, Variant.SPANS])
def test_document_labels_are_chosen(
    client, shown, sqlite_store: Store, scheme: Scheme, tasks, anna, variant: Variant
) -> None:
    settings = shown(variant)
    labels = (DocumentLabel(name="smoking", values=("never", "past", "now")),)
    # The usual variant shows a scheme of document labels as they are.
    smoking = scheme.model_copy(update={"labels": labels})
    marks: tuple[tuple[str, str], ...] = (("fever", "signs_symptoms"),)
    if variant is Variant.SPANS:
        smoking, marks = Scheme(name="smoking", labels=labels), ()
    sqlite_store.add_records([ENGLISH])
    sqlite_store.add_layers([rules(ENGLISH, *marks, labels={"smoking": "past"})])
    push(sqlite_store, client, smoking, settings)
    task = the_task(client, settings, tasks()["e"].task_id)
    ((part,),) = (one["result"] for one in task["predictions"])
    assert (part["from_name"], part["value"]) == ("document_smoking", {"choices": ["past"]})
    anna.annotate(task["id"], [part | {"value": {"choices": ["never"]}}, choose("verdict", "accept")])
    pull(sqlite_store, client, smoking, settings)
    kept = sqlite_store.layer("e", "human:anna")
    assert kept is not None
    assert (kept.labels, kept.entities) == ({"smoking": "never"}, ())


def test_stars_and_relations_are_kept(client, shown, sqlite_store: Store, scheme: Scheme, tasks, anna) -> None:
    settings = shown(Variant.SPANS)
    sqlite_store.add_records([ENGLISH])
    layer = rules(ENGLISH, ("fever", "signs_symptoms"), ("cough", "signs_symptoms"))
    types = [relation.name for relation in scheme.relations]
    linked = [Relation(id="R1", type=type, head="T1", tail="T2") for type in types[:1]]
    sqlite_store.add_layers([layer.model_copy(update={"relations": tuple(linked)})])
    push(sqlite_store, client, scheme, settings)
    task = the_task(client, settings, tasks()["e"].task_id)
    stars = {"id": "q", "from_name": "quality", "to_name": "text", "type": "rating", "value": {"rating": 4}}
    anna.annotate(task["id"], [*task["predictions"][0]["result"], stars, choose("verdict", "accept")])
    pull(sqlite_store, client, scheme, settings)
    kept = sqlite_store.layer("e", "human:anna")
    assert kept is not None
    assert kept.provenance["quality"] == 4
    assert [one.type for one in kept.relations] == types[:1]


@pytest.mark.parametrize("stars", [0, 6, 2.5, True, "4", None])
def test_other_stars_are_refused(stars: object, scheme: Scheme) -> None:
    part = {"id": "q", "from_name": "quality", "to_name": "text", "type": "rating", "value": {"rating": stars}}
    reading = parse_result([part], ENGLISH, scheme)
    assert (reading.quality, reading.refused) == (None, ["result 0: expected a quality from 1 to 5, got another"])
