"""The agreement report: each figure with its plot and the records that it rests on, as one HTML file and as JSON.

Record ids, offsets and categories; the wording of marks only when the settings say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from annotation.agreement import plots
from annotation.agreement.differences import LayerComparison, MarkDifference, MarkedEntity, confusions, kinds
from annotation.agreement.drill_down import RecordCounts, about, between, by_record, of_pair, of_person, record_counts
from annotation.agreement.estimate import Figure
from annotation.agreement.pairs import WITH, PairFigures
from annotation.agreement.results import ALL, Agreement, TaskReference
from curation.atomic_file import refilled
from curation.author import is_human, own_name
from curation.html_templates import templates
from curation.record import wording

TEMPLATE = Path(__file__).with_name("report.html.jinja")
#: Characters on either side of a mark, where wording is shown.
CONTEXT = 40
#: More pairs than these are shown as a table of shades instead of a row each.
MOST_PAIRS = 15
#: Rows of what is confused with what.
MOST_CONFUSIONS = 25

PLOTS = ("pairs", "people", "categories", "kinds", "confusions", "shown", "repeats", "weeks")

FIGURES = {"strict F1": "strict", "lenient F1": "lenient", "kappa": "kappa"}

#: What a kind of difference is called where its word alone says too little.
KINDS: dict[str, str] = {"only": "marked by one alone"}

#: A project's number in its key.
NUMBER = re.compile(r" #(\d+) [^#]*$")


@dataclass(frozen=True, slots=True)
class Page:
    """The content of the page: the figures, the address of Label Studio, and texts."""

    agreement: Agreement
    #: The address of Label Studio, without a slash at its end.
    address: str
    #: The texts of the records whose wording may be shown.
    texts: Mapping[str, str]


def write_report(
    agreement: Agreement, page: Path, *, address: str, texts: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """The page, which needs no other file, and a JSON of all figures and differences beside it, of the same name.

    ``texts`` are used only when the settings allow excerpts.
    """
    allowed = texts if texts and agreement.settings.excerpts else {}
    data = page.with_suffix(".json")
    written = _html(Page(agreement, address.rstrip("/"), allowed), data.name)
    with refilled(page.parent) as inside:
        (inside / data.name).write_text(agreement.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (inside / page.name).write_text(written, encoding="utf-8")
    return {"report": page, "data": data}


def shown_records(agreement: Agreement) -> list[str]:
    """The ids of the records on the page, those with most differences first."""
    found = record_counts(chain(agreement.drill_down.people, agreement.drill_down.repeats, agreement.drill_down.shown))
    answered = (id for choice in agreement.choices.values() for id in choice.differing)
    return list(dict.fromkeys(chain((id for id, _ in found), answered)))[: agreement.settings.report_records]


def task_address(address: str, task: TaskReference) -> str | None:
    """The address of the task in Label Studio."""
    project = NUMBER.search(task.project)
    return f"{address}/projects/{project[1]}/data?task={task.task}" if project else None


def person(name: str) -> str:
    """A layer's name as it is read."""
    if name == ALL:
        return "all pairs"
    return own_name(name) if is_human(name) else name


def pair(name: str) -> str:
    """A pair's name as it is read."""
    return WITH.join(person(person_name) for person_name in name.split(WITH))


def _html(page: Page, data: str) -> str:
    environment = templates(TEMPLATE.parent, extra="review")
    environment.filters |= {"person": person, "pair": pair}
    template = environment.get_template(TEMPLATE.name)
    # The macros on top leave blank lines, before which a page may not begin.
    return template.render(
        report=page.agreement,
        data=data,
        plots=_plots(page.agreement),
        behind=_records_by_row(page.agreement),
        records=_records(page),
        most=page.agreement.settings.report_records,
        kinds=kinds(page.agreement.drill_down.people),
        confusions=_confusions(page.agreement)[:MOST_CONFUSIONS],
        versions={name: version(name) for name in ("clincurate", "matplotlib", "numpy")},
    ).lstrip()


