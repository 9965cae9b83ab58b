"""Records that belong together, rewritten together: one patient, one set of surrogates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from curation.deidentify.identifiers.analyzer import readable
from curation.deidentify.identifiers.identifier import IdentifierKind
from curation.deidentify.identifiers.names_again import name_words
from curation.deidentify.key import Key
from curation.deidentify.rewrite import RewrittenRecord, rewritten
from curation.deidentify.scope import DeidentifyScope, found_in
from curation.deidentify.surrogates import Patient
from curation.record import Record, normal_group
from curation.stage import Item


def deidentified(items: Sequence[Item], key: Key, scope: DeidentifyScope) -> dict[str, RewrittenRecord]:
    """Each record of a bundle (a group, with what translates it) as a new one, by the old id.

    items: in the order in which they came to the store, so that more of them later change nothing. A translation
    has the surrogates of its original, and what is a name in one record is one in all.
    """
    records = {item.record.id: item.record for item in items}
    layers = {item.record.id: list(item.layers.values()) for item in items}
    groups = {id: normal_group(_original(record, records).group) for id, record in records.items()}
    speaks: dict[str, str] = {}
    for id, group in groups.items():
        speaks.setdefault(group, _original(records[id], records).language)
    names: frozenset[str] = frozenset().union(*(_names(record, scope) for record in records.values()))
    ids: dict[str, str] = {}
    made: dict[str, RewrittenRecord] = {}
    for record in _originals_first(records):
        patient = Patient(key, groups[record.id], speaks[groups[record.id]])
        made[record.id] = rewritten(record, layers[record.id], patient, scope, names=names, ids=ids)
        ids[record.id] = made[record.id].record.id
    return made


def _names(record: Record, scope: DeidentifyScope) -> frozenset[str]:
    if IdentifierKind.NAME not in scope.kinds:
        return frozenset()
    text = readable(record.text).text
    return name_words(
        text, found_in(text, record.language, {IdentifierKind.NAME}, recognisers=scope.recognisers), record.language
    )


def _original(record: Record, records: Mapping[str, Record]) -> Record:
    """What a record was translated from in the end, as far as it is here."""
    seen = {record.id}
    while (before := records.get(record.translation_of or "")) and before.id not in seen:
        seen.add(before.id)
        record = before
    return record


def _originals_first(records: Mapping[str, Record]) -> Iterator[Record]:
    """The records, each behind what it translates."""
    waiting = dict(records)
    while waiting:
        ready = [record for record in waiting.values() if record.translation_of not in waiting]
        for record in ready or list(waiting.values()):
            yield waiting.pop(record.id)
