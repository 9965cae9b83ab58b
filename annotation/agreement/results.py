"""All agreement figures of a review, and the differences that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations

from pydantic import ConfigDict, Field, JsonValue

from annotation.agreement.choices import ChoiceAgreement, ChoiceCollector, questions
from annotation.agreement.coefficients import OverallAgreement, overall_agreement
from annotation.agreement.comparisons import Comparisons, Pair, compare
from annotation.agreement.differences import LayerComparison, differences
from annotation.agreement.estimate import Figure
from annotation.agreement.gamma import gamma
from annotation.agreement.model_and_self import LayerAgreement, layer_agreement, with_layer, with_repeat, with_shown
from annotation.agreement.over_time import AgreementTrend, WeekFigures, trends, week_of, weekly
from annotation.agreement.pairs import Pairwise, pairwise_of
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import SHOWN, ReviewedRecord, Study
from curation.author import own_name, repeat
from curation.record import Frozen
from curation.scheme import Scheme

#: The name of all people together, among those of persons.
ALL = "all"


class _InReport(Frozen):
    """What the report's JSON holds; its keys are the aliases."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class TaskReference(Frozen):
    """The task of an annotation, with the project's key in the ledger."""

    project: str
    task: int


class DrillDown(_InReport):
    """The records that the figures rest on: the comparisons of layers, and the tasks of the annotations."""

    people: tuple[LayerComparison, ...] = ()
    shown: tuple[LayerComparison, ...] = ()
    repeats: tuple[LayerComparison, ...] = ()
    #: By record and layer.
    tasks: dict[str, dict[str, TaskReference]] = Field(default_factory=dict, alias="places")


class Agreement(_InReport):
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
    everybody: OverallAgreement
    #: By person (`all` for all pairs): agreement with the others in each week.
    weekly: dict[str, dict[str, WeekFigures]]
    drift: dict[str, AgreementTrend]
    shown: LayerAgreement | None
    layers: dict[str, LayerAgreement]
    repeats: LayerAgreement | None
    choices: dict[str, ChoiceAgreement]
    gamma: Figure | None
    drill_down: DrillDown = Field(alias="behind")

    def nameless(self) -> dict[str, JsonValue]:
        """The figures of all people together, for a run's manifest and the cards of sets: no name, no record."""
        pairs = self.pairs.overall.model_dump(mode="json")
        return {
            "records": self.everybody.records,
            "pairs": pairs,
            "everybody": self.everybody.overall.model_dump(mode="json"),
        }


def measure(
    reviewed: Iterable[ReviewedRecord],
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
    study, choices, drill_down = (
        Study(chosen, scheme.names),
        ChoiceCollector(questions(scheme)),
        _DrillDownCollector(chosen),
    )
    for record in reviewed:
        study.add(record)
        choices.add(record)
        drill_down.add(record)
    rows = compare(study)
    return Agreement(
        created=datetime.now(UTC),
        scheme=scheme.name,
        settings=chosen,
        **_overview(study),
        pairs=pairwise_of(rows, chosen),
        everybody=overall_agreement(study),
        **_over_time(rows, chosen),
        shown=layer_agreement(study, with_shown),
        layers={name: found for name in others if (found := layer_agreement(study, with_layer(name)))},
        repeats=layer_agreement(study, with_repeat),
        choices=choices.measured(chosen),
        gamma=gamma(study) if with_gamma else None,
        drill_down=drill_down.found(),
    )


def _overview(study: Study) -> dict[str, object]:
    """The numbers of records and people, and the weeks."""
    by_people = [len(record.people) for record in study.records]
    people = [name for record in study.records for name in record.people]
    return {
        "records": len(study.records),
        "by_people": {count: by_people.count(count) for count in sorted(set(by_people))},
        "people": {name: people.count(name) for name in study.people},
        "weeks": tuple(sorted({week_of(record.at[name]) for record in study.records for name in record.people})),
    }


def _over_time(rows: Comparisons, settings: AgreementSettings) -> dict[str, object]:
    """By week and as a trend, of all and of each person with the others."""
    people = sorted({name for pair in rows.pairs for name in pair})
    own = {name: weekly(rows.of_person(name), settings, own=True) for name in people}
    return {
        "weekly": {ALL: weekly(rows, settings)} | own,
        "drift": trends(rows, settings),
    }


class _DrillDownCollector:
    """Differences as records come in."""

    def __init__(self, settings: AgreementSettings) -> None:
        self._assertion = settings.assertion
        self._lists: dict[str, list[LayerComparison]] = {"people": [], "shown": [], "repeats": []}
        self._tasks: dict[str, dict[str, TaskReference]] = {}

    def add(self, reviewed: ReviewedRecord) -> None:
        people = reviewed.people
        own = [(name, repeat(own_name(name))) for name in people]
        pairs = {
            "people": list(combinations(people, 2)),
            "shown": [(name, SHOWN + name) for name in people],
            "repeats": own,
        }
        for kind, asked in pairs.items():
            self._lists[kind] += [self._compared(reviewed, pair) for pair in asked if set(pair) <= set(reviewed.layers)]
        tasks = {name: task for name in reviewed.layers if (task := _task_reference(reviewed, name))}
        if tasks:
            self._tasks[reviewed.record.id] = tasks

    def found(self) -> DrillDown:
        return DrillDown(**{kind: tuple(found) for kind, found in self._lists.items()}, tasks=self._tasks)

    def _compared(self, reviewed: ReviewedRecord, pair: Pair) -> LayerComparison:
        one, other = (reviewed.layers[name] for name in pair)
        found = differences(one, other, assertion=self._assertion)
        return found.model_copy(update={"one": pair[0], "other": pair[1]})


def _task_reference(reviewed: ReviewedRecord, name: str) -> TaskReference | None:
    source = reviewed.layers[name].provenance
    project, task = source.get("project"), source.get("task")
    return TaskReference(project=project, task=task) if isinstance(project, str) and isinstance(task, int) else None
