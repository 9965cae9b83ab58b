"""Document labels from a few labelled texts, with the packaged encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.few_shot.annotator import FewShotAnnotator
from annotation.few_shot.example_sentences import ExampleSentences, LabelledText, load_examples
from curation.errors import ConfigError
from curation.record import Record
from curation.scheme import DocumentLabel, Scheme, load_scheme
from curation.stage import Item

pytestmark = pytest.mark.model

LABEL = DocumentLabel(name="pain", values=("yes", "no"))
SCHEME = Scheme(name="pain", labels=(LABEL,))
TEXTS = (
    ("He has severe pain in the back.", "yes"),
    ("She complains of a painful knee.", "yes"),
    ("It hurts a great deal when he walks.", "yes"),
    ("He is free of pain.", "no"),
    ("She has no pain at all.", "no"),
    ("There is nothing that hurts.", "no"),
)
EXAMPLES = ExampleSentences(
    language="en",
    sentences=(),
    documents=tuple(LabelledText(text=text, labels={"pain": value}) for text, value in TEXTS),
)


def item(text: str, language: str = "en") -> Item:
    return Item(Record(id=text[:8] or "empty", group="g", source="test", language=language, text=text))


def test_labelled_texts_teach_labels_and_the_scores_are_kept():
    annotator = FewShotAnnotator(SCHEME, examples={"en": EXAMPLES})
    assert annotator.unserved("en") == ()
    found = annotator([item("Her shoulder has been painful."), item("He has no pain.")])
    layers = [layer for result in found for layer in result.layers]
    assert [layer.labels for layer in layers] == [{"pain": "yes"}, {"pain": "no"}]
    assert all(0.5 <= layer.provenance["label_scores"]["pain"] <= 1 for layer in layers)
    assert all(layer.entities == () for layer in layers)


@pytest.mark.parametrize("text", ["", " \n", "🤒", "." * 5000])
def test_odd_texts_do_no_harm(text):
    (result,) = FewShotAnnotator(SCHEME, examples={"en": EXAMPLES})([item(text)])
    assert result.error is None
    assert set(result.layers[0].labels) == {"pain"}


def test_what_examples_do_not_teach_is_told():
    wider = load_scheme().model_copy(update={"labels": (LABEL, DocumentLabel(name="gait", values=("a", "b")))})
    told = FewShotAnnotator(wider, examples={"en": EXAMPLES}).unserved("en")
    assert told == (*load_scheme().names, "gait")
    assert FewShotAnnotator(wider, examples={"en": EXAMPLES}).unserved("fr") == wider.flat_keys
    alone = EXAMPLES.model_copy(update={"documents": EXAMPLES.documents[:3]})
    assert FewShotAnnotator(SCHEME, examples={"en": alone}).unserved("en") == ("pain",), "one value teaches nothing"


def test_a_value_that_the_scheme_lacks_is_refused_before_any_work():
    wrong = EXAMPLES.model_copy(update={"documents": (LabelledText(text="x", labels={"pain": "some"}),)})
    with pytest.raises(ConfigError, match=r"expected values of pain \(yes, no\), got some"):
        FewShotAnnotator(SCHEME, examples={"en": wrong}).unserved("en")


def test_other_labelled_texts_change_the_fingerprint_and_sentences_alone_keep_it(tmp_path: Path):
    other = ExampleSentences(language="en", sentences=(), documents=EXAMPLES.documents[1:])
    assert EXAMPLES.digest != other.digest
    assert (
        FewShotAnnotator(SCHEME, examples={"en": EXAMPLES}).fingerprint
        != FewShotAnnotator(SCHEME, examples={"en": other}).fingerprint
    )
    (tmp_path / "en.yaml").write_text("documents: [{text: a, labels: {pain: yes}}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="labels"):
        load_examples("en", folder=tmp_path)
    (tmp_path / "en.yaml").write_text("documents: []\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected sentences or documents, found neither"):
        load_examples("en", folder=tmp_path)
