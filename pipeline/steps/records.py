"""Records of a workspace: which there are, all that is known of one, and their deletion for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from annotation.label_studio.exchange.removal import remove_tasks, scrub_database
from annotation.label_studio.session import connect
from annotation.progress.review_work import REVIEW_WORK
from annotation.queue.queue_files import forget_records, queued_record_ids
from curation.author import human
from curation.decision import Decision
from curation.egress.settings import Destination
from curation.embeddings.vector_store import VectorStore
from curation.errors import ReviewError, UsageError
from curation.judge.judged import JudgedLayer, judgements, judging
from curation.record import Layer, Record
from curation.store import ReviewEvent, Store
from curation.store.deletion import DeletionLine, TaskLeft
from curation.store.references import FEWEST_LETTERS, RecordFilter
from pipeline.quoting_pages import other_quoting_files, quoting_pages
from pipeline.runs import ended_early, recorded, sets_of
from pipeline.steps.deidentify import set_aside
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS
from validation.table import NAME as MEASURES_TABLE

#: Where queues are kept in a workspace.
QUEUES = "runs"
#: The commands that delete records, as runs name them.
DELETE, ERASE = "records delete", "records erase-originals"
#: The reason in the log for an original.
ERASED = "original erased; the de-identified record of this hash stands in its place"
#: How a deletion is finished.
AGAIN = "give the same command again, with hashes in place of source ids"

#: The commands that leave adapters.
TRAINS = ("train", "experiment learning-curve", "experiment leave-one-out", "experiment compare")


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record in a list: counts and names, no text."""

    record: Record
    source_id: str | None
    layers: tuple[str, ...]
    verdicts: dict[str, str]


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """All that the store has about one record."""

    record: Record
    layers: tuple[Layer, ...]
    decisions: tuple[Decision, ...]
    measures: dict[str, JsonValue]
    sets: dict[str, str]  # the split by the set's name
    tasks: tuple[TaskLeft, ...]
    events: tuple[ReviewEvent, ...]  # answers that were refused, tasks and answers that were deleted
    sent_to: tuple[str, ...]
    answers: int  # attempts of language models at answers about it

    def judged(self, layer: Layer) -> dict[str, str]:
        """What a judge found about each entity of a layer, by its id; nothing where no judge was asked."""
        found = self.measures.get(judging(layer.name))
        if found is None:
            return {}
        pairs = judgements(layer, JudgedLayer.model_validate(found))
        return {entity.id: judgement.why or judgement.outcome.value.replace("_", " ") for entity, judgement in pairs}


@dataclass(slots=True)
class DeletionReport:
    """What was deleted, or would be; what still holds words of it; and what is left to do."""

    dry_run: bool
    records: list[str]
    asked: int  # of the records, those that were named; the others were made from these
    counts: dict[str, int]
    pages: list[str] = field(default_factory=list)
    #: Sets that lose members, exports and adapters made from them, addresses that the texts were sent to.
    sets: dict[str, int] = field(default_factory=dict)
    exports: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)  # other texts in the workspace, and what was imported
    adapters: list[str] = field(default_factory=list)
    #: Originals that stay, with the reason.
    left: dict[str, int] = field(default_factory=dict)
    sent_to: dict[str, int] = field(default_factory=dict)
    #: Batches at providers in which questions about them lie, with how many.
    batches: dict[str, int] = field(default_factory=dict)
    #: Records that stay: these were made from them, or they have the very same text.
    originals: list[str] = field(default_factory=list)
    same_text: list[str] = field(default_factory=list)
    tasks_left: list[TaskLeft] = field(default_factory=list)
    tasks_elsewhere: list[TaskLeft] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "dry_run": self.dry_run,
            "records": list(self.records),
            "asked": self.asked,
            "counts": dict(self.counts),
            "pages": list(self.pages),
            "still_in": {
                "sets": dict(self.sets),
                "exports": list(self.exports),
                "files": list(self.files),
                "adapters": list(self.adapters),
                "sent_to": dict(self.sent_to),
                "batches": dict(self.batches),
                "same_text": list(self.same_text),
            },
            "left": dict(self.left),
            "originals": list(self.originals),
            "tasks_left": [task.model_dump(mode="json") for task in self.tasks_left],
            "tasks_elsewhere": [task.model_dump(mode="json") for task in self.tasks_elsewhere],
            "problems": list(self.problems),
        }


