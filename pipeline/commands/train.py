"""`curate train`"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, DownloadOption, JsonOption, SetOption, WorkspaceOption, refuse_beside
from pipeline.commands.output import print_counts, print_json, print_table, say, show, show_text
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from pipeline.steps.train import CheckedViews
    from training.shown import ShownRow
    from training.trained import Trained


class TrainAction(StrEnum):
    """What may stand behind `curate train`."""

    CHECK = "check"


ActionArgument = Annotated[
    TrainAction | None,
    typer.Argument(
        help="check: train nothing, and count what the view would hold of the set. Without it, train.",
        show_default=False,
    ),
]
ShowOption = Annotated[
    int,
    typer.Option("--show", min=0, help="With check: so many training records as the model sees them (clinical text)."),
]


def train(
    action: ActionArgument = None,
    name: Annotated[str, typer.Option("--name", help="The adapter's name.")] = "adapter",
    curated: SetOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Train anew what is trained already or has a checkpoint.")
    ] = False,
    examples: ShowOption = 0,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train a LoRA adapter on a curated set; it can annotate at once."""
    from curation.errors import UsageError
    from pipeline.steps.train import check_views
    from pipeline.steps.train import train as train_adapter
    from pipeline.workspace import Workspace

    if action is None and examples:
        raise UsageError("expected --show with `curate train check` only")
    if action is not None:
        refuse_beside("check", {"--again": again or None})
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if action is TrainAction.CHECK:
            _print_check(check_views(workspace, store, curated=curated, show=examples), as_json=as_json)
            return
        trained = train_adapter(workspace, store, name=name, curated=curated, again=again, progress=progress_bar)
    if as_json:
        print_json(
            {
                "folder": str(trained.folder),
                "unchanged": trained.unchanged,
                "manifest": trained.manifest.model_dump(mode="json"),
            }
        )
    else:
        say_scores(trained)
        say(f"adapter: {trained.folder} ({trained.manifest.seconds:.0f} s)")


def say_scores(trained: Trained) -> None:
    """What the view could hold, and apart from it how good the model is on the validation records."""
    view = trained.manifest.training.get("view")
    if isinstance(view, dict) and isinstance(oracle := view.get("oracle"), float):
        say(f"the view ({view['view']}) holds {oracle:.4f} of {view['annotations']:,} annotations: oracle recall")
    if trained.history:
        best = max(trained.history)
        found = trained.manifest.metrics.get("validation")
        # What is better is higher for the loop, so that it has a loss with its sign turned.
        is_loss = isinstance(found, dict) and "answers" in found
        figure = f"loss {-best:.4f}, the lowest" if is_loss else f"{best:.4f}, the best"
        say(f"validation: {figure} of {len(trained.history)} epochs: {trained.history.index(best) + 1}")


def _print_check(found: CheckedViews, *, as_json: bool) -> None:
    """The counts of each split; ends with exit code 1 where the training would be refused."""
    if as_json:
        print_json(found.as_json())
    else:
        checks = found.by_split
        names = ("records", "whole", "cut", "rows", "negatives", "annotations")
        rows: list[tuple[object, ...]] = [
            (name, *(getattr(check, name) for check in checks.values())) for name in names
        ]
        rows.append(("oracle recall", *("n/a" if c.oracle is None else f"{c.oracle:.4f}" for c in checks.values())))
        for kind in ("lost", "changed"):
            reasons = dict.fromkeys(reason for check in checks.values() for reason in getattr(check, kind))
            rows += [
                (f"{kind}: {reason}", *(getattr(check, kind).get(reason, 0) for check in checks.values()))
                for reason in reasons
            ]
        title = f"{found.of}: {found.task} by {found.model} ({checks['train'].view})"
        print_table(title, ("", *checks), rows)
        print_counts("Length of training records, in word pieces", checks["train"].lengths, what="pieces")
        print_counts("Training records by length, in word pieces", checks["train"].histogram)
        if checks["train"].never_seen:
            say(f"never seen in training: {', '.join(checks['train'].never_seen)}")
        for split, unlearnt in found.unlearnt.items():
            say(f"in {split} and never in training: {', '.join(unlearnt)}")
        if checks["train"].longest_records:
            say(f"the longest of those that are cut: {', '.join(checks['train'].longest_records)}")
    for example in found.examples:
        _show_example(example)
    if found.refused:
        lost, annotations = found.by_split["train"].lost_in_all, found.by_split["train"].annotations
        say(f"refused: {lost:,} of {annotations:,} annotations would be lost; training.allow_lost = true allows it")
        raise typer.Exit(1)


def _show_example(example: ShownRow) -> None:
    """An example with what is learnt from it: answers stand as [word|label], what only is read stands as it is."""
    show(f"--- {example.record_id}{f': {example.title}' if example.title else ''}")
    show_text(" ".join(f"[{word}|{label}]" if answer else word for word, label, answer in example.words))
