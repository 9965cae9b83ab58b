"""`curate annotate`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

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
from pipeline.commands.output import print_counts, print_json, print_table, say, show, show_text
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from pipeline.asked_again import FlipReport
    from pipeline.dry_run import DryRun
    from pipeline.runner import StageReport


#: What a report of flips has beside its counts.
OF_ITS_OWN = ("stage", "engine", "schemas", "stopped", "spending")

ExamplesOption = Annotated[
    str | None,
    typer.Option(
        "--examples",
        metavar="SET",
        help="Curated set that a language model's prompts have examples from: NAME, NAME@VERSION or a hash; else "
        "annotation.llm.examples.",
    ),
]
SamplesOption = Annotated[
    int | None,
    typer.Option(
        "--samples",
        min=1,
        max=50,
        help="Ask a language model each question so many times, at a temperature above 0, and keep what enough of "
        "the answers say; else annotation.llm.samples.",
    ),
]
MergeOption = Annotated[
    str | None,
    typer.Option(
        "--merge",
        metavar="RULE",
        help="What is kept of several models: vote (more than half say it), union (any), intersection (all); else "
        "annotation.llm.merge.",
    ),
]
BatchOption = Annotated[
    bool,
    typer.Option(
        "--batch",
        help="Ask a language model by batches at its provider, at the price of those: collect what has come, send "
        "what is open, and end; the same command later goes on.",
    ),
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="With --batch: stay until all has come; Ctrl-C leaves it at the provider.")
]
AgainOption = Annotated[
    str | None,
    typer.Option(
        "--again",
        metavar="SHARE",
        help="Ask a language model again about a share of the records that have its layer, such as 5%, and say how "
        "much changes; no layer is written.",
    ),
]


def annotate(
    annotator: Annotated[
        str,
        typer.Option(
            "--with",
            help="rules, few-shot, adapter:NAME (or its folder), llm:MODEL, or several models as llm:A,llm:B.",
        ),
    ],
    layer: Annotated[str | None, typer.Option("--layer", help="The layer to write; else the annotator's own.")] = None,
    retry_failed: RetryOption = False,
    retry: RetryKindsOption = None,
    examples: ExamplesOption = None,
    samples: SamplesOption = None,
    merge: MergeOption = None,
    dry: DryRunOption = False,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_time: MaxTimeOption = None,
    batch: BatchOption = False,
    wait: WaitOption = False,
    again: AgainOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Have an annotator write its layer on every record that lacks it."""
    from curation.errors import UsageError
    from pipeline.asked_again import share_of
    from pipeline.batch_asking import BatchMode
    from pipeline.spending import Caps
    from pipeline.steps.annotate import Opinions, annotate_again, dry_annotate, known_kinds
    from pipeline.steps.annotate import annotate as annotate_all
    from pipeline.workspace import Workspace

    capped = {"--max-cost": max_cost, "--max-tokens": max_tokens, "--max-time": max_time}
    retried = {"--retry": retry or None, "--retry-failed": retry_failed or None}
    if again is not None:
        refuse_beside("--again", {"--dry-run": dry or None, **retried})
    if dry:
        refuse_beside("--dry-run", {"--wait": wait or None, **capped})
    kinds = known_kinds(retry or ())
    opinions = Opinions(samples, merge)
    share = None if again is None else share_of(again)
    if (wait and not batch) or (batch and share is not None):
        raise UsageError("expected --wait with --batch only, and --batch without --again")
    mode = BatchMode(wait) if batch else None
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
                opinions=opinions,
                batch=mode,
                progress=progress_bar,
            )
            print_json(planned.as_json()) if as_json else show_dry_run(planned)
            return
        if share is not None:
            found = annotate_again(
                workspace,
                store,
                annotator,
                share,
                layer=layer,
                caps=Caps(max_cost, max_tokens, max_time),
                examples=examples,
                opinions=opinions,
                progress=progress_bar,
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
            opinions=opinions,
            batch=mode,
            progress=progress_bar,
        )
    if as_json:
        print_json(done.as_json())
    else:
        say_done("Annotate", done)
    if done.failed or done.failed_before:
        raise typer.Exit(1)


def say_done(title: str, done: StageReport) -> None:
    """How a stage went, in tables and lines."""
    print_table(
        title,
        ("stage", "done", "unchanged", "failed", "a second"),
        [(done.stage, done.done, done.unchanged, done.failed, done.rate)],
    )
    print_counts("Failed in this run, by kind (--retry KIND asks again)", done.kinds)
    print_counts(f"What {title.lower()} mended, read otherwise or left out", done.mended, what="times")
    print_counts("What the scores of entities are made from", done.scores, what="entities")
    if done.spending is not None:
        spending = {name: value for name, value in done.spending.items() if value}
        print_counts("What language models cost in this run", spending, what="in all")
    if done.batches is not None:
        counts = {name: value for name, value in done.batches.items() if isinstance(value, int | float)}
        print_counts("Batches", {name.replace("_", " "): count for name, count in counts.items()}, what="")
    if done.may_pass:
        say(f"{done.may_pass} records failed by no fault of theirs; the same command tries them again by itself")
    if done.failed_before:
        say(f"{done.failed_before} records failed before and were not tried again; --retry-failed does")


def _show_flips(found: FlipReport) -> None:
    """How much a model said otherwise, and with which settings of its engine."""
    counts = {name: value for name, value in found.as_json().items() if name not in OF_ITS_OWN}
    print_counts(f"{found.stage} asked again", counts, what="")
    for name, engine in found.engine.items():
        show(f"{name}: {engine}")


def show_dry_run(planned: DryRun) -> None:
    """What a run would ask and cost, and one prompt as it would be sent."""
    how = "counted" if planned.is_exact else "estimated"
    price = "" if planned.price_factor is None else f" in batches ({planned.price_factor:g} of the price)"
    cost = "not known: no prices" if planned.cost is None else f"{planned.cost:,.4f}"
    time = "not known: nothing was asked yet" if planned.seconds is None else f"{planned.seconds:,.0f} s"
    print_table(
        "Dry run: nothing was sent",
        ("what", "how much"),
        [
            ("records", planned.records),
            ("records that lie in batches already", planned.lying),
            ("questions, without repairs", planned.questions),
            ("of these answered before, at no cost", planned.answered),
            (f"tokens sent ({how})", planned.tokens_in),
            (f"tokens answered ({planned.answers_by})", planned.tokens_out),
            (f"cost{price}", cost),
            ("time, by the pace of the last run", time),
        ],
    )
    if planned.record_id is not None:
        show(f"The question about record {planned.record_id}:")
    for message in planned.prompt:
        show(f"--- {message.role}")
        show_text(message.content)