def list_records(store: Store, chosen: RecordFilter) -> list[RecordRow]:
    """The records that fit, in the order in which they came. Raises UsageError for names that no record has."""
    ids = store.chosen_ids(chosen)
    verdicts: dict[str, dict[str, str]] = {}
    for decision in store.latest_decisions(ids):
        verdicts.setdefault(decision.record_id, {})[decision.subject_name] = decision.verdict.value
    names, source_ids = list(store.layer_names()), store.source_ids(ids)
    return [
        RecordRow(item.record, source_ids.get(item.record.id), tuple(item.layers), verdicts.get(item.record.id, {}))
        for item in store.items(names, ids=ids)
    ]


def record_history(store: Store, reference: str) -> RecordHistory:
    """All about the record that the reference stands for. Raises UsageError when there is none, or several."""
    id = store.find_record(reference)
    members, tasks = store.memberships([id]), store.noted_tasks([id])
    numbers = {(task.base_project, task.task_id) for task in tasks}
    events = (event for project in {project for project, _ in numbers} for event in store.review_events(project))
    return RecordHistory(
        record=next(store.records([id])),
        layers=tuple(store.layer_history(id)),
        decisions=tuple(store.decision_history(id)),
        measures={name: value for name, value in dict(store.measures([id])).get(id, {}).items() if name != REVIEW_WORK},
        sets={
            f"{curated.name}@{curated.version}": next(iter(members[curated.digest]))
            for curated in store.curated_sets()
            if curated.digest in members
        },
        tasks=tuple(tasks),
        events=tuple(event for event in events if event.record_id == id or (event.project, event.task_id) in numbers),
        sent_to=tuple(store.destinations_of([id])),
        answers=store.owned_counts([id])[id]["answers"],
    )


def records_to_delete(store: Store, references: Iterable[str], group: str | None) -> list[str]:
    """The ids of the records that are named and of those of the group. Raises UsageError when one is unknown."""
    named = [store.find_record(reference) for reference in references]
    of_group = [] if group is None else store.chosen_ids(RecordFilter(group=group))
    if not named and not of_group:
        raise UsageError("expected records to delete, got none; name them, or give --group NAME")
    return list(dict.fromkeys([*named, *of_group]))


def plan_deletion(workspace: Workspace, store: Store, ids: Sequence[str]) -> DeletionReport:
    """What the deletion of these records takes along, and what still holds their words; nothing is changed."""
    return _plan(workspace, store, store.with_relatives(ids), asked=len(ids))


def plan_erasure(workspace: Workspace, store: Store, *, force: bool = False) -> DeletionReport:
    """What the erasure of the originals would take along: of the records that de-identification has set aside.

    Those stay that are in curated sets (without ``force``), and those of which there are translations that are not
    de-identified.
    """
    there = set(store.record_ids())
    originals = set_aside(store)
    alone = {id for id, new in originals.items() if new not in there}
    further = store.translated_further(list(originals)) - alone
    members = set() if force else store.members(list(originals)) - alone - further
    chosen = [id for id in originals if id not in alone | further | members]
    report = _plan(workspace, store, chosen, asked=len(chosen))
    reasons = {
        "are in curated sets, which --force breaks": members,
        "have translations that are not de-identified; run `curate deidentify` first": further,
        "have lost their de-identified records; run `curate deidentify` first, or delete them by name": alone,
    }
    report.left = {reason: len(ids) for reason, ids in reasons.items() if ids}
    return report


