"""Errors of meaning planted into translations, a word each: another side or organ, a denial dropped or added."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from validation_parts.error_planting import Planted, PlantingCase
from validation_parts.translation_errors import replaced

#: What turns a word into another, at random where several words fit.
Turn = Callable[[re.Match[str], Random], str]

SIDES = {
    "en": re.compile(r"\b(?:left|right)(?=-sided|[ -](?!to\b|after\b|away\b|untreated\b)[a-z])", re.IGNORECASE),
    "de": re.compile(r"\b(?:links|rechts|linke|rechte)(?=\b|[nrsm]\b|seit|ventr|atri|herz|hemi)", re.IGNORECASE),
}
OTHER_SIDE = {
    "left": "right",
    "right": "left",
    "links": "rechts",
    "rechts": "links",
    "linke": "rechte",
    "rechte": "linke",
}
#: Parts of the body in forms that can stand for each other in a sentence: nouns, beginnings of compounds, adjectives.
PARTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "en": (
        (r"\b(?:{})\b", "kidney liver lung spleen heart stomach bowel brain skin pancreas bladder thyroid prostate"),
        (r"\b(?:{})\b", "knee hip shoulder elbow ankle wrist arm leg hand foot eye ear nose neck chest abdomen"),
        (r"\b(?:{})\b", "kidneys lungs eyes ears knees hips shoulders arms legs hands"),
        (r"\b(?:{})\b", "renal hepatic pulmonary cardiac gastric cerebral pancreatic splenic"),
    ),
    "de": (
        (r"\b(?:{})\b", "Niere Leber Lunge Milz Haut Harnblase Schilddrüse Prostata Schulter Hüfte Hand Nase Brust"),
        (r"\b(?:{})\b", "Herz Gehirn Pankreas Knie Auge Ohr Bein Abdomen Sprunggelenk Handgelenk"),
        (r"\b(?:{})\b", "Magen Darm Arm Fuß Kopf Hals Bauch Ellenbogen"),
        (r"\b(?:{})\b", "Nieren Lungen Augen Ohren Hände Füße Beine Arme"),
        (
            r"\b(?:{})(?=[a-zäöüß]{{4,}})",
            "Nieren Leber Lungen Herz Magen Darm Hirn Milz Haut Knie Schulter Augen Brust",
        ),
        (r"\b(?:{})(?=e?[nrsm]?\b)", "renal pulmonal kardial gastral zerebral"),
    ),
}
#: Denials and what is left without them, and places where a denial can be added.
DROPPED: Mapping[str, Mapping[str, str]] = {
    "en": {
        r"\bno (?=[a-z])(?!longer|later|doubt|less|more)": "",
        r"\bnot (?!only|least|just|uncommon)": "",
        r"\bwithout\b": "with",
        r"\bdenied\b": "reported",
    },
    "de": {
        r"\b[Kk]eine?[nrsm]? (?=[A-ZÄÖÜa-z])": "",
        r"\bnicht (?!nur|zuletzt|selten|zu)": "",
        r"\bohne\b(?! weiteres)": "mit",
        r"\bverneint(?:e|en)?\b": "berichtet",
    },
}
ADDED: Mapping[str, Mapping[str, str]] = {
    "en": {
        r"\b(?:was|were|is|are)\b(?= [a-z])": r"\g<0> not",
        r"\bwith\b(?= [a-z])": "without",
        r"\ban? (?=[a-z])": "no ",
    },
    "de": {
        r"\b(?:wurde|wurden|war|waren|ist|sind)\b(?= [a-zäöü])": r"\g<0> nicht",
        r"\bmit\b(?= [A-ZÄÖÜ])": "ohne",
        r"\beine?[nrsm]?\b(?= [A-ZÄÖÜa-zäöü])": r"k\g<0>",
    },
}


def other_side(case: PlantingCase, chance: Random) -> Planted | None:
    """Left for right, or right for left, once."""
    return _one(case, chance, [(SIDES[case.record.language], _turned_side)])


def other_part(case: PlantingCase, chance: Random) -> Planted | None:
    """A part of the body for another."""
    turns: list[tuple[re.Pattern[str], Turn]] = []
    for pattern, words in PARTS[case.record.language]:
        turns.append((re.compile(pattern.format("|".join(words.split()))), _another_of(words.split())))
    return _one(case, chance, turns)


def dropped_denial(case: PlantingCase, chance: Random) -> Planted | None:
    """A denial taken out."""
    return _one(case, chance, _replacing(DROPPED[case.record.language]))


def added_denial(case: PlantingCase, chance: Random) -> Planted | None:
    """A denial put in, where there was none."""
    return _one(case, chance, _replacing(ADDED[case.record.language]))


def _replacing(words: Mapping[str, str]) -> list[tuple[re.Pattern[str], Turn]]:
    def by(template: str) -> Turn:
        return lambda match, chance: match.expand(template)

    return [(re.compile(pattern), by(template)) for pattern, template in words.items()]


def _turned_side(match: re.Match[str], chance: Random) -> str:
    other = OTHER_SIDE[match[0].lower()]
    return other.capitalize() if match[0][0].isupper() else other


def _another_of(words: Sequence[str]) -> Turn:
    return lambda match, chance: chance.choice([word for word in words if word != match[0]])


def _one(case: PlantingCase, chance: Random, turns: Sequence[tuple[re.Pattern[str], Turn]]) -> Planted | None:
    """The case with one of all matches turned."""
    found = [(match, turn) for pattern, turn in turns for match in pattern.finditer(case.record.text)]
    if case.original is None or not found:
        return None
    match, turn = chance.choice(found)
    return Planted(replaced(case, *match.span(), turn(match, chance)))
