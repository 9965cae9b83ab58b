"""What a rule is: which column of a measure, what is expected of it, and what a failure does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curation.decision import DecisionKind
from curation.scheme import Scheme
from validation.measures.columns import MeasureColumn
from validation.settings import Severity, ValidationSettings

#: Parameters of an expectation, from the settings and the scheme.
Parameters = Callable[[ValidationSettings, Scheme], dict[str, Any]]

#: Types of expectations: of Great Expectations, and our own of `validation.gx.clincurate_expectations`.
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
NULL = "expect_column_values_to_be_null"
UNIQUE = "expect_column_values_to_be_unique"
GROUNDED = "expect_entities_to_be_grounded"
FREE_OF_IDENTIFIERS = "expect_text_to_be_free_of_identifiers"
NOT_LEAKED = "expect_held_out_records_not_to_leak"
TRANSLATED = "expect_original_to_be_translated"
#: Those that hold a value between two bounds.
BOUNDED = frozenset({BETWEEN, GROUNDED, FREE_OF_IDENTIFIERS, NOT_LEAKED, TRANSLATED})


def with_any_scheme(scheme: Scheme) -> bool:
    """That a rule holds whatever the scheme asks for."""
    return True


def no_parameters(settings: ValidationSettings, scheme: Scheme) -> dict[str, Any]:
    """Nothing beside the column."""
    return {}


def zero(settings: ValidationSettings, scheme: Scheme) -> dict[str, Any]:
    """A count that must be zero."""
    return {"max_value": 0}


@dataclass(frozen=True, slots=True)
class Rule:
    """An expectation of Great Expectations on one column of measures: that it counts nothing, unless said otherwise."""

    name: str
    column: MeasureColumn
    says: str  # for people, in Data Docs and reports
    expects: str = BETWEEN  # the type of Great Expectations
    parameters: Parameters = zero
    severity: Severity = Severity.HARD
    beside: tuple[MeasureColumn, ...] = ()  # columns that explain a failure
    #: Whether a scheme asks for what the rule looks at.
    applies: Callable[[Scheme], bool] = with_any_scheme
    #: Where a setting of its own says how grave a failure is.
    by_setting: Callable[[ValidationSettings], Severity] | None = None

    @property
    def of(self) -> DecisionKind:
        """What the verdict is of: the text, the layer, or privacy."""
        return self.column.of

    def severity_under(self, settings: ValidationSettings) -> Severity:
        """What a failure does, unless `validation.severity` names this rule."""
        return self.by_setting(settings) if self.by_setting else self.severity