def _plan(workspace: Workspace, store: Store, family: Sequence[str], *, asked: int) -> DeletionReport:
    records = list(store.records(family))
    counts: Counter[str] = Counter()
    for owned in store.owned_counts(family).values():
        counts.update(owned)
    lost = store.memberships(family)
    tasks = store.noted_tasks(family)
    folder = workspace.folder
    queued = queued_record_ids(folder / QUEUES)
    pages = quoting_pages(folder, records)
    counts |= {"queue_places": len(queued.intersection(family)), "pages": len(pages)}
    if family:
        counts["vectors"] = len(VectorStore(folder / VECTORS))
    return DeletionReport(
        dry_run=True,
        records=list(family),
        asked=asked,
        counts={"records": len(family), **counts, "label_studio_tasks": len(tasks)},
        pages=[str(path.relative_to(folder)) for path in pages],
        sets={
            f"{curated.name}@{curated.version}": sum(lost[curated.digest].values())
            for curated in store.curated_sets()
            if curated.digest in lost
        },
        exports=(exports := _made_from(store, "export", lost, sent_to := store.destinations_of(family))),
        files=[
            str(path)
            for path in other_quoting_files(folder, _sources(store), records)
            if str(path) not in {str(Path(name).resolve()) for name in exports}
        ],
        adapters=[path for command in TRAINS for path in _made_from(store, command, lost)],
        sent_to=sent_to,
        batches=store.batches_about(family),
        originals=store.originals_of(family),
        same_text=store.same_text(family),
        tasks_left=tasks,
    )


def delete_records(
    workspace: Workspace, store: Store, ids: Sequence[str], *, by: str, reason: str, force: bool = False
) -> DeletionReport:
    """The records deleted for good with all that rests on them, as the report of `plan_deletion` told.

    What could not be finished stands in the report and in the log; any later deletion finishes it. Raises UsageError,
    and deletes nothing, for members of curated sets unless ``force``.
    """
    report = plan_deletion(workspace, store, ids)
    if report.sets and not force:
        sets = ", ".join(f"{name} ({count})" for name, count in report.sets.items())
        raise UsageError(
            f"expected records outside of curated sets, got members of: {sets}; with --force they are deleted all the "
            "same: the sets keep their names, have fewer records, and their content hashes fit no more"
        )
    with recorded(workspace, store, DELETE, records=list(report.records), by=human(by)) as outcome:
        _delete(workspace, store, report, by=human(by), reason=reason)
        outcome |= report.as_json()
    return report


def erase_originals(workspace: Workspace, store: Store, *, by: str, force: bool = False) -> DeletionReport:
    """The originals deleted for good with all that rests on them, as the report of `plan_erasure` told.

    Log and manifest name the records that stand in their places: with a de-identified text at hand, the hash of its
    original would tell whether a guess at the names is right.
    """
    report = plan_erasure(workspace, store, force=force)
    stand_ins = set_aside(store)
    with recorded(workspace, store, ERASE, by=human(by)) as outcome:
        _delete(workspace, store, report, by=human(by), reason=ERASED, stand_ins=stand_ins)
        named: list[JsonValue] = [*sorted({stand_ins[id] for id in report.records})]
        outcome |= report.as_json() | {"records": named}
        outcome |= {"tasks_left": len(report.tasks_left), "tasks_elsewhere": len(report.tasks_elsewhere)}
    return report


def _delete(
    workspace: Workspace,
    store: Store,
    report: DeletionReport,
    *,
    by: str,
    reason: str,
    stand_ins: Mapping[str, str] | None = None,
) -> None:
    """All of a plan done. What holds words goes before the records: without their texts, nobody finds it again."""
    if report.records:
        owned = store.owned_counts(report.records)
        for page in report.pages:
            (workspace.folder / page).unlink(missing_ok=True)
        VectorStore(workspace.folder / VECTORS).forget()
        store.drop_table(MEASURES_TABLE)
        records = list(store.records(report.records))
        tasks = report.tasks_left
        store.delete_records(records, by=by, reason=reason, counts=owned, tasks_left=tasks, stand_ins=stand_ins)
    report.dry_run = False
    _finish(workspace, store, report)


