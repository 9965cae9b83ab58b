"""What fails although a person, who did not know of it, has accepted the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curation.author import is_human
from curation.decision import TEXT, Decision, DecisionSubject, Verdict
from validation.findings import Finding
from validation.policy import LAYER, Row, kind_of, subjects
from validation.quarantine import expectations_of
from validation.settings import Severity


def failing_anew(
    decided: Mapping[tuple[str, DecisionSubject], Decision], findings: Sequence[Finding], measured: Row
) -> dict[str, tuple[str, ...]]:
    """By record, the hard expectations that fail although a person accepted what they look at, without knowing of them.

    decided: the decisions that count, by record and subject.
    """
    accepted = {
        key: expectations_of(decision)
        for key, decision in decided.items()
        if decision.verdict is Verdict.ACCEPTED and is_human(decision.by)
    }
    anew: dict[str, list[str]] = {}
    for finding in findings if accepted else ():
        kind, name = kind_of(finding), finding.expectation
        for record_id in finding.failed if finding.severity is Severity.HARD else ():
            subject = next((subject for subject in subjects(measured(record_id, LAYER)) if subject[0] is kind), TEXT)
            if name not in accepted.get((record_id, subject), (name,)):
                anew.setdefault(record_id, []).append(name)
    return {record_id: tuple(names) for record_id, names in anew.items()}
