"""The tokenizer of a Marian model, made from the sentences that the model learns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import sentencepiece

from curation.quiet_libraries import quiet

#: Tokens that every Marian model has.
END, UNKNOWN, PADDING = "</s>", "<unk>", "<pad>"


def make_tokenizer(folder: Path, texts: Iterable[str], *, pieces: int, symbols: Sequence[str]) -> None:
    """Write the files of a tokenizer for both languages.

    pieces: how many at most. symbols: what is never cut.
    """
    from transformers import MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "source.spm").open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=file,
            vocab_size=pieces,
            hard_vocab_limit=False,
            character_coverage=1.0,
            # No sign is written otherwise: µ stays µ.
            normalization_rule_name="identity",
            user_defined_symbols=list(symbols),
            bos_id=-1,
            eos_id=-1,
            unk_id=0,
            num_threads=1,
            minloglevel=2,
        )
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    names = [END, UNKNOWN, *(model.id_to_piece(number) for number in range(1, len(model))), PADDING]
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    with quiet():
        tokenizer = MarianTokenizer(
            str(folder / "source.spm"),
            str(folder / "target.spm"),
            str(folder / "vocab.json"),
            source_lang="en",
            target_lang="de",
        )
    tokenizer.save_pretrained(folder)
