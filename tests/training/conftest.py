"""A tiny encoder with random weights and the packaged one's tokenizer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from curation.embeddings.encoder import packaged_encoder_path
from training.settings import TrainingSettings


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a workspace: an adapter in `adapters` finds the encoder in `models`."""
    return tmp_path_factory.mktemp("trainings")


@pytest.fixture(scope="session")
def tiny_encoder(place: Path) -> Path:
    """The folder of an encoder of two layers."""
    import torch
    from transformers import BertConfig, BertModel

    folder = place / "models" / "tiny"
    packaged = packaged_encoder_path()
    config = BertConfig.from_pretrained(
        packaged, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    shutil.copyfile(packaged / "tokenizer.json", folder / "tokenizer.json")
    return folder


@pytest.fixture(scope="session")
def quick_settings(tiny_encoder: Path) -> TrainingSettings:
    """All weights of the tiny encoder tuned in a few seconds."""
    return TrainingSettings(
        base_model=str(tiny_encoder),
        full=True,
        epochs=25,
        batch_size=8,
        learning_rate=3e-3,
        window=64,
        stride=16,
        masking=0.0,
        patience=30,
        threads=1,
    )


TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_decoder(place: Path) -> Path:
    """The folder of a language model of two layers with random weights, whose tokenizer knows bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["Fill this JSON template with the information in the clinical report."] * 9, trainer)
    folder = place / "models" / "decoder"
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=320,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.2,
        eos_token_id=1,
        bos_token_id=0,
        pad_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder
