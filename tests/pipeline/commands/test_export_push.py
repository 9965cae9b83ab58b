"""`curate export hf --push`: a data set on a hub of our own becomes the files of a set, in one commit, once asked."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from command_line import curate, curate_json
from hub_server import NO_PAUSES, TOKEN, HubServer, hub_server
from small_workspace import small_workspace

from curation.sources import Read, read
from curation.sources.own_folder import MARKER
from pipeline.steps.records import plan_deletion
from pipeline.workspace import Workspace

# The hub's library sends files in a way that its own client calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

TEXT = "Die 54-jährige Patientin hat seit drei Tagen Fieber und Husten, Befund"
NAME = "klinik/berichte"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a frozen set of three German records."""
    return small_workspace(tmp_path_factory.mktemp("push") / "w", TEXT, 3)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub of its own, which the environment names, with a token."""
    monkeypatch.setattr("huggingface_hub.utils._http.time", NO_PAUSES)
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server


def push(folder: Path, *words: object, code: int = 0) -> dict[str, Any]:
    return curate_json("export", "hf", "--push", NAME, "--yes", *words, "--workspace", folder, code=code)


def failed(folder: Path, *words: object, code: int = 1) -> str:
    said = curate("export", "hf", "--push", NAME, *words, "--workspace", folder, code=code).stderr
    assert TOKEN not in said
    assert "Traceback" not in said
    return said


def test_a_set_becomes_a_private_data_set_that_loads_and_comes_back(folder, hub, tmp_path) -> None:
    done = push(folder, "--to", tmp_path / "kept")["push"]
    stored = hub.datasets[NAME]
    assert stored.private
    assert (done["revision"], done["private"], done["committed"]) == (stored.revision, True, True)
    for path, content in stored.files.items():
        (tmp_path / "there" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / path).write_bytes(content)
    loaded = datasets.load_dataset(str(tmp_path / "there"), cache_dir=str(tmp_path / "cache"))
    assert sum(len(split) for split in loaded.values()) == 3
    back = [item.record for item in read(tmp_path / "there") if isinstance(item, Read)]
    with Workspace.at(folder).open_store() as store:
        assert {record.id for record in back} == set(store.record_ids())
        noted = store.runs()[-1].manifest["outcome"]["push"]
        (line,) = [line for line in store.egress() if line.destination == "hub"]
    assert noted["revision"] == stored.revision
    assert (line.address, line.texts) == (f"{hub.url}/datasets/{NAME}", 3)
    marker = json.loads((tmp_path / "kept" / MARKER).read_text(encoding="utf-8"))
    assert marker["pushed"] == {"address": f"{hub.url}/datasets/{NAME}", "revision": stored.revision}
    assert not list((folder / "exports").glob(".*"))
    assert b"pushed" not in stored.files[MARKER]


@pytest.mark.server
def test_what_was_pushed_comes_in_from_the_hub_as_it_was(folder, hub, tmp_path) -> None:
    push(folder)
    script = "import sys; from pipeline.command import main; sys.argv[0] = 'curate'; main()"
    variables = os.environ | {"HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "cache")}
    # In another process: the library reads the address of the hub once.
    done = subprocess.run(
        [sys.executable, "-c", script, "import", f"hf://{NAME}", "--json", "--workspace", str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env=variables,
    )
    found = json.loads(done.stdout)
    assert (found["imported"], found["unchanged"]) == (0, 3), done.stdout


def test_the_same_content_makes_no_second_commit_and_another_one_replaces_it(folder, hub) -> None:
    first = push(folder)["push"]
    stored = hub.datasets[NAME]
    uploads = hub.count("/storage/")
    again = push(folder)["push"]
    assert (again["revision"], again["committed"], again["sent"]) == (first["revision"], False, [])
    assert (hub.count("/commit/"), hub.count("/storage/")) == (1, uploads)
    # What people put beside it stays; what an earlier export had and this one has not, goes.
    marker = json.loads(stored.files[MARKER])
    marker["files"].append("data/train-00000-of-00002.parquet")
    older = {
        **stored.files,
        "notes.md": b"of a person",
        "data/train-00000-of-00002.parquet": b"old",
        MARKER: json.dumps(marker).encode(),
    }
    stored.add(older)
    done = push(folder)["push"]
    assert (done["sent"], done["removed"]) == ([MARKER], ["data/train-00000-of-00002.parquet"])
    assert stored.files["notes.md"] == b"of a person"
    assert "data/train-00000-of-00002.parquet" not in stored.files


def test_a_dry_run_shows_all_and_asks_no_hub(folder, hub, monkeypatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    plan = curate_json("export", "hf", "--push", NAME, "--dry-run", "--workspace", folder)["push"]
    assert plan["address"] == f"{hub.url}/datasets/{NAME}"
    assert (plan["public"], plan["unreviewed"], plan["allowed"]) == (False, False, True)
    assert "not stated" in plan["licences"]
    assert {"README.md", "croissant.json", MARKER} < set(plan["files"])
    assert plan["bytes"] == sum(plan["files"].values()) > 1000
    assert plan["card"].startswith("---\n")
    shown = curate("export", "hf", "--push", NAME, "--dry-run", "--workspace", folder)
    assert "# Clinical summaries: cases 1" in shown.stdout
    assert "nothing was sent" in shown.stderr
    assert hub.requests == []


def test_a_dry_run_and_a_push_that_fails_have_written_nothing_here(folder, hub, tmp_path) -> None:
    kept = tmp_path / "kept"
    curate_json("export", "hf", "--push", NAME, "--dry-run", "--to", kept, "--workspace", folder)
    hub.faults = {"whoami": [401]}
    failed(folder, "--yes", "--to", kept)
    with Workspace.at(folder).open_store() as store:
        assert [line for line in store.egress() if line.address == str(kept)] == []
    assert not kept.exists()
    push(folder, "--to", kept)
    with Workspace.at(folder).open_store() as store:
        (line,) = [line for line in store.egress() if line.address == str(kept)]
        run = store.runs()[-1]
        planned = plan_deletion(Workspace.at(folder), store, store.record_ids()[:1])
    assert (line.run, line.texts, line.policy) == (run.id, 3, "report")
    assert set(run.manifest["outcome"]["files"]) == {str(path) for path in kept.rglob("*") if path.is_file()}
    assert set(run.manifest["outcome"]["files"]) <= set(planned.exports)


def test_what_was_pushed_is_no_file_on_this_machine(folder, hub, monkeypatch, tmp_path) -> None:
    (tmp_path / "README.md").write_text("of somebody", encoding="utf-8")
    push(folder)
    monkeypatch.chdir(tmp_path)
    with Workspace.at(folder).open_store() as store:
        planned = plan_deletion(Workspace.at(folder), store, store.record_ids()[:1])
    assert "README.md" not in planned.exports


def test_without_an_answer_of_a_person_nothing_leaves(folder, hub) -> None:
    for words in ([], ["--json"]):
        assert "expected --yes to push" in failed(folder, *words, code=2)
    assert hub.requests == []


@pytest.mark.server
@pytest.mark.parametrize(
    ("words", "answers", "pushed"),
    [([], "y\n", True), ([], "n\n", False), (["--public"], "y\nn\n", False), (["--public"], "y\ny\n", True)],
)
def test_a_person_is_asked_and_twice_before_all_may_read_it(folder, hub, words, answers, pushed) -> None:
    master, terminal = pty.openpty()
    os.write(master, answers.encode())
    called = [sys.executable, "-c", "from pipeline.command import main; main()"]
    line = [*called, "export", "hf", "--push", NAME, *words, "--workspace", str(folder)]
    done = subprocess.run(line, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(master)
    os.close(terminal)
    assert done.stderr.count("[y/N]") == answers.count("\n")
    assert (NAME in hub.datasets) is pushed
    assert done.returncode == (0 if pushed else 1), done.stderr
    if pushed:
        assert hub.datasets[NAME].private is not bool(words)


def test_what_everybody_can_read_gets_nothing_private(folder, hub) -> None:
    hub.make(NAME, private=False)
    assert "everybody can read" in failed(folder, "--yes")
    assert hub.count("/preupload/") == 0
    assert push(folder, "--public")["push"]["private"] is False


@pytest.mark.parametrize(
    "files", [{"data/train.csv": "a,b\n"}, {"story.txt": "of others"}, {MARKER: "not of ours", "data/x": "y"}]
)
def test_a_data_set_of_others_stays_as_it_is(folder, hub, files) -> None:
    hub.make(NAME, **files)
    assert "other files where the export goes" in failed(folder, "--yes", code=2)
    assert len(hub.datasets[NAME].commits) == 1


def test_a_file_of_others_between_the_shards_is_not_made_part_of_the_set(folder, hub) -> None:
    push(folder)
    stored = hub.datasets[NAME]
    stored.add({**stored.files, "data/train-extra.parquet": b"x"})
    assert "data/train-extra.parquet" in failed(folder, "--yes", code=2)


@pytest.mark.parametrize(
    ("path", "fault", "said"),
    [
        ("whoami", 401, "status 401: expected a token"),
        ("repos/create", 403, "status 403: expected a token with the right to write"),
        ("commit", 500, "the hub failed (status 500)"),
        ("commit", "drop", "connection failed"),
        ("storage", 403, "status 403"),
    ],
)
def test_a_failure_is_one_line_that_says_what_stands_there_and_the_same_command_ends_it(
    folder, hub, path, fault, said
) -> None:
    hub.faults = {path: [fault]}
    told = failed(folder, "--yes").strip().splitlines()[-1]
    assert said in told
    if path not in ("whoami", "repos/create"):
        assert f"{hub.url}/datasets/{NAME} is whole, at revision {hub.datasets[NAME].revision} as before" in told
        assert len(hub.datasets[NAME].commits) == 1
    uploads = hub.count("/storage/")
    assert push(folder)["push"]["committed"]
    if path == "commit":
        assert hub.count("/storage/") == uploads  # what came through is not sent again


def test_a_commit_whose_answer_is_lost_counts(folder, hub) -> None:
    hub.faults = {"commit": ["lose"]}
    done = push(folder)["push"]
    assert done["revision"] == hub.datasets[NAME].revision
    assert len(hub.datasets[NAME].commits) == 2


def test_where_nobody_answers_after_a_commit_it_is_said_that_it_is_not_known(folder, hub) -> None:
    hub.faults = {"commit": ["lose"], f"/api/datasets/{NAME}": []}
    hub.make(NAME)
    hub.faults = {"/commit/": ["lose"]}
    taken = hub.fault

    def unreachable(path: str) -> object:
        return "drop" if hub.count("/commit/") and "/commit/" not in path else taken(path)

    hub.fault = unreachable  # type: ignore[method-assign]
    assert "Whether the set is there now is not known" in failed(folder, "--yes")
    hub.fault = taken  # type: ignore[method-assign]
    assert push(folder)["push"]["committed"] is False


@pytest.mark.server
def test_who_interrupts_a_push_is_told_what_stands_there(folder, hub) -> None:
    hub.make(NAME)
    hub.faults = {"/commit/": ["hang"]}
    called = [sys.executable, "-c", "from pipeline.command import main; main()"]
    line = [*called, "export", "hf", "--push", NAME, "--yes", "--workspace", str(folder)]
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert hub.hanging.wait(60)
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=60)[1]
    hub.released.set()
    assert running.returncode == 130
    assert f"interrupted: {hub.url}/datasets/{NAME} holds the whole of this set or stands as before" in told
    assert "Traceback" not in told
    assert not list((folder / "exports").glob(".*"))
    assert len(hub.datasets[NAME].commits) == 1
    assert push(folder)["push"]["committed"]


@pytest.mark.parametrize(
    "name", ["berichte", "a/b/c", "hf://a/b", "datasets/a/b/c", "klinik/Bericht ü", "a/b--c", "a/.b", "a/b.git", ""]
)
def test_what_is_no_name_on_a_hub_is_refused(folder, hub, name) -> None:
    said = curate("export", "hf", "--push", name, "--yes", "--workspace", folder, code=2).stderr
    assert "expected OWNER/NAME" in said
    assert hub.requests == []


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("https://hub.example.org", 1, "curate trust https://hub.example.org"),
        ("", 1, "curate trust https://huggingface.co"),
        ("http://hub.example.org", 2, "expected https in HF_ENDPOINT"),
        ("ftp://127.0.0.1", 2, "expected the address of a hub"),
        ("https://anna:geheim@hub.example.org", 2, "expected the address of a hub"),
    ],
)
def test_a_hub_that_is_not_allowed_gets_nothing(folder, hub, monkeypatch, address, code, said) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    told = failed(folder, "--yes", code=code)
    assert said in told
    assert "geheim" not in told


def test_without_a_token_nothing_is_asked(folder, hub, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    assert "expected a token of the hub" in failed(folder, "--yes", code=2)
    assert hub.requests == []


def test_a_layer_that_nobody_has_frozen_stays_unless_the_settings_let_it_out(folder, hub) -> None:
    assert "exports.push_unreviewed" in failed(folder, "--layer", "rules", "--yes")
    assert "exports.push_unreviewed" in failed(folder, "--layers", "rules", "--yes")
    config = folder / "curate.toml"
    before = config.read_text(encoding="utf-8")
    config.write_text("[exports]\npush_unreviewed = true\n", encoding="utf-8")
    try:
        assert push(folder, "--layer", "rules")["push"]["committed"]
        assert b"unreviewed" in hub.datasets[NAME].files["README.md"]
        both = push(folder, "--layers", "rules")["push"]
        assert f"layers/rules/{MARKER}" in both["sent"]
        assert push(folder, "--layers", "rules")["push"]["committed"] is False
        assert f"layers/rules/{MARKER}" in push(folder)["push"]["removed"]
    finally:
        config.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("policy", "words", "leaves"),
    [
        ('policy = "report"', [], True),
        ('policy = "block"', [], False),
        ('policy = "report"\ndestinations = {hub = "block"}', [], False),
        ('policy = "report"', ["--public"], False),
        ('policy = "allow"', ["--public"], False),
        ('policy = "block"\ndestinations = {hub = "report"}', ["--public"], True),
    ],
)
def test_identifiers_leave_by_the_policy_and_to_everybody_only_where_it_names_the_hub(
    hub, tmp_path, policy, words, leaves
) -> None:
    named = small_workspace(tmp_path / "w", "Frau Karin Lindemann hat seit drei Tagen Fieber, Befund", 2)
    (named / "curate.toml").write_text(f"[validation.privacy]\n{policy}\n", encoding="utf-8")
    if leaves:
        done = curate("export", "hf", "--push", NAME, "--yes", "--json", *words, "--workspace", named)
        assert json.loads(done.stdout)["push"]["committed"]
        assert f"warning: 2 of 2 records for {hub.url}/datasets/{NAME} hold" in done.stderr
        evidence = json.loads(hub.datasets[NAME].files["evidence.json"])
        row = evidence["tables"]["identifiers"]["rows"]["this hub"]
        assert row["privacy policy"] == {"value": "report", "source": "egress?destination=hub&column=policy"}
        return
    for more in (["--yes"], ["--dry-run"]):
        assert "2 of 2 texts hold" in failed(named, *more, *words)
    assert hub.requests == []


@pytest.mark.parametrize(
    "words",
    [
        ["chat", "--push", NAME, "--yes"],
        ["hf", "--to", ""],
        ["hf", "--to", "out", "--public"],
        ["hf", "--to", "out", "--yes"],
        ["hf", "--to", "out", "--dry-run"],
        ["hf", "--check", "--push", NAME],
        ["--list", "--push", NAME],
        ["--list", "--public"],
        ["--list", "--dry-run"],
        ["--list", "--yes"],
        ["--list", "--check"],
    ],
)
def test_options_that_would_change_nothing_are_refused(folder, hub, words) -> None:
    assert "expected" in curate("export", *words, "--workspace", folder, code=2).stderr
    assert hub.requests == []
