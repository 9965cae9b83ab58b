"""The methodologist's page: every agreement figure, its plot, and the records behind it, in one HTML file and as JSON.

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
from annotation.agreement.differences import Compared, Difference, Mark, confusions, kinds
from annotation.agreement.drill_down import Counted, about, between, by_record, counted, of_pair, of_person
from annotation.agreement.estimate import Figure
from annotation.agreement.pairs import WITH, PairFigures
from annotation.agreement.results import ALL, Agreement, Place
from annotation.agreement.study import HUMAN
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
    """All that the page is made from beside the figures."""

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
    page.parent.mkdir(parents=True, exist_ok=True)
    data = page.with_suffix(".json")
    data.write_text(agreement.model_dump_json(indent=1) + "\n", encoding="utf-8")
    page.write_text(_html(Page(agreement, address.rstrip("/"), allowed), data.name), encoding="utf-8")
    return {"report": page, "data": data}


def shown_records(agreement: Agreement) -> list[str]:
    """The ids of the records that have a place on the page, most differing first."""
    found = counted(chain(agreement.behind.people, agreement.behind.repeats, agreement.behind.shown))
    answered = (id for choice in agreement.choices.values() for id in choice.differing)
    return list(dict.fromkeys(chain((id for id, _ in found), answered)))[: agreement.settings.report_records]


def task_address(address: str, place: Place) -> str | None:
    """Where an annotation's task is opened in Label Studio."""
    project = NUMBER.search(place.project)
    return f"{address}/projects/{project[1]}/data?task={place.task}" if project else None


def person(name: str) -> str:
    """A layer's name as it is read."""
    return "all pairs" if name == ALL else name.removeprefix(HUMAN)


def pair(name: str) -> str:
    """A pair's name as it is read."""
    return WITH.join(person(one) for one in name.split(WITH))


def _html(page: Page, data: str) -> str:
    environment = templates(TEMPLATE.parent, extra="review")
    environment.filters |= {"person": person, "pair": pair}
    template = environment.get_template(TEMPLATE.name)
    # The macros on top leave blank lines, before which a page may not begin.
    return template.render(
        report=page.agreement,
        data=data,
        plots=_plots(page.agreement),
        behind=_behind(page.agreement),
        records=_records(page),
        most=page.agreement.settings.report_records,
        kinds=kinds(page.agreement.behind.people),
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
            {KINDS.get(kind, kind): count for kind, count in kinds(agreement.behind.people).items()}
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
    people = sorted({one for name in per_pair for one in name.split(WITH)})
    values = [[_of_two(per_pair, one, other) for other in people] for one in people]
    names = [person(one) for one in people]
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


def _confusions(agreement: Agreement) -> list[tuple[str, str, int, Counted]]:
    """What one calls so and the other otherwise, how often, and on which records."""
    compared = agreement.behind.people
    return [
        (one, other, count, counted(compared, between(one, other)))
        for (one, other), count in confusions(compared).items()
    ]


def _confusion_table(agreement: Agreement) -> str:
    """Category by category, with `not marked` as the last column."""
    found = confusions(agreement.behind.people)
    names = [name for name in agreement.pairs.overall.per_category if any(name in both for both in found)]
    if not names:
        return ""
    values: list[list[float | None]] = []
    for place, row in enumerate(names):
        # Above the diagonal nothing: each two categories stand once.
        cells = [_cell(found, row, column) if number < place else None for number, column in enumerate(names)]
        values.append([*cells, _cell(found, row, "")])
    # The last category has nothing above the diagonal.
    return plots.matrix(names, [*names[:-1], "not marked"], [[*row[:-2], row[-1]] for row in values], counts=True)


def _cell(found: Mapping[tuple[str, str], int], one: str, other: str) -> float | None:
    first, second = sorted((one, other))
    return found.get((first, second))


def _behind(agreement: Agreement) -> dict[str, Any]:
    """The records behind each row of each table."""
    people, behind = agreement.behind.people, agreement.behind
    return {
        "all": counted(people),
        "pairs": {name: counted(of_pair(people, *name.split(WITH))) for name in agreement.pairs.per_pair},
        "people": {name: counted(of_person(people, name)) for name in agreement.pairs.per_person},
        "categories": {name: counted(people, about(name)) for name in agreement.pairs.overall.per_category},
        "shown": _per_person(behind.shown),
        "repeats": _per_person(behind.repeats),
        "weeks": {
            ALL: _per_week((max(one.weeks), one) for one in people),
            **{name: _per_week(_own_weeks(people, name)) for name in agreement.pairs.per_person},
        },
        "choices": {name: [(id, 1) for id in found.differing] for name, found in agreement.choices.items()},
    }


def _per_person(compared: Iterable[Compared]) -> dict[str, Counted]:
    found: dict[str, list[Compared]] = {}
    for one in compared:
        found.setdefault(one.one, []).append(one)
    return {name: counted(among) for name, among in found.items()}


def _own_weeks(compared: Iterable[Compared], name: str) -> Iterable[tuple[str, Compared]]:
    return ((one.weeks[0] if one.one == name else one.weeks[1], one) for one in of_person(compared, name))


def _per_week(compared: Iterable[tuple[str, Compared]]) -> dict[str, Counted]:
    found: dict[str, list[Compared]] = {}
    for week, one in compared:
        found.setdefault(week, []).append(one)
    return {week: counted(among) for week, among in found.items()}


def _records(page: Page) -> list[dict[str, Any]]:
    """The records of the page, each with everything that two say differently about it."""
    behind, order = page.agreement.behind, shown_records(page.agreement)
    among = by_record([*behind.people, *behind.repeats, *behind.shown], order)
    return [
        {
            "id": id,
            "tasks": _tasks(page, id),
            "count": sum(len(one.differences) for one in compared),
            "compared": [
                {"one": one.one, "other": one.other, "same": one.same, "rows": _rows(page, one)} for one in compared
            ],
        }
        for id, compared in among.items()
    ]


def _tasks(page: Page, id: str) -> dict[str, str]:
    places = page.agreement.behind.places.get(id, {})
    found = {name: task_address(page.address, place) for name, place in places.items()}
    return {name: address for name, address in found.items() if address}


def _rows(page: Page, compared: Compared) -> list[dict[str, Any]]:
    text = page.texts.get(compared.record_id)
    return [
        {"kind": one.kind, "one": one.one, "other": one.other, "excerpt": _excerpt(one, text)}
        for one in compared.differences
    ]


def _excerpt(difference: Difference, text: str | None) -> dict[str, str] | None:
    """The wording of either side, and what stands around."""
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


def _wording(mark: Mark | None, text: str) -> str:
    return wording(text, mark.spans) if mark else ""
