"""`curate prompt render`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.decision_output import RecordArgument
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, say, show_text
from pipeline.commands.prompt.arguments import PROMPT_WORDS


def render(
    record: RecordArgument,
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", metavar="NAME", help=PROMPT_WORDS, show_default="annotation.llm.prompt"),
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show what a language model is asked about a record, word for word; nothing is sent."""
    from pipeline.steps.prompt.files import render_stored
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        rendered = render_stored(workspace, store, record, prompt=prompt)
    if as_json:
        print_json(rendered.as_json())
        return
    for number, asked in enumerate(rendered.requests, 1):
        about = f", {asked.category.name}" if asked.category else ""
        window = f"characters {asked.window[0]} to {asked.window[1]}"
        say(f"{rendered.prompt} ({rendered.style}), request {number} of {len(rendered.requests)}: {window}{about}")
        for message in asked.messages:
            show_text(f"[{message.role}]\n{message.content}\n")
