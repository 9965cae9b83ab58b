"""One annotator over all records of a workspace."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from annotation.adapter import AdapterAnnotator
from annotation.annotators import GOES_BY, annotator, remote_address, unchecked_files, unserved
from curation.author import AuthorKind, kind_of, layer_name
from curation.errors import NothingToGoByError
from curation.processes import Processes
from curation.scheme import Scheme
from curation.stage import Stage
from curation.store import Store
from pipeline.adapters import with_folder
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport, run_over
from pipeline.runs import recorded
from pipeline.workspace import Workspace


def annotate(
    workspace: Workspace,
    store: Store,
    name: str,
    *,
    layer: str | None = None,
    retry_failed: bool = False,
    progress: ProgressBar = no_progress,
) -> StageReport:
    """An annotator's layer on every record that lacks it; what goes off this machine passes the gate.

    Raises NothingToGoByError, and writes nothing, when the annotator can give nothing of what the scheme asks for,
    and UsageError when there are no records.
    """
    gate = gate_of(workspace, store)
    name = with_folder(workspace, name)
    stage = annotator(name, workspace.scheme, workspace.config.annotation, layer=layer, gate=gate)
    store.require_records()
    if files := unchecked_files(stage):
        workspace.notify(f"{name}: not checked, since its manifest has no digests of them: {', '.join(files)}")
    for line in what_it_lacks(name, stage, workspace.scheme, store.count_records()):
        workspace.notify(line)
    if isinstance(stage, AdapterAnnotator) and stage.manifest.scheme_digest != workspace.scheme.digest:
        workspace.notify(
            f"{name} was trained with another state of a scheme ({stage.manifest.scheme}): the names of its categories "
            "are those of this one, what they stand for may have changed"
        )
    inputs: dict[str, JsonValue] = {"annotator": name, "layer": layer, "sent_to": remote_address(stage)}
    with recorded(workspace, store, "annotate", **inputs) as outcome:
        gate.run = outcome.run
        with Processes(workspace.config.curation.workers, preload=[type(stage).__module__]) as processes:
            done = run_over(workspace, store, stage, retry_failed=retry_failed, progress=progress, processes=processes)
        outcome |= done.as_json()
    return done


def what_it_lacks(name: str, stage: Stage, scheme: Scheme, records: Mapping[str, int]) -> list[str]:
    """A line for each language in which an annotator cannot give all that the scheme asks for.

    records: how many there are in each language. Raises NothingToGoByError when it can give nothing in any of them.
    """
    goes_by, remedy = GOES_BY.get(kind_of(name), ("way", "use another annotator"))
    lacking = {language: unserved(stage, language) for language in records or scheme.languages}
    if lacking and all(names == scheme.flat_keys for names in lacking.values()):
        if kind_of(name) is AuthorKind.RULES and not scheme.categories:
            # No pattern gives a label to a whole text: none that could be written would help.
            raise NothingToGoByError(
                f"rules give no document labels, and the scheme {scheme.name} has nothing else: annotate --with "
                f"{layer_name(AuthorKind.FEW_SHOT)}, which learns them from a few labelled texts "
                "(annotation.few_shot.examples), or with llm:MODEL"
            )
        raise NothingToGoByError(
            f"{name} has no {goes_by} for anything in the scheme {scheme.name} ({', '.join(lacking)}): {remedy}, or "
            "annotate with another"
        )
    return [
        f"{name} has no {goes_by} for {'anything' if names == scheme.flat_keys else ', '.join(names)} in {language}: "
        f"{records.get(language, 0)} records get none of these from it; {remedy}"
        for language, names in lacking.items()
        if names
    ]
