"""The data set's card tells what a reader has to know of the splits."""

from __future__ import annotations

import pytest
import yaml
from hostile_names import GOOD_NAMES, HOSTILE_NAMES, is_clean
from huggingface_hub import DatasetCard

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


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, *GOOD_NAMES])
def test_no_name_changes_what_the_card_says(name: str, view: ExportedSet, scheme: Scheme) -> None:
    counts = {name: 2, f"{name}|": 1}
    manifest = view.curated.manifest | {
        "layer": name,
        "languages": counts,
        "licences": counts,
        "categories": counts,
        "dropped": counts,
        "labels": {name: counts},
        "small_splits": [name],
        "split": {"stratify": [name]},
    }
    curated = CuratedSet(digest="abc", name=name or "a", version=2, manifest=manifest)
    own = scheme.model_copy(update={"name": name})
    written = dataset_card(
        ExportedSet(curated, own, view.members), ExportSettings(licence="CC-BY-4.0", pretty_name=name)
    )
    assert is_clean(written)
    front = yaml.safe_load(written.split("\n---\n")[0].removeprefix("---\n"))
    assert front["license"] == "CC-BY-4.0"
    read = DatasetCard(written)
    assert read.data.license == "CC-BY-4.0"
    assert read.text.strip().startswith("#")
    assert "licence of the records" in read.text
    markdown = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"html": True, "linkify": False})
    page = markdown.render(read.text)
    for tag in ("<script", "<img", "<a ", "<hr", "<strong"):
        assert tag not in page
    assert page.count("<h1>") == 1
    assert page.count("<table>") == 5


@pytest.mark.parametrize(
    ("licence", "id", "words"),
    [("apache-2.0", "apache-2.0", None), ("Our terms: ask\n---", "other", "Our terms: ask\\n---"), ("", "other", None)],
)
def test_the_licence_on_the_card_is_an_id(
    licence: str, id: str, words: str | None, view: ExportedSet, scheme: Scheme
) -> None:
    data = DatasetCard(dataset_card(view, ExportSettings(licence=licence))).data.to_dict()
    assert (data["license"], data.get("license_name")) == (id, words)
