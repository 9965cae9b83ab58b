"""`curate review agreement`"""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from annotation.agreement.estimate import Figure
    from annotation.agreement.results import Agreement


def agreement(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="PATH", help="HTML file, or folder, for the report.", show_default="reports/agreement"
        ),
    ] = None,
    gamma: Annotated[
        bool, typer.Option("--gamma", help="Also gamma, on a sample of records; seconds for each.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Tell how far annotators agree, with each other, with the model and with themselves; write the report."""
    from pipeline.steps.review.agreement import measure_agreement
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = measure_agreement(workspace, store, to=to, with_gamma=gamma, progress=progress_bar)
    if as_json:
        figures = found.agreement.model_dump(mode="json", exclude={"drill_down"})
        print_json(figures | {"report": str(found.page), "data": str(found.data)})
    else:
        _show(found.agreement)
        say(f"report: {found.page}")
    if open_it:
        webbrowser.open(found.page.resolve().as_uri())


def _show(found: Agreement) -> None:
    from annotation.agreement.report import pair as pair_title

    pairs, together = found.pairs, found.everybody.overall
    rows = {"all pairs": pairs.overall, **pairs.per_pair}
    print_table(
        "Agreement",
        ("pair", "records", "strict F1", "lenient F1", "kappa"),
        [
            (pair_title(name), pair.records, *map(_formatted, (pair.strict, pair.lenient, pair.kappa)))
            for name, pair in rows.items()
        ],
    )
    at_once = {"Fleiss' kappa": together.fleiss, "alpha": together.alpha, "alpha for unitising": together.unitised}
    if found.gamma is not None:
        at_once["gamma"] = found.gamma
    at_once |= {f"alpha of {name}": choice.overall.alpha for name, choice in found.choices.items()}
    print_table("All at once", ("", "value"), [(name, _formatted(figure)) for name, figure in at_once.items()])


def _formatted(figure: Figure) -> str:
    if figure.value is None:
        return figure.note
    ends = f" [{figure.interval[0]:.3f}, {figure.interval[1]:.3f}]" if figure.interval else ""
    return f"{figure.value:.3f}{ends}"
