"""Where each record stands: each in one row of a table whose numbers add up to all records."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from curation.author import is_doubted, is_human
from curation.decision import TEXT, DecisionKind, DecisionSubject, Verdict
from curation.store import Store

#: How de-identification signs where it sets a record aside.
DEIDENTIFICATION = "policy:deidentify@"


class Standing(StrEnum):
    """Where a record stands; of several that fit, the first."""

    SET_ASIDE = "set aside by de-identification"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    NEEDS_REVIEW = "needs review"
    DECIDED = "accepted by people"
    ACCEPTED = "accepted by validation"
    WAITING = "waiting for validation"


def standings(store: Store) -> dict[str, int]:
    """How many records stand where; all rows, also those of 0, and together all records.

    A record is quarantined where its text, a layer or its privacy is, as `curate quarantine list` shows it; the other
    rows look at text and layers. A verdict on an older version of a layer counts for nothing; a record that has no
    other one on a layer waits for validation.
    """
    outdated = store.outdated_decisions()
    found: dict[str, dict[DecisionSubject, tuple[Verdict, str]]] = {}
    for record_id, subject, verdict, by in store.latest_verdicts():
        decided = found.setdefault(record_id, {})
        if (record_id, subject) not in outdated:
            decided[subject] = (verdict, by)
    changed = {record_id for record_id, _ in outdated}
    counts = Counter(_standing(decided, record_id in changed) for record_id, decided in found.items())
    counts[Standing.WAITING] += sum(store.count_records().values()) - len(found)
    return {standing.value: counts[standing] for standing in Standing}


def _standing(decided: dict[DecisionSubject, tuple[Verdict, str]], has_changed: bool) -> Standing:
    text, by = decided.get(TEXT, (None, ""))
    if text is Verdict.REJECTED:
        return Standing.SET_ASIDE if by.startswith(DEIDENTIFICATION) else Standing.REJECTED
    if any(verdict is Verdict.QUARANTINED for verdict, _ in decided.values()):
        return Standing.QUARANTINED
    content = {
        subject: (verdict, by)
        for subject, (verdict, by) in decided.items()
        # Of an answer in doubt only that it waits says something about the record.
        if subject[0] is not DecisionKind.PRIVACY and (verdict is Verdict.NEEDS_REVIEW or not is_doubted(subject[1]))
    }
    verdicts = {verdict for verdict, _ in content.values()}
    if Verdict.NEEDS_REVIEW in verdicts:
        return Standing.NEEDS_REVIEW
    # A rejected layer leaves the record to its other layers.
    if verdicts == {Verdict.REJECTED}:
        return Standing.REJECTED
    is_unjudged = has_changed and not any(kind is DecisionKind.LAYER for kind, _ in content)
    if not verdicts or is_unjudged:
        return Standing.WAITING
    return Standing.DECIDED if any(is_human(author) for _, author in content.values()) else Standing.ACCEPTED
