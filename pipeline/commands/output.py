"""What commands print: one JSON object for scripts, tables and lines for people.

All output goes through this module: ids, names and texts come from others, and none of them moves the cursor of a
terminal, hides or turns what stands beside it, or breaks the line that it stands on.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from curation.printable import printable, printable_json, printable_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

#: So many refusals are shown to a person; --json has them all.
SHOWN = 20


def print_json(value: Mapping[str, JsonValue]) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(f"{printable_json(_as_json(value))}\n")


def print_json_line(value: Mapping[str, JsonValue]) -> None:
    """One JSON object as one line on standard output, at once."""
    print(printable_json(json.dumps(value, ensure_ascii=False)), flush=True)


def _as_json(value: Mapping[str, JsonValue]) -> str:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        # Many times as fast as the standard library with an indent.
        return to_json(value, indent=2, inf_nan_mode="constants").decode()
    except (PydanticSerializationError, UnicodeError):
        return json.dumps(value, indent=2)  # half of a pair of surrogates, which only an escape can say


#: Columns whose cells are never broken over lines.
WHOLE = frozenset({"record", "category"})


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; numbers stand to the right."""
    from rich.console import Console
    from rich.table import Table

    console = Console(emoji=False)  # `:name:` stays what it is
    console.print(printable(title), style="bold", highlight=False, markup=False)
    table = Table()
    for column, name in enumerate(head):
        numeric = bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        whole = name in WHOLE  # to be copied into the next command
        table.add_column(_cell(name), justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def print_counts(title: str, counts: Mapping[str, object], *, what: str = "records") -> None:
    """A table of names and numbers, or nothing when there are none."""
    if counts:
        print_table(title, ("", what), list(counts.items()))


def say_standing(counts: Mapping[str, int]) -> None:
    """A line that says where all records stand; its numbers add up."""
    parts = [f"{count:,} {standing}" for standing, count in counts.items() if count]
    say(f"of {sum(counts.values()):,} records: {', '.join(parts) or 'none'}")


def say(line: str) -> None:
    """A line for people, on standard error, so that standard output stays for results."""
    print(printable(line), file=sys.stderr, flush=True)


def show(line: str) -> None:
    """A line of a result on standard output."""
    print(printable(line))


def show_text(text: str) -> None:
    """A text of several lines on standard output."""
    print(printable_lines(text))


def print_exchanged(title: str, outcome: dict[str, object], *, as_json: bool) -> None:
    """Counts and refusals of an exchange with Label Studio; ends with exit code 1 when some input was refused."""
    if outcome.get("waiting"):
        say(f"{outcome['waiting']} records wait for validation (`curate validate`) and were not sent")
    refused: list[tuple[str, str]] = outcome["refused"]  # type: ignore[assignment]
    if as_json:
        print_json(outcome)  # type: ignore[arg-type]
    else:
        print_counts(title, {name: value for name, value in outcome.items() if isinstance(value, int)})
        scores: dict[str, int] = outcome.get("scores", {})  # type: ignore[assignment]
        print_counts("Scores shown: whose, and how they are calibrated", scores, what="predictions")
        for where, why in refused[:SHOWN]:
            say(f"{where}: {why}")
        _say_in_doubt(outcome.get("in_doubt", []))  # type: ignore[arg-type]
        deleted: list[str] = outcome.get("deleted", [])  # type: ignore[assignment]
        overwritten: list[str] = outcome.get("overwritten", [])  # type: ignore[assignment]
        for line in [*(f"deleted in Label Studio: {what}" for what in deleted), *overwritten][:SHOWN]:
            say(line)
        _say_conflicts(outcome.get("conflicts", []))  # type: ignore[arg-type]
        foreign: list[str] = outcome.get("foreign", [])  # type: ignore[assignment]
        for line in foreign[:SHOWN]:
            say(f"not ours: {line}")
    if refused:
        raise typer.Exit(1)


def _say_in_doubt(in_doubt: Sequence[tuple[str, str]]) -> None:
    """Lines on answers of which it is in doubt whose they are, and what to do about them."""
    if in_doubt:
        say(
            f"{len(in_doubt)} answers count for nobody, since it is in doubt whose they are; "
            "`curate review list --of layer` shows them, `curate review accept|reject RECORD --layer NAME` decides"
        )
    for where, why in in_doubt[:SHOWN]:
        say(f"{where}: {why}")


def _say_conflicts(conflicts: Sequence[tuple[str, str]]) -> None:
    """Lines on translations that reviewers corrected otherwise, and what to do about them."""
    for record_id, who in conflicts[:SHOWN]:
        say(f"{record_id}: {who}")
    if conflicts:
        say(
            f"{len(conflicts)} translations wait for a decision: `curate records show ID` shows a text, `curate review "
            "accept ID --text` takes it, `curate review reject ID --text` sets the other ones and the one before aside"
        )


def _cell(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, float):
        return f"{value:.3f}"
    # Brackets would be taken for styles and left out.
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else escape(printable(str(value)))
