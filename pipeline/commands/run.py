"""`curate run`"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curation.author import GOLD
from pipeline.commands.import_output import say_import
from pipeline.commands.options import HERE, DownloadOption, JsonOption, PortOption, WorkspaceOption
from pipeline.commands.output import print_json, say, show
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.steps.run import EvaluatedLayer, FinishedStep, StepResult
    from pipeline.workspace import Workspace


def run(
    sample: Annotated[
        bool, typer.Option("--sample", help="Make the workspace if there is none, and run over the shipped sample.")
    ] = False,
    port: PortOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Run all steps, as the section [run] of curate.toml says; what is done already is not done again."""
    from curation.errors import CurateError
    from pipeline.steps.run import LeftOut, Waiting, run_steps, sample_workspace
    from pipeline.steps.translate import TranslateReport
    from pipeline.workspace import Workspace

    workspace = sample_workspace(folder, notify=say) if sample else Workspace.at(folder, notify=say)
    finished: list[FinishedStep[StepResult]] = []
    try:
        with workspace.open_store() as store:
            for step in run_steps(workspace, store, port=port, progress=progress_bar):
                finished.append(step)
                _say_step(step)
    except (CurateError, KeyboardInterrupt):
        _say_kept(workspace, finished)
        raise
    next_steps = [step.result for step in finished if isinstance(step.result, Waiting)]
    if as_json:
        print_json(
            {
                "ends": dict(addresses(finished)),
                "seconds": {step.name: step.seconds for step in finished},
                "unchanged": [step.name for step in finished if step.unchanged],
                "counts": {step.name: step_counts(step.result) for step in finished if _has_counts(step)},
                "translations": {
                    step.name: step.result.as_json() for step in finished if isinstance(step.result, TranslateReport)
                },
                "left_out": {step.name: step.result.reason for step in finished if isinstance(step.result, LeftOut)},
                "scores": step_scores(finished),
                "label_scores": label_scores(finished),
                "relation_scores": relation_scores(finished),
                "next": next((f"{waiting.reason}: {waiting.next_step}" for waiting in next_steps), None),
            }
        )
    else:
        # Lines, not a table: addresses are there to be clicked and copied whole.
        ends = addresses(finished, with_password=True)
        for name, where in ends.items():
            show(f"{name}: {where}")
    for waiting in next_steps:
        say(f"next ({waiting.reason}): {waiting.next_step}")
    _say_server(workspace)


def _say_step(step: FinishedStep[StepResult]) -> None:
    from pipeline.steps.imports import ImportReport
    from pipeline.steps.run import LeftOut, Waiting

    result = step.result
    if isinstance(result, Waiting):
        return
    if isinstance(result, LeftOut):
        say(f"{step.name}: left out: {result.reason}")
        return
    if step.unchanged:
        say(f"{step.name}: unchanged, what it reads is as it was")
        return
    counts = ", ".join(f"{name} {value}" for name, value in step_counts(result).items())
    say(f"{step.name}: {step.seconds:.1f} s ({counts})")
    if isinstance(result, ImportReport):
        say_import(result, layer=GOLD)


def _has_counts(step: FinishedStep[StepResult]) -> bool:
    from pipeline.steps.run import LeftOut, Waiting

    return not step.unchanged and not isinstance(step.result, LeftOut | Waiting)


def _say_kept(workspace: Workspace, finished: Sequence[FinishedStep[StepResult]]) -> None:
    """What there is of a run that did not come to its end, and a Label Studio that runs on."""
    from pipeline.steps.run import LeftOut

    done = ", ".join(step.name for step in finished if not isinstance(step.result, LeftOut)) or "no step"
    say(f"done and kept: {done}")
    for name, where in addresses(finished, with_password=True).items():
        say(f"{name}: {where}")
    _say_server(workspace)


def _say_server(workspace: Workspace) -> None:
    from pipeline.steps.review.server import running_server

    if (server := running_server(workspace)) is not None:
        stop = f"curate review stop --workspace {shlex.quote(str(workspace.folder))}"
        say(f"Label Studio runs on at {server.url}; to stop it: {stop}")


