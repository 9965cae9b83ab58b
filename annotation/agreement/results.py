"""All agreement figures of a review at once, and the differences behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations

from pydantic import Field

from annotation.agreement.choices import Choice, Choices, questions
from annotation.agreement.coefficients import Everybody, everybody
from annotation.agreement.comparisons import Comparisons, Pair, compare
from annotation.agreement.differences import Compared, differences
from annotation.agreement.estimate import Figure
from annotation.agreement.gamma import gamma
from annotation.agreement.model_and_self import WithOther, with_layer, with_other, with_repeat, with_shown
from annotation.agreement.over_time import Drift, WeekFigures, drifts, week_of, weekly
from annotation.agreement.pairs import Pairwise, pairwise_of
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import HUMAN, REPEAT, SHOWN, Reviewed, Study
from curation.record import Frozen
from curation.scheme import Scheme

#: The name of all people together, among those of persons.
ALL = "all"


class Place(Frozen):
    """Where an annotation came from: the project's key in the ledger, and the task."""

    project: str
    task: int


class Behind(Frozen):
    """The records behind the figures: each two on each record, and where each annotation came from."""

    people: tuple[Compared, ...] = ()
    shown: tuple[Compared, ...] = ()
    repeats: tuple[Compared, ...] = ()
    #: By record and by who annotated it.
    places: dict[str, dict[str, Place]] = Field(default_factory=dict)


class Agreement(Frozen):
    """How far people agree: with each other, with the model, with themselves; over time, and on choices."""

    created: datetime
    scheme: str
    settings: AgreementSettings
    #: Records that anybody has marked, and by how many people.
    records: int
    by_people: dict[int, int]
    #: Of each person: the records, and the first and the last week.
    people: dict[str, int]
    weeks: tuple[str, ...]
    pairs: Pairwise
    everybody: Everybody
    #: By person, `all` being all pairs: agreement with the others in each week.
    weekly: dict[str, dict[str, WeekFigures]]
    drift: dict[str, Drift]
    shown: WithOther | None
    layers: dict[str, WithOther]
    repeats: WithOther | None
    choices: dict[str, Choice]
    gamma: Figure | None
    behind: Behind


def measure(
    reviewed: Iterable[Reviewed],
    scheme: Scheme,
    settings: AgreementSettings | None = None,
    *,
    others: Sequence[str] = (),
    with_gamma: bool = False,
) -> Agreement:
    """All figures over reviewed records, which are read once; ``others`` are layers that people are compared with.

    Raises MissingExtraError when gamma is asked for and pygamma-agreement is not installed.
    """
    chosen = settings or AgreementSettings()
    study, choices, behind = Study(chosen, scheme.names), Choices(questions(scheme)), _Behind(chosen)
    for one in reviewed:
        study.add(one)
        choices.add(one)
        behind.add(one)
    rows = compare(study)
    return Agreement(
        created=datetime.now(UTC),
        scheme=scheme.name,
        settings=chosen,
        **_seen(study),
        pairs=pairwise_of(rows, chosen),
        everybody=everybody(study),
        **_over_time(rows, chosen),
        shown=with_other(study, with_shown),
        layers={name: found for name in others if (found := with_other(study, with_layer(name)))},
        repeats=with_other(study, with_repeat),
        choices=choices.measured(chosen),
        gamma=gamma(study) if with_gamma else None,
        behind=behind.found(),
    )


def _seen(study: Study) -> dict[str, object]:
    """Who has seen what, and when."""
    by_people = [len(seen.people) for seen in study.seen]
    people = [name for seen in study.seen for name in seen.people]
    return {
        "records": len(study.seen),
        "by_people": {count: by_people.count(count) for count in sorted(set(by_people))},
        "people": {name: people.count(name) for name in study.people},
        "weeks": tuple(sorted({week_of(seen.at[name]) for seen in study.seen for name in seen.people})),
    }


def _over_time(rows: Comparisons, settings: AgreementSettings) -> dict[str, object]:
    """By week and as a trend, of all and of each person with the others."""
    people = sorted({name for pair in rows.pairs for name in pair})
    own = {name: weekly(rows.of_person(name), settings, own=True) for name in people}
    return {
        "weekly": {ALL: weekly(rows, settings)} | own,
        "drift": drifts(rows, settings),
    }


class _Behind:
    """Differences as records come in."""

    def __init__(self, settings: AgreementSettings) -> None:
        self._assertion = settings.assertion
        self._lists: dict[str, list[Compared]] = {"people": [], "shown": [], "repeats": []}
        self._places: dict[str, dict[str, Place]] = {}

    def add(self, reviewed: Reviewed) -> None:
        people = reviewed.people
        own = [(name, REPEAT + name.removeprefix(HUMAN)) for name in people]
        pairs = {
            "people": list(combinations(people, 2)),
            "shown": [(name, SHOWN + name) for name in people],
            "repeats": own,
        }
        for kind, asked in pairs.items():
            self._lists[kind] += [self._compared(reviewed, pair) for pair in asked if set(pair) <= set(reviewed.layers)]
        places = {name: place for name in reviewed.layers if (place := _place(reviewed, name))}
        if places:
            self._places[reviewed.record.id] = places

    def found(self) -> Behind:
        return Behind(**{kind: tuple(found) for kind, found in self._lists.items()}, places=self._places)

    def _compared(self, reviewed: Reviewed, pair: Pair) -> Compared:
        one, other = (reviewed.layers[name] for name in pair)
        found = differences(one, other, assertion=self._assertion)
        return found.model_copy(update={"one": pair[0], "other": pair[1]})


def _place(reviewed: Reviewed, name: str) -> Place | None:
    source = reviewed.layers[name].provenance
    project, task = source.get("project"), source.get("task")
    return Place(project=project, task=task) if isinstance(project, str) and isinstance(task, int) else None
