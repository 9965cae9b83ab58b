"""De-identification over a workspace: new records that replace those with identifiers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from curation.decision import Decision, DecisionKind, DecisionSubject, Verdict
from curation.deidentify.group import deidentified
from curation.deidentify.identifiers.analyzer import identifiers_of
from curation.deidentify.identifiers.identifier import IdentifierKind
from curation.deidentify.identifiers.recognisers import RecogniserSettings
from curation.deidentify.identifiers.surrogate_marks import MARK, is_marked
from curation.deidentify.key import Key, read_key
from curation.deidentify.rewrite import RewrittenRecord
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogates import Mode
from curation.embeddings.vector_store import VectorStore
from curation.record import Layer
from curation.sets.split import Member, tie_together
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.quoting_pages import quoting_pages
from pipeline.runs import ended_early, recorded
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS
from validation.policy import POLICY
from validation.standing import DEIDENTIFICATION

#: Why a record that was made earlier is set aside.
ANEW = "de-identified anew, with another key or other kinds"
#: Who sets originals aside, and carries over what people had decided about them.
SIGNED = f"{DEIDENTIFICATION}1"


@dataclass
class DeidentifyReport:
    """What was found and what was made, in counts."""

    mode: Mode
    kinds: tuple[IdentifierKind, ...]
    dry_run: bool
    records: int = 0  # records looked at, without those that are de-identified already
    holding: int = 0  # of these, records that hold identifiers
    made: int = 0  # new records, of whole groups: also those without identifiers whose group has some
    unchanged: int = 0  # records that had been made before, and are as they would be made now
    layers: int = 0  # layers stored with them
    superseded: int = 0  # records made earlier with another key or other kinds, set aside now
    pages: int = 0  # pages that quoted what is set aside, deleted
    vectors: int = 0  # vectors of sentences, deleted: nothing tells which were made from what is set aside
    batches: dict[str, int] = field(default_factory=dict)  # in which questions about what is set aside lie
    answers: int = 0  # attempts of language models at answers about what is set aside, forgotten
    originals: int = 0  # records that are set aside and still in the store
    identifiers: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "mode": self.mode.value,
            "kinds": [kind.value for kind in self.kinds],
            "dry_run": self.dry_run,
            "records": self.records,
            "holding_identifiers": self.holding,
            "made": self.made,
            "unchanged": self.unchanged,
            "layers": self.layers,
            "superseded": self.superseded,
            "pages_deleted": self.pages,
            "vectors_deleted": self.vectors,
            "answers_forgotten": self.answers,
            "in_batches": dict(self.batches),
            "originals": self.originals,
            "identifiers": dict(sorted(self.identifiers.items())),
        }


def deidentify(
    workspace: Workspace,
    store: Store,
    *,
    kinds: Sequence[IdentifierKind] | None = None,
    mode: Mode = Mode.SURROGATE,
    dry_run: bool = False,
    progress: ProgressBar = no_progress,
) -> DeidentifyReport:
    """New records that replace all records of each group with an identifier; the old ones are set aside.

    kinds: by default those that `validation.privacy.kinds` names. With dry_run nothing is stored, no key is made.
    Raises UsageError when there are no records.
    """
    store.require_records()
    chosen = tuple(kinds or workspace.config.validation.privacy.kinds)
    recognisers = workspace.config.validation.privacy.recognisers
    report = DeidentifyReport(mode, chosen, dry_run)
    inputs: dict[str, JsonValue] = {"kinds": [kind.value for kind in chosen], "mode": mode.value}
    if dry_run:
        _bundles(store, chosen, recognisers, report, progress)
        return report
    was_stopped = ended_early(store, ["deidentify"])
    with recorded(workspace, store, "deidentify", **inputs) as outcome:
        scope = DeidentifyScope(frozenset(chosen), mode, recognisers)
        bundles = _bundles(store, chosen, recognisers, report, progress)
        key = read_key(workspace.folder) if bundles else None
        with progress("deidentify", sum(map(len, bundles))) as advance:
            for bundle in bundles:
                assert key is not None
                _replace(store, bundle, key, scope, report)
                advance(len(bundle))
        originals = set_aside(store)
        report.originals = len(originals)
        report.answers = store.forget_answers(record_ids=originals).attempts
        report.batches = store.batches_about(originals)
        store.drop_questions_about(list(originals))
        if report.made or report.superseded or was_stopped:
            _delete_traces(workspace, store, originals, report)
        outcome |= report.as_json()
    return report


def _delete_traces(workspace: Workspace, store: Store, ids: Iterable[str], report: DeidentifyReport) -> None:
    """Files that were made from what is set aside, and that commands make anew from what is left."""
    pages = quoting_pages(workspace.folder, store.records(ids))
    for page in pages:
        page.unlink(missing_ok=True)
    report.pages = len(pages)
    report.vectors = VectorStore(workspace.folder / VECTORS).forget()


def set_aside(store: Store) -> dict[str, str]:
    """The records that were set aside and that nobody has brought back, each with the one that stands in its place.

    One that was de-identified anew stands for itself.
    """
    decided = store.decisions()
    originals = {id: new for id, decision in decided.items() if (new := _replaced_by(decision))}
    return originals | {id: id for id, decision in decided.items() if _is_superseded(decision)}


def _bundles(
    store: Store,
    kinds: Collection[IdentifierKind],
    recognisers: Sequence[RecogniserSettings],
    report: DeidentifyReport,
    progress: ProgressBar,
) -> list[list[str]]:
    """The ids of the records to replace, in bundles that are replaced together; counts what is found."""
    positions: dict[str, int] = {}
    members: list[Member] = []
    due = {id for id, decision in store.decisions().items() if _replaced_by(decision)}
    total = sum(store.count_records().values())
    with progress("look for identifiers", total) as advance:
        for record in store.records():
            advance(1)
            if is_marked(record):
                continue
            positions[record.id] = len(positions)
            members.append(Member(record.id, record.group, record.translation_of))
            if found := identifiers_of(record, kinds, recognisers):
                due.add(record.id)
                report.holding += 1
                report.identifiers.update(identifier.kind.value for identifier in found)
    report.records = len(members)
    bundles = [sorted(ids, key=positions.__getitem__) for ids in tie_together(members)]
    return [ids for ids in bundles if not due.isdisjoint(ids)]


def _replace(store: Store, ids: Sequence[str], key: Key, scope: DeidentifyScope, report: DeidentifyReport) -> None:
    """New records, their layers and the decisions, of one bundle; what is stored already stays."""
    items = list(store.items(list(store.layer_names()), ids=ids))
    made = deidentified(items, key, scope)
    added = store.add_records(rewritten.record for rewritten in made.values())
    report.made += added.imported
    report.unchanged += added.unchanged
    report.layers += store.add_layers(_new_layers(store, made))
    before = store.latest_decisions(ids)
    replaced = {decision.record_id: new for decision in before if (new := _replaced_by(decision))}
    superseded = {old for id, rewritten in made.items() if (old := replaced.get(id)) and old != rewritten.record.id}
    report.superseded += len(superseded)
    copies = [rewritten.record.id for rewritten in made.values()]
    store.decide_on([*ids, *copies, *superseded], lambda: _carried_decisions(store, ids, made, superseded))


def _carried_decisions(
    store: Store, ids: Sequence[str], made: Mapping[str, RewrittenRecord], superseded: Collection[str]
) -> Iterator[Decision]:
    outdated = store.outdated_decisions()
    carried = [
        decision
        for decision in store.latest_decisions(ids)
        if _holds_for_another_text(decision) and (decision.record_id, decision.subject) not in outdated
    ]
    newest = {
        (decision.record_id, decision.subject): decision.created
        for decision in store.latest_decisions([rewritten.record.id for rewritten in made.values()])
    }
    return _decisions(made, carried, newest, superseded)


def _new_layers(store: Store, made: Mapping[str, RewrittenRecord]) -> Iterator[Layer]:
    """The layers that the new records have never had; a layer that has changed there since stays as it is."""
    for rewritten in made.values():
        history = store.layer_history(rewritten.record.id)
        stored = {(layer.name, layer.digest) for layer in history}
        own = {layer.name for layer in history if MARK not in layer.provenance}
        yield from (
            layer for layer in rewritten.layers if layer.name not in own and (layer.name, layer.digest) not in stored
        )


def _holds_for_another_text(decision: Decision) -> bool:
    """Whether it is others' word on a text or a layer; one on privacy says nothing of another text."""
    return decision.kind is not DecisionKind.PRIVACY and not decision.by.startswith((POLICY, SIGNED))


