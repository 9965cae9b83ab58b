"""An adapter merged into its base gives the outputs that it gave beside it, or nothing is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.adapter import AdapterAnnotator
from annotation.llm.tuned import TunedAnnotator
from annotation.settings import LlmSettings
from curation.errors import UsageError
from curation.scheme import Scheme
from curation.stage import Item
from curation.tagging.folder import COMMON_SCHEME, read_manifest
from training.decoder import train_decoder
from training.encoder import train, train_tagger
from training.examples import Pair
from training.merging import merge_adapter
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob

pytestmark = pytest.mark.model

TEXTS = (
    "A [54-year-old]{age} [woman]{gender} had [fever]{signs_symptoms}.",
    "Eine [61-jährige]{age} [Patientin]{gender}.",
)


@pytest.fixture(scope="module")
def pairs(annotated: Callable[..., Pair]) -> list[Pair]:
    return [annotated(text) for text in TEXTS]


@pytest.fixture(scope="module")
def texts(pairs: list[Pair]) -> list[str]:
    return [record.text for record, _ in pairs]


@pytest.fixture(scope="module", params=[False, True], ids=["lora", "dora"])
def tagger(
    request: pytest.FixtureRequest, place: Path, quick_settings: TrainingSettings, scheme: Scheme, pairs: list[Pair]
) -> Trained:
    lora = {
        "full": False,
        "rank": 4,
        "alpha": 16,
        "learning_rate": 5e-3,
        "dora": request.param,
        "rslora": request.param,
    }
    settings = quick_settings.model_copy(update=lora)
    return train(pairs, scheme=scheme, settings=settings, to=place / "adapters" / f"tagger-{request.param}")


@pytest.fixture(scope="module")
def decoder(place: Path, tiny_decoder: Path, scheme: Scheme, pairs: list[Pair]) -> Trained:
    settings = TrainingSettings(
        model="decoder", base_model=str(tiny_decoder), epochs=2, rank=4, learning_rate=1e-2, threads=1
    )
    return train_decoder(TrainingJob(pairs, (), scheme, settings, place / "adapters" / "decoder"))


def test_a_merged_tagger_says_the_same_and_loads_by_plain_transformers(
    tagger: Trained, tmp_path: Path, scheme: Scheme, pairs: list[Pair], texts: list[str]
) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    merged = merge_adapter(tagger.folder, texts, tmp_path / "merged")
    found = merged.comparison
    assert (found.dtype, found.texts, found.same_choice) == ("float32", 2, found.places)
    assert 0 <= found.largest_difference <= 1e-4
    model = AutoModelForTokenClassification.from_pretrained(merged.folder)
    assert tuple(model.config.id2label.values()) == tagger.manifest.labels
    assert AutoTokenizer.from_pretrained(merged.folder)("fever")["input_ids"]
    items = [Item(record) for record, _ in pairs]
    layers = [
        [result.layers[0].entities for result in AdapterAnnotator(folder, scheme)(items)]
        for folder in (tagger.folder, merged.folder)
    ]
    assert layers[0] == layers[1]
    assert any(layers[0])
    assert "a LoRA adapter merged into" in (merged.folder / "README.md").read_text(encoding="utf-8")


def test_a_merged_language_model_is_asked_as_its_adapter_was(
    decoder: Trained, tmp_path: Path, scheme: Scheme, pairs: list[Pair], texts: list[str]
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    merged = merge_adapter(decoder.folder, texts, tmp_path / "merged")
    assert merged.comparison.largest_difference <= 1e-4
    AutoModelForCausalLM.from_pretrained(merged.folder)
    assert AutoTokenizer.from_pretrained(merged.folder).chat_template
    annotator = TunedAnnotator(merged.folder, scheme, LlmSettings())
    assert annotator.author == merged.manifest.author != decoder.manifest.author
    asked, before = (
        found.questions(pairs[0][0])[0].request.messages
        for found in (annotator, TunedAnnotator(decoder.folder, scheme, LlmSettings()))
    )
    assert asked == before
    (merged.folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(UsageError, match="expected weights with the digest"):
        TunedAnnotator(merged.folder, scheme, LlmSettings())


def test_a_base_in_half_as_many_bits_stays_so_and_rounds(
    place: Path, tiny_decoder: Path, scheme: Scheme, pairs: list[Pair], texts: list[str], tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    base = place / "models" / "decoder-bf16"
    shutil.copytree(tiny_decoder, base)
    AutoModelForCausalLM.from_pretrained(tiny_decoder, dtype=torch.bfloat16).save_pretrained(base)
    settings = TrainingSettings(model="decoder", base_model=str(base), epochs=1, rank=4, learning_rate=1e-2, threads=1)
    found = train_decoder(TrainingJob(pairs, (), scheme, settings, place / "adapters" / "bf16"))
    merged = merge_adapter(found.folder, texts, tmp_path / "merged")
    assert (merged.comparison.dtype, merged.comparison.tolerance) == ("bfloat16", 5e-2)
    assert 1e-6 < merged.comparison.largest_difference < 5e-2
    assert AutoModelForCausalLM.from_pretrained(merged.folder).dtype is torch.bfloat16


def test_outputs_that_differ_too_much_leave_nothing(tagger: Trained, tmp_path: Path, texts: list[str]) -> None:
    with pytest.raises(UsageError, match=r"within -1 of those of the adapter .*nothing was written"):
        merge_adapter(tagger.folder, texts, tmp_path / "merged", tolerance=-1.0)
    assert not (tmp_path / "merged").exists()


def test_what_cannot_be_merged_is_refused(tagger: Trained, place: Path, tmp_path: Path, texts: list[str]) -> None:
    full = tmp_path / "full"
    merge_adapter(tagger.folder, texts, full)
    with pytest.raises(UsageError, match="expected a LoRA adapter to merge, full is full"):
        merge_adapter(full, texts, tmp_path / "again")
    with pytest.raises(UsageError, match="a new or empty folder"):
        merge_adapter(tagger.folder, texts, full)
    with pytest.raises(UsageError, match="texts to compare"):
        merge_adapter(tagger.folder, [" "], tmp_path / "none")
    base = Path(read_manifest(tagger.folder).base_model)
    config = base / "config.json"
    kept = config.read_text(encoding="utf-8")
    damaged = place / "adapters" / "unnamed-files"
    shutil.copytree(tagger.folder, damaged, dirs_exist_ok=True)
    manifest = json.loads((damaged / "clincurate.json").read_text())
    del manifest["files"]["encoder/config.json"]
    (damaged / "clincurate.json").write_text(json.dumps(manifest))
    try:
        config.write_text(json.dumps(json.loads(kept) | {"quantization_config": {"quant_method": "bitsandbytes"}}))
        with pytest.raises(UsageError, match="got quantised weights"):
            merge_adapter(damaged, texts, tmp_path / "none")
    finally:
        config.write_text(kept, encoding="utf-8")
        shutil.rmtree(damaged)
    assert not (tmp_path / "none").exists()


def test_an_adapter_on_another_base_is_refused(tagger: Trained, place: Path, tmp_path: Path, texts: list[str]) -> None:
    damaged = place / "adapters" / "on-another-base"
    shutil.copytree(tagger.folder, damaged)
    manifest = json.loads((damaged / "clincurate.json").read_text())
    (damaged / "clincurate.json").write_text(json.dumps(manifest | {"base_digest": "another"}))
    try:
        with pytest.raises(UsageError, match="with the digest another"):
            merge_adapter(damaged, texts, tmp_path / "none")
    finally:
        shutil.rmtree(damaged)


def test_an_adapter_of_several_members_is_refused_before_anything_is_written(
    quick_settings: TrainingSettings,
    place: Path,
    tmp_path: Path,
    scheme: Scheme,
    pairs: list[Pair],
    texts: list[str],
) -> None:
    settings = quick_settings.model_copy(update={"full": False, "rank": 4, "epochs": 1, "members": 2})
    several = train(pairs, scheme=scheme, settings=settings, to=place / "adapters" / "several-lora")
    with pytest.raises(UsageError, match=r"expected one LoRA adapter to merge, several-lora is 2 \(training.members\)"):
        merge_adapter(several.folder, texts, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_the_common_scheme_of_several_sets_goes_with_the_merged_model(
    quick_settings: TrainingSettings, place: Path, tmp_path: Path, scheme: Scheme, pairs: list[Pair], texts: list[str]
) -> None:
    settings = quick_settings.model_copy(update={"full": False, "rank": 4, "epochs": 1})
    to = place / "adapters" / "joined-lora"
    made = train_tagger(TrainingJob(pairs, (), scheme, settings, to, about={"sets": [], "mapping": {}}))
    merged = merge_adapter(made.folder, texts, tmp_path / "merged")
    assert (merged.folder / COMMON_SCHEME).read_bytes() == (made.folder / COMMON_SCHEME).read_bytes()