def _plots(agreement: Agreement) -> dict[str, str]:
    """The plots; empty where there is nothing to draw."""
    pairs, overall = agreement.pairs, agreement.pairs.overall
    drawn = dict.fromkeys(PLOTS, "")
    if pairs.per_pair:
        drawn["pairs"] = _pairs(pairs.per_pair, overall)
        drawn["people"] = _forest(pairs.per_person, overall)
        drawn["categories"] = _categories(agreement)
        drawn["kinds"] = plots.bars(
            {KINDS.get(kind, kind): count for kind, count in kinds(agreement.drill_down.people).items()}
        )
        drawn["confusions"] = _confusion_table(agreement)
    for name, found in {"shown": agreement.shown, "repeats": agreement.repeats}.items():
        if found:
            drawn[name] = _forest(found.per_person, found.overall)
    if len(agreement.weekly[ALL]) > 1:
        drawn["weeks"] = _weeks(agreement)
    return drawn


def _pairs(per_pair: Mapping[str, PairFigures], overall: PairFigures) -> str:
    if len(per_pair) <= MOST_PAIRS:
        return _forest({pair(name): found for name, found in per_pair.items()}, overall)
    people = sorted({person_name for name in per_pair for person_name in name.split(WITH)})
    values = [[_of_two(per_pair, person_name, other) for other in people] for person_name in people]
    names = [person(person_name) for person_name in people]
    return plots.matrix(names, names, values, counts=False)


def _of_two(per_pair: Mapping[str, PairFigures], one: str, other: str) -> float | None:
    found = per_pair.get(WITH.join(sorted((one, other))))
    return found.strict.value if found else None


def _forest(rows: Mapping[str, PairFigures], overall: PairFigures) -> str:
    series = {name: [getattr(row, field) for row in rows.values()] for name, field in FIGURES.items()}
    lines = {name: getattr(overall, field).value for name, field in FIGURES.items()}
    return plots.forest([person(name) for name in rows], series, reference=lines)


def _categories(agreement: Agreement) -> str:
    """Strict F1, kappa and alpha for unitising, the category with most agreement on top."""
    found, all_at_once = agreement.pairs.overall.per_category, agreement.everybody.per_category

    def value(name: str) -> float:
        given = found[name].strict.value
        return -1.0 if given is None else given

    names = sorted(found, key=value, reverse=True)
    series: dict[str, list[Figure | None]] = {
        "strict F1": [found[name].strict for name in names],
        "lenient F1": [found[name].lenient for name in names],
        "alpha of tokens": [all_at_once[name].alpha for name in names],
        "alpha for unitising": [all_at_once[name].unitised for name in names],
    }
    return plots.forest(names, series) if names else ""


def _weeks(agreement: Agreement) -> str:
    weeks = sorted({week for found in agreement.weekly.values() for week in found})
    panels = {
        person(name): {
            what: [getattr(found[week], field) if week in found else None for week in weeks]
            for what, field in (("strict F1", "strict"), ("kappa", "kappa"))
        }
        for name, found in agreement.weekly.items()
    }
    return plots.courses(weeks, panels)


def _confusions(agreement: Agreement) -> list[tuple[str, str, int, RecordCounts]]:
    """Pairs of confused categories, with their count and their records."""
    compared = agreement.drill_down.people
    return [
        (left, right, count, record_counts(compared, between(left, right)))
        for (left, right), count in confusions(compared).items()
    ]


def _confusion_table(agreement: Agreement) -> str:
    """Category by category, with `not marked` as the last column."""
    found = confusions(agreement.drill_down.people)
    names = [name for name in agreement.pairs.overall.per_category if any(name in both for both in found)]
    if not names:
        return ""
    values: list[list[float | None]] = []
    for index, row in enumerate(names):
        # Above the diagonal nothing: each pair of categories is shown once.
        cells = [_cell(found, row, column) if number < index else None for number, column in enumerate(names)]
        values.append([*cells, _cell(found, row, "")])
    # The last category has nothing above the diagonal.
    return plots.matrix(names, [*names[:-1], "not marked"], [[*row[:-2], row[-1]] for row in values], counts=True)


