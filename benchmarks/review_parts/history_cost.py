"""What the history of Label Studio (`review.history`) costs a push: the same records with it and without."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from time import perf_counter

from measuring import table

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.push import push
from annotation.label_studio.server import server
from annotation.review_settings import ReviewSettings
from curation.scheme import load_scheme
from curation.store import Store
from review_parts.push import SPANS
from review_parts.synthetic_reports import plain

#: Not that of the server which the other parts share.
PORT = 18299
COUNT = 1_000


def run(*, quick: bool) -> dict[str, object]:
    """Milliseconds of each record on either server, and how many times slower the history makes a push."""
    if quick:
        print("not measured: it starts two servers; without --quick")
        return {}
    seconds = {history: _pushed(history) for history in (False, True)}
    rows = [("on" if history else "off", COUNT, spent, COUNT / spent) for history, spent in seconds.items()]
    print(table(("review.history", "records", "seconds", "records/s"), rows))
    return {
        "history_off_ms_per_record": round(1000 * seconds[False] / COUNT, 2),
        "history_on_ms_per_record": round(1000 * seconds[True] / COUNT, 2),
        "history_ratio": round(seconds[True] / seconds[False], 2),
    }


def _pushed(history: bool) -> float:
    """The seconds of a push to a new server, which has answered a first small one before."""
    scheme = load_scheme()
    settings = ReviewSettings(port=PORT, history=history, unvalidated=True)
    workspace = Path(tempfile.mkdtemp(prefix="clincurate-history-"))
    try:
        running = server.start(workspace, settings)
        with (
            Store.open(f"sqlite:///{workspace / 'records.db'}") as store,
            Client(running.url, running.token, settings) as client,
        ):
            for record, layer in plain(COUNT + 10, categories=list(scheme.by_name), spans=SPANS):
                store.add_records([record])
                store.add_layers([layer])
            ids = store.record_ids()
            push(store, client, scheme, settings, ids=ids[COUNT:])
            started = perf_counter()
            created = push(store, client, scheme, settings, ids=ids[:COUNT]).created
            spent = perf_counter() - started
        if created != COUNT:
            raise RuntimeError(f"expected {COUNT} new tasks, got {created}")
        return spent
    finally:
        server.stop(workspace)
        shutil.rmtree(workspace, ignore_errors=True)
