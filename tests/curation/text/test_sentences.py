"""Where sentences begin and end, in both languages, and that all who read sentences read the same ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.embeddings.record_vectors import sentences_of
from curation.record import Record
from curation.text import sentences as module
from curation.text.sentences import MOST_SENTENCES, sentence_spans, sentence_texts
from curation.text.tokens import read
from validation.translation.segments import is_heading, segments

EXAMPLES = [
    ("en", "Seen by Dr. Miller at St. Mary. No fever.", ["Seen by Dr. Miller at St. Mary.", "No fever."]),
    ("en", "Seen by J. Smith and A. B. Carter. No fever.", ["Seen by J. Smith and A. B. Carter.", "No fever."]),
    ("en", "Potassium was 3.2 mmol/L. It rose.", ["Potassium was 3.2 mmol/L.", "It rose."]),
    ("en", "Hb 7.9 g/dL. BP 120/80. Pulse 80. Well.", ["Hb 7.9 g/dL.", "BP 120/80.", "Pulse 80.", "Well."]),
    ("en", "Given 5 mL. Then 40 mg/d. It helped.", ["Given 5 mL.", "Then 40 mg/d.", "It helped."]),
    ("en", "Aspirin 100 mg p.o. b.i.d. Then he left.", ["Aspirin 100 mg p.o. b.i.d.", "Then he left."]),
    ("en", "Fever, e.g. after meals, vs. cough. Nil else.", ["Fever, e.g. after meals, vs. cough.", "Nil else."]),
    (
        "en",
        "Admitted on Jan. 5, 2020. Left on 12 March 2020. Well.",
        ["Admitted on Jan. 5, 2020.", "Left on 12 March 2020.", "Well."],
    ),
    ("en", "History: asthma\r\nPlan: none\r\n", ["History: asthma", "Plan: none"]),
    ("en", "Fever\n\nCough", ["Fever", "Cough"]),
    ("en", "- Fever\n- Cough", ["- Fever", "- Cough"]),
    ("en", "1. Fever\n2. Cough", ["1. Fever", "2. Cough"]),
    ("en", "Findings:\nThe liver was enlarged.", ["Findings:", "The liver was enlarged."]),
    (
        "en",
        "The patient had been entirely well until three weeks before his\nadmission, when he fell.",
        ["The patient had been entirely well until three weeks before his\nadmission, when he fell."],
    ),
    ("de", "Hb 7,9 g/dl. V.a. Pneumonie.", ["Hb 7,9 g/dl.", "V.a. Pneumonie."]),
    (
        "de",
        "Z.n. Appendektomie 2010, V.a. Pneumonie re. Unterlappen.",
        ["Z.n. Appendektomie 2010, V.a. Pneumonie re. Unterlappen."],
    ),
    ("de", "St. n. Sturz, z. B. zu Hause. Kein Fieber.", ["St. n. Sturz, z. B. zu Hause.", "Kein Fieber."]),
    ("de", "Dg. Asthma bds. Giemen, Temp. 38,5. RR 120/80.", ["Dg. Asthma bds. Giemen, Temp. 38,5.", "RR 120/80."]),
    ("de", "Niere bds. o. p. B. Milz groß.", ["Niere bds. o. p. B. Milz groß."]),
    ("de", "St. p. Sturz i. S. einer Synkope. Es geht gut.", ["St. p. Sturz i. S. einer Synkope.", "Es geht gut."]),
    ("en", "Temp. 38.5 C on admission. No cough.", ["Temp. 38.5 C on admission.", "No cough."]),
    ("de", "Abdomen o.B. Keine Ödeme.", ["Abdomen o.B.", "Keine Ödeme."]),
    ("de", "CK 1.240 U/l. Puls 80. Kein Fieber.", ["CK 1.240 U/l.", "Puls 80.", "Kein Fieber."]),
    ("de", "Am 5. Tag entlassen. Im 80. Lebensjahr.", ["Am 5. Tag entlassen.", "Im 80. Lebensjahr."]),
    ("de", "Am 3.4.2020 kam Dr. Weiß. Kein Ödem!", ["Am 3.4.2020 kam Dr. Weiß.", "Kein Ödem!"]),
    (
        "de",
        "Aufnahme am 12. März 2020, Entlassung am 3. 4. Es ging gut.",
        ["Aufnahme am 12. März 2020, Entlassung am 3. 4.", "Es ging gut."],
    ),
    ("de", "1. Pneumonie 2. Sepsis", ["1. Pneumonie 2. Sepsis"]),
    ("de", "Diagnosen:\n- Asthma\n- Gicht\n\nBefunde: o.B.", ["Diagnosen:", "- Asthma", "- Gicht", "Befunde: o.B."]),
    ("qq", "Satu. Dua tiga.", ["Satu.", "Dua tiga."]),
    ("zh", "患者は元気でした。発熱。", ["患者は元気でした。", "発熱。"]),
]


@pytest.mark.parametrize(("language", "text", "expected"), EXAMPLES)
def test_sentences_end_where_people_end_them(language: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text, language)] == expected


@pytest.mark.parametrize(("language", "text", "expected"), EXAMPLES)
def test_rules_measures_and_checks_of_translations_read_the_same_sentences(
    language: str, text: str, expected: list[str]
) -> None:
    record = Record(id="r", group="r", source="test", language=language, text=text)
    words = read(text, language)
    by_rules = [words.wording(first, after) for first, after in words.sentences]
    assert by_rules == sentences_of(record) == expected
    borders = {border for span in sentence_spans(text, language) for border in span}
    beside = segments(text, language)
    assert {border for span in beside for border in span} <= borders
    assert len(beside) == len(expected) - sum(map(is_heading, expected[:-1]))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_sentences_cover_every_word_once(text: str) -> None:
    words = read(text, "de")
    assert [word for first, after in words.sentences for word in range(first, after)] == list(range(len(words)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "de", "xx"]))
def test_sentences_are_in_order_and_show_something(text: str, language: str) -> None:
    spans = sentence_spans(text, language)
    assert list(spans) == sorted(spans)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans if text[start:end].isascii())
    assert not sentence_spans("\u200b\n\n\u00ad\n\n \t", language)


@pytest.mark.parametrize(("language", "sign"), [("en", "("), ("de", ".,"), ("en", "x"), ("de", "a-")])
def test_a_long_text_without_blanks_is_read_in_parts_of_bounded_size(language: str, sign: str) -> None:
    """On such a text spaCy alone takes a time that grows with the square of its length."""
    text = sign * (400_000 // len(sign))
    spans = sentence_spans(text, language)
    assert "".join(text[start:end] for start, end in spans) == text
    assert max(end - start for start, end in spans) <= 400 * 50


def test_a_text_is_read_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(module, "read", lambda text, language: (asked.append(text), read(text, language))[1])
    text = "A text that no other test has. It has two sentences."
    assert len(sentence_spans(text, "en")) == len(sentence_texts(text, "en")) == 2
    assert asked == [text]


def test_for_an_encoder_sentences_are_cut_and_only_the_first_are_given() -> None:
    assert sentence_texts("x" * 5_000 + ". Fever.", "en")[0] == "x" * 1_000
    assert len(sentence_texts("Fever. " * 500, "en")) == MOST_SENTENCES
