"""The figures of each annotator's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from statistics import median
from typing import Any

from annotation.agreement.estimate import Figure, figure
from annotation.agreement.settings import AgreementSettings
from annotation.progress.review_work import ReviewWork, mark_tally, review_work, shared_records, work_rows
from annotation.progress.work import WorkKind, WorkSession, work_sessions
from annotation.review_settings import ReviewSettings
from curation.author import human
from curation.record import Frozen
from curation.scoring.bootstrap import draw_ahead
from curation.scoring.marks import f1
from curation.store import Store

#: A record that took more than so many times the person's median was left open: it counts as that many medians.
IDLE = 5.0

HOUR = 3600.0


class AnnotatorProgress(Frozen):
    """One annotator's work; the figures per record are medians, on which a page left open has little influence."""

    name: str
    #: Reviewed records (hidden repeats included), repeats, and annotations that were saved again later.
    done: int
    repeats: int
    edits: int
    adjudicated: int
    #: Records in the project that still want a review and that this person has not seen.
    left: int
    entities: int
    seconds_per_record: float | None
    records_per_hour: float | None
    entities_per_hour: float | None
    #: Hours as counted, hours without pages left open, and the number of sessions with such a page.
    hours: float
    hours_at_work: float
    left_open: int
    days: int
    first_day: date | None
    last_day: date | None
    strict: Figure
    lenient: Figure


class WorkDay(Frozen):
    """What one annotator did on one day; a record counts on the day on which it was first saved."""

    name: str
    day: date
    work: WorkKind
    records: int
    edits: int
    entities: int
    minutes: float
    minutes_at_work: float


class WorkProgress(Frozen):
    """The work of all annotators."""

    records: int
    reviewed: int
    people: tuple[AnnotatorProgress, ...]
    days: tuple[WorkDay, ...]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        found: dict[str, Any] = self.model_dump(mode="json")
        return found


@dataclass(frozen=True, slots=True)
class _RecordWork:
    """All sessions of one person on one record."""

    seconds: float
    entities: int


def work_progress(
    store: Store,
    settings: ReviewSettings,
    *,
    required: Mapping[str, int] | None = None,
    zone: tzinfo | None = None,
) -> WorkProgress:
    """The work of all annotators by person and by day, from the store: it covers what was pulled.

    ``required`` is the number of reviews that each record needs, by default one.
    """
    gold = settings.adjudication.gold
    rows = work_rows(store, gold=gold)
    draw_ahead(shared_records(rows).values(), settings.agreement.resamples, settings.agreement.seed)
    work = review_work(store, settings.agreement, gold=gold, rows=rows)
    return _progress(store, settings, work, required or {}, zone)


def _progress(
    store: Store,
    settings: ReviewSettings,
    work: Sequence[ReviewWork],
    required: Mapping[str, int],
    zone: tzinfo | None,
) -> WorkProgress:
    gold = settings.adjudication.gold
    sessions = list(work_sessions((save for record in work for save in record.saves), gold=gold, zone=zone))
    of_person: dict[str, list[WorkSession]] = {}
    for session in sessions:
        of_person.setdefault(session.person, []).append(session)
    names = sorted(of_person)
    capped = {name: _capped_sessions(of_person[name]) for name in names}
    sent = _sent(store, settings.project)
    seen = _seen(sessions)
    days = tuple(day for name in names for day in _days(of_person[name], capped[name]))
    incomplete = [id for id in sent if len(seen.get(id, ())) < required.get(id, 1)]
    return WorkProgress(
        records=len(sent),
        reviewed=sum(id in seen for id in sent),
        people=tuple(
            _annotator_progress(
                name,
                of_person[name],
                capped[name],
                sum(name not in seen.get(id, ()) for id in incomplete),
                work,
                settings.agreement,
            )
            for name in names
        ),
        days=days,
    )


