"""The rules read decomposed letters and words with invisible signs as they read plain ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest

from annotation.rules.annotator import RulesAnnotator
from curation.record import Record, check_layer
from curation.scheme import load_scheme
from curation.sources.sample import read_sample
from curation.stage import Item
from curation.text.folding import compose

ANNOTATOR = RulesAnnotator(load_scheme())


def marked(record: Record) -> list[tuple[str, str, str]]:
    """Categories, wordings without their Unicode form, and assertions; each wording stands at its offsets."""
    (result,) = ANNOTATOR([Item(record)])
    layer = check_layer(record, result.layers[0])
    return [(entity.category, compose(entity.text).text, entity.assertion.value) for entity in layer.entities]


def with_sign(sign: str) -> Callable[[str], str]:
    """Puts the sign behind the second letter of each word that is long enough to be parted."""
    return lambda text: re.sub(r"(?<![^\W\d_])([^\W\d_]{2})(?=[^\W\d_]{2})", rf"\1{sign}", text)


FORMS: dict[str, Callable[[str], str]] = {
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "soft hyphens": with_sign("\u00ad"),
    "zero-width spaces": with_sign("\u200b"),
    "zero-width joiners": with_sign("\u200d"),
    "word joiners, decomposed": lambda text: with_sign("\u2060")(unicodedata.normalize("NFD", text)),
    "byte order mark": lambda text: "\ufeff" + text,
}


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_sample_is_marked_alike_in_every_form(form: Callable[[str], str]) -> None:
    for record, _ in read_sample():
        changed = record.model_copy(update={"text": form(record.text)})
        assert marked(changed) == marked(record), record.id


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_negation_is_one_in_every_form(form: Callable[[str], str]) -> None:
    text = form("Für Übelkeit und Schüttelfrost kein Anhalt.\nKeine Ödeme.")
    record = Record(id="r1", group="g1", source="test", language="de", text=text)
    assert ("signs_symptoms", "Ödeme", "negated") in marked(record)
