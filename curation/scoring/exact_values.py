"""Values as they are meant, beside ROUGE, which compares how they are written: "1,2 g/dl" in German is "12 g/L".

A value is a number with its unit in basic units, read by the writing of the record's language, with what stands before
it: a sign, or a comparison. Facts are compared with their values in this one form, whatever their order and case.
"""

from __future__ import annotations

import re
from collections import Counter

from curation.scoring.flat_shape import facts
from curation.text.folding import compose
from curation.text.quantities import NUMBER, Quantity, quantities

#: A sign of a number, which is none of a range (2-3), of a name (IL-6) or of a word (COVID-19).
SIGN = re.compile(r"(?<![^\W_])(?<!\d\s)(?<![).,%])[-\u2212\u2013](?=\d)")
#: Stands for a sign while quantities are read, whose reader takes no number behind a dash.
MINUS = "\u0001"
COMPARED = re.compile(r"([<>\u2264\u2265]=?)\s?\Z")
SAME = str.maketrans({"\u2264": "<", "\u2265": ">"})


def values_of(field: str, language: str) -> Counter[str]:
    """The values of a field of the flat view, each in its one form, with how often it stands there."""
    return Counter(value for fact in facts(field) for value, _, _ in _values(_readable(fact), language))


def facts_of(field: str, language: str) -> set[str]:
    """The facts of a field of the flat view, each with its values in their one form."""
    return {_one_form(_readable(fact), language) for fact in facts(field)}


def _readable(fact: str) -> str:
    return SIGN.sub(MINUS, compose(fact).text)


def _one_form(fact: str, language: str) -> str:
    parts, at = [], 0
    for value, start, end in _values(fact, language):
        parts += [fact[at:start].casefold(), f" {value} "]
        at = end
    parts.append(fact[at:].casefold())
    return " ".join("".join(parts).replace(MINUS, "-").split())


def _values(fact: str, language: str) -> list[tuple[str, int, int]]:
    """Each value in its one form, with where it stands; of a pair with one unit, the first ends with its number."""
    found = quantities(fact, language)
    starts = [quantity.start for quantity in found] + [len(fact)]
    return [
        (*_value(fact, quantity), min(quantity.end, _pair_end(fact, quantity, after)))
        for quantity, after in zip(found, starts[1:], strict=True)
    ]


def _pair_end(fact: str, quantity: Quantity, after: int) -> int:
    """The end of a number whose unit stands after the next one."""
    number = NUMBER.match(fact, quantity.start)
    return number.end() if number and after < quantity.end else quantity.end


def _value(fact: str, quantity: Quantity) -> tuple[str, int]:
    """The one form of a value, and where it starts, its sign and comparison among it."""
    start, number = quantity.start, quantity.value
    if fact[:start].endswith(MINUS):
        start, number = start - 1, -number
    compared = COMPARED.search(fact[:start])
    before = (
        compared[1].translate(SAME).rstrip("=") + ("=" if compared[1][-1] in "=\u2264\u2265" else "")
        if compared
        else ""
    )
    if quantity.unit is None:
        written = NUMBER.sub("", fact[quantity.start : quantity.end], count=1)
        shown = f"{number:.9g} {''.join(written.split()).casefold()}"
    else:
        shown = f"{number * quantity.unit.factor:.9g} {quantity.unit.kind}".strip()
    return before + shown, compared.start() if compared else start
