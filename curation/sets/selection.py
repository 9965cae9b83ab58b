"""Which records a set is made of: by their source, their language, and conditions on what is known of them.

A condition is `NAME OP VALUE`, such as `year >= 2015`, `smoking = past` or `ward in (icu, "day clinic")`. A name is a
document label of the frozen layer, else a field of the record's meta; `label.NAME` and `meta.NAME` say which. A name
with blanks or signs stands in quotation marks: `"year of birth" < 1950`, `meta."ward (first)" = icu`. OP is
=, !=, <, <=, >, >=, in or not in. A record without the field meets no condition on it, also none with != or not in.
A letter with a mark is the same letter whether it is written as one character or as two (`ü`).
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import JsonValue

from curation.errors import UsageError, unknown_name
from curation.record import Layer, Record
from curation.scheme import Scheme

CONDITION = re.compile(
    r"""\s*(?P<kind>label\.|meta\.)?(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<plain>[^\s=!<>()"'][^\s=!<>()]*))"""
    r"\s*(?P<op>==|=|!=|<=|<|>=|>|\bnot\s+in\b|\bin\b)\s*(?P<value>[^\s=<>!].*?)\s*",
    re.DOTALL,
)
#: A value of a list: in quotation marks, or up to the next comma.
VALUES = re.compile(r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^,"']+?))\s*(?:,|$)""")
LABEL, META = "label.", "meta."
#: What a record has beside its meta, each with an option of its own.
OPTIONS = ("source", "language")
ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EXAMPLE = 'such as `year >= 2015`, `smoking = past`, `ward in (icu, day clinic)` or `"year of birth" < 1950`'


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field of a record, or a document label of its layer, has to be."""

    written: str
    name: str  # with LABEL or META before it
    op: str
    values: tuple[str, ...]

    @classmethod
    def read(cls, written: str, scheme: Scheme) -> Condition:
        """The condition that stands in a text. Raises UsageError for what is none, and for a label's unknown values."""
        written = _composed(written)
        found = CONDITION.fullmatch(written)
        if not found:
            raise UsageError(f"expected a condition in --where, {EXAMPLE}, got {written!r}")
        op = " ".join(found["op"].split()).replace("==", "=")
        values = tuple(_values(found["value"], op, written))
        name = next(part for part in found.group("double", "single", "plain") if part is not None)
        condition = cls(" ".join(written.split()), _full_name(found["kind"], name, scheme), op, values)
        condition._check(scheme)
        return condition

    def _check(self, scheme: Scheme) -> None:
        label = next((label for label in scheme.labels if f"{LABEL}{_composed(label.name)}" == self.name), None)
        if label is None and self.name.startswith(LABEL):
            known = [label.name for label in scheme.labels]
            raise unknown_name(f"a document label of the scheme {scheme.name}", self.name.removeprefix(LABEL), known)
        if self.op in ORDERED and label:
            raise UsageError(
                f"expected =, !=, in or not in with the document label {label.name}, whose values have no order, got "
                f"--where {self.written!r}"
            )
        for value in self.values if label else ():
            if label and value not in map(_composed, label.values):
                raise unknown_name(f"a value of {label.name}", value, label.values)
        if self.op in ORDERED and _ordered(self.values[0]) is None:
            raise UsageError(f"expected a number or a date (2024-12-31) after {self.op} in --where {self.written!r}")

    def failed(self, record: Record, layer: Layer) -> str | None:
        """Why a record does not meet the condition; None where it does."""
        name = self.name.partition(".")[2]
        fields = layer.labels if self.name.startswith(LABEL) else record.meta
        given: JsonValue = next((value for key, value in fields.items() if _composed(key) == name), None)
        if given is None or given in ("", []):
            return f"without {name}"
        several = given if isinstance(given, list) else [given]
        if any(isinstance(value, dict) for value in several):
            return f"{name} is a table"
        texts = [str(value).lower() if isinstance(value, bool) else _composed(str(value)) for value in several]
        if self.op in ORDERED:
            found = [_compared(ORDERED[self.op], text, self.values[0]) for text in texts]
            if None in found:
                return f"{name} is not to be compared with {self.values[0]}"
            return None if any(found) else f"not {self.written}"
        is_among = any(_equal(text, value) for text in texts for value in self.values)
        return None if is_among == (self.op in ("=", "in")) else f"not {self.written}"


def _values(text: str, op: str, written: str) -> Iterator[str]:
    several = op in ("in", "not in")
    inner = text[1:-1] if several and text[0] in "([" and text[-1] == {"(": ")", "[": "]"}[text[0]] else text
    place = 0
    while place < len(inner):
        found = VALUES.match(inner, place)
        if not found or (not several and found.end() < len(inner)):
            raise UsageError(
                f"expected {'values with commas between them' if several else 'one value'} in --where, "
                f"{EXAMPLE}, got {written!r}"
            )
        yield next(part for part in found.group("double", "single", "plain") if part is not None)
        place = found.end()
    if not inner.strip():
        raise UsageError(f"expected a value in --where, {EXAMPLE}, got {written!r}")


def _full_name(kind: str | None, name: str, scheme: Scheme) -> str:
    """The name behind LABEL or META; where neither is written, by the labels that the scheme has."""
    return f"{kind or (LABEL if name in {_composed(label.name) for label in scheme.labels} else META)}{name}"


def _composed(text: str) -> str:
    """The text with each letter and its mark as one character, as far as there is such a one."""
    return unicodedata.normalize("NFC", text)


def _equal(text: str, value: str) -> bool:
    """Whether two values are the same text or the same number."""
    numbers = _number(text), _number(value)
    return text == value or (numbers[0] is not None and numbers[0] == numbers[1])


def _compared(compare: Callable[[Any, Any], bool], text: str, value: str) -> bool | None:
    """Two numbers or two dates compared; None where they are not of one kind."""
    pair = _ordered(text), _ordered(value)
    return compare(*pair) if pair[0] is not None and type(pair[0]) is type(pair[1]) else None


def _ordered(text: str) -> float | date | None:
    number = _number(text)
    if number is not None:
        return number
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text) else None


@dataclass
class RecordSelection:
    """The records that are wanted of a store; without anything named, all of them."""

    sources: Sequence[str] = ()
    languages: Sequence[str] = ()
    where: Sequence[Condition] = ()
    _fields: Counter[str] = field(default_factory=Counter)

    def left_out(self, record: Record) -> str | None:
        """Why a record is not wanted, by what it is; None where it may be."""
        if self.where:
            self._fields.update(map(_composed, record.meta))
        if self.sources and record.source not in self.sources:
            return "of another source"
        if self.languages and record.language not in self.languages:
            return "in another language"
        return None

    def unmet(self, record: Record, layer: Layer) -> str | None:
        """Why a record is not wanted, by the first condition that it does not meet; None where it is."""
        return next((why for condition in self.where if (why := condition.failed(record, layer))), None)

    def check(self, scheme: Scheme) -> None:
        """Raises UsageError for a field that none of the records has that were looked at."""
        labels = [label.name for label in scheme.labels]
        for condition in self.where:
            name = condition.name.removeprefix(META)
            if condition.name.startswith(META) and name not in self._fields:
                if name in OPTIONS:
                    raise UsageError(f"expected --{name} VALUE to choose by {name}, got --where {condition.written!r}")
                raise unknown_name(
                    "a document label of the scheme or a field of the records' meta", name, [*labels, *self._fields]
                )

    def as_json(self) -> dict[str, JsonValue]:
        """The selection for a manifest."""
        return {
            "source": [*self.sources],
            "language": [*self.languages],
            "where": [condition.written for condition in self.where],
        }
