"""The counts through the pipeline, as the store holds them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from curation.author import is_human
from curation.store import Store
from validation.frame import Measured


def flow(store: Store, measured: Measured, counts: Mapping[str, int]) -> dict[str, JsonValue]:
    """How many records were imported, annotated, measured, decided, reviewed and frozen."""
    imported = store.count_records()
    layers = store.layer_names()
    return {
        "imported": sum(imported.values()),
        "by_language": dict(imported),
        "layers": dict(sorted(layers.items())),
        "measured": len(measured),
        "decisions": dict(sorted(counts.items())),
        "reviewed": len(store.record_ids(having=[name for name in layers if is_human(name)])),
        "sets": [
            {"set": f"{curated.name}@{curated.version}", "splits": dict(curated.splits)}
            for curated in store.curated_sets()
        ],
    }
