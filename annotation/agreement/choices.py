"""Agreement on choices for a whole record: the verdict, the quality rating, the document labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from annotation.agreement.alpha import alpha_of, coincidences
from annotation.agreement.estimate import Figure, Tally, figure
from annotation.agreement.over_time import week_of
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord
from curation.author import is_human
from curation.record import Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.bootstrap import Array
from curation.scoring.kappa import cohen, cohen_counts

#: Before the name of a document label.
LABEL = "label: "


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a whole record: its answer in a layer, and the level of its scale."""

    name: str
    answer: Callable[[Layer], str | None]
    level: str = "nominal"


def _provenance(name: str) -> Callable[[Layer], str | None]:
    def answer(layer: Layer) -> str | None:
        value = layer.provenance.get(name)
        return None if value is None else str(value)

    return answer


def _label(name: str) -> Callable[[Layer], str | None]:
    return lambda layer: layer.labels.get(name)


#: The questions that do not depend on the scheme.
ALWAYS = (
    Question("verdict", _provenance("verdict")),
    Question("quality", _provenance("quality"), "ordinal"),
)


def questions(scheme: Scheme) -> tuple[Question, ...]:
    """All questions: the verdict, the quality, and the scheme's document labels."""
    return ALWAYS + tuple(Question(LABEL + label.name, _label(label.name)) for label in scheme.labels)


@dataclass(frozen=True, slots=True)
class RecordAnswers:
    """The answers of several people about one record."""

    record_id: str
    answers: Mapping[str, str]
    at: Mapping[str, datetime]


class ChoiceFigures(Frozen):
    """Agreement on one question: the share of pairs of people with equal answers, and alpha."""

    percent: Figure
    alpha: Figure


class PairChoice(ChoiceFigures):
    """The same for two people, with Cohen's kappa."""

    kappa: Figure


class ChoiceAgreement(Frozen):
    """Agreement on one question: of all people, of each pair, of each person with all others, and by week."""

    level: str
    #: Every answer that was given, in order, and how often.
    answers: dict[str, int]
    overall: ChoiceFigures
    per_pair: dict[str, PairChoice]
    per_person: dict[str, ChoiceFigures]
    per_week: dict[str, ChoiceFigures]
    #: Records on which people differ.
    differing: tuple[str, ...]


@dataclass(slots=True)
class ChoiceCollector:
    """Collects the answers record by record."""

    asked: Sequence[Question]
    answered: dict[str, list[RecordAnswers]] = field(default_factory=dict)

    def add(self, reviewed: ReviewedRecord) -> None:
        """Add one record."""
        for question in self.asked:
            people = {name: layer for name, layer in reviewed.layers.items() if is_human(name)}
            answers = {name: answer for name, layer in people.items() if (answer := question.answer(layer)) is not None}
            if len(answers) > 1:
                at = {name: people[name].created for name in answers}
                self.answered.setdefault(question.name, []).append(RecordAnswers(reviewed.record.id, answers, at))

    def measured(self, settings: AgreementSettings) -> dict[str, ChoiceAgreement]:
        """Agreement on each question that two or more people have answered about a record."""
        return {
            question.name: choice_agreement(self.answered[question.name], settings, level=question.level)
            for question in self.asked
            if question.name in self.answered
        }


def choice_agreement(
    answered: Sequence[RecordAnswers], settings: AgreementSettings, *, level: str = "nominal"
) -> ChoiceAgreement:
    """Agreement on the answers to one question, whose values are in order where the level is ordinal."""
    given = [value for record_answers in answered for value in record_answers.answers.values()]
    scale = _Scale(sorted(set(given), key=_numeric_order), level, settings)
    pairs = sorted({pair for record_answers in answered for pair in combinations(sorted(record_answers.answers), 2)})
    people = sorted({name for pair in pairs for name in pair})
    return ChoiceAgreement(
        level=level,
        answers={value: given.count(value) for value in scale.values},
        overall=scale.figures(_all_answers(answered)),
        per_pair={f"{first} & {second}": scale.of_pair(answered, first, second) for first, second in pairs},
        per_person={name: scale.figures(_with_others(answered, name)) for name in people},
        per_week={week: scale.figures(_all_answers(among)) for week, among in _by_week(answered).items()},
        differing=tuple(
            record_answers.record_id for record_answers in answered if len(set(record_answers.answers.values())) > 1
        ),
    )


def agreed_share(counts: Array) -> Array:
    """The share of agreeing pairs, from agreeing pairs and pairs."""
    import numpy as np

    return np.where(counts[..., 1] > 0, counts[..., 0] / np.where(counts[..., 1] > 0, counts[..., 1], 1), np.nan)


#: Of each record the groups of answers that are compared with each other.
Rows = list[list[tuple[str, ...]]]


def _all_answers(answered: Iterable[RecordAnswers]) -> Rows:
    return [[tuple(record_answers.answers.values())] for record_answers in answered]


def _with_others(answered: Iterable[RecordAnswers], person: str) -> Rows:
    """The pairs of a person with each of the others."""
    return [
        [(record_answers.answers[person], answer) for name, answer in record_answers.answers.items() if name != person]
        for record_answers in answered
        if person in record_answers.answers
    ]


def _by_week(answered: Iterable[RecordAnswers]) -> dict[str, list[RecordAnswers]]:
    weeks: dict[str, list[RecordAnswers]] = {}
    for record_answers in answered:
        weeks.setdefault(week_of(max(record_answers.at.values())), []).append(record_answers)
    return dict(sorted(weeks.items()))


def _numeric_order(value: str) -> tuple[bool, int, str]:
    """Numbers come first, by their size: 9 before 10."""
    return (not value.isdigit(), int(value) if value.isdigit() else 0, value)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The values of a question, in order."""

    values: Sequence[str]
    level: str
    settings: AgreementSettings

    def figures(self, rows: Rows) -> ChoiceFigures:
        import numpy as np

        pairs = [[pair for among in row for pair in combinations(among, 2)] for row in rows]
        agreed = np.array([[sum(a == b for a, b in each), len(each)] for each in pairs], dtype=np.float64)
        matrices = np.array([self._coincidences(row) for row in rows])
        records, support = np.arange(len(rows)), int(matrices.sum())
        return ChoiceFigures(
            percent=figure(Tally(agreed, records, support), agreed_share, self.settings),
            alpha=figure(Tally(matrices, records, support), alpha_of(self.level), self.settings),
        )

    def of_pair(self, answered: Iterable[RecordAnswers], left: str, right: str) -> PairChoice:
        import numpy as np

        both = [(a.answers[left], a.answers[right]) for a in answered if left in a.answers and right in a.answers]
        codes = np.array([[self.values.index(answer) for answer in pair] for pair in both], dtype=np.int32)
        counts = np.stack([cohen_counts(pair[:1], pair[1:], len(self.values)) for pair in codes])
        kappa = figure(Tally(counts, np.arange(len(both)), 2 * len(both)), cohen, self.settings)
        return PairChoice(kappa=kappa, **dict(self.figures([[pair] for pair in both])))

    def _coincidences(self, row: Iterable[tuple[str, ...]]) -> Array:
        import numpy as np

        each = [coincidences([self.values.index(answer) for answer in among], len(self.values)) for among in row]
        total: Array = np.sum(each, axis=0)
        return total
