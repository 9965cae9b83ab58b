"""The numbers of a text as values that can be compared with those of a text in another language.

Decimal commas and thousands are read as the text's language writes them, dates as day, month and year, and what
belongs to a unit (10^9/L) or is a way to say how often a day (1-0-1, b.i.d.) is no number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from validation.measures.number_words import number_words
from validation.measures.quantities import number

#: A number in digits, not one in a name (SpO2, HbA1c); of blanks only those that hold together part thousands.
DIGITS = re.compile(
    r"(?<![^\W_])(?:\d{1,3}(?:['\u00a0\u202f]\d{3})+(?![\d.,]*\d)|\d{1,30}(?:[.,]\d{1,30})*)(?![^\W\d_]\d)"
)
#: A date in digits, with the day or the year first.
DATE = re.compile(
    r"(?<![\d.,/-])(?:\d{1,2}([./-])\s?\d{1,2}\1\s?(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d([/-])\d\d\2\d\d)(?![\d/-])"
)
#: Years of two digits up to this one are of this century.
CENTURY = 40
#: A power of ten, and how often in a day: 1-0-1, 1-0-0-1, ½-0-0, 3x/d.
NO_NUMBER = re.compile(
    r"(?<!\d)10\s?(?:\^|\*\*|e)\s?-?\d{1,2}|(?<!\d)10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|(?<=[×x*·])\s?10(?:12|9|6|3)\s?/\s?[lL]"
    r"|(?<![\d.,/-])[\d½](?:[.,]5)?(?:\s?[-–]\s?[\d½](?:[.,]5)?){2,3}(?![\d/-]|[.,]\d)"
    r"|\b\d\s?[x×]\s?(?=/|tgl|täglich|daily|a day|pro Tag|am Tag|d\b)"
)
GLUED = re.compile(r"(?<=[^\W\d_])\d{1,3}(?!\d)")
WORD = re.compile(r"[^\W\d_]+")
#: Parts that German writes behind a number in one word: dreijährig, zweiwöchig, sechsmonatige.
BEHIND = re.compile(r"(?:jähr|wöch|täg|monat|stünd|minüt|fach|mal|stell|gefäß|teil|er)\w*$")
#: Tens and units in one: twenty-five, fünfundzwanzig.
JOINED = re.compile(r"\b[^\W\d_]{3,7}ty-[^\W\d_]+|\b[a-zäöüß]{3,6}und[a-zäöüß]{1,5}?[zß]ig")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in digits, its value, and where it stands."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Numerals:
    """The numbers of a text in digits, and how often words of it say a number, may say it, and have it in a name."""

    digits: tuple[Numeral, ...]
    sure: Counter[str]
    vague: Counter[str]
    named: Counter[str]


def numerals(text: str, language: str) -> Numerals:
    """The numbers of a text, in digits from left to right, and in words as counts."""
    hidden = _blanked(text, NO_NUMBER)
    dated = [part for found in DATE.finditer(hidden) for part in _date(found)]
    hidden = _blanked(hidden, DATE)
    found = [Numeral(_value(one[0], language), *one.span()) for one in DIGITS.finditer(hidden)]
    words, small = number_words(language), text.lower()
    sure, vague = _said(small, words.always) + _joined(small, words.cardinals), _said(small, words.maybe)
    named = Counter(str(int(part)) for part in GLUED.findall(hidden))
    return Numerals(tuple(sorted([*found, *dated], key=lambda one: one.start)), sure, vague, named)


def _blanked(text: str, pattern: re.Pattern[str]) -> str:
    """The text with blanks where the pattern matches: all other places stay what they were."""
    return pattern.sub(lambda found: " " * len(found[0]), text)


def _date(found: re.Match[str]) -> tuple[Numeral, ...]:
    """Day, month and year, in whatever order they stand; a year of two digits is written out."""
    parts = list(re.finditer(r"\d+", found[0]))
    values = [str(int(part[0])) for part in parts]
    if len(parts[0][0]) <= 2 and len(parts[-1][0]) == 2:
        values[-1] = f"{20 if int(values[-1]) <= CENTURY else 19}{values[-1]:>02}"
    return tuple(
        Numeral(value, found.start() + part.start(), found.start() + part.end())
        for value, part in zip(values, parts, strict=True)
    )


def _value(written: str, language: str) -> str:
    return f"{number(written, language):.12g}"


def _said(text: str, known: Mapping[str, tuple[int, ...]]) -> Counter[str]:
    """How often words of a lower-case text say each number; one word may say several (a day: 1, 24)."""
    counts: Counter[str] = Counter()
    for word in WORD.findall(text):
        if word not in known and (behind := BEHIND.search(word)):
            word = word[: behind.start()]
        counts.update(map(str, known.get(word, ())))
    return counts


def _joined(text: str, cardinals: Mapping[str, int]) -> Counter[str]:
    """How often words of tens and units say each number in a lower-case text."""
    said = (cardinals.get(found[0]) for found in JOINED.finditer(text.replace("dreissig", "dreißig")))
    return Counter(str(value) for value in said if value is not None)


@dataclass(frozen=True, slots=True)
class Differences:
    """Numbers of the original that the translation lacks, and numbers that it has and the original does not."""

    lost: tuple[Numeral, ...]
    gained: tuple[Numeral, ...]


def differences(original: Numerals, translation: Numerals) -> Differences:
    """The numbers in digits that one side has more often than the other, in digits and in words together.

    Where a value stands several times, the last of them are named.
    """
    lost, gained = _surplus(original, translation), _surplus(translation, original)
    gained = _apart(lost, translation.digits, gained)
    lost = _apart(gained, original.digits, lost)
    return Differences(tuple(lost), tuple(gained))


def _surplus(ours: Numerals, theirs: Numerals) -> list[Numeral]:
    mine, other = _counted(ours.digits), _counted(theirs.digits)
    found: list[Numeral] = []
    for value, count in mine.items():
        more = count - other[value]
        # What stands in a name (T2DM, q8h) is a number where the other language writes it apart; not if both do not.
        apart = max(0, theirs.named[value] - ours.named[value])
        more = min(more, more + ours.sure[value] - theirs.sure[value] - theirs.vague[value] - apart)
        if more > 0:
            found += [one for one in ours.digits if one.value == value][-more:]
    return sorted(found, key=lambda one: one.start)


def _apart(wanted: list[Numeral], digits: Sequence[Numeral], surplus: list[Numeral]) -> list[Numeral]:
    """The surplus without what is a wanted number of the other side, its thousands parted by a blank (5 000)."""
    for first, second in pairwise(digits):
        joined = f"{first.value}{second.value:>03}"
        found = next((one for one in wanted if one.value == joined and second.start == first.end + 1), None)
        if found is not None:
            wanted.remove(found)
            surplus = [one for one in surplus if one not in (first, second)]
    return surplus


def _counted(digits: Sequence[Numeral]) -> Counter[str]:
    return Counter(one.value for one in digits)
