"""What others wrote stands in Markdown as they wrote it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from curation.markdown import code, plain
from curation.printable import printable

HOSTILE = [
    "a|b",
    "`code` ``more``",
    "# heading",
    "- item",
    "1. item",
    "---",
    "=",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[link](https://example.invalid)",
    "![image](https://example.invalid/x.png)",
    "[link][ref] \\[x\\]",
    "https://example.invalid/x www.example.invalid a@example.invalid",
    "*bold* _italic_ ~~gone~~ $x$ &amp; &#60;",
    "a\n---\nlicense: mit\n",
    "a\r\n| b |",
    "\x1b[31m\u202e",
    "signs_symptoms",
    "Größe > 5 µg, 👩‍⚕️",
    "",
    "`",
]


@pytest.fixture(scope="module")
def rendered() -> Any:
    """A reader of Markdown with tables and links of what looks like one."""
    markdown = pytest.importorskip("markdown_it")
    return markdown.MarkdownIt("gfm-like", {"html": True, "linkify": False}).render


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_text_on_a_line_and_in_a_cell(text: str, rendered: Any) -> None:
    shown = printable(text)
    line = rendered(plain(text))
    assert unescape(line.replace("<p>", "").replace("</p>", "").strip()) == shown
    cells = rendered(f"| name | count |\n|---|---:|\n| {plain(text)} | 3 |\n")
    assert cells.count("<td") == 2
    assert unescape(cells.partition("<td>")[2].partition("</td>")[0]) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_code(text: str, rendered: Any) -> None:
    line = rendered(f"The set {code(text)} is here.")
    inside = line.partition("<code>")[2].partition("</code>")[0]
    assert unescape(inside).strip() == printable(text).strip()
    assert line.endswith("</code> is here.</p>\n")


def test_a_word_with_underscores_stays_readable() -> None:
    assert plain("signs_symptoms") == "signs_symptoms"
    assert plain("_x_") == "\\_x\\_"
