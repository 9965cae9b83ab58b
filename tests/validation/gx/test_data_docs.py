from __future__ import annotations

from pathlib import Path

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
