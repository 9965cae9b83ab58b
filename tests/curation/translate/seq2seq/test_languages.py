"""What models call the languages: found, or asked for."""

from __future__ import annotations

import pytest

from curation.errors import UsageError
from curation.translate.seq2seq.languages import FAMILIES, ModelLanguages, language_codes

NLLB = ["eng_Latn", "deu_Latn", "zho_Hans", "zho_Hant", "<s>", "fever"]
MARIAN = [">>deu<<", ">>nld<<", ">>cmn_Hans<<", "▁>>", "</s>"]


def languages(kind: str, vocabulary: list[str], *said: str | None) -> ModelLanguages:
    family = FAMILIES[kind]
    return ModelLanguages("tiny", family, family.tokens_of(vocabulary), *said)


@pytest.mark.parametrize(
    ("kind", "vocabulary", "expected"),
    [
        ("NllbTokenizer", NLLB, ("eng_Latn", "deu_Latn")),
        ("M2M100Tokenizer", ["__en__", "__de__", "__deu__", "en"], ("__en__", "__de__")),
        ("MBart50Tokenizer", ["en_XX", "de_DE", "de", "▁de_DE"], ("en_XX", "de_DE")),
        ("MBartTokenizer", ["en_XX", "de_DE"], ("en_XX", "de_DE")),
        ("MarianTokenizer", MARIAN, ("", ">>deu<<")),
        ("MarianTokenizer", [">>de<<", ">>den<<"], ("", ">>de<<")),
        ("MarianTokenizer", ["de", "▁de"], ("", "")),
    ],
)
def test_a_language_has_one_token(kind: str, vocabulary: list[str], expected: tuple[str, str]) -> None:
    said = ("eng", "deu") if kind == "MarianTokenizer" else ()
    assert languages(kind, vocabulary, *said).direction("en", "de", directions=(), codes={}) == expected


def test_one_that_is_not_found_is_asked_for() -> None:
    known = languages("NllbTokenizer", NLLB)
    with pytest.raises(UsageError, match=r'for zh, set codes = { zh = "..." }; it knows deu_Latn, eng_Latn'):
        known.direction("en", "zh", directions=(), codes={})
    with pytest.raises(UsageError, match="for fra_Latn"):
        known.direction("en", "fr", directions=(), codes={"fr": "fra_Latn"})
    assert known.direction("en", "zh", directions=(), codes={"zh": "zho_Hant"})[1] == "zho_Hant"
    assert languages("M2M100Tokenizer", ["__en__", "__ns__"]).direction("en", "nso", directions=(), codes={"nso": "ns"})


def test_several_tokens_of_a_language_are_named() -> None:
    known = languages("MarianTokenizer", [">>de<<", ">>deu<<"], "en", "gem")
    with pytest.raises(UsageError, match="one of >>de<<, >>deu<< for de"):
        known.direction("en", "de", directions=(), codes={})


@pytest.mark.parametrize("said", [(None, None), ("gem", "deu"), ("eng", None), (None, "de")])
def test_a_model_for_one_direction_that_does_not_say_which_is_refused(said: tuple[str | None, str | None]) -> None:
    known = languages("MarianTokenizer", ["▁de"], *said)
    with pytest.raises(UsageError, match="does not say which languages"):
        known.direction("en", "de", directions=(), codes={})
    assert known.direction("en", "de", directions=("en-de",), codes={}) == ("", "")


@pytest.mark.parametrize("said", [("de", "en"), ("eng", "nld"), ("fra", "deu")])
def test_a_model_for_another_direction_is_refused(said: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=r"expected a model for (en|de), got one for"):
        languages("MarianTokenizer", ["▁de"], *said).direction("en", "de", directions=(), codes={})


def test_the_codes_are_text_and_each_means_one_language() -> None:
    codes = language_codes()
    assert codes["de"] == "deu_Latn"
    assert len(set(codes.values())) == len(codes)
    assert all(len(short) == 2 and len(long) == 8 for short, long in codes.items())
