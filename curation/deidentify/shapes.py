"""Numbers, addresses and codes in the shape that they had, from ranges that are given to no one.

Telephone numbers: 555-0100 to 555-0199 (North American Numbering Plan), 020 7946 0xxx (Ofcom), 030 23125 xxx
(Bundesnetzagentur) are kept for fiction. Mail and web: example.org (RFC 2606). Network: 192.0.2.0/24 (RFC 5737).
"""

from __future__ import annotations

import re

from curation.deidentify.key import KeyedDraws
from curation.deidentify.surrogate_words import surname

#: Fewer figures are an extension, in which no range fits.
WHOLE_NUMBER = 7
#: A postal code of five figures that begins so is given to no town, in Germany nor in the United States.
NO_TOWN = "00"
LETTERS = "abcdefghjkmnpqrstuvwxyz"


def same_shape(wording: str, draws: KeyedDraws) -> str:
    """Other figures for figures and letters for letters, the rest as it is; never the same again."""
    for _ in range(8):
        drawn = "".join(_like(character, draws) for character in wording)
        if drawn != wording:
            break
    return drawn


def _like(character: str, draws: KeyedDraws) -> str:
    if character.isdecimal():
        return str(draws.below(10))
    if character.isalpha():
        letter = draws.one_of(LETTERS)
        return letter.upper() if character.isupper() else letter
    return character


def house_number(figures: int, draws: KeyedDraws) -> str:
    """A number of so many figures; nothing for none."""
    return str(10 ** (figures - 1) + draws.below(9 * 10 ** (figures - 1))) if figures else ""


def telephone(wording: str, draws: KeyedDraws, language: str) -> str:
    """A number of the same shape, from a range kept for fiction."""
    figures = "".join(character for character in wording if character.isdecimal())
    return _filled(wording, _number(wording, figures, draws, language))


def _number(wording: str, figures: str, draws: KeyedDraws, language: str) -> str:
    random = "".join(str(draws.below(10)) for _ in figures)
    if len(figures) < WHOLE_NUMBER:
        return random if random != figures else same_shape(figures, draws)
    abroad = "00" if figures.startswith("00") else ""
    if language == "de" or wording.startswith("00"):
        inland = "0" if "(0)" in wording else ""
        start = f"{abroad}49{inland}3023125" if abroad or wording.startswith("+") else "03023125"
    elif figures.startswith("0"):
        start = "02079460"
    else:
        area = random[: max(0, len(figures) - 7)]
        start = (f"1{area[1:]}" if wording.startswith(("+", "1")) else area) + "55501"
    return (start + random)[: len(figures)]


def _filled(wording: str, figures: str) -> str:
    """The figures where the old ones stood."""
    left = iter(figures)
    return "".join(next(left) if character.isdecimal() else character for character in wording)


def postal_code(wording: str, draws: KeyedDraws) -> str:
    """A postal code of the same shape that no town has."""
    drawn = same_shape(wording, draws)
    if re.search(r"\d{5}", wording):
        return re.sub(r"\d{5}", lambda match: NO_TOWN + match[0][2:], drawn, count=1)
    return drawn


def mail(wording: str, draws: KeyedDraws) -> str:
    """An address at example.org."""
    return f"{_plain(surname(draws, 'en'))}{draws.below(90) + 10}@example.org"


def web(wording: str, draws: KeyedDraws) -> str:
    """An address at example.org, or one of the network for documentation."""
    if re.fullmatch(r"[\d.]+", wording):
        return f"192.0.2.{draws.below(254) + 1}"
    start = re.match(r"(?i:https?://(?:www\.)?|www\.)", wording)
    return f"{start[0] if start else ''}example.org/{_plain(surname(draws, 'en'))}"


def _plain(name: str) -> str:
    return name.lower()
