"""BERTScore against the library `bert-score`, against the paper's formula, and where that library fails."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from curation.embeddings.encoder import packaged_encoder_path
from curation.errors import ConfigError
from curation.scheme import Scheme
from curation.scoring.bert_score import BertScore, BertScorer, read_baseline, token_weights
from curation.scoring.bert_scorers import BertScorers, bert_scores
from curation.scoring.entities import Resampling
from curation.scoring.tally import DocumentTally
from curation.scoring.token_vectors import TokenEncoder, load_token_encoder
from curation.settings import BertScoreSettings

pytestmark = pytest.mark.model

GOLDS = (
    "acute pulmonary embolism",
    "fever of 38.5 °C; cough",
    "Rückenschmerzen",
    "a",
    "the patient was given aspirin 100 mg daily and left on day 3",
    "acute pulmonary embolism",
)
PREDICTED = (
    "pulmonary embolism",
    "high temperature",
    "Rückenschmerz links",
    "b",
    "aspirin was administered to the patient",
    "  acute pulmonary embolism ",
)
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def encoder() -> TokenEncoder:
    return load_token_encoder()


def library(golds: Sequence[str], predicted: Sequence[str], **options: object) -> list[list[float]]:
    """Precision, recall and F1 of each pair by the library `bert-score` with the packaged encoder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bert_score import score

        parts = score(list(predicted), list(golds), model_type=str(packaged_encoder_path()), device="cpu", **options)
    return np.stack([part.numpy() for part in parts], axis=1).tolist()


def test_the_figures_are_those_of_bert_score(encoder: TokenEncoder) -> None:
    theirs = library(GOLDS, PREDICTED, num_layers=6)
    assert [list(score or ()) for score in BertScorer(encoder).score(GOLDS, PREDICTED)] == [
        pytest.approx(row, abs=TOLERANCE) for row in theirs
    ]


def test_an_earlier_layer_with_rare_tokens_and_a_baseline_too(tmp_path: Path) -> None:
    fourth = load_token_encoder(layer=4)
    path = tmp_path / "model.tsv"
    path.write_text("LAYER,P,R,F\n" + "".join(f"{layer},0.{layer}1,0.{layer}2,0.{layer}3\n" for layer in range(7)))
    theirs = library(
        GOLDS, PREDICTED, num_layers=4, idf=True, nthreads=0, lang="en", rescale_with_baseline=True,
        baseline_path=str(path),
    )  # fmt: skip
    scorer = BertScorer(fourth, weights=token_weights(fourth, GOLDS), baseline=read_baseline(path, 4))
    assert [list(score or ()) for score in scorer.score(GOLDS, PREDICTED)] == [
        pytest.approx(row, abs=TOLERANCE) for row in theirs
    ]
    assert scorer.signature.startswith("all-MiniLM-L6-v2, layer 4, idf, rescaled, transformers ")


