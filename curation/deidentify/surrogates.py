"""What stands for an identifier: the table by kind, and the surrogates of one text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from curation.deidentify.date_shift import moved
from curation.deidentify.edits import Edit, Span
from curation.deidentify.identifiers.identifier import Identifier, Kind
from curation.deidentify.key import Draws, Key
from curation.deidentify.shapes import house_number, mail, postal_code, same_shape, telephone, web
from curation.deidentify.surrogate_names import names
from curation.deidentify.surrogate_words import street, town
from curation.text.dates import read_date

#: Dates of a group move by whole weeks, so that days of the week stay: from a quarter of a year to three years.
WEEKS = range(13, 157)
#: For a date without a year in a text without any.
SOME_DAY = date(2001, 7, 1)
#: How close to the end of a span of time its beginning stands.
NEAR = 16

#: Words with what stands for each, by their places in the identifier.
Words = list[tuple[Span, str]]


class Mode(StrEnum):
    """What takes the place of an identifier."""

    SURROGATE = "surrogate"  # something of the same kind and form
    MASK = "mask"  # its kind in brackets


@dataclass(frozen=True)
class Patient:
    """A group of records, within which the same identifier gets the same surrogate."""

    key: Key
    group: str
    #: The language in which names are invented, for all records of the group.
    language: str

    def draws(self, *about: str) -> Draws:
        """What is drawn for these words in this group."""
        return self.key.draws(self.group, *about)

    @property
    def days(self) -> int:
        """By how many days the dates of the group move."""
        draws = self.draws("days")
        return 7 * draws.one_of(WEEKS) * draws.one_of((1, -1))


@dataclass(frozen=True, slots=True)
class Said:
    """An identifier as it stands in a text."""

    text: str
    kind: Kind
    language: str
    around: date
    patient: Patient

    @property
    def drawn(self) -> Draws:
        """What is drawn for it: the same however it is cased, blanked and punctuated."""
        plain = "".join(character for character in self.text.lower() if character.isalnum())
        return self.patient.draws(self.kind.value, plain)


def _name(said: Said) -> Words:
    return names(said.text, said.patient.draws, language=said.patient.language)


def _date(said: Said) -> Words:
    changed = moved(said.text, said.patient.days, language=said.language, around=said.around)
    return changed if changed is not None else _whole(said, same_shape(said.text, said.drawn))


def _age(said: Said) -> Words:
    # The safe harbour allows one group of all who are 90 or older.
    return _whole(said, "über 89" if said.language == "de" else "more than 89")


def _street(said: Said) -> Words:
    figures = min(4, sum(character.isdecimal() for character in said.text))
    name, other = street(said.drawn, said.patient.language), house_number(figures, said.drawn)
    words = (name, other) if said.patient.language == "de" else (other, name)
    return _whole(said, " ".join(word for word in words if word))


def _city(said: Said) -> Words:
    name = town(said.drawn, said.patient.language)
    return _whole(said, name.upper() if said.text.isupper() else name)


def _hospital(said: Said) -> Words:
    name = town(said.drawn, said.patient.language)
    return _whole(said, f"Klinikum {name}" if said.language == "de" else f"{name} Hospital")


def _title(said: Said) -> Words:
    return _whole(said, "Dr.")


def _phone(said: Said) -> Words:
    return _whole(said, telephone(said.text, said.drawn, said.language))


def _number(said: Said) -> Words:
    return _whole(said, same_shape(said.text, said.drawn))


def _zip(said: Said) -> Words:
    return _whole(said, postal_code(said.text, said.drawn))


def _mail(said: Said) -> Words:
    return _whole(said, mail(said.text, said.drawn))


def _web(said: Said) -> Words:
    return _whole(said, web(said.text, said.drawn))


def _whole(said: Said, text: str) -> Words:
    return [((0, len(said.text)), text)]


#: What stands for each kind. A new kind needs a line here.
BY_KIND: Mapping[Kind, Callable[[Said], Words]] = {
    Kind.NAME: _name,
    Kind.DATE: _date,
    Kind.YEAR: _date,
    Kind.AGE: _age,
    Kind.PHONE: _phone,
    Kind.EMAIL: _mail,
    Kind.WEB: _web,
    Kind.ID: _number,
    Kind.STREET: _street,
    Kind.ZIP: _zip,
    Kind.CITY: _city,
    Kind.HOSPITAL: _hospital,
    Kind.TITLE: _title,
}


def edits_for(
    text: str, found: Sequence[Identifier], patient: Patient, *, language: str, mode: Mode = Mode.SURROGATE
) -> list[Edit]:
    """The edits that put something else in the place of each identifier; several for one that has parts."""
    if mode is Mode.MASK:
        return [Edit(one.start, one.end, f"[{one.kind}]", one.kind) for one in found]
    days = _days(text, found, language)
    spoken = "de" if language == "de" else "en"
    return [
        Edit(one.start + start, one.start + end, word, one.kind)
        for one in found
        for (start, end), word in BY_KIND[one.kind](
            Said(text[one.start : one.end], one.kind, spoken, _around(one, days), patient)
        )
    ]


def _days(text: str, found: Iterable[Identifier], language: str) -> list[tuple[int, date]]:
    """Where a whole date stands, and which."""
    spoken = "de" if language == "de" else "en"
    dates = ((one, read_date(text[one.start : one.end], spoken)) for one in found if one.kind is Kind.DATE)
    return [(one.start, whole) for one, date_told in dates if date_told and (whole := date_told.whole)]


def _around(one: Identifier, days: Sequence[tuple[int, date]]) -> date:
    """The nearest whole date, one right behind first: it ends the span of time that this one begins."""
    behind = [day for start, day in days if one.end <= start <= one.end + NEAR]
    if behind:
        return behind[0]
    return min(days, key=lambda day: abs(day[0] - one.start), default=(0, SOME_DAY))[1]
