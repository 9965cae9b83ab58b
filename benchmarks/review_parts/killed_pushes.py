"""Pushes that are killed at random moments while a proxy loses answers: every record is there exactly once.

Each push is a process of its own with new records to send; SIGKILL comes after a random time, for half of them
counted from when an import reaches the server. Pushes that were done by then do not count. Four in ten imports are
answered by a 502 after the commit, or by nothing at all.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from random import Random
from time import perf_counter

from measuring import table

from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.push import push
from annotation.review_settings import ReviewSettings
from curation.scheme import load_scheme
from curation.store import Store
from review_parts.label_studio_servers import BenchmarkServer, label_studio
from review_parts.losing_proxy import HELD, LOST, PASS, LosingProxy, proxy
from review_parts.server_counts import astray
from review_parts.synthetic_reports import Pair, plain

#: Records that come in before each push, and records in one request.
NEW, BATCH = 6, 3

#: Seconds in which a request whose sender was killed may still be at work; a request takes a tenth of that.
SETTLE = 1.0

#: Seconds until the latest kill, and until a push that has sent nothing is killed anyhow.
LATEST, WAIT = 0.6, 20.0


def run(*, quick: bool) -> dict[str, object]:
    """How many pushes were killed, where the ledger stood then, and what is lost or doubled in the end."""
    wanted = 2 if quick else 200
    scheme, random = load_scheme(), Random(20)
    reports = plain(50 * wanted, categories=list(scheme.by_name), words=40, spans=3, seed=1)
    settled = {"batch_size": BATCH, "settle_base": SETTLE, "settle_per_record": 0.0}
    with label_studio(**settled) as server, server.store() as store, server.client() as client:
        ensure_project(client, scheme, server.settings)
        with proxy(server.label_studio.port, _fate(random)) as between:
            stood, finished, seconds = _kill_many(server, store, between, wanted, lambda: next(reports), random)
        started = perf_counter()
        push(store, client, scheme, server.settings.model_copy(update={"batch_size": 500}))
        last = perf_counter() - started
        found = astray(client, server.settings.project, store.record_ids())
        records = sum(store.count_records().values())
    print(
        table(
            ("killed", "with records begun", "done before", "imports", "502 after commit", "never answered", "records"),
            [(wanted, stood["begun"], finished, *_fates(between), records)],
        )
    )
    print(f"\n{seconds:.0f} s of pushes; the last one, undisturbed, took {last:.1f} s: {found}")
    return {
        "killed_pushes": wanted,
        "killed_with_records_begun": stood["begun"],
        "lost_answers": between.counts[LOST],
    } | (found)


def _fate(random: Random) -> Callable[[], str]:
    return lambda: random.choices((PASS, LOST, HELD), (0.6, 0.3, 0.1))[0]


def _fates(between: LosingProxy) -> tuple[int, int, int]:
    return sum(between.counts.values()), between.counts[LOST], between.counts[HELD]


def _kill_many(
    server: BenchmarkServer, store: Store, between: LosingProxy, wanted: int, report: Callable[[], Pair], random: Random
) -> tuple[Counter[str], int, float]:
    # A server that forks has loaded all modules once: a push begins at once, and the kill meets it at work.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["review_parts.killed_pushes", "label_studio_sdk.client"])
    arguments = (server.store_url(), between.url, server.label_studio.token, server.settings.model_dump(mode="json"))
    stood: Counter[str] = Counter()
    started, finished, killed = perf_counter(), 0, 0
    while killed < wanted:
        pairs = [report() for _ in range(NEW)]
        store.add_records(record for record, _ in pairs)
        store.add_layers(layer for _, layer in pairs)
        process = context.Process(target=pushing, args=arguments)
        between.arrived.clear()
        process.start()
        # Half of them at any time, half of them while an import is under way or has just been done.
        if random.random() < 0.5:
            between.arrived.wait(WAIT)
        process.join(random.uniform(0.0, LATEST))
        if process.exitcode is None and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        if process.exitcode == -signal.SIGKILL:
            killed += 1
            stood["begun"] += _has_begun(store, server)
        else:
            finished += 1
    return stood, finished, perf_counter() - started


def _has_begun(store: Store, server: BenchmarkServer) -> bool:
    projects = [name for name in store.review_projects() if name.startswith(f"{server.settings.project} #")]
    return any(task.task_id is None for name in projects for task in store.review_tasks(name).values())


def pushing(store_url: str, url: str, token: str, settings: dict[str, object]) -> None:
    """One push, in the process that is to be killed."""
    from annotation.label_studio.api.client import Client

    wanted = ReviewSettings.model_validate(settings)
    with Store.open(store_url) as store, Client(url, token, wanted) as client:
        push(store, client, load_scheme(), wanted)
