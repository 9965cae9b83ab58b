"""Labels of whole documents are learnt, saved, and given by the adapter as an annotator."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.errors import NothingToGoByError, UsageError
from curation.record import Layer, Record
from curation.scheme import DocumentLabel, Scheme
from curation.stage import Item
from curation.tagging.words import Splitter
from training.document_labels import check, labelled_texts, train_classifier
from training.examples import Pair
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob

pytestmark = pytest.mark.model

SCHEME = Scheme(
    name="smoking",
    languages=("en", "de"),
    labels=(
        DocumentLabel(name="smoking", values=("smoker", "never", "unknown")),
        DocumentLabel(name="state", values=("acute", "chronic")),
    ),
)
SAID = {
    "smoker": ("She smokes twenty cigarettes a day.", "Er raucht zwanzig Zigaretten am Tag."),
    "never": ("She has never touched tobacco.", "Er hat nie Tabak angefasst."),
}


def pair(number: int, value: str, text: str, **labels: str) -> Pair:
    record = Record(id=f"r{number}", group=f"r{number}", source="t", language="en", text=text)
    return record, Layer(record_id=record.id, name="gold", author="gold", labels={"smoking": value, **labels})


PAIRS = [
    pair(number, value, f"{'Seen in clinic. ' * (number % 4)}{texts[number % 2]}")
    for number, (value, texts) in enumerate(list(SAID.items()) * 6)
]


@pytest.fixture(scope="module")
def trained(place: Path, quick_settings: TrainingSettings) -> Trained:
    job = TrainingJob(PAIRS, PAIRS[:4], SCHEME, quick_settings, place / "adapters" / "smoking")
    return train_classifier(job)


def test_labels_are_learnt_and_the_best_epoch_is_kept(trained: Trained) -> None:
    manifest = trained.manifest
    assert max(trained.history) == 1.0
    assert (manifest.task, manifest.model) == ("labels", "classifier")
    assert manifest.document_labels == {"smoking": ("smoker", "never")}, "values that never occur are not guessed"
    assert manifest.categories == ()
    view = manifest.training["view"]
    assert isinstance(view, dict)
    assert view["never_seen"] == ["smoking=unknown", "state=acute", "state=chronic"]
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert "text-classification" in card
    assert "| smoking | 1.000 | 1.000 | 4 |" in card
    assert "cigarettes" not in card


def test_the_adapter_annotates_texts_of_any_length(trained: Trained) -> None:
    annotator = AdapterAnnotator(trained.folder, SCHEME)
    assert annotator.unserved("en") == ("state",)
    long = pair(90, "smoker", "She smokes twenty cigarettes a day. " * 30)[0]
    empty = Record(id="e", group="e", source="t", language="en", text="")
    records = [*(record for record, _ in PAIRS), long, empty]
    layers = [result.layers[0] for result in annotator([Item(record) for record in records])]
    assert [layer.labels.get("smoking") for layer in layers] == [
        *(layer.labels["smoking"] for _, layer in PAIRS),
        "smoker",
        None,
    ]
    scores = layers[0].provenance["label_scores"]
    assert isinstance(scores, dict)
    assert 0.5 < float(str(scores["smoking"])) <= 1
    sure = AdapterAnnotator(trained.folder, SCHEME, AdapterSettings(threshold=1.0))
    assert all(result.layers[0].labels == {} for result in sure([Item(empty)]))


def test_an_adapter_with_labels_of_another_scheme_is_refused(trained: Trained) -> None:
    other = Scheme(name="other", labels=(DocumentLabel(name="smoking", values=("smoker", "no")),))
    with pytest.raises(UsageError, match="document labels of the scheme other, got smoking=never"):
        AdapterAnnotator(trained.folder, other)


def test_one_value_alone_teaches_nothing(place: Path, quick_settings: TrainingSettings) -> None:
    job = TrainingJob(PAIRS[:1], (), SCHEME, quick_settings, place / "adapters" / "none")
    with pytest.raises(NothingToGoByError, match="two values of a document label, got 1 labelled"):
        train_classifier(job)


def test_a_check_counts_records_without_label_and_texts_without_words(quick_settings: TrainingSettings) -> None:
    blank = pair(50, "never", " \n", state="acute")
    bare = (pair(51, "x", "Text.")[0], Layer(record_id="r51", name="gold", author="gold"))
    found = check([*PAIRS, blank, bare], SCHEME, quick_settings)
    assert (found.records, found.rows, found.negatives) == (14, 12, 1)
    assert found.lost == {"of a text without words": 2}
    assert found.oracle == pytest.approx(12 / 14)
    with pytest.raises(UsageError, match="smoking\\.nonsense"):
        check([pair(1, "nonsense", "Text.")], SCHEME, quick_settings)


def test_several_labels_keep_their_own_values(tiny_encoder: Path) -> None:
    both = [pair(1, "never", "One.", state="acute"), pair(2, "unknown", "Two.", state="chronic"), pair(3, "never", "3")]
    texts = labelled_texts(both, SCHEME, splitter=Splitter(tiny_encoder / "tokenizer.json"), window=64)
    assert texts.values == {"smoking": ("never", "unknown"), "state": ("acute", "chronic")}
    assert [texts.read(number)[1] for number in range(3)] == [[0, 0], [1, 1], [0, -100]]
