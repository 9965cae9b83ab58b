"""What leaves a workspace: said before, held to the policy, written down; and `curate audit`, which shows it.

Nothing leaves this machine here: a server on loopback is taken for another machine's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat_server import ChatServer, chat_server, extraction
from typer.testing import CliRunner

from curation.decision import ANYWHERE, Decision, DecisionKind, Verdict
from curation.errors import EgressBlockedError
from curation.record import Record
from curation.sources import ReadOptions
from curation.store import Store
from pipeline.command import app
from pipeline.config import with_overrides
from pipeline.steps.annotate import annotate
from pipeline.steps.deidentify import deidentify
from pipeline.steps.imports import import_into
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

HOST = "llm.hospital.example"
TEXTS = ("Mrs. Karin Lindemann came on March 3, 2020 with fever.", "A man came with fever.")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A language model on this machine that is taken for one elsewhere."""
    monkeypatch.setattr("curation.models.endpoint.model.remote_host", lambda url: HOST)
    with chat_server() as running:
        running.respond = lambda body: extraction(("fever", "signs_symptoms"))
        yield running


@pytest.fixture
def under(tmp_path: Path, said: list[str]) -> Callable[..., Workspace]:
    """A workspace with two records, one of which names somebody, under a privacy policy."""
    workspace = replace(Workspace.make(tmp_path / "workspace"), notify=said.append)
    records = [
        Record(id=f"r{number}", group=f"g{number}", source="test", language="en", text=text)
        for number, text in enumerate(TEXTS, 1)
    ]
    with workspace.open_store() as store:
        store.add_records(records)

    def make(policy: str, **settings: str) -> Workspace:
        changed = replace(workspace)
        spoken = [f"{name}={value}" for name, value in settings.items()]
        changed.__dict__["config"] = with_overrides(workspace.config, [f"validation.privacy.policy={policy}", *spoken])
        return changed

    return make


def asked(workspace: Workspace, server: ChatServer) -> Workspace:
    settings = [f"models.m.urls={server.url}", "models.m.attempts=1"]
    workspace.__dict__["config"] = with_overrides(workspace.config, settings)
    return workspace


def sent(server: ChatServer) -> str:
    return "".join(message["content"] for body in server.requests for message in body["messages"])


def test_texts_go_to_a_remote_model_after_that_is_said_and_are_written_down(under, server, said):
    workspace = asked(under("report"), server)
    heard = len(said)
    server.respond = lambda body: extraction(("fever", "signs_symptoms")) if len(said) > heard else None
    with workspace.open_store() as store:
        done = annotate(workspace, store, "llm")
        (line,) = store.egress()
        (run,) = store.runs()
    assert (done.done, done.failed) == (2, 0)
    assert said == [f"texts go to {HOST}, which is not this machine (model, privacy policy report)"]
    assert (line.run, line.destination, line.address) == (run.id, "model", HOST)
    assert (line.texts, line.with_identifiers, line.refused) == (2, 1, 0)
    assert (set(line.records), line.characters) == ({"r1", "r2"}, len(sent(server)))


def test_under_block_a_text_with_identifiers_never_reaches_a_remote_model(under, server):
    workspace = asked(under("block"), server)
    with workspace.open_store() as store:
        done = annotate(workspace, store, "llm")
        assert (done.done, done.failed) == (1, 1)
        assert (store.layer("r1", "llm"), store.layer("r2", "llm") is None) == (None, False)
        (line,) = store.egress()
        assert (line.records, line.refused_records) == (("r2",), ("r1",))
    assert "Lindemann" not in sent(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("destination", "failed"), [("model", 0), (ANYWHERE, 0), ("export", 1)])
def test_what_a_person_released_for_it_reaches_it(under, server, destination, failed):
    workspace = asked(under("block"), server)
    accepted = Decision(record_id="r1", verdict=Verdict.ACCEPTED, by="human:anna", reason="ok")
    released = accepted.model_copy(update={"kind": DecisionKind.PRIVACY, "destination": destination})
    with workspace.open_store() as store:
        store.decide([accepted, released])
        assert annotate(workspace, store, "llm").failed == failed


def test_under_replace_nothing_reaches_a_remote_model(under, server, said):
    workspace = asked(under("replace"), server)
    with workspace.open_store() as store, pytest.raises(EgressBlockedError, match=r"cannot be replaced on the way"):
        annotate(workspace, store, "llm")
    assert (server.requests, said) == ([], [])


