"""Omission: what looks like a fact in the text, or is one in another layer, and is in no entity of the layer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.second_opinion import Span, merged, met, missing

#: A number with a unit of medicine, English or German; a pair such as 120/80 counts as one.
UNITS = (
    r"%|°\s?[CF]|mm\s?Hg|[µμmnkcd]?g(?:/[dm]?[lL]|/kg|/h|/day|/Tag)?|mcg|[µμmn]?mol/[lL]|[Mm]?m?[Ee]q/[lL]|[mkµμ]?IU(?:/m?[lL])?"
    r"|[mkµμ]?[UE](?:/[mk]?[lL])|IE(?:/[lL])?|[mdµμ]?[lL](?:/min)?|[cm]m[²³]?|bpm|/min|/[µμm]?[lL]|G/[lL]|kg/m²|mGy|Gy|mCi"
)
#: Bounded everywhere, so that no text takes quadratic time.
AMOUNT = r"\d{1,12}(?:[.,]\d{1,9}){0,3}"
MEASURED = re.compile(rf"(?<![\w.,]){AMOUNT}(?:\s?[/x×-]\s?{AMOUNT}){{0,3}}\s?(?:{UNITS})(?![\w])")
#: Ends of the names of drugs (stems of the INN, WHO 2018), in English and German spelling.
DRUG = re.compile(
    r"(?<![\w-])[A-Za-zäöü-]{2,40}(?:mab|nib|pril|prilat|sartan|olol|dipin[e]?|statin|azol[e]?|cillin|mycin|micin|floxacin"
    r"|cyclin[e]?|vir|vudin[e]?|oxaban|parin|gliptin|gliflozin|tidin[e]?|prazol[e]?|setron|triptan|azepam|azolam"
    r"|barbital|caine?|curonium|profen|fenac|oxicam|coxib|predniso(?:lon[e]?|n[e]?)|methason[e]?|sone|solone?"
    r"|platin|rubicin|taxel|tinib|trexate?|trexat|purine?|thiazid[e]?|semid[e]?|lukast|terol|tropium|phyllin[e]?"
    r"|metformin|insulin|heparin|aspirin|paracetamol|acetaminophen|ibuprofen|morphin[e]?|fentanyl|digoxin)(?!\w)",
    re.IGNORECASE,
)
#: Ends and names of examinations.
TEST = re.compile(
    r"(?<![\w-])(?:[A-Za-zäöü-]{0,40}(?:scopy|skopie|graphy|graphie|gramm?|biopsy|biopsie|sonographie|tomographie|metry|metrie)"
    r"|MRI|MRT|CT|PET(?:-CT)?|ECG|EKG|EEG|X-ray|ultrasound|Röntgen\w*|Ultraschall\w*|radiograph\w*|biopsies)(?!\w)"
)
KINDS = {"measured": MEASURED, "drug": DRUG, "test": TEST}
#: Words that look like one and are none.
NO_FACTS = frozenset(
    "program programm diagram diagramm gram gramm kilogram kilogramm milligram milligramm histogram environ person "
    "pyrimidine cocaine reason season elvir".split()
)
#: Where clauses part.
CLAUSE = re.compile(r"[.;:!?](?=\s|$)|,(?=\s)|\n+|\s(?:and|und|but|aber|with|mit)\s")
#: Letters from which a stretch between marks says something (chosen on a third of the sample, of generated records
#: and of MACCROBAT: fewer blame more lead-ins, more overlook short facts).
CLAUSE_LETTERS = 12


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """What looks like a fact and no entity covers, by kind, with the places."""
    return [_row(subject, scope) for subject in subjects]


def _row(subject: Subject, scope: Scope) -> Columns:
    text, layer = subject.record.text, subject.layer
    if layer is None:
        return OMISSION.nothing
    covered = merged(span for entity in layer.entities for span in entity.spans)
    open_ = {kind: [span for span in spans if not met(span, covered)] for kind, spans in candidates(text).items()}
    clauses = open_.pop("clause")
    facts = sorted(span for spans in open_.values() for span in spans)
    words = len(text.split())
    return {
        "uncovered_measured": len(open_["measured"]),
        "uncovered_drugs": len(open_["drug"]),
        "uncovered_tests": len(open_["test"]),
        "uncovered_clauses": len(clauses),
        "uncovered_facts": len(facts),
        "uncovered_share": round(len(facts) * 100 / words, 3) if words else None,
        "uncovered_places": [[start, end] for start, end in facts],
        "uncovered_clause_places": [[start, end] for start, end in clauses],
        **missing(layer, subject.others, covered, scope.scheme),
    }


def candidates(text: str) -> dict[str, list[Span]]:
    """Where something looks like a fact, by kind: numbers with units, drugs, tests, clauses."""
    return {kind: _like(pattern, text) for kind, pattern in KINDS.items()} | {"clause": clauses_of(text)}


def _like(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [found.span() for found in pattern.finditer(text) if found.group().lower() not in NO_FACTS]


def clauses_of(text: str) -> list[Span]:
    """The stretches between marks and joining words that are long enough to say something."""
    edges = [0, *(edge for found in CLAUSE.finditer(text) for edge in found.span()), len(text)]
    spans = zip(edges[::2], edges[1::2], strict=True)
    return [(start, end) for start, end in spans if len(text[start:end].strip()) >= CLAUSE_LETTERS]


OMISSION = MeasureSpec(
    name="omission",
    version=2,
    measure=measure,
    needs_layer=True,
    lists=frozenset({"uncovered_places", "uncovered_clause_places", "second_opinion_places", "category_names_missing"}),
    columns={
        "uncovered_measured": "numbers with a unit that no entity covers",
        "uncovered_drugs": "words with the stem of a drug's name that no entity covers",
        "uncovered_tests": "words for examinations that no entity covers",
        "uncovered_clauses": "clauses that no entity reaches into",
        "uncovered_facts": "the first three together",
        "uncovered_share": "the first three together, of 100 words",
        "uncovered_places": "where they stand",
        "uncovered_clause_places": "where those clauses stand",
        "second_opinion_missing": "facts of other layers that no entity of the checked one meets",
        "second_opinion_share": "their share of the facts of other layers",
        "categories_missing": "categories in which another layer has facts and the checked one has none",
        "second_opinion_places": "where the facts of other layers stand that the checked one lacks",
        "category_names_missing": "those categories",
    },
)
