"""A text is folded in stretches of plain signs: the same as letter by letter."""

import re

import pytest

from curation.text import folding


@pytest.mark.parametrize(
    "text",
    [
        'Herr Müller  sagte: "Fünf\u00a0 mg/dL!" ',
        "  two  blanks, a\ttab \t and\r\nlines \n",
        "a\u0308 u \u0308 x\u0301y e\u0301",
        "straße\u00ad trenn\u200bung ﬁnal １２ İstanbul",
        "´`' \u2019s – ≤ 10⁹/L `tick` \x1c\x00",
        " ä ",
        "",
    ],
)
def test_stretches_fold_as_single_letters_do(text, monkeypatch):
    quick = folding._fold_by_letter(text)
    monkeypatch.setattr(folding, "PLAIN", re.compile(r"(?!)"))
    slow = folding._fold_by_letter(text)
    assert (quick.text, list(quick.starts), list(quick.ends)) == (slow.text, list(slow.starts), list(slow.ends))
