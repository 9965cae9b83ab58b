"""Decisions as commands show them: each record by its hash and by what its source calls it, on this machine only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from pipeline.commands.output import print_json, print_table, say
from pipeline.commands.whoami import signer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import JsonValue

    from curation.decision import Decision
    from curation.store import Store
    from curation.store.findings import StandingDecision

#: So many decisions are shown to a person; --json has them all.
LISTED = 200

RecordArgument = Annotated[
    str, typer.Argument(metavar="RECORD", help="A record: its source id, its hash, or the hash's first letters.")
]
RecordsArgument = Annotated[
    list[str],
    typer.Argument(metavar="RECORD...", help="Records: source ids, hashes, or the first letters of hashes."),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept for good.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides.", show_default="who `curate whoami` says")
]


class DecideAs(Protocol):
    """Decides about one record for the person of that name."""

    def __call__(self, store: Store, record_id: str, /, *, by: str) -> list[Decision]: ...


def decide_all(records: list[str], decide: DecideAs, *, by: str | None, folder: Path, as_json: bool) -> None:
    """The decisions on each record; those that cannot be decided are named with exit code 1, the others still are."""
    from pipeline.steps.quarantine import decide_records
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    person = signer(by)
    with workspace.open_store() as store:
        done = decide_records(store, records, lambda record_id: decide(store, record_id, by=person))
        names = source_ids(store, done.made)
    if as_json:
        refused: list[JsonValue] = [list(pair) for pair in done.refused]
        made: list[JsonValue] = [plain(decision, names) for decision in done.made]
        print_json({"decided": made, "refused": refused, "still_in_quarantine": list(done.still_in_quarantine)})
    else:
        for decision in done.made:
            name = " ".join(filter(None, (decision.record_id, names.get(decision.record_id))))
            say(f"{name}: {decision.subject_name} {decision.verdict.value} by {decision.by}")
        for record in done.still_in_quarantine:
            say(f"{record}: its identifiers keep it in quarantine; --privacy anywhere decides about all destinations")
        for record, why in done.refused:
            say(f"{record}: {why}")
    if done.refused:
        raise typer.Exit(1)


def source_ids(store: Store, decisions: Sequence[Decision | StandingDecision]) -> dict[str, str]:
    """What the sources call the records of the decisions."""
    return store.source_ids(decision.record_id for decision in decisions)


def plain(decision: Decision, names: Mapping[str, str]) -> dict[str, Any]:
    """The decision for scripts."""
    return decision.model_dump(mode="json") | {"source_id": names.get(decision.record_id)}


def plain_standing(decision: StandingDecision, names: Mapping[str, str]) -> dict[str, Any]:
    """The decision that counts for scripts."""
    return {**decision.values, "source_id": names.get(decision.record_id)}


def print_open(title: str, decisions: Sequence[StandingDecision], names: Mapping[str, str]) -> None:
    """A table of decisions that count now, with what failed."""
    from validation.quarantine import expectations_of

    rows = [
        (
            decision.record_id,
            names.get(decision.record_id, ""),
            decision.subject_name,
            decision.reason,
            ", ".join(sorted(expectations_of(decision))),
            decision.by,
        )
        for decision in decisions[:LISTED]
    ]
    records = len({decision.record_id for decision in decisions})
    print_table(f"{title} ({records})", ("record", "source id", "of", "reason", "failed", "by"), rows)
    if len(decisions) > LISTED:
        say(f"the first {LISTED} of {len(decisions):,} are shown; --expectation NAME shows fewer, --json has all")


def print_log(title: str, decisions: Sequence[Decision], names: Mapping[str, str]) -> None:
    """A table of decisions in the order in which they were made."""
    rows = [
        (
            f"{decision.created:%Y-%m-%d %H:%M}",
            decision.record_id,
            names.get(decision.record_id, ""),
            decision.subject_name,
            decision.verdict.value,
            decision.by,
            decision.reason,
        )
        for decision in decisions
    ]
    print_table(title, ("when (UTC)", "record", "source id", "of", "verdict", "by", "reason"), rows)
