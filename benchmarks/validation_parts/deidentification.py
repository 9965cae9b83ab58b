"""De-identification of all there is: entities with wrong offsets, identifiers that are left, records a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import process_time

from measuring import table

from curation.deidentify.group import deidentified
from curation.deidentify.identifiers.analyzer import identifiers_of
from curation.deidentify.identifiers.identifier import COUNTED
from curation.deidentify.key import Key
from curation.deidentify.rewrite import RewrittenRecord
from curation.deidentify.scope import DeidentifyScope
from curation.record import Alignment, Layer, wording
from curation.stage import Item
from validation_parts.error_planting import PlantingCase

KINDS = frozenset(COUNTED)
#: Any key does: what is counted does not depend on it.
KEY = Key(bytes(range(32)))


def checked(sources: dict[str, Sequence[PlantingCase]]) -> dict[str, object]:
    """How many entities of all records stand wrong afterwards, and how many identifiers are found that are not ours."""
    rows, wrong, left, records, seconds = [], 0, 0, 0, 0.0
    for name, cases in sources.items():
        started = process_time()
        made = replaced(cases)
        took = process_time() - started
        layers = {case.record.id: case.layer for case in cases}
        entities = sum(len(layer.entities) for layer in layers.values() if layer)
        bad = sum(astray(layers[id], item) for id, item in made.items())
        found = sum(len(identifiers_of(item.record, KINDS)) for item in made.values())
        gone = sum(sum(item.replaced.values()) for item in made.values())
        rows.append((name, len(made), gone, entities, bad, found, len(made) / took if took else 0.0))
        wrong, left, records, seconds = wrong + bad, left + found, records + len(made), seconds + took
    head = (
        "de-identified",
        "records",
        "replaced",
        "entities",
        "offsets wrong",
        "identifiers found",
        "records a second",
    )
    print(table(head, rows))
    return {
        "deidentified_offsets_wrong": wrong,
        "deidentified_identifiers_left": left,
        "deidentified_records_per_second": round(records / seconds, 1) if seconds else 0.0,
    }


def replaced(cases: Iterable[PlantingCase]) -> dict[str, RewrittenRecord]:
    """All records de-identified, each group by itself."""
    groups: dict[str, list[Item]] = {}
    for case in cases:
        items = groups.setdefault(case.record.group, [])
        items.append(Item(case.record, {case.layer.name: case.layer} if case.layer else {}))
    return {
        id: rewritten
        for items in groups.values()
        for id, rewritten in deidentified(items, KEY, DeidentifyScope(KINDS)).items()
    }


def astray(before: Layer | None, after: RewrittenRecord) -> int:
    """Entities that are lost, or whose wording is not what stands at their offsets."""
    if before is None:
        return 0
    if len(after.layers) != 1:
        return len(before.entities)
    text, kept = after.record.text, after.layers[0].entities
    lost = len({entity.id for entity in before.entities} - {entity.id for entity in kept})
    return lost + sum(
        entity.alignment is Alignment.EXACT and wording(text, entity.spans) != entity.text for entity in kept
    )
