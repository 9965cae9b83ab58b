"""Eight annotators who save at once, while records are pushed and answers pulled: nothing lost, nothing doubled."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from measuring import table

from annotation.label_studio.editor.variants.spans import result
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from curation.batches import batched
from curation.record import Entity, Layer, Record
from curation.scheme import load_scheme
from curation.store import Store
from review_parts.api_annotators import ApiAnnotator
from review_parts.label_studio_servers import PEOPLE, BenchmarkServer, label_studio
from review_parts.server_counts import astray, tasks_by_record
from review_parts.synthetic_reports import marks, plain

SavedLayers = dict[tuple[str, str], Layer]


def run(*, quick: bool) -> dict[str, object]:
    """Saves, their latencies, what was pushed and pulled meanwhile, and what is lost or doubled."""
    each, arriving = (1, 20) if quick else (60, 3000)
    scheme = load_scheme()
    reports = list(plain(each + arriving, categories=list(scheme.by_name), seed=2))
    first, later = reports[:each], reports[each:]
    with label_studio(batch_size=20 if quick else 200) as server, server.store() as store, server.client() as client:
        _add(store, first)
        push(store, client, scheme, server.settings)
        tasks = {record: ids[0] for record, ids in tasks_by_record(client, server.settings.project).items()}
        with server.person("anna") as alone:
            _time_alone(alone, tasks, first)
            quiet = alone.seconds
        saved, seconds, background = _together(server, store, tasks, [record for record, _ in first], later)
        pull(store, client, scheme, server.settings)
        found = astray(client, server.settings.project, store.record_ids())
        kept = _kept(store, saved)
    print(table(("saves", "p50 s", "p95 s", "max s"), [_row("alone", quiet), _row("eight at once", seconds)]))
    print(
        f"\nmeanwhile pushed {background['pushed']} records, and {background['pulls']} pulls brought "
        f"{background['layers']} layers"
    )
    total = {name: found[name] + kept[name] for name in found}
    return {
        "crowd_saves": len(seconds),
        "crowd_p50_seconds": round(float(np.percentile(seconds, 50)), 3),
        "crowd_p95_seconds": round(float(np.percentile(seconds, 95)), 3),
        "crowd_max_seconds": round(max(seconds), 3),
        **total,
    }


def _together(
    server: BenchmarkServer,
    store: Store,
    tasks: dict[str, int],
    records: Sequence[Record],
    later: list[tuple[Record, Layer]],
) -> tuple[SavedLayers, list[float], Counter[str]]:
    """What each annotator said last of each record; seconds of all saves; what went on behind them."""
    over, background = threading.Event(), Counter[str]()
    with ThreadPoolExecutor(len(PEOPLE) + 2) as pool:
        work = [
            pool.submit(_pushing, server, store, later, over, background),
            pool.submit(_pulling, server, over, background),
        ]
        people = [pool.submit(_annotating, server, name, tasks, records) for name in PEOPLE]
        try:
            answers = [future.result() for future in people]
        finally:
            over.set()
        for future in work:
            future.result()
    saved = {key: layer for layers, _ in answers for key, layer in layers.items()}
    return saved, [second for _, seconds in answers for second in seconds], background


def _annotating(
    server: BenchmarkServer, name: str, tasks: dict[str, int], records: Sequence[Record]
) -> tuple[SavedLayers, list[float]]:
    """One annotator: each record is saved, and every third saved again with another mark."""
    saved: SavedLayers = {}
    with server.person(name) as person:
        for number, record in enumerate(records):
            layer = _opinion(record, name, number)
            annotation = person.annotate(tasks[record.id], _sent(record, layer))
            if number % 3 == 0:
                layer = _opinion(record, name, number + 1)
                person.edit(annotation, _sent(record, layer))
            saved[record.id, name] = layer
        return saved, person.seconds


def _pushing(
    server: BenchmarkServer,
    store: Store,
    later: list[tuple[Record, Layer]],
    over: threading.Event,
    background: Counter[str],
) -> None:
    scheme = load_scheme()
    with server.client() as client:
        for pairs in batched(later, server.settings.batch_size):
            if over.is_set():
                return
            _add(store, pairs)
            background["pushed"] += push(
                store, client, scheme, server.settings, ids=[record.id for record, _ in pairs]
            ).created


def _pulling(server: BenchmarkServer, over: threading.Event, background: Counter[str]) -> None:
    scheme = load_scheme()
    with server.store() as store, server.client() as client:
        while not over.wait(0.5):
            background["layers"] += pull(store, client, scheme, server.settings).layers
            background["pulls"] += 1


def _time_alone(person: ApiAnnotator, tasks: dict[str, int], first: Sequence[tuple[Record, Layer]]) -> None:
    """The same saves without others; what was saved is deleted again."""
    made = [person.annotate(tasks[record.id], _sent(record, layer)) for record, layer in first]
    timed = list(person.seconds)
    for annotation in made:
        person.delete(annotation)
    person.seconds = timed


def _opinion(record: Record, name: str, number: int) -> Layer:
    """What an annotator says: another passage for each of them and each time."""
    start = 2 * (PEOPLE.index(name) + len(PEOPLE) * (number % 5))
    entity = Entity.at(record.text, start, start + 9, "diagnosis", id="T1")
    return Layer(record_id=record.id, name=f"human:{name}", author=f"human:{name}", entities=(entity,))


def _sent(record: Record, layer: Layer) -> list[dict[str, Any]]:
    return result(record, layer, load_scheme())


def _kept(store: Store, saved: SavedLayers) -> dict[str, int]:
    """Answers that the store does not have as they were said last, and versions beyond those that were saved."""
    lost = doubled = 0
    for (record, _), layer in saved.items():
        versions = [version for version in store.layer_history(record) if version.name == layer.name]
        lost += not versions or marks(versions[-1]) != marks(layer)
        doubled += len(versions) > len({str(marks(version)) for version in versions})
    return {"lost": lost, "doubled": doubled}


def _add(store: Store, pairs: Sequence[tuple[Record, Layer]]) -> None:
    store.add_records(record for record, _ in pairs)
    store.add_layers(layer for _, layer in pairs)


def _row(name: str, seconds: Sequence[float]) -> tuple[object, ...]:
    return (f"{len(seconds)}, {name}", *(float(np.percentile(seconds, p)) for p in (50, 95)), max(seconds))
