"""What leaves a workspace: said before, held to the policy, written down; and `curate audit`, which shows it.

Nothing leaves this machine here: a server on loopback is taken for another machine's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat_server import ChatServer, chat_server, completion, extraction
from typer.testing import CliRunner

from curation.decision import ANYWHERE, Decision, DecisionKind, Verdict
from curation.deidentify.key import KEY_FILE
from curation.egress.gate import NO_RECORD
from curation.errors import EgressBlockedError
from curation.record import Record
from curation.sources import ReadOptions
from curation.store import Store
from pipeline.command import app
from pipeline.config import with_overrides
from pipeline.steps.annotate import annotate, dry_annotate
from pipeline.steps.deidentify import deidentify
from pipeline.steps.imports import import_into
from pipeline.steps.prompt.files import render_stored
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

HOST = "llm.hospital.example"
#: What is said of the canary, which is about no record.
HOLDS = "llm:m: its server holds answers to the schema that is sent"
#: What identifies in the first of these.
ORIGINAL = ("Karin", "Lindemann", "March 3,")
TEXTS = ("Mrs. Karin Lindemann came on March 3, 2020 with fever.", "A man came with fever.")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A language model on this machine that is taken for one elsewhere."""
    monkeypatch.setattr("curation.models.endpoint.model.remote_host", lambda url: HOST)
    monkeypatch.setattr("pipeline.steps.prompt.files.remote_host", lambda url: HOST)
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
    return "".join(message["content"] for body in (*server.canaries, *server.requests) for message in body["messages"])


def test_texts_go_to_a_remote_model_after_that_is_said_and_are_written_down(under, server, said):
    workspace = asked(under("report"), server)
    heard = len(said)
    server.respond = lambda body: extraction(("fever", "signs_symptoms")) if len(said) > heard else None
    with workspace.open_store() as store:
        done = annotate(workspace, store, "llm")
        (line,) = store.egress()
        (run,) = store.runs()
    assert (done.done, done.failed) == (2, 0)
    assert said == [f"texts go to {HOST}, which is not this machine (model, privacy policy report)", HOLDS]
    assert (line.run, line.destination, line.address) == (run.id, "model", HOST)
    assert (line.texts, line.with_identifiers, line.refused) == (3, 1, 0)
    assert (set(line.records), line.characters) == ({NO_RECORD, "r1", "r2"}, len(sent(server)))


def test_under_block_a_text_with_identifiers_never_reaches_a_remote_model(under, server):
    workspace = asked(under("block"), server)
    with workspace.open_store() as store:
        done = annotate(workspace, store, "llm")
        assert (done.done, done.failed) == (1, 1)
        assert (store.layer("r1", "llm"), store.layer("r2", "llm") is None) == (None, False)
        (line,) = store.egress()
        assert (line.records, line.refused_records) == ((NO_RECORD, "r2"), ("r1",))
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


def echo(body):
    """Each word that was seen, as an entity."""
    text = re.search(r"<(report-\w+)>\n(.*)\n</\1>", body["messages"][1]["content"], re.DOTALL)[2]
    return extraction(*((word, "signs_symptoms") for word in re.findall(r"[\w/.-]*\w", text)))


def test_under_replace_surrogates_reach_a_remote_model_and_answers_come_back_onto_the_true_text(under, server, said):
    server.respond = echo
    workspace = asked(under("replace"), server)
    with workspace.open_store() as store:
        done = annotate(workspace, store, "llm")
        assert (done.done, done.failed) == (2, 0)
        assert done.notes["surrogates: over an identifier"] == 5
        for record in store.records():
            layer = store.layer(record.id, "llm")
            assert len(layer.entities) == len(re.findall(r"\w+", record.text))
            for entity in layer.entities:
                assert entity.text == " ".join(record.text[start:end] for start, end in entity.spans)
        (line,) = store.egress()
        assert (line.policy, set(line.records), line.with_identifiers) == ("replace", {NO_RECORD, "r1", "r2"}, 0)
        assert not any(word in answer.answer.text for answer in store.attempts_about("r1") for word in ORIGINAL)
        # The same surrogates for the same record: a rerun pays nothing, whatever else has changed.
        annotate(workspace, store, "llm", layer="again")
        assert store.layer("r1", "again").entities == store.layer("r1", "llm").entities
    assert len(server.requests) == 2
    assert not any(word in sent(server) for word in ("r1", *ORIGINAL))
    assert "(model, privacy policy replace)" in said[0]


@pytest.mark.parametrize("policy", ["block", "replace"])
def test_what_a_model_has_made_up_does_not_keep_its_repair_here(under, server, policy):
    invented = "Sure! Mr. John Appleseed, born 1/2/1950, had a fever."
    server.respond = lambda body: completion(invented) if len(body["messages"]) == 2 else echo(body)
    workspace = asked(under(policy), server)
    with workspace.open_store() as store:
        annotate(workspace, store, "llm")
        assert store.layer("r2", "llm") is not None
        assert (store.layer("r1", "llm") is None) == (policy == "block")


def test_dry_runs_and_rendered_prompts_show_what_would_go_out(under, server):
    workspace = asked(under("replace"), server)
    key = workspace.folder / KEY_FILE
    with workspace.open_store() as store:
        planned = dry_annotate(workspace, store, "llm")
        assert not key.exists()
        assert not any(word in message.content for message in planned.prompt for word in ORIGINAL)
        annotate(workspace, store, "llm")
        assert dry_annotate(workspace, store, "llm", layer="other").answered == 2
        (asked_about,) = render_stored(workspace, store, "r1").requests
        shown = [message.content for message in asked_about.messages]
        assert shown in [[message["content"] for message in body["messages"]] for body in server.requests]
        near = replace(workspace)
        near.__dict__["config"] = with_overrides(workspace.config, ["validation.privacy.policy=report"])
        assert TEXTS[0] in render_stored(near, store, "r1").requests[0].messages[1].content


def test_what_cannot_be_replaced_stays_here_under_replace(under, server, monkeypatch):
    monkeypatch.setattr("curation.deidentify.rewrite.ROUNDS", 0)
    workspace = asked(under("replace"), server)
    with workspace.open_store() as store:
        done = annotate(workspace, store, "llm")
        assert (done.done, done.failed) == (1, 1)
    assert not any(word in sent(server) for word in ORIGINAL)


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
        assert (store.egress(), said) == ([], [HOLDS])


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
        assert line.texts == len(line.records) == len(server.requests) + len(server.canaries)


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
    assert (line["address"], sorted(line["records"]), line["texts"]) == (HOST, [NO_RECORD, "r1", "r2"], 3)
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
