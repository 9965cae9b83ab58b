"""What the work of each annotator comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from statistics import median
from typing import Any

from annotation.agreement.comparisons import Comparisons, compare
from annotation.agreement.estimate import Figure, figure
from annotation.agreement.judgements import reviewed
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import HUMAN, Study
from annotation.progress.work import Kind, Sitting, sittings
from annotation.review_settings import ReviewSettings
from curation.record import Frozen
from curation.scheme import Scheme
from curation.scoring.marks import f1
from curation.store import Store

#: A record that took more than so many times the person's median had a page left open: it counts as that many.
IDLE = 5.0

HOUR = 3600.0


class Person(Frozen):
    """One annotator's work; medians are over records, and one who left a page open does not move them."""

    name: str
    #: Records with an answer, hidden repeats among them, and answers that were saved again later.
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
    #: Hours as they were counted, hours without pages left open, and how many records had one.
    hours: float
    hours_at_work: float
    left_open: int
    days: int
    first_day: date | None
    last_day: date | None
    strict: Figure
    lenient: Figure


class Day(Frozen):
    """What one annotator did on one day; a record counts on the day on which it was first saved."""

    name: str
    day: date
    work: Kind
    records: int
    edits: int
    entities: int
    minutes: float
    minutes_at_work: float


class Progress(Frozen):
    """Everybody's work."""

    records: int
    reviewed: int
    people: tuple[Person, ...]
    days: tuple[Day, ...]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        found: dict[str, Any] = self.model_dump(mode="json")
        return found


@dataclass(frozen=True, slots=True)
class _Piece:
    """All sittings of one person over one answer."""

    seconds: float
    entities: int


def work_progress(
    store: Store,
    scheme: Scheme,
    settings: ReviewSettings,
    *,
    wanted: Mapping[str, int] | None = None,
    zone: tzinfo | None = None,
) -> Progress:
    """Everybody's work by person and by day; no Label Studio is asked: it shows what was pulled.

    ``wanted`` says of how many people each record wants a review, by default one.
    """
    every = list(sittings(store, gold=settings.adjudication.gold, zone=zone))
    names = sorted({one.person for one in every})
    capped = [one for name in names for one in _without_idle([s for s in every if s.person == name])]
    rows = _compared(store, scheme, settings.agreement)
    sent = _sent(store, settings.project)
    seen = _seen(every)
    open_ = [id for id in sent if len(seen.get(id, ())) < (wanted or {}).get(id, 1)]
    return Progress(
        records=len(sent),
        reviewed=sum(id in seen for id in sent),
        people=tuple(
            _person(
                name,
                [one for one in every if one.person == name],
                [one for one in capped if one.person == name],
                sum(name not in seen.get(id, ()) for id in open_),
                rows.of_person(f"{HUMAN}{name}"),
                settings.agreement,
            )
            for name in names
        ),
        days=tuple(_days(every, capped)),
    )


def _person(
    name: str,
    work: Sequence[Sitting],
    capped: Sequence[Sitting],
    left: int,
    rows: Comparisons,
    settings: AgreementSettings,
) -> Person:
    answers = [one for one in work if one.kind is not Kind.ADJUDICATION]
    timed = [piece for piece in _pieces(answers) if piece.seconds > 0]
    typical = median(piece.seconds for piece in timed) if timed else None
    return Person(
        name=name,
        done=sum(one.is_first for one in answers),
        repeats=sum(one.is_first for one in answers if one.kind is Kind.REPEAT),
        edits=sum(not one.is_first for one in work),
        adjudicated=sum(one.is_first for one in work if one.kind is Kind.ADJUDICATION),
        left=left,
        entities=sum(piece.entities for piece in _pieces(answers)),
        seconds_per_record=typical,
        records_per_hour=HOUR / typical if typical else None,
        entities_per_hour=median(HOUR * piece.entities / piece.seconds for piece in timed) if timed else None,
        hours=_seconds(work) / HOUR,
        hours_at_work=_seconds(capped) / HOUR,
        left_open=sum(one.seconds != other.seconds for one, other in zip(work, capped, strict=True)),
        days=len({one.day for one in work}),
        first_day=min((one.day for one in work), default=None),
        last_day=max((one.day for one in work), default=None),
        strict=figure(rows.mark_tally("strict"), f1, settings),
        lenient=figure(rows.mark_tally("lenient"), f1, settings),
    )


def _days(every: Iterable[Sitting], capped: Iterable[Sitting]) -> Iterable[Day]:
    by_day: dict[tuple[str, date, Kind], list[tuple[Sitting, Sitting]]] = {}
    in_order = sorted(every, key=lambda one: one.person)
    for one, other in zip(in_order, capped, strict=True):
        by_day.setdefault((one.person, one.day, one.kind), []).append((one, other))
    for (name, day, work), found in sorted(by_day.items()):
        yield Day(
            name=name,
            day=day,
            work=work,
            records=sum(one.is_first for one, _ in found),
            edits=sum(not one.is_first for one, _ in found),
            entities=sum(one.entities for one, _ in found if one.is_first),
            minutes=_seconds([one for one, _ in found]) / 60,
            minutes_at_work=_seconds([other for _, other in found]) / 60,
        )


def _without_idle(work: Sequence[Sitting]) -> list[Sitting]:
    """One person's sittings, those that are far longer than a typical one of their kind shortened."""
    firsts = {kind: [one.seconds for one in work if one.kind is kind and one.is_first and one.seconds] for kind in Kind}
    typical = {kind: median(seconds) for kind, seconds in firsts.items() if seconds}
    return [
        replace(one, seconds=min(one.seconds, IDLE * typical[one.kind])) if one.seconds and one.kind in typical else one
        for one in work
    ]


def _pieces(work: Iterable[Sitting]) -> list[_Piece]:
    """Each record of a kind with all seconds that went into it, and the entities of its last version."""
    pieces: dict[tuple[str, Kind], _Piece] = {}
    for one in work:
        key = (one.record_id, one.kind)
        past = pieces.get(key, _Piece(0.0, 0))
        pieces[key] = _Piece(past.seconds + (one.seconds or 0.0), one.entities)
    return list(pieces.values())


def _compared(store: Store, scheme: Scheme, settings: AgreementSettings) -> Comparisons:
    return compare(Study.of(reviewed(store, settings), scheme.names, settings))


def _sent(store: Store, project: str) -> list[str]:
    """The records that have a task in a project of the title; hidden repeats are none of their own."""
    keys = [key for key in store.review_projects() if key.startswith(f"{project} #") and " repeat " not in key]
    tasks = (task for key in keys for task in store.review_tasks(key).values())
    return list(dict.fromkeys(task.record_id for task in tasks if task.task_id is not None))


def _seen(work: Iterable[Sitting]) -> dict[str, set[str]]:
    """Who has reviewed each record."""
    seen: dict[str, set[str]] = {}
    for one in work:
        if one.kind is Kind.REVIEW:
            seen.setdefault(one.record_id, set()).add(one.person)
    return seen


def _seconds(work: Iterable[Sitting]) -> float:
    return sum(one.seconds or 0.0 for one in work)
