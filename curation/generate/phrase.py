"""Phrases in two languages, written once in a short notation and inflected where a template needs it.

``a|swollen <side:left/right> calf = geschwollen~ <side:link~/recht~> Wade (f)``

- ``=`` (between blanks) stands between English and German.
- English: what stands before ``|`` is the article or the verb that leads in; it stays outside the mark.
- German noun phrases end in a tag: ``(m)``, ``(f)``, ``(n)``, ``(p)`` for the plural; with ``-`` when the
  noun takes no indefinite article, as ``(n-)`` for Fieber. ``~`` is an adjective's ending,
  ``^n`` an ending that only the dative plural has.
- German predicates (outcomes, habits) have no tag; what stands before ``|`` is the finite verb.
- ``{2-6}`` is a whole number, ``{1.5-3.0}`` one with a decimal; ``{days:2-6}`` the same number all through a case.
- ``<side:left/right>`` is a choice by its name, the same all through a case; ``sex`` is male/female.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from curation.generate.english import english_plural

SLOT = re.compile(
    r"\{(?:(?P<number>[a-z_]+):)?(?P<low>\d+(?:\.\d+)?)-(?P<high>\d+(?:\.\d+)?)\}|<(?P<name>[a-z_]+):(?P<options>[^<>]*)>"
)
TAG = re.compile(r" \((?P<gender>[mfnp])(?P<mass>-?)\)$")
#: German sets a blank before the sign, but none in 80%ig.
PER_CENT = re.compile(r"(?<=[\d}])%(?!ig)")
DATIVE_PLURAL = re.compile(r"\^(\w+)")
FORBIDDEN = re.compile(r"[\[\]{}<>~^|=#]")

#: Adjective endings by declension, case and gender (Duden, Die Grammatik, 2016).
ENDINGS: dict[str, dict[str, dict[str, str]]] = {
    "none": {
        "nom": {"m": "er", "f": "e", "n": "es", "p": "e"},
        "acc": {"m": "en", "f": "e", "n": "es", "p": "e"},
        "dat": {"m": "em", "f": "er", "n": "em", "p": "en"},
    },
    "def": {
        "nom": {"m": "e", "f": "e", "n": "e", "p": "en"},
        "acc": {"m": "en", "f": "e", "n": "e", "p": "en"},
        "dat": {"m": "en", "f": "en", "n": "en", "p": "en"},
    },
    "indef": {
        "nom": {"m": "er", "f": "e", "n": "es", "p": "e"},
        "acc": {"m": "en", "f": "e", "n": "es", "p": "e"},
        "dat": {"m": "en", "f": "en", "n": "en", "p": "en"},
    },
    "neg": {
        "nom": {"m": "er", "f": "e", "n": "es", "p": "en"},
        "acc": {"m": "en", "f": "e", "n": "es", "p": "en"},
        "dat": {"m": "en", "f": "en", "n": "en", "p": "en"},
    },
}
ARTICLES: dict[str, dict[str, dict[str, str]]] = {
    "none": {case: dict.fromkeys("mfnp", "") for case in ("nom", "acc", "dat")},
    "def": {
        "nom": {"m": "der ", "f": "die ", "n": "das ", "p": "die "},
        "acc": {"m": "den ", "f": "die ", "n": "das ", "p": "die "},
        "dat": {"m": "dem ", "f": "der ", "n": "dem ", "p": "den "},
    },
    "indef": {
        "nom": {"m": "ein ", "f": "eine ", "n": "ein ", "p": ""},
        "acc": {"m": "einen ", "f": "eine ", "n": "ein ", "p": ""},
        "dat": {"m": "einem ", "f": "einer ", "n": "einem ", "p": ""},
    },
    "neg": {
        "nom": {"m": "kein ", "f": "keine ", "n": "kein ", "p": "keine "},
        "acc": {"m": "keinen ", "f": "keine ", "n": "kein ", "p": "keine "},
        "dat": {"m": "keinem ", "f": "keiner ", "n": "keinem ", "p": "keinen "},
    },
}


@dataclass(frozen=True, slots=True)
class Wording:
    """A phrase in one language after drawing: its lead-in, and the marked text; of English the only gender is p."""

    lead: str
    text: str
    gender: str = ""
    mass: bool = False

    @property
    def plural(self) -> bool:
        """Whether a verb beside it stands in the plural."""
        return self.gender == "p"

    def form(self, case: str, article: str = "none") -> tuple[str, str]:
        """The article with its blank, and the German noun phrase, in a case: nom, acc or dat."""
        if not self.gender:
            return "", self.text
        if article == "indef" and (self.mass or self.gender == "p"):
            article = "none"
        text = self.text
        if "~" in text:
            text = text.replace("~", ENDINGS[article][case][self.gender])
        if "^" in text:
            keep = case == "dat" and self.gender == "p"
            text = DATIVE_PLURAL.sub(r"\1" if keep else "", text)
        return ARTICLES[article][case][self.gender], text


class PhraseDraws:
    """The numbers and choices of one case; named ones stay the same all through it."""

    def __init__(self, rng: random.Random, *, sex: int) -> None:
        self.rng = rng
        self.chosen: dict[str, int] = {"sex": sex}
        self.numbers: dict[str, float] = {}

    def option(self, name: str, count: int) -> int:
        """The index of a choice with that name."""
        if name not in self.chosen:
            self.chosen[name] = int(self.rng.random() * count)
        return self.chosen[name] % count

    def number(self, name: str | None, low: str, high: str) -> float:
        """A number of the range, with as many decimals as the range is written with."""
        if name is not None and name in self.numbers:
            return self.numbers[name]
        decimals = len(low.partition(".")[2])
        value = round(self.rng.uniform(float(low), float(high)), decimals)
        if not decimals:
            value = self.rng.randint(int(low), int(high))
        if name is not None:
            self.numbers[name] = value
        return value


def _decimals(value: float, language: str) -> str:
    plain = str(value)
    return plain.replace(".", ",") if language == "de" else plain


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the case files: English and German, with slots for numbers and choices."""

    en: str
    de: str
    en_lead: str = ""
    de_lead: str = ""
    gender: str = ""
    mass: bool = False
    #: p where an English verb beside it stands in the plural.
    en_number: str = ""
    open: bool = False

    @classmethod
    def parse(cls, notation: str) -> Phrase:
        """The phrase in the short notation; ValueError says what does not fit."""
        english, sign, german = notation.partition(" = ")
        if not sign or " = " in german:
            raise ValueError(f"expected 'English = German', got {notation!r}")
        english, german = english.strip(), german.strip()
        german = PER_CENT.sub(" %", german)
        gender, mass = "", False
        if tag := TAG.search(german):
            gender, mass = tag["gender"], bool(tag["mass"])
            german = german[: tag.start()].strip()
        en_lead, en = _lead(english)
        de_lead, de = _lead(german)
        _check(notation, en, de, gender)
        plain = SLOT.sub("x", en)
        many = bool(gender) and english_plural(en_lead, plain, german_plural=gender == "p")
        return cls(en, de, en_lead, de_lead, gender, mass, "p" * many, bool(SLOT.search(english + german)))

    def draw(self, draws: PhraseDraws) -> tuple[Wording, Wording]:
        """The English and the German wording with the same numbers and choices."""
        if not self.open:
            return (
                Wording(self.en_lead, self.en, self.en_number),
                Wording(self.de_lead, self.de, self.gender, self.mass),
            )
        drawn: dict[tuple[str, int], float] = {}
        fill = (_filler(draws, drawn, "en"), _filler(draws, drawn, "de"))
        return (
            Wording(SLOT.sub(fill[0], self.en_lead), SLOT.sub(fill[0], self.en), self.en_number),
            Wording(SLOT.sub(fill[1], self.de_lead), SLOT.sub(fill[1], self.de), self.gender, self.mass),
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls.parse(_text(value))
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a phrase 'English = German', got {value!r}")
    return value


def _filler(draws: PhraseDraws, drawn: dict[tuple[str, int], float], language: str) -> Callable[[re.Match[str]], str]:
    seen: dict[str, int] = {}

    def fill(slot: re.Match[str]) -> str:
        if slot["name"]:
            options = slot["options"].split("/")
            return options[draws.option(slot["name"], len(options))]
        key = slot[0]
        seen[key] = seen.get(key, 0) + 1
        occurrence = (key, seen[key])
        if occurrence not in drawn:
            drawn[occurrence] = draws.number(slot["number"], slot["low"], slot["high"])
        return _decimals(drawn[occurrence], language)

    return fill


def _lead(text: str) -> tuple[str, str]:
    lead, bar, rest = text.partition("|")
    return (f"{lead.strip()} " if lead.strip() else "", rest.strip()) if bar else ("", text)


def _slots(text: str) -> list[str]:
    return sorted(
        f"<{slot['name']}:{len(slot['options'].split('/'))} options>" if slot["name"] else slot[0]
        for slot in SLOT.finditer(text)
        if slot["name"] != "sex"
    )


def _check(notation: str, en: str, de: str, gender: str) -> None:
    if not en or not de:
        raise ValueError(f"expected words in both languages, got {notation!r}")
    if _slots(en) != _slots(de):
        raise ValueError(
            "expected the same numbers and choices in both languages, "
            f"got {_slots(en)} and {_slots(de)} in {notation!r}"
        )
    if ("~" in de or "^" in de) and not gender:
        raise ValueError(f"expected a tag such as (f) at the end of German with ~ or ^, got {notation!r}")
    plain_de = DATIVE_PLURAL.sub("", SLOT.sub(lambda slot: (slot["options"] or "").replace("~", ""), de))
    for plain in (SLOT.sub("", en), plain_de.replace("~", "")):
        if stray := FORBIDDEN.search(plain):
            raise ValueError(f"expected the notation of a phrase, got a stray {stray[0]!r} in {notation!r}")
