"""Names and texts of strangers in what is printed, drawn and written for others."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from commands import curate
from markdown_it import MarkdownIt

from curation.record import Entity, Layer, Record
from curation.store.sets import CuratedSet
from door_parts.attack import Attack
from pipeline.workspace import Workspace

DOOR = "printed"

#: What each is, and a name that does it to whatever takes it as it is.
NAMES = {
    "clears a terminal": "\x1b[2Jgone",
    "sets a title": "\x1b]0;mine\x07name",
    "is an eight-bit sequence": "\x9b31mred",
    "turns the writing": "\u202egnp.exe",
    "has no width": "ad\u200bmin\ufeff",
    "begins a line": "a\nerror: forged\tline\r",
    "styles a table": "[red]name[/red][/]",
    "is Markdown": "a|b `c` [d](https://example.invalid) ![e](f) # g",
    "is HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "ends the front matter": "---\nlicense: mit\n---\n# forged",
    "is a formula of plots": "$x^{ $ and _y",
    "is a formula of spreadsheets": "=HYPERLINK(1)",
    "is long": "x" * 500,
}

#: Must come out as they are.
GOOD = ("Größe", "A\u0308rztin", "👩‍⚕️")

SEEN_BY_NOBODY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200c\u202a-\u202e\u2066-\u2069\ufeff]")
FORGED = re.compile(r"^(error: forged|license: mit|# forged)", re.MULTILINE)

TEXT = "She had fever."

#: Commands that show names.
WAYS = (
    ("records", "list"),
    ("records", "list", "--json"),
    ("review", "progress"),
    ("review", "list"),
    ("status",),
    ("doctor",),
)


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Each name in each kind of output; with `quick`, the outputs of the command for all names at once."""
    workspace = folder / "w"
    curate("init", "--workspace", str(workspace))
    _fill(folder, workspace)
    yield from _commands(workspace, WAYS[:3] if quick else WAYS)
    yield from _typed(workspace, dict(list(NAMES.items())[:1]) if quick else NAMES)
    yield from _progress(folder, workspace)
    yield from _card(workspace)
    yield from _plots()
    yield _guidelines(workspace)


def _fill(folder: Path, workspace: Path) -> None:
    """Records and reviews under all the names."""
    rows = [{"id": name, "text": f"{TEXT} {name}"} for name in (*NAMES.values(), *GOOD)]
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    curate("import", str(source), "--language", "en", "--workspace", str(workspace))
    with Workspace.at(workspace).open_store() as store:
        records = list(store.records())
        store.add_layers(_reviewed(record, name) for record in records[:2] for name in NAMES.values())


def _reviewed(record: Record, person: str) -> Layer:
    fever = Entity.at(record.text, 8, 13, "signs_symptoms", id="T1")
    return Layer(record_id=record.id, name=f"human:{person}", author=f"human:{person}", entities=(fever,))


def _commands(workspace: Path, ways: Sequence[tuple[str, ...]]) -> Iterator[Attack]:
    for way in ways:
        done = curate(*way, "--workspace", str(workspace))
        yield _shown(" ".join(way), done.stdout + done.stderr, whole=way[:2] == ("records", "list"))


def _shown(what: str, printed: str, *, whole: bool = False) -> Attack:
    obeyed, forged = SEEN_BY_NOBODY.findall(printed), FORGED.findall(printed)
    lost = [name for name in GOOD if name not in printed] if whole else []
    worked = bool(obeyed or forged or lost or "Traceback" in printed or not printed)
    seen = f"{len(obeyed)} unseen characters, {len(forged)} forged lines, {len(lost)} good names changed"
    return Attack(DOOR, f"all names in `curate {what}`", worked, seen)


def _typed(workspace: Path, names: dict[str, str]) -> Iterator[Attack]:
    for what, name in names.items():
        done = curate("records", "show", name, "--reason", name, "--workspace", str(workspace))
        shown = _shown("records show", done.stderr)
        yield Attack(DOOR, f"a name that {what}, in errors", shown.worked, shown.seen)


def _progress(folder: Path, workspace: Path) -> Iterator[Attack]:
    file = folder / "work.csv"
    curate("review", "progress", "--csv", str(file), "--workspace", str(workspace))
    with file.open(encoding="utf-8-sig", newline="") as rows:
        cells = [row[0] for row in csv.reader(rows)]
    formulas = [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) or not cell.isprintable()]
    yield Attack(
        DOOR, "formulas and lines in the CSV of progress", bool(formulas) or len(cells) < 2, f"{len(formulas)}"
    )


def _card(workspace: Path) -> Iterator[Attack]:
    """The cards of sets whose layers, licences, languages and labels have the names."""
    from exports.card import dataset_card
    from exports.settings import ExportSettings
    from exports.writer import ExportedSet

    scheme = Workspace.at(workspace).scheme
    for what, name in NAMES.items():
        counted = ("languages", "licences", "categories", "dropped")
        manifest = {"layer": name, "labels": {name: {name: 1}}, "splits": {"train": 1}, "small_splits": [name]}
        frozen = CuratedSet(digest="0", name=name, version=1, manifest=manifest | {key: {name: 1} for key in counted})
        settings = ExportSettings(licence="cc-by-4.0", pretty_name=name)
        card = dataset_card(ExportedSet(frozen, scheme, lambda split: iter(())), settings)
        front, _, body = card.removeprefix("---\n").partition("\n---\n")
        licence = yaml.safe_load(front).get("license")
        forged = SEEN_BY_NOBODY.search(card) or FORGED.search(body)
        marked = re.search("<(script|img|a) ?", MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(body))
        worked = licence != "cc-by-4.0" or bool(forged or marked)
        yield Attack(DOOR, f"a name that {what}, on a card", worked, f"licence {licence}")


def _plots() -> Iterator[Attack]:
    from annotation.agreement.estimate import Figure
    from annotation.agreement.plots import bars, forest

    figure = Figure(value=0.5, interval=(0.4, 0.6))
    for what, name in NAMES.items():
        try:
            drawn = forest([name], {name: [figure], "b": [figure]}) + bars({name: 1})
            worked, seen = SEEN_BY_NOBODY.search(drawn) is not None, f"{len(drawn):,} characters of SVG"
        except Exception as error:
            worked, seen = True, type(error).__name__
        yield Attack(DOOR, f"a name that {what}, in plots", worked, seen)


def _guidelines(workspace: Path) -> Attack:
    curate("review", "guidelines", "--workspace", str(workspace))
    pages = list((workspace / "reports").glob("guidelines-*.html"))
    closed = [page for page in pages if "default-src 'none'" in page.read_text(encoding="utf-8")]
    return Attack(
        DOOR, "a page of guidelines that may load or run something", pages != closed or not pages, str(len(closed))
    )
