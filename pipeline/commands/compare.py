"""`curate compare`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curation.author import GOLD
from pipeline.commands.options import HERE, DownloadOption, JsonOption, WithScoresOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from curation.scoring.paired import PairedDifference


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A layer, or the number of a run of `curate evaluate`.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The layer or run that is compared with it.")],
    gold: Annotated[
        list[str] | None,
        typer.Option(
            "--gold",
            metavar="LAYER",
            help="The layer both are measured against; several: the first that a record has.",
            show_default=GOLD,
        ),
    ] = None,
    curated: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Only records of a curated set.", show_default="all")
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="Which split of the set.", show_default="test")] = None,
    training_records: Annotated[
        bool,
        typer.Option("--training-records", help="Also compare on records that an author of either has learnt from."),
    ] = False,
    asked: WithScoresOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Compare two layers, or two evaluations: each figure's difference, its interval and its probability by chance."""
    from pipeline.steps.compare import compare_layers
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = compare_layers(
            workspace,
            store,
            a=a,
            b=b,
            gold=gold or (GOLD,),
            curated=curated,
            split=split,
            training_records=training_records,
            asked=asked or (),
        )
    if as_json:
        print_json(done.as_json())
        return
    where = f"{done.whole.documents} documents of {done.whole.groups} groups, against {done.against}"
    head = ("figure", done.a, done.b, "difference", "95 %", "p")
    print_table(f"{done.b} minus {done.a}: {where}", head, _rows(done.whole.totals))
    of_strict = [row for row in done.whole.rows if row.table == "strict"]
    if of_strict:
        print_table("Strict, by category; p for all of them together", head, _rows(of_strict))
    if len(done.languages) > 1:
        for language, found in done.languages.items():
            print_table(f"{language}: {found.documents} documents", head, _rows(found.totals))
    for note in done.notes:
        say(note)
    say("the rows of all tables: --json")


def _rows(differences: Iterable[PairedDifference]) -> list[tuple[object, ...]]:
    return [
        (
            row.row or row.table,
            _shown(row.a),
            _shown(row.b),
            "-" if row.difference is None else f"{row.difference:+.3f}",
            "-" if row.interval is None else f"{row.interval[0]:+.3f} to {row.interval[1]:+.3f}",
            _shown(row.p if row.p_adjusted is None else row.p_adjusted),
        )
        for row in differences
    ]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
