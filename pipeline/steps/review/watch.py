"""`curate review watch` over a whole workspace: what people save is in the store within seconds."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from time import monotonic

from pydantic import JsonValue

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.pull import Pulled, pull
from annotation.label_studio.registrations import note_hints
from annotation.label_studio.session import connect
from annotation.label_studio.watch.loop import WatchSignal, is_news, watch
from annotation.label_studio.watch.webhook import registered_webhook
from annotation.label_studio.watch.webhook_receiver import PATH, HintServer
from curation.address import remote_host
from curation.egress.gate import Gate, server_way_out
from curation.errors import ReviewError
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.runs import recorded
from pipeline.steps.review.progress import counted_for_progress
from pipeline.steps.review.secure import told_foreign
from pipeline.workspace import Workspace

OnEvent = Callable[[str, dict[str, JsonValue]], None]


def watch_reviews(workspace: Workspace, store: Store, signal: WatchSignal, on_event: OnEvent) -> None:
    """Pull whenever something is new, until the signal stops it; `on_event` gets each event by name and figures."""
    settings = workspace.config.review
    counts: dict[str, int] = {}
    foreign = NewlyForeign(workspace, store, every=settings.watch.poll)

    def look() -> Pulled:
        # Connected anew each time: the server may have been started again, on another port.
        with connect(workspace.folder, settings) as client, counted_for_progress(workspace, store):
            told = foreign.lines(client)
            pulled = pull(store, client, workspace.scheme, settings)
        pulled.foreign = told
        return pulled

    def report(pulled: Pulled) -> None:
        for line in pulled.foreign:
            on_event("not ours", {"found": line})
        if is_news(pulled):
            found = {name: value for name, value in asdict(pulled).items() if value and name != "foreign"}
            on_event("pulled", found)
            for name in ("layers", "decisions"):
                counts[name] = counts.get(name, 0) + getattr(pulled, name)

    def trouble(error: ReviewError) -> None:
        counts["troubles"] = counts.get("troubles", 0) + 1
        on_event("trouble", {"problem": str(error)})

    with (
        recorded(workspace, store, "review watch", project=settings.project) as outcome,
        _listening(workspace, gate_of(workspace, store, run=outcome.run), signal, on_event),
    ):
        counts["looks"] = watch(look, signal, poll=settings.watch.poll, report=report, trouble=trouble)
        outcome |= counts
    on_event("stopped", dict(counts))


class NewlyForeign:
    """What is not ours and was not told yet; asked for no more often than every so many seconds."""

    def __init__(self, workspace: Workspace, store: Store, *, every: float) -> None:
        self._workspace, self._store, self._every = workspace, store, every
        self._told: set[str] = set()
        self._next = 0.0

    def lines(self, client: Client) -> list[str]:
        """The lines that are new; what was put right and comes again is told again."""
        if monotonic() < self._next:
            return []
        found = told_foreign(self._workspace, self._store, client, known=self._told)
        new = [line for line in found if line not in self._told]
        self._told, self._next = set(found), monotonic() + self._every
        return new


@contextmanager
def _listening(workspace: Workspace, gate: Gate, signal: WatchSignal, on_event: OnEvent) -> Iterator[None]:
    """Webhooks of Label Studio notify the signal, where it can reach us; where not, an event says so."""
    settings = workspace.config.review
    with ExitStack() as stack:
        client = stack.enter_context(connect(workspace.folder, settings))
        project = ensure_project(client, workspace.scheme, settings)
        is_near = remote_host(client.url) is None
        is_shut = settings.url is None and not settings.loopback
        if is_shut or (not is_near and settings.watch.address is None):
            on_event("polling", {"project": project.title, "every": settings.watch.poll})
            yield
            return
        secret = secrets.token_urlsafe(32)
        host = "127.0.0.1" if settings.watch.address is None else "0.0.0.0"
        hints = stack.enter_context(HintServer(host, settings.watch.port, secret, signal.notify))
        server_way_out(gate, host, hints.port, password=secret)
        address = settings.watch.address or f"http://127.0.0.1:{hints.port}{PATH}"
        note_hints(workspace.folder, address, secret)
        stack.enter_context(registered_webhook(client, project.id, address, secret))
        on_event("listening", {"project": project.title, "address": address, "every": settings.watch.poll})
        yield
