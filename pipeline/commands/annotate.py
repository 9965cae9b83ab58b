"""`curate annotate`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, DownloadOption, JsonOption, RetryOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say, show, show_text
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from pipeline.asked_again import FlipReport
    from pipeline.dry_run import DryRun
    from pipeline.runner import StageReport


def annotate(
    annotator: Annotated[
        str, typer.Option("--with", help="rules, few-shot, adapter:NAME (or its folder), or llm:MODEL.")
    ],
    layer: Annotated[str | None, typer.Option("--layer", help="The layer to write; else the annotator's own.")] = None,
    retry_failed: RetryOption = False,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            "--retry",
            metavar="KIND",
            help="Also ask a language model again about records that failed by this: truncated (with room for a longer "
            "answer), refused, looping, empty, unparsable, incomplete. May be given again.",
        ),
    ] = None,
    examples: Annotated[
        str | None,
        typer.Option(
            "--examples",
            metavar="SET",
            help="Curated set that a language model's prompts have examples from: NAME, NAME@VERSION or a hash; else "
            "annotation.llm.examples.",
        ),
    ] = None,
    dry: Annotated[
        bool,
        typer.Option("--dry-run", help="Send nothing: show one prompt, and what the run would ask and cost."),
    ] = False,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", min=0, help="Money after which nothing more is sent in this run.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", min=0, help="Tokens, sent and answered, after which it stops.")
    ] = None,
    max_time: Annotated[float | None, typer.Option("--max-time", min=0, help="Seconds after which it stops.")] = None,
    again: Annotated[
        str | None,
        typer.Option(
            "--again",
            metavar="SHARE",
            help="Ask a language model again about a share of the records that have its layer, such as 5%, and say how "
            "much changes; no layer is written.",
        ),
    ] = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Have an annotator write its layer on every record that lacks it."""
    from pipeline.asked_again import share_of
    from pipeline.spending import Caps
    from pipeline.steps.annotate import annotate as annotate_all
    from pipeline.steps.annotate import annotate_again, dry_annotate, known_kinds
    from pipeline.workspace import Workspace

    kinds = known_kinds(retry or ())
    share = None if again is None else share_of(again)
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if dry:
            planned = dry_annotate(
                workspace,
                store,
                annotator,
                layer=layer,
                retry_failed=retry_failed,
                kinds=kinds,
                examples=examples,
                progress=progress_bar,
            )
            print_json(planned.as_json()) if as_json else _show(planned)
            return
        if share is not None:
            found = annotate_again(
                workspace, store, annotator, share, layer=layer, examples=examples, progress=progress_bar
            )
            print_json(found.as_json()) if as_json else _show_flips(found)
            return
        done = annotate_all(
            workspace,
            store,
            annotator,
            layer=layer,
            retry_failed=retry_failed,
            kinds=kinds,
            caps=Caps(max_cost, max_tokens, max_time),
            examples=examples,
            progress=progress_bar,
        )
    if as_json:
        print_json(done.as_json())
    else:
        _say(done)
    if done.failed or done.failed_before:
        raise typer.Exit(1)


def _say(done: StageReport) -> None:
    print_table(
        "Annotate",
        ("stage", "done", "unchanged", "failed", "a second"),
        [(done.stage, done.done, done.unchanged, done.failed, done.rate)],
    )
    print_counts("What annotate mended, read otherwise or left out", done.notes, what="times")
    if done.spending is not None:
        spending = {name: value for name, value in done.spending.items() if value}
        print_counts("What language models cost in this run", spending, what="in all")
    if done.may_pass:
        say(f"{done.may_pass} records failed by no fault of theirs; the same command tries them again by itself")
    if done.failed_before:
        say(f"{done.failed_before} records failed before and were not tried again; --retry-failed does")


def _show_flips(found: FlipReport) -> None:
    """How much a model said otherwise, and with which settings of its engine."""
    counts = {name: value for name, value in found.as_json().items() if name not in ("stage", "engine")}
    print_counts(f"{found.stage} asked again", counts, what="")
    for name, engine in found.engine.items():
        show(f"{name}: {engine}")


def _show(planned: DryRun) -> None:
    """What a run would ask and cost, and one prompt as it would be sent."""
    how = "counted" if planned.is_exact else "estimated"
    cost = "not known: no prices" if planned.cost is None else f"{planned.cost:,.4f}"
    time = "not known: nothing was asked yet" if planned.seconds is None else f"{planned.seconds:,.0f} s"
    print_table(
        "Dry run: nothing was sent",
        ("what", "how much"),
        [
            ("records", planned.records),
            ("questions, without repairs", planned.questions),
            ("of these answered before, at no cost", planned.answered),
            (f"tokens sent ({how})", planned.tokens_in),
            (f"tokens answered ({planned.answers_by})", planned.tokens_out),
            ("cost", cost),
            ("time, by the pace of the last run", time),
        ],
    )
    if planned.record_id is not None:
        show(f"The question about record {planned.record_id}:")
    for message in planned.prompt:
        show(f"--- {message.role}")
        show_text(message.content)
