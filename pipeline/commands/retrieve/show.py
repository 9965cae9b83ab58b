"""`curate retrieve show`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, DownloadOption, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say, show_text
from pipeline.commands.output import show as show_line
from pipeline.commands.retrieve.options import ExampleSetOption, NumberOption, StrategyOption, with_options


def show(
    record: Annotated[
        str | None, typer.Argument(metavar="RECORD", help="A record of the store: its hash or the source's own id.")
    ] = None,
    text_file: Annotated[
        typer.FileText | None,
        typer.Option("--text-file", encoding="utf-8", help="A text in a file in UTF-8 instead; - is standard input."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Language of that text.", show_default="the scheme's first")
    ] = None,
    curated: ExampleSetOption = None,
    number: NumberOption = None,
    strategy: StrategyOption = None,
    text: Annotated[bool, typer.Option("--text", help="Also print the examples' texts and entities.")] = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show which reviewed records a prompt about a record would have as examples."""
    from curation.errors import UsageError
    from pipeline.steps.retrieve.show import show_examples
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    try:
        content = text_file.read() if text_file is not None else None
    except UnicodeDecodeError as error:
        raise UsageError("expected a text file in UTF-8, got another encoding") from error
    with workspace.open_store() as store:
        found = show_examples(
            workspace,
            store,
            record=record,
            text=content,
            language=language,
            curated=curated,
            settings=with_options(workspace, number=number, strategy=strategy),
        )
    if as_json:
        print_json(found.as_json(text=text))
        return
    print_table(f"Examples for {found.record.id}", ("record", "score", "entities", "tokens"), found.rows)
    if not found.examples:
        say(f"no examples in {found.record.language} that are no relatives of it and fit into the budget of tokens")
    for example in found.examples if text else ():
        show_line(f"{example.record.id}:")
        show_text(example.record.text)
        for entity in example.layer.entities:
            show_line(f"  {entity.category}: {entity.text} ({entity.assertion.value})")
