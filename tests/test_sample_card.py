"""The card of the shipped sample's set in the docs is what its script makes, each figure from a row of the store."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from figure_sources import FigureSources

from exports.evidence import SetEvidence

pytestmark = [pytest.mark.expectations, pytest.mark.long]

DOCS = Path(__file__).parents[1] / "docs" / "sample-card"
#: When it was made, and what a version of pyarrow makes of the same rows.
OF_THE_DAY = re.compile(r'\d{4}-\d\d-\d\d[^")]*|"sha256": "\w+"|version of \S+')


def test_the_sample_card_is_made_anew_the_same_and_each_figure_has_its_row(tmp_path: Path) -> None:
    script: dict[str, Any] = runpy.run_path(str(DOCS / "make.py"))
    to = tmp_path / "export"
    workspace = script["make"](tmp_path / "workspace", to)
    for name in script["FILES"]:
        made, kept = ((folder / name).read_text(encoding="utf-8") for folder in (to, DOCS))
        assert OF_THE_DAY.sub("", made) == OF_THE_DAY.sub("", kept), f"{name}: run docs/sample-card/make.py"
    sources = FigureSources(workspace.folder / "records.db")
    kept = SetEvidence.model_validate_json((DOCS / "evidence.json").read_text(encoding="utf-8"))
    found = [figure for table in kept.tables.values() for figure in table.figures]
    assert len(found) > 60
    assert [sources.value(figure.source) for figure in found] == [figure.value for figure in found]
