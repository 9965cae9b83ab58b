"""The families of models by their own tokenizers: each is told both languages in its own way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Seq2SeqTranslator

pytestmark = pytest.mark.model

TEXTS = ["Fever and cough for three days.", "Fieber und Husten seit drei Tagen."] * 30
SIZE: dict[str, Any] = {
    f"{side}_{name}": value
    for side in ("encoder", "decoder")
    for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 16))
}


def pieces(folder: Path, name: str) -> list[str]:
    import sentencepiece

    with (folder / name).open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS), model_writer=file, vocab_size=60, hard_vocab_limit=False, minloglevel=2
        )
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
    return [model.id_to_piece(number) for number in range(len(model))]


def m2m(folder: Path) -> Any:
    from transformers import M2M100Tokenizer

    names = ["<s>", "<pad>", "</s>", "<unk>", *pieces(folder, "sentencepiece.bpe.model")[3:]]
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    return M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))


def nllb(folder: Path) -> Any:
    from transformers import NllbTokenizer

    letters = sorted({letter for text in TEXTS for letter in text.replace(" ", "▁")} | {"▁"})
    names = ["<s>", "<pad>", "</s>", "<unk>", *letters]
    return NllbTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=[])


def mbart50(folder: Path) -> Any:
    from transformers import MBart50Tokenizer

    names = ["<unk>", "<s>", "</s>", *pieces(folder, "unused.spm")[3:]]
    return MBart50Tokenizer(vocab=[(name, -float(number)) for number, name in enumerate(names)])


def mbart(folder: Path) -> Any:
    from transformers import MBartTokenizer

    names = ["<s>", "<pad>", "</s>", "<unk>", *pieces(folder, "unused.spm")[3:]]
    return MBartTokenizer(vocab=[(name, -float(number)) for number, name in enumerate(names)])


@pytest.mark.parametrize(
    ("make", "codes", "is_first"),
    [
        (m2m, ("__en__", "__de__"), True),
        (nllb, ("eng_Latn", "deu_Latn"), True),
        (mbart50, ("en_XX", "de_DE"), True),
        (mbart, ("en_XX", "de_DE"), False),
    ],
    ids=["m2m", "nllb", "mbart50", "mbart"],
)
def test_a_model_is_told_both_languages(
    make: Any, codes: tuple[str, str], is_first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, MBartConfig, MBartForConditionalGeneration

    folder = tmp_path / "model"
    folder.mkdir()
    tokenizer = make(folder)
    tokenizer.save_pretrained(folder)
    kind, config = (
        (MBartForConditionalGeneration, MBartConfig)
        if "BART" in type(tokenizer).__name__.upper()
        else (M2M100ForConditionalGeneration, M2M100Config)
    )
    torch.manual_seed(1)
    kind(
        config(
            vocab_size=len(tokenizer) + 120,
            d_model=16,
            max_position_embeddings=64,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.eos_token_id,
            **SIZE,
        )
    ).save_pretrained(folder)
    translator = Seq2SeqTranslator("tiny", Seq2SeqSettings(path=str(folder), beams=2))
    loaded = translator._load()
    asked: list[tuple[list[list[int]], Any]] = []
    generate = loaded.model.generate

    def spy(**given: Any) -> Any:
        answers = generate(**given)
        asked.append((given["input_ids"].tolist(), answers.tolist()))
        return answers

    monkeypatch.setattr(loaded.model, "generate", spy)
    for source, target in (codes, codes[::-1]):
        short = (source.strip("_")[:2], target.strip("_")[:2])
        (found,) = translator.translate(["Fever and cough."], *short)
        assert found.error is None
        assert not any(code in found.text for code in codes)
        assert found.unknown == 0
        rows, answers = asked.pop()
        said = loaded.tokenizer.convert_ids_to_tokens(rows[0])
        assert source in said
        assert target not in said
        assert loaded.tokenizer.convert_ids_to_tokens(answers[0])[is_first] == target
