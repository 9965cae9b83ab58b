"""The work of people on each record as progress counts it: read from the layers once, kept until there are newer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, combinations
from typing import Any

from pydantic import JsonValue

from annotation.agreement.estimate import Tally
from annotation.agreement.judgements import chosen
from annotation.agreement.settings import AgreementSettings
from curation.author import is_human, is_repeat
from curation.batches import batched
from curation.scoring.marks import MODES, Marks, count_all_marks, plain_marks
from curation.store import Store
from curation.store.engine import CHUNK
from curation.store.findings import Measures
from curation.store.records import LayerSave

#: Under this name the store keeps what was counted of a record, and whatever it was counted on.
REVIEW_WORK = "review work"
#: The version of what is counted, and what of a layer's provenance that needs.
VERSION, PROVENANCE = 1, ("annotation", "lead_time", "method", "adjudicator")

#: The name and row of each layer by record, both in the order in which they came.
WorkRows = Mapping[str, Sequence[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class ReviewWork:
    """The saves on one record, oldest first, and of every two people the marks: by mode matched, first's, second's."""

    saves: tuple[LayerSave, ...]
    pairs: tuple[tuple[str, str, tuple[tuple[int, int, int], ...]], ...]


def work_rows(store: Store, *, gold: str, after: int | None = None) -> WorkRows:
    """The layers of people, their hidden repeats and gold; after: of records with one in a later row."""
    names = [name for name in store.layer_names() if is_human(name) or is_repeat(name) or name == gold]
    return store.layer_rows(names, after=after)


def shared_records(rows: WorkRows) -> Counter[str]:
    """How many records each person has marked that others have marked too."""
    people = ({name for name, _ in found if is_human(name)} for found in rows.values())
    return Counter(chain.from_iterable(names for names in people if len(names) > 1))


def review_work(
    store: Store, settings: AgreementSettings, *, gold: str, rows: WorkRows | None = None
) -> list[ReviewWork]:
    """The work on each record that people have worked on, in the order in which the records came.

    Only records with newer layers, or other settings, are counted anew; what was counted is kept in the store. rows:
    only these, by default all.
    """
    versions = work_rows(store, gold=gold) if rows is None else rows
    names = sorted({name for found in versions.values() for name, _ in found})
    counted_on: list[JsonValue] = [VERSION, gold, settings.assertion, settings.version, settings.project]
    work: dict[str, Any] = {}
    fresh: dict[str, Measures] = {}
    for ids in batched(versions, CHUNK):
        basis: dict[str, JsonValue] = {id: [*counted_on, *(row for _, row in versions[id])] for id in ids}
        work |= {id: found[REVIEW_WORK] for id, found in store.measures(ids, stage=REVIEW_WORK)}
        newer = [id for id in ids if id not in work or work[id]["on"] != basis[id]]
        several = [id for id in newer if len({name for name, _ in versions[id] if is_human(name)}) > 1]
        counted = _counted(store, names, newer, several, settings)
        fresh |= {id: {REVIEW_WORK: {**found, "on": basis[id]}} for id, found in counted.items()}
        work |= counted
    if fresh and not store.read_only:
        store.put_measures(REVIEW_WORK, fresh)
    return [_work_of(id, work[id]) for id in versions]


def mark_tally(records: Sequence[ReviewWork], person: str, mode: str) -> Tally:
    """Matched marks, the person's and the other's, for every other person on each record."""
    import numpy as np

    rows, counts = [], []
    for number, record in enumerate(records):
        for first, second, marks in record.pairs:
            matched, ours, theirs = marks[MODES.index(mode)]
            if person in (first, second):
                rows.append(number)
                counts.append((matched, ours, theirs) if person == first else (matched, theirs, ours))
    table = np.array(counts, dtype=np.float64).reshape(len(counts), 3)
    return Tally(table, np.array(rows, dtype=np.int64), int(table[:, 1:].sum()))


def _counted(
    store: Store, names: Sequence[str], ids: Sequence[str], several: Sequence[str], settings: AgreementSettings
) -> dict[str, dict[str, JsonValue]]:
    """What is kept of each record; `several` are those that more than one person has marked."""
    if not ids:
        return {}
    saves: dict[str, list[LayerSave]] = {id: [] for id in ids}
    # What came since the rows were read is counted the next time.
    for save in store.layer_saves(names, ids=list(saves.keys() - set(several))):
        saves[save.record_id].append(save)
    said: dict[str, list[Marks]] = {}
    for layer in store.layer_values(names, ids=several):
        saves[layer["record_id"]].append(LayerSave.of(layer))
        said.setdefault(layer["record_id"], []).append(plain_marks(layer, assertion=settings.assertion))
    return {
        id: {
            "saves": [_plain_save(save) for save in saves[id]],
            "pairs": _pairs(saves[id], said[id], settings) if id in said else [],
        }
        for id in ids
    }


def _pairs(saves: Sequence[LayerSave], said: Sequence[Marks], settings: AgreementSettings) -> list[JsonValue]:
    counting = chosen((save for save in saves if is_human(save.name)), settings)
    marks = {save.name: each for save, each in zip(saves, said, strict=True) if counting.get(save.name) is save}
    found: list[JsonValue] = []
    for first, second in combinations(sorted(marks), 2):
        found.append([first, second, [list(counts) for counts in count_all_marks(marks[first], marks[second])]])
    return found


def _plain_save(save: LayerSave) -> JsonValue:
    how = {name: save.provenance[name] for name in PROVENANCE if name in save.provenance}
    return [save.name, how, save.created.isoformat(), save.entities]


def _work_of(id: str, work: Mapping[str, Any]) -> ReviewWork:
    return ReviewWork(
        tuple([LayerSave(id, name, how, datetime.fromisoformat(at), count) for name, how, at, count in work["saves"]]),
        tuple([(first, second, tuple(map(tuple, marks))) for first, second, marks in work["pairs"]]),
    )
