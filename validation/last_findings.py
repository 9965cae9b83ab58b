"""What the last validation found, kept beside its report: other thresholds are judged from it within a second."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.atomic_file import replaced
from curation.private_files import made_private
from curation.scheme import Scheme
from curation.store import Store
from validation.findings import Finding, in_words
from validation.frame import Frame, Measured
from validation.measures.measure import Columns, Level, setting
from validation.measures.rule import BOUNDED, IN_SET, NULL, Rule
from validation.measures.table import MEASURES
from validation.rules import RULES, severities
from validation.settings import Severity, ValidationSettings
from validation.stage import Measure

#: Where it is, below the workspace: ids and numbers, no word of a text.
FILE = Path("reports") / "validation" / "findings.json"
#: Settings that say how it is judged and shown, not what is judged.
NOT_JUDGED = {"layer", "engine", "report", "keep_runs", "drift"}
#: Columns that take the whole set to measure, and so are not stored with the records.
OF_THE_SET = frozenset(column for spec in MEASURES if spec.level is Level.SET for column in spec.columns)
#: Settings on which measures depend.
MEASURED = frozenset(
    {path for spec in MEASURES for path in spec.settings}
    | {"layer", "second_opinion.layers", "similarity.enabled", "similarity.encoder", "similarity.backend"}
)


@dataclass(frozen=True, slots=True)
class LastFindings:
    """The findings of the last validation, and the measured rows that they rest on."""

    findings: tuple[Finding, ...]
    deleted: frozenset[str]  # expectations of ours that a steward has deleted
    rows: Mapping[str, Columns]
    columns: frozenset[str]  # columns over the whole set that were measured

    def __call__(self, record_id: str, column: str) -> JsonValue:
        """What was measured on a record."""
        return self.rows[record_id].get(column)

    def under(self, scheme: Scheme, now: ValidationSettings, then: ValidationSettings) -> tuple[Finding, ...] | None:
        """The findings under other settings; None where that takes more than thresholds on what is stored."""
        by_hand = [finding for finding in self.findings if finding.by_hand]
        ours = {finding.expectation: finding for finding in self.findings if not finding.by_hand}
        leave = self.deleted | {finding.expectation for finding in by_hand}
        severity = severities(then)
        found: list[Finding] = []
        for rule in RULES:
            if rule.name in leave or severity[rule.name] is Severity.OFF:
                continue
            before = ours.get(rule.name)
            if before is not None and rule.parameters(then, scheme) == rule.parameters(now, scheme):
                found.append(replace(before, severity=severity[rule.name]))
            elif rule.column in OF_THE_SET and rule.column not in self.columns:
                return None
            elif (anew := self._judged(rule, severity[rule.name], rule.parameters(then, scheme))) is not None:
                found.append(anew)
            else:
                return None
        return (*found, *by_hand)

    def _judged(self, rule: Rule, severity: Severity, parameters: Mapping[str, Any]) -> Finding | None:
        """What a rule finds in the stored rows, as Great Expectations would; None for a type that is not known here."""
        values = {id: row.get(rule.column) for id, row in self.rows.items()}
        present = {id: value for id, value in values.items() if value is not None}
        if rule.expects in BOUNDED:
            failed = {id: value for id, value in present.items() if not _between(value, parameters)}
        elif rule.expects == IN_SET:
            failed = {id: value for id, value in present.items() if value not in parameters["value_set"]}
        elif rule.expects == NULL:
            failed = present
        else:
            return None
        checked = len(values) if rule.expects == NULL else len(present)
        return Finding(
            expectation=rule.name,
            column=rule.column,
            severity=severity,
            says=rule.says,
            expected=in_words(rule.expects, parameters),
            threshold=dict(parameters),
            checked=checked,
            failed=failed,
            success=not failed,
            not_measured="" if checked else f"nothing applies: no record has a value in {rule.column}",
        )


def keep_findings(
    workspace: Path,
    store: Store,
    settings: ValidationSettings,
    measured: Measured,
    findings: Sequence[Finding],
    *,
    suite: Path,
    deleted: Sequence[str],
    looked_at: frozenset[str],
) -> None:
    """Write the findings for later questions; columns over the whole set only where they are in memory."""
    columns = sorted(OF_THE_SET & looked_at) if isinstance(measured, Frame) else []
    over: dict[str, dict[str, JsonValue]] = {}
    for column in columns:
        values = ((id, measured(id, column)) for id in measured.ids())
        over[column] = {id: value for id, value in values if value is not None}
    content = {
        "settings": _judged_by(settings),
        "suite": _digest(suite),
        "rows": _rows_digest(store.measures(stage=Measure.name)),
        "deleted": list(deleted),
        "columns": over,
        "findings": [
            {
                **finding.as_json(),
                "failed": dict(finding.failed),
                "applies": None if finding.applies is None else sorted(finding.applies),
            }
            for finding in findings
        ],
    }
    file = workspace / FILE
    made_private(file.parent)
    with replaced(file) as unfinished:
        unfinished.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def last_findings(workspace: Path, store: Store, settings: ValidationSettings, suite: Path) -> LastFindings | None:
    """The last validation's; None where it cannot be read, or was made with other settings, suite or measures."""
    try:
        content = json.loads((workspace / FILE).read_text(encoding="utf-8"))
        made_with = (content["settings"], content["suite"], content["rows"])
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None
    rows = dict(store.measures(stage=Measure.name))
    stands = (_judged_by(settings), _digest(suite), _rows_digest(rows.items()))
    if stands != made_with:
        return None
    for column, values in content["columns"].items():
        for id, value in values.items():
            rows[id][column] = value
    return LastFindings(
        findings=tuple(_finding(finding) for finding in content["findings"]),
        deleted=frozenset(content["deleted"]),
        rows=rows,
        columns=frozenset(content["columns"]),
    )


def only_judges(now: ValidationSettings, then: ValidationSettings) -> bool:
    """Whether no measure depends on what the two settings differ in."""
    return all(setting(now, path) == setting(then, path) for path in MEASURED)


def _finding(content: Mapping[str, Any]) -> Finding:
    applies = content["applies"]
    return Finding(
        **{
            **content,
            "severity": Severity(content["severity"]),
            "applies": None if applies is None else frozenset(applies),
        }
    )


def _between(value: JsonValue, parameters: Mapping[str, Any]) -> bool:
    assert isinstance(value, int | float)
    low, high = parameters.get("min_value"), parameters.get("max_value")
    return (low is None or value >= low) and (high is None or value <= high)


def _judged_by(settings: ValidationSettings) -> dict[str, JsonValue]:
    return settings.model_dump(mode="json", exclude=NOT_JUDGED)


def _digest(suite: Path) -> str:
    return blake2b(suite.read_bytes(), digest_size=16).hexdigest() if suite.is_file() else ""


def _rows_digest(rows: Iterable[tuple[str, Columns]]) -> str:
    made = blake2b(digest_size=16)
    for id, row in rows:
        made.update(json.dumps([id, row], sort_keys=True).encode())
    return made.hexdigest()
