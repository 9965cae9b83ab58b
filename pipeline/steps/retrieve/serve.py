"""The examples of a workspace's curated set over HTTP."""

from __future__ import annotations

from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.settings import ExamplesSettings
from curation.errors import MissingExtraError
from curation.record import Record
from pipeline.egress import gate_of
from pipeline.retrieval import retrieved_examples
from pipeline.steps.retrieve.show import set_name
from pipeline.workspace import Workspace

#: Where the password for other machines is kept, in the workspace.
FOLDER = "retrieval"


def serve(workspace: Workspace, *, curated: str | None = None, settings: ExamplesSettings | None = None) -> None:
    """Answer until the process is asked to end. Raises UsageError where there is no such set, or the port is taken."""
    try:
        from annotation.retrieval.app import RetrieveService
        from annotation.retrieval.serve import serve_examples
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "fastapi", "review") from error
    chosen = settings or workspace.config.annotation.examples
    folder = workspace.folder / FOLDER

    def up(url: str, auth: BasicAuth | None) -> None:
        wanted = f"login {auth.login}, password in {folder / 'secrets.json'}" if auth else "any program on this machine"
        workspace.notify(f"examples: POST {url}/retrieve ({wanted}); Ctrl-C ends it")

    with workspace.open_store() as store:

        def recognise(record: Record) -> Record:
            return store.with_text(record.text) or record

        def find(reference: str) -> Record:
            return next(store.records([store.find_record(reference)]))

        gate = gate_of(workspace, store, recognise=recognise)
        examples = retrieved_examples(workspace, store, set_name(workspace, store, curated), settings=chosen, gate=gate)
        language = workspace.scheme.languages[0]
        service = RetrieveService(examples, language, find=find, recognise=recognise, present=store.known_ids)
        serve_examples(service, chosen, folder=folder, gate=gate, on_up=up)