def finish_deletions(workspace: Workspace, store: Store) -> DeletionReport:
    """What earlier deletions have left to do, done now: tasks in Label Studio, words in unused parts of databases."""
    report = DeletionReport(dry_run=False, records=[], asked=0, counts={})
    with recorded(workspace, store, DELETE) as outcome:
        _finish(workspace, store, report)
        outcome |= report.as_json()
    return report


def deleted_before(store: Store, reference: str) -> list[DeletionLine]:
    """What the log says of records of this hash, or of these first letters of one, that were deleted."""
    letters = reference.lower()
    return [line for line in store.deletions() if len(letters) >= FEWEST_LETTERS and line.record_id.startswith(letters)]


def unfinished(store: Store) -> list[DeletionLine]:
    """The deleted records whose tasks may still be in Label Studio."""
    return [line for line in store.deletions() if line.tasks_left]


def was_stopped(store: Store) -> bool:
    """Whether the latest deletion did not come to its end: the words may still be in unused parts of files."""
    return ended_early(store, (DELETE, ERASE))


def _finish(workspace: Workspace, store: Store, report: DeletionReport) -> None:
    """Places of deleted records out of queues, tasks of this and of earlier deletions out of Label Studio, then all
    databases without deleted words.
    """
    queues = workspace.folder / QUEUES
    report.counts["queue_places"] = forget_records(queues, queued_record_ids(queues) - set(store.record_ids()))
    lines = unfinished(store)
    tasks = [task for line in lines for task in line.tasks_left]
    report.tasks_left = tasks
    report.counts["label_studio_tasks"] = 0
    if tasks:
        try:
            with connect(workspace.folder, workspace.config.review) as client:
                report.counts["label_studio_tasks"], report.tasks_elsewhere = remove_tasks(client, tasks)
        except ReviewError as error:
            report.problems.append(
                f"{len(tasks)} tasks with these texts are still in Label Studio ({error}); when it runs: {AGAIN}"
            )
        else:
            report.tasks_left = []
            for line in lines:
                store.note_tasks_left(line.id, [])
    if not (store.scrub() and scrub_database(workspace.folder)):
        report.problems.append(
            "another process uses a database file, or the disk is full: its unused parts may still hold words; "
            f"end that process or make room, then: {AGAIN}"
        )


def _sources(store: Store) -> list[Path]:
    """The files and folders that were imported, as far as they are still there."""
    runs = (run for run in store.runs() if run.command == "import")
    named = (run.manifest.get("inputs") for run in runs)
    sources = (inputs.get("sources") for inputs in named if isinstance(inputs, dict))
    paths = (Path(str(name)) for names in sources if isinstance(names, list) for name in names)
    return [path for path in dict.fromkeys(paths) if path.exists()]


def _made_from(store: Store, command: str, digests: Iterable[str], sent_to: Collection[str] = ()) -> list[str]:
    """What runs of a command have made from these sets, and is still there.

    sent_to: where records were sent, by which exports are known of layers that nobody has frozen.
    """
    lost = set(digests)
    found: dict[str, None] = {}
    for run in store.runs(state="done"):
        inputs, outcome = run.manifest.get("inputs"), run.manifest.get("outcome")
        if run.command != command or not isinstance(inputs, dict) or not isinstance(outcome, dict):
            continue
        files = outcome.get("files")
        made = [outcome["folder"]] if "folder" in outcome else files if isinstance(files, list) else []
        folders = {f"{Destination.EXPORT} {Path(str(path)).parent}" for path in made}
        sets = sets_of(inputs)
        if not lost.isdisjoint(sets) or (not sets and not folders.isdisjoint(sent_to)):
            found |= dict.fromkeys(str(path) for path in made if Path(str(path)).exists())
    return list(found)
