"""Data Docs without network requests: as Great Expectations builds them, a page that is opened fetches styles and
scripts from five networks, and a logo whose address carries the project's id."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

#: The end of the name of a file that is being written; our plugin, which needs nothing of ours, has the same.
UNFINISHED = ".unfinished"
#: The folder of runs without a name.
NO_NAME = "__none__"
#: What a result says that looked at no record.
NOT_MEASURED = "not measured"
STYLE = Path(__file__).with_name("data_docs.css")
#: The mark of a page that is already quiet; the browser itself then refuses what was overlooked.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'self' 'unsafe-inline' data: file:; script-src 'none'\">"
)
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
REMOTE_LINK = re.compile(r"<link\b[^>]*https?://[^>]*>", re.IGNORECASE)
REMOTE_IMAGE = re.compile(r"<img\b[^>]*\bsrc=\"https?://[^>]*>", re.IGNORECASE)
REMOTE_STYLE = re.compile(r"url\(\s*['\"]?https?://[^)]*\)", re.IGNORECASE)
FOOTER = re.compile(r"<footer\b.*?</footer>", re.DOTALL | re.IGNORECASE)
#: A row of results, the mark of a failed one, and what is said of a share of no values.
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL | re.IGNORECASE)
FAILED, SHARE_OF_NOTHING = "fa-times text-danger", "NaN% null"
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


def quieten(site: Path) -> None:
    """Every page of a site made to need nothing from outside; the index gets its table of runs as plain links."""
    style = STYLE.read_text(encoding="utf-8")
    for page in sorted(site.rglob("*.html")):
        content = page.read_text(encoding="utf-8")
        if POLICY not in content:
            unfinished = page.with_name(f".{page.name}{UNFINISHED}")
            unfinished.write_text(quiet(content, style, _links(page, site)), encoding="utf-8")
            unfinished.replace(page)


def quiet(page: str, style: str, links: str = "") -> str:
    """A page without scripts, remote styles, remote images and advertising; with our style and links."""
    for pattern in (SCRIPT, REMOTE_LINK, REMOTE_IMAGE, FOOTER):
        page = pattern.sub("", page)
    page = REMOTE_STYLE.sub("none", page)
    page = ROW.sub(_row, page.replace(SHARE_OF_NOTHING, NOT_MEASURED))
    page = HEAD.sub(lambda head: f"{head[0]}{POLICY}", page, count=1)
    page = page.replace("</head>", f"<style>{style}</style></head>", 1)
    return BODY.sub(lambda body: f"{body[0]}{links}", page, count=1)


def _row(row: re.Match[str]) -> str:
    """A row of what was not measured with a mark of its own."""
    return row[0].replace(FAILED, "not-measured") if NOT_MEASURED in row[0] else row[0]


def _links(page: Path, site: Path) -> str:
    """On the index: the runs, newest first, and the suites. Elsewhere: the way back."""
    if page != site / "index.html":
        up = "../" * (len(page.relative_to(site).parts) - 1)
        return f'<nav class="way"><a href="{up}index.html">All runs</a></nav>'
    runs = sorted(site.glob("validations/**/*.html"), key=lambda run: run.parent.name, reverse=True)
    suites = sorted(site.glob("expectations/**/*.html"))
    return (
        '<nav class="way"><h2>Validation runs</h2><table><tr><th>run</th><th>layer checked</th><th>data</th>'
        "<th>status</th></tr>"
        + "".join(_run(run, site) for run in runs)
        + "</table><h2>Expectations</h2><ul>"
        + "".join(_link(suite, site, suite.stem) for suite in suites)
        + "</ul></nav>"
    )


def _run(page: Path, site: Path) -> str:
    """A row of the index: when, which layers, which asset, and how many expectations failed."""
    at = page.relative_to(site)
    name = "" if page.parts[-3] == NO_NAME else page.parts[-3]
    status = _status(site.parents[1] / at.with_suffix(".json"))
    link = f'<a href="{escape(at.as_posix())}">{escape(_time(page.parent.name))}</a>'
    cells = (link, escape(name), escape(page.stem.replace("-", ", ")), status)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _status(results: Path) -> str:
    """How a run ended, by its stored results; nothing where there are none that can be read."""
    if not results.is_file():
        return ""
    try:
        content = json.loads(results.read_text(encoding="utf-8"))
        asked, failed = (content["statistics"][f"{kind}_expectations"] for kind in ("evaluated", "unsuccessful"))
    except (ValueError, LookupError, TypeError):
        return "the results cannot be read"
    unmeasured = len(content["results"]) - asked
    says = f"{failed} of {asked} failed" if failed else f"all {asked} met"
    mark = "failed" if failed else "met"
    return f'<b class="{mark}">{says}</b>' + (f", {unmeasured} not measured" if unmeasured else "")


def _link(page: Path, site: Path, says: str) -> str:
    return f'<li><a href="{escape(page.relative_to(site).as_posix())}">{escape(says)}</a></li>'


def _time(folder: str) -> str:
    """20261121T004641.863611Z as 2026-11-21 00:46:41 UTC."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)", folder)
    return "{}-{}-{} {}:{}:{} UTC".format(*found.groups()) if found else folder
