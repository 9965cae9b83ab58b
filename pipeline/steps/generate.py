"""Synthetic cases into the store of a workspace: by rules, or told by a language model; and how varied they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from curation.author import GOLD
from curation.batches import batched
from curation.errors import MissingExtraError, UsageError
from curation.generate.told_record import TOLD_LAYER
from curation.sets.diversity import REAL, DiversityTexts, GroupDiversity, diversity
from curation.sets.diversity_report import write_diversity
from curation.sources import Read
from curation.store import Store
from curation.store.runs import Run
from pipeline.dry_run import DryRun
from pipeline.egress import gate_of
from pipeline.process_identity import has_ended, this_process
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.steps.imports import BATCH, ImportReport, store_batch
from pipeline.telling import COMMAND, TellingOrder, ToldReport, telling_work, told_author, told_counts
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS, Scope
from validation.measures.semantic.duplicates import find_repeats

#: Where the report on generated texts is, in the folder of reports.
REPORT = "generate"


@dataclass(frozen=True, slots=True)
class DiversityReport:
    """How varied generated texts are, and the page of it; None where the libraries of pages and plots are not there."""

    groups: tuple[GroupDiversity, ...]
    told: Mapping[str, JsonValue]
    page: Path | None

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "told": dict(self.told),
            "groups": [group.as_json() for group in self.groups],
            "report": str(self.page) if self.page else None,
        }


def generate_into(
    workspace: Workspace,
    store: Store,
    cases: int,
    *,
    languages: Sequence[str],
    seed: int,
    noise: float,
    parallel: bool = False,
    progress: ProgressBar = no_progress,
) -> ImportReport:
    """Generated cases, one record for each language, stored with their gold."""
    from curation.generate import generate

    report = ImportReport()
    inputs: dict[str, JsonValue] = {
        "cases": cases,
        "languages": list(languages),
        "seed": seed,
        "noise": noise,
        "parallel": parallel,
    }
    with recorded(workspace, store, "generate", **inputs) as outcome:
        made = generate(cases, languages=languages, seed=seed, noise=noise, parallel=parallel)
        with progress("generate", cases * len(languages)) as advance:
            for batch in batched((Read(record, (layer,)) for record, layer in made), BATCH):
                store_batch(store, batch, report, workspace.scheme)
                advance(len(batch))
        outcome |= {"imported": report.imported, "unchanged": report.unchanged}
    return report


def tell_into(
    workspace: Workspace,
    store: Store,
    order: TellingOrder,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    progress: ProgressBar = no_progress,
) -> ToldReport:
    """Cases told by a language model, stored with the facts that were found in each text.

    What goes off this machine passes the gate. Raises UsageError for an order that does not fit together, and while
    another process of this machine generates in this workspace: both would pay for the same cases.
    """
    store.require_writable()
    store.note_deaths(has_ended)
    if any(_is_at_work_here(run) for run in store.runs(state="started")):
        raise UsageError(
            "expected no other `curate generate` at work in this workspace, there is one: both would pay for the same "
            "cases; wait for its end"
        )
    gate = gate_of(workspace, store)
    with recorded(workspace, store, COMMAND, **order.as_json()) as outcome:
        gate.run = outcome.run
        work = telling_work(workspace, store, order, gate)
        outcome["sent_to"] = work.stage.remote
        report = work.run(workspace, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress)
        outcome |= report.as_json()
    return report


def _is_at_work_here(run: Run) -> bool:
    """Whether a run generates on this machine now; of another one's, nobody can tell whether they have died."""
    process = run.manifest.get("process")
    host = process.get("host") if isinstance(process, dict) else None
    return run.command == COMMAND and host == this_process()["host"]


def dry_tell(
    workspace: Workspace,
    store: Store,
    order: TellingOrder,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `tell_into` would ask and cost; nothing is sent and nothing is written."""
    work = telling_work(workspace, store, order, gate_of(workspace, store, writes=False))
    return work.rehearse(order, retry_failed=retry_failed, kinds=kinds, progress=progress)


def has_generated(store: Store) -> bool:
    """Whether a record was generated."""
    return any(told_author(record) for record in store.records())


def measure_generated(workspace: Workspace, store: Store, *, semantic: bool = False) -> DiversityReport:
    """How varied the generated texts of the store are, beside the real ones, with a page in reports/generate/.

    semantic: also count texts that tell the same case in other words, for which every sentence is encoded once. Raises
    UsageError where nothing was generated.
    """
    texts = DiversityTexts()
    for item in store.items([GOLD, TOLD_LAYER]):
        texts.add(item.record, told_author(item.record) or REAL, item.layers.values())
    made = {author for _, author in texts.texts} - {REAL}
    if not made:
        raise UsageError("expected generated records, got none: run `curate generate` first")
    settings = workspace.config.curation.generate
    groups = tuple(
        diversity(
            texts,
            copied_words=settings.copied_words,
            near=workspace.config.validation.duplicates.threshold,
            semantic=_retold(workspace, store) if semantic else None,
        )
    )
    told = told_counts(store)
    try:
        page = write_diversity(
            groups, workspace.folder / "reports" / REPORT, told=told, copied_words=settings.copied_words
        )
    except MissingExtraError as error:
        workspace.notify(f"no page of the report: {error}")
        return DiversityReport(groups, told, None)
    return DiversityReport(groups, told, page)


def _retold(workspace: Workspace, store: Store) -> dict[str, frozenset[str]]:
    """By author, the ids of generated records that tell the same case as another one of theirs in other words."""
    scope = Scope(workspace.scheme, workspace.config.validation, workspace.folder / VECTORS, gate_of(workspace, store))
    minimum = workspace.config.validation.duplicates.semantic
    found: dict[str, frozenset[str]] = {}
    authors = {record.id: author for record in store.records() if (author := told_author(record))}
    for author in dict.fromkeys(authors.values()):
        own = (record for record in store.records() if authors.get(record.id) == author)
        repeats = find_repeats(own, store.records, scope.encoder, minimum=minimum)
        found[author] = frozenset(repeats.matches())
    return found
