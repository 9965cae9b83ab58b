"""One annotator over all records of a workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

from pydantic import JsonValue

from annotation.adapter import AdapterAnnotator
from annotation.annotators import GOES_BY, annotator, remarks, remote_address, unchecked_files, unserved
from annotation.settings import LlmSettings, MergeRule
from curation.author import AuthorKind, kind_of, layer_name
from curation.egress.gate import Gate
from curation.errors import NothingToGoByError, UsageError, unknown_name
from curation.generate.told_text import KINDS as TEXT_KINDS
from curation.models.asking_stage import AskingStage, asks
from curation.models.contract import Finish
from curation.processes import Processes
from curation.scheme import Scheme
from curation.stage import Stage
from curation.store import Store
from curation.store.claims import WORKER_DIED
from pipeline.adapters import with_folder
from pipeline.asked_again import FlipReport, ask_again
from pipeline.asking import ask_over
from pipeline.batch_asking import BatchMode, ask_in_batches, batch_prices
from pipeline.dry_run import DryRun, dry_run
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.retrieval import examples_for, taught_sentences
from pipeline.runner import StageReport, run_over
from pipeline.runs import recorded
from pipeline.spending import Caps, RunSpending
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS

#: By what records fail that a language model was asked about.
KINDS = (
    *(finish.value for finish in Finish if finish is not Finish.STOP),
    *("unparsable", "incomplete", "rejected", WORKER_DIED),
    *TEXT_KINDS,
)


@dataclass(frozen=True)
class Opinions:
    """How many opinions a language model is asked for, and what is kept of several models; None as in the settings."""

    samples: int | None = None
    merge: str | None = None

    @property
    def given(self) -> dict[str, JsonValue]:
        """Those that are not as in the settings."""
        return {option: value for option, value in vars(self).items() if value is not None}

    def settings(self, name: str, settings: LlmSettings) -> LlmSettings:
        """The settings with these. Raises UsageError where the annotator is no language model or there is only one."""
        if self.given and kind_of(name) is not AuthorKind.LLM:
            raise UsageError(f"expected a language model (llm:NAME) with --{' and --'.join(self.given)}, got {name}")
        if self.merge is not None and "," not in name:
            raise UsageError(f"expected several language models (llm:A,llm:B) with --merge, got {name}")
        if self.merge is not None and self.merge not in get_args(MergeRule):
            raise unknown_name("a way to merge what models say", self.merge, get_args(MergeRule))
        return settings.model_copy(update=self.given)


def annotate(
    workspace: Workspace,
    store: Store,
    name: str,
    *,
    layer: str | None = None,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    examples: str | None = None,
    opinions: Opinions | None = None,
    batch: BatchMode | None = None,
    left_out: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> StageReport:
    """An annotator's layer on every record that lacks it; what goes off this machine passes the gate.

    kinds: of failures of a language model that are tried again; caps: where it stops by itself; examples: the curated
    set that its prompts have examples from, unset that of the settings; opinions: how many are asked for; batch: asked
    by batches at its provider; left_out: records that it does not read.

    Raises NothingToGoByError, and writes nothing, when the annotator can give nothing of what the scheme asks for,
    and UsageError when there are no records.
    """
    gate = gate_of(workspace, store)
    # Which of the adapters it was stands in the notes and in the manifest.
    name = with_folder(workspace, name)
    stage = stage_of(workspace, store, name, gate, layer=layer, examples=examples, opinions=opinions)
    if left_out:
        stage.left_out = frozenset(left_out)  # type: ignore[union-attr]
    if (kinds or batch or caps not in (None, Caps())) and not asks(stage):
        raise UsageError(
            "expected a language model (llm:NAME) with --batch, --max-cost, --max-tokens, --max-time or --retry, got "
            f"{name}"
        )
    store.require_records()
    for line in before_annotating(name, stage, workspace.scheme, store.count_records()):
        workspace.notify(line)
    inputs = _inputs(name, stage, layer=layer, examples=examples, opinions=opinions)
    inputs |= {"batch": True} if batch else {}
    with recorded(workspace, store, "annotate", **inputs) as outcome:
        gate.run = outcome.run
        if asks(stage):
            ask = ask_over if batch is None else partial(ask_in_batches, wait=batch.wait)
            done = ask(workspace, store, stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress)
            outcome |= done.as_json()
            return done
        with Processes(workspace.config.curation.workers, preload=[type(stage).__module__]) as processes:
            done = run_over(workspace, store, stage, retry_failed=retry_failed, progress=progress, processes=processes)
        outcome |= done.as_json()
    return done


def _inputs(
    name: str, stage: Stage | AskingStage, *, layer: str | None, examples: str | None, opinions: Opinions | None
) -> dict[str, JsonValue]:
    """What a run's manifest says of what was asked."""
    return {
        "annotator": name,
        "layer": layer,
        "sent_to": remote_address(stage),
        "examples": examples,
        **(opinions or Opinions()).given,
    }


