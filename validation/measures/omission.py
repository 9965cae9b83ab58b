"""Omission: what looks like a fact in the text, or is one in another layer, and is in no entity of the layer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation.decision import DecisionKind
from curation.text.drugs import find_drugs
from curation.text.quantities import measured_spans
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.measures.second_opinion import (
    CATEGORIES_MISSING,
    CATEGORY_NAMES_MISSING,
    SECOND_OPINION_MISSING,
    SECOND_OPINION_PLACES,
    SECOND_OPINION_SHARE,
    Span,
    merged,
    met,
    missing,
)
from validation.settings import Severity

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


UNCOVERED_MEASURED = MeasureColumn("uncovered_measured", "numbers with a unit that no entity covers")
UNCOVERED_DRUGS = MeasureColumn("uncovered_drugs", "words with the stem of a drug's name that no entity covers")
UNCOVERED_TESTS = MeasureColumn("uncovered_tests", "words for examinations that no entity covers")
UNCOVERED_CLAUSES = MeasureColumn("uncovered_clauses", "clauses that no entity reaches into")
UNCOVERED_FACTS = MeasureColumn("uncovered_facts", "the first three together")
UNCOVERED_SHARE = MeasureColumn("uncovered_share", "the first three together, of 100 words")
UNCOVERED_PLACES = MeasureColumn("uncovered_places", "where they stand", Holds.SPANS, kind="uncovered")
UNCOVERED_CLAUSE_PLACES = MeasureColumn(
    "uncovered_clause_places", "where those clauses stand", Holds.SPANS, kind="uncovered_clause"
)


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
        UNCOVERED_MEASURED: len(open_["measured"]),
        UNCOVERED_DRUGS: len(open_["drug"]),
        UNCOVERED_TESTS: len(open_["test"]),
        UNCOVERED_CLAUSES: len(clauses),
        UNCOVERED_FACTS: len(facts),
        UNCOVERED_SHARE: round(len(facts) * 100 / words, 3) if words else None,
        UNCOVERED_PLACES: [[start, end] for start, end in facts],
        UNCOVERED_CLAUSE_PLACES: [[start, end] for start, end in clauses],
        **missing(layer, subject.other_layers, covered, scope.scheme),
    }


def candidates(text: str) -> dict[str, list[Span]]:
    """Where something looks like a fact, by kind: numbers with units, drugs, tests, clauses."""
    return {
        "measured": measured_spans(text),
        "drug": list(find_drugs(text)),
        "test": [match.span() for match in TEST.finditer(text) if match[0].lower() not in NO_TESTS],
        "clause": clauses_of(text),
    }


def clauses_of(text: str) -> list[Span]:
    """The stretches between marks and joining words that are long enough to hold a fact."""
    edges = [0, *(edge for found in CLAUSE.finditer(text) for edge in found.span()), len(text)]
    spans = zip(edges[::2], edges[1::2], strict=True)
    return [(start, end) for start, end in spans if len(text[start:end].strip()) >= CLAUSE_LETTERS]


OMISSION = MeasureSpec(
    name="omission",
    version=3,
    of=DecisionKind.LAYER,
    columns=(
        UNCOVERED_MEASURED,
        UNCOVERED_DRUGS,
        UNCOVERED_TESTS,
        UNCOVERED_CLAUSES,
        UNCOVERED_FACTS,
        UNCOVERED_SHARE,
        UNCOVERED_PLACES,
        UNCOVERED_CLAUSE_PLACES,
        SECOND_OPINION_MISSING,
        SECOND_OPINION_SHARE,
        CATEGORIES_MISSING,
        SECOND_OPINION_PLACES,
        CATEGORY_NAMES_MISSING,
    ),
    rules=(
        Rule(
            "facts_covered",
            UNCOVERED_SHARE,
            "Numbers with units, drugs and tests of the text are in entities.",
            parameters=lambda settings, scheme: {"max_value": settings.omission.maximum},
            severity=Severity.OFF,
            beside=(UNCOVERED_MEASURED, UNCOVERED_DRUGS, UNCOVERED_TESTS),
        ),
        Rule(
            "second_opinion_covered",
            SECOND_OPINION_SHARE,
            "What other layers of the record have, the checked one has too.",
            parameters=lambda settings, scheme: {"max_value": settings.second_opinion.missing},
            severity=Severity.OFF,
            beside=(SECOND_OPINION_PLACES,),
        ),
        Rule(
            "categories_present",
            CATEGORIES_MISSING,
            "The checked layer says something in each category in which another layer does.",
            severity=Severity.OFF,
            beside=(CATEGORY_NAMES_MISSING,),
        ),
    ),
    settings=("second_opinion.layers",),
    measure=measure,
)
