"""`curate train`"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.options import (
    HERE,
    DownloadOption,
    JsonOption,
    MappingOption,
    SetsOption,
    WorkspaceOption,
    refuse_beside,
)
from pipeline.commands.output import print_counts, print_json, print_table, say, show, show_text
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curation.tagging.folder import AdapterManifest
    from pipeline.steps.train import CheckedViews
    from training.course_figures import CourseFigures
    from training.shown import ShownRow
    from training.trained import Trained


class TrainAction(StrEnum):
    """What may stand behind `curate train`."""

    CHECK = "check"
    MERGE = "merge"


ActionArgument = Annotated[
    TrainAction | None,
    typer.Argument(
        help="check: train nothing, and count what the view would hold of the set. merge: put a LoRA adapter into its "
        "base, as a model of its own. Without it, train.",
        show_default=False,
    ),
]
AdapterArgument = Annotated[
    str | None,
    typer.Argument(metavar="[ADAPTER]", help="With merge: the adapter's name or folder.", show_default=False),
]
ShowOption = Annotated[
    int,
    typer.Option("--show", min=0, help="With check: so many training records as the model sees them (clinical text)."),
]


def train(
    action: ActionArgument = None,
    adapter: AdapterArgument = None,
    name: Annotated[str, typer.Option("--name", help="The adapter's name.")] = "adapter",
    curated: SetsOption = None,
    mapping: MappingOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Train anew what is trained already or has a checkpoint.")
    ] = False,
    examples: ShowOption = 0,
    to: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="With merge: a new folder for the merged model."),
    ] = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train a LoRA adapter on a curated set, or on several; it can annotate at once."""
    from curation.errors import UsageError
    from pipeline.steps.train import check_views
    from pipeline.steps.train import train as train_adapter
    from pipeline.workspace import Workspace

    if action is None and examples:
        raise UsageError("expected --show with `curate train check` only")
    if action is not None:
        refuse_beside(action.value, {"--again": again or None})
    if action is TrainAction.MERGE:
        refuse_beside("merge", {"--show": examples or None, "--mapping": mapping})
        _merge(adapter, to, curated, folder, as_json=as_json)
        return
    if adapter is not None or to is not None:
        raise UsageError("expected an adapter and --out with `curate train merge` only")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if action is TrainAction.CHECK:
            checked = check_views(workspace, store, curated=curated, mapping=mapping, show=examples)
            _print_check(checked, as_json=as_json)
            return
        trained = train_adapter(
            workspace, store, name=name, curated=curated, mapping=mapping, again=again, progress=progress_bar
        )
    if as_json:
        print_json(
            {
                "folder": str(trained.folder),
                "unchanged": trained.unchanged,
                "page": str(trained.page) if trained.page else None,
                "manifest": trained.manifest.model_dump(mode="json"),
            }
        )
    else:
        say_sets(trained.manifest.training)
        say_scores(trained)
        say(f"adapter: {trained.folder} ({trained.manifest.seconds:.0f} s)")
        say(f"page: {trained.page}")


def _merge(adapter: str | None, to: Path | None, curated: list[str] | None, folder: Path, *, as_json: bool) -> None:
    """Merge an adapter into its base, and print how far the outputs are from those before."""
    from curation.errors import UsageError
    from pipeline.merged_adapters import merge
    from pipeline.workspace import Workspace

    if adapter is None or to is None:
        raise UsageError("expected `curate train merge ADAPTER --out FOLDER`")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        merged = merge(workspace, store, adapter=adapter, to=to, curated=curated or ())
    found = merged.comparison
    if as_json:
        print_json({"folder": str(merged.folder), "comparison": found.model_dump(mode="json")})
        return
    say(
        f"largest difference of the outputs: {found.largest_difference:.2e} of the largest output (allowed "
        f"{found.tolerance:g}, weights in {found.dtype}); the same choice at {found.same_choice:,} of {found.places:,} "
        f"places in {found.texts} texts"
    )
    say(f"merged model: {merged.folder}")


