"""Translations that people correct: a record in the place of the one that was shown, and who said what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from annotation.label_studio.exchange.corrections import POLICY, correct, take_back
from annotation.label_studio.exchange.verdicts import decide
from curation.decision import Verdict, on_layer
from curation.record import PROJECTION, Alignment, Entity, Layer, Record
from curation.store import Store
from curation.translate.corrected import CORRECTED, WRITTEN, CorrectionNote

SOURCE = "She had a high fever 🤒 and a cough.\r\nNo rash."
TEXT = "Sie hatte hohes Fieber 🤒 und A\u0308tem.\r\nKein Ausschlag."
BETTER = "Sie hatte hohes Fieber 🤒 und Husten.\nKein Ausschlag."
BEGAN = datetime(2026, 11, 30, 9, tzinfo=UTC)
#: How a place of a layer that was carried over was found.
MARKED = {"state": "single", "method": "marker", "score": 0.9, "agreeing": [], "part_of_word": False}


def entities(text: str, *wordings: str) -> tuple[Entity, ...]:
    places = [(wording, text.index(wording)) for wording in wordings]
    return tuple(
        Entity.at(text, start, start + len(wording), "signs_symptoms", id=f"T{number}")
        for number, (wording, start) in enumerate(places, 1)
    )


@pytest.fixture
def shown(sqlite_store: Store) -> Record:
    """A translation with a layer that was carried over, beside its original."""
    english = Record(id="e", group="g", source="test", language="en", text=SOURCE)
    made = {"translated": {"author": "llm:opus@1", "by": "x", "text": "", "original": "", "segments": []}}
    german = Record(
        id="d", group="g", source="test", language="de", text=TEXT, translation_of="e", meta={"ward": "3", **made}
    )
    sqlite_store.add_records([english, german])
    sqlite_store.add_layers(
        [
            Layer(
                record_id="d",
                name="gold",
                author="llm:opus@1",
                entities=entities(TEXT, "hohes Fieber", "A\u0308tem", "Ausschlag"),
                provenance={PROJECTION: dict.fromkeys(("T1", "T2", "T3"), MARKED)},
            )
        ]
    )
    return german


Answer = Callable[..., Layer]


@pytest.fixture
def answer(sqlite_store: Store, shown: Record) -> Answer:
    """What a person says of the translation, as a pull would store it."""

    def say(
        person: str, written: str | None, *, at: int = 0, verdict: str = "fix", wordings=("hohes Fieber",)
    ) -> Layer:
        provenance = {
            "project": "p",
            "annotation": {"anna": 1, "ben": 2}[person],
            "updated": str(at),
            "verdict": verdict,
            "reasons": ["translation"],
        }
        return Layer(
            record_id=shown.id,
            name=f"human:{person}",
            author=f"human:{person}",
            entities=entities(TEXT, *wordings),
            created=BEGAN + timedelta(minutes=at),
            provenance=provenance | ({} if written is None else {WRITTEN: written}),
        )

    return say


def corrected(store: Store) -> dict[str, Record]:
    return {record.text: record for record in store.records() if CORRECTED in record.meta}


def verdicts(store: Store) -> dict[str, Verdict]:
    return {id: decision.verdict for id, decision in store.decisions().items()}


def test_a_corrected_text_is_a_record_in_the_place_of_the_one_before(
    sqlite_store: Store, shown: Record, answer: Answer
) -> None:
    layer = answer("anna", BETTER, wordings=("hohes Fieber", "A\u0308tem"))
    done = correct(sqlite_store, layer)
    assert (done.made, done.lost, done.refused, done.conflict) == (True, 1, None, None)
    (new,) = corrected(sqlite_store).values()
    assert new.text == "Sie hatte hohes Fieber 🤒 und Husten.\r\nKein Ausschlag."
    assert (new.translation_of, new.group, new.language) == ("e", "g", "de")
    note = CorrectionNote.on(new)
    assert note == CorrectionNote(of="d", by="human:anna", at=BEGAN, translated_by="llm:opus@1")
    assert set(new.meta) == {"ward", CORRECTED}
    assert verdicts(sqlite_store) == {"d": Verdict.REJECTED, new.id: Verdict.ACCEPTED}
    assert sqlite_store.decisions()["d"].by == POLICY
    own, gold = sqlite_store.layer(new.id, "human:anna"), sqlite_store.layer(new.id, "gold")
    assert own is not None
    assert gold is not None
    assert [(entity.text, entity.alignment) for entity in own.entities] == [
        ("hohes Fieber", Alignment.EXACT),
        ("A\u0308tem", Alignment.NONE),
    ]
    states = {id: how["state"] for id, how in gold.provenance[PROJECTION].items()}
    assert states == {"T1": "single", "T2": "lost", "T3": "single"}
    assert gold.provenance[PROJECTION]["T3"] == MARKED
    assert gold.entities[2].spans == ((new.text.index("Ausschlag"), len(new.text) - 1),)
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {new.id: Verdict.ACCEPTED}
    again = correct(sqlite_store, layer)
    assert (again.made, len(corrected(sqlite_store))) == (False, 1)
    assert len(sqlite_store.decision_history("d")) == 1


@pytest.mark.parametrize(
    "written", [TEXT, TEXT.replace("\r\n", "\n"), f"\n{TEXT.replace(chr(776), '')}".replace("Atem", "Ätem"), None]
)
def test_an_unchanged_text_makes_nothing(sqlite_store: Store, answer: Answer, written: str | None) -> None:
    done = correct(sqlite_store, answer("anna", written))
    assert (done.made, done.refused, corrected(sqlite_store), verdicts(sqlite_store)) == (False, None, {}, {})


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "got an empty one"),
        (" \n\t", "got an empty one"),
        ("…", "got an empty one"),
        (TEXT[: len(TEXT) // 2], "expected the whole translation, got"),
        ("Sie hatte Fieber", "expected the whole translation, got"),
        (BETTER * 5, "expected a translation of"),
        ("Sie hatte hohes Fieber \ud83e und Husten. Kein Ausschlag.", "whole characters"),
        ("Sie hatte hohes Fieber \x00 und Husten. Kein Ausschlag.", "whole characters"),
    ],
)
def test_a_text_that_is_no_translation_is_refused_and_the_record_stays(
    sqlite_store: Store, answer: Answer, written: str, why: str
) -> None:
    done = correct(sqlite_store, answer("anna", written))
    assert done.refused is not None
    assert why in done.refused
    assert "Fieber" not in done.refused
    assert (corrected(sqlite_store), verdicts(sqlite_store)) == ({}, {})


def test_no_text_is_corrected_of_a_record_that_is_rejected_or_translates_none(
    sqlite_store: Store, answer: Answer
) -> None:
    rejected = correct(sqlite_store, answer("anna", BETTER, verdict="reject"))
    assert "the rejection counts" in str(rejected.refused)
    original = answer("anna", f"{SOURCE} Really.").model_copy(update={"record_id": "e", "entities": ()})
    assert "of a record that translates none" in str(correct(sqlite_store, original).refused)
    assert corrected(sqlite_store) == {}


def test_what_two_people_correct_otherwise_waits_for_a_person(sqlite_store: Store, answer: Answer) -> None:
    correct(sqlite_store, answer("anna", BETTER))
    other = BETTER.replace("hohes Fieber", "starkes Fieber")
    done = correct(sqlite_store, answer("ben", other))
    assert done.conflict is not None
    assert "human:anna and human:ben corrected the translation otherwise" in done.conflict
    assert len(corrected(sqlite_store)) == 2
    assert set(verdicts(sqlite_store).values()) == {Verdict.NEEDS_REVIEW}
    # Ben says the same as Anna now: there is one text again, and both stand for it.
    agreed = correct(sqlite_store, answer("ben", BETTER, at=5))
    assert agreed.conflict is None
    stands = {text: verdicts(sqlite_store)[record.id] for text, record in corrected(sqlite_store).items()}
    assert [verdict for text, verdict in stands.items() if "starkes" in text] == [Verdict.REJECTED]
    assert [verdict for text, verdict in stands.items() if "hohes" in text] == [Verdict.ACCEPTED]
    assert verdicts(sqlite_store)["d"] is Verdict.REJECTED
    (record,) = (record for text, record in corrected(sqlite_store).items() if "hohes" in text)
    assert {"human:anna", "human:ben"} <= {layer.name for layer in sqlite_store.layer_history(record.id)}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_text_that_one_corrects_and_another_rejects_waits_for_a_person(
    sqlite_store: Store, answer: Answer, is_first: bool
) -> None:
    rejection, correction = answer("ben", TEXT, verdict="reject"), answer("anna", BETTER)
    said = [(layer, correct(sqlite_store, layer)) for layer in ([rejection] if is_first else [correction])]
    sqlite_store.add_layers([layer for layer, _ in said])
    done = correct(sqlite_store, correction if is_first else rejection)
    assert "human:anna corrected the translation, human:ben rejected the record" in str(done.conflict)
    assert set(verdicts(sqlite_store).values()) == {Verdict.NEEDS_REVIEW}


@pytest.mark.parametrize("says", [{"written": TEXT}, {"written": BETTER, "verdict": "reject"}])
def test_the_person_may_correct_again_and_take_it_back(
    sqlite_store: Store, answer: Answer, says: dict[str, str]
) -> None:
    correct(sqlite_store, answer("anna", BETTER))
    correct(sqlite_store, answer("anna", BETTER.replace("Kein", "Kein roter"), at=1))
    texts = {text: verdicts(sqlite_store)[record.id] for text, record in corrected(sqlite_store).items()}
    assert sorted(texts.values()) == [Verdict.ACCEPTED, Verdict.REJECTED]
    assert next(verdict for text, verdict in texts.items() if "roter" in text) is Verdict.ACCEPTED
    correct(sqlite_store, answer("anna", at=2, **says))
    after = verdicts(sqlite_store)
    assert after.pop("d") is Verdict.NEEDS_REVIEW
    assert set(after.values()) == {Verdict.REJECTED}


def test_a_deleted_answer_takes_its_text_back(sqlite_store: Store, answer: Answer) -> None:
    layer = answer("anna", BETTER)
    correct(sqlite_store, layer)
    sqlite_store.add_layers([layer])
    decide(sqlite_store, layer)
    (new,) = corrected(sqlite_store).values()
    assert take_back(sqlite_store, "d", 1) == 1
    assert verdicts(sqlite_store)["d"] is Verdict.NEEDS_REVIEW
    assert verdicts(sqlite_store)[new.id] is not Verdict.ACCEPTED
    assert sqlite_store.verdicts(subject=on_layer("human:anna"))[new.id] is Verdict.NEEDS_REVIEW
    assert take_back(sqlite_store, "d", 1) == 0
