"""Answers of language models: what was asked about a record and what came, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from curation.author import AuthorKind, kind_of, own_name
from curation.errors import UsageError, unknown_name
from curation.models.contract import Attempt
from curation.store import Store
from pipeline.runs import recorded
from pipeline.workspace import Workspace

#: The command that forgets, as runs name it.
FORGET = "answers forget"


@dataclass(frozen=True, slots=True)
class ForgettingReport:
    """What was forgotten, or would be. scrubbed: whether no unused part of the database holds words of it."""

    dry_run: bool
    attempts: int
    answers: int
    records: int
    cost: float
    scrubbed: bool

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return asdict(self)


def attempts_about(store: Store, reference: str) -> tuple[str, list[Attempt]]:
    """The record that the reference stands for, and all attempts about it, oldest first. Raises UsageError."""
    id = store.find_record(reference)
    return id, store.attempts_about(id)


def forget_answers(
    workspace: Workspace,
    store: Store,
    *,
    model: str | None = None,
    references: Iterable[str] = (),
    days: int | None = None,
    dry_run: bool = False,
) -> ForgettingReport:
    """Forget the answers of a model, about any of the records, older than so many days; what is given must all apply.

    Layers that were made from them stay, and what they have cost. Raises UsageError for unknown names, and where
    nothing is given.
    """
    ids = [store.find_record(reference) for reference in references]
    if model is None and days is None and not ids:
        raise UsageError("expected which answers to forget; give --model NAME, --record RECORD or --older-than DAYS")
    chosen = None if model is None else _asked(store, model)
    before = None if days is None else _days_ago(days)
    if dry_run:
        found = store.forget_answers(model=chosen, record_ids=ids or None, before=before, dry_run=True)
        return ForgettingReport(dry_run=True, **asdict(found), scrubbed=False)
    with recorded(workspace, store, FORGET, model=chosen, records=len(ids), days=days) as outcome:
        found = store.forget_answers(model=chosen, record_ids=ids or None, before=before)
        report = ForgettingReport(dry_run=False, **asdict(found), scrubbed=store.scrub())
        outcome |= report.as_json()
    return report


def _days_ago(days: int) -> datetime:
    """The time so many days ago, at the earliest the first one that there is."""
    try:
        return datetime.now(UTC) - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _asked(store: Store, name: str) -> str:
    """The name of a model of which there are answers."""
    models = sorted({spending.model for spending in store.spending() if spending.kept})
    for spoken in (name, own_name(name) if kind_of(name) is AuthorKind.LLM else name):
        if spoken in models:
            return spoken
    raise unknown_name("a model of which there are answers", name, models)
