"""Pages escape what they are given and say so when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from curation.html_templates import templates

POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)


def test_values_are_escaped_and_missing_names_are_errors(tmp_path: Path) -> None:
    (tmp_path / "page.html.jinja").write_text("<p>{{ said }}</p>")
    template = templates(tmp_path, extra="validate").get_template("page.html.jinja")
    assert template.render(said="<b>") == "<p>&lt;b&gt;</p>"
    with pytest.raises(UndefinedError, match="'said' is undefined"):
        template.render()


def test_every_page_lets_a_browser_load_and_run_nothing() -> None:
    root = Path(__file__).parents[2]
    folders = ("annotation", "curation", "exports", "training", "validation")
    contents = [path.read_text(encoding="utf-8") for name in folders for path in (root / name).rglob("*.jinja")]
    pages = [content for content in contents if "<!doctype html>" in content.lower()]
    assert len(pages) == 9
    for page in pages:
        assert POLICY in page[: page.index("<title>")]
        assert "<script" not in page
