"""`curate judge`"""

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
    refuse_beside,
)
from pipeline.commands.output import print_counts, print_json, print_table, say
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from curation.judge.judged import JudgedCounts
    from pipeline.steps.judge import JudgedRecord


def judge(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="The layer to judge, by whomever it is.")],
    judge: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="MODEL", help="The model, as llm:NAME; without it, what is judged so far is shown."
        ),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option("--show", metavar="RECORD", help="Ask nothing: show what is judged of this record, without text."),
    ] = None,
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
    """Ask a language model whether the text says what a layer says, entity by entity; the layer stays as it is."""
    from pipeline.spending import Caps
    from pipeline.steps.annotate import known_kinds
    from pipeline.steps.judge import dry_judge, judged_record, judged_so_far
    from pipeline.steps.judge import judge as judge_all
    from pipeline.workspace import Workspace

    kinds = known_kinds(retry or ())
    capped = {"--max-cost": max_cost, "--max-tokens": max_tokens, "--max-time": max_time}
    if judge is None and (dry or retry_failed or kinds or any(cap is not None for cap in capped.values())):
        raise typer.BadParameter("expected --with llm:NAME with --dry-run, --retry, --retry-failed and --max-...")
    if dry:
        refuse_beside("--dry-run", capped)
    if judge is not None and record is not None:
        raise typer.BadParameter("expected one of --with and --show, got both")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if record is not None:
            shown = judged_record(store, layer, record)
            print_json(shown.as_json()) if as_json else _show_record(shown)
            return
        if judge is None:
            counts = judged_so_far(store, layer)
            print_json(counts.as_json()) if as_json else _show_counts(layer, counts)
            return
        if dry:
            planned = dry_judge(
                workspace, store, layer, judge, retry_failed=retry_failed, kinds=kinds, progress=progress_bar
            )
            print_json(planned.as_json()) if as_json else show_dry_run(planned)
            return
        report = judge_all(
            workspace,
            store,
            layer,
            judge,
            retry_failed=retry_failed,
            kinds=kinds,
            caps=Caps(max_cost, max_tokens, max_time),
            progress=progress_bar,
        )
    if as_json:
        print_json(report.as_json())
    else:
        say_done("Judge", report.done)
        _show_counts(layer, report.counts)
    if report.done.failed or report.done.failed_before:
        raise typer.Exit(1)


def _show_counts(layer: str, counts: JudgedCounts) -> None:
    """What was found, by category."""
    from curation.judge.verdicts import JudgeOutcome

    head = ("category", *(outcome.value.replace("_", " ") for outcome in JudgeOutcome))
    rows = [(name, *(found[outcome] for outcome in JudgeOutcome)) for name, found in sorted(counts.by_category.items())]
    rows.append(("all", *(counts.outcomes[outcome] for outcome in JudgeOutcome)))
    judges = ", ".join(sorted(counts.by)) or "nobody yet"
    print_table(f"Layer {layer}, {counts.records} records, judged by {judges}", head, rows)
    print_counts("Not judged", dict(counts.not_judged), what="entities")


def _show_record(shown: JudgedRecord) -> None:
    by = shown.judged.by if shown.judged else "nobody yet"
    if shown.judged and shown.judged.version != shown.layer.digest:
        say(f"the layer has changed since {by} judged it; judge it again")
    print_table(
        f"Record {shown.record_id}, layer {shown.layer.name} by {shown.layer.author}, judged by {by}",
        ("entity", "offsets", "said", "found", "judge says", "right"),
        [
            (
                entity.id,
                ", ".join(f"{start}-{end}" for start, end in entity.spans),
                f"{entity.category}, {entity.assertion.value}",
                judgement.why or judgement.outcome.value.replace("_", " "),
                ", ".join(word for word in (judgement.category, judgement.assertion) if word),
                "" if judgement.probability is None else f"{judgement.probability:.2f}",
            )
            for entity, judgement in shown.rows
        ],
    )
