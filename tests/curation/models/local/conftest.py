"""A tiny random model on disk, whose tokenizer knows bytes: what it says is noise, how it says it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curation.models.local.model import LocalModel
from curation.models.local.settings import LocalModelSettings

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LEARNT = [
    'Fieber und Übelkeit nach der Gabe von Metformin, Größe 1,80 m. {"entities":[{"text":"Fieber","category":"sign"}]}',
    'A rash appeared two days after amoxicillin was started. {"drug":["amoxicillin"],"effect":["rash"]}',
] * 50


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a llama of two layers with random weights."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(LEARNT, trainer)
    folder = tmp_path_factory.mktemp("tiny")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(5)
    config = LlamaConfig(
        # More places than the tokenizer has tokens, as many models have.
        vocab_size=512,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.5,
        eos_token_id=1,
        bos_token_id=0,
        pad_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def local_model(tiny_folder: Path) -> Iterator[Callable[..., LocalModel]]:
    """Makes a model of the folder, by other settings where they are given."""
    import asyncio

    made: list[LocalModel] = []

    def make(**settings: object) -> LocalModel:
        made.append(LocalModel("tiny", LocalModelSettings.model_validate({"path": str(tiny_folder), **settings})))
        return made[-1]

    yield make
    for model in made:
        asyncio.run(model.close())
