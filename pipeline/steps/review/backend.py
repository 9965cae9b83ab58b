"""The live back end over a whole workspace."""

from __future__ import annotations

import sys

from annotation.label_studio.api.client import Client
from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.label_studio.backend.connect import connect_backend, disconnect_backends
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.registrations import note_backend
from annotation.label_studio.session import connect as connect_to_server
from annotation.label_studio.settings import BackendSettings
from annotation.llm.retrieved import RetrievedExamples
from annotation.review_settings import ReviewSettings
from curation.author import own_name
from curation.egress.gate import Gate
from curation.errors import CurateError, MissingExtraError, ReviewError
from curation.store import Store
from pipeline.adapters import with_folder
from pipeline.egress import gate_of
from pipeline.retrieval import examples_for
from pipeline.workspace import Workspace

#: What becomes of a back end that Label Studio still knows.
LEFT = "`curate review secure`, and the next pull or push, takes it away"
#: The command in a process of its own, wherever its script may be; -P: modules do not come from where it is called.
CURATE = (sys.executable, "-P", "-c", "from pipeline.command import main; main()")


def run_backend(
    workspace: Workspace,
    *,
    annotator: str | None = None,
    port: int | None = None,
    connect: bool = True,
) -> None:
    """The workspace's back end, until it is asked to end; connected to the project unless `connect` is false."""
    try:
        from annotation.label_studio.backend.serve import serve
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "fastapi", "review") from error
    # `adapter` alone is the newest one, and the next when it is trained.
    spoken = with_folder(workspace, annotator) if annotator and own_name(annotator) else annotator
    given = {"annotator": spoken, "port": port}
    chosen = {name: value for name, value in given.items() if value is not None}
    review = workspace.config.review
    review = review.model_copy(update={"backend": review.backend.model_copy(update=chosen)})

    def up(url: str, auth: BasicAuth) -> None:
        workspace.notify(f"back end: {url}, annotating with {review.backend.annotator}; Ctrl-C ends it")
        if connect and review.url is None and not review.loopback:
            workspace.notify("not known to Label Studio: review.loopback is false, so its server calls nobody here")
        elif connect:
            try:
                note_backend(workspace.folder, url)
                with connect_to_server(workspace.folder, review) as client:
                    workspace.notify(f"Label Studio asks it: {connect_backend(client, review.project, url, auth)}")
            except ReviewError as error:
                workspace.notify(f"not known to Label Studio yet: {error}")

    def leaving(url: str) -> None:
        if not connect:
            return
        try:
            with connect_to_server(workspace.folder, review) as client:
                if disconnect_backends(client, review.project, url, shows=_usual_version(workspace, client, review)):
                    workspace.notify("Label Studio does not ask it any more")
        except CurateError as error:
            workspace.notify(f"still known to Label Studio, which could not be told: {error}; {LEFT}")

    workspace.notify(f"Loading {review.backend.annotator}")
    train = [*CURATE, "train", "--workspace", str(workspace.folder.resolve())]
    with workspace.open_store() as store:
        gate = gate_of(workspace, store, recognise=lambda record: store.with_text(record.text) or record)
        config = workspace.config
        serve(
            *(workspace.folder, workspace.scheme, review, config.annotation),
            train=train,
            gate=gate,
            models=config.models,
            examples=_examples(workspace, store, review.backend, gate),
            store=store,
            on_up=up,
            on_leaving=leaving,
        )


def _usual_version(workspace: Workspace, client: Client, review: ReviewSettings) -> str:
    """The version whose predictions most tasks of the project have from us."""
    project = client.find_project(review.project)
    if project is None:
        return ""
    with workspace.open_store() as store:
        return Ledger(store, project.key).usual_version()


def _examples(workspace: Workspace, store: Store, settings: BackendSettings, gate: Gate) -> RetrievedExamples | None:
    """The examples for the language model among those that may annotate."""
    found = (examples_for(workspace, store, name, gate=gate) for name in (settings.annotator, settings.until))
    return next(filter(None, found), None)
