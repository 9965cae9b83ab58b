"""Cases from records of the store: what a layer says of a patient, told otherwise; and reports to summarise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from curation.generate.records import LANGUAGES
from curation.generate.told_case import CaseOrigin, OrderedFact, ToldCase, facts_of
from curation.record import Record, without_lost
from curation.stage import Item

#: Under which name a record that was told says how.
TOLD = "told"
#: What a case is told of, or why it is not.
CaseOf = Callable[[Item], "ToldCase | str"]
#: What of a record's description holds for any text about the patient.
OF_THE_PATIENT = ("specialty", "condition", "synthetic")


def is_told(record: Record) -> bool:
    """Whether a language model has told the record."""
    return TOLD in record.meta


def cases_of_layers(layer: str, languages: tuple[str, ...] = LANGUAGES) -> CaseOf:
    """What a layer says of each record, as a case."""

    def case_of(item: Item) -> ToldCase | str:
        if reason := _left_out(item.record, languages):
            return reason
        found = item.layers.get(layer)
        facts = facts_of(entity for entity in without_lost(found).entities if entity.fragments) if found else ()
        if not facts:
            return f"without a fact in the layer {layer}"
        return _case(item.record, CaseOrigin.LAYER, facts={item.record.language: facts})

    return case_of


def cases_of_reports(layer: str | None, words: int, languages: tuple[str, ...] = LANGUAGES) -> CaseOf:
    """Reports of at least so many words, to be summarised; with what a layer says of them, where one is named."""

    def case_of(item: Item) -> ToldCase | str:
        if reason := _left_out(item.record, languages):
            return reason
        if len(item.record.text.split()) < words:
            return f"shorter than {words} words"
        found = item.layers.get(layer) if layer else None
        facts = facts_of(entity for entity in without_lost(found).entities if entity.fragments) if found else ()
        return _case(item.record, CaseOrigin.REPORT, facts={item.record.language: facts}, report=item.record.text)

    return case_of


def _left_out(record: Record, languages: tuple[str, ...]) -> str | None:
    if is_told(record):
        return "told by a model already"
    if record.language not in languages:
        return "in another language than those that are told"
    return None


def _case(
    record: Record, origin: CaseOrigin, *, facts: Mapping[str, tuple[OrderedFact, ...]], report: str | None = None
) -> ToldCase:
    specialty = record.meta.get("specialty")
    return ToldCase(
        id=record.id,
        group=record.group,
        source=record.source,
        origin=origin,
        facts=facts,
        specialty=specialty if isinstance(specialty, str) else None,
        licence=record.licence,
        meta={name: record.meta[name] for name in OF_THE_PATIENT if name in record.meta},
        report=report,
        about=record,
    )
