"""The content of the report, as the verdict gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.decision import Decision
from curation.scheme import Scheme
from curation.store import Store
from validation.frame import Measured
from validation.gx.checkpoint import SuiteOutcome
from validation.measures.measure import Scope
from validation.settings import ValidationSettings


@dataclass(frozen=True, slots=True)
class Judged:
    """A set of records with the verdict on it."""

    store: Store
    scope: Scope
    counts: Mapping[str, int]  # records by the graver of our verdicts on the text and on the checked layer
    by_kind: Mapping[str, Mapping[str, int]]  # our verdicts on texts, on checked layers, and on privacy
    decided_by_others: Mapping[str, int]
    failing_anew: Mapping[str, Sequence[str]]
    unmeasured: int
    layers: Mapping[str, int]  # how many records were checked by which layer
    not_annotated: int  # records without a layer to check, whose text met what is expected
    failed: Sequence[Decision]  # ours that did not accept
    measured: Measured
    outcome: SuiteOutcome

    @property
    def scheme(self) -> Scheme:
        """What records are annotated by."""
        return self.scope.scheme

    @property
    def settings(self) -> ValidationSettings:
        """What was checked, and from where on it failed."""
        return self.scope.settings
