"""Offsets of marks over unusual characters: pushed as predictions, saved as the editor saves, pulled again."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from measuring import table

from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from curation.batches import batched
from curation.record import Layer
from curation.scheme import load_scheme
from review_parts.label_studio_servers import label_studio
from review_parts.server_counts import tasks_by_record
from review_parts.synthetic_reports import GAPS, STRANGE, marks, strange

#: Marks of a record.
SPANS = 25


def run(*, quick: bool) -> dict[str, object]:
    """Of how many marks the offsets came back wrong, or not at all."""
    count = 6 if quick else 200
    scheme = load_scheme()
    pairs = list(strange(count, categories=list(scheme.by_name), spans=SPANS))
    gold = {record.id: layer for record, layer in pairs}
    with label_studio() as server, server.store() as store, server.client() as client, server.person("anna") as anna:
        store.add_records(record for record, _ in pairs)
        store.add_layers(gold.values())
        push(store, client, scheme, server.settings)
        project = client.find_project(server.settings.project)
        numbers = [id for ids in tasks_by_record(client, server.settings.project).values() for id in ids]
        for tasks in batched(client.tasks_by_id(project.id if project else 0, numbers), 50):
            for task in tasks:
                (shown,) = task["predictions"]
                anna.annotate(task["id"], _as_saved(shown["result"]), parent_prediction=shown["id"])
        done = pull(store, client, scheme, server.settings)
        wrong, lost = _compare(gold, (store.layer(id, "human:anna") for id in gold))
    spans = count * SPANS
    print(
        table(
            ("texts", "kinds of words", "kinds of gaps", "marks", "wrong", "lost", "refused"),
            [(count, len(STRANGE), len(GAPS), spans, wrong, lost, len(done.refused))],
        )
    )
    return {"round_trip_spans": spans, "offsets_wrong": wrong, "lost": lost}


def _as_saved(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The regions as the editor sends them: their text with folded blanks and written-out line ends, in any order."""
    saved = []
    for part in result:
        text = " ".join(part["value"]["text"].replace("\n", "\\n").split())
        saved.append({**part, "origin": "prediction", "value": {**part["value"], "text": text}})
    Random(len(saved)).shuffle(saved)
    return saved


def _compare(gold: dict[str, Layer], layers: Iterable[Layer | None]) -> tuple[int, int]:
    wrong = lost = 0
    for wanted, found in zip(gold.values(), layers, strict=True):
        came = set(marks(found)) if found else set()
        missing = set(marks(wanted)) - came
        # As many as came otherwise are wrong; what did not come in any form is lost.
        strangers = len(came - set(marks(wanted)))
        wrong += max(strangers, 0)
        lost += max(0, len(missing) - strangers)
    return wrong, lost
