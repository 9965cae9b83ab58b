"""Translations reviewed beside their originals: what is sent, what comes back, and what is frozen."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from annotation.label_studio.editor.label_config import label_config
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.exchange.result_parser import parse_result
from annotation.label_studio.exchange.task_payload import TaskPayload, TaskRequest, task_payload
from annotation.label_studio.settings import Variant
from annotation.review_settings import ReviewSettings
from curation.decision import Decision, DecisionKind, Verdict
from curation.record import Alignment, Entity, Layer, Record
from curation.scheme import Scheme
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.stage import Item
from curation.store import Store
from curation.translate.projection.layers import carried
from curation.translate.projection.projected import (
    Placement,
    ProjectedSpan,
    ProjectionMethod,
    ProjectionState,
)
from curation.translate.translated import MADE, MadeTranslation

ENGLISH = Record(
    id="e", group="g", source="test", language="en", text="She had <high> fever 🤒 & a cough.\r\nA rash. Diabetes."
)
GERMAN = Record(
    id="d",
    group="g",
    source="test",
    language="de",
    text="Sie hatte hohes Fieber 🤒 und A\u0308tem.\r\nKein Ausschlag.",
    translation_of="e",
)
ALONE = Record(id="x", group="x", source="test", language="en", text="No fever.")
BESIDE = GERMAN.model_copy(
    update={
        "id": "beside",
        "meta": {
            MADE: MadeTranslation(
                by="x", author="llm:x@1", text=MadeTranslation.digest_of(GERMAN), original="", segments=()
            ).model_dump(mode="json")
        },
    }
)
BETTER = "Sie hatte hohes Fieber 🤒 und Husten.\nKein Ausschlag, sehr müde."


def at(record: Record, wording: str, id: str) -> Entity:
    start = record.text.index(wording)
    return Entity.at(record.text, start, start + len(wording), "signs_symptoms", id=id)


MARKED = Layer(
    record_id="e",
    name="rules",
    author="rules@1",
    entities=tuple(
        at(ENGLISH, wording, f"T{number}") for number, wording in enumerate(("fever", "cough", "rash", "Diabetes"), 1)
    ),
)


def placement(wording: str, state: ProjectionState) -> Placement:
    start = GERMAN.text.index(wording)
    return Placement(state, ProjectionMethod.MARKER, ProjectedSpan(((start, start + len(wording)),), 0.9))


CARRIED = carried(
    MARKED,
    {
        "T1": placement("Fieber", ProjectionState.AGREED),
        "T2": placement("A\u0308tem", ProjectionState.DISAGREEING),
        "T3": placement("Ausschlag", ProjectionState.SINGLE),
    },
    GERMAN,
    author="llm:opus@1",
    provenance={},
)


@pytest.fixture
def both(settings: ReviewSettings) -> ReviewSettings:
    return settings.model_copy(update={"variant": Variant.TRANSLATION})


def payload(record: Record, layers: list[Layer], original: Item | None, scheme: Scheme, **options: Any) -> TaskPayload:
    made = task_payload(
        record, layers, scheme, TaskRequest(record.id), variant=Variant.TRANSLATION, original=original, **options
    )
    assert isinstance(made, TaskPayload)
    return made


def test_the_original_is_read_with_its_marks_and_what_became_of_them(scheme: Scheme) -> None:
    made = payload(GERMAN, [CARRIED], Item(ENGLISH, {"rules": MARKED}), scheme)
    page = made.task["data"]["original_page"]
    assert "She had &lt;high&gt; " in page
    assert "1 not found in the translation, please mark:" in page
    assert "<b>4</b> Diabetes (Signs and symptoms)" in " ".join(page.split())
    assert "1 doubtful (two ways to find it disagree), please look:" in page
    assert "<b>2</b> cough" in " ".join(page.split())
    assert made.task["data"]["translation"] == GERMAN.text.replace("\r\n", "\n")
    ids = [part["id"] for part in made.predictions[0]["result"]]
    assert ids == ["ones1-T1", "ones2-T2", "ones3-T3"]
    back = parse_result(made.predictions[0]["result"], GERMAN, scheme)
    assert ([entity.id for entity in back.entities], back.refused) == (["T1", "T2", "T3"], [])
    # What leaves is the original's own text, not the page that is made of it.
    assert made.outgoing.texts == (made.task["data"]["text"], made.task["data"]["translation"], ENGLISH.text)


def test_marks_that_nobody_carried_over_are_not_linked(scheme: Scheme) -> None:
    own = Layer(record_id="d", name="rules", author="rules@1", entities=(at(GERMAN, "Fieber", "T1"),))
    made = payload(GERMAN, [own], Item(ENGLISH, {"rules": MARKED}), scheme, language="de")
    assert [part["id"] for part in made.predictions[0]["result"]] == ["T1"]
    assert "wurden nicht in die Übersetzung übertragen" in made.task["data"]["original_page"]
    missing = payload(GERMAN, [own], None, scheme)
    assert "The original is not here." in missing.task["data"]["original_page"]
    alone = payload(ALONE, [], None, scheme)
    assert (alone.task["data"]["translation"], "curate-no-original" in alone.task["data"]["original_page"]) == (
        "",
        True,
    )


def test_the_original_cannot_be_marked_and_the_text_can_be_written(scheme: Scheme) -> None:
    view = fromstring(label_config(scheme, variant=Variant.TRANSLATION))
    assert [labels.get("toName") for labels in view.iter("Labels")] == ["text"]
    (page,) = view.iter("HyperText")
    assert (page.get("name"), page.get("value")) == ("original_page", "$original_page")
    written = next(area for area in view.iter("TextArea") if area.get("name") == "translation")
    assert (written.get("value"), written.get("maxSubmissions")) == ("$translation", "1")


@pytest.mark.parametrize("texts", [[], ["a", "b"], "ab", [1]])
def test_several_texts_of_a_translation_are_refused(scheme: Scheme, texts: object) -> None:
    part = {"from_name": "translation", "to_name": "text", "type": "textarea", "value": {"text": texts}}
    parsed = parse_result([part], GERMAN, scheme)
    assert (parsed.translation, bool(parsed.refused)) == (("ab", False) if texts == "ab" else (None, True))


def written(text: str) -> dict[str, Any]:
    return {"id": "w", "from_name": "translation", "to_name": "text", "type": "textarea", "value": {"text": [text]}}


def verdict(value: str) -> list[dict[str, Any]]:
    parts = [("verdict", value), *([("reasons", "translation")] if value != "accept" else [])]
    return [
        {"id": name, "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [said]}}
        for name, said in parts
    ]


def test_a_translation_is_corrected_in_label_studio_and_frozen_as_corrected(
    client, both: ReviewSettings, sqlite_store: Store, scheme: Scheme, tasks, anna, ben
) -> None:
    sqlite_store.add_records([ENGLISH, GERMAN, ALONE])
    sqlite_store.add_layers([MARKED, CARRIED])
    sqlite_store.decide(
        [
            Decision(record_id="d", verdict=Verdict.ACCEPTED, by="policy"),
            Decision(record_id="d", verdict=Verdict.ACCEPTED, by="policy", kind=DecisionKind.LAYER, layer="rules"),
        ]
    )
    # A record has a task whether it has an original or not.
    assert push(sqlite_store, client, scheme, both).created == 3
    task = tasks()["d"].task_id
    (shown,) = client.tasks_by_id(client.find_project(both.project).id, [task])
    (prediction,) = shown["predictions"]
    assert shown["data"]["translation"] == GERMAN.text.replace("\r\n", "\n")

    # An emptied text is refused, and all else is kept.
    answer = anna.annotate(task, [*prediction["result"], *verdict("fix")], parent_prediction=prediction["id"])
    empty = pull(sqlite_store, client, scheme, both)
    assert (empty.layers, empty.decisions, empty.corrected, len(empty.refused)) == (1, 1, 0, 1)
    assert "got an empty one" in empty.refused[0][1]
    same = [*prediction["result"], written(shown["data"]["translation"]), *verdict("accept")]
    anna.edit(answer, result=same)
    assert (pull(sqlite_store, client, scheme, both).corrected, len(list(sqlite_store.records()))) == (0, 3)

    # Another model has translated the original since; the task of before is still open.
    sqlite_store.add_records([BESIDE])
    anna.edit(answer, result=[*prediction["result"], written(BETTER), *verdict("fix")])
    done = pull(sqlite_store, client, scheme, both)
    assert sqlite_store.verdicts()["beside"] is Verdict.REJECTED
    assert (done.corrected, done.marks_lost, done.refused, done.conflicts) == (1, 0, [], [])
    again = pull(sqlite_store, client, scheme, both, full=True)
    assert (again.corrected, again.decisions, again.refused) == (0, 0, [])
    (new,) = (record for record in sqlite_store.records() if "corrected" in record.meta)
    assert (new.text, new.translation_of) == (BETTER.replace("\n", "\r\n"), "e")
    assert new.meta["corrected"]["by"] == "human:anna"
    own = sqlite_store.layer(new.id, "human:anna")
    assert own is not None
    assert [(entity.id, entity.text, entity.alignment) for entity in own.entities] == [
        ("T1", "Fieber", Alignment.EXACT),
        # Written anew: found by the word of the original that it was carried over from.
        ("T2", "Husten", Alignment.EXACT),
        ("T3", "Ausschlag", Alignment.EXACT),
    ]
    # The corrected record was just reviewed: it is no task of its own.
    pushed = push(sqlite_store, client, scheme, both)
    assert (pushed.created, pushed.reviewed, pushed.refused) == (0, 1, [])
    frozen = freeze(sqlite_store, scheme, name="cases", layers=["human:anna", "rules"], split=SplitSettings())
    assert [record.id for _, record, _ in sqlite_store.set_members(frozen.digest)] == [new.id]

    ben.annotate(task, [*prediction["result"], written(BETTER.replace("hohes", "starkes")), *verdict("fix")])
    conflict = pull(sqlite_store, client, scheme, both)
    assert [(id, "human:anna and human:ben" in who) for id, who in conflict.conflicts] == [("d", True)]
    assert Verdict.ACCEPTED not in {sqlite_store.verdicts()[id] for id in ("d", new.id)}