def _decisions(
    made: Mapping[str, RewrittenRecord],
    carried: Iterable[Decision],
    newest: Mapping[tuple[str, DecisionSubject], datetime],
    superseded: Collection[str],
) -> Iterator[Decision]:
    """What others decided about an old record, for the new one unless it has a newer one; the old one is set aside."""
    for decision in carried:
        new = made[decision.record_id].record.id
        created = newest.get((new, decision.subject))
        if created is None or created < decision.created:
            details = {**decision.details, "decided_by": decision.by}
            yield decision.model_copy(update={"record_id": new, "by": SIGNED, "details": details, "version": None})
    for id, rewritten in made.items():
        yield Decision(
            record_id=id,
            verdict=Verdict.REJECTED,
            by=SIGNED,
            reason="its de-identified record stands in its place",
            details={"replaced_by": rewritten.record.id},
        )
    for id in superseded:
        yield Decision(record_id=id, verdict=Verdict.REJECTED, by=SIGNED, reason=ANEW)


def _is_superseded(decision: Decision) -> bool:
    """Whether the record was made by an earlier de-identification, and another one stands in its place now."""
    return decision.by.startswith(SIGNED) and decision.reason == ANEW


def _replaced_by(decision: Decision) -> str | None:
    """The id of the record that replaced the decision's record, if it was replaced."""
    if decision.kind is not DecisionKind.TEXT or not decision.by.startswith(SIGNED):
        return None
    found = decision.details.get("replaced_by")
    return str(found) if found else None
