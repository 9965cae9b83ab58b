"""Which translations stand beside those that a person has corrected, and what is counted of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from curation.decision import Decision, Verdict
from curation.record import PROJECTION, Entity, Layer, Record, record_id
from curation.store import Store
from curation.text.revision import Revision
from curation.translate.corrected import CORRECTED, CorrectionNote, corrected_record, moved_layer
from curation.translate.standing import (
    CORRECTED_BESIDE,
    SIGNED,
    StoredTranslations,
    carried_to,
    count_carried,
    set_older_aside,
)
from curation.translate.translated import MADE, MadeTranslation

ENGLISH = Record(id="e", group="g", source="test", language="en", text="Fever and a cough.")
HOW = {"state": "agreed", "method": "marker", "score": 1.0, "agreeing": [], "part_of_word": False}
AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


def translation(text: str, by: str) -> Record:
    """A translation of the English record that a translator of this digest has made."""
    id = record_id(text, language="de", source_id=f"e {by}")
    plain = Record(id=id, group="g", source="test", language="de", text=text, translation_of="e")
    made = MadeTranslation(
        by=by,
        author=f"llm:{by}@1",
        text=MadeTranslation.digest_of(plain),
        original=MadeTranslation.digest_of(ENGLISH),
        segments=(((0, len(ENGLISH.text)), (0, len(text))),),
    )
    return plain.model_copy(update={"meta": {MADE: made.model_dump(mode="json")}})


FIRST, SECOND = translation("Fieber und Atem.", "one"), translation("Fieber mit Husten.", "two")


def marks(name: str, author: str, **provenance: object) -> Layer:
    fever = Entity.at(FIRST.text, 0, len("Fieber"), "signs_symptoms", id="T1")
    return Layer(record_id=FIRST.id, name=name, author=author, entities=(fever,), provenance=provenance)


@pytest.fixture
def corrected(sqlite_store: Store) -> Record:
    """The text that a person has written in the place of the first translation, as a pull leaves it."""
    carried = marks("gold", "llm:one@1", carried_from={"record": "e", "digest": "0"}, **{PROJECTION: {"T1": HOW}})
    layers = [carried, marks("human:anna", "human:anna")]
    revision = Revision.of(FIRST.text, "Fieber und Husten.")
    made = corrected_record(FIRST, revision, by="human:anna", at=AT)
    sqlite_store.add_records([ENGLISH, FIRST, SECOND, made])
    sqlite_store.add_layers([*layers, *(moved_layer(layer, revision, made) for layer in layers)])
    decide(sqlite_store, FIRST, Verdict.REJECTED, "policy:correction@1")
    decide(sqlite_store, made, Verdict.ACCEPTED, "human:anna")
    return made


def decide(store: Store, record: Record, verdict: Verdict, by: str) -> None:
    decision = Decision(record_id=record.id, verdict=verdict, by=by, reason="for the test")
    store.decide_on([record.id], lambda: [decision], taking_back=True)


def verdict(store: Store, record: Record) -> Verdict | None:
    return store.verdicts().get(record.id)


@pytest.mark.parametrize("by", ["one", "two", None])
def test_beside_a_corrected_translation_no_other_one_stands(
    sqlite_store: Store, corrected: Record, by: str | None
) -> None:
    assert set_older_aside(sqlite_store, "de", by) == 1
    assert sqlite_store.decisions()[SECOND.id].reason == CORRECTED_BESIDE
    assert verdict(sqlite_store, FIRST) is Verdict.REJECTED
    assert verdict(sqlite_store, corrected) is Verdict.ACCEPTED
    assert set_older_aside(sqlite_store, "de", by) == 0


def test_what_was_set_aside_does_not_come_back_beside_a_corrected_one(sqlite_store: Store, corrected: Record) -> None:
    decide(sqlite_store, SECOND, Verdict.REJECTED, SIGNED)
    assert set_older_aside(sqlite_store, "de", "two") == 0
    assert verdict(sqlite_store, SECOND) is Verdict.REJECTED
    # It does where nobody holds the corrected text any more.
    decide(sqlite_store, corrected, Verdict.REJECTED, "policy:correction@1")
    assert set_older_aside(sqlite_store, "de", "two") == 0
    assert verdict(sqlite_store, SECOND) is Verdict.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("of", "now", "by"),
    [("corrected", Verdict.NEEDS_REVIEW, "policy:correction@1"), ("second", Verdict.ACCEPTED, "human:ben")],
)
def test_what_people_have_to_settle_is_not_set_aside(
    sqlite_store: Store, corrected: Record, of: str, now: Verdict, by: str
) -> None:
    decide(sqlite_store, corrected if of == "corrected" else SECOND, now, by)
    for translator in ("one", "two", None):
        assert set_older_aside(sqlite_store, "de", translator) == 0
    assert verdict(sqlite_store, SECOND) is not Verdict.REJECTED


def test_a_corrected_translation_is_counted_with_what_was_carried_to_it(sqlite_store: Store, corrected: Record) -> None:
    set_older_aside(sqlite_store, "de")
    counts = count_carried(sqlite_store, "de")
    assert (counts.records, counts.layers, counts.entities) == (1, 1, 1)
    assert counts.as_json()["translators"] == {"human:anna": 1}
    assert corrected.id in carried_to(sqlite_store, ["de"], "gold")
    assert StoredTranslations.into(sqlite_store, "de").left_out["e"] == "have a translation that a person corrected"


def test_a_copy_without_identifiers_is_corrected_still(corrected: Record) -> None:
    note = CorrectionNote.on(corrected)
    assert note is not None
    assert note.at == AT
    masked = corrected.meta[CORRECTED] | {"at": "[DATE]T09:00:00Z", "by": "human:[NAME]"}
    copy = corrected.model_copy(update={"meta": {CORRECTED: masked}})
    assert CorrectionNote.on(copy) is not None
