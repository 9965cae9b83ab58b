"""`curate translate`"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.annotate import BatchOption, WaitOption, show_dry_run
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
from pipeline.commands.output import print_json, say
from pipeline.commands.progress_bars import progress_bar
from pipeline.commands.translation_output import (
    show_carried,
    show_examination,
    show_quality,
    show_retries,
    show_translated,
)

if TYPE_CHECKING:
    from pipeline.steps.translate import TranslateReport
    from pipeline.steps.translations.examination import ExaminationReport
    from pipeline.steps.translations.retries import RetryReport


def translate(
    to: Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="The language to translate into, such as de.")],
    translator: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="TRANSLATOR",
            help="As llm:NAME or seq2seq:NAME; without it, curation.translate.translator.",
        ),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="LAYER", help="A layer that travels; may be given again. Without it, all."),
    ] = None,
    report_only: Annotated[
        bool, typer.Option("--report", help="Ask nothing: show what became of the entities of all translations so far.")
    ] = False,
    back: Annotated[
        bool,
        typer.Option(
            "--back-translate",
            help="Translate the translations back (--with says who), and compare with the originals by chrF.",
        ),
    ] = False,
    judged: Annotated[
        bool,
        typer.Option(
            "--judge",
            help="Ask a language model (--with llm:NAME) whether each translation says what its original says.",
        ),
    ] = False,
    retry_found: Annotated[
        bool,
        typer.Option(
            "--retry-findings", help="Translate again what fails a check; the best stands, if it beats the earlier one."
        ),
    ] = False,
    best_of: Annotated[
        int | None,
        typer.Option("--best-of", min=1, metavar="N", help="With --retry-findings: so many candidates of each record."),
    ] = None,
    retry_failed: RetryOption = False,
    retry: RetryKindsOption = None,
    dry: DryRunOption = False,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_time: MaxTimeOption = None,
    batch: BatchOption = False,
    wait: WaitOption = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Translate records into another language; their layers travel with the text, every entity accounted for."""
    from pipeline.batch_asking import BatchMode
    from pipeline.spending import Caps
    from pipeline.steps.annotate import known_kinds
    from pipeline.steps.translate import dry_translate, translated_so_far
    from pipeline.steps.translate import translate as translate_all
    from pipeline.steps.translations.examination import Examination, dry_examine, examine
    from pipeline.steps.translations.quality import quality_of
    from pipeline.steps.translations.retries import dry_retry, retry_findings
    from pipeline.workspace import Workspace

    kinds = known_kinds(retry or ())
    modes = {"--report": report_only, "--back-translate": back, "--judge": judged, "--retry-findings": retry_found}
    mode = _mode_of(modes)
    if report_only and (dry or retry_failed or kinds):
        raise typer.BadParameter("expected --report without --dry-run, --retry and --retry-failed")
    if wait and (dry or not batch):
        raise typer.BadParameter("expected --wait with --batch only, and without --dry-run")
    if best_of is not None and not retry_found:
        raise typer.BadParameter("expected --best-of with --retry-findings")
    if mode and batch:
        raise typer.BadParameter(f"expected {mode} without --batch")
    if layers and mode not in (None, "--report"):
        raise typer.BadParameter(f"expected {mode} without --layer: the layers are those of the translations")
    by_batches = BatchMode(wait) if batch else None
    how = Examination.BACK if back else Examination.JUDGE
    asked: dict[str, Any] = {"retry_failed": retry_failed, "kinds": kinds, "progress": progress_bar}
    translating: dict[str, Any] = asked | {"layers": layers or (), "batch": by_batches}
    caps = Caps(max_cost, max_tokens, max_time)
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if report_only:
            counts = translated_so_far(workspace, store, to, layers or ())
            quality = quality_of(workspace, store, to)
            if as_json:
                print_json(counts.as_json() | {"quality": quality.as_json()})
            else:
                show_carried(to, counts)
                show_quality(quality)
            return
        if dry:
            if back or judged:
                planned = dry_examine(workspace, store, to, how, translator, **asked)
            elif retry_found:
                planned = dry_retry(workspace, store, to, translator, best_of=best_of or 1, **asked)
            else:
                planned = dry_translate(workspace, store, to, translator, **translating)
            print_json(planned.as_json()) if as_json else show_dry_run(planned)
            return
        report: TranslateReport | ExaminationReport | RetryReport
        if back or judged:
            report = examined = examine(workspace, store, to, how, translator, caps=caps, **asked)
            show_people = partial(show_examination, "Translate back" if back else "Judge", examined)
        elif retry_found:
            again = retry_findings(workspace, store, to, translator, best_of=best_of or 1, caps=caps, **asked)
            report = again
            show_people = partial(show_retries, again)
        else:
            report = made = translate_all(workspace, store, to, translator, caps=caps, **translating)
            show_people = partial(show_translated, to, made)
    print_json(report.as_json()) if as_json else show_people()
    if report.done.failed or report.done.failed_before:
        raise typer.Exit(1)


def _mode_of(modes: dict[str, bool]) -> str | None:
    """The one thing beside translating that is asked for."""
    given = [name for name, is_given in modes.items() if is_given]
    if len(given) > 1:
        raise typer.BadParameter(f"expected one of {', '.join(modes)}, got {' and '.join(given)}")
    return given[0] if given else None
