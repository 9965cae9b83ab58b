"""Genders in English and German words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from curation.record import Frozen
from curation.text.folding import composed
from curation.text.terms import any_of, listed
from curation.text.word_lists import read_word_list


class GenderWordLists(Frozen):
    """The file: words by language, of every language under "any"."""

    female: dict[str, str]
    male: dict[str, str]
    diverse: dict[str, str]


def parse_gender(wording: str, language: str) -> str | None:
    """female, male or diverse; None where the words say none or several."""
    text = " ".join(re.sub(r"[\W_]+", " ", composed(wording)).split())
    found = [gender for gender, pattern in _patterns(language) if pattern.search(text)]
    return found[0] if len(found) == 1 else None


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    lists = read_word_list(Path(__file__).with_name("genders.yaml"), GenderWordLists)
    return tuple(
        (gender, re.compile(rf"(?<!\w)(?:{any_of([*listed(words['any']), *listed(words.get(language, ''))])})(?!\w)"))
        for gender, words in lists
    )
