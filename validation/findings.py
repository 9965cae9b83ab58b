"""What an expectation found: how many records it was put to, and which failed with what value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from validation.measures.rule import BOUNDED
from validation.settings import Severity

#: How the parameters of common expectations read.
BOUNDS = {
    (True, True): "between {min_value:g} and {max_value:g}",
    (True, False): "at least {min_value:g}",
    (False, True): "at most {max_value:g}",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one expectation over all records."""

    expectation: str
    column: str
    severity: Severity
    says: str
    expected: str
    threshold: Mapping[str, JsonValue]
    checked: int
    failed: Mapping[str, JsonValue] = field(default_factory=dict)  # record id -> observed value
    success: bool = True
    #: Why it could not be put, or what a whole-set expectation of a steward observed.
    note: str = ""
    #: A steward's own, or changed by one.
    by_hand: bool = False
    #: Why no record was looked at, "" when one was. What was not measured is no success.
    not_measured: str = ""
    #: The records that meet its condition, where a steward's has one: it looks at no other.
    applies: frozenset[str] | None = None

    def looks_at(self, record_id: str) -> bool:
        """Whether the record was among those that it was put to."""
        return bool(self.checked) and (self.applies is None or record_id in self.applies)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts read; failing records are in the table of decisions."""
        return {
            "expectation": self.expectation,
            "column": self.column,
            "severity": self.severity.value,
            "says": self.says,
            "expected": self.expected,
            "threshold": dict(self.threshold),
            "checked": self.checked,
            "failed": len(self.failed),
            "success": self.success,
            "note": self.note,
            "by_hand": self.by_hand,
            "not_measured": self.not_measured,
        }


def in_words(expects: str, parameters: Mapping[str, Any]) -> str:
    """What an expectation expects of a value, to follow "expected"."""
    bounds = {name: parameters.get(name) for name in ("min_value", "max_value")}
    has = isinstance(bounds["min_value"], int | float), isinstance(bounds["max_value"], int | float)
    if expects in BOUNDED and any(has):
        return BOUNDS[has].format(**bounds)
    if expects == "expect_column_values_to_be_in_set":
        return f"one of {', '.join(map(str, parameters.get('value_set') or ()))}"
    plain = {
        "expect_column_values_to_be_null": "none",
        "expect_column_values_to_be_unique": "a value that no other record has",
    }
    if expects in plain:
        return plain[expects]
    shown = ", ".join(f"{name} {value}" for name, value in parameters.items() if name != "column")
    kind = expects.removeprefix("expect_").removeprefix("column_values_to_").replace("_", " ")
    return f"{kind} ({shown})" if shown else kind