def test_under_block_de_identified_records_reach_it(under, server):
    """Surrogates are no identifiers, also where they stand in a prompt."""
    workspace = asked(under("block"), server)
    with workspace.open_store() as store:
        deidentify(workspace, store)
        new = next(record for record in store.records() if record.id not in ("r1", "r2"))
        annotate(workspace, store, "llm")
        assert store.layer(new.id, "llm") is not None
        assert store.layer("r1", "llm") is None
    assert "Lindemann" not in sent(server)


def test_a_model_on_this_machine_is_asked_without_a_word(under, server, said, monkeypatch):
    monkeypatch.undo()
    workspace = asked(under("block"), server)
    with workspace.open_store() as store:
        assert annotate(workspace, store, "llm").failed == 0
        assert (store.egress(), said) == ([], [])


def test_a_run_that_dies_has_written_down_what_had_gone(under, server, monkeypatch):
    workspace = asked(under("report"), server)
    workspace.__dict__["config"] = with_overrides(workspace.config, ["curation.batch_size=1"])

    def die(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with workspace.open_store() as store:
        monkeypatch.setattr(store, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            annotate(workspace, store, "llm")
        (line,) = store.egress()
        assert "r1" in line.records
        assert line.texts == len(line.records) == len(server.requests)


def remote_store(workspace: Workspace) -> Store:
    store = workspace.open_store()
    store.remote = "db.hospital.example/clincurate"
    return store


def new_source(tmp_path: Path, *texts: str) -> str:
    path = tmp_path / "new.jsonl"
    path.write_text("".join(json.dumps({"id": f"n{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    return str(path)


def test_each_run_over_a_store_elsewhere_says_where_it_lies_and_writes_it_down(under, tmp_path, said):
    workspace = under("report")
    with remote_store(workspace) as store:
        import_into(workspace, store, [new_source(tmp_path, *TEXTS)], ReadOptions(language="en"))
        import_into(workspace, store, [new_source(tmp_path, *TEXTS)], ReadOptions(language="en"))
        lines = store.egress()
        runs = [run.id for run in store.runs()]
    where = "db.hospital.example/clincurate"
    assert (
        said
        == [f"texts are kept in the database {where}, which is not on this machine (database, privacy policy report)"]
        * 2
    )
    assert [(line.run, line.destination, line.address) for line in lines] == [(id, "database", where) for id in runs]
    assert [(line.texts, line.with_identifiers) for line in lines] == [(2, 1), (0, None)]


def test_under_block_no_text_with_identifiers_comes_into_a_store_elsewhere(under, tmp_path):
    workspace = under("block")
    with remote_store(workspace) as store:
        with pytest.raises(EgressBlockedError, match=r"for database .*1 of 2 texts hold 2"):
            import_into(workspace, store, [new_source(tmp_path, *TEXTS)], ReadOptions(language="en"))
        assert store.record_ids() == ["r1", "r2"]
        import_into(workspace, store, [new_source(tmp_path, TEXTS[1])], ReadOptions(language="en"))
        assert len(store.record_ids()) == 3


def test_audit_shows_what_left(under, server):
    workspace = asked(under("report"), server)
    with workspace.open_store() as store:
        annotate(workspace, store, "llm")
    words = ["audit", "--workspace", str(workspace.folder)]
    shown = CliRunner().invoke(app, [*words, "--json"])
    (line,) = json.loads(shown.stdout)["egress"]
    assert (line["address"], sorted(line["records"]), line["texts"]) == (HOST, ["r1", "r2"], 2)
    table = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert (table.exit_code, HOST in table.stdout, "Lindemann" in table.stdout) == (0, True, False)


def test_audit_of_a_workspace_that_nothing_left_says_so(under):
    done = CliRunner().invoke(app, ["audit", "--workspace", str(under("report").folder)])
    assert (done.exit_code, "nothing has left" in done.stderr) == (0, True)


def test_settings_of_before_still_open_and_a_wrong_destination_is_refused(under):
    settings = under("block").config.validation.privacy
    assert (settings.policy, settings.maximum, settings.destinations) == ("block", 0, {})
    with pytest.raises(Exception, match="destinations"):
        under("report", **{"validation.privacy.destinations": '{modle = "block"}'})
