"""Models of the user that look for identifiers too: tiny real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.deidentify.identifiers.analyzer import find_identifiers, identifiers_of
from curation.deidentify.identifiers.identifier import COUNTED, IdentifierKind
from curation.deidentify.identifiers.recognisers import RecogniserSettings
from curation.errors import ConfigError
from curation.record import Record

pytestmark = pytest.mark.model

TEXT = "Gestern sprach vrenelimann mit uns. Frau Lindemann kam."


@pytest.fixture(scope="module")
def spacy_pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    import spacy

    nlp = spacy.blank("de")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "PER", "pattern": "vrenelimann"}, {"label": "X", "pattern": "uns"}]
    )
    folder = tmp_path_factory.mktemp("spacy") / "names"
    nlp.to_disk(folder)
    return str(folder)


@pytest.fixture(scope="module")
def token_classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A classifier of words whose weights are set by hand: it marks one word as PER, however long the text is."""
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "vrenelimann", "gestern"]
    BertTokenizerFast(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=32, id2label={0: "O", 1: "B-PER"}, label2id={"O": 0, "B-PER": 1},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        for module in model.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.fill_(1)
        model.bert.embeddings.word_embeddings.weight[4] = torch.tensor([9.0, -9.0, 0.0, 0.0])
        model.classifier.weight[1] = torch.tensor([9.0, -9.0, 0.0, 0.0])
        model.classifier.bias[0] = 5
    model.save_pretrained(folder, safe_serialization=True)
    return str(folder)


def recogniser(kind: str, path: str, **changes: object) -> RecogniserSettings:
    return RecogniserSettings.model_validate({"kind": kind, "path": path, "labels": {"PER": "NAME"}, **changes})


def names(text: str, *recognisers: RecogniserSettings, language: str = "de") -> list[str]:
    found = find_identifiers(text, language=language, recognisers=recognisers)
    return [text[one.start : one.end] for one in found if one.kind is IdentifierKind.NAME]


def test_the_spans_of_a_spacy_pipeline_are_merged(spacy_pipeline: str) -> None:
    assert names(TEXT) == ["Lindemann"]
    assert names(TEXT, recogniser("spacy", spacy_pipeline)) == ["vrenelimann", "Lindemann"]


def test_the_spans_of_a_token_classifier_are_merged_in_long_texts_too(token_classifier: str) -> None:
    assert names(TEXT, recogniser("transformers", token_classifier)) == ["vrenelimann", "Lindemann"]
    assert names("gestern " * 100 + "vrenelimann", recogniser("transformers", token_classifier)) == ["vrenelimann"]


def test_offsets_are_those_of_the_text_as_it_is(spacy_pipeline: str) -> None:
    assert names("Gestern sprach vreneli­mann.", recogniser("spacy", spacy_pipeline)) == ["vreneli­mann"]


def test_other_languages_labels_and_low_scores_are_passed_over(spacy_pipeline: str) -> None:
    assert names(TEXT, recogniser("spacy", spacy_pipeline, languages=["en"])) == ["Lindemann"]
    assert names(TEXT, recogniser("spacy", spacy_pipeline, labels={"LOC": "CITY"})) == ["Lindemann"]
    assert names(TEXT, recogniser("spacy", spacy_pipeline, least=0.9)) == ["Lindemann"]


def test_records_are_read_with_them(spacy_pipeline: str) -> None:
    record = Record(id="r", group="r", source="test", language="de", text=TEXT)
    assert len(identifiers_of(record, COUNTED, [recogniser("spacy", spacy_pipeline)])) == 2


@pytest.mark.parametrize("kind", ["spacy", "transformers"])
def test_a_folder_that_is_no_model_is_an_error_with_its_name(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"expected a {kind} model on this machine at .*{tmp_path.name}"):
        names(TEXT, recogniser(kind, str(tmp_path)))
