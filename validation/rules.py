"""The rules of all measures: which column, what is expected of it, and what a failure does.

Great Expectations gets one expectation for each. A rule stands in the file of its measure.
"""

from __future__ import annotations

from collections.abc import Iterable

from curation.errors import ConfigError, no_such
from validation.measures.privacy import RULE as IDENTIFIERS
from validation.measures.rule import Rule
from validation.measures.table import MEASURES
from validation.settings import Severity, ValidationSettings

RULES: tuple[Rule, ...] = tuple(rule for spec in MEASURES for rule in spec.rules)
BY_NAME = {rule.name: rule for rule in RULES}


def severities(settings: ValidationSettings, names: Iterable[str] = BY_NAME) -> dict[str, Severity]:
    """The severity of each rule under the settings; ConfigError for a rule that there is not."""
    names = list(names)
    for name in settings.severity:
        if name not in names:
            raise ConfigError(f"validation.severity: {no_such('the name of an expectation', name, names)}")
    return {rule.name: settings.severity.get(rule.name, rule.severity_under(settings)) for rule in RULES}


__all__ = ["BY_NAME", "IDENTIFIERS", "RULES", "severities"]
