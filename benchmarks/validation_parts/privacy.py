"""Identifiers: found and missed on real German letters by label, planted ones, and records a second."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import Random
from time import perf_counter, process_time

from measuring import table

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.identifier import COUNTED, Identifier
from validation_parts import identifier_forms, marked_letters
from validation_parts.deidentification import checked
from validation_parts.error_planting import HEAD, ErrorKind, Planted, PlantingCase, figures, row, tried, whole
from validation_parts.planted import DATA, generated, maccrobat, sample

LETTERS = DATA / "grascco" / "phi_de.jsonl"
REPORTS = DATA / "e3c" / "case_reports_en.jsonl"
#: The oldest age that is no identifier (45 CFR 164.514(b)(2)(i)(C)).
OLDEST = 89
#: Texts that a process looks at in one go.
BATCH = 32
#: Which of our kinds a gold label asks for; a label without one is not sought.
SOUGHT = {
    "NAME_PATIENT": "NAME",
    "NAME_DOCTOR": "NAME",
    "NAME_TITLE": "TITLE",
    "DATE": "DATE YEAR",
    "ID": "ID",
    "LOCATION_STREET": "STREET",
    "LOCATION_ZIP": "ZIP",
    "LOCATION_CITY": "CITY HOSPITAL",
    "LOCATION_HOSPITAL": "HOSPITAL",
    "CONTACT_PHONE": "PHONE",
    "CONTACT_FAX": "PHONE",
    "CONTACT_EMAIL": "EMAIL",
    "AGE": "AGE",
}
#: Invented identifiers, put behind a sentence.
IDENTIFIERS = {
    "en": (
        "Mr. Holloway was informed.",
        "Signed by Angela Redfern.",
        "Seen on March 3, 2015.",
        "Call (555) 013-4477.",
        "MRN: 00482913.",
        "Write to a.redfern@ward.example.",
        "She lives at 12 Orchard Lane, Dayton, OH 45402.",
        "Transferred to St. Bridget's Hospital.",
    ),
    "de": (
        "Herr Lindemann wurde informiert.",
        "Gez. Dr. Karin Brandl.",
        "Vorstellung am 19.03.2029.",
        "Tel.: 0461/708-223.",
        "Fallnummer: 100101911.",
        "Rückfragen an befund@klinik-nord.example.",
        "Wohnhaft Lange Gasse 12a, 24937 Flensburg.",
        "Verlegung in das Diakonissenkrankenhaus Bärental.",
    ),
}


@dataclass
class IdentifierTally:
    """Hits over gold and over what was found."""

    gold: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # touched by an identifier of a kind that is asked for
    whole: Counter[str] = field(default_factory=Counter)  # covered to the last letter, by whatever kind
    ours: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)  # touch a gold span of whatever label


def run(*, quick: bool) -> dict[str, object]:
    """Recall and precision by label and half; recall and false alarms of planted identifiers; records a second."""
    halves = {"developed on": IdentifierTally(), "held out": IdentifierTally()}
    for letter, identifiers in _letters():
        _count(halves["developed on" if _early(letter["doc_id"]) else "held out"], letter, identifiers)
    for name, tally in halves.items():
        _tell(name, tally)
    cases = {"sample": sample(False), "generated": generated(quick)}
    outcomes = [(where, tried(ADDED, several)) for where, several in cases.items()]
    print(table(HEAD, [row(where, outcome) for where, outcome in outcomes]), end="\n\n")
    forms = identifier_forms.measured(letters=4 if quick else 40) | marked_letters.measured()
    texts = _reports(100 if quick else 1000)
    pace, together = _pace(texts), _pace_together(texts)
    print(f"{len(texts)} English case reports: {pace:.0f} a second of a core's time, {together:.0f} a second on the")
    print(
        f"clock by two processes (load of the machine's {os.cpu_count()} cores: {os.getloadavg()[0]:.1f})", end="\n\n"
    )
    held = halves["held out"]
    sources = {"sample": cases["sample"], "MACCROBAT": maccrobat(quick)}
    return figures({ADDED.name: [outcome for _, outcome in outcomes]}) | {
        "privacy_records_per_second": round(pace, 1),
        "privacy_records_per_second_two_processes": round(together, 1),
        **checked(sources),
        **forms,
        "privacy_recall_held_out": {name: round(held.found[name] / count, 4) for name, count in held.gold.items()},
        "privacy_precision_held_out": {name: round(held.right[name] / count, 4) for name, count in held.ours.items()},
    }


def _letters() -> Iterator[tuple[dict[str, object], Sequence[Identifier]]]:
    """The gold letters with what is found in each; none where the data are absent."""
    for line in LETTERS.read_text(encoding="utf-8").splitlines() if LETTERS.is_file() else ():
        letter = json.loads(line)
        yield letter, find_identifiers(letter["text"], language="de")


def _early(name: object) -> bool:
    """Whether a letter is in the half that was looked at while the patterns were written."""
    return int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < 0.5


def _count(tally: IdentifierTally, letter: dict[str, object], found: Sequence[Identifier]) -> None:
    text, gold = str(letter["text"]), [mark for mark in letter["phi"] if mark["label"]]  # type: ignore[attr-defined]
    for mark in gold:
        label, start, end = mark["label"], mark["start"], mark["end"]
        touching = [each for each in found if each.start < end and start < each.end]
        asked = SOUGHT.get(label, "").split()
        tally.gold[label] += 1
        tally.found[label] += any(each.kind in asked for each in touching)
        covered = sum(min(end, each.end) - max(start, each.start) for each in touching)
        tally.whole[label] += covered >= len(text[start:end].strip(" .,"))
    for each in found:
        tally.ours[each.kind] += 1
        tally.right[each.kind] += any(mark["start"] < each.end and each.start < mark["end"] for mark in gold)


def _tell(name: str, tally: IdentifierTally) -> None:
    rows = [
        (label, count, tally.found[label] / count, tally.whole[label] / count, SOUGHT.get(label, "not sought"))
        for label, count in tally.gold.most_common()
    ]
    print(table((f"gold label ({name})", "spans", "recall", "covered whole", "our kinds"), rows), end="\n\n")
    rows = [(kind, count, tally.right[kind] / count) for kind, count in tally.ours.most_common()]
    print(table((f"our kind ({name})", "found", "precision"), rows), end="\n\n")


def plant(case: PlantingCase, chance: Random) -> Planted | None:
    """An identifier in a sentence of its own, behind the text."""
    if not sound(case):
        return None
    said = chance.choice(IDENTIFIERS.get(case.record.language, IDENTIFIERS["en"]))
    text = f"{case.record.text.rstrip()} {said}"
    return Planted(PlantingCase(case.record.model_copy(update={"text": text})))


def sound(case: PlantingCase) -> tuple[str, ...]:
    """The record as a candidate for a false alarm, unless gold has an age above 89, an identifier."""
    entities = case.layer.entities if case.layer else ()
    ages = [int(age) for entity in entities if entity.category == "age" for age in re.findall(r"\d+", entity.text)]
    return () if max(ages, default=0) > OLDEST else whole(case)


def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
    """Records that hold an identifier that counts."""
    found = (find_identifiers(case.record.text, language=case.record.language) for case in cases)
    return [frozenset({"record"} if any(identifier.kind in COUNTED for identifier in each) else ()) for each in found]


ADDED = ErrorKind("identifier added", plant, flags, sound)


def _reports(most: int) -> list[str]:
    """Real case reports, or shipped ones where the data are absent."""
    if not REPORTS.is_file():
        return [case.record.text for case in sample(False) if case.record.language == "en"][:most]
    with REPORTS.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for _, line in zip(range(most), lines, strict=False)]


def _pace(texts: Sequence[str]) -> float:
    """Texts a second of processor time."""
    started = process_time()
    _look(texts)
    return len(texts) / (process_time() - started)


def _pace_together(texts: Sequence[str]) -> float:
    """Texts a second on the clock, by two processes that have their patterns ready."""
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    # Forked: a process that starts anew would compile the patterns again, which takes longer than many texts.
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(_look, batches[:2]))
        started = perf_counter()
        list(pool.map(_look, batches))
        return len(texts) / (perf_counter() - started)


def _look(texts: Sequence[str]) -> int:
    return sum(len(find_identifiers(text, language="en")) for text in texts)
