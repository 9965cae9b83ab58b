"""What validation has found on the records of a set, and who decided about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.batches import batched
from curation.decision import Decision, DecisionKind, Verdict
from curation.store import Store
from curation.store.engine import CHUNK
from curation.store.runs import Run
from exports.evidence import EvidenceTable, TracedFigure, column, rows_of
from pipeline.evidence.run_figures import DoneRuns, figure_of, found_in
from validation.policy import POLICY
from validation.quarantine import expectations_of
from validation.stage import Measure

#: Where a run of validation has its expectations.
EXPECTATIONS = ("outcome", "verdicts", "expectations")
#: The name and the version of the layer of each member, by record.
Versions = Mapping[str, tuple[str, str]]


def validated(store: Store, runs: DoneRuns, members: Versions, scope: Mapping[str, str]) -> dict[str, EvidenceTable]:
    """The verdicts on the members, what each expectation found, and what people have accepted all the same."""
    found = _Decided.of(store, members)
    names = {name for name, _ in members.values()}
    checked = (run for run in runs.of("validate") if names & set(found_in(run, "outcome", "verdicts", "layers") or ()))
    run = next(checked, None)
    rows = _verdicts(members, found, scope)
    if run is None:
        why = "`curate validate` checks this layer"
        return {"expectations": EvidenceTable(title="Validation", not_measured=why), **_of_verdicts(rows)}
    expectations: list[dict[str, Any]] = found_in(run, *EXPECTATIONS) or []
    names_failed = [(str(finding["expectation"]), bool(finding["failed"])) for finding in expectations]
    told = found.failing | found.waived
    return {
        "expectations": _summary(run, expectations),
        "failures": EvidenceTable(
            head="expectation",
            rows={
                **{
                    name: {**_at_run(run, number), **_here(name, found, scope)}
                    for number, (name, failed) in enumerate(names_failed)
                    if failed or name in told
                },
                # What a steward has deleted since, or another suite had.
                **{name: _here(name, found, scope) for name in sorted(told.keys() - dict(names_failed).keys())},
            },
            notes=(
                "Checked and failed are of all records of the workspace at that run; open and waived (accepted by a "
                "person who knew of it) are of this set, now.",
            ),
        ),
        **_of_verdicts({**rows, "measured as it is here": _same(store, run, members, scope)}),
    }


@dataclass
class _Decided:
    """The verdicts by what they are of, failures that stand and that people have waived, verdicts on other versions
    of layers than the members', and when the newest was made.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    waived: Counter[str] = field(default_factory=Counter)
    outdated: int = 0
    newest: str | None = None

    @classmethod
    def of(cls, store: Store, members: Versions) -> _Decided:
        """What was decided about the members."""
        found = cls()
        for decision in store.latest_decisions(sorted(members)):
            name, version = members[decision.record_id]
            if decision.kind is not DecisionKind.PRIVACY and decision.layer in (None, name):
                found.add(decision, same=decision.version in (None, version))
        return found

    def add(self, decision: Decision, *, same: bool) -> None:
        """One more; same: it is on the version of the layer that the member has."""
        created = decision.created.isoformat()
        self.newest = max(self.newest or created, created)
        if not same:
            self.outdated += 1
            return
        self.counts[decision.kind.value, f"{decision.verdict} by {_who(decision)}"] += 1
        if decision.verdict is not Verdict.ACCEPTED:
            self.failing.update(expectations_of(decision))
        elif decision.is_by_a_person:
            self.waived.update(expectations_of(decision))


def _who(decision: Decision) -> str:
    if decision.is_by_a_person:
        return "people"
    return "validation" if decision.by.startswith(POLICY) else "another policy"


def _of_verdicts(rows: dict[str, dict[str, TracedFigure]]) -> dict[str, EvidenceTable]:
    return {"verdicts": EvidenceTable(head="verdicts on", rows=rows)}


def _verdicts(members: Versions, found: _Decided, scope: Mapping[str, str]) -> dict[str, dict[str, TracedFigure]]:
    rows: dict[str, dict[str, TracedFigure]] = {}
    for kind in (DecisionKind.TEXT, DecisionKind.LAYER):
        counts = {verdict: count for (of, verdict), count in sorted(found.counts.items()) if of == kind.value}
        counts |= {"of another version": found.outdated} if found.outdated and kind is DecisionKind.LAYER else {}
        counts["none"] = len(members) - sum(counts.values())
        rows[f"the {kind.value}"] = {
            verdict: TracedFigure(
                value=count, source=rows_of("decisions", **scope, kind=kind.value, verdict=verdict), date=found.newest
            )
            for verdict, count in counts.items()
        }
    return rows


def _same(store: Store, run: Run, members: Versions, scope: Mapping[str, str]) -> dict[str, TracedFigure]:
    """How many members' layers were measured in the version that the set has."""
    value = sum(_measured_as_they_are(store, members))
    source = rows_of("jobs", **scope, stage=Measure.name, version="as it is")
    return {"records": TracedFigure(value=value, source=source, run=run.id, date=run.started)}


def _measured_as_they_are(store: Store, members: Versions) -> list[bool]:
    """For each member, whether validation has measured its layer in the version that the set has."""
    found: list[bool] = []
    for batch in batched(sorted(members), CHUNK):
        seen = store.seen_layers(Measure.name, batch)
        found += [seen.get((id, members[id][0])) == members[id][1] for id in batch]
    return found


def _summary(run: Run, found: list[dict[str, Any]]) -> EvidenceTable:
    """How many expectations were put, and what came of them."""
    counts = {
        "put to records": sum(bool(finding["checked"]) for finding in found),
        "failed by no record": sum(bool(finding["checked"]) and not finding["failed"] for finding in found),
        "not measured": sum(bool(finding["not_measured"]) for finding in found),
        "changed or added by a steward": sum(bool(finding["by_hand"]) for finding in found),
    }
    figures = {
        name: TracedFigure(
            value=count,
            source=rows_of("expectations", run=run.id, which=name),
            run=run.id,
            date=run.started,
        )
        for name, count in counts.items()
    }
    return EvidenceTable(title="Validation", head="expectations", rows=column("number", figures))


def _at_run(run: Run, number: int) -> dict[str, TracedFigure]:
    return {column: figure_of(run, *EXPECTATIONS, number, column) for column in ("severity", "checked", "failed")}


def _here(name: str, found: _Decided, scope: Mapping[str, str]) -> dict[str, TracedFigure]:
    counts = {"open": found.failing, "waived": found.waived}
    return {
        which: TracedFigure(
            value=count[name],
            source=rows_of("decisions", **scope, expectation=name, which=which),
            date=found.newest,
        )
        for which, count in counts.items()
    }
