from __future__ import annotations

import json
from pathlib import Path

from validation.gx.data_docs import quieten
from validation.measures.table import COLUMNS
from validation.rules import RULES

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_page_of_rules_names_every_expectation_with_its_severity_and_every_column() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for rule in RULES:
        assert f"`{rule.column}`" in rows[rule.name]
        assert rule.severity.value in rows[rule.name].rsplit("|", 2)[1]
    assert [column for column in COLUMNS if f"`{column}`" not in page] == []


def test_the_index_names_each_run_its_layer_its_data_and_its_status(tmp_path: Path) -> None:
    site = tmp_path / "uncommitted" / "data_docs" / "local_site"
    run = "validations/curated/human-anna/20261121T004641.863611Z/records-measures"
    page, results = site / f"{run}.html", tmp_path / "uncommitted" / f"{run}.json"
    for path in (page, results):
        path.parent.mkdir(parents=True)
    for path in (page, site / "index.html"):
        path.write_text("<html><head></head><body></body></html>")
    statistics = {"evaluated_expectations": 5, "unsuccessful_expectations": 2}
    results.write_text(json.dumps({"statistics": statistics, "results": [{}] * 6}))
    quieten(site)
    index = (site / "index.html").read_text()
    assert (
        f'<a href="{run}.html">2026-11-21 00:46:41 UTC</a></td><td>human-anna</td><td>records, measures</td>' in index
    )
    assert '<b class="failed">2 of 5 failed</b>, 1 not measured' in index
    statistics["unsuccessful_expectations"] = 0
    results.write_text(json.dumps({"statistics": statistics, "results": [{}] * 5}))
    (site / "index.html").write_text("<html><head></head><body></body></html>")
    quieten(site)
    assert '<b class="met">all 5 met</b></td>' in (site / "index.html").read_text()
