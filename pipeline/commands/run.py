"""`curate run`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, say
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.steps.run import FinishedStep, StepResult


def run(
    sample: Annotated[
        bool, typer.Option("--sample", help="Make the workspace if there is none, and run over the shipped sample.")
    ] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Run all steps, as the section [run] of curate.toml says; what is done already is not done again."""
    from pipeline.steps.run import run_steps, sample_workspace
    from pipeline.workspace import Workspace

    workspace = sample_workspace(folder, notify=say) if sample else Workspace.at(folder, notify=say)
    finished = []
    with workspace.open_store() as store:
        for step in run_steps(workspace, store, progress=progress_bar):
            counts = ", ".join(f"{name} {value}" for name, value in step_counts(step.result).items())
            say(f"{step.name}: {step.seconds:.1f} s ({counts})")
            finished.append(step)
    if as_json:
        print_json(
            {
                "ends": dict(addresses(finished)),
                "seconds": {step.name: step.seconds for step in finished},
                "scores": step_scores(finished),
            }
        )
    else:
        # Lines, not a table: addresses are there to be clicked and copied whole.
        ends = addresses(finished, with_password=True)
        print("\n".join(f"{name}: {where}" for name, where in ends.items()))


def step_counts(result: StepResult) -> dict[str, object]:
    """What a step counted, in a few words."""
    from curation.store.sets import CuratedSet
    from pipeline.runner import StageReport
    from pipeline.steps.deidentify import DeidentifyReport
    from pipeline.steps.imports import ImportReport
    from pipeline.steps.run import Evaluations, ExportFolders, ReviewRound
    from training.encoder import Trained
    from validation.verdict import Verdicts

    match result:
        case ImportReport():
            return {
                "imported": result.imported,
                "unchanged": result.unchanged,
                "layers": result.layers,
                "entities": result.entities,
                "left out": result.left_out,
                "problems": result.problems_in_all,
            }
        case StageReport():
            return {name: value for name, value in result.as_json().items() if name != "stage"}
        case DeidentifyReport():
            return {"records with identifiers": result.holding, "made": result.made, "unchanged": result.unchanged}
        case Verdicts():
            return dict(result.counts)
        case ReviewRound():
            return {"pushed": result.pushed.created, "pulled": result.pulled.layers}
        case CuratedSet():
            return dict(result.splits)
        case Trained():
            return {"seconds": result.manifest.seconds}
        case Evaluations():
            scores = {layer: found.report.entities for layer, found in result.by_layer.items()}
            return {
                layer: {"strict_f1": score.strict.micro.f1, "lenient_f1": score.lenient.micro.f1}
                for layer, score in scores.items()
            }
        case ExportFolders():
            return {"formats": list(result.folders)}


def addresses(finished: Iterable[FinishedStep[StepResult]], *, with_password: bool = False) -> dict[str, str]:
    """Where everything is that the steps have made, by what it is; the password only for people to read."""
    return {name: where for step in finished for name, where in _addresses(step.result, with_password)}


def _addresses(result: StepResult, with_password: bool) -> Iterator[tuple[str, str]]:
    from curation.store.sets import CuratedSet
    from pipeline.steps.run import Evaluations, ExportFolders, ReviewRound
    from training.encoder import Trained
    from validation.verdict import Verdicts

    match result:
        case Verdicts():
            yield from (("validation report", str(result.report)), ("data docs", str(result.data_docs)))
        case ReviewRound(server=server):
            password = f", password {server.password}" if with_password else ""
            yield "Label Studio", f"{server.url} (login {server.login}{password})"
        case CuratedSet():
            yield "curated set", f"{result.name}@{result.version}"
        case Trained():
            yield "adapter", str(result.folder)
        case Evaluations():
            for layer, found in result.by_layer.items():
                yield f"evaluation of {layer}", str(found.html)
        case ExportFolders():
            for format, folder in result.folders.items():
                yield f"exported set ({format})", str(folder)
        case _:
            return


def step_scores(finished: Iterable[FinishedStep[StepResult]]) -> dict[str, Any]:
    """The full scores of each evaluated layer."""
    from pipeline.steps.run import Evaluations

    return {
        layer: found.report.entities.to_json()
        for step in finished
        if isinstance(step.result, Evaluations)
        for layer, found in step.result.by_layer.items()
    }