def _cell(found: Mapping[tuple[str, str], int], row: str, column: str) -> float | None:
    first, second = sorted((row, column))
    return found.get((first, second))


def _records_by_row(agreement: Agreement) -> dict[str, Any]:
    """The records that each row of each table rests on."""
    people, comparisons = agreement.drill_down.people, agreement.drill_down
    return {
        "all": record_counts(people),
        "pairs": {name: record_counts(of_pair(people, *name.split(WITH))) for name in agreement.pairs.per_pair},
        "people": {name: record_counts(of_person(people, name)) for name in agreement.pairs.per_person},
        "categories": {name: record_counts(people, about(name)) for name in agreement.pairs.overall.per_category},
        "shown": _per_person(comparisons.shown),
        "repeats": _per_person(comparisons.repeats),
        "weeks": {
            ALL: _per_week((max(comparison.weeks), comparison) for comparison in people),
            **{name: _per_week(_own_weeks(people, name)) for name in agreement.pairs.per_person},
        },
        "choices": {name: [(id, 1) for id in found.differing] for name, found in agreement.choices.items()},
    }


def _per_person(compared: Iterable[LayerComparison]) -> dict[str, RecordCounts]:
    found: dict[str, list[LayerComparison]] = {}
    for comparison in compared:
        found.setdefault(comparison.one, []).append(comparison)
    return {name: record_counts(among) for name, among in found.items()}


def _own_weeks(compared: Iterable[LayerComparison], name: str) -> Iterable[tuple[str, LayerComparison]]:
    return (
        (comparison.weeks[0] if comparison.one == name else comparison.weeks[1], comparison)
        for comparison in of_person(compared, name)
    )


def _per_week(compared: Iterable[tuple[str, LayerComparison]]) -> dict[str, RecordCounts]:
    found: dict[str, list[LayerComparison]] = {}
    for week, comparison in compared:
        found.setdefault(week, []).append(comparison)
    return {week: record_counts(among) for week, among in found.items()}


def _records(page: Page) -> list[dict[str, Any]]:
    """The records of the page, each with all differences of its annotators."""
    comparisons, order = page.agreement.drill_down, shown_records(page.agreement)
    among = by_record([*comparisons.people, *comparisons.repeats, *comparisons.shown], order)
    return [
        {
            "id": id,
            "tasks": _tasks(page, id),
            "count": sum(len(comparison.differences) for comparison in compared),
            "compared": [
                {
                    "one": comparison.one,
                    "other": comparison.other,
                    "same": comparison.same,
                    "rows": _rows(page, comparison),
                }
                for comparison in compared
            ],
        }
        for id, compared in among.items()
    ]


def _tasks(page: Page, id: str) -> dict[str, str]:
    tasks = page.agreement.drill_down.tasks.get(id, {})
    found = {name: task_address(page.address, task) for name, task in tasks.items()}
    return {name: address for name, address in found.items() if address}


def _rows(page: Page, compared: LayerComparison) -> list[dict[str, Any]]:
    text = page.texts.get(compared.record_id)
    return [
        {
            "kind": difference.kind,
            "one": difference.one,
            "other": difference.other,
            "excerpt": _excerpt(difference, text),
        }
        for difference in compared.differences
    ]


def _excerpt(difference: MarkDifference, text: str | None) -> dict[str, str] | None:
    """The wording of both sides, and the text around."""
    if text is None:
        return None
    marks = [mark for mark in (difference.one, difference.other) if mark]
    start, end = difference.start, max(mark.spans[-1][1] for mark in marks)
    return {
        "one": _wording(difference.one, text),
        "other": _wording(difference.other, text),
        "before": text[max(0, start - CONTEXT) : start],
        "between": text[start:end],
        "after": text[end : end + CONTEXT],
    }


def _wording(mark: MarkedEntity | None, text: str) -> str:
    return wording(text, mark.spans) if mark else ""
