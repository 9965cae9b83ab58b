"""Long runs without blanks are cut before spaCy sees them."""

from __future__ import annotations

import pytest
import spacy

from curation.text.bounded_tokenizer import without_long_runs


@pytest.mark.parametrize("run", ["(", ".,", "\U0001f600", "a-", "x", "e\u0301"])
def test_a_long_run_costs_no_more_than_its_length_and_no_sign_is_lost(run: str) -> None:
    nlp = spacy.blank("de")
    seen: list[int] = []
    read = without_long_runs(lambda text: (seen.append(len(text)), nlp.tokenizer(text))[1], nlp.vocab)
    text = f"Kein Fieber. {run * 50_000} RR 120/80"
    doc = read(text)
    assert doc.text == text
    assert seen == [len("Kein Fieber. "), len(" RR 120/80")]
    assert [token.text for token in doc][:3] == ["Kein", "Fieber", "."]


def test_other_texts_are_read_as_ever() -> None:
    nlp = spacy.blank("en")
    text = "No fever (see chart).\n\n" + "(" * 199 + " Hb 7.9 g/dL"
    found = [token.text for token in without_long_runs(nlp.tokenizer, nlp.vocab)(text)]
    assert found == [token.text for token in nlp.tokenizer(text)]
