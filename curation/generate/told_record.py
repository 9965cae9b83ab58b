"""What a told text becomes: a record that says how it was told, and the layer of the facts that were found in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, JsonValue

from curation.author import GOLD
from curation.generate.record_cases import TOLD
from curation.generate.told_case import CaseOrigin, ToldCase
from curation.generate.told_facts import FindingKind, PlacedFact, ToldFinding, entities_of
from curation.record import Entity, Frozen, Layer, Record, digest, record_id

#: The name of a layer of facts that were found, and not all of them confirmed.
TOLD_LAYER = "told"


class ToldBy(Frozen):
    """How a record was told: by whom, of which case, in which manner, and what is not as it was ordered, in counts."""

    by: str
    author: str
    case: str
    origin: CaseOrigin
    manner: dict[str, str]
    variant: int = 0
    findings: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telling:
    """A text about a case with its facts where they stand, and what is not as it was ordered.

    left_out: ids of entities that stand there and are not as they were ordered. is_confirmed: by a judge, all of them.
    """

    text: str
    placed: Mapping[int, PlacedFact]
    findings: tuple[ToldFinding, ...] = ()
    left_out: frozenset[str] = frozenset()
    is_confirmed: bool = False
    mended: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[bool, int]:
        """The smaller, the better: copied words first, then the number of findings."""
        return self.is_copied, len(self.findings)

    @property
    def is_copied(self) -> bool:
        """Whether it has words of a record of the store."""
        return any(finding.kind is FindingKind.COPIED for finding in self.findings)

    @property
    def is_verified(self) -> bool:
        """Whether every fact was found and confirmed, and nothing is contradicted or too much."""
        return self.is_confirmed and not self.findings


@dataclass(frozen=True, slots=True)
class ToldSignature:
    """Who tells, with a digest of all that the texts depend on besides the case."""

    author: str
    by: str


def told_record(
    case: ToldCase,
    language: str,
    telling: Telling,
    *,
    manner: Mapping[str, str],
    variant: int,
    signed: ToldSignature,
    original: str | None,
) -> Record:
    """The record of a text."""
    told = ToldBy(
        by=signed.by,
        author=signed.author,
        case=case_key(case),
        origin=case.origin,
        manner=dict(manner),
        variant=variant,
        findings=counted(telling.findings),
    )
    return Record(
        id=record_id(telling.text, language=language, source_id=f"{signed.by}:{case.id}"),
        group=case.group,
        source=case.source,
        language=language,
        text=telling.text,
        translation_of=original,
        licence=case.licence,
        meta={**case.meta, TOLD: told.model_dump(mode="json")},
    )


def told_entities(case: ToldCase, language: str, telling: Telling) -> tuple[Entity, ...]:
    """The facts that the text says, without those that it contradicts or a judge did not confirm."""
    found = entities_of(case.facts[language], telling.placed, telling.text)
    return tuple(entity for entity in found if entity.id not in telling.left_out)


def told_layer(case: ToldCase, record: Record, telling: Telling, *, signed: ToldSignature, judge: str | None) -> Layer:
    """The layer of what was found; `gold` only where nothing was ordered that was not found and confirmed."""
    facts = case.facts[record.language]
    entities = told_entities(case, record.language, telling)
    asked = [facts[number - 1].id for number, place in sorted(telling.placed.items()) if place.is_asked]
    findings: list[JsonValue] = [
        {"kind": finding.kind.value, "fact": facts[finding.fact - 1].id if finding.fact else None}
        for finding in telling.findings
    ]
    provenance: dict[str, JsonValue] = {
        "ordered": len(facts),
        "found": len(entities),
        "by": {"alignment": len(telling.placed) - len(asked), "asked": list(asked)},
        "alignments": dict(Counter(place.at.alignment.value for place in telling.placed.values())),
        "findings": findings,
        "judged_by": judge,
        "verified": telling.is_verified,
    }
    return Layer(
        record_id=record.id,
        name=GOLD if telling.is_verified else TOLD_LAYER,
        author=signed.author,
        entities=entities,
        provenance={"told": provenance},
    )


def case_key(case: ToldCase) -> str:
    """A digest of a case's name and of all that is told of it: one whose facts have changed is another case.

    Of the name too, since it leaves with the record, and a table may call its rows by patients' numbers.
    """
    return digest([case.id, case.digest], length=16)


def counted(findings: Sequence[ToldFinding]) -> dict[str, int]:
    """The findings by their kind."""
    return dict(sorted(Counter(finding.kind.value for finding in findings).items()))