def say_sets(noted: Mapping[str, Any]) -> None:
    """Of a training on several sets: what each of them gives, and what was left out of it."""
    for curated in noted.get("sets", ()):
        records = ", ".join(f"{count:,} {split}" for split, count in curated["records"].items())
        say(f"set {curated['name']} ({curated['scheme']}): {records}")
        for split, reasons in curated["left_out"].items():
            why = ", ".join(f"{count:,} with {reason}" for reason, count in reasons.items())
            say(f"  left out of {split}, as another set is measured by the like: {why}")
        if twice := curated.get("learnt_twice"):
            why = ", ".join(f"{count:,} with {reason}" for reason, count in twice.items())
            say(f"  learnt twice, as a set before has the like in training: {why}")
        for title in ("renamed", "merged", "dropped"):
            if curated[title]:
                counts = ", ".join(f"{name} ({count:,})" for name, count in curated[title].items())
                say(f"  {title} in training records: {counts}")
        if curated["relations_dropped"]:
            say(f"  relations left out of training records: {curated['relations_dropped']:,}")
        if curated["not_annotated"]:
            say(f"  not annotated, so that nothing is learnt about it here: {', '.join(curated['not_annotated'])}")


def say_scores(trained: Trained) -> None:
    """What the view could hold, and apart from it how good the model is on the validation records."""
    from training.card import threshold_words
    from training.course_figures import CourseFigures

    view = trained.manifest.training.get("view")
    if isinstance(view, dict) and isinstance(oracle := view.get("oracle"), float):
        say(f"the view ({view['view']}) holds {oracle:.4f} of {view['annotations']:,} annotations: oracle recall")
    if words := threshold_words(trained.manifest):
        say(f"thresholds: {words}")
    elif trained.manifest.settings.get("thresholds"):
        say("thresholds: not chosen, there are no validation records")
    if trained.manifest.members:
        _say_members(trained.manifest)
    elif (course := CourseFigures.in_manifest(trained.manifest)) is not None:
        for line in _validated(course):
            say(line)
        if course.ended_early:
            say(f"ended early: {_epochs(course.patience)} brought nothing better")


def _validated(course: CourseFigures) -> Iterator[str]:
    """The validation's figure in the epoch that is kept, in lines."""
    from training.course_figures import MEASURES

    if not course.validation:
        yield f"validation: none, the set has no records for it; the last of {_epochs(len(course.losses))} is kept"
        return
    best = course.validation[course.best - 1]
    is_loss = course.measure == MEASURES["answers"]
    figure = f"loss {best:.4f}, the lowest" if is_loss else f"{best:.4f}, the best"
    yield f"validation: {figure} of {_epochs(len(course.validation))}: {course.best}"
    if not (best or is_loss):
        yield "nothing that it says there is right: try a lower training.learning_rate, or more training.epochs"


def _epochs(number: int) -> str:
    return "1 epoch" if number == 1 else f"{number} epochs"


def _say_members(manifest: AdapterManifest) -> None:
    """The validation's figure of all members together: each has an epoch of its own that was the best."""
    found: Any = manifest.metrics.get("validation")
    if found:
        say(f"validation: {found['strict']['micro']['f1'] or 0:.4f}, of {1 + len(manifest.members)} members together")


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
        say_sets(found.joined)
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
    if found.nothing:
        say("refused: no record of the split train has an annotation to learn from; annotate or review them first")
        raise typer.Exit(1)
    if found.refused:
        lost, annotations = found.by_split["train"].lost_in_all, found.by_split["train"].annotations
        say(f"refused: {lost:,} of {annotations:,} annotations would be lost; training.allow_lost = true allows it")
        raise typer.Exit(1)


def _show_example(example: ShownRow) -> None:
    """An example with what is learnt from it: answers stand as [word|label], what only is read stands as it is."""
    show(f"--- {example.record_id}{f': {example.title}' if example.title else ''}")
    show_text(" ".join(f"[{word}|{label}]" if answer else word for word, label, answer in example.words))
