"""How the patient is named: ``a 54-year-old man``, ``einer 7 Monate alten Patientin``."""

from __future__ import annotations

import random
from typing import NamedTuple

from curation.generate.case import PatientCase
from curation.generate.phrase import ARTICLES, ENDINGS

CHILD = 16
UNITS_SHORT = {
    "en": {"years": "y", "months": "mo", "weeks": "wk", "days": "d"},
    "de": {"years": "J.", "months": "Mon.", "weeks": "Wo.", "days": "d"},
}
UNITS_DE = {"months": ("Monat", "Monate"), "weeks": ("Woche", "Wochen"), "days": ("Tag", "Tage")}


class Noun(NamedTuple):
    """A German noun for a person: gender, nominative, accusative and dative, genitive."""

    gender: str
    nom: str
    oblique: str
    gen: str

    def form(self, case: str) -> str:
        """The noun in a case."""
        return {"nom": self.nom, "gen": self.gen}.get(case, self.oblique)


NOUNS = {
    "adult": (
        (Noun("m", "Patient", "Patienten", "Patienten"), Noun("m", "Mann", "Mann", "Mannes")),
        (Noun("f", "Patientin", "Patientin", "Patientin"), Noun("f", "Frau", "Frau", "Frau")),
    ),
    "child": (
        (Noun("m", "Junge", "Jungen", "Jungen"), Noun("m", "Patient", "Patienten", "Patienten")),
        (Noun("n", "Mädchen", "Mädchen", "Mädchens"), Noun("f", "Patientin", "Patientin", "Patientin")),
    ),
}
GENITIVES = {"m": "eines ", "f": "einer ", "n": "eines "}
PRONOUNS = ({"nom": "er", "acc": "ihn", "dat": "ihm"}, {"nom": "sie", "acc": "sie", "dat": "ihr"})
RELATIVES = {"m": ("der", "dem"), "f": ("die", "der"), "n": ("das", "dem")}
#: Stretches of text with the category that marks them, "" for none.
TaggedText = tuple[str, str]


class PatientReference:
    """The expressions that refer to the patient of a case in one text."""

    def __init__(self, case: PatientCase, language: str, rng: random.Random) -> None:
        self.case, self.language, self.rng = case, language, rng
        self.kind = "adult" if case.age_unit == "years" and case.age >= CHILD else "child"
        nouns = NOUNS[self.kind][case.sex]
        self.noun = nouns[rng.random() < 0.5]
        self.words = (("man", "woman"), ("boy", "girl"))[self.kind == "child"]
        self.style = int(rng.random() * 6)

    def first(self, case: str, article: str, *, short: bool) -> list[TaggedText]:
        """The first mention, with age and gender marked."""
        if short:
            return self._short()
        return self._english() if self.language == "en" else self._german(case, article)

    def subject(self, case: str) -> str:
        """A later mention."""
        pronoun = self.rng.random() < 0.5
        if self.language == "en":
            if pronoun:
                return ("he", "she")[self.case.sex]
            return "the patient" if self.rng.random() < 0.7 else f"the {self.words[self.case.sex]}"
        if pronoun:
            return PRONOUNS[self.case.sex][case]
        noun = NOUNS["adult"][self.case.sex][0]
        if self.kind == "child" and self.rng.random() < 0.5:
            noun = NOUNS["child"][self.case.sex][0]
        return f"{ARTICLES['def'][case][noun.gender]}{noun.form(case)}"

    def relative(self, case: str) -> str:
        """The German relative pronoun: nominative for rel, dative for reldat."""
        return RELATIVES[self.noun.gender][case == "reldat"]

    def _english(self) -> list[TaggedText]:
        age, unit = self.case.age, self.case.age_unit
        word = self.words[self.case.sex]
        if self.style == 0:
            units = unit if age != 1 else unit[:-1]
            return [("a ", ""), (word, "gender"), (" ", ""), (f"aged {age} {units}", "age")]
        article = "an " if str(age).startswith("8") or age in (11, 18) else "a "
        mention = [(article, ""), (f"{age}-{unit[:-1]}-old", "age"), (" ", "")]
        if self.style == 1:
            return [*mention, (("male", "female")[self.case.sex], "gender"), (" patient", "")]
        return [*mention, (word, "gender")]

    def _german(self, case: str, article: str) -> list[TaggedText]:
        gender = self.noun.gender
        genitive = case == "gen"
        ending = "en" if genitive else ENDINGS[article][case][gender]
        noun = self.noun.form(case)
        return [
            (GENITIVES[gender] if genitive else ARTICLES[article][case][gender], ""),
            (f"{self._age_stem()}{ending}", "age"),
            (" ", ""),
            (noun, "gender"),
        ]

    def _age_stem(self) -> str:
        age, unit = self.case.age, self.case.age_unit
        if unit == "years" and self.style:
            return f"{age}-jährig"
        if unit == "years":
            return f"{age} {'Jahr' if age == 1 else 'Jahre'} alt"
        return f"{age} {UNITS_DE[unit][age != 1]} alt"

    def _short(self) -> list[TaggedText]:
        age, unit, sex = self.case.age, self.case.age_unit, self.case.sex
        brief = UNITS_SHORT[self.language][unit]
        if self.language == "en":
            word, male = self.words[sex], ("male", "female")[sex]
            return (
                [(f"{age}-{unit[:-1]}-old", "age"), (" ", ""), (word, "gender")],
                [(f"{age} {brief}/o", "age"), (" ", ""), (male, "gender")],
                [(f"{age}{brief}o", "age"), (" ", ""), ("MF"[sex], "gender")],
                [(male, "gender"), (", ", ""), (f"{age} {brief}", "age")],
                [
                    ("Pt, ", ""),
                    (male, "gender"),
                    (", ", ""),
                    (f"{age} {unit if age != 1 else unit[:-1]}", "age"),
                ],
                [(f"{age}{brief}", "age"), (" ", ""), ("MF"[sex], "gender")],
            )[self.style]
        word = ("männlich", "weiblich")[sex]
        noun = self.noun
        return (
            [
                (f"{self._age_stem()}{ENDINGS['none']['nom'][noun.gender]}", "age"),
                (" ", ""),
                (noun.nom, "gender"),
            ],
            [(word, "gender"), (", ", ""), (f"{age} {brief}", "age")],
            [(noun.nom, "gender"), (", ", ""), (f"{age} {brief}", "age")],
            [(f"{age} {brief}", "age"), (", ", ""), (word[:1], "gender")],
            [
                (f"{self._age_stem()}{ENDINGS['none']['nom'][noun.gender]}", "age"),
                (" ", ""),
                (noun.nom, "gender"),
            ],
            [(f"{age} {brief}", "age"), (", ", ""), (word, "gender")],
        )[self.style]
