"""What may leave the workspace: texts without identifiers where the policy says so, and no places of surrogates."""

from __future__ import annotations

from collections.abc import Iterator

from curation.decision import Decision, Verdict
from curation.deidentify.identifiers.surrogate_marks import unplaced
from curation.record import Layer, Record
from curation.store import Store
from curation.store.sets import CuratedSet
from exports.guard import Screen, hold_back
from exports.view import SetView
from pipeline.workspace import Workspace
from validation.measures.privacy import identifiers_of
from validation.quarantine import HUMAN, expectations_of
from validation.rules import IDENTIFIERS
from validation.settings import PrivacyPolicy, PrivacySettings


def view_of(workspace: Workspace, store: Store, curated: CuratedSet) -> SetView:
    """The set as a writer gets it. Raises ExportBlockedError when the policy keeps one of its records back."""

    def inside(split: str) -> Iterator[tuple[Record, Layer]]:
        return ((record, layer) for _, record, layer in store.set_members(curated.digest, split=split))

    def outside(split: str) -> Iterator[tuple[Record, Layer]]:
        return ((unplaced(record), layer) for record, layer in inside(split))

    privacy = workspace.config.validation.privacy
    if privacy.policy is not PrivacyPolicy.REPORT:
        hold_back(SetView(curated, workspace.scheme, inside), _screen(store, privacy))
    return SetView(curated, workspace.scheme, outside)


def _screen(store: Store, privacy: PrivacySettings) -> Screen:
    """Counts the identifiers of a record, unless a person has released it who knew of them."""
    released = {id for id, decision in store.decisions().items() if _knowingly(decision)}

    def screen(record: Record) -> int:
        if record.id in released:
            return 0
        found = len(identifiers_of(record, privacy.kinds))
        return found if found > privacy.maximum else 0

    return screen


def _knowingly(decision: Decision) -> bool:
    accepted = decision.verdict is Verdict.ACCEPTED and decision.by.startswith(HUMAN)
    return accepted and IDENTIFIERS in expectations_of(decision)
