"""A trained adapter annotates: the layers it writes, and when its results go stale."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.errors import UsageError
from curation.record import Layer, Record, check_layer
from curation.scheme import DEFAULT_SCHEME, Scheme
from curation.stage import Item
from training.encoder import train
from training.settings import TrainingSettings

pytestmark = pytest.mark.model

Make = Callable[..., tuple[Record, Layer]]

TEXTS = (
    "A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms} and [chest pain]{signs_symptoms}.",
    "The [boy]{gender} 🙂 had [a dry cough]{signs_symptoms} with [fever]{signs_symptoms}.",
    "A [61-year-old]{age} [man]{gender} had [gout]{diagnosis} and [chest pain]{signs_symptoms}.",
)


@pytest.fixture(scope="module")
def adapter(annotated: Make, scheme: Scheme, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an adapter that knows TEXTS."""
    settings = TrainingSettings(epochs=40, batch_size=3, window=24, stride=8, rank=8, alpha=16, threads=1)
    pairs = [annotated(text) for text in TEXTS]
    return train(pairs, scheme=scheme, settings=settings, to=tmp_path_factory.mktemp("a") / "small").folder


def test_an_adapter_writes_layers_that_fit_their_records(adapter: Path, scheme: Scheme, annotated: Make) -> None:
    pairs = [annotated(text) for text in TEXTS]
    annotator = AdapterAnnotator(adapter, scheme, AdapterSettings())
    results = annotator([Item(record) for record, _ in pairs])
    assert [result.record_id for result in results] == [record.id for record, _ in pairs]
    for (record, gold), result in zip(pairs, results, strict=True):
        (layer,) = result.layers
        check_layer(record, layer, categories=scheme.by_name)
        assert [(e.category, e.spans) for e in layer.entities] == [(e.category, e.spans) for e in gold.entities]
        assert all(entity.score and 0.5 < entity.score <= 1 for entity in layer.entities)
        assert (layer.name, layer.author) == ("adapter", annotator.manifest.author)
        assert layer.provenance["scheme_as_trained"] is True


def test_an_adapter_of_another_scheme_says_where_its_own_is(adapter: Path, scheme: Scheme, tmp_path: Path) -> None:
    narrow = Scheme(name="narrow", categories=scheme.categories[:1])
    with pytest.raises(UsageError, match=r"got diagnosis.*; use the scheme .* that it was trained on"):
        AdapterAnnotator(adapter, narrow)
    joined = tmp_path / "joined"
    shutil.copytree(adapter, joined)
    shutil.copyfile(DEFAULT_SCHEME, joined / "scheme.yaml")
    with pytest.raises(UsageError, match=r'curate\.toml: \[curation\] scheme = ".*joined/scheme\.yaml"'):
        AdapterAnnotator(joined, narrow)


def test_a_threshold_leaves_out_what_is_less_sure(adapter: Path, scheme: Scheme, annotated: Make) -> None:
    record, _ = annotated(TEXTS[0])
    found = AdapterAnnotator(adapter, scheme)([Item(record)])[0].layers[0].entities
    middle = sorted(entity.score or 0 for entity in found)[1]
    sure = AdapterAnnotator(adapter, scheme, AdapterSettings(threshold=middle))([Item(record)])[0].layers[0]
    assert [entity.spans for entity in sure.entities] == [
        entity.spans for entity in found if (entity.score or 0) >= middle
    ]


def test_the_fingerprint_follows_what_results_depend_on(adapter: Path, scheme: Scheme) -> None:
    plain = AdapterAnnotator(adapter, scheme)
    assert plain.fingerprint == AdapterAnnotator(adapter, scheme).fingerprint
    other = [
        AdapterAnnotator(adapter, scheme, AdapterSettings(threshold=0.5)),
        AdapterAnnotator(adapter, scheme, layer="second"),
    ]
    assert len({plain.fingerprint, *(one.fingerprint for one in other)}) == 3
    assert AdapterAnnotator(adapter, scheme, AdapterSettings(batch_size=2)).fingerprint == plain.fingerprint


def test_an_empty_record_has_an_empty_layer(adapter: Path, scheme: Scheme) -> None:
    record = Record(id="r", group="r", source="test", language="en", text="")
    assert AdapterAnnotator(adapter, scheme)([Item(record)])[0].layers[0].entities == ()


def test_an_adapter_of_another_scheme_is_refused_before_any_work(adapter: Path, scheme: Scheme) -> None:
    narrow = scheme.model_copy(update={"categories": scheme.categories[:1]})
    with pytest.raises(UsageError, match="expected categories of the scheme clinical-summary, got diagnosis"):
        AdapterAnnotator(adapter, narrow)
    with pytest.raises(UsageError, match="curate train"):
        AdapterAnnotator(adapter.parent / "nowhere", scheme)
