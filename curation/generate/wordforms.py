"""Forms of words: abbreviations with their articles and genders, German contractions."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from curation.generate.conditions import FOLDER, load_yaml
from curation.generate.phrase import TAG, Wording

CONTRACTIONS = {
    ("in", "dem "): "im ",
    ("In", "dem "): "Im ",
    ("bei", "dem "): "beim ",
    ("Bei", "dem "): "Beim ",
    ("zu", "dem "): "zum ",
    ("zu", "der "): "zur ",
    ("von", "dem "): "vom ",
}
VOWEL_SOUND = re.compile(r"[aeiou]|[AEFHILMNORSX](?:[A-Z]|\b)", re.ASCII)


class Short(NamedTuple):
    """An abbreviation, with its gender where that is not the long form's: die Elektroenzephalographie, das EEG."""

    text: str
    gender: str = ""

    @classmethod
    def parse(cls, notation: str) -> Short:
        """The abbreviation in a notation such as ``EEG (n)``."""
        tag = TAG.search(notation)
        return cls(notation[: tag.start()], tag["gender"]) if tag else cls(notation)


@cache
def _abbreviations(language: str) -> tuple[re.Pattern[str], dict[str, Short]]:
    short_forms = {
        long: Short.parse(short) for long, short in load_yaml(FOLDER / "abbreviations.yaml")[language].items()
    }
    longest = sorted(short_forms, key=len, reverse=True)
    # A part of a longer word or of one with hyphens must not be shortened.
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest)) + r")(?![\w-])"), short_forms


def abbreviated(wording: Wording, language: str) -> Wording:
    """The wording with abbreviations for its long forms, and the article and gender that they take."""
    pattern, short_forms = _abbreviations(language)
    gender = wording.gender

    def shorten(long: re.Match[str]) -> str:
        nonlocal gender
        short = short_forms[long[0]]
        if short.gender and not _heads(wording.text[: long.start()]):
            return long[0]
        gender = short.gender or gender
        return short.text

    text = pattern.sub(shorten, wording.text)
    if text == wording.text:
        return wording
    lead = wording.lead
    if lead in ("a ", "an "):
        lead = "an " if VOWEL_SOUND.match(text) else "a "
    return Wording(lead, text, gender, wording.mass)


def _heads(before: str) -> bool:
    """Whether the noun after these words heads its phrase: nothing but adjectives leads up to it."""
    return all(word.endswith(("~", "~,")) for word in before.split())
