"""Negation: findings that the text denies and the layer has as present, and the other way round.

Only what stands right beside a denial (between them nothing but other findings and words such as ``or``)
counts as denied, and only a sentence without any word of denial as one that denies nothing: what is
between the two is left to people. After NegEx (Chapman et al. 2001), with scopes cut short.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache

from curation.decision import DecisionKind
from curation.record import Assertion, Entity, Frozen, Layer
from curation.text.folding import lower_case
from curation.text.sentences import sentence_spans
from curation.text.terms import any_of
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.knowledge import read_knowledge
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

#: Categories of findings, which are there or not; a habit or a relative's disease holds its denial in its wording.
FINDINGS = frozenset({"signs_symptoms", "diagnosis", "comorbidities"})
#: Stands for every character of an entity while the words between entities are looked at.
HIDDEN = "\x01"
#: How far from an entity a denial is looked for, in characters.
REACH = 160


DENIED_AS_PRESENT = MeasureColumn(
    "denied_as_present", "findings that the words beside them deny, and the layer has as present"
)
DENIED_AS_PRESENT_ENTITIES = MeasureColumn("denied_as_present_entities", "their ids", Holds.ENTITY_IDS)
NEGATED_UNDENIED = MeasureColumn(
    "negated_undenied", "findings that the layer has as negated, in a sentence that denies nothing"
)
NEGATED_UNDENIED_ENTITIES = MeasureColumn("negated_undenied_entities", "their ids", Holds.ENTITY_IDS)


#: Words, blanks and commas before a finding and after it: no sentence starts between them.
UNBROKEN, UNBROKEN_AFTER = re.compile(r"[\w ,/-]*$"), re.compile(rf"[\w ,/-]{{0,{REACH}}}(?!\w)")


class Denials(Frozen):
    """The words of a language."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    between: tuple[str, ...]
    anywhere: tuple[str, ...]
    pseudo: tuple[str, ...]


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]] | None:
    """A denial at the end of what stands before, one at the beginning of what comes after, and one anywhere."""
    words = read_knowledge("negation", dict[str, Denials]).get(language)
    if words is None:
        return None
    between = rf"(?:\s|,|/|{HIDDEN}|\b(?:{any_of(words.between)})\b)*"
    pseudo = rf"(?!\b(?:{any_of(words.pseudo)})\b)"
    return (
        re.compile(rf"{pseudo}\b(?:{any_of(words.before)})(?!\w){between}$"),
        re.compile(rf"^{between}\b(?:{any_of(words.after)})\b"),
        re.compile(rf"\b(?:{any_of(words.anywhere)})(?!\w)"),
    )


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The findings of each layer whose assertion the words around them contradict."""
    return [_row(subject.record.text, subject.record.language, subject.layer) for subject in subjects if subject.layer]


def _row(text: str, language: str, layer: Layer) -> Columns:
    findings = [
        finding
        for finding in layer.entities
        if finding.category in FINDINGS and finding.fragments and finding.end <= len(text)
    ]
    patterns = _patterns(language)
    if not findings or patterns is None:
        return NEGATION.nothing
    before, after, anywhere = patterns
    folded = lower_case(text)
    hidden = _hidden(folded, layer.entities)

    def is_denied(finding: Entity, start: int, end: int) -> bool:
        """Whether a denial stands right beside the finding, between these offsets."""
        left = hidden[max(start, finding.start - REACH) : finding.start]
        right = hidden[finding.end : min(end, finding.end + REACH)]
        return bool(before.search(left) or after.search(right))

    denied: list[str] = []
    undenied: list[str] = []
    for finding in findings:
        # Sentences cost more than all else here: they are asked for only where a denial is in reach.
        if finding.assertion is Assertion.PRESENT and is_denied(finding, 0, len(text)):
            if is_denied(finding, *_sentence(finding, text, language)):
                denied.append(finding.id)
        elif finding.assertion is Assertion.NEGATED:
            run = UNBROKEN.search(folded, max(0, finding.start - REACH), finding.start)
            if run and anywhere.search(folded, run.start(), finding.start):
                continue
            run = UNBROKEN_AFTER.match(folded, finding.end)
            if run and anywhere.search(folded, finding.end, run.end()):
                continue
            if not anywhere.search(folded, *_sentence(finding, text, language)):
                undenied.append(finding.id)
    return {
        DENIED_AS_PRESENT: len(denied),
        DENIED_AS_PRESENT_ENTITIES: list(denied),
        NEGATED_UNDENIED: len(undenied),
        NEGATED_UNDENIED_ENTITIES: list(undenied),
    }


def _hidden(folded: str, entities: Sequence[Entity]) -> str:
    signs = list(folded)
    for entity in entities:
        for start, end in entity.spans:
            signs[start:end] = HIDDEN * len(signs[start:end])
    return "".join(signs)


def _sentence(entity: Entity, text: str, language: str) -> tuple[int, int]:
    """Where the sentence of an entity begins and where that of its end ends."""
    breaks = [0, *(start for start, _ in sentence_spans(text, language)[1:]), len(text)]
    return breaks[max(bisect_right(breaks, entity.start) - 1, 0)], breaks[bisect_left(breaks, entity.end)]


NEGATION = MeasureSpec(
    name="negation",
    version=2,
    of=DecisionKind.LAYER,
    columns=(DENIED_AS_PRESENT, DENIED_AS_PRESENT_ENTITIES, NEGATED_UNDENIED, NEGATED_UNDENIED_ENTITIES),
    rules=(
        Rule(
            "denied_findings_negated",
            DENIED_AS_PRESENT,
            "What the text denies is not annotated as present.",
            severity=Severity.SOFT,
            beside=(DENIED_AS_PRESENT_ENTITIES,),
        ),
        Rule(
            "negated_findings_denied",
            NEGATED_UNDENIED,
            "What is annotated as negated stands in a sentence that denies something.",
            severity=Severity.SOFT,
            beside=(NEGATED_UNDENIED_ENTITIES,),
        ),
    ),
    measure=measure,
)
