"""Doses that stand beside another drug in the translation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from curation.text.folding import Span
from validation.measures.doses import APART
from validation.translation.amounts import Amount
from validation.translation.drugs import DrugNames, NamedDrug, same_drug

#: Characters between a drug and its dose after it, and between a dose and its drug.
AFTER, BEFORE = 25, 12
SENTENCE = re.compile(r"[.;:]\s")


def swapped(ours: Sequence[tuple[NamedDrug, str]], theirs: Sequence[tuple[NamedDrug, str]]) -> list[Span]:
    """Where drugs of the translation stand beside another dose than in the original, as often as in that."""
    found: list[Span] = []
    for name in dict.fromkeys(drug.name for drug, _ in ours):
        our_doses = Counter(dose for drug, dose in ours if drug.name == name)
        their_drugs = [(drug, dose) for drug, dose in theirs if same_drug(name, drug.name)]
        other_doses = Counter(dose for _, dose in their_drugs)
        if our_doses != other_doses and our_doses.total() == other_doses.total():
            found += [(drug.start, drug.end) for drug, dose in their_drugs if dose not in our_doses]
    return found


def dosed(text: str, names: DrugNames, amounts: Sequence[Amount]) -> list[tuple[NamedDrug, str]]:
    """Each drug that stands right beside an amount, with that amount in its basic unit."""
    found = []
    for drug in names.drugs:
        after = next((amount for amount in amounts if _beside(text, drug.end, amount.start, AFTER)), None)
        before = next((amount for amount in amounts if _beside(text, amount.end, drug.start, BEFORE)), None)
        dose = after or before
        if dose is not None:
            found.append((drug, " ".join(dose.same)))
    return found


def _beside(text: str, end: int, start: int, most: int) -> bool:
    between = text[end:start]
    return 0 <= start - end <= most and not APART.search(between) and not SENTENCE.search(between)
