"""`curate generate`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say
from pipeline.commands.progress_bars import progress_bar


def generate(
    records: Annotated[int, typer.Option("--records", help="Cases; each gives one record a language.", min=1)],
    languages: Annotated[str, typer.Option("--languages", help="Comma-separated: en, de.")] = "en,de",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same records.")] = 0,
    noise: Annotated[float, typer.Option("--noise", help="Share of words with a slip.", min=0, max=1)] = 0.0,
    parallel: Annotated[
        bool,
        typer.Option(
            "--parallel", help="Tell each case alike in all languages, sentence by sentence; else each its own way."
        ),
    ] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write synthetic summaries with exact gold: for load tests, cold start and teaching."""
    from pipeline.steps.generate import generate_into
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        report = generate_into(
            workspace,
            store,
            records,
            languages=tuple(languages.split(",")),
            seed=seed,
            noise=noise,
            parallel=parallel,
            progress=progress_bar,
        )
    counts = {"imported": report.imported, "unchanged": report.unchanged}
    print_json(dict(counts)) if as_json else print_counts("Generated", counts)
