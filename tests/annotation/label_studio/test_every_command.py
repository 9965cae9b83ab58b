"""Every command, for people and as JSON, on a workspace that has everything; and a deletion out of a real server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json
from full_workspace import LETTER, PATIENT, freeze, make, traces
from typer.main import get_command

from annotation.label_studio.api.client import Client
from annotation.label_studio.session import connect
from pipeline.command import app
from pipeline.steps.trust import allow
from pipeline.steps.whoami import PERSON
from pipeline.workspace import Workspace

pytestmark = [pytest.mark.expectations, pytest.mark.server, pytest.mark.model]

#: Words for each command; `{w}` stands for the workspace. More lines of a command: also these ways of calling it.
WORDS: dict[str, list[str]] = {
    "init": ["init --workspace {w}"],
    "whoami": ["whoami", "whoami ruth"],
    "import": ["import sample --workspace {w}"],
    "generate": ["generate --records 2 --workspace {w}"],
    "annotate": ["annotate --with few-shot --workspace {w}"],
    "deidentify": ["deidentify --dry-run --workspace {w}", "deidentify --workspace {w}"],
    "validate": ["validate --workspace {w}", "validate --what-if validation.length.minimum=100 --workspace {w}"],
    "report": ["report --workspace {w}"],
    "freeze": ["freeze --layer human:anna --verdict accepted --verdict needs_review --workspace {w}"],
    "drift": ["drift --against curated --batch curated --workspace {w}"],
    "leakage": ["leakage --passages 1 --workspace {w}"],
    "train": ["train --workspace {w}"],
    "evaluate": ["evaluate --gold human:anna --predicted rules --workspace {w}"],
    "compare": ["compare rules human:ben --gold human:anna --workspace {w}"],
    "experiment learning-curve": ["experiment learning-curve --sizes 1 --seeds 1 --workspace {w}"],
    "experiment compare": ["experiment compare {w}/variants.yaml --workspace {w}"],
    "experiment errors": ["experiment errors rules human:ben --gold human:anna --workspace {w}"],
    "export": [
        "export hf --to {w}/exports/hf --workspace {w}",
        "export chat --to {w}/exports/chat --workspace {w}",
        "export --list",
        "export chat --check --workspace {w}",
        "export hf --push klinik/befunde --dry-run --workspace {w}",
        "export chat --layer rules --to {w}/exports/rules --workspace {w}",
    ],
    "run": ["run --workspace {w}"],
    "status": ["status --workspace {w}"],
    "audit": ["audit --workspace {w}"],
    "doctor": ["doctor --workspace {w}"],
    "quarantine list": ["quarantine list --workspace {w}", "quarantine list --expectation text_length --workspace {w}"],
    "quarantine show": ["quarantine show short --text --workspace {w}"],
    "quarantine release": ["quarantine release short --reason why --workspace {w}"],
    "quarantine reject": ["quarantine reject short --reason why --workspace {w}"],
    "quarantine log": ["quarantine log --workspace {w}"],
    "records list": ["records list --workspace {w}", "records list --verdict accepted --language en --workspace {w}"],
    "records show": ["records show case-1 --workspace {w}"],
    "records delete": [
        "records delete short --dry-run --workspace {w}",
        "records delete short --reason why --workspace {w}",
    ],
    "records erase-originals": [
        "records erase-originals --dry-run --workspace {w}",
        "records erase-originals --yes --workspace {w}",
    ],
    "answers show": ["answers show case-1 --workspace {w}", "answers show case-1 --text --workspace {w}"],
    "answers forget": [
        "answers forget --model big --dry-run --workspace {w}",
        "answers forget --record case-1 --older-than 0 --workspace {w}",
    ],
    "retrieve show": ["retrieve case-1 --set curated --workspace {w}", "retrieve show case-1 --text --workspace {w}"],
    "prompt list": ["prompt list --workspace {w}"],
    "prompt show": ["prompt show advanced"],
    "prompt render": ["prompt render case-1 --workspace {w}", "prompt render case-1 --prompt naive --workspace {w}"],
    "prompt diff": ["prompt diff naive advanced"],
    "prompt preview": ["prompt preview --with naive --layer human:anna --sample 1 --model script --workspace {w}"],
    "trust": ["trust", "trust {w}"],
    "models install": ["models install smollm2"],
    "models list": ["models list --workspace {w}"],
    "batches list": ["batches list --workspace {w}"],
    "batches collect": ["batches collect --workspace {w}"],
    "judge": ["judge human:anna --with llm:script --dry-run --workspace {w}"],
    "translate": [
        "translate --to de --with llm:script --dry-run --workspace {w}",
        "translate --to de --report --workspace {w}",
    ],
    "scheme new": ["scheme new drug dose=how_much --label smoking=yes,no --to {w}/other.yaml"],
    "scheme check": ["scheme check --workspace {w}"],
    "scheme diff": ["scheme diff {w}/new.yaml --workspace {w}"],
    "scheme migrate": ["scheme migrate {w}/new.yaml --rename life_style=habits --workspace {w}"],
    "review install": ["review install --workspace {w}"],
    "review start": ["review start --workspace {w}"],
    "review add-annotator": ["review add-annotator carl --workspace {w}"],
    "review queue": [
        "review queue --size 2 --workspace {w}",
        "review queue --push --workspace {w}",
        "review queue --stop --workspace {w}",
    ],
    "review push": ["review push --workspace {w}", "review push --layer rules --layer human:anna --workspace {w}"],
    "review pull": ["review pull --workspace {w}", "review pull --full --workspace {w}"],
    "review progress": ["review progress --workspace {w}"],
    "review list": ["review list --workspace {w}", "review list --verdict accepted --of layer --workspace {w}"],
    "review show": ["review show case-1 --text --workspace {w}"],
    "review accept": ["review accept case-1 --text --reason why --workspace {w}"],
    "review reject": ["review reject case-1 --layer human:anna --reason why --workspace {w}"],
    "review reopen": [f"review reopen {PATIENT} --reason why --workspace {{w}}"],
    "review guidelines": ["review guidelines --workspace {w}"],
    "review calibration": ["review calibration --layer rules --workspace {w}"],
    "review agreement": ["review agreement --workspace {w}"],
    "review status": ["review status --workspace {w}"],
    "review secure": ["review secure --workspace {w}"],
    "review proxy": ["review proxy --write --workspace {w}"],
    "review adjudicate settle": ["review adjudicate settle --workspace {w}"],
    "review adjudicate push": ["review adjudicate push --workspace {w}"],
    "review adjudicate pull": ["review adjudicate pull --workspace {w}"],
}
#: These run until they are ended, end the server of all tests, or need the server of a model: other tests run them.
ELSEWHERE = {
    *("review watch", "review backend", "review stop", "retrieve serve"),
    *("models probe", "batches cancel", "batches forget"),
    "experiment leave-one-out",  # of several sets
}


def every_command(command: Any = None, name: str = "") -> Iterator[tuple[str, bool]]:
    """The name of each command, and whether it takes --json."""
    command = command or get_command(app)
    children = getattr(command, "commands", {})
    for child, subcommand in children.items():
        yield from every_command(subcommand, f"{name} {child}".strip())
    if not children:
        yield (
            name,
            any("--json" in parameter.opts for parameter in command.params),
        )


TAKES_JSON = dict(every_command())
CALLS = [
    (words, as_json)
    for name, each in WORDS.items()
    for words in each
    for as_json in (False, True)[: 1 + TAKES_JSON[name]]
]


@pytest.fixture(scope="module")
def made(label_studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace, with a frozen set, an export, a failure, a run that died, and the server of all tests."""
    folder = make(tmp_path_factory.mktemp("everything") / "w")
    freeze(folder)
    scheme = (folder / "scheme.yaml").read_text(encoding="utf-8")
    (folder / "new.yaml").write_text(scheme.replace("life_style", "habits"), encoding="utf-8")
    (folder / "label-studio").mkdir()
    for name in ("server.json", "secrets.json"):
        shutil.copy(label_studio.workspace / "label-studio" / name, folder / "label-studio")
    with (folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write('[run]\nlayer = "human:anna"\nreview = false\nannotators = ["rules"]\n')
        config.write('verdicts = ["accepted", "needs_review"]\n')
        config.write('[models.script]\nkind = "scripted"\nscript = "script.jsonl"\n')
    (folder / "variants.yaml").write_text("variants: {rules: {with: rules}, few: {with: few-shot}}", encoding="utf-8")
    (folder / "script.jsonl").write_text('{"answer": {"age": "54"}}\n', encoding="utf-8")
    with Workspace.at(folder).open_store() as store:
        store.start_run("train", process={"host": "elsewhere", "pid": 1})
    return folder


@pytest.fixture
def folder(made: Path, label_studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request) -> Path:
    """A copy of it, with a project of its own in Label Studio."""
    monkeypatch.setenv(PERSON, "ruth")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    copy = shutil.copytree(made, tmp_path / "w")
    (copy / "label-studio" / "data").symlink_to(label_studio.workspace / "label-studio" / "data")
    project = f"Every {abs(hash(request.node.nodeid)) % 10**12}"
    with (copy / "curate.toml").open("a", encoding="utf-8") as config:
        config.write(
            f'[review]\nproject = "{project}"\nunvalidated = true\n[review.adjudication]\nproject = "{project} a"\n'
        )
    # A server of another workspace: what a user allows by `curate trust`.
    allow([str(copy)])
    return copy


def test_every_command_is_called() -> None:
    assert set(WORDS) | ELSEWHERE == set(TAKES_JSON)


@pytest.mark.parametrize(("words", "as_json"), CALLS, ids=lambda value: str(value))
def test_every_command_ends_well_and_its_json_is_one_object(folder: Path, words: str, as_json: bool) -> None:
    called = words.format(w=folder).split()
    done = curate(*called, *(["--json"] if as_json else []))
    assert "Traceback" not in done.stdout + done.stderr
    if as_json:
        assert isinstance(json.loads(done.stdout), dict)
    with Workspace.at(folder).open_store() as store:
        states = {
            run.state for run in store.runs()[1:] if run.manifest.get("process") != {"host": "elsewhere", "pid": 1}
        }
    assert states == {"done"}


def test_a_deleted_record_is_out_of_label_studio_and_its_database(
    folder: Path, label_studio, client: Client, anna
) -> None:
    # Other tests on this server have pushed the same letter.
    for project in client.get("/api/projects", page_size=1000)["results"]:
        if project["title"].startswith("Every "):
            client.call("DELETE", f"/api/projects/{project['id']}")
    curate("review", "push", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        workspace = Workspace.at(folder)
        (task,) = store.noted_tasks([store.find_record(PATIENT)])
    mark = {"start": 4, "end": 23, "text": LETTER[4:23], "labels": ["diagnosis"]}
    region = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": mark}
    anna.annotate(task.task_id, [region])
    curate("review", "pull", "--workspace", folder)
    curate("review", "pull", "--full", "--workspace", folder)
    server_files = label_studio.workspace / "label-studio"
    words = ("Aloysius Quenneville was seen on 3 March", "marmalade tasting")
    assert traces(server_files, (PATIENT,)) == {}, "what the source calls a record is not sent"
    assert any("sqlite3" in name for name in traces(server_files, words))
    done = curate_json("records", "delete", PATIENT, "--force", "--reason", "asked", "--workspace", folder)
    assert (done["counts"]["label_studio_tasks"], done["tasks_left"], done["problems"]) == (2, [], [])
    assert traces(server_files, words) == {}
    with connect(folder, workspace.config.review) as steward:
        project = steward.find_project(workspace.config.review.project)
        assert project is not None
        assert steward.tasks_of(project.id, [task.record_id]) == {}
    assert {path.partition("/")[0] for path in traces(folder)} <= {"exports"}
    done = curate("review", "pull", "--workspace", folder)
    assert "refused" not in done.stderr


def test_a_server_that_comes_back_lets_the_same_command_finish(folder: Path, label_studio) -> None:
    curate("review", "push", "--workspace", folder)
    state = folder / "label-studio" / "server.json"
    content = state.read_text(encoding="utf-8")
    state.unlink()
    words = ("records", "delete", PATIENT, "--force", "--reason", "asked", "--workspace", folder)
    left = curate_json(*words, code=1)
    assert left["tasks_left"]
    state.write_text(content, encoding="utf-8")
    done = curate_json(*words)
    assert (done["counts"]["label_studio_tasks"], done["tasks_left"], done["problems"]) == (2, [], [])
    assert f"got {PATIENT!r}" in curate(*words, code=2).stderr
