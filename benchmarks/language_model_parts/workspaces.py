"""Workspaces with cases and a model at a server of `server.py`, and what a run in them has left."""

from __future__ import annotations

from pathlib import Path

from curation.models.probe import PURPOSE
from language_model_parts.cases import FOUND, cases
from language_model_parts.model_server import ModelServer
from pipeline.workspace import Workspace

MODEL = "bench"
LAYER = "llm"
SECTION = '[models.{name}]\nurls = ["{url}"]\nmodel = "served"\nconcurrency = {at_once}\n'
#: The words of the command.
ANNOTATE = ("annotate", "--with", f"llm:{MODEL}", "--layer", LAYER)


def workspace(folder: Path, server: ModelServer, *, records: int, at_once: int) -> Path:
    """A workspace with so many cases, of which nobody was asked yet."""
    made = Workspace.make(folder)
    section = SECTION.format(name=MODEL, url=server.url, at_once=at_once)
    (folder / "curate.toml").write_text(section, encoding="utf-8")
    with made.open_store() as store:
        store.add_records(cases(records))
    return folder


def words(folder: Path) -> tuple[str, ...]:
    """The command in a workspace."""
    return (*ANNOTATE, "--workspace", str(folder))


def without_layer(folder: Path) -> int:
    """How many records have no layer, or not all ten entities in it."""
    with Workspace.at(folder).open_store() as store:
        items = list(store.items([LAYER]))
        return sum(LAYER not in item.layers or len(item.layers[LAYER].entities) != len(FOUND) for item in items)


def answers_kept(folder: Path) -> int:
    """How many answers about records the ledger holds; that to a canary is about none."""
    with Workspace.at(folder).open_store() as store:
        return sum(row.answers for row in store.spending() if row.purpose != PURPOSE)
