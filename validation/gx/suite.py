"""The suite: our rules as Great Expectations' own objects, which a steward may change.

Each expectation that we make carries the digest of what we made. Whatever still has that digest follows
the settings; what a steward has changed, added or deleted stays as the steward left it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from curation.record import digest
from curation.scheme import Scheme
from validation.findings import in_words
from validation.measures.rule import Rule
from validation.measures.table import COLUMNS
from validation.rules import BY_NAME, RULES, severities
from validation.settings import Severity, ValidationSettings

#: Under this key of an expectation's or a suite's meta stands what is ours.
OURS = "clincurate"

#: Our severities in the words of Great Expectations, and back.
TO_GX = {Severity.HARD: "critical", Severity.SOFT: "warning", Severity.OFF: "info"}
WORD = re.compile(r"\w+")
FROM_GX = {name: severity for severity, name in TO_GX.items()}


@dataclass(frozen=True, slots=True)
class Merged:
    """The expectations that a suite is to hold, and what of it is a steward's."""

    expectations: list[Any]
    by_hand: tuple[str, ...]  # changed or added by a steward, by name
    deleted: tuple[str, ...]  # ours, deleted by a steward
    made: tuple[str, ...]  # all of ours that were ever put in, for the suite's meta
    changed: bool

    @property
    def columns(self) -> frozenset[str]:
        """The columns of measures that an expectation looks at, be it in a condition or a query."""
        words: set[str] = set()
        for expectation in self.expectations:
            # The column of an expectation of ours is its default, and not among its parameters.
            words.update(_words([expectation.configuration.kwargs, getattr(expectation, "column", "")]))
        return frozenset(words & COLUMNS.keys())


def _words(value: Any) -> Iterator[str]:
    """Every word in the parameters of an expectation."""
    if isinstance(value, str):
        yield from WORD.findall(value)
    elif isinstance(value, dict):
        yield from (word for inner in value.values() for word in _words(inner))
    elif isinstance(value, list | tuple | set):
        yield from (word for inner in value for word in _words(inner))


def our_expectations(scheme: Scheme, settings: ValidationSettings) -> dict[str, Any]:
    """The expectations that the rules, the scheme and the settings require, by name, in order."""
    severity = severities(settings)
    return {
        rule.name: _made(rule, severity[rule.name], settings, scheme)
        for rule in RULES
        if severity[rule.name] is not Severity.OFF and rule.applies(scheme)
    }


def merge(present: Iterable[Any], made_before: Iterable[str], ours: dict[str, Any]) -> Merged:
    """What the suite holds next, from what it holds, what was ever put in, and what we would put in now."""
    remaining: list[Any] = []
    by_hand: list[str] = []
    seen: set[str] = set()
    changed = False
    for expectation in present:
        name = name_of(expectation)
        mark = (expectation.meta or {}).get(OURS, {}).get("digest")
        seen.add(name)
        if mark != content_digest(expectation):
            by_hand.append(name)
            remaining.append(expectation)
        elif name not in ours:
            changed = True
        elif content_digest(ours[name]) == mark:
            remaining.append(expectation)
        else:
            changed = True
            remaining.append(ours[name])
    # What a steward wrote into the file gets an id of its own when it is saved.
    ids = {expectation.id for expectation in remaining}
    changed = changed or None in ids or len(ids) < len(remaining)
    gone = [name for name in made_before if name not in seen]
    fresh = [expectation for name, expectation in ours.items() if name not in seen and name not in gone]
    names = [name_of(expectation) for expectation in remaining + fresh]
    return Merged(
        expectations=remaining + fresh,
        by_hand=tuple(by_hand),
        deleted=tuple(name for name in gone if name in ours),
        made=tuple(dict.fromkeys([*(name for name in names if name in BY_NAME), *gone])),
        changed=changed or bool(fresh),
    )


def name_of(expectation: Any) -> str:
    """Our rule's name, or a name for what a steward has added."""
    rule = (expectation.meta or {}).get(OURS, {}).get("rule")
    if rule:
        return str(rule)
    config = expectation.configuration
    kind = config.type.removeprefix("expect_").removeprefix("column_values_to_")
    return "_".join(filter(None, [config.kwargs.get("column"), kind]))


def content_digest(expectation: Any) -> str:
    """A digest of what is expected of what, and how grave a failure is; notes are free to change."""
    config = expectation.configuration
    parameters = {name: value for name, value in config.kwargs.items() if name != "batch_id"}
    return digest([config.type, parameters, severity_of(config).value])


def severity_of(config: Any) -> Severity:
    """Our severity for an expectation of Great Expectations; hard when it has none."""
    level = getattr(config.severity, "value", config.severity)
    return FROM_GX.get(str(level), Severity.HARD)


def _made(rule: Rule, severity: Severity, settings: ValidationSettings, scheme: Scheme) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    parameters = rule.parameters(settings, scheme)

    def build(mark: str) -> Any:
        return ExpectationConfiguration(
            type=rule.expects,
            kwargs={"column": str(rule.column), **parameters},
            meta={OURS: {"rule": rule.name, "digest": mark}},
            # Data Docs show the description in place of a phrase about columns.
            description=f"{rule.says} ({rule.column}: {in_words(rule.expects, parameters)})",
            notes=f"**{rule.name}** {rule.says}",
            severity=TO_GX[severity],
        ).to_domain_obj()

    return build(content_digest(build("")))
