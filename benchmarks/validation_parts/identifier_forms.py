"""Identifiers in sixty forms, in letters that are generated around them: which share of each form is covered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from measuring import table

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.identifier import COUNTED

#: Which letters are drawn.
SEED = 60
SURNAMES = {
    "de": "Brandhuber Wessolowski Tremmel Zangl Schusterbauer Öztürk Kowalczyk Meyer-Lüdtke Größwang Nakić".split(),
    "en": "Whitfield Hargreaves O'Connell Petrov Stokes Adeyemi Castellano Lindqvist Smith-Jones Trevelyan".split(),
}
GIVEN = {
    "de": "Anneliese Kasimir Roswitha Jürgen Hildegard Matthias Änne Sebastian".split(),
    "en": "Eleanor Duncan Patricia Jeremy Harriet Malcolm Olivia Terence".split(),
}
#: Given names that no list has.
RARE = {"de": "Radegundis Wunibald Fenja Tjorven".split(), "en": "Quillan Peregrine Zephyrine Ondine".split()}
TOWNS = "Rosenheim Osnabrück Freising Innsbruck Winterthur Göttingen Bad#Aibling St.#Pölten Mülheim#an#der#Ruhr".split()
MONTHS = {
    "de": "Jan Feb Mär Apr Jun Jul Aug Sep Okt Nov Dez".split(),
    "en": "Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec".split(),
}
LONG = {
    "de": "Januar Februar März April Juni August Oktober".split(),
    "en": "January February March April June August October".split(),
}

#: By language and name a sentence with the identifier in braces; «words» in it are drawn.
FORMS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "date with stops": "Aufnahme am {«dd».«mm».«yyyy»}.",
        "date, two-figure year": "Die Entlassung erfolgte {«d».«m».«yy»}.",
        "ISO date": "Befund vom {«yyyy»-«mm»-«dd»}.",
        "ISO date with time": "Gemessen {«yyyy»-«mm»-«dd»}T14:30.",
        "compact date": "Kontrolle {«yyyy»«mm»«dd» }unauffällig.",
        "abbreviated month": "CT am {«dd». «mon». «yyyy»} ohne Befund.",
        "abbreviated month, two-figure year": "Zuletzt {«dd» «mon» «yy»} gesehen.",
        "month in words": "Im {«month» «yyyy»} beschwerdefrei.",
        "span of days": "Stationär vom {05.11}-{18.11.«yyyy»}.",
        "span with the month at its end": "Reha vom {5.} bis {18.«mm».«yyyy»}.",
        "two days": "Operation am {06}/{07.11.«yyyy»}.",
        "month and two-figure year": "Z.n. Stent {«m»/21}, seither stabil.",
        "month and year in brackets": "Z.n. Appendektomie ({03/«yy»}).",
        "day and month": "Wiedervorstellung am {«dd».«mm».} erbeten.",
        "title": "Frau {«surname»} war wach.",
        "title in capitals": "FRAU {«SURNAME»} WURDE AUFGENOMMEN.",
        "academic title": "Visite durch Dr. med. {«G». «surname»}.",
        "title behind the name": "Zuweiser {«surname» «G».} Dr.",
        "your patient": "Wir berichten über Ihre Patientin {«rare» «surname»}, die sich vorstellte.",
        "surname, given name": "Patient: {«surname», «given»}",
        "surname again": "Herr {«surname»} kam. Am Abend war {«surname»} fieberfrei.",
        "relative": "Seine Tochter {«given»} war dabei.",
        "signature": "Mit freundlichen Grüßen\n\n{«given» «surname»}\nOberärztin",
        "greeting": "Liebe {«rare»},\nvielen Dank.",
        "decomposed letters": "Herr {Gro\u0308ßwang} kam aus {Mu\u0308nchen}.",
        "soft hyphen": "Frau {«half»\u00ad«rest»} auch.",
        "telephone in dash groups": "Tel.: {0711-«n2»-«n2»-«n2»}",
        "telephone without a word": "Erreichbar {030 450 5«n2»«n2»}.",
        "telephone abroad": "Telefon {+43 1 404«n2»-«n2»«n2»}",
        "Swiss telephone": "Zentrale {044 255 «n2» «n2»}",
        "extension": "Durchwahl {«n2»«n2»}",
        "postal code and town": "wohnhaft in {«n5»} {«town»}.",
        "town in a sentence": "Er stammt aus {«town»}.",
        "town without a cue": "Die Reise bis {«town» }verlief gut.",
        "town that is a word": "Verlegung nach {Essen}.",
        "street": "Wohnhaft {Lindenallee «n2»}, {«n5»} {«town»}.",
        "street with a preposition": "{Am Alten Markt «n2»}\n{«n5»} {«town»}",
        "hospital with its town": "Verlegung in das {Klinikum «town»}.",
        "hospital of a saint": "Operation im {St. Josef-Krankenhaus}.",
        "hospital in one word": "Vorbefund aus dem {Marienhospital}.",
        "case number": "Fallnr.: {«n5»«n2»}",
        "case number with a stroke": "Aktenzeichen {AB-«n2»/«n2»«n2»}",
        "ward": "Er liegt auf Station {«n1»B}.",
        "room": "Zimmer {«n2»}",
    },
    "en": {
        "ISO date with time": "Seen {«yyyy»-«mm»-«dd»}T08:30:00Z.",
        "compact date": "Again on {«yyyy»«mm»«dd»}.",
        "abbreviated month": "Discharged {«dd» «mon» «yy»}.",
        "month first": "Admitted {«month» «d», «yyyy»}.",
        "span of days": "Away {«month» 5-12, «yyyy»}.",
        "with strokes": "Seen on {«m»/«d»/«yy»}.",
        "title in capitals": "MR. {«SURNAME»} came.",
        "curly apostrophe": "Patient: {O\u2019Brien, Mary-Jane}.",
        "your patient": "We saw your patient {«rare» «surname»}, who is well.",
        "doctor with initials": "Dictated by Dr. {«G». «surname»}.",
        "title behind the name": "{«given» «surname»}, M.D.",
        "relative": "His daughter {«given»} called.",
        "telephone": "Phone: {(555) 013-44«n2»}",
        "record number": "MRN {«n5»«n2»}",
        "address": "Lives at {12 Orchard Lane}, {Dayton}, OH {45402}.",
        "ward": "Moved to Ward {«n1»B}.",
    },
}  # fmt: skip
#: What stands around: no identifier in it.
AROUND = {
    "de": (
        "Diagnose: arterielle Hypertonie, RR 140/80 mmHg.",
        "Ramipril 5 mg 1-0-0. Kalium 4,1 mmol/l, Schmerzen NRS 7/10.",
    ),
    "en": ("Diagnosis: hypertension, BP 140/80 mmHg.", "Ramipril 5 mg daily. Potassium 4.1 mmol/L, pain 7/10."),
}


@dataclass(frozen=True, slots=True)
class FormLetter:
    """A letter with identifiers of one form, and where they stand."""

    text: str
    language: str
    spans: Sequence[tuple[int, int]]


def measured(*, letters: int) -> dict[str, object]:
    """Recall of each form and precision over so many letters a form, with a table."""
    rows: list[tuple[object, ...]] = []
    found = gold = right = ours = 0
    for language, forms in FORMS.items():
        for name, sentence in forms.items():
            hits = spans = 0
            for letter in _letters(name, sentence, language, letters):
                identifiers = [
                    identifier
                    for identifier in find_identifiers(letter.text, language=language)
                    if identifier.kind in COUNTED
                ]
                for start, end in letter.spans:
                    covered = {at for each in identifiers for at in range(max(start, each.start), min(end, each.end))}
                    spans += 1
                    hits += all(at in covered or not letter.text[at].isalnum() for at in range(start, end))
                ours += len(identifiers)
                right += sum(
                    any(start < each.end and each.start < end for start, end in letter.spans) for each in identifiers
                )
            rows.append((language, name, spans, hits / spans))
            gold, found = gold + spans, found + hits
    print(table(("language", "form", "identifiers", "covered whole"), rows), end="\n\n")
    print(f"{len(rows)} forms: recall {found / gold:.3f}, precision {right / ours:.3f}", end="\n\n")
    return {
        "privacy_forms": len(rows),
        "privacy_forms_recall": round(found / gold, 4),
        "privacy_forms_precision": round(right / ours, 4),
        "privacy_forms_below_nine_tenths": [f"{row[0]}: {row[1]}" for row in rows if float(str(row[3])) < 0.9],
    }


def _letters(name: str, sentence: str, language: str, count: int) -> Iterator[FormLetter]:
    chance = Random(f"{SEED} {language} {name}")
    for _ in range(count):
        before, after = AROUND[language]
        marked = f"{before}\n{_drawn(sentence, language, chance)}\n{after}"
        yield _unmarked(marked, language)


def _drawn(sentence: str, language: str, chance: Random) -> str:
    """The sentence with its drawn words."""
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(2011, 2029)
    surname, given = chance.choice(SURNAMES[language]), chance.choice(GIVEN[language])
    drawn = {
        "d": str(day), "dd": f"{day:02d}", "m": str(month), "mm": f"{month:02d}", "yyyy": str(year),
        "yy": str(year)[2:],        "mon": chance.choice(MONTHS[language]), "month": chance.choice(LONG[language]),
        "surname": surname,
        "SURNAME": surname.upper(), "given": given, "G": given[0], "rare": chance.choice(RARE[language]),
        "half": surname[:3], "rest": surname[3:], "town": chance.choice(TOWNS).replace("#", " "),
    }  # fmt: skip
    for word, value in drawn.items():
        sentence = sentence.replace(f"«{word}»", value)
    for figures in (1, 2, 5):
        while f"«n{figures}»" in sentence:
            sentence = sentence.replace(f"«n{figures}»", str(chance.randint(10 ** (figures - 1), 10**figures - 1)), 1)
    return sentence


def _unmarked(marked: str, language: str) -> FormLetter:
    """The text without braces, and where they stood."""
    text, spans, start = "", [], 0
    for character in marked:
        if character == "{":
            start = len(text)
        elif character == "}":
            spans.append((start, len(text)))
        else:
            text += character
    return FormLetter(text, language, spans)
