"""`curate review agreement` over a workspace."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from curation.errors import UsageError
from pipeline.command import app
from pipeline.steps.report import find_reports
from pipeline.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, annotated):
    """Eight records by two people, who differ on every second."""
    workspace = Workspace.make(tmp_path / "workspace", {"review.agreement.resamples": 50})
    with workspace.open_store() as store:
        for number in range(8):
            for name, category in (
                ("human:anna", "diagnosis"),
                ("human:ben", "diagnosis" if number % 2 else "pathology"),
            ):
                record, layer = annotated(f"Case {number} had [fever]{{{category}}} in spring.", layer=name)
                store.add_records([record])
                source = {"project": "Clinical review #4 2026", "task": number + 1, "verdict": "accept"}
                store.add_layers([layer.model_copy(update={"provenance": source})])
    return workspace


def run(workspace, *words):
    done = CliRunner().invoke(
        app, ["review", "agreement", *words, "--workspace", str(workspace.folder)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.long
def test_figures_are_printed_and_the_report_is_found(workspace):
    found = json.loads(run(workspace, "--json").stdout)
    assert found["pairs"]["per_pair"]["human:anna & human:ben"]["strict"]["value"] == 0.5
    assert found["choices"]["verdict"]["overall"]["percent"]["value"] == 1
    assert "behind" not in found
    page = workspace.folder / "reports" / "agreement" / "index.html"
    assert found["report"] == str(page)
    assert find_reports(workspace)["agreement"] == page.resolve()
    # Our own server does not run: the address is the one it will have.
    assert "http://127.0.0.1:8099/projects/4/data?task=1" in page.read_text(encoding="utf-8")
    printed = run(workspace).output
    assert "0.500" in printed
    assert "alpha for unitising" in printed


@pytest.mark.long
def test_the_report_goes_where_it_is_wanted(workspace, tmp_path):
    run(workspace, "--to", str(tmp_path / "paper" / "agreement.html"))
    assert {path.name for path in (tmp_path / "paper").iterdir()} == {"agreement.html", "agreement.json"}
    run(workspace, "--to", str(tmp_path / "folder"))
    assert (tmp_path / "folder" / "index.html").exists()


def test_without_annotations_it_says_where_they_come_from(tmp_path):
    empty = Workspace.make(tmp_path / "empty")
    with pytest.raises(UsageError, match="curate review pull"):
        run(empty)
