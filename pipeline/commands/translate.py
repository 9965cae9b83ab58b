"""`curate translate`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.annotate import say_done, show_dry_run
from pipeline.commands.options import (
    HERE,
    DownloadOption,
    DryRunOption,
    JsonOption,
    MaxCostOption,
    MaxTimeOption,
    MaxTokensOption,
    RetryKindsOption,
    RetryOption,
    WorkspaceOption,
)
from pipeline.commands.output import print_counts, print_json, print_table, say
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from curation.translate.standing import CarriedCounts


def translate(
    to: Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="The language to translate into, such as de.")],
    translator: Annotated[
        str | None,
        typer.Option("--with", metavar="TRANSLATOR", help="As llm:NAME; without it, curation.translate.translator."),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="LAYER", help="A layer that travels; may be given again. Without it, all."),
    ] = None,
    report_only: Annotated[
        bool, typer.Option("--report", help="Ask nothing: show what became of the entities of all translations so far.")
    ] = False,
    retry_failed: RetryOption = False,
    retry: RetryKindsOption = None,
    dry: DryRunOption = False,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_time: MaxTimeOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Translate records into another language; their layers travel with the text, every entity accounted for."""
    from pipeline.spending import Caps
    from pipeline.steps.annotate import known_kinds
    from pipeline.steps.translate import dry_translate, translated_so_far
    from pipeline.steps.translate import translate as translate_all
    from pipeline.workspace import Workspace

    kinds = known_kinds(retry or ())
    if report_only and (dry or retry_failed or kinds):
        raise typer.BadParameter("expected --report without --dry-run, --retry and --retry-failed")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if report_only:
            counts = translated_so_far(store, to, layers or ())
            print_json(counts.as_json()) if as_json else _show_counts(to, counts)
            return
        if dry:
            planned = dry_translate(
                workspace,
                store,
                to,
                translator,
                layers=layers or (),
                retry_failed=retry_failed,
                kinds=kinds,
                progress=progress_bar,
            )
            print_json(planned.as_json()) if as_json else show_dry_run(planned)
            return
        report = translate_all(
            workspace,
            store,
            to,
            translator,
            layers=layers or (),
            retry_failed=retry_failed,
            kinds=kinds,
            caps=Caps(max_cost, max_tokens, max_time),
            progress=progress_bar,
        )
    if as_json:
        print_json(report.as_json())
    else:
        say_done("Translate", report.done)
        print_counts("Not translated", report.left_out, what="records")
        if report.set_aside:
            say(f"{report.set_aside:,} older translations were set aside: the new ones stand in their place")
        _show_counts(to, report.counts)
    if report.done.failed or report.done.failed_before:
        raise typer.Exit(1)


def _show_counts(to: str, counts: CarriedCounts) -> None:
    """What became of entities, by category."""
    from curation.translate.projection.layers import COUNTED

    rows = [(name, *(found[column] for column in COUNTED)) for name, found in sorted(counts.by_category.items())]
    rows.append(("all", *(sum(found[column] for found in counts.by_category.values()) for column in COUNTED)))
    translators = ", ".join(sorted(counts.translators)) or "nobody yet"
    print_table(f"Entities in {counts.records} translations into {to}, by {translators}", ("category", *COUNTED), rows)
