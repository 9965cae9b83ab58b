"""Thresholds per class: chosen on validation records, kept with the adapter, and the same for whoever annotates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotation.adapter import AdapterAnnotator
from curation.adapters.predictors import load_predictor
from curation.embeddings.encoder import packaged_encoder_path
from curation.errors import UsageError
from curation.record import Layer
from curation.scheme import Scheme
from curation.scoring.entities import score_entities
from curation.stage import Item
from curation.tagging.folder import MANIFEST, load_tagger
from curation.tagging.tagger import Tagger, to_entities
from curation.tagging.words import Pieces, Splitter
from pipeline.commands.train import say_scores
from training.encoder import scored, train
from training.examples import Pair
from training.settings import TrainingSettings
from training.thresholds import LEAST_ENTITIES, chosen_thresholds

Marked = Callable[..., Pair]

LABELS = ("O", "B-age", "I-age", "B-gender", "I-gender")
#: The model's log-probabilities by the word: of "O", and of the beginning of an age and of a gender. Unsure ages are
#: right, unsure genders are wrong.
SCORES = {
    "Nora": (-0.1, -4.0, -4.0),
    "aged": (-0.1, -3.5, -4.0),
    "sixty": (-0.6, -0.9, -4.0),
    "eighty": (-4.0, -0.1, -4.0),
    "woman": (-4.0, -4.0, -0.1),
    "clinic": (-0.8, -4.0, -0.7),
}


class ScriptedTagger(Tagger):
    """Gives the scores above, in the place of an encoder."""

    def scores(self, texts):  # type: ignore[no-untyped-def]
        """As `Tagger.scores`."""
        self.model.append(len(texts))
        return [(pieces, self._given(pieces)) for pieces in self.splitter(texts)]

    def _given(self, pieces: Pieces) -> np.ndarray:
        given = np.full((len(pieces.words), len(LABELS)), -9.0, dtype=np.float32)
        for number, (start, end) in enumerate(pieces.words):
            outside, age, gender = SCORES.get(pieces.text[start:end], (-0.1, -5.0, -5.0))
            given[number, [0, 1, 3]] = outside, age, gender
        return given


@pytest.fixture
def scripted() -> ScriptedTagger:
    splitter = Splitter(packaged_encoder_path() / "tokenizer.json")
    return ScriptedTagger([], splitter, LABELS, 64, 16)


@pytest.fixture(scope="module")
def validation(annotated: Marked) -> list[Pair]:
    """As many records as have to be there: in each an age that is missed and a gender that is invented."""
    text = "Nora, aged [sixty]{{age}}, a [woman]{{gender}}, came to the clinic on day {}."
    return [annotated(text.format(number)) for number in range(LEAST_ENTITIES)]


@pytest.mark.model
def test_what_is_missed_is_raised_and_what_is_invented_is_lowered(
    scripted: ScriptedTagger, validation: list[Pair], scheme: Scheme
) -> None:
    found = chosen_thresholds(scripted, validation, scheme)
    assert found is not None
    assert found.biases == {"age": 0.5, "gender": -0.25}, "the least that does it"
    assert (found.before, found.after) == (pytest.approx(0.5), 1.0)
    assert found.too_few == ()
    assert scripted.model == [LEAST_ENTITIES], "the encoder reads each record once"
    with_them = replace(scripted, biases=found.biases)
    record, gold = validation[0]
    (spans,) = with_them([record.text])
    assert [(span.category, record.text[slice(*span.spans[0])]) for span in spans] == [
        ("age", "sixty"),
        ("gender", "woman"),
    ]
    assert spans[0].score == pytest.approx(np.exp(-0.9), abs=1e-3), "the model's own probability"
    predicted = Layer(record_id=record.id, name="t", author="t", entities=to_entities(record.text, spans))
    assert score_entities([gold], [predicted], scheme=scheme).strict.micro.f1 == 1.0


@pytest.mark.model
def test_what_rests_on_one_record_is_no_reason(scripted: ScriptedTagger, annotated: Marked, scheme: Scheme) -> None:
    sure = [annotated(f"Nora, aged [eighty]{{age}}, came on day {number}.") for number in range(LEAST_ENTITIES)]
    missed = [annotated(f"Nora, aged [sixty]{{age}}, came on day {number}.") for number in range(LEAST_ENTITIES)]
    by_one = chosen_thresholds(scripted, [*sure, missed[0]], scheme)
    by_many = chosen_thresholds(scripted, [*sure, *missed], scheme)
    assert by_one is not None
    assert by_many is not None
    assert (by_one.biases, by_many.biases) == ({}, {"age": 0.5})
    assert by_one.after == by_one.before < 1 == by_many.after


@pytest.mark.model
def test_a_category_with_few_entities_keeps_its_scores(
    scripted: ScriptedTagger, validation: list[Pair], scheme: Scheme
) -> None:
    found = chosen_thresholds(scripted, validation[1:], scheme)
    assert found is not None
    assert (found.biases, found.too_few) == ({}, ("age", "gender"))
    assert found.before == found.after
    assert chosen_thresholds(scripted, [], scheme) is None


@pytest.mark.model
@pytest.mark.parametrize(
    "changes",
    [{}, {"heads": "category", "crf": True}, {"members": 2}],
    ids=["plain", "heads with crf", "members"],
)
def test_an_adapter_keeps_its_thresholds(
    validation: list[Pair],
    scheme: Scheme,
    quick_settings: TrainingSettings,
    place: Path,
    changes: dict[str, object],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Two steps: what comes out of the encoder is nearly "outside" everywhere, so that raised labels find something.
    monkeypatch.setattr("training.thresholds.GRID", (0.0, 0.5, -0.5, 2.0, 4.0))
    settings = quick_settings.model_copy(update={"epochs": 2, "batch_size": 16, **changes})
    to = place / "adapters" / f"thresholds-{'-'.join(changes)}"
    plain = train(validation, validation, scheme=scheme, settings=settings, to=to)
    author = plain.manifest.author
    trained = train(
        validation, validation, scheme=scheme, settings=settings.model_copy(update={"thresholds": True}), to=to
    )
    told = trained.manifest.details["thresholds"]
    assert isinstance(told, dict)
    assert trained.manifest.weights_digest == plain.manifest.weights_digest
    assert trained.manifest.biases == told["biases"] != {}
    assert trained.manifest.author != author, "other answers are another author's"
    tagger, manifest = load_tagger(trained.folder)
    assert tagger.biases == manifest.biases
    scores = scored(tagger, validation, scheme)
    assert scores.strict.micro.f1 == pytest.approx(told["f1_after"], abs=1e-6)
    assert told["f1_after"] > told["f1_before"]  # type: ignore[operator]
    assert scored(replace(tagger, biases={}), validation, scheme).strict.micro.f1 == pytest.approx(
        told["f1_before"], abs=1e-6
    )
    assert manifest.metrics["validation"]["strict"]["micro"]["f1"] == scores.strict.micro.f1  # type: ignore[index, call-overload]
    records = [record for record, _ in validation[:3]]
    items = [Item(record) for record in records]
    expected = tagger([record.text for record in records])
    assert [list(each.spans) for each in load_predictor(trained.folder)(items)] == expected
    annotator = AdapterAnnotator(trained.folder, scheme)
    assert [len(result.layers[0].entities) for result in annotator(items)] == [len(spans) for spans in expected]
    say_scores(trained)
    words = ", ".join(f"{name} {bias:+g}" for name, bias in manifest.biases.items())
    assert f"thresholds: {words}" in capsys.readouterr().err
    assert f"thresholds per category: {words.split()[0]}" in (trained.folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.model
def test_without_validation_records_none_are_chosen_and_that_is_said(
    validation: list[Pair],
    scheme: Scheme,
    quick_settings: TrainingSettings,
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = quick_settings.model_copy(update={"epochs": 1, "thresholds": True})
    trained = train(validation[:4], scheme=scheme, settings=settings, to=place / "adapters" / "unchosen")
    assert trained.manifest.biases == {}
    say_scores(trained)
    assert "thresholds: not chosen, there are no validation records\n" in capsys.readouterr().err
    manifest = trained.manifest.model_copy(update={"details": {"thresholds": {"biases": {"diagnosis": 0.5}}}})
    (trained.folder / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
    with pytest.raises(UsageError, match="expected thresholds of its categories"):
        load_tagger(trained.folder)


def test_the_author_of_an_adapter_tells_of_all_that_its_answers_depend_on(annotated: Marked) -> None:
    from curation.tagging.folder import revision_of

    assert revision_of("0123456789", {}) == revision_of("0123456789", {"transitions": []}) == "01234567"
    two, others = (revision_of("0123456789", {"members": [*members]}) for members in (["a"], ["b"]))
    crf, lighter = (revision_of("0123456789", {"transitions": [[[step]]]}) for step in (0.0, -0.5))
    assert len({two, others, crf, lighter, "01234567"}) == 5
    assert len(two) == 8
