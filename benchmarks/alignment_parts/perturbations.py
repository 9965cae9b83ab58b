"""How models change a wording that they were to quote; each gives another wording, or None where it does not apply."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Perturbation = Callable[[str, random.Random], str | None]

WORD = re.compile(r"[^\W\d_]{5,}")
UNIT = re.compile(r"(\d)( ?)(mg|g|ml|mL|kg|cm|mm|µg|%|mmHg|IU|mmol|dL|dl|L|h|years?|days?|weeks?|months?)\b")
LISTED = re.compile(r"^(?P<first>[^,]+), (?P<middle>[^,]+(?:, [^,]+)*?),? (?P<link>and|or|und|oder) (?P<last>[^,]+)$")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
#: Words that change what is said, which no model that quotes leaves out.
MEANING = re.compile(
    r"\d|^(no|not|without|left|right|bilateral|kein\w*|ohne|nicht|links?\w*|rechts?\w*)$", re.IGNORECASE
)
ABBREVIATIONS = {
    "CT": "computed tomography",
    "MRI": "magnetic resonance imaging",
    "ECG": "electrocardiogram",
    "EKG": "electrocardiogram",
    "CRP": "C-reactive protein",
    "WBC": "white blood cell count",
    "CSF": "cerebrospinal fluid",
    "EEG": "electroencephalogram",
    "PET": "positron emission tomography",
    "ICU": "intensive care unit",
    "BP": "blood pressure",
    "HIV": "human immunodeficiency virus",
    "LDH": "lactate dehydrogenase",
    "ALT": "alanine aminotransferase",
    "AST": "aspartate aminotransferase",
    "IV": "intravenous",
}


def case(wording: str, chance: random.Random) -> str | None:
    """Capitals at the beginning, or throughout."""
    changed = chance.choice([wording.upper(), wording.title(), wording[:1].upper() + wording[1:], wording.lower()])
    return changed if changed != wording else None


def spacing(wording: str, chance: random.Random) -> str | None:
    """Numbers and units together or apart, hyphens as blanks, two blanks for one."""
    united = UNIT.sub(lambda unit: unit[1] + ("" if unit[2] else " ") + unit[3], wording)
    choices = [united, wording.replace("-", " "), wording.replace(" ", "  "), wording.replace("/", " / ")]
    changed = [choice for choice in choices if choice != wording]
    return chance.choice(changed) if changed else None


def article(wording: str, chance: random.Random) -> str | None:
    """An article before it."""
    if wording.split()[0].lower() in ("a", "an", "the"):
        return None
    return f"{chance.choice(['a', 'the'])} {wording}"


def typo(wording: str, chance: random.Random) -> str | None:
    """One letter of a long word missing, doubled, exchanged or swapped with the next."""
    words = list(WORD.finditer(wording))
    if not words:
        return None
    word = chance.choice(words)
    at = chance.randrange(word.start() + 1, word.end() - 1)
    letter = chance.choice("aeinrst")
    before, after = wording[:at], wording[at:]
    changed = chance.choice(
        [
            before + after[1:],
            before + after[0] + after,
            before + letter + after[1:],
            before + after[1] + after[0] + after[2:],
        ]
    )
    return changed if changed != wording else None


def listed(wording: str, chance: random.Random) -> str | None:
    """The parts of an enumeration in another order."""
    found = LISTED.match(wording)
    return f"{found['middle']}, {found['first']} {found['link']} {found['last']}" if found else None


def expanded(wording: str, chance: random.Random) -> str | None:
    """An abbreviation written out."""
    changed = " ".join(ABBREVIATIONS.get(word, word) for word in wording.split(" "))
    return changed if changed != wording else None


def umlauts(wording: str, chance: random.Random) -> str | None:
    """Umlauts and sharp s written out."""
    changed = wording.translate(UMLAUTS)
    return changed if changed != wording else None


def dropped(wording: str, chance: random.Random) -> str | None:
    """One word less, of three and more."""
    words = wording.split()
    free = [place for place, word in enumerate(words[1:-1], 1) if not MEANING.search(word)]
    if not free:
        return None
    place = chance.choice(free)
    return " ".join([*words[:place], *words[place + 1 :]])


def compounds(words: frozenset[str]) -> Perturbation:
    """A compound of two words of the corpus with a hyphen between them, or a hyphen left out."""

    def apart(wording: str, chance: random.Random) -> str | None:
        if "-" in wording:
            left, right = wording.split("-", 1)
            return left + right.lower() if left and right[:1].isalpha() and left[-1].isalpha() else None
        for word in wording.split():
            for at in range(4, len(word) - 3):
                if word[:at].lower() in words and word[at:].lower() in words:
                    return wording.replace(word, f"{word[:at]}-{word[at:].capitalize()}", 1)
        return None

    return apart


ENGLISH: Mapping[str, Perturbation] = {
    "case": case,
    "spacing": spacing,
    "article": article,
    "typo": typo,
    "list in another order": listed,
    "abbreviation expanded": expanded,
}


def german(words: frozenset[str]) -> Mapping[str, Perturbation]:
    """The perturbations for German, by the words of the corpus."""
    return {
        "case": case,
        "umlauts written out": umlauts,
        "compound": compounds(words),
        "word dropped": dropped,
        "typo": typo,
    }
