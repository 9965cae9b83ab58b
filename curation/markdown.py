"""Names and texts of others in Markdown: shown as they are written, never as marks, links, cells or HTML."""

from __future__ import annotations

import re

from curation.printable import printable

#: What begins a mark anywhere in a line; an underscore within a word begins none. The signs of addresses and mail
#: addresses are among them, since hubs make links of what looks like one.
_MARKS = re.compile(r"[\\`*\[\]<>|~&$@]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.IGNORECASE)
#: What is a mark only where a line begins.
_BEGINNINGS = re.compile(r"^(\s*)(?=#{1,6}(?:\s|$)|[+\-](?:\s|$)|=+\s*$|-+\s*$)|^(\s*\d+)(?=[.)](?:\s|$))")


def plain(text: object) -> str:
    """The text on one line, as a reader of the page sees it; also in a table, a heading, and where a line begins."""
    escaped = _MARKS.sub(lambda mark: f"\\{mark[0]}", printable(str(text)))
    return _BEGINNINGS.sub(r"\1\2\\", escaped)


def code(text: object) -> str:
    """The text as code, whatever backticks are in it."""
    shown = printable(str(text))
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    space = " " if not shown.strip() or shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"
