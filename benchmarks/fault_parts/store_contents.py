"""What a store holds, by content and without times, and how two stores differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.store import Store

#: What the store holds of a thing: of a layer, its versions; of a decision, its subject and verdicts.
Contents = Mapping[tuple[str, ...], Sequence[Any]]


@dataclass(frozen=True)
class Difference:
    """Things that one store lacks, has more often, or has otherwise than another."""

    lost: int = 0
    doubled: int = 0
    unequal: int = 0


def contents(url: str) -> Contents:
    """Records, layers, measures, decisions, sets and what is noted as done."""
    found: dict[tuple[str, ...], list[Any]] = {}
    with Store.open(url) as store:
        for record in store.records():
            found["record", record.id] = [record.model_dump_json()]
            for layer in store.layer_history(record.id):
                found.setdefault(("layer", record.id, layer.name), []).append((layer.author, layer.digest))
        for record_id, values in store.measures():
            found["measures", record_id] = [json.dumps(values, sort_keys=True)]
        for decision in store.latest_decisions():
            about = (decision.verdict, decision.by, decision.reason, decision.version)
            found["decision", decision.record_id, *decision.subject] = [about]
        for curated in store.curated_sets():
            members = sorted(
                (split, record.id, layer.digest) for split, record, layer in store.set_members(curated.digest)
            )
            found["set", curated.name, str(curated.version)] = [(curated.digest, members)]
        for stage, counts in store.count_jobs().items():
            found["done", stage] = [counts]
    return found


def difference(undisturbed: Contents, disturbed: Contents) -> Difference:
    """How the second differs from the first."""
    lost = doubled = unequal = 0
    for key in undisturbed.keys() | disturbed.keys():
        expected, found = undisturbed.get(key, ()), disturbed.get(key, ())
        if not found:
            lost += 1
        elif len(found) > len(expected) and set(map(str, found)) <= set(map(str, expected)):
            doubled += len(found) - len(expected)
        elif Counter(map(str, expected)) != Counter(map(str, found)):
            unequal += 1
    return Difference(lost, doubled, unequal)
