"""Pages escape what they are given and say so when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from curation.html_templates import templates


def test_values_are_escaped_and_missing_names_are_errors(tmp_path: Path) -> None:
    (tmp_path / "page.html.jinja").write_text("<p>{{ said }}</p>")
    template = templates(tmp_path, extra="validate").get_template("page.html.jinja")
    assert template.render(said="<b>") == "<p>&lt;b&gt;</p>"
    with pytest.raises(UndefinedError, match="'said' is undefined"):
        template.render()
