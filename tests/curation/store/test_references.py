"""People name records by what they have at hand; a name for several is never a guess."""

from __future__ import annotations

import pytest

from curation.decision import Verdict
from curation.errors import UsageError, unknown_name
from curation.record import Record, record_id
from curation.store import Store
from curation.store.references import RecordFilter


def record(number: int, source_id: str | None, *, language: str = "en", **fields: str) -> Record:
    text = f"Text number {number}."
    meta = {} if source_id is None else {"source_id": source_id}
    id = record_id(text, language=language, source_id=source_id or "")
    return Record(id=id, group=fields.get("group", id), source="test", language=language, text=text, meta=meta)


@pytest.fixture
def records(store: Store) -> list[Record]:
    found = [record(1, "case-1"), record(2, "case-2"), record(3, "7"), record(4, "7", language="de"), record(5, None)]
    store.add_records(found)
    return found


def test_a_source_id_a_hash_and_its_first_letters_stand_for_one_record(store: Store, records: list[Record]) -> None:
    for sought in records:
        assert store.find_record(sought.id) == store.find_record(sought.id[:8]) == sought.id
        assert store.find_record(sought.id[:8].upper()) == sought.id
    assert store.find_record("case-2") == records[1].id
    assert store.source_ids([records[0].id, records[4].id, "none"]) == {records[0].id: "case-1"}


@pytest.mark.parametrize("reference", ["", "case", "case-%", "nobody", "%%%%", "____"])
def test_a_name_of_none_is_refused(store: Store, records: list[Record], reference: str) -> None:
    with pytest.raises(UsageError, match="expected a record, got"):
        store.find_record(reference)


def test_the_first_letters_of_a_hash_must_be_enough(store: Store, records: list[Record]) -> None:
    with pytest.raises(UsageError, match="the first 4 or more letters"):
        store.find_record(records[4].id[:3])


def test_a_name_of_several_is_refused_and_tells_them(store: Store, records: list[Record]) -> None:
    with pytest.raises(UsageError, match="'7' stands for several") as refused:
        store.find_record("7")
    for several in records[2:4]:
        assert f"{several.id} (test, {several.language})" in str(refused.value)


def test_an_exact_name_goes_before_the_first_letters_of_another(store: Store, records: list[Record]) -> None:
    named = record(6, records[0].id[:6])
    store.add_records([named])
    assert store.find_record(records[0].id[:6]) == named.id


def test_records_are_chosen_by_what_they_have(store: Store, records: list[Record]) -> None:
    assert store.chosen_ids(RecordFilter()) == [one.id for one in records]
    assert store.chosen_ids(RecordFilter(language="de", source="test")) == [records[3].id]
    assert store.chosen_ids(RecordFilter(group=records[0].id)) == [records[0].id]
    assert store.chosen_ids(RecordFilter(verdict=Verdict.REJECTED)) == []


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (RecordFilter(language="dee"), "expected a language of a record, got 'dee'; did you mean de"),
        (RecordFilter(source="tets"), "did you mean test"),
        (RecordFilter(group="nobody"), "expected a group of a record"),
        (RecordFilter(layer="rules"), "expected a layer of the store, got 'rules'; there are: none yet"),
    ],
)
def test_what_no_record_has_is_refused(store: Store, records: list[Record], chosen: RecordFilter, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        store.chosen_ids(chosen)


def test_an_unknown_name_tells_the_nearest_and_not_too_many() -> None:
    assert str(unknown_name("a verdict", "Acepted", ["accepted", "rejected"])) == (
        "expected a verdict, got 'Acepted'; did you mean accepted? there are: accepted, rejected"
    )
    assert str(unknown_name("a layer", "x", map(str, range(100, 150)))).endswith("138, 139 and 10 more")
