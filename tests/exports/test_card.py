"""The data set's card tells what a reader has to know of the splits."""

from __future__ import annotations

from curation.scheme import Scheme
from curation.store.sets import CuratedSet
from exports.card import dataset_card
from exports.settings import ExportSettings
from exports.writer import ExportedSet


def test_small_and_stratified_splits_are_on_the_card(view: ExportedSet, scheme: Scheme) -> None:
    more = {"small_splits": ["the split test has one record only"], "split": {"stratify": ["smoking", "language"]}}
    curated = CuratedSet(digest="abc", name="cases", version=2, manifest=view.curated.manifest | more)
    card = dataset_card(ExportedSet(curated, scheme, view.members), ExportSettings())
    assert "Note: the split test has one record only." in card
    assert "The splits are stratified by `smoking`, `language`." in card
    assert "Note:" not in dataset_card(view, ExportSettings())
