"""Omission: what looks like a fact in the text, or is one in another layer, and is in no entity of the layer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation.text.drugs import find_drugs
from curation.text.quantities import measured_spans
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.second_opinion import Span, merged, met, missing

#: Ends and names of examinations.
TEST = re.compile(
    r"(?<![\w-])(?:[A-Za-zäöü-]{0,40}(?:scopy|skopie|graphy|graphie|gramm?|biopsy|biopsie|sonographie|tomographie|metry|metrie)"
    r"|MRI|MRT|CT|PET(?:-CT)?|ECG|EKG|EEG|X-ray|ultrasound|Röntgen\w*|Ultraschall\w*|radiograph\w*|biopsies)(?!\w)"
)
#: Words that look like one and are none.
NO_TESTS = frozenset(
    "program programm diagram diagramm gram gramm kilogram kilogramm milligram milligramm histogram".split()
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
    return {
        "measured": measured_spans(text),
        "drug": [match.span() for match in find_drugs(text)],
        "test": [match.span() for match in TEST.finditer(text) if match[0].lower() not in NO_TESTS],
        "clause": clauses_of(text),
    }


def clauses_of(text: str) -> list[Span]:
    """The stretches between marks and joining words that are long enough to say something."""
    edges = [0, *(edge for found in CLAUSE.finditer(text) for edge in found.span()), len(text)]
    spans = zip(edges[::2], edges[1::2], strict=True)
    return [(start, end) for start, end in spans if len(text[start:end].strip()) >= CLAUSE_LETTERS]


OMISSION = MeasureSpec(
    name="omission",
    version=3,
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
