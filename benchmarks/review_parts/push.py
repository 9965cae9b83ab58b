"""Records a second of a push, compared with the bare SDK's bulk import of the same tasks, in turns on one server."""

from __future__ import annotations

from itertools import islice
from time import perf_counter

from measuring import table

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.project import ProjectConfig, ensure_project, keep_project
from annotation.label_studio.exchange.push import push
from annotation.label_studio.exchange.task_payload import TaskPayload, TaskRequest, task_payloads
from curation.batches import batched
from curation.scheme import load_scheme
from curation.store import Store
from review_parts.label_studio_servers import BenchmarkServer, label_studio
from review_parts.server_counts import astray
from review_parts.synthetic_reports import plain

#: Scored marks of a record.
SPANS = 15


def run(*, quick: bool) -> dict[str, object]:
    """Push ratio, rates, what a second push adds, and what is lost or doubled."""
    count, rounds = (60, 1) if quick else (10_000, 2)
    scheme = load_scheme()
    categories = list(scheme.by_name)
    settings = {"batch_size": 30} if quick else {}
    with label_studio(**settings) as server, server.store() as store, server.client() as client:
        for pairs in batched(plain(count, categories=categories, spans=SPANS), 500):
            store.add_records(record for record, _ in pairs)
            store.add_layers(layer for _, layer in pairs)
        seconds = _in_turns(server, store, client, count, rounds)
        started = perf_counter()
        again = push(store, client, scheme, server.settings)
        again_seconds = perf_counter() - started
        some = store.record_ids()[: count // 5]
        started = perf_counter()
        refreshed = _newer(server, store, client, some)
        refresh_seconds = perf_counter() - started
        found = astray(client, server.settings.project, store.record_ids())
    rates = {name: count / spent for name, spent in seconds.items()}
    print(
        table(
            ("import", "records", "seconds", "records/s"),
            [(name, count, seconds[name], rates[name]) for name in seconds]
            + [
                ("a second push", count, again_seconds, count / again_seconds),
                ("predictions of a new version", refreshed, refresh_seconds, refreshed / refresh_seconds),
            ],
        )
    )
    return {
        "push_ratio": round(rates["push"] / rates["bare SDK"], 3),
        "push_per_second": round(rates["push"], 1),
        "bare_sdk_per_second": round(rates["bare SDK"], 1),
        "second_push_created": again.created,
        "second_push_seconds": round(again_seconds, 2),
        "refreshed_per_second": round(refreshed / refresh_seconds, 1),
        **found,
    }


def _newer(server: BenchmarkServer, store: Store, client: Client, ids: list[str]) -> int:
    """How many tasks got predictions of a new version of their annotator."""
    for item in list(store.items(["rules"], ids=ids)):
        store.add_layers([item.layers["rules"].model_copy(update={"author": "rules@2"})])
    return push(store, client, load_scheme(), server.settings, ids=ids).refreshed


def _in_turns(server: BenchmarkServer, store: Store, client: Client, count: int, rounds: int) -> dict[str, float]:
    """Seconds of both, a part of the records each in turn, so that what else the machine does falls on both."""
    from label_studio_sdk.client import LabelStudio

    scheme, settings = load_scheme(), server.settings
    bare = LabelStudio(base_url=server.url, api_key=server.label_studio.token)
    ours = ensure_project(client, scheme, settings)
    theirs = keep_project(client, f"{settings.project} bare", ProjectConfig(ours.label_config, ""))
    seconds = {"bare SDK": 0.0, "push": 0.0}
    ids = iter(store.record_ids())
    for number in range(rounds):
        part = list(islice(ids, count // rounds))
        tasks = [
            payload.task
            for payload in task_payloads(store, scheme, settings, requests=map(TaskRequest, part))
            if isinstance(payload, TaskPayload)
        ]
        # Whoever begins has the smaller project and the colder server: each in its turn.
        for name in sorted(seconds, reverse=bool(number % 2)):
            started = perf_counter()
            if name == "push":
                push(store, client, scheme, settings, ids=part)
            else:
                for batch in batched(tasks, settings.batch_size):
                    bare.projects.import_tasks(theirs.id, request=batch)
            seconds[name] += perf_counter() - started
    return seconds
