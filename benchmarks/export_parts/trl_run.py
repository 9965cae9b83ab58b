"""Opens an export for TRL with its own trainer and data collator, and trains a step with a model of no size.

    python trl_run.py FOLDER

The last line is a JSON object: the examples, and of how many the collator has the trainer learn the answer, whole and
alone. The tokenizer knows bytes only, so that what is learned can be read again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
#: Bytes that an example of the step may have: the model is of no size, its attention is.
LONGEST = 4_000


def main() -> None:
    """Open, train, print."""
    import datasets
    from trl import SFTConfig, SFTTrainer

    datasets.disable_progress_bars()
    files = [str(path) for path in sorted(Path(sys.argv[1]).glob("*.jsonl"))]
    tokenizer = _tokenizer()
    with tempfile.TemporaryDirectory() as temporary:
        rows = datasets.load_dataset("json", data_files=files, split="train", cache_dir=temporary)
        arguments = SFTConfig(
            output_dir=temporary,
            max_steps=1,
            per_device_train_batch_size=2,
            max_length=None,
            use_cpu=True,
            bf16=False,
            fp16=False,
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
        )
        trainer = SFTTrainer(model=_model(tokenizer), args=arguments, train_dataset=rows, processing_class=tokenizer)
        learned = sum(
            _learned(trainer.data_collator([example]), tokenizer) == row["completion"][0]["content"]
            for example, row in zip(trainer.train_dataset, rows, strict=True)
        )
        short = [number for number, example in enumerate(trainer.train_dataset) if len(example["input_ids"]) < LONGEST]
        trainer.train_dataset = trainer.train_dataset.select(short)
        loss = trainer.train().training_loss
    print(json.dumps({"examples": len(rows), "learned": learned, "trained": int(loss > 0)}))


def _learned(batch: Any, tokenizer: Any) -> str:
    """The text of what counts in the loss, without the mark of its end."""
    kept = [int(token) for token in batch["labels"][0] if token != -100]
    text: str = tokenizer.decode(kept)
    return text.removesuffix(tokenizer.eos_token)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(["<end>", "<pad>", *letters])}
    own = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    own.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, eos_token="<end>", pad_token="<pad>", clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def _model(tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        max_position_embeddings=1 << 17,
    )
    return LlamaForCausalLM(config)


if __name__ == "__main__":
    main()
