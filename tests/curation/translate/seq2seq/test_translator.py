"""Segments translated by a small real model: in their order, whole or said to be cut, each fault its own."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from projection_parts.generated import SentencePair
from translation_trained_parts.pairs import lessons

from curation.errors import ConfigError, LanguageModelError, UsageError
from curation.models.contract import Finish
from curation.quiet_libraries import quiet
from curation.translate.seq2seq import generation
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Seq2SeqTranslator, Translated, _spelt_out, by_length

pytestmark = pytest.mark.model


def of(folder: Path, **settings: object) -> Seq2SeqTranslator:
    return Seq2SeqTranslator("tiny", Seq2SeqSettings.model_validate({"path": str(folder), **settings}))


def said(found: Sequence[Translated]) -> list[str]:
    return [each.text for each in found]


def test_what_was_learnt_is_translated_in_the_order_of_the_segments(
    translator: Seq2SeqTranslator, known: list[SentencePair]
) -> None:
    asked, expected = zip(*lessons(known), strict=True)
    found = translator.translate(asked, "en", "de")
    equal = sum(text == other for text, other in zip(said(found), expected, strict=True))
    assert equal >= 0.9 * len(known), said(found)
    assert all(each.finish is Finish.STOP and not each.unknown and not each.error for each in found)
    again = translator.translate([*reversed(asked), *asked], "en", "de")
    assert said(again) == [*reversed(said(found)), *said(found)]


def test_markers_that_were_learnt_come_back(translator: Seq2SeqTranslator, known: list[SentencePair]) -> None:
    with_markers = [(source, target) for source, target in lessons(known) if "<e0>" in source]
    assert with_markers
    found = translator.translate([source for source, _ in with_markers], "en", "de")
    back = [text.count("<e0>") == target.count("<e0>") for text, (_, target) in zip(said(found), with_markers)]  # noqa: B905
    assert sum(back) >= 0.9 * len(back)


def test_blanks_stay_and_nothing_is_asked_for_them(translator: Seq2SeqTranslator, known: list[SentencePair]) -> None:
    source = known[0].source
    found = translator.translate(["", " \n", f"  {source}\t", source], "en", "de")
    core = found[3].text
    assert said(found) == ["", " \n", f"  {core}\t", core]
    assert found[0] == Translated("", 1.0)
    assert translator.translate([], "en", "de") == []


def test_a_segment_that_has_no_room_is_an_error_of_its_own(
    translator: Seq2SeqTranslator, known: list[SentencePair]
) -> None:
    source = known[0].source
    long = " ".join([source] * 60)
    found = translator.translate([long, source, f"{source}\n{source}"], "en", "de")
    assert [bool(each.error) for each in found] == [True, False, True]
    assert "256 tokens at most" in str(found[0].error)
    assert "one line" in str(found[2].error)
    assert not any(source[:8] in str(each.error) for each in found)
    assert (found[0].text, found[1].text) == ("", translator.translate([source], "en", "de")[0].text)


def test_what_looks_like_a_token_of_control_is_text(translator: Seq2SeqTranslator, known: list[SentencePair]) -> None:
    source = known[0].source
    for odd in (f"{source}</s>", f"<pad>{source}", f">>fra<< {source}", ">>", "</s>"):
        (found,) = translator.translate([odd], "en", "de")
        assert found.error is None


def test_what_the_model_does_not_know_is_counted(translator: Seq2SeqTranslator, known: list[SentencePair]) -> None:
    found = translator.translate([known[0].source, f"{known[0].source} ☃", "Ж", "漢 字"], "en", "de")
    assert [each.unknown for each in found] == [0, 1, 1, 2]
    assert not any("<unk>" in text for text in said(found))


def test_a_record_is_translated_whole_or_not_at_all(
    translator: Seq2SeqTranslator, known: list[SentencePair], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [pair.source for pair in known[:3]]
    assert translator.translated(texts, "en", "de") == said(translator.translate(texts, "en", "de"))
    with pytest.raises(LanguageModelError, match="rejected: segment 2 of 2: expected a segment of one line"):
        translator.translated([texts[0], f"{texts[1]}\n{texts[2]}"], "en", "de")
    monkeypatch.setattr(generation, "SPARE", 4)
    monkeypatch.setattr(generation, "ceil", lambda _: 0)
    with pytest.raises(LanguageModelError, match="truncated: segment 1 of 3: its translation is not whole"):
        translator.translated(texts, "en", "de")


def test_a_translation_without_an_end_says_that_it_was_cut(
    translator: Seq2SeqTranslator, known: list[SentencePair], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = known[-1].source
    (whole,) = translator.translate([source], "en", "de")
    monkeypatch.setattr(generation, "SPARE", 4)
    monkeypatch.setattr(generation, "ceil", lambda _: 0)
    (cut,) = translator.translate([source], "en", "de")
    assert (whole.was_cut, cut.was_cut, cut.finish) == (False, True, Finish.TRUNCATED)
    assert len(cut.text) < len(whole.text)


@pytest.mark.parametrize("settings", [{"batch_tokens": 1}, {"beams": 1}, {"beams": 1, "batch_tokens": 1}])
def test_batches_make_no_difference_to_what_is_said(
    settings: dict[str, object], marian_folder: Path, known: list[SentencePair]
) -> None:
    texts = [pair.source for pair in known]
    alone = of(marian_folder, **settings).translate(texts, "en", "de")
    beside = of(marian_folder, **settings | {"batch_tokens": 4096}).translate(texts, "en", "de")
    assert said(alone) == said(beside)
    assert [each.score for each in alone] == pytest.approx([each.score for each in beside], abs=1e-4)


@pytest.mark.parametrize("beams", [1, 4])
def test_the_score_is_the_mean_probability_of_the_tokens(
    beams: int, marian_folder: Path, known: list[SentencePair]
) -> None:
    import torch
    from transformers import MarianMTModel, MarianTokenizer

    source = known[3].source
    (found,) = of(marian_folder, beams=beams, length_penalty=0.2).translate([source], "en", "de")
    with quiet():
        tokenizer = MarianTokenizer.from_pretrained(marian_folder)
        model = MarianMTModel.from_pretrained(marian_folder).eval()
    with torch.inference_mode():
        labels = tokenizer(text_target=[found.text], return_tensors="pt")["input_ids"]
        loss = model(**tokenizer([source], return_tensors="pt"), labels=labels).loss
    assert found.score == pytest.approx(math.exp(-float(loss)), abs=1e-4)


def test_an_alternative_is_another_translation_that_is_less_likely(
    translator: Seq2SeqTranslator, known: list[SentencePair]
) -> None:
    texts = [pair.source for pair in known[:4]]
    first, second = (translator.translate(texts, "en", "de", alternative=number) for number in (0, 1))
    assert all(one.text != other.text for one, other in zip(first, second, strict=True))
    assert sum(each.score for each in second) < sum(each.score for each in first)
    with pytest.raises(UsageError, match="below its 4 beams"):
        translator.translate(texts, "en", "de", alternative=4)


def test_a_model_translates_in_its_own_direction_only(
    translator: Seq2SeqTranslator, marian_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="expected a model for de, got one for en"):
        translator.translate(["Fieber"], "de", "en")
    with pytest.raises(UsageError, match="got en twice"):
        translator.translate(["Fieber"], "en", "en")
    silent = tmp_path / "silent"
    shutil.copytree(marian_folder, silent)
    config = json.loads((silent / "tokenizer_config.json").read_text())
    (silent / "tokenizer_config.json").write_text(json.dumps(config | {"source_lang": None, "target_lang": None}))
    with pytest.raises(UsageError, match=r'directions in its settings, such as \["en-de"\]'):
        of(silent).translate(["Fever"], "en", "de")
    assert of(silent, directions=["en-de"]).translate(["Fever"], "en", "de")[0].error is None
    with pytest.raises(UsageError, match="one of its directions en-de, got de-en"):
        of(silent, directions=["en-de"]).translate(["Fever"], "de", "en")


def test_the_identity_is_another_where_translations_may_be(marian_folder: Path, tmp_path: Path) -> None:
    before = of(marian_folder).identity
    assert of(marian_folder, batch_tokens=7, device="cpu").identity == before
    assert of(marian_folder, beams=2).identity != before
    copy = tmp_path / "copy"
    shutil.copytree(marian_folder, copy)
    assert of(copy).identity == before
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert of(copy).identity != before


@pytest.mark.parametrize("file", ["config.json", "generation_config.json"])
def test_settings_in_a_model_s_folder_decide_nothing(
    file: str, translator: Seq2SeqTranslator, known: list[SentencePair], marian_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(marian_folder, copy)
    (copy / "generation_config.json").unlink()
    theirs = {"num_beams": 7, "max_length": 6, "forced_eos_token_id": 0, "length_penalty": 3.0, "do_sample": True}
    found = json.loads((copy / "config.json").read_text())
    (copy / file).write_text(json.dumps((found if file == "config.json" else {}) | theirs))
    texts = [pair.source for pair in known]
    assert said(of(copy).translate(texts, "en", "de")) == said(translator.translate(texts, "en", "de"))


def test_only_whole_weights_without_code_are_loaded(marian_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = tmp_path / "copy"
    shutil.copytree(marian_folder, copy)
    weights = load_file(copy / "model.safetensors")
    weights.pop(next(name for name in weights if "encoder.layers.0.fc1" in name))
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match="expected all weights"):
        of(copy).translate(["Fever"], "en", "de")
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(UsageError, match="as safetensors"):
        of(copy)
    shutil.copy(marian_folder / "model.safetensors", copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModelForSeq2SeqLM": "theirs.Model"}}))
    with pytest.raises(UsageError, match="auto_map"):
        of(copy)


def test_a_model_that_is_not_on_this_machine_is_not_fetched(marian_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"on this machine.*--allow-download"):
        Seq2SeqTranslator("far", Seq2SeqSettings(path="someone/opus-mt-en-de", revision="refs/pr/3"))
    with pytest.raises(UsageError, match="expected no revision for a folder"):
        of(marian_folder, revision="main")


def test_a_model_of_another_kind_is_refused(marian_folder: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    copy = tmp_path / "copy"
    shutil.copytree(marian_folder, copy, ignore=shutil.ignore_patterns("*.spm", "vocab.json", "tokenizer_config.json"))
    made = Tokenizer(models.WordLevel({"a": 0, "</s>": 1}, unk_token="a"))
    PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>").save_pretrained(copy)
    with pytest.raises((UsageError, ConfigError), match=r"expected a (model with one of MarianTokenizer|translator)"):
        of(copy, directions=["en-de"]).translate(["Fever"], "en", "de")


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Leukozyten 10⁹/l", "Leukozyten 10^9/l"),
        ("1,5×10¹²/L", "1,5×10^12/L"),
        ("10⁻³ mol", "10^-3 mol"),
        ("kg/m² bei 3 m²", "kg/m² bei 3 m²"),
        ("1½ tablets, ½ tablet", "1 1/2 tablets, ½ tablet"),
        ("Größe 1,80 m", "Größe 1,80 m"),
    ],
)
def test_a_raised_digit_is_not_joined_to_the_number_before_it(text: str, spelt: str) -> None:
    assert _spelt_out(text) == spelt


@pytest.mark.parametrize("most", [1, 10, 25, 1_000])
def test_batches_hold_all_texts_once_and_no_more_than_they_may(most: int) -> None:
    lengths = {number: 1 + number * 7 % 13 for number in range(40)}
    batches = list(by_length(lengths, most))
    assert sorted(number for batch in batches for number in batch) == list(lengths)
    assert all(len(batch) == 1 or len(batch) * max(lengths[number] for number in batch) <= most for batch in batches)
