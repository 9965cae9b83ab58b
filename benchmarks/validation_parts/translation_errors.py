"""Errors planted into translations: numbers, units, drugs, doses, sentences. Each changes one passage."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from curation.record import Entity, Fragment, Layer
from curation.text.folding import Span
from validation.translation.segments import segments
from validation_parts.error_planting import Planted, PlantingCase

#: A plain number: not in a name, a pair, a date, a power or a daily scheme.
NUMBER = re.compile(r"(?<![\w.,/^×·%-])\d+(?:[.,]\d+)?(?![\w./^-]|,\d|\s?[x×]\s?10)")
#: What a unit is taken for.
UNITS = {
    "mg": "g", "g": "mg", "µg": "mg", "ml": "l", "mmol/l": "µmol/l", "µmol/l": "mmol/l", "g/dl": "g/l", "g/l": "g/dl",
    "mg/l": "g/l", "mg/dl": "mg/l", "cm": "mm", "mm": "cm", "kg": "g", "°C": "°F", "mU/l": "U/l", "U/l": "mU/l",
}  # fmt: skip
WITH_UNIT = re.compile(
    rf"(?<=\d )(?:{'|'.join(map(re.escape, sorted(UNITS, key=len, reverse=True)))})(?![\w/°²³])", re.MULTILINE
)
#: Drugs, in the spelling of both languages without a last e, none of which is another's spelling.
DRUGS = (
    "amlodipin ramipril bisoprolol metoprolol atorvastatin simvastatin clopidogrel apixaban warfarin furosemid "
    "torasemid prednisolon ibuprofen paracetamol metamizol diclofenac morphin amoxicillin ceftriaxon piperacillin "
    "metronidazol vancomycin doxycyclin aciclovir fluconazol omeprazol pantoprazol metformin levothyroxin methotrexat "
    "azathioprin rituximab levetiracetam lorazepam sertralin olanzapin enoxaparin dexamethason spironolacton"
).split()
DRUG = re.compile(rf"(?<!\w)(?:{'|'.join(DRUGS)})(?!\w)", re.IGNORECASE)
DOSE = re.compile(r"(?<=[a-zäöü] )(\d+(?:,\d+)?)(?= (?:mg|µg)\b)")
WORD = re.compile(r"[^\W\d_]{3,}")
#: Words of three letters or more that make a sentence.
WORDS = 3


def replaced(case: PlantingCase, start: int, end: int, wording: str) -> PlantingCase:
    """The case with other words in a passage of the translation; entities in it are gone, or changed with it."""
    text = case.record.text[:start] + wording + case.record.text[end:]
    record = case.record.model_copy(update={"text": text})
    layer = _moved(case.layer, text, start, end, len(wording)) if case.layer else None
    return PlantingCase(record, layer, case.original, case.original_layer)


def _moved(layer: Layer, text: str, start: int, end: int, length: int) -> Layer:
    """The entities where they stand now; one around the passage has the new words, one in it is gone."""
    longer = length - (end - start)
    kept: list[Entity] = []
    for entity in layer.entities:
        if entity.start < start < entity.end or entity.start < end < entity.end or (entity.spans == ((start, end),)):
            if not length or entity.start > start or entity.end < end:
                continue
            fragments = (Fragment(start=entity.start, end=entity.end + longer),)
            said = text[entity.start : entity.end + longer]
            kept.append(entity.model_copy(update={"fragments": fragments, "text": said}))
        elif start <= entity.start and entity.end <= end:
            continue
        else:
            moved = longer if entity.start >= end else 0
            fragments = tuple(
                Fragment(start=fragment.start + moved, end=fragment.end + moved) for fragment in entity.fragments
            )
            kept.append(entity.model_copy(update={"fragments": fragments}))
    return layer.model_copy(update={"entities": tuple(kept)})


def _one(case: PlantingCase, chance: Random, pattern: re.Pattern[str], other: Callable[[str], str]) -> Planted | None:
    """The case with one match of a pattern turned into something else."""
    found = list(pattern.finditer(case.record.text))
    if case.original is None or not found:
        return None
    match = chance.choice(found)
    return Planted(replaced(case, *match.span(), other(match[0])))


def changed_number(case: PlantingCase, chance: Random) -> Planted | None:
    """A number with one digit another."""

    def other(number: str) -> str:
        offset = chance.choice([at for at, sign in enumerate(number) if sign.isdigit()])
        digits = [digit for digit in "123456789" if digit != number[offset]]
        return number[:offset] + chance.choice(digits) + number[offset + 1 :]

    return _one(case, chance, NUMBER, other)


def changed_unit(case: PlantingCase, chance: Random) -> Planted | None:
    """A number with another unit."""
    return _one(case, chance, WITH_UNIT, lambda unit: UNITS[unit])


def changed_drug(case: PlantingCase, chance: Random) -> Planted | None:
    """Another drug, one that the original does not name."""
    assert case.original is not None
    original = case.original.text.lower()
    others = [drug for drug in DRUGS if drug not in original]
    return _one(case, chance, DRUG, lambda _: chance.choice(others).capitalize())


def swapped_doses(case: PlantingCase, chance: Random) -> Planted | None:
    """Two doses swapped."""
    found = [(match.span(), match[1]) for match in DOSE.finditer(case.record.text)]
    pairs = [(dose, two) for dose in found for two in found if dose[0] < two[0] and dose[1] != two[1]]
    if case.original is None or not pairs:
        return None
    first, second = chance.choice(pairs)
    later = replaced(case, *second[0], first[1])
    return Planted(replaced(later, *first[0], second[1]))


def dropped_sentence(case: PlantingCase, chance: Random) -> Planted | None:
    """A sentence taken out, with its entities."""
    found = _sentences(case)
    if case.original is None or len(found) < 2:
        return None
    start, end = chance.choice(found)
    while end < len(case.record.text) and case.record.text[end] == " ":
        end += 1
    return Planted(replaced(case, start, end, ""))


def untranslated_sentence(case: PlantingCase, chance: Random) -> Planted | None:
    """A sentence replaced by the one of the original at about the same position."""
    if case.original is None:
        return None
    ours, theirs = _said(PlantingCase(case.original)), _sentences(case)
    if not ours or not theirs:
        return None
    index = chance.randrange(len(ours))
    return Planted(replaced(case, *theirs[round(index * (len(theirs) - 1) / max(1, len(ours) - 1))], ours[index]))


def other_sentence(texts: Sequence[str]) -> Callable[[PlantingCase, Random], Planted | None]:
    """Plants a sentence of another text in the place of one of the translation's."""

    def plant(case: PlantingCase, chance: Random) -> Planted | None:
        sentences = _sentences(case)
        if case.original is None or not sentences:
            return None
        return Planted(replaced(case, *chance.choice(sentences), chance.choice(texts)))

    return plant


def added_sentence(texts: Sequence[str]) -> Callable[[PlantingCase, Random], Planted | None]:
    """Plants a sentence of another text before one of the translation's."""

    def plant(case: PlantingCase, chance: Random) -> Planted | None:
        sentences = _sentences(case)
        if case.original is None or not sentences:
            return None
        start, _ = chance.choice(sentences)
        return Planted(replaced(case, start, start, chance.choice(texts) + " "))

    return plant


def _sentences(case: PlantingCase) -> list[Span]:
    """Where the sentences of the record are that say something, without what they are headed by."""
    found = []
    for start, end in segments(case.record.text, case.record.language):
        said = case.record.text[start:end]
        head = max(said.rfind("\n"), said.find(": ") + 1)
        start += head + 1 if head > 0 else 0
        if len(WORD.findall(case.record.text[start:end])) >= WORDS:
            found.append((start, end))
    return found


def _said(case: PlantingCase) -> list[str]:
    return [case.record.text[start:end] for start, end in _sentences(case)]


def sentences_of(cases: Sequence[PlantingCase]) -> list[str]:
    """The sentences of translations, to be added to others."""
    return [said for case in cases for said in _said(case)]
