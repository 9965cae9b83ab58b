"""`curate import`"""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from curation.author import GOLD
from pipeline.commands.import_output import say_import
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say
from pipeline.commands.progress_bars import progress_bar


def import_sources(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, data set names.")],
    format: Annotated[
        str,
        typer.Option("--format", help="auto, jsonl, json, csv, parquet, hf, text, brat, pubtator, conll, elmtex, ..."),
    ] = "auto",
    mapping: Annotated[
        str | None, typer.Option("--mapping", help="A mapping file, or the name of one that is shipped.")
    ] = None,
    layer: Annotated[str, typer.Option("--layer", help="The layer that the source's annotations become.")] = GOLD,
    language: Annotated[str | None, typer.Option("--language", help="Of all records: a code such as en or de.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Where rows do not say it.")] = None,
    source_name: Annotated[str | None, typer.Option("--source-name", help="What to call this source.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=COLUMN", help="text=note, id=row.id, group=patient, ..."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="cp1252, latin-1, utf-16, ... of text files.", show_default="utf-8"),
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Import reports, with their annotations where they have any."""
    from curation.errors import UsageError
    from curation.sources import ReadOptions
    from pipeline.steps.imports import import_into
    from pipeline.workspace import Workspace

    columns = dict(pair.partition("=")[::2] for pair in column or ())
    if "" in columns.values():
        raise UsageError("expected --column FIELD=COLUMN, such as --column text=note")
    workspace = Workspace.at(folder, notify=say)
    options = ReadOptions(
        layer=layer,
        language=language,
        licence=licence,
        source_name=source_name,
        columns=columns,
        encoding=encoding,
        again=_other_options(
            format="" if format == "auto" else format,
            mapping=mapping,
            layer="" if layer == GOLD else layer,
            language=language,
            licence=licence,
            source_name=source_name,
            column=column,
            workspace="" if folder == HERE else str(folder),
        ),
    )
    with workspace.open_store() as store:
        report = import_into(workspace, store, sources, options, format=format, mapping=mapping, progress=progress_bar)
    if as_json:
        print_json(report.as_json())
    else:
        print_counts("Import", report.counts(), what="")
        say_import(report, layer=layer)
    if report.problems_in_all:
        raise typer.Exit(1)


def _other_options(**given: str | list[str] | None) -> str:
    """The options as they are typed, but for the encoding, after a blank each."""
    values = {name: [value] if isinstance(value, str) else value for name, value in given.items() if value}
    return "".join(
        f" --{name.replace('_', '-')} {shlex.quote(value)}" for name, listed in values.items() for value in listed or ()
    )
