"""Small models with random weights, where only pace, equality or memory is measured."""

from __future__ import annotations

import shutil
from pathlib import Path

from curation.embeddings.encoder import packaged_encoder_path
from curation.quiet_libraries import quiet

TEMPLATE = (
    "{% for message in messages %}[CLS]{{ message['role'] }}: {{ message['content'] }}[SEP]\n{% endfor %}"
    "{% if add_generation_prompt %}[CLS]assistant: {% endif %}"
)


def small_encoder(folder: Path) -> Path:
    """An encoder of two layers with the packaged one's tokenizer."""
    import torch
    from transformers import BertConfig, BertModel

    packaged = packaged_encoder_path()
    config = BertConfig.from_pretrained(
        packaged, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128
    )
    torch.manual_seed(0)
    with quiet():
        BertModel(config).save_pretrained(folder)
    shutil.copyfile(packaged / "tokenizer.json", folder / "tokenizer.json")
    return folder


def small_decoder(folder: Path) -> Path:
    """A language model of four layers with the packaged encoder's tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(packaged_encoder_path() / "tokenizer.json"), eos_token="[SEP]", pad_token="[PAD]"
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=4096,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    with quiet():
        tokenizer.save_pretrained(folder)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder
