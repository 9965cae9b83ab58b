"""What stands for an identifier: the table by kind, and the surrogates of one text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from curation.deidentify.date_shift import moved
from curation.deidentify.edits import Edit, Span
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.deidentify.key import Key, KeyedDraws
from curation.deidentify.shapes import house_number, mail, postal_code, same_shape, telephone, web
from curation.deidentify.surrogate_names import names
from curation.deidentify.surrogate_words import street, town
from curation.text.dates import read_date
from curation.text.folding import compose

#: Dates of a group move by whole weeks, so that days of the week stay: from a quarter of a year to three years.
WEEKS = range(13, 157)
#: For a date without a year in a text without any.
SOME_DAY = date(2001, 7, 1)
#: How close to the end of a span of time its beginning stands.
NEAR = 16

#: Words with what stands for each, by their spans in the identifier.
Words = list[tuple[Span, str]]


class Mode(StrEnum):
    """What stands for an identifier."""

    SURROGATE = "surrogate"  # something of the same kind and form
    MASK = "mask"  # its kind in brackets


@dataclass(frozen=True)
class Patient:
    """A group of records, within which the same identifier gets the same surrogate."""

    key: Key
    group: str
    #: The language in which names are invented, for all records of the group.
    language: str

    def draws(self, *about: str) -> KeyedDraws:
        """What is drawn for these words in this group."""
        return self.key.draws(self.group, *about)

    @property
    def days(self) -> int:
        """By how many days the dates of the group move."""
        draws = self.draws("days")
        return 7 * draws.one_of(WEEKS) * draws.one_of((1, -1))


@dataclass(frozen=True, slots=True)
class IdentifierMention:
    """An identifier as it stands in a text."""

    text: str
    kind: IdentifierKind
    language: str
    around: date
    patient: Patient

    @property
    def drawn(self) -> KeyedDraws:
        """What is drawn for it: the same however it is cased, blanked and punctuated."""
        plain = "".join(character for character in self.text.lower() if character.isalnum())
        return self.patient.draws(self.kind.value, plain)


def _name(mention: IdentifierMention) -> Words:
    return names(mention.text, mention.patient.draws, language=mention.patient.language)


def _date(mention: IdentifierMention) -> Words:
    changed = moved(mention.text, mention.patient.days, language=mention.language, around=mention.around)
    return changed if changed is not None else _whole(mention, same_shape(mention.text, mention.drawn))


def _age(mention: IdentifierMention) -> Words:
    # The safe harbour allows one group of all who are 90 or older.
    return _whole(mention, "über 89" if mention.language == "de" else "more than 89")


def _street(mention: IdentifierMention) -> Words:
    figures = min(4, sum(character.isdecimal() for character in mention.text))
    name, other = street(mention.drawn, mention.patient.language), house_number(figures, mention.drawn)
    words = (name, other) if mention.patient.language == "de" else (other, name)
    return _whole(mention, " ".join(word for word in words if word))


def _city(mention: IdentifierMention) -> Words:
    name = town(mention.drawn, mention.patient.language)
    return _whole(mention, name.upper() if mention.text.isupper() else name)


def _hospital(mention: IdentifierMention) -> Words:
    name = town(mention.drawn, mention.patient.language)
    return _whole(mention, f"Klinikum {name}" if mention.language == "de" else f"{name} Hospital")


def _title(mention: IdentifierMention) -> Words:
    return _whole(mention, "Dr.")


def _phone(mention: IdentifierMention) -> Words:
    return _whole(mention, telephone(mention.text, mention.drawn, mention.language))


def _number(mention: IdentifierMention) -> Words:
    return _whole(mention, same_shape(mention.text, mention.drawn))


def _zip(mention: IdentifierMention) -> Words:
    return _whole(mention, postal_code(mention.text, mention.drawn))


def _mail(mention: IdentifierMention) -> Words:
    return _whole(mention, mail(mention.text, mention.drawn))


def _web(mention: IdentifierMention) -> Words:
    return _whole(mention, web(mention.text, mention.drawn))


def _whole(mention: IdentifierMention, text: str) -> Words:
    return [((0, len(mention.text)), text)]


#: What stands for each kind. A new kind needs a line here.
BY_KIND: Mapping[IdentifierKind, Callable[[IdentifierMention], Words]] = {
    IdentifierKind.NAME: _name,
    IdentifierKind.DATE: _date,
    IdentifierKind.YEAR: _date,
    IdentifierKind.AGE: _age,
    IdentifierKind.PHONE: _phone,
    IdentifierKind.EMAIL: _mail,
    IdentifierKind.WEB: _web,
    IdentifierKind.ID: _number,
    IdentifierKind.STREET: _street,
    IdentifierKind.ZIP: _zip,
    IdentifierKind.CITY: _city,
    IdentifierKind.HOSPITAL: _hospital,
    IdentifierKind.TITLE: _title,
}


def edits_for(
    text: str, found: Sequence[Identifier], patient: Patient, *, language: str, mode: Mode = Mode.SURROGATE
) -> list[Edit]:
    """The edits that replace each identifier; several for one that has parts. Its letters are read as composed ones."""
    if mode is Mode.MASK:
        return [Edit(identifier.start, identifier.end, f"[{identifier.kind}]", identifier.kind) for identifier in found]
    days = _days(text, found, language)
    spoken = "de" if language == "de" else "en"
    edits: list[Edit] = []
    for identifier in found:
        letters = compose(text[slice(*identifier.span)])
        mention = IdentifierMention(letters.text, identifier.kind, spoken, _around(identifier, days), patient)
        for span, word in BY_KIND[identifier.kind](mention):
            start, end = letters.widened(*span)
            edits.append(Edit(identifier.start + start, identifier.start + end, word, identifier.kind))
    return edits


def _days(text: str, found: Iterable[Identifier], language: str) -> list[tuple[int, date]]:
    """Where a whole date stands, and which."""
    spoken = "de" if language == "de" else "en"
    dates = (identifier for identifier in found if identifier.kind is IdentifierKind.DATE)
    read = ((identifier.start, read_date(compose(text[slice(*identifier.span)]).text, spoken)) for identifier in dates)
    return [(start, whole) for start, written in read if written and (whole := written.whole)]


def _around(identifier: Identifier, days: Sequence[tuple[int, date]]) -> date:
    """The nearest whole date, one right behind first: it ends the span of time that this one begins."""
    following = [day for start, day in days if identifier.end <= start <= identifier.end + NEAR]
    if following:
        return following[0]
    return min(days, key=lambda day: abs(day[0] - identifier.start), default=(0, SOME_DAY))[1]
