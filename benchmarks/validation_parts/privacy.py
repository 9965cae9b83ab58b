"""Identifiers: found and missed on real German letters by label, planted ones, and the pace."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from time import process_time

from measuring import table

from validation.identifiers.analyzer import find_identifiers
from validation.identifiers.identifier import COUNTED, Identifier
from validation_parts.planted import DATA, generated, sample
from validation_parts.planting import HEAD, Case, Kind, Planted, figures, row, tried

LETTERS = DATA / "grascco" / "phi_de.jsonl"
REPORTS = DATA / "e3c" / "case_reports_en.jsonl"
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
class Tally:
    """Hits over gold and over what was found."""

    gold: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # touched by an identifier of a kind that is asked for
    whole: Counter[str] = field(default_factory=Counter)  # covered to the last letter, by whatever kind
    ours: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)  # touch a gold span of whatever label


def run(*, quick: bool) -> dict[str, object]:
    """Recall and precision by label and half; recall and false alarms of planted identifiers; records a second."""
    halves = {"developed on": Tally(), "held out": Tally()}
    for letter, identifiers in _letters():
        _count(halves["developed on" if _early(letter["doc_id"]) else "held out"], letter, identifiers)
    for name, tally in halves.items():
        _tell(name, tally)
    outcomes = [
        (where, tried(ADDED, cases)) for where, cases in (("sample", sample(quick)), ("generated", generated(quick)))
    ]
    print(table(HEAD, [row(where, outcome) for where, outcome in outcomes]))
    pace = _pace(60 if quick else 1000)
    print(f"\nEnglish case reports a second of one core's time: {pace:.0f}")
    held = halves["held out"]
    return figures({ADDED.name: [outcome for _, outcome in outcomes]}) | {
        "privacy_records_per_second": round(pace, 1),
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


def _count(tally: Tally, letter: dict[str, object], found: Sequence[Identifier]) -> None:
    text, gold = str(letter["text"]), [one for one in letter["phi"] if one["label"]]  # type: ignore[attr-defined]
    for one in gold:
        label, start, end = one["label"], one["start"], one["end"]
        touching = [each for each in found if each.start < end and start < each.end]
        asked = SOUGHT.get(label, "").split()
        tally.gold[label] += 1
        tally.found[label] += any(each.kind in asked for each in touching)
        covered = sum(min(end, each.end) - max(start, each.start) for each in touching)
        tally.whole[label] += covered >= len(text[start:end].strip(" .,"))
    for each in found:
        tally.ours[each.kind] += 1
        tally.right[each.kind] += any(one["start"] < each.end and each.start < one["end"] for one in gold)


def _tell(name: str, tally: Tally) -> None:
    rows = [
        (label, count, tally.found[label] / count, tally.whole[label] / count, SOUGHT.get(label, "not sought"))
        for label, count in tally.gold.most_common()
    ]
    print(table((f"gold label ({name})", "spans", "recall", "covered whole", "our kinds"), rows), end="\n\n")
    rows = [(kind, count, tally.right[kind] / count) for kind, count in tally.ours.most_common()]
    print(table((f"our kind ({name})", "found", "precision"), rows), end="\n\n")


def plant(case: Case, chance: Random) -> Planted | None:
    """An identifier in a sentence of its own, behind the text."""
    said = chance.choice(IDENTIFIERS.get(case.record.language, IDENTIFIERS["en"]))
    text = f"{case.record.text.rstrip()} {said}"
    return Planted(Case(case.record.model_copy(update={"text": text})))


def flags(cases: Sequence[Case]) -> list[frozenset[str]]:
    """Records that hold an identifier that counts."""
    found = (find_identifiers(case.record.text, language=case.record.language) for case in cases)
    return [frozenset({"record"} if any(one.kind in COUNTED for one in each) else ()) for each in found]


ADDED = Kind("identifier added", plant, flags)


def _pace(most: int) -> float:
    """Real case reports a second of processor time, or shipped ones where the data are absent."""
    if REPORTS.is_file():
        with REPORTS.open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for _, line in zip(range(most), lines, strict=False)]
    else:
        texts = [case.record.text for case in sample(False) if case.record.language == "en"]
    started = process_time()
    for text in texts:
        find_identifiers(text, language="en")
    return len(texts) / (process_time() - started)
