"""What an annotator reads above a record: what validation said about it, and what its pre-annotation does not hold for
present. The choices of a mark are shown by Label Studio only while it is selected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import yaml

from annotation.label_studio.editor.wording import ASSERTIONS, CHECKS, spoken, title
from curation.author import is_human
from curation.decision import Decision, Verdict, gravest
from curation.record import Assertion, Layer, Record, wording

FINDINGS = Path(__file__).with_name("findings.yaml")

#: The fields of a task's data that hold them.
CHECK, ASSERTED = "validation", "assertions"

#: So many wordings of one assertion are shown; the others are counted.
SHOWN = 12


def task_summary(
    record: Record, layer: Layer | None, decisions: Sequence[Decision], *, language: str
) -> dict[str, str]:
    """The two fields: words of ours, and wordings that stand in the record's text."""
    return {
        CHECK: f"{CHECKS[spoken(language)]['heading']}: {_check(decisions, language)}",
        ASSERTED: "  ·  ".join(_asserted(record, layer, language)) if layer else "",
    }


def shown_text(text: str) -> str:
    """The text with each line end as one line break, and every offset as it was.

    Label Studio shows a carriage return and a line feed as two breaks.
    """
    return text.replace("\r\n", " \n").replace("\r", "\n")


def _check(decisions: Sequence[Decision], language: str) -> str:
    words = CHECKS[spoken(language)]
    if not decisions:
        return words["none"]
    verdict = gravest(decision.verdict for decision in decisions)
    if verdict is Verdict.ACCEPTED:
        return words["person" if any(is_human(decision.by) for decision in decisions) else "accepted"]
    broken = dict.fromkeys(name for decision in decisions for name in _broken(decision))
    said = "; ".join(_finding(name, language) for name in broken)
    return f"{words['look']} – {said}" if said else words["look"]


def _broken(decision: Decision) -> Iterator[str]:
    failures = decision.details.get("failures")
    for failure in failures if isinstance(failures, list) else ():
        if isinstance(failure, dict):
            yield str(failure.get("expectation"))


def _finding(name: str, language: str) -> str:
    """The finding in words; a steward's own expectation by its name."""
    return _findings().get(name, {}).get(spoken(language), name)


@cache
def _findings() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load(FINDINGS.read_text(encoding="utf-8"))
    return found


def _asserted(record: Record, layer: Layer, language: str) -> Iterator[str]:
    """For each assertion but present: its name, and the wordings that have it."""
    for assertion in ASSERTIONS:
        found = dict.fromkeys(
            " ".join(wording(record.text, entity.spans).split())
            for entity in layer.entities
            if entity.assertion is Assertion(assertion) and entity.spans and assertion != Assertion.PRESENT
        )
        if found:
            more = f" (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
            name = title(assertion, language)
            yield f"{name[0].upper()}{name[1:]}: {', '.join(list(found)[:SHOWN])}{more}"