def step_counts(result: StepResult) -> dict[str, Any]:
    """What a step counted, in a few words."""
    from curation.store.sets import CuratedSet
    from pipeline.runner import StageReport
    from pipeline.steps.deidentify import DeidentifyReport
    from pipeline.steps.imports import ImportReport
    from pipeline.steps.run import Evaluations, ExportFolders, LeftOut, ReviewRound, Waiting
    from pipeline.steps.translate import TranslateReport
    from training.trained import Trained
    from validation.verdict import Verdicts

    match result:
        case ImportReport():
            return {
                **result.counts(),
                "notices": result.notices_in_all,
                "problems": result.problems_in_all,
            }
        case StageReport():
            return {name: value for name, value in result.as_json().items() if name != "stage"}
        case TranslateReport():
            entities, lost = result.counts.entities, result.counts.lost
            return {
                **{name: getattr(result.done, name) for name in ("done", "failed", "unchanged", "failed_before")},
                **{f"not translated, {reason}": count for reason, count in result.left_out.items()},
                "entities carried": entities - lost,
                "entities lost": lost,
                **({"older translations set aside": result.set_aside} if result.set_aside else {}),
            }
        case DeidentifyReport():
            return {"records with identifiers": result.holding, "made": result.made, "unchanged": result.unchanged}
        case Verdicts():
            others = sum(result.decided_by_others.values())
            return {**result.counts, **({"decided by people or other policies": others} if others else {})}
        case ReviewRound():
            return {"pushed": result.pushed.created, "pulled": result.pulled.layers}
        case CuratedSet():
            dropped = result.manifest["dropped"]
            assert isinstance(dropped, dict)
            return {**result.splits, **{f"left out, {reason}": count for reason, count in dropped.items()}}
        case Trained():
            return {"seconds": result.manifest.seconds}
        case Evaluations():
            return {
                layer: {
                    **{f"{mode}_f1": found.scores[mode]["micro"]["f1"] for mode in ("strict", "lenient")},
                    **{f"{name}_accuracy": scores["accuracy"] for name, scores in found.labels.items()},
                    **({"relations_f1": found.relations["strict"]["micro"]["f1"]} if found.relations else {}),
                }
                for layer, found in result.by_layer.items()
            }
        case ExportFolders():
            return {"formats": list(result.folders)}
        case LeftOut() | Waiting():
            return {"reason": result.reason}


def addresses(finished: Iterable[FinishedStep[StepResult]], *, with_password: bool = False) -> dict[str, str]:
    """Where everything is that the steps have made, by what it is; the password only for people to read."""
    return {name: where for step in finished for name, where in _addresses(step.result, with_password)}


def _addresses(result: StepResult, with_password: bool) -> Iterator[tuple[str, str]]:
    from curation.store.sets import CuratedSet
    from pipeline.steps.run import Evaluations, ExportFolders, ReviewRound
    from training.trained import Trained
    from validation.verdict import Verdicts

    match result:
        case Verdicts():
            yield from (("validation report", str(result.report)), ("data docs", str(result.data_docs)))
        case ReviewRound(server=None, url=url):
            yield "Label Studio", url
        case ReviewRound(server=server) if server is not None:
            password = f", password {server.password}" if with_password else ""
            yield "Label Studio", f"{server.url} (login {server.login}{password})"
        case CuratedSet():
            yield "curated set", f"{result.name}@{result.version}"
        case Trained():
            yield "adapter", str(result.folder)
        case Evaluations():
            for layer, found in result.by_layer.items():
                yield f"evaluation of {layer}", str(found.page)
        case ExportFolders():
            for format, folder in result.folders.items():
                yield f"exported set ({format})", str(folder)
        case _:
            return


def step_scores(finished: Iterable[FinishedStep[StepResult]]) -> dict[str, Any]:
    """The full scores of each evaluated layer."""
    return {layer: found.scores for layer, found in _evaluated(finished)}


def label_scores(finished: Iterable[FinishedStep[StepResult]]) -> dict[str, Any]:
    """The scores of each evaluated layer's document labels."""
    return {layer: found.labels for layer, found in _evaluated(finished) if found.labels}


def relation_scores(finished: Iterable[FinishedStep[StepResult]]) -> dict[str, Any]:
    """The scores of each evaluated layer's relations."""
    return {layer: found.relations for layer, found in _evaluated(finished) if found.relations}


def _evaluated(finished: Iterable[FinishedStep[StepResult]]) -> Iterator[tuple[str, EvaluatedLayer]]:
    from pipeline.steps.run import Evaluations

    for step in finished:
        if isinstance(step.result, Evaluations):
            yield from step.result.by_layer.items()
