"""`curate prompt preview`"""

from __future__ import annotations

from typing import Annotated

import typer

from curation.author import AuthorKind, layer_name
from pipeline.commands.options import (
    HERE,
    JsonOption,
    MaxCostOption,
    MaxTimeOption,
    MaxTokensOption,
    WorkspaceOption,
)
from pipeline.commands.output import print_json, print_table, say
from pipeline.commands.progress_bars import progress_bar
from pipeline.commands.prompt.arguments import PROMPT_WORDS

LAYER = layer_name(AuthorKind.LLM)


def preview(
    prompt: Annotated[str, typer.Option("--with", metavar="NAME", help=PROMPT_WORDS)],
    sample: Annotated[int, typer.Option("--sample", min=1, help="So many records are asked about.")] = 20,
    layer: Annotated[str, typer.Option("--layer", metavar="NAME", help="The layer to compare with.")] = LAYER,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="The section [models.NAME].", show_default="the one in use"),
    ] = None,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_time: MaxTimeOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Ask about a sample of records with another prompt, and show which records and entities would change.

    No layer is stored. The answers are kept: annotating with that prompt does not pay for them again.
    """
    from pipeline.spending import Caps
    from pipeline.steps.prompt.preview import preview as previewed
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    caps = Caps(max_cost, max_tokens, max_time)
    with workspace.open_store() as store:
        found = previewed(
            workspace, store, prompt, model=model, layer=layer, sample=sample, caps=caps, progress=progress_bar
        )
    if as_json:
        print_json(found.as_json())
        return
    rows = [
        (
            record.record_id,
            record.changes.kept,
            record.changes.changed,
            record.changes.removed,
            record.changes.added,
            record.error or ("" if record.differs else "the same"),
        )
        for record in found.records
    ]
    title = f"{found.old_author} and {found.author}: entities of {len(rows)} records"
    print_table(title, ("record", "kept", "changed", "removed", "added", ""), rows)
    differ, spent = sum(record.differs for record in found.records), found.spending
    say(f"{differ} of {len(rows)} records would change; {spent.answers} answers were asked for, {spent.tokens} tokens")
    if failed := sum(record.error is not None for record in found.records):
        say(f"{failed} of these failed: what they would have is not known, or not all of it")
    if spent.reached:
        say(f"stopped before the whole sample: {spent.reached}")
    say("--json shows the wordings that would come and go")
