"""The annotations of people from the store: whose count, in which version, and what they were shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import SHOWN, ReviewedRecord
from curation.author import is_human, is_repeat
from curation.batches import batched
from curation.record import Layer
from curation.store import Store
from curation.store.records import LayerSave

#: A layer, with what it says or without.
Version = TypeVar("Version", Layer, LayerSave)

#: Records that are read together.
BATCH = 200


def reviewed(
    store: Store,
    settings: AgreementSettings,
    *,
    others: Iterable[str] = (),
    ids: Sequence[str] | None = None,
    shown: bool = True,
) -> Iterator[ReviewedRecord]:
    """Each record that a person has marked, with the layers of people, their hidden repeats, and ``others``.

    Of a person's versions the first or the last is taken, as the settings say. The layer that a person was shown is
    added, if it is known, under the name of the person's own layer with the prefix `shown:`; not without ``shown``.
    ``ids``: only these records.
    """
    every = list(store.layer_names())
    people = [name for name in every if is_human(name) or is_repeat(name)]
    models = [name for name in every if name not in people]
    other_names = set(others)
    histories = groupby(store.layer_versions(people, ids=ids), lambda layer: layer.record_id)
    for batch in batched(((id, chosen(versions, settings)) for id, versions in histories), BATCH):
        mine = {id: layers for id, layers in batch if layers}
        by_record = _by_record(store.layer_versions(models if shown else [*other_names], ids=list(mine)))
        for record in store.records(list(mine)):
            found, layers = by_record.get(record.id, []), mine[record.id]
            named = {layer.name: layer for layer in found if layer.name in other_names}
            yield ReviewedRecord(record, named | layers | _shown(layers, found))


def chosen(versions: Iterable[Version], settings: AgreementSettings) -> dict[str, Version]:
    """For each name the version that counts; the versions come oldest first."""
    found: dict[str, Version] = {}
    for layer in versions:
        if of_project(layer, settings.project) and (settings.version == "last" or layer.name not in found):
            found[layer.name] = layer
    return found


def of_project(layer: Layer | LayerSave, title: str | None) -> bool:
    """Whether a layer came from a project of this title; without a title, from any."""
    return title is None or str(layer.provenance.get("project", "")).startswith(f"{title} #")


def _shown(people: Mapping[str, Layer], models: list[Layer]) -> dict[str, Layer]:
    """For each person the layer that was shown: the newest of the named author before the annotation."""
    found: dict[str, Layer] = {}
    for name, layer in people.items():
        version = layer.provenance.get("model_version")
        shown = [model for model in models if model.author == version and model.created <= layer.created]
        if version and shown:
            found[SHOWN + name] = shown[-1]
    return found


def _by_record(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    found: dict[str, list[Layer]] = {}
    for layer in layers:
        found.setdefault(layer.record_id, []).append(layer)
    return found
