"""What is known of a set, as figures that each say where they come from: for its card, Croissant and evidence.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from pydantic import Field, JsonValue

from curation.markdown import plain
from curation.record import Frozen

FILE = "evidence.json"
#: How halves of characters are written, which names of others may have.
HALVES = "surrogatepass"
#: Digits of the figures that are no counts, on cards.
DIGITS = 3


class TracedFigure(Frozen):
    """A value with the row of the store that it can be traced to, and the run that measured it.

    source: `TABLE/KEY/COLUMN/...` is a value in one row, `TABLE?NAME=VALUE&...` the number of rows, or what they all
    say. run and date: of the run that measured it, or when the newest row came.
    """

    value: JsonValue
    source: str
    run: int | None = None
    date: str | None = None


class EvidenceTable(Frozen):
    """Figures of one kind in rows and columns, or the reason why there are none."""

    #: The heading on cards; without one it belongs to the table before.
    title: str = ""
    #: What the rows are.
    head: str = ""
    rows: dict[str, dict[str, TracedFigure]] = Field(default_factory=dict)
    #: How a table of one column reads that is written as a sentence.
    sentence: str = ""
    #: What a reader has to know of the figures, as Markdown.
    notes: tuple[str, ...] = ()
    #: Why there are no figures, and what would measure them, as Markdown.
    not_measured: str = ""

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in the order in which they come."""
        return list(dict.fromkeys(column for row in self.rows.values() for column in row))

    @property
    def figures(self) -> list[TracedFigure]:
        """All figures, row by row."""
        return [figure for row in self.rows.values() for figure in row.values()]


class SetEvidence(Frozen):
    """All tables of a set by their names."""

    set: str
    digest: str
    tables: dict[str, EvidenceTable]


def path_of(table: str, key: object, *path: object) -> str:
    """The source of a value in one row."""
    return "/".join((table, *(quote(str(part), safe="", errors=HALVES) for part in (key, *path))))


def rows_of(table: str, **which: object) -> str:
    """The source of a number of rows."""
    return f"{table}?{urlencode({name: str(value) for name, value in which.items()}, errors=HALVES)}"


def write_evidence(evidence: SetEvidence, to: Path) -> Path:
    """`evidence.json` in the folder."""
    path = to / FILE
    write_json(evidence.model_dump(exclude_defaults=True), path)
    return path


def write_json(content: object, path: Path) -> None:
    """The content in a file, with all letters as they are."""
    written = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    # Of half a character, the escape is what JSON has.
    path.write_bytes(written.encode("utf-8", "backslashreplace"))


def in_markdown(table: EvidenceTable) -> str:
    """The table as a part of a card: its title, its figures, the runs they come from, its notes."""
    parts = [f"## {plain(table.title)}"] if table.title else []
    parts += [_sentence(table)] if table.sentence else _grid(table)
    parts += [f"Not measured: {table.not_measured}."] if table.not_measured else []
    return "\n\n".join([*parts, *table.notes])


def in_words(table: EvidenceTable) -> str:
    """The table as a sentence, for a field of plain text."""
    if table.not_measured:
        return f"Not measured: {table.not_measured.replace('`', '')}."
    rows = (
        f"{name}: {', '.join(f'{column} {shown(figure)}' for column, figure in row.items())}"
        for name, row in table.rows.items()
    )
    head = ", ".join(filter(None, (table.title, table.head or "records that were not taken")))
    return f"{head}: {'; '.join(rows) or 'none'}."


def _sentence(table: EvidenceTable) -> str:
    found = [f"{plain(shown(figure))} {plain(name)}" for name, row in table.rows.items() for figure in row.values()]
    return f"{table.sentence}: {', '.join(found) or 'none'}."


def _grid(table: EvidenceTable) -> Iterable[str]:
    if not table.rows:
        return
    columns = table.columns
    head = [f"| {' | '.join(plain(name) for name in (table.head, *columns))} |", f"|---|{'---:|' * len(columns)}"]
    rows = [
        f"| {' | '.join((plain(name), *(plain(shown(row.get(column))) for column in columns)))} |"
        for name, row in table.rows.items()
    ]
    yield "\n".join([*head, *rows])
    runs = {figure.run: figure.date for figure in table.figures if figure.run is not None and figure.date}
    if runs:
        yield f"From {', '.join(f'run {run} ({plain(date[:10])})' for run, date in sorted(runs.items()))}."


def shown(figure: TracedFigure | None) -> str:
    """A figure for people; nothing where a row has none in this column."""
    if figure is None:
        return ""
    value = figure.value
    if isinstance(value, list):
        return " to ".join(f"{end:.{DIGITS}f}" if isinstance(end, float) else str(end) for end in value)
    if value is None or isinstance(value, bool):
        return {None: "n/a", True: "yes", False: "no"}[value]
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else str(value)


def column(name: str, figures: Mapping[str, TracedFigure]) -> dict[str, dict[str, TracedFigure]]:
    """The rows of a table with one column."""
    return {row: {name: figure} for row, figure in figures.items()}