def stage_of(
    workspace: Workspace,
    store: Store,
    name: str,
    gate: Gate,
    *,
    layer: str | None,
    examples: str | None,
    opinions: Opinions | None = None,
) -> Stage | AskingStage:
    """The stage of an annotator with what the workspace has for it."""
    config = workspace.config
    stage = annotator(
        with_folder(workspace, name),
        workspace.scheme,
        config.annotation.model_copy(update={"llm": (opinions or Opinions()).settings(name, config.annotation.llm)}),
        layer=layer,
        gate=gate,
        models=config.models,
        examples=examples_for(workspace, store, name, examples, gate=gate),
        vectors=workspace.folder / VECTORS,
        taught=taught_sentences(workspace, store) if kind_of(name) is AuthorKind.FEW_SHOT else None,
    )
    for line in remarks(stage):
        workspace.notify(line)
    return stage


def known_kinds(kinds: Sequence[str]) -> frozenset[str]:
    """The kinds of failures that are tried again. Raises UsageError for a word that is none."""
    for kind in kinds:
        if kind not in KINDS:
            raise unknown_name("a kind of failure of a language model", kind, KINDS)
    return frozenset(kinds)


def dry_annotate(
    workspace: Workspace,
    store: Store,
    name: str,
    *,
    layer: str | None = None,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    examples: str | None = None,
    opinions: Opinions | None = None,
    batch: BatchMode | None = None,
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `annotate` would ask a language model and cost; nothing is sent and nothing is written.

    Raises UsageError for an annotator that asks none, and when there are no records.
    """
    gate = gate_of(workspace, store, writes=False)
    stage = stage_of(workspace, store, name, gate, layer=layer, examples=examples, opinions=opinions)
    if not asks(stage):
        raise UsageError(f"expected a language model (llm:NAME) with --dry-run, got {name}, which costs nothing")
    store.require_records()
    factors = batch_prices(stage.models) if batch else {}
    return dry_run(store, stage, name, retry_failed=retry_failed, kinds=kinds, factors=factors, progress=progress)


def annotate_again(
    workspace: Workspace,
    store: Store,
    name: str,
    share: float,
    *,
    layer: str | None = None,
    caps: Caps | None = None,
    examples: str | None = None,
    opinions: Opinions | None = None,
    progress: ProgressBar = no_progress,
) -> FlipReport:
    """A share of the records that have a language model's layer asked about again, and what it says otherwise now.

    caps: where it stops by itself. Raises UsageError for an annotator that asks none, and where no record has its
    layer.
    """
    gate = gate_of(workspace, store)
    stage = stage_of(workspace, store, name, gate, layer=layer, examples=examples, opinions=opinions)
    if not asks(stage):
        raise UsageError(
            f"expected a language model (llm:NAME) with --again, got {name}, which says the same each time"
        )
    spending = RunSpending(caps or Caps(), stage.models)
    spending.require_prices()
    again = layer or layer_name(AuthorKind.LLM)
    inputs = _inputs(name, stage, layer=layer, examples=examples, opinions=opinions) | {"share": share}
    with recorded(workspace, store, "annotate again", **inputs) as outcome:
        gate.run = outcome.run
        with workspace.answer_journal(f"{stage.name}, again") as journal:
            found = ask_again(
                store,
                stage,
                again,
                share,
                spending=spending,
                progress=progress,
                notify=workspace.notify,
                journal=journal,
            )
        outcome |= found.as_json()
    if spending.answers < found.records:
        workspace.notify(
            f"{stage.name}, again: {spending.answers:,} answers came now, the others are those of an earlier time; "
            "`curate answers forget --record RECORD` has a record asked about anew"
        )
    if spending.reached is not None:
        workspace.notify(
            f"{stage.name}, again, stopped: {spending.reached}; {found.left:,} records are left, what came is kept: "
            "the same command goes on from there"
        )
    return found


def before_annotating(
    name: str, stage: Stage | AskingStage, scheme: Scheme, records: Mapping[str, int]
) -> Iterator[str]:
    """What people should know of an annotator before it begins, in lines. Raises as `what_it_lacks`."""
    if files := unchecked_files(stage):
        yield f"{name}: not checked, since its manifest has no digests of them: {', '.join(files)}"
    yield from what_it_lacks(name, stage, scheme, records)
    if isinstance(stage, AdapterAnnotator) and stage.manifest.scheme_digest != scheme.digest:
        yield (
            f"{name} was trained with another state of a scheme ({stage.manifest.scheme}): the names of its categories "
            "are those of this one, what they stand for may have changed"
        )


def what_it_lacks(name: str, stage: Stage | AskingStage, scheme: Scheme, records: Mapping[str, int]) -> list[str]:
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