def _annotator_progress(
    name: str,
    work: Sequence[WorkSession],
    capped: Sequence[WorkSession],
    left: int,
    records: Sequence[ReviewWork],
    settings: AgreementSettings,
) -> AnnotatorProgress:
    answers = [session for session in work if session.kind is not WorkKind.ADJUDICATION]
    pieces = _work_by_record(answers)
    timed = [piece for piece in pieces if piece.seconds > 0]
    typical = median(piece.seconds for piece in timed) if timed else None
    return AnnotatorProgress(
        name=name,
        done=sum(session.is_first for session in answers),
        repeats=sum(session.is_first for session in answers if session.kind is WorkKind.REPEAT),
        edits=sum(not session.is_first for session in work),
        adjudicated=sum(session.is_first for session in work if session.kind is WorkKind.ADJUDICATION),
        left=left,
        entities=sum(piece.entities for piece in pieces),
        seconds_per_record=typical,
        records_per_hour=HOUR / typical if typical else None,
        entities_per_hour=median(HOUR * piece.entities / piece.seconds for piece in timed) if timed else None,
        hours=_seconds(work) / HOUR,
        hours_at_work=_seconds(capped) / HOUR,
        left_open=sum(session.seconds != other.seconds for session, other in zip(work, capped, strict=True)),
        days=len({session.day for session in work}),
        first_day=min((session.day for session in work), default=None),
        last_day=max((session.day for session in work), default=None),
        strict=figure(mark_tally(records, human(name), "strict"), f1, settings),
        lenient=figure(mark_tally(records, human(name), "lenient"), f1, settings),
    )


def _days(work: Iterable[WorkSession], capped: Iterable[WorkSession]) -> Iterable[WorkDay]:
    """The days of one person, in order, each kind of work for itself."""
    by_day: dict[tuple[str, date, WorkKind], list[tuple[WorkSession, WorkSession]]] = {}
    for session, other in zip(work, capped, strict=True):
        by_day.setdefault((session.person, session.day, session.kind), []).append((session, other))
    for (name, day, kind), found in sorted(by_day.items()):
        yield WorkDay(
            name=name,
            day=day,
            work=kind,
            records=sum(session.is_first for session, _ in found),
            edits=sum(not session.is_first for session, _ in found),
            entities=sum(session.entities for session, _ in found if session.is_first),
            minutes=_seconds([session for session, _ in found]) / 60,
            minutes_at_work=_seconds([other for _, other in found]) / 60,
        )


def _capped_sessions(work: Sequence[WorkSession]) -> list[WorkSession]:
    """One person's sessions; those far longer than the median of their kind are shortened."""
    firsts = {
        kind: [session.seconds for session in work if session.kind is kind and session.is_first and session.seconds]
        for kind in WorkKind
    }
    typical = {kind: median(seconds) for kind, seconds in firsts.items() if seconds}
    return [
        replace(session, seconds=IDLE * typical[session.kind])
        if session.seconds and session.kind in typical and session.seconds > IDLE * typical[session.kind]
        else session
        for session in work
    ]


def _work_by_record(work: Iterable[WorkSession]) -> list[_RecordWork]:
    """Each record of a kind with its total seconds, and the entities of its last version."""
    work_by_key: dict[tuple[str, WorkKind], _RecordWork] = {}
    for session in work:
        key = (session.record_id, session.kind)
        past = work_by_key.get(key, _RecordWork(0.0, 0))
        work_by_key[key] = _RecordWork(past.seconds + (session.seconds or 0.0), session.entities)
    return list(work_by_key.values())


def _sent(store: Store, project: str) -> list[str]:
    """The records with a task in a project of the title; hidden repeats are not counted."""
    keys = [key for key in store.review_projects() if key.startswith(f"{project} #") and " repeat " not in key]
    return list(dict.fromkeys(id for key in keys for id in store.records_with_tasks(key)))


def _seen(work: Iterable[WorkSession]) -> dict[str, set[str]]:
    """Who has reviewed each record."""
    seen: dict[str, set[str]] = {}
    for session in work:
        if session.kind is WorkKind.REVIEW:
            seen.setdefault(session.record_id, set()).add(session.person)
    return seen


def _seconds(work: Iterable[WorkSession]) -> float:
    return sum(session.seconds or 0.0 for session in work)
