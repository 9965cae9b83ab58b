"""The shape of a flat answer: the form of each value without its content, and what is wrong with it.

A shape can be kept beside a layer, shown in a report and held against a scheme later, because it holds no
clinical text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from curation.record import Layer
from curation.scheme import ABSENT, FACT_JOIN, Scheme

#: A flat view: as text that a model wrote, as an object, or None when there is no answer.
Answer = str | Mapping[str, JsonValue] | None
#: The form of each key's value; or why there are no keys.
Shape = Mapping[str, str] | str

#: The key of a layer's provenance for the shape of the flat answer that it was read from.
KEPT_AS = "flat"


class ValueForm(StrEnum):
    """Of what form a value is, or what is wrong with a key or with the whole."""

    FACTS = "facts"
    ABSENT = "absent"
    ABSENT_BESIDE = "N/A beside facts"
    EMPTY = "empty string"
    LIST = "list"
    OTHER = "no string"
    TWICE = "key twice"
    MISSING = "key missing"
    UNKNOWN = "key unknown"
    NO_ANSWER = "no answer"
    NOT_JSON = "not JSON"
    NOT_OBJECT = "not an object"


FORMS = frozenset(ValueForm)
SOUND = frozenset({ValueForm.FACTS, ValueForm.ABSENT})


@dataclass(frozen=True, slots=True)
class FlatFault:
    """What is wrong with a flat answer: at a category, at a key by its number, or with the whole."""

    form: ValueForm
    key: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.form}" if self.key else str(self.form)


class _Pairs(list[tuple[str, JsonValue]]):
    """An object as its pairs, so that a key that is given twice is seen."""


def shape(answer: Answer) -> Shape:
    """The form of each value of an answer, or why it has none."""
    if answer is None:
        return ValueForm.NO_ANSWER.value
    if isinstance(answer, str):
        try:
            answer = json.loads(answer, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            return ValueForm.NOT_JSON.value
        return _shape(answer) if isinstance(answer, _Pairs) else ValueForm.NOT_OBJECT.value
    return _shape(list(answer.items()))


def _shape(pairs: Sequence[tuple[str, JsonValue]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in pairs:
        found[key] = (ValueForm.TWICE if key in found else form(value)).value
    return found


def form(value: object) -> ValueForm:
    """Of what form one value is."""
    if isinstance(value, str):
        parts = facts(value)
        if ABSENT in parts:
            return ValueForm.ABSENT if parts == [ABSENT] else ValueForm.ABSENT_BESIDE
        return ValueForm.FACTS if value.strip() else ValueForm.EMPTY
    # An object is a list of pairs while it is read.
    return ValueForm.LIST if isinstance(value, list) and not isinstance(value, _Pairs) else ValueForm.OTHER


def kept_shape(layer: Layer) -> Shape | None:
    """The shape of the flat answer that a layer was read from, if it was and who read it has kept it."""
    answer = layer.provenance.get(KEPT_AS)
    if isinstance(answer, dict):
        return {key: str(value) for key, value in answer.items()}
    return answer if isinstance(answer, str) else None


def facts(value: str) -> list[str]:
    """The facts of one field of the flat view."""
    return [fact.strip() for fact in value.split(FACT_JOIN.strip()) if fact.strip()]


def faults(of: Shape, scheme: Scheme) -> list[FlatFault]:
    """What is wrong: keys that are not exactly the scheme's, values that are no strings, "N/A" beside facts."""
    if isinstance(of, str):
        return [FlatFault(_form(of))]
    wrong = [FlatFault(ValueForm.MISSING, name) for name in scheme.flat_keys if name not in of]
    for number, (key, value) in enumerate(of.items(), 1):
        if key not in scheme.flat_keys:
            # Whatever a model took for a key may be clinical text: its number is given, not its wording.
            wrong.append(FlatFault(ValueForm.UNKNOWN, f"key {number}"))
        elif _form(value) not in SOUND:
            wrong.append(FlatFault(_form(value), key))
    return wrong


def _form(name: str) -> ValueForm:
    """The form of this name; OTHER where it names none, since people edit provenance by hand."""
    return ValueForm(name) if name in FORMS else ValueForm.OTHER