def test_it_is_the_formula_of_the_paper(encoder: TokenEncoder) -> None:
    """Zhang et al. 2020, equation 1, with the vectors of a model that reads one text at a time."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(packaged_encoder_path())
    model = AutoModel.from_pretrained(packaged_encoder_path()).eval()

    def vectors(text: str) -> np.ndarray:
        with torch.inference_mode():
            rows = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    gold, predicted = vectors(GOLDS[4]), vectors(PREDICTED[4])
    alike = predicted @ gold.T
    # The first and the last token are the model's own: they may be matched, and do not count.
    precision, recall = alike.max(axis=1)[1:-1].mean(), alike.max(axis=0)[1:-1].mean()
    (found,) = BertScorer(encoder).score(GOLDS[4:5], PREDICTED[4:5])
    assert found == pytest.approx((precision, recall, 2 * precision * recall / (precision + recall)), abs=TOLERANCE)


def test_empty_texts_score_nothing_and_two_of_them_are_no_success(encoder: TokenEncoder) -> None:
    nothing = BertScore(0, 0, 0)
    found = BertScorer(encoder).score(["", "gout", " \n", "gout"], ["", "", "gout", "gout"])
    assert found[:3] == [None, nothing, nothing]
    assert found[3] == pytest.approx((1, 1, 1), abs=1e-6)


def test_what_stands_behind_the_window_counts(encoder: TokenEncoder) -> None:
    """The library cuts both texts after 512 tokens and calls them equal."""
    long = "The patient had a cough and was well. " * 80
    golds, predicted = [f"{long} She had a fracture."], [f"{long} He took aspirin for years."]
    theirs = library(golds, predicted, num_layers=6)
    (found,) = BertScorer(encoder).score(golds, predicted)
    assert theirs[0][2] == pytest.approx(1, abs=1e-5)
    assert found is not None
    assert 0.9 < found.f1 < 0.9995
    (same,) = BertScorer(encoder).score(golds, golds)
    assert same == pytest.approx((1, 1, 1), abs=1e-5)


def test_each_text_is_read_once(encoder: TokenEncoder) -> None:
    before = encoder.encoded
    scorer = BertScorer(encoder)
    scorer.score(["one of a kind"] * 50, ["another one"] * 50)
    scorer.score(["one of a kind"], ["another one"])
    assert encoder.encoded - before == 2


def test_batches_do_not_change_a_figure(encoder: TokenEncoder) -> None:
    together = BertScorer(load_token_encoder()).score(GOLDS, PREDICTED)
    apart = [load_token_encoder(window=40 + number) for number in range(2)]
    for number, (gold, predicted) in enumerate(zip(GOLDS, PREDICTED, strict=True)):
        (alone,) = BertScorer(apart[number % 2]).score([gold], [predicted])
        assert alone == pytest.approx(together[number], abs=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("LAYER,P,R,F\n1,0.1,0.1,0.1\n", "row of layer 6"),
        ("a,b\n1,2\n", "columns LAYER,P,R,F"),
        ("LAYER,P,R,F\n6,x,0.1,0.1\n", "row of layer 6"),
        ("LAYER,P,R,F\n6,1,1,1\n", "below 1"),
        ("LAYER,P,R,F\n6,nan,0.1,0.1\n", "below 1"),
        ("", "columns LAYER,P,R,F"),
    ],
)
def test_a_baseline_that_is_none_is_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.tsv"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_baseline(path, 6)
    with pytest.raises(ConfigError, match="FileNotFoundError"):
        read_baseline(tmp_path / "none.tsv", 6)


def test_a_layer_that_a_model_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="from 0 to 6, got 7"):
        load_token_encoder(layer=7)


def flat(scheme: Scheme, **facts: str) -> dict[str, str]:
    return {name: facts.get(name, "N/A") for name in scheme.names}


def measured(scheme: Scheme, settings: BertScoreSettings, *pairs: tuple[str, dict[str, str], dict[str, str] | None]):
    scorers = BertScorers(settings, sorted({language for language, _, _ in pairs}))
    tally = DocumentTally()
    for number, counts in enumerate(scorers.counts(pairs, scheme)):
        tally.add(str(number), counts)
    return scorers, bert_scores(tally, scheme=scheme, signatures=scorers.signatures, resampling=Resampling())


def test_german_without_a_multilingual_encoder_is_not_measured(scheme: Scheme) -> None:
    gout = flat(scheme, diagnosis="Gicht")
    scorers, found = measured(scheme, BertScoreSettings(), ("de", gout, gout))
    assert found is None
    assert "does not read de" in scorers.not_measured["de"]
    scorers, found = measured(scheme, BertScoreSettings(languages=("de",)), ("de", gout, gout), ("en", gout, gout))
    assert found is not None
    assert (found.pairs, list(found.signatures), list(scorers.not_measured)) == (1, ["de"], ["en"])


def test_absence_on_both_sides_is_left_out_and_on_one_side_scores_nothing(scheme: Scheme) -> None:
    gout, nothing = flat(scheme, diagnosis="gout", age="54"), flat(scheme)
    _, found = measured(
        scheme,
        BertScoreSettings(),
        ("en", gout, gout),
        ("en", gout, None),
        ("en", nothing, gout),
        ("en", nothing, nothing),
    )
    assert found is not None
    assert (found.pairs, found.f1) == (6, pytest.approx(1 / 3, abs=1e-6))
    assert found.per_category == {"age": pytest.approx(1 / 3), "diagnosis": pytest.approx(1 / 3)}


def test_languages_without_a_baseline_beside_one_with_are_not_measured(scheme: Scheme, tmp_path: Path) -> None:
    path = tmp_path / "en.tsv"
    path.write_text("LAYER,P,R,F\n6,0.5,0.5,0.5\n")
    gout = flat(scheme, diagnosis="gout")
    settings = BertScoreSettings(languages=("de", "en"), baselines={"en": str(path)})
    scorers, found = measured(scheme, settings, ("en", gout, gout), ("de", gout, gout))
    assert "no baseline for de" in scorers.not_measured["de"]
    assert found is not None
    assert found.f1 == pytest.approx(1)
