"""A language model is tuned on the prompt that it is asked by, and its adapter annotates within the scheme's form."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from annotation.annotators import annotator
from annotation.llm.tuned import TunedAnnotator
from annotation.settings import AnnotationSettings, LlmSettings
from curation.errors import UsageError
from curation.models.contract import Answer
from curation.models.local.chat import prompt_tokens
from curation.models.local.settings import LocalModelSettings
from curation.models.local.weights import load_model
from curation.record import Layer, Record, check_layer
from curation.scheme import DocumentLabel, Scheme
from curation.stage import Item
from curation.tagging.folder import write_manifest
from pipeline.commands.train import say_scores
from training.decoder import ChatRowMaker, check, train_decoder
from training.examples import Pair
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob

pytestmark = pytest.mark.model

TEXTS = (
    "A [54-year-old]{age} [woman]{gender}.",
    "The [boy]{gender} of [7 years]{age}, a [boy]{gender} still.",
    "Eine [61-jährige]{age} [Patientin]{gender}.",
    "Nothing.",
)


@pytest.fixture(scope="module")
def narrow(scheme: Scheme) -> Scheme:
    """Two categories and a document label."""
    kept = tuple(category for category in scheme.categories if category.name in ("age", "gender"))
    return Scheme(name="narrow", categories=kept, labels=(DocumentLabel(name="state", values=("acute", "chronic")),))


@pytest.fixture(scope="module")
def pairs(annotated) -> list[Pair]:
    """The texts, the first one with a document label."""
    found = [annotated(text) for text in TEXTS]
    return [(found[0][0], found[0][1].model_copy(update={"labels": {"state": "acute"}})), *found[1:]]


@pytest.fixture(scope="module")
def settings(tiny_decoder: Path) -> TrainingSettings:
    return TrainingSettings(
        task="entities",
        model="decoder",
        base_model=str(tiny_decoder),
        epochs=12,
        batch_size=2,
        rank=8,
        learning_rate=1e-2,
        threads=1,
    )


@pytest.fixture(scope="module")
def trained(place: Path, settings: TrainingSettings, narrow: Scheme, pairs: list[Pair]) -> Trained:
    return train_decoder(TrainingJob(pairs, pairs[:2], narrow, settings, place / "adapters" / "tuned"))


def test_the_loss_of_the_answers_falls_and_the_best_epoch_is_kept(trained: Trained) -> None:
    assert trained.history[-1] > trained.history[0]
    found = trained.manifest.metrics["validation"]
    assert isinstance(found, dict)
    assert found["answers"]["loss"] == -max(trained.history)  # type: ignore[index,call-overload]
    assert (trained.manifest.model, trained.manifest.document_labels) == ("decoder", {"state": ("acute", "chronic")})
    assert {file.name for file in trained.folder.iterdir()} == {
        *("README.md", "adapter_config.json", "adapter_model.safetensors", "clincurate.json")
    }
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert "text-generation" in card
    assert "54-year-old" not in card


def test_the_command_says_the_loss_as_a_loss(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    say_scores(trained)
    best = max(trained.history)
    said = f"validation: loss {-best:.4f}, the lowest of {len(trained.history)} epochs"
    assert said in capsys.readouterr().err


def test_only_the_answer_is_learnt_and_the_prompt_is_the_one_that_is_asked(
    trained: Trained, settings: TrainingSettings, narrow: Scheme, pairs: list[Pair]
) -> None:
    loaded = load_model(Path(settings.base_model), LocalModelSettings(path=settings.base_model))
    maker = ChatRowMaker(loaded.tokenizer, narrow, loaded.context)
    record, layer = pairs[0]
    ((form, written),) = maker.answers(record, layer)
    assert written is not None
    prompt, answer = maker.tokens(record, layer, form, written.text)
    assert loaded.tokenizer.decode(answer) == written.text + "<|im_end|>"
    assert written.text == '{"age":"54-year-old","gender":"woman","state":"acute"}'
    (point,) = TunedAnnotator(trained.folder, narrow, LlmSettings()).questions(record)
    assert prompt_tokens(loaded.tokenizer, point.request.messages) == prompt
    ids, count = maker.rows([(record, layer)]).read(0)
    assert ids[-count:].tolist() == answer


def test_the_adapter_annotates_in_the_schemes_form(trained: Trained, narrow: Scheme, pairs: list[Pair]) -> None:
    stage = annotator(f"adapter:{trained.folder}", narrow, AnnotationSettings(), layer="tuned")
    assert isinstance(stage, TunedAnnotator)
    model = next(iter(stage.models.values()))
    record, _ = pairs[0]

    async def answered() -> tuple[Answer, Layer | None]:
        conversation = stage.conversation(Item(record))
        requests = next(conversation)
        answers = [await model.attempt(request) for request in requests]
        try:
            conversation.send(answers)
        except StopIteration as end:
            layers = end.value.layers
            return answers[0], layers[0] if layers else None
        finally:
            await model.close()
        return answers[0], None

    answer, layer = asyncio.run(answered())
    assert list(json.loads(answer.text)) == ["age", "gender", "state"]
    if layer is not None:
        check_layer(record, layer)
        assert layer.author == trained.manifest.author


def test_the_view_counts_what_the_flat_form_and_the_context_lose(
    settings: TrainingSettings, narrow: Scheme, pairs: list[Pair]
) -> None:
    found = check(pairs, narrow, settings)
    assert (found.annotations, found.lost, found.changed) == (8, {}, {"not where its wording is found first": 1})
    assert found.oracle == pytest.approx(7 / 8)
    record, layer = pairs[0]
    long = record.model_copy(update={"text": record.text + " And so on." * 900})
    lost = check([(long, layer)], narrow, settings)
    assert lost.lost == {"in an answer that would be left out whole by the context": 3}
    with pytest.raises(UsageError, match="3 would be lost"):
        lost.require(settings)


def test_nothing_to_learn_from_and_another_scheme_are_refused(
    place: Path, settings: TrainingSettings, narrow: Scheme, pairs: list[Pair], scheme: Scheme, trained: Trained
) -> None:
    with pytest.raises(UsageError, match="got 1 records without any"):
        train_decoder(TrainingJob(pairs[3:], (), narrow, settings, place / "adapters" / "none"))
    with pytest.raises(UsageError, match="expected the categories and labels of the scheme clinical-summary"):
        TunedAnnotator(trained.folder, scheme, LlmSettings())
    empty = Record(id="e", group="e", source="t", language="en", text="")
    assert check([(empty, Layer(record_id="e", name="g", author="g"))], narrow, settings).oracle is None


def test_an_adapter_on_another_model_than_that_of_its_training_is_refused(
    trained: Trained, narrow: Scheme, place: Path
) -> None:
    base_digest = trained.manifest.base_digest
    folder = place / "adapters" / "elsewhere"
    shutil.copytree(trained.folder, folder)
    write_manifest(trained.manifest.model_copy(update={"base_digest": "another"}), folder)
    with pytest.raises(UsageError, match=f"with the digest another, got {base_digest}"):
        TunedAnnotator(folder, narrow, LlmSettings())
