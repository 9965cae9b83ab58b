"""The numbers of a text as values that can be compared with those of a text in another language.

Decimal commas and thousands are read as the text's language writes them, dates as day, month and year, and what
belongs to a unit (10^9/L) or is a way to say how often a day (1-0-1, b.i.d.) is no number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from curation.text.dates import date_numbers
from curation.text.numbers import IN_TEXT, NumberInWords, number, numbers_in_words

#: A power of ten, and how often in a day: 1-0-1, 1-0-0-1, ½-0-0, 3x/d.
NO_NUMBER = re.compile(
    r"(?<!\d)10\s?(?:\^|\*\*|e)\s?-?\d{1,2}|(?<!\d)10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|(?<=[×x*·])\s?10(?:12|9|6|3)\s?/\s?[lL]"
    r"|(?<![\d.,/-])[\d½](?:[.,]5)?(?:\s?[-–]\s?[\d½](?:[.,]5)?){2,3}(?![\d/-]|[.,]\d)"
    r"|\b\d\s?[x×]\s?(?=/|tgl|täglich|daily|a day|pro Tag|am Tag|d\b)"
)
DIGIT = re.compile(r"\d")
GLUED = re.compile(r"(?<=[^\W\d_])\d{1,3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in digits, its value, and where it stands."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Numerals:
    """The numbers of a text in digits and in words, and how often its words express one, may express one, and have
    one in a name.
    """

    digits: tuple[Numeral, ...]
    words: tuple[NumberInWords, ...]
    sure: Counter[str]
    vague: Counter[str]
    named: Counter[str]

    def values(self) -> Iterator[tuple[int, str]]:
        """Where each number begins that the text has in digits, or that its words always express, and its value."""
        yield from ((numeral.start, numeral.value) for numeral in self.digits)
        yield from ((said.start, str(value)) for said in self.words for value in said.always)


def numerals(text: str, language: str) -> Numerals:
    """The numbers of a text, in digits from left to right, and in words as counts."""
    digits, named = _in_digits(text, language) if DIGIT.search(text) else ((), Counter[str]())
    words = numbers_in_words(text, language)
    sure = Counter(str(value) for said in words for value in said.always)
    vague = Counter(str(value) for said in words for value in said.maybe)
    return Numerals(digits, tuple(words), sure, vague, named)


def _in_digits(text: str, language: str) -> tuple[tuple[Numeral, ...], Counter[str]]:
    """The numbers in digits from left to right, and how often each stands in a name."""
    hidden = NO_NUMBER.sub(lambda match: " " * len(match[0]), text)
    dates = list(date_numbers(hidden))
    dated = [Numeral(value, *span) for _, parts in dates for value, span in parts]
    if dates:
        signs = list(hidden)
        for (start, end), _ in dates:
            signs[start:end] = " " * (end - start)
        hidden = "".join(signs)
    found = [Numeral(_value(match[0], language), *match.span()) for match in IN_TEXT.finditer(hidden)]
    named = Counter(str(int(part)) for part in GLUED.findall(hidden))
    return tuple(sorted([*found, *dated], key=lambda numeral: numeral.start)), named


def _value(written: str, language: str) -> str:
    return f"{number(written, language):.12g}"


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
    ours_counted, theirs_counted = _counted(ours.digits), _counted(theirs.digits)
    found: list[Numeral] = []
    for value, count in ours_counted.items():
        more = count - theirs_counted[value]
        # What stands in a name (T2DM, q8h) is a number where the other language writes it apart; not if both do not.
        apart = max(0, theirs.named[value] - ours.named[value])
        more = min(more, more + ours.sure[value] - theirs.sure[value] - theirs.vague[value] - apart)
        if more > 0:
            found += [numeral for numeral in ours.digits if numeral.value == value][-more:]
    return sorted(found, key=lambda numeral: numeral.start)


def _apart(missing: list[Numeral], digits: Sequence[Numeral], surplus: list[Numeral]) -> list[Numeral]:
    """The surplus without what is a wanted number of the other side, its thousands parted by a blank (5 000)."""
    for first, second in pairwise(digits):
        joined = f"{first.value}{second.value:>03}"
        found = next(
            (numeral for numeral in missing if numeral.value == joined and second.start == first.end + 1), None
        )
        if found is not None:
            missing.remove(found)
            surplus = [numeral for numeral in surplus if numeral not in (first, second)]
    return surplus


def _counted(digits: Sequence[Numeral]) -> Counter[str]:
    return Counter(numeral.value for numeral in digits)
