"""A run leaves a manifest, written last: no manifest, not done."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

from pydantic import JsonValue

from curation.atomic_file import replaced
from curation.outside_errors import is_from_outside
from curation.store import Store
from pipeline.egress import database_gate
from pipeline.process_identity import has_ended, this_process
from pipeline.workspace import Workspace

#: The packages whose versions change what comes out.
PACKAGES = (
    "clincurate",
    "datasets",
    "great-expectations",
    "label-studio-sdk",
    "peft",
    "sentence-transformers",
    "spacy",
    "torch",
    "transformers",
)


class Outcome(dict[str, JsonValue]):
    """What a run has done, by name, for its manifest."""

    def __init__(self, run: int) -> None:
        super().__init__()
        self.run = run


@contextmanager
def recorded_where_possible(workspace: Workspace, store: Store, command: str, **inputs: JsonValue) -> Iterator[Outcome]:
    """As `recorded`, for what changes nothing in the workspace: where that can only be read, the run is not noted."""
    if store.read_only:
        workspace.notify(f"the workspace can only be read: this run of {command} is not noted in it")
        yield Outcome(0)
        return
    with recorded(workspace, store, command, **inputs) as outcome:
        yield outcome


#: In the outcome of a training: by content hash, the ids of the records of a set that it has not learnt from.
LEFT_OUT = "left_out"


def sets_of(inputs: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The content hashes of the curated sets that a run was given, by the inputs in its manifest."""
    several = inputs.get("sets")
    given = several if isinstance(several, list) else [inputs.get("set")]
    return tuple(str(digest) for digest in given if digest is not None)


@contextmanager
def recorded(workspace: Workspace, store: Store, command: str, **inputs: JsonValue) -> Iterator[Outcome]:
    """Notes a run in the store and in runs/; what the caller puts into the given dict joins its manifest.

    Counts and ids only: the manifest holds no clinical text. What the run adds to a store on another machine passes the
    gate. Raises StoreError where nothing can be stored.
    """
    store.require_writable()
    store.note_deaths(has_ended)
    run = store.start_run(command, process=this_process())
    outcome = Outcome(run)
    started, state = perf_counter(), "failed"
    try:
        with database_gate(workspace, store, run):
            yield outcome
        state = "done"
    except KeyboardInterrupt:
        state = "interrupted"
        raise
    finally:
        manifest: dict[str, JsonValue] = {
            "run": run,
            "command": command,
            "state": state,
            "inputs": inputs,
            "outcome": outcome,
            "seconds": round(perf_counter() - started, 3),
            "config": workspace.config.model_dump(mode="json"),
            "scheme": workspace.scheme.digest,
            "versions": versions(),
        }
        try:
            _end(workspace, store, manifest)
        except (TypeError, ValueError):
            # The outcome cannot be written as JSON: the run ends as failed, not as one that goes on.
            _end(workspace, store, manifest | {"state": "failed", "outcome": {}})
            raise
        except Exception as error:
            # What kept the run from its end mostly keeps its manifest from being written as well: the first is told.
            if state == "done" or not is_from_outside(error):
                raise


def _end(workspace: Workspace, store: Store, manifest: dict[str, JsonValue]) -> None:
    run, command, state = manifest["run"], str(manifest["command"]), str(manifest["state"])
    assert isinstance(run, int)
    written = json.dumps(manifest, indent=2, ensure_ascii=False)
    store.end_run(run, state=state, manifest=manifest)
    path = workspace.subfolder("runs") / f"{run:05d}-{command.replace(' ', '-')}.json"
    with replaced(path) as unfinished:
        unfinished.write_text(written, encoding="utf-8")


def done_before(store: Store, command: str, inputs: Mapping[str, JsonValue]) -> Mapping[str, JsonValue] | None:
    """The outcome of the latest run of a command that was done with exactly these inputs."""
    done = (run.manifest for run in reversed(store.runs()) if (run.command, run.state) == (command, "done"))
    outcomes = (manifest["outcome"] for manifest in done if manifest["inputs"] == dict(inputs))
    outcome = next(outcomes, None)
    return outcome if isinstance(outcome, dict) else None


def ended_early(store: Store, commands: Collection[str]) -> bool:
    """Whether the latest run of these commands did not come to its end, or has left problems."""
    run = next((run for run in reversed(store.runs()) if run.command in commands), None)
    outcome = {} if run is None else run.manifest.get("outcome")
    return run is not None and (run.state != "done" or not isinstance(outcome, dict) or bool(outcome.get("problems")))


def versions() -> dict[str, JsonValue]:
    """The versions of Python, the platform, and the packages that are installed."""
    found: dict[str, JsonValue] = {"python": sys.version.split()[0], "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
