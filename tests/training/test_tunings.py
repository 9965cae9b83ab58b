"""A language model tuned in full, by a soft prompt, and on a base in four bits where there is a GPU."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from annotation.llm.tuned import TunedAnnotator
from annotation.settings import LlmSettings
from curation.errors import UsageError
from curation.models.local.model import LocalModel
from curation.models.local.settings import LocalModelSettings
from curation.models.local.weights import load_model
from curation.quiet_libraries import quiet
from curation.scheme import Scheme
from training.decoder import check, train_decoder
from training.encoder import train
from training.examples import Pair
from training.merging import merge_adapter
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob
from training.tuned_decoder import loaded_base, tuned

pytestmark = pytest.mark.model

TEXTS = ("A [54-year-old]{age} [woman]{gender}.", "Eine [61-jährige]{age} [Patientin]{gender}.")


@pytest.fixture(scope="module")
def narrow(scheme: Scheme) -> Scheme:
    names = ("age", "gender")
    return Scheme(name="narrow", categories=tuple(c for c in scheme.categories if c.name in names))


@pytest.fixture(scope="module")
def pairs(annotated: Callable[..., Pair]) -> list[Pair]:
    return [annotated(text) for text in TEXTS]


def settings_for(base: Path, **others: object) -> TrainingSettings:
    given = {"model": "decoder", "base_model": str(base), "epochs": 6, "batch_size": 2, "threads": 1, "rank": 4}
    return TrainingSettings.model_validate(given | others)


@pytest.fixture(scope="module")
def trained(place: Path, tiny_decoder: Path, narrow: Scheme, pairs: list[Pair]) -> dict[str, Trained]:
    """One of each tuning that a processor can do."""
    tunings: dict[str, dict[str, object]] = {
        "full": {"full": True, "learning_rate": 1e-2},
        "prompt": {"tuning": "prompt", "virtual_tokens": 4, "learning_rate": 0.3},
    }
    return {
        name: train_decoder(
            TrainingJob(pairs, pairs, narrow, settings_for(tiny_decoder, **given), place / "adapters" / f"by-{name}")
        )
        for name, given in tunings.items()
    }


@pytest.mark.parametrize(("name", "weights"), [("full", "model.safetensors"), ("prompt", "adapter_model.safetensors")])
def test_the_loss_falls_and_the_folder_is_asked_as_an_annotator(
    trained: dict[str, Trained], narrow: Scheme, pairs: list[Pair], name: str, weights: str
) -> None:
    found = trained[name]
    assert found.history[-1] > found.history[0]
    assert found.manifest.kind == name
    assert (found.folder / weights).is_file()
    annotator = TunedAnnotator(found.folder, narrow, LlmSettings())
    assert annotator.author == found.manifest.author
    (point,) = annotator.questions(pairs[0][0])
    assert "JSON" in point.request.messages[0].content
    assert "tuning" in (found.folder / "README.md").read_text(encoding="utf-8")


def test_a_soft_prompt_gives_the_same_outputs_in_training_in_answering_and_by_peft(
    trained: dict[str, Trained], tiny_decoder: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    folder = trained["prompt"].folder
    ours = load_model(tiny_decoder, LocalModelSettings(path=str(tiny_decoder), adapter=folder))
    assert len(ours.prefix) == 4
    text = torch.tensor([[5, 60, 7, 8, 9]])
    prompt = torch.cat([torch.tensor([ours.prefix]), text], dim=1)
    with quiet():
        theirs = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_decoder), folder).eval()
    plain = AutoModelForCausalLM.from_pretrained(tiny_decoder).eval()
    with torch.inference_mode():
        own = ours.model(input_ids=prompt).logits[:, 4:]
        torch.testing.assert_close(own, theirs(input_ids=text).logits[:, 4:], atol=1e-5, rtol=1e-4)
        assert (own - plain(input_ids=text).logits).abs().max() > 1e-3
    assert own.shape[-1] == plain.config.vocab_size


def test_a_soft_prompt_stands_before_every_prompt_that_is_asked(
    trained: dict[str, Trained], tiny_decoder: Path
) -> None:
    folder = trained["prompt"].folder
    model = LocalModel("m", LocalModelSettings(path=str(tiny_decoder), adapter=folder))
    assert model._loaded.prefix == tuple(range(320, 324))


def test_the_length_of_a_soft_prompt_counts_for_the_context(
    tiny_decoder: Path, narrow: Scheme, pairs: list[Pair]
) -> None:
    plain = check(pairs, narrow, settings_for(tiny_decoder))
    soft = check(pairs, narrow, settings_for(tiny_decoder, tuning="prompt", virtual_tokens=30))
    assert soft.lengths["longest"] == plain.lengths["longest"] + 30


def test_only_the_vectors_are_trained(tiny_decoder: Path) -> None:
    settings = settings_for(tiny_decoder, tuning="prompt", virtual_tokens=3)
    found = tuned(loaded_base(settings), settings)
    learnt = {name: tuple(weight.shape) for name, weight in found.model.named_parameters() if weight.requires_grad}
    assert learnt == {"model.embed_tokens.virtual": (3, 32)}


def test_what_does_not_go_together_is_refused(
    trained: dict[str, Trained],
    tiny_decoder: Path,
    tiny_encoder: Path,
    scheme: Scheme,
    pairs: list[Pair],
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match="full = false with tuning = prompt"):
        settings_for(tiny_decoder, full=True, tuning="prompt")
    assert settings_for(tiny_decoder, full=True, tuning="full").tuned == "full"
    with pytest.raises(UsageError, match='"lora" or "full" with an encoder, got "prompt"'):
        train(
            pairs,
            scheme=scheme,
            settings=TrainingSettings(base_model=str(tiny_encoder), tuning="prompt", window=64, stride=16),
            to=tmp_path / "none",
        )
    with pytest.raises(UsageError, match="expected a LoRA adapter to merge, by-prompt is prompt"):
        merge_adapter(trained["prompt"].folder, ["a"], tmp_path / "none")
    with pytest.raises(UsageError, match=r'expected a CUDA GPU for training.tuning = "qlora"'):
        check(pairs, scheme, settings_for(tiny_decoder, tuning="qlora", device="cpu"))


def test_four_bits_are_asked_for_where_there_is_a_gpu(tiny_decoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    settings = settings_for(tiny_decoder, tuning="qlora")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(UsageError, match="the package bitsandbytes"):
        loaded_base(settings)
    monkeypatch.setitem(sys.modules, "bitsandbytes", ModuleType("bitsandbytes"))
    plain, asked = AutoModelForCausalLM.from_pretrained, {}

    def loaded(folder: Path, *, quantization_config: Any, device_map: Any, **given: Any) -> Any:
        asked.update(quantization_config.to_dict() | {"device_map": device_map})
        return plain(folder, **given)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", loaded)
    base = loaded_base(settings)
    monkeypatch.undo()
    found = tuned(base, settings)
    assert (asked["load_in_4bit"], asked["bnb_4bit_quant_type"], asked["device_map"]) == (True, "nf4", {"": 0})
    learnt = [name for name, weight in found.model.named_parameters() if weight.requires_grad]
    assert learnt
    assert all("lora_" in name for name in learnt)
