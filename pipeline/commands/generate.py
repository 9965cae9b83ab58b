"""`curate generate`"""

from __future__ import annotations

from pathlib import Path
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
    from collections.abc import Mapping, Sequence

    from pipeline.steps.generate import DiversityReport
    from pipeline.telling import ToldReport

CAPS = ("--max-cost", "--max-tokens", "--max-time")


def generate(
    records: Annotated[
        int | None,
        typer.Option("--records", help="Cases; with a table or records of the store, so many at most.", min=1),
    ] = None,
    teller: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="MODEL", help="The model that tells the cases (llm:NAME); without it, rules write them."
        ),
    ] = None,
    languages: Annotated[
        str | None,
        typer.Option(
            "--languages",
            help="Comma-separated: en, de. By rules each case gives a record in each; a model tells it in one of them, "
            "with --parallel in each.",
            show_default="en,de",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same cases.")] = 0,
    noise: Annotated[
        float | None,
        typer.Option("--noise", help="By rules: share of words with a slip.", min=0, max=1, show_default="0"),
    ] = None,
    parallel: Annotated[
        bool,
        typer.Option(
            "--parallel",
            help="By rules: tell each case alike in all languages, sentence by sentence. By a model: in all languages.",
        ),
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(
            "--from-table",
            metavar="FILE",
            help="Cases of a table (CSV, JSON lines): a row a case, a column a category.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=CATEGORY",
            help="What a column of the table is, also as NAME=CATEGORY:negated. May be given again.",
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--from-layers",
            metavar="LAYER",
            help="Cases of records: what this layer says of each patient, told otherwise. With --from-reports, what is "
            "looked for in the summaries.",
        ),
    ] = None,
    reports: Annotated[
        bool, typer.Option("--from-reports", help="Summaries of the longer records (curation.generate.report_words).")
    ] = False,
    judge: Annotated[
        str | None,
        typer.Option(
            "--judge", metavar="MODEL", help="The model (llm:NAME) that is asked whether each text says what was found."
        ),
    ] = None,
    report_only: Annotated[
        bool,
        typer.Option("--report", help="Generate nothing: measure what was generated, beside the real texts."),
    ] = False,
    semantic: Annotated[
        bool,
        typer.Option("--semantic", help="In the report: count texts that tell the same case in other words, too."),
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
    """Write synthetic summaries: by rules with exact gold, or told by a language model and checked fact by fact."""
    from pipeline.spending import Caps
    from pipeline.steps.annotate import known_kinds
    from pipeline.steps.generate import dry_tell, generate_into, has_generated, measure_generated, tell_into
    from pipeline.telling import TellingOrder
    from pipeline.workspace import Workspace

    kinds = known_kinds(retry or ())
    spoken = tuple(word.strip() for word in languages.split(",")) if languages is not None else None
    of_model = {
        "--from-table": table,
        "--column": columns,
        "--from-layers": layer,
        "--from-reports": reports or None,
        "--judge": judge,
        "--dry-run": dry or None,
        "--retry-failed": retry_failed or None,
        "--retry": retry,
        "--max-cost": max_cost,
        "--max-tokens": max_tokens,
        "--max-time": max_time,
    }
    if report_only:
        refuse_beside("--report", of_model | {"--with": teller, "--records": records})
    elif teller is None:
        _refuse_without_model(of_model)
        if records is None:
            raise typer.BadParameter("expected --records N: the number of cases")
    else:
        refuse_beside("--with", {"--noise": noise})
    if semantic and teller is None and not report_only:
        raise typer.BadParameter("expected --semantic with --with llm:NAME or with --report")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if report_only:
            measured = measure_generated(workspace, store, semantic=semantic)
            print_json(measured.as_json()) if as_json else _show_diversity(measured)
            return
        if teller is not None:
            order = TellingOrder(
                teller=teller,
                records=records,
                languages=spoken,
                seed=seed,
                parallel=parallel,
                judge=judge,
                table=table,
                columns=_columns(columns or ()),
                layer=layer,
                reports=reports,
            )
            if dry:
                refuse_beside("--dry-run", {name: of_model[name] for name in CAPS})
                planned = dry_tell(
                    workspace, store, order, retry_failed=retry_failed, kinds=kinds, progress=progress_bar
                )
                print_json(planned.as_json()) if as_json else show_dry_run(planned)
                return
            caps = Caps(max_cost, max_tokens, max_time)
            told = tell_into(
                workspace, store, order, retry_failed=retry_failed, kinds=kinds, caps=caps, progress=progress_bar
            )
            measured_now = measure_generated(workspace, store, semantic=semantic) if has_generated(store) else None
            _show_told(told, measured_now, as_json=as_json)
            if told.done.failed or told.done.failed_before:
                raise typer.Exit(1)
            return
        report = generate_into(
            workspace,
            store,
            records or 0,
            languages=spoken or ("en", "de"),
            seed=seed,
            noise=noise or 0.0,
            parallel=parallel,
            progress=progress_bar,
        )
    counts = {"imported": report.imported, "unchanged": report.unchanged}
    if report.left_out:
        counts["left_out"] = report.left_out
        name = workspace.scheme.name
        say(
            f"{report.left_out:,} entities and relations of the cases were left out: the scheme {name} has no such kind"
        )
    print_json(dict(counts)) if as_json else print_counts("Generated", counts)


def _refuse_without_model(of_model: Mapping[str, object]) -> None:
    """Raises UsageError where options are given that only a model could follow."""
    from curation.errors import UsageError

    if given := [name for name, value in of_model.items() if value is not None]:
        raise UsageError(f"expected --with llm:NAME with {', '.join(given)}: rules write without them")


def _columns(given: Sequence[str]) -> dict[str, str]:
    """The categories by the names of columns."""
    found = {}
    for written in given:
        name, separator, category = written.rpartition("=")
        if not separator or not name.strip() or not category.strip():
            raise typer.BadParameter(f"expected --column NAME=CATEGORY, got {written!r}")
        found[name.strip()] = category.strip()
    return found


def _show_told(told: ToldReport, measured: DiversityReport | None, *, as_json: bool) -> None:
    if as_json:
        diversity = {"diversity": measured.as_json() if measured else None}
        print_json(told.as_json() | diversity)
        return
    say_done("Generate", told.done)
    say(f"{told.told:,} texts were told in this run")
    if told.left_out:
        say(f"{told.left_out:,} records are no case and were left out")
    if told.told_before:
        say(f"{told.told_before:,} cases were told before, with the same model, prompts and settings")
    if told.empty:
        say(f"{told.empty:,} rows of the table have no fact and were left out")
    if measured is not None:
        _show_diversity(measured)


def _show_diversity(measured: DiversityReport) -> None:
    print_counts("Told by language models, in all", dict(measured.told), what="")
    rows = [
        (
            group.language,
            group.author,
            group.records,
            " / ".join(f"{share:.2f}" for share in group.distinct.values()),
            group.near,
            "" if group.semantic is None else group.semantic,
            "" if group.copied is None else group.copied,
            len(group.conditions),
        )
        for group in measured.groups
    ]
    head = ("language", "by", "texts", "different", "near-duplicates", "same case", "copied", "conditions")
    print_table("Variety (different words, pairs and threes of words: shares over equally many words)", head, rows)
    if measured.page is not None:
        say(f"report: {measured.page}")
