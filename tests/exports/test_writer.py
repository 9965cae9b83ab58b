from __future__ import annotations

from dataclasses import replace

import pytest

from curation.deidentify.identifiers.surrogate_marks import MARK
from curation.egress.gate import Gate, Passage
from curation.egress.settings import Destination, PrivacyPolicy, PrivacySettings
from curation.errors import EgressBlockedError
from curation.store import Store
from exports.card import dataset_card
from exports.settings import ExportSettings
from exports.writer import ExportedSet, let_out


@pytest.fixture
def passage(sqlite_store: Store) -> Passage:
    settings = PrivacySettings(policy=PrivacyPolicy.BLOCK)
    return Gate(settings, sqlite_store, notify=lambda line: None).passage(Destination.EXPORT, "out")


def test_a_set_without_identifiers_leaves(view: ExportedSet, passage: Passage, sqlite_store: Store):
    (leaving,) = let_out([view], passage)
    assert [record.id for split in view.curated.splits for record, _ in leaving.members(split)] == [
        record.id for split in view.curated.splits for record, _ in view.members(split)
    ]
    (line,) = sqlite_store.egress()
    assert (line.texts, line.refused, len(line.records)) == (3, 0, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Mr. Holloway has pain in the left and right knee."},
        {"meta": {"file": {"names": ["Karin Lindemann, report"]}}},
        {"licence": "CC0", "meta": {"ward": "Mrs. Karin Lindemann"}},
    ],
)
def test_what_holds_an_identifier_keeps_the_set_here(view: ExportedSet, passage: Passage, change):
    (record, layer), *rest = view.members("test")
    layer = layer.model_copy(update={"entities": (), "relations": ()})
    changed = [(record.model_copy(update=change), layer), *rest]
    with pytest.raises(EgressBlockedError, match=r"1 of 3 texts hold 1 .*: r3 \(1\)\. None of them"):
        let_out(
            [replace(view, members=lambda split: iter(changed if split == "test" else view.members(split)))], passage
        )


def test_what_a_source_calls_a_record_and_its_group_does_not_leave(view: ExportedSet, passage: Passage):
    named = {"group": "Mrs. Karin Lindemann", "meta": {"source_id": "Karin Lindemann, report", "kept": "as it is"}}
    own = [(record.model_copy(update=named), layer) for record, layer in view.members("test")]
    (leaving,) = let_out(
        [replace(view, members=lambda split: iter(own if split == "test" else view.members(split)))], passage
    )
    members = [record for record, _ in leaving.members("test")]
    assert {record.group for record in members} == {own[0][0].id}
    assert [record.meta for record in members] == [{"kept": "as it is"}] * len(own)


def test_the_offsets_of_surrogates_stay_here(view: ExportedSet, passage: Passage):
    record, layer = next(iter(view.members("train")))
    marked = record.model_copy(update={"meta": {MARK: {"mode": "surrogate", "places": ["2-13:AGE"]}}})
    (leaving,) = let_out([replace(view, members=lambda split: iter([(marked, layer)]))], passage)
    assert next(iter(leaving.members("train")))[0].meta == {MARK: {"mode": "surrogate"}}


@pytest.mark.parametrize(
    ("policy", "text", "holding", "said"),
    [
        ("report", "Mr. Holloway has pain in the left and right knee.", 1, "**1 of 3 records hold what may identify"),
        ("report", "Pain in the left and right knee.", 0, "found nothing in these 3 records"),
        ("allow", "Mr. Holloway has pain in the left and right knee.", None, "were not searched"),
    ],
)
def test_the_set_and_its_card_say_whether_identifiers_are_in_it(view, sqlite_store, policy, text, holding, said):
    (record, layer), *rest = view.members("test")
    layer = layer.model_copy(update={"entities": (), "relations": ()})
    changed = [(record.model_copy(update={"text": text}), layer), *rest]
    others = replace(view, members=lambda split: iter(changed if split == "test" else view.members(split)))
    settings = PrivacySettings(policy="block", destinations={"export": policy})
    passage = Gate(settings, sqlite_store, notify=lambda line: None).passage(Destination.EXPORT, "out")
    (leaving,) = let_out([others], passage)
    assert leaving.with_identifiers == holding
    assert said in dataset_card(leaving, ExportSettings())
